"""Who somebody on paper is: offered with reasons, decided by two people, undone, and compared anew."""

from zoneinfo import ZoneInfo

import pytest

from downtime.errors import ConflictError, ForbiddenError, InputError
from downtime.paper.forms.load_form import load_form
from downtime.paper.model import Subject
from downtime.reconcile import find_items
from downtime.reconcile.compare import run_comparison
from downtime.reconcile.identity import link_person, links, unidentified
from downtime.reconcile.wording import explain
from downtime.settings import ReconcileSettings, Settings
from downtime.vault.audit import verify_chain as verify_audit
from downtime.vault.model import Actor

from .conftest import ADMITTED, BLOODS, HOSPITAL, OBSERVED, PHONED
from .twins import BLANK, NUMBER, TWINS

LONDON = ZoneInfo("Europe/London")

PETRA = {
    "patient.name": "NOVAK, Petra",
    "patient.born": "1985-03-01",
    "patient.gender": "female",
}
CLERK = Actor("u-3", "Cora Clerk", "laptop-1")
OTHER = Actor("u-4", "Olu Other", "laptop-1")


@pytest.fixture
def recovered(hold):
    return lambda *more: hold(2, (*HOSPITAL, *TWINS, *more), "2026-11-02T20:00:00Z")


@pytest.fixture
def work(vault, settings, outage):
    """`work()` is the work list; `work(ref)` one person of it."""

    def look(ref=None):
        if ref is None:
            return unidentified.list_unidentified(vault, settings, outage)
        return unidentified.find_unidentified(vault, settings, outage, ref)

    return look


@pytest.fixture
def offered(vault, settings, outage, work):
    """The candidates of the only person on the work list, by id, with their signs in words."""

    def look(typed=""):
        with link_person.open_recovered_snapshot(vault, outage) as snapshot:
            found = link_person.find_candidates_for(snapshot, settings, work()[0], typed)
        return {one.person.id: [sign.text for sign in one.signs] for one in found.candidates}

    return look


@pytest.fixture
def propose(vault, settings, outage):
    def one(ref, patient, actor=CLERK, reason="compared with the wristband", evidence="passport"):
        return link_person.propose_for_person(
            vault, settings, outage, ref, patient, actor, reason, evidence
        )

    return one


@pytest.fixture
def confirm(vault, settings, outage):
    def one(ref, link, actor=OTHER, reason="read the paper", using=settings):
        return link_person.confirm_for_person(vault, using, outage, ref, link.id, actor, reason)

    return one


def bloods(**person):
    return BLOODS | {f"patient.{name}": text for name, text in person.items()}


def test_the_work_list_has_every_downtime_number_and_every_form_without_a_usable_one(
    keyed, recovered, work
):
    recovered()
    keyed("blood-sciences-request", BLOODS | PETRA, BLANK)
    keyed("observations", OBSERVED | PETRA | {"patient.name": "NOVAC, Petra"}, BLANK)
    nameless = keyed("blood-sciences-request", BLOODS, Subject())
    keyed("blood-sciences-request", bloods(mrn="H100", name="HILL, Ann"), Subject())
    keyed("blood-sciences-request", BLOODS)
    by_number, by_form = sorted(work(), key=lambda one: not one.number)
    assert (by_number.key, len(by_number.serials)) == (NUMBER, 2)
    assert {paper.family for paper in by_number.stated_identities} == {"NOVAK", "NOVAC"}
    assert (by_number.wards, by_number.first) == (("A1",), "2026-11-02T13:00:00Z")
    assert (by_form.key, by_form.stated_identities[0].family) == (f"serial:{nameless}", "")


@pytest.fixture
def early_and_late(keyed, recovered):
    """A request, and a phoned result that came after it, of two people without a number."""
    recovered()
    early = keyed("blood-sciences-request", bloods(name="EARLY, Bird"), Subject())
    late = keyed("phoned-result", PHONED | {"patient.name": "LATE, Comer"}, Subject())
    return early, late


def test_a_form_whose_file_says_it_is_urgent_comes_first(early_and_late, work):
    assert [(one.serials[0], one.urgency_rank > 0) for one in work()] == [
        (early_and_late[1], True),
        (early_and_late[0], False),
    ]


