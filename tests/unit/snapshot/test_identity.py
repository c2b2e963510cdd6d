"""Who is who, as tables of what was sent."""

import pytest

from downtime.clinical.identifiers import Identifier
from downtime.feeds.model import Operation
from downtime.snapshot.identity import IdentityChange, resolve_identities
from downtime.snapshot.mentions import Mention
from downtime.snapshot.record_state import Stamp

A, B = Identifier("MR", "DEMO", "A"), Identifier("MR", "DEMO", "B")
OTHER, OTHER2 = Identifier("MR", "ELSEWHERE", "7"), Identifier("MR", "ELSEWHERE", "8")
FHIR, FHIR2 = Identifier("FHIR", "EPR", "Patient/1"), Identifier("FHIR", "EPR", "Patient/2")
X, Y = Identifier("NH", "NHS", "9990000018"), Identifier("NH", "NHS", "9990000026")


def settle(*mentions, merges=()):
    """`(identifiers, when)` or identifiers alone, numbered from 1."""
    identifiers = [
        m if isinstance(m[-1], str) and not isinstance(m, Identifier) else (m, "") for m in mentions
    ]
    listed = [Mention(n, tuple(ids), when) for n, (ids, when) in enumerate(identifiers, 1)]
    changes = [
        IdentityChange(
            Stamp(arrival=n), Operation(words[0] if words else "merge"), "PAS", "", *pair
        )
        for n, (*pair, words) in enumerate((*m[:2], m[2:]) for m in merges)
    ]
    identities = resolve_identities(listed, changes, "DEMO")
    return identities, [identities.find_survivor(identities.anchors[m.id]) for m in listed]


@pytest.mark.parametrize(
    ("mentions", "groups"),
    [
        # A hospital number is a person; with or without the NHS number beside it.
        ([(A,), (A, X), (B,)], [0, 0, 1]),
        # An NHS number alone leads to the one who has it.
        ([(A, X), (X,), (B, Y)], [0, 0, 1]),
        # Nobody has it: a person of their own.
        ([(A,), (X,)], [0, 1]),
        # Two have it: neither is chosen.
        ([(A, X), (B, X), (X,)], [0, 1, 2]),
        # A number of another system follows the hospital number beside it, then alone.
        ([(A, FHIR), (FHIR,)], [0, 0]),
        ([(FHIR,), (FHIR, OTHER), (A, OTHER)], [0, 0, 0]),
        # Sent beside two hospital numbers it belongs to neither.
        ([(A, FHIR), (B, FHIR), (FHIR,)], [0, 1, 2]),
        # Two numbers of one other hospital stay two.
        ([(A, OTHER), (A, OTHER2), (OTHER,), (OTHER2,)], [0, 0, 1, 2]),
        ([(OTHER, FHIR), (OTHER2, FHIR), (OTHER,), (OTHER2,)], [0, 1, 0, 1]),
        # Two resources of one server with one NHS number, and the hospital number that has it.
        ([(FHIR, X), (FHIR2, X), (A, X)], [0, 0, 0]),
        # Two resources with one NHS number and nobody to anchor them.
        ([(FHIR, X), (FHIR2, X)], [0, 1]),
        # Two of our numbers in one message: the first is meant, the other is not joined.
        ([(A, B), (B,), (A,)], [0, 1, 0]),
    ],
)
def test_persons(mentions, groups):
    for order in (1, -1):
        _, persons = settle(*mentions[::order])
        persons = persons[::order]
        assert [persons.index(p) for p in persons] == [groups.index(g) for g in groups]


def test_a_corrected_nhs_number_frees_the_old_one():
    identities, persons = settle(
        ((A, X), "2026-01-01"), ((A, Y), "2026-01-02"), ((B, X), "2026-01-01"), ((X,), "2026-01-03")
    )
    assert persons[3] == B
    assert identities.shared == {}


def test_a_shared_nhs_number_is_reported_with_all_who_have_it():
    identities, _ = settle((A, X), (B, X), (FHIR, X))
    assert identities.shared == {X.value: sorted([A, B, FHIR])}


def test_a_merge_joins_both_numbers_and_frees_their_nhs_number():
    identities, persons = settle((A, X), (B, X), (X,), merges=[(1, 2)])
    assert persons == [A, A, A]
    assert identities.anchors[2] == B
    assert identities.shared == {}


def test_the_later_merge_decides():
    assert settle((A,), (B,), merges=[(1, 2), (2, 1)])[1] == [B, B]
    assert settle((A,), (B,), merges=[(1, 2), (1, 2)])[1] == [A, A]


def test_merges_form_chains():
    assert settle((A,), (B,), (OTHER,), merges=[(1, 2), (2, 3)])[1] == [A, A, A]
    assert settle((A,), (B,), (OTHER,), merges=[(1, 2), (2, 3), (3, 1)])[1] == [OTHER] * 3
