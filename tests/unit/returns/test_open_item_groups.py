"""What is open, by kind: counted, the late ones first, and every kind has words."""

import pytest

from downtime.returns.statement.model import WORDINGS, OpenItem, OpenKind
from downtime.returns.statement.open_groups import FIRST, group_open_items

NOW = "2026-11-02T12:00:00Z"


def line(kind, *names, due=""):
    owners = ({"owner": "A1", "due": due, "names": names},) if due else ()
    return {"kind": kind, "sentence": ", ".join(names), "names": names, "owners": owners}


def test_forms_and_items_are_counted_not_lines():
    found = group_open_items(
        [
            line("form-out", "K1", "K2"),
            line("form-out", "K3"),
            line("system-down", "LIMS"),
            line("laptop-awaited", "M3", "serial"),
            line("not-compared"),
        ],
        NOW,
    )
    assert [(group.title, group.n) for group in found] == [
        ("Forms still out", 3),
        ("Systems still down", 1),
        ("Laptops awaited", 1),
        ("Not compared yet", 1),
    ]


def test_a_few_are_seen_first_and_what_is_late_is_among_them():
    plain = [line("undecided", f"i{n}") for n in range(20)]
    late = line("undecided", "late", due="2026-11-02T11:00:00Z")
    (group,) = group_open_items(
        [*plain, late, line("undecided", "soon", due="2026-11-02T13:00:00Z")], NOW
    )
    assert (group.n, group.overdue, len(group.first_lines)) == (22, 1, FIRST)
    assert [one["names"][0] for one in group.first_lines] == ["late", "i0", "i1"]
    assert [*group.first_lines, *group.other_lines] == list(group.lines)


@pytest.mark.parametrize("kind", OpenKind)
def test_every_kind_that_can_be_open_has_a_title_and_a_sentence(kind):
    assert WORDINGS[kind].title
    assert OpenItem(kind, ("K1",), subject="FBC", explanation="still out").sentence