def test_a_site_orders_urgent_forms_by_a_setting_or_by_forms_of_its_own(
    early_and_late, work, vault, outage
):
    order = ReconcileSettings(urgent_forms=("blood-sciences-request", "phoned-result"))
    listed = unidentified.list_unidentified(vault, Settings(reconcile=order), outage)
    assert tuple(one.serials[0] for one in listed) == early_and_late
    vault.home.forms_folder.mkdir()
    for name in ("blood-sciences-request", "phoned-result"):
        own = load_form(name).source.replace("urgent: 5\n", "")
        if name == "blood-sciences-request":
            own = own.replace("\nitem:\n", "\nurgent: 1\nitem:\n", 1)
        (vault.home.forms_folder / f"{name}.yaml").write_text(own)
    assert [one.urgency_rank for one in work()] == [1, 0]
    assert tuple(one.serials[0] for one in work()) == early_and_late


def test_candidates_come_with_their_reasons(keyed, recovered, offered):
    recovered()
    keyed("admission", ADMITTED, Subject())
    found = offered()
    assert next(iter(found)) == "p-1"
    assert {"same date of birth", "same surname", "same given name"} < set(found["p-1"])
    assert "admitted to the same ward at that time" in found["p-1"]
    assert "surname and given name exchanged" in found["p-4"]
    assert "date of birth has day and month swapped" in found["p-5"]
    assert "surname spelled almost alike" in found["p-5"]
    assert "another gender" in found["p-3"]


@pytest.mark.parametrize(
    ("said", "patient", "reason"),
    [
        ({"mrn": "H2010"}, "p-10", "same hospital number"),
        ({"mrn": "H2001", "name": "NOVAK, P"}, "p-1", "given name with the same initial"),
        ({"mrn": "H0201", "name": "NOVAK"}, "p-1", "two digits transposed in the hospital number"),
        ({"born": "1970-07-12", "name": "FILIPS, Catherine"}, "p-6", "surname sounds or looks alike"),
        ({"born": "1970-12-07", "name": "PHILLIPS, Kathryn"}, "p-7", "surname sounds or looks alike"),
        ({"born": "2001-10-01", "name": "OHARA, Zoe"}, "p-8", "same surname"),
        ({"born": "1995-03-01", "name": "NOVAK, Petra"}, "p-1", "date of birth has one digit different"),
        ({"born": "1958-03-01", "name": "NOVAK, Petra"}, "p-1", "date of birth has two digits transposed"),
    ],
)  # fmt: skip
def test_each_slip_of_the_pen_is_recognised(keyed, recovered, offered, said, patient, reason):
    recovered()
    keyed("blood-sciences-request", bloods(**said), BLANK)
    assert reason in offered()[patient]


def test_a_number_that_is_not_valid_can_be_typed_as_it_stands_on_paper(keyed, recovered, offered):
    recovered()
    keyed("blood-sciences-request", bloods(name="NOVAK, P"), Subject())
    assert "two digits transposed in the NHS number" in offered("999 000 0623")["p-1"]
    assert "p-8" in offered("o'hara")


def test_an_unknown_patient_is_offered_who_came_to_the_ward_then(keyed, recovered, offered):
    recovered()
    keyed("blood-sciences-request", bloods(gender="male"), BLANK)
    assert offered()["p-11"] == ["admitted to the same ward at that time", "same gender"]


def test_twins_are_told_apart_by_what_differs(keyed, recovered, offered):
    recovered()
    said = bloods(name="LANG, Mia", born="2026-11-01", gender="female")
    keyed("blood-sciences-request", said, BLANK)
    found = offered()
    assert list(found)[:2] == ["p-10", "p-9"]
    assert {"another given name", "another gender"} <= set(found["p-9"])


def test_two_records_of_one_person_are_shown(vault, settings, outage, keyed, recovered, work):
    recovered()
    keyed("blood-sciences-request", bloods(name="DOUBLE, Dora", born="1950-05-05"), BLANK)
    with link_person.open_recovered_snapshot(vault, outage) as snapshot:
        found = link_person.find_candidates_for(snapshot, settings, work()[0])
    assert [{one.mrn, other.mrn} for one, other in found.double_records] == [{"H2012", "H2013"}]


