"""When a number is believed: what else the paper says, weighed against the number's owner."""

import pytest

from downtime.clinical.model import Encounter
from downtime.entry.facts import PaperPerson
from downtime.reconcile.identity.judge_match import Judgement, Objection, add_stays, weigh_match
from downtime.reconcile.identity.weights import NO_POPULATION, Population

ANN = PaperPerson(id="p-ann", family="Hill", given="Ann", birth_date="1960-01-02", gender="female")
TWIN = ANN._replace(id="p-amy", given="Amy")
NAMESAKE = ANN._replace(id="p-ann-2")
TODAY = Population(0, lambda name: 0, day="2026-11-02")

# what the paper says beside the number               who else there is   → judgement, doubt, bits
JUDGED = [
    ({"family": "Hill", "given": "Ann", "birth_date": "1960-01-02"}, (), "believed", None, 29),
    ({"birth_date": "1960-01-02"}, (), "believed", None, 13),
    ({"family": "Hill", "given": "Ann"}, (), "believed", None, 16),
    ({"family": "Hill"}, (), "look", Objection.TOO_LITTLE, 8),
    ({}, (), "conflict", Objection.TOO_LITTLE, 0),
    ({"gender": "female"}, (), "conflict", Objection.TOO_LITTLE, 1),
    ({"family": "Hil", "given": "Annie", "birth_date": "1960-02-01"}, (), "believed", None, 18),
    ({"family": "Ann", "given": "Hill"}, (), "believed", None, 20),
    ({"family": "Novak", "given": "Piotr", "gender": "male"}, (), "conflict", Objection.DIFFERS, -18),
    ({"family": "Novak", "given": "Ann", "birth_date": "1960-01-02"}, (), "believed", None, 16),
    ({"family": "Hill", "given": "Ann", "birth_date": "1971-12-24"}, (), "look", Objection.DIFFERS, 7),
    ({"family": "Hill", "given": "Bob"}, (), "conflict", Objection.DIFFERS, 2),
    # Twins: the other one's name, an initial that is both, and none.
    ({"family": "Hill", "given": "Amy", "birth_date": "1960-01-02"}, (TWIN,), "conflict", Objection.BETTER_RIVAL, 15),
    ({"family": "Hill", "given": "A", "birth_date": "1960-01-02"}, (TWIN,), "look", Objection.RIVAL, 25),
    ({"family": "Hill", "birth_date": "1960-01-02"}, (TWIN,), "look", Objection.RIVAL, 21),
    ({"family": "Hill", "given": "Ann", "birth_date": "1960-01-02"}, (TWIN,), "believed", None, 29),
    ({"family": "Hill", "given": "Ann", "birth_date": "1960-01-02"}, (NAMESAKE,), "look", Objection.RIVAL, 29),
]  # fmt: skip


@pytest.mark.parametrize(("details", "others", "judgement", "doubt", "bits"), JUDGED)
def test_a_number_with_what_the_paper_says(details, others, judgement, doubt, bits):
    evidence = weigh_match(PaperPerson(mrn="H100", **details), ANN, others, TODAY)
    assert (evidence.judgement, evidence.objection, evidence.bits) == (judgement, doubt, bits)


def test_a_girl_has_not_married():
    paper = PaperPerson(mrn="H100", family="Novak", given="Ann")
    girl = ANN._replace(birth_date="2020-01-02")
    bits = [weigh_match(paper, live, (), TODAY).bits for live in (ANN, girl)]
    assert bits == [8 - 5, 8 - 9]


@pytest.mark.parametrize("family", ["UNKNOWN", "Unknown", "not known"])
def test_a_name_that_stands_for_none_says_nothing(family):
    paper = PaperPerson(mrn="H100", family=family, given="Female 001W", birth_date="1960-01-02")
    assert weigh_match(paper, ANN, (), TODAY).bits == 13
    nameless = ANN._replace(family="Unknown", given="Female")
    written = PaperPerson(mrn="H100", family="Hill", given="Ann")
    assert weigh_match(written, nameless, (), TODAY).judgement == Judgement.CONFLICT


def test_a_common_name_says_less_and_a_rare_one_more():
    paper = PaperPerson(mrn="H100", family="Hill", given="Ann")
    common = Population(100_000, lambda name: 3_000)
    rare = Population(100_000, lambda name: 1)
    bits = [weigh_match(paper, ANN, (), p).bits for p in (common, NO_POPULATION, rare)]
    assert bits == [10, 16, 26]
    assert weigh_match(paper, ANN, (), common).judgement == Judgement.LOOK


def test_a_form_that_was_printed_for_the_patient_is_believed_unless_another_was_born():
    paper = PaperPerson(id="p-ann", family="Hill", given="Ann", birth_date="1960-01-02")
    assert weigh_match(paper, ANN, (), TODAY, is_own_form=True).judgement == Judgement.BELIEVED
    born = paper._replace(birth_date="1971-12-24")
    assert weigh_match(born, ANN, (), TODAY, is_own_form=True).judgement == Judgement.LOOK


AT = "2026-11-02T14:00:00Z"
STAYS = [
    (("2026-11-01T08:00:00Z", "", "in-progress"), True),
    (("2026-11-01T08:00:00Z", "2026-11-02T18:00:00Z", "finished"), True),
    (("2026-11-01T08:00:00Z", "2026-11-02T10:00:00Z", "finished"), False),
    (("2026-11-02T15:00:00Z", "", "in-progress"), False),
    (("2026-11-01T08:00:00Z", "", "cancelled"), False),
]


@pytest.mark.parametrize(("stay", "is_there"), STAYS)
def test_who_was_not_in_the_hospital_then_is_less_likely_meant(stay, is_there):
    started, ended, status = stay
    listed = [Encounter(id="e", patient="p-ann", started=started, ended=ended, status=status)]
    evidence = weigh_match(PaperPerson(mrn="H100", birth_date="1960-01-02"), ANN, (), TODAY)
    after = add_stays(evidence, AT, listed)
    assert after.bits == (13 if is_there else 9)
    assert after.judgement == (Judgement.BELIEVED if is_there else Judgement.LOOK)
