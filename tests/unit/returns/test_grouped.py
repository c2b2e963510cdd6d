"""What is open, by kind: counted, the late ones first, and every kind has words."""

import re
from pathlib import Path

import pytest

from downtime.returns.statement import open_items
from downtime.returns.statement.grouped import FIRST, TITLES, groups

NOW = "2026-11-02T12:00:00Z"


def line(kind, *names, due=""):
    owners = ({"owner": "A1", "due": due, "names": names},) if due else ()
    return {"kind": kind, "sentence": ", ".join(names), "names": names, "owners": owners}


def test_forms_and_items_are_counted_not_lines():
    found = groups(
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
    (group,) = groups([*plain, late, line("undecided", "soon", due="2026-11-02T13:00:00Z")], NOW)
    assert (group.n, group.late, len(group.first)) == (22, 1, FIRST)
    assert [one["names"][0] for one in group.first] == ["late", "i0", "i1"]
    assert [*group.first, *group.rest] == list(group.lines)


def written_kinds():
    source = Path(open_items.__file__).read_text()
    plain = re.findall(r'Open\(\s*"([a-z-]+)"', source)
    return {
        *plain,
        *re.findall(r'\("(form-[a-z]+)"', source),
        *re.findall(r'"(form-[a-z]+)"', source),
    }


@pytest.mark.parametrize("kind", sorted(written_kinds()))
def test_every_kind_that_can_be_open_has_words(kind):
    assert TITLES[kind]