def test_name_and_birth_alone_link_nobody(keyed, recovered, propose):
    recovered()
    serial = keyed("blood-sciences-request", BLOODS | PETRA, BLANK)
    with pytest.raises(InputError, match="alone never say"):
        propose(serial, "p-1", evidence="")
    assert propose(serial, "p-1", evidence="passport").state == "proposed"


def test_a_link_holds_once_another_person_confirms_it(
    vault, keyed, recovered, propose, confirm, actor
):
    recovered()
    serial = keyed("blood-sciences-request", BLOODS | PETRA, BLANK)
    link = propose(serial, "p-1")
    assert links.confirmed_links(vault.db) == {}
    with pytest.raises(ForbiddenError, match="You proposed"):
        confirm(serial, link, CLERK)
    with pytest.raises(ForbiddenError, match="You alone keyed"):
        confirm(serial, link, actor)
    with pytest.raises(InputError, match="reason"):
        confirm(serial, link, reason=" ")
    confirm(serial, link)
    assert links.confirmed_links(vault.db)[NUMBER].person.mrn == "H2001"
    assert verify_audit(vault.db).first_bad is None


def test_one_number_is_never_two_patients_but_two_numbers_may_be_one(
    vault, keyed, recovered, propose, confirm
):
    recovered()
    first = keyed("blood-sciences-request", BLOODS | PETRA, BLANK)
    second = keyed("blood-sciences-request", BLOODS | PETRA, Subject(downtime_number="DK700002V"))
    link = propose(first, "p-1")
    for _ in range(2):
        with pytest.raises(ConflictError, match="already has a link"):
            propose(first, "p-2", OTHER)
        if link.state == "proposed":
            link = confirm(first, link)
    confirm(second, propose(second, "p-1"))
    assert {n: link.person.mrn for n, link in links.confirmed_links(vault.db).items()} == {
        NUMBER: "H2001",
        "DK700002V": "H2001",
    }


def test_undo_restores_and_downstream_is_told_twice(
    vault, settings, outage, keyed, recovered, propose, confirm
):
    recovered()
    serial = keyed("blood-sciences-request", BLOODS | PETRA, BLANK)
    link = confirm(serial, propose(serial, "p-1"))
    with pytest.raises(InputError, match="reason"):
        links.undo_link(vault, link.key, link.id, CLERK, "")
    links.undo_link(vault, link.key, link.id, CLERK, "it was her sister")
    assert links.confirmed_links(vault.db) == {}
    confirm(serial, propose(serial, "p-5"))
    told = links.list_merges(vault.db, outage.id)
    assert [(m.number, m.survivor.mrn, m.state) for m in told] == [
        (NUMBER, "H2001", "linked"),
        (NUMBER, "H2001", "unlinked"),
        (NUMBER, "H2005", "linked"),
    ]
    assert (told[0].downtime.downtime_number, told[0].downtime.family) == (NUMBER, "NOVAK")
    assert (told[1].decided_by_name, told[0].id) == ("Cora Clerk", told[1].id)


def test_a_form_without_a_number_tells_no_other_system(
    vault, outage, keyed, recovered, propose, confirm
):
    recovered()
    serial = keyed("blood-sciences-request", BLOODS | PETRA, Subject())
    confirm(serial, propose(serial, "p-1"))
    assert links.list_merges(vault.db, outage.id) == []
    assert list(links.confirmed_links(vault.db)) == [f"serial:{serial}"]


def test_the_program_proposes_exact_numbers_and_two_people_agree(
    vault, settings, outage, keyed, recovered, work, confirm
):
    recovered()
    said = bloods(name="NOVAK, Petra", born="1985-03-01", nhs="9990000263")
    serial = keyed("blood-sciences-request", said, BLANK)
    keyed("observations", OBSERVED, Subject(downtime_number="DK700002V"))
    done = link_person.propose_exact(vault, settings, outage, CLERK)
    assert (done.proposed, done.to_people) == (1, 1)
    link = work(serial).link
    assert (link.proposed_by, link.exact) == ("", True)
    link = confirm(serial, link, CLERK)
    assert (link.state, links.confirmed_links(vault.db)) == ("proposed", {})
    with pytest.raises(ForbiddenError):
        confirm(serial, link, CLERK)
    assert confirm(serial, link).state == "confirmed"


