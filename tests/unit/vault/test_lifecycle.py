"""A state moves only as its table says, and a refusal tells what can be done instead."""

import pytest

from downtime.errors import ConflictError
from downtime.vault.lifecycle import Lifecycle

DOOR = Lifecycle(
    "front-door", {"open": ("shut",), "shut": ("open", "bricked-up"), "bricked-up": ()}
)


def test_a_move_in_the_table_is_allowed():
    DOOR.check("open", "shut")
    DOOR.check("shut", "bricked-up")


@pytest.mark.parametrize(
    ("start", "to", "advice"),
    [
        ("open", "bricked-up", "only become 'shut'"),
        ("bricked-up", "open", "its last"),
        ("ajar", "open", "its last"),
        ("open", "open", "only become 'shut'"),
    ],
)
def test_any_other_move_is_refused_with_what_can_be_done(start, to, advice):
    with pytest.raises(ConflictError) as refused:
        DOOR.check(start, to)
    assert refused.value.code == "front-door.move"
    assert advice in refused.value.next_step
    assert f"This front door is '{start}'" in refused.value.sentence


def test_the_states_before_one():
    assert DOOR.list_states_before("open") == ("shut",)
    assert DOOR.list_states_before("bricked-up") == ("shut",)


def test_a_table_that_forgets_a_state_is_refused_at_once():
    with pytest.raises(ValueError, match="no row for gone"):
        Lifecycle("thing", {"here": ("gone",)})


def test_the_diagram_has_the_start_every_move_and_the_end():
    assert DOOR.to_mermaid().splitlines() == [
        "stateDiagram-v2",
        "    [*] --> open",
        "    open --> shut",
        "    shut --> open",
        "    shut --> bricked_up",
        "    bricked_up --> [*]",
    ]
