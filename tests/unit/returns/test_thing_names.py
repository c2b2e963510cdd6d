"""Nobody who signs or works off a list reads a key that only the program knows."""

import pytest

from downtime.outage.events.model import is_event_id
from downtime.paper.serials import make_serial
from downtime.returns.statement.model import WORDINGS, OpenKind
from downtime.returns.statement.thing_names import name_thing, name_things

SERIAL = make_serial("K7", 42)
SHOWN = f"K7-000042-{SERIAL[-1]}"
EVENT = next(
    text
    for last in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    if is_event_id(text := f"K7AB12CDE01{last}")
)


@pytest.mark.parametrize(
    ("kind", "name", "shown"),
    [
        ("form-out", SHOWN, SHOWN),
        ("system-down", "Radiology", "Radiology"),
        ("undecided", f"{SERIAL}-r2.blood", f"form {SHOWN}"),
        ("unmatched", f"{EVENT}-form", "recorded on the screen"),
        ("link-unconfirmed", f"serial:{SERIAL}", f"form {SHOWN}"),
        ("number-unlinked", "DK700001X", "DK700001X"),
        ("message-refused", "K7000042X1", "message K7000042X1"),
        ("query-open", "q-17", ""),
        ("rows-changed", "entry:K7", ""),
        ("harm-waiting", f"waiting|{SERIAL}-r2", ""),
    ],
)
def test_a_thing_is_named_as_people_know_it(kind, name, shown):
    assert name_thing(OpenKind(kind), name) == shown


@pytest.mark.parametrize("kind", list(OpenKind))
def test_no_key_of_an_item_is_shown_of_any_kind_that_is_found_by_keys(kind):
    key = f"{SERIAL}-r2.blood"
    is_by_own_name = name_thing(kind, SHOWN) == SHOWN
    assert (
        is_by_own_name or key not in name_thing(kind, key) or kind.startswith(("message", "tick"))
    )
    assert WORDINGS[kind].sentence


def test_many_items_of_one_form_name_it_once():
    keys = [f"{SERIAL}-r1", f"{SERIAL}-r2"]
    assert name_things(OpenKind.UNDECIDED, keys) == [f"form {SHOWN}"]
