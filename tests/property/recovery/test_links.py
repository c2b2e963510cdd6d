"""Whatever people do in whatever order: a link holds by two persons, an undo takes all of it back."""

import itertools

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from downtime.entry.facts import PaperPerson
from downtime.errors import UserError
from downtime.reconcile.identity import links as identity_links
from downtime.settings import Settings
from downtime.vault.model import Actor

CLERKS = [Actor(f"u-{n}", f"Clerk {n}", "laptop-1") for n in range(3)]
PATIENTS = [PaperPerson(id=f"p-{n}", mrn=f"H{n}") for n in range(3)]
KEYED_BY = ["u-0"]
numbers = itertools.count()
steps = st.lists(
    st.tuples(
        st.sampled_from(["propose", "program", "confirm", "reject", "undo"]),
        st.integers(0, 1),  # which of two downtime numbers
        st.sampled_from(CLERKS),
        st.sampled_from(PATIENTS),
    ),
    max_size=25,
)


def in_force(vault, keys):
    return {
        key: link.person.mrn
        for key, link in identity_links.confirmed_links(vault.db).items()
        if key in keys
    }


def act(vault, step, keys, outage="o"):
    """One step as somebody tries it on the newest link of a number; whether it was let through."""
    name, at, who, patient = step
    held = identity_links.links_by_key(vault.db, outage).get(keys[at], [])
    try:
        if name in ("propose", "program"):
            identity_links.propose_link(
                vault, outage, keys[at], "s", patient, [PaperPerson()], who, "why",
                exact=name == "program", by_program=name == "program",
            )  # fmt: skip
        elif held and name == "confirm":
            identity_links.confirm_link(
                vault, Settings(), held[-1].key, held[-1].id, who, "why", KEYED_BY
            )
        elif held:
            getattr(identity_links, f"{name}_link")(vault, held[-1].key, held[-1].id, who, "why")
    except UserError:
        return False
    return True


@given(steps)
@profile(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_link_holds_by_one_person_and_no_number_is_two_patients(vault, done):
    keys = [f"{next(numbers)}-{n}" for n in range(2)]
    outage = keys[0]  # of its own, else each example reads the links of all before it
    expected: dict[str, str] = {}
    for step in done:
        name, at, _, _ = step
        before = in_force(vault, keys)
        let_through = act(vault, step, keys, outage)
        after = in_force(vault, keys)
        links = [
            link
            for key in keys
            for link in identity_links.links_by_key(vault.db, outage).get(key, ())
        ]
        for link in links:
            if link.state == "confirmed":
                assert link.proposed_by
                assert link.confirmed_by not in ("", link.proposed_by)
                assert [link.confirmed_by] != KEYED_BY
        current = [link.key for link in links if link.state in ("proposed", "confirmed")]
        assert len(current) == len(set(current))
        if name == "undo" and let_through and keys[at] in before:
            del expected[keys[at]]
        elif after != before:
            assert (name, let_through) == ("confirm", True)
            assert set(after) - set(before) == {keys[at]}
            expected = dict(after)
        assert after == expected
    told = [m for m in identity_links.list_merges(vault.db, outage) if m.number in keys]
    balance = {
        key: sum(1 if m.state == "linked" else -1 for m in told if m.number == key) for key in keys
    }
    assert balance == {key: int(key in expected) for key in keys}


def test_two_persons_can_link_and_undo_so_the_rules_do_not_forbid_everything(vault):
    keys = ["a", "b"]
    moves = [("propose", 0), ("confirm", 1), ("undo", 2), ("propose", 2), ("reject", 2)]
    for name, who in moves:
        assert act(vault, (name, 0, CLERKS[who], PATIENTS[0]), keys), name
    assert in_force(vault, keys) == {}


@pytest.mark.parametrize("name", ["confirm", "reject", "undo"])
def test_what_was_ended_stays_so(vault, name):
    keys = ["a", "b"]
    for move, who in [("propose", 0), ("reject", 1)]:
        act(vault, (move, 0, CLERKS[who], PATIENTS[0]), keys)
    assert not act(vault, (name, 0, CLERKS[2], PATIENTS[0]), keys)