def test_a_hospital_may_let_one_person_confirm_an_exact_number(
    vault, settings, outage, keyed, recovered, work, confirm
):
    recovered()
    said = bloods(born="1985-03-01", nhs="9990000263")
    serial = keyed("blood-sciences-request", said, BLANK)
    link_person.propose_exact(vault, settings, outage, CLERK)
    lenient = Settings(reconcile=ReconcileSettings(exact_links_by_one=True))
    assert confirm(serial, work(serial).link, CLERK, using=lenient).state == "confirmed"


@pytest.mark.parametrize(
    "said",
    [
        {"born": "1985-01-03", "nhs": "9990000263"},
        {"nhs": "9990000263"},
        {"born": "1985-03-01", "name": "NOVAK, Petra"},
        {"born": "1985-03-01", "nhs": "9990000263", "mrn": "H2002"},
        {"born": "1950-05-05", "nhs": "9990000158"},
    ],
)
def test_the_program_proposes_nothing_that_is_less_than_exact(
    vault, settings, outage, keyed, recovered, said
):
    recovered()
    keyed("blood-sciences-request", bloods(**said), BLANK)
    assert link_person.propose_exact(vault, settings, outage, CLERK).proposed == 0


def test_a_patient_who_was_merged_meanwhile_is_not_confirmed(
    vault, keyed, recovered, hold, propose, confirm
):
    recovered()
    serial = keyed("blood-sciences-request", BLOODS | PETRA, BLANK)
    link = propose(serial, "p-1")
    merged = [p for p in TWINS if p.id != "p-1"]
    hold(3, (*HOSPITAL, *merged), "2026-11-02T22:00:00Z")
    with pytest.raises(ConflictError, match="merged or changed"):
        confirm(serial, link)


def test_nothing_is_linked_to_the_snapshot_of_the_beginning(keyed, propose):
    serial = keyed("blood-sciences-request", BLOODS | PETRA, BLANK)
    with pytest.raises(ConflictError, match="outage's beginning"):
        propose(serial, "p-ann")


@pytest.mark.parametrize("subject", [BLANK, Subject()], ids=["number", "form"])
def test_the_next_comparison_finds_who_was_linked_and_after_an_undo_nobody(
    vault, settings, outage, keyed, recovered, propose, confirm, actor, subject
):
    recovered()
    said = BLOODS | PETRA | {"patient.born": "1985-01-03"}
    serial = keyed("blood-sciences-request", said, subject)

    def states():
        run_comparison.run_comparison(vault, settings, actor, "")
        return {
            (row.item.state, row.item.patient) for row in find_items.list_items(vault, outage.id)
        }

    assert states() == {("unmatched", "")}
    link = confirm(serial, propose(serial, "p-1"))
    assert states() == {("new", "p-1")}
    links.undo_link(vault, link.key, link.id, OTHER, "another Petra")
    assert states() == {("unmatched", "")}


def test_paper_that_nobody_saw_is_not_swallowed_by_a_link(
    vault, settings, outage, keyed, recovered, propose, confirm, work, actor
):
    recovered()
    serial = keyed("blood-sciences-request", BLOODS | PETRA, BLANK)
    confirm(serial, propose(serial, "p-1"))
    strange = keyed("blood-sciences-request", bloods(name="STONE, Bob", born="1910-01-01"), BLANK)
    run_comparison.run_comparison(vault, settings, actor, "")
    found = {row.item.fact.serial: row.item for row in find_items.list_items(vault, outage.id)}
    assert found[serial].state == "new"
    assert (found[strange].state, "born 01-Jan-1910" in explain(found[strange], LONDON)) == (
        "conflict",
        True,
    )
    assert work(serial).has_new_paper
