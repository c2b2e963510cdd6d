"""What the three-way comparison says, as tables that a clinician can read.

T0 is 10:00, the outage lasts until 18:00; paper speaks of 14:00 unless a row says otherwise.
"""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from downtime.clinical.model import (
    DiagnosticReport,
    Encounter,
    Observation,
    Patient,
    ServiceRequest,
)
from downtime.clinical.record_types import DOCUMENT
from downtime.entry.facts import Fact, PaperPerson
from downtime.reconcile.compare.comparison import compare_facts
from downtime.reconcile.record_index import RecordIndex
from downtime.reconcile.wording import explain
from downtime.settings import Settings

ZONE = ZoneInfo(Settings().site.time_zone)

DAY = "2026-11-02T"
ANN = Patient(
    id="p-ann",
    mrn="H100",
    nhs_number="9990000018",
    identifiers=("MR|DEMO|H100", "NH|NHS|9990000018"),
    family="Hill",
    given="Ann",
    birth_date="1960-01-02",
)
BOB = Patient(id="p-bob", mrn="H200", identifiers=("MR|DEMO|H200",), family="Hill", given="Bob")
WRITTEN = PaperPerson(mrn="H100", birth_date="1960-01-02", family="Hill", given="Ann")


def at(hour: str) -> str:
    return f"{DAY}{hour}:00Z" if hour else ""


def verdict(fact: Fact, before=(), after=(), people=(ANN, BOB)) -> str:
    item, *_ = compare_facts(
        RecordIndex((ANN, BOB, *before)), [fact], RecordIndex((*people, *after)), Settings()
    )
    assert explain(item, ZONE)
    assert explain(item, ZONE).endswith((".", "!"))
    return item.state


def fact(
    kind: str, system: str, hour: str = "14:00", person: PaperPerson = WRITTEN, **fields: str
) -> Fact:
    return Fact(
        key="K7000042X-x", type=kind, system=system, form="f", serial="K7000042X",
        person=person, event=at(hour), fields=fields,
    )  # fmt: skip


# ---- a test requested on paper at 14:00 -------------------------------------------------------

REQUESTS = [
    # in the LIMS at T0        in the recovered LIMS            → state
    (None, None, "new"),
    (None, ("FBC", "14:20", "received"), "already-there"),
    (None, ("FBC", "14:20", "resulted"), "already-there"),
    (None, ("FBC", "14:20", "cancelled"), "newer-live"),
    (None, ("UE", "14:20", "received"), "new"),
    (None, ("FBC", "01:30", "received"), "new"),  # more than 12 hours away
    (("FBC", "09:30", "requested"), ("FBC", "09:30", "requested"), "new"),  # an older request
]


@pytest.mark.parametrize(("t0", "recovered", "state"), REQUESTS)
def test_a_request_on_paper(t0, recovered, state):
    def live(row):
        return [] if row is None else [request("r-1", *row)]

    paper = fact("ServiceRequest", "LIMS", code="FBC", display="Full blood count")
    assert verdict(paper, live(t0), live(recovered)) == state


def request(key, code, hour, stage, **more):
    return ServiceRequest(
        id=key, patient="p-ann", code=code, stage=stage, collected=at(hour), filler="L1", **more
    )


def test_a_request_is_found_by_its_order_number_whatever_its_time_and_name():
    paper = fact("ServiceRequest", "LIMS", code="FBC", display="Full blood count")
    live = request("r-9", "HAEM1", "23:59", "received", placer="K7000042X-x")
    assert verdict(paper, after=[live]) == "already-there"


def test_an_older_open_request_is_named_so_that_nobody_bleeds_twice():
    paper = fact("ServiceRequest", "LIMS", code="FBC", display="Full blood count")
    old = request("r-1", "FBC", "09:30", "collected")
    item, *_ = compare_facts(RecordIndex((ANN, old)), [paper], RecordIndex((ANN, old)), Settings())
    assert "from before the outage" in explain(item, ZONE)
    assert item.matched_ids == ("r-1",)


# ---- a result phoned at 14:00 -----------------------------------------------------------------

PHONED = [
    # phoned test, value, units    LIMS: test, value, units, collected, status      → state
    (("Potassium", "6.1", "mmol/L"), None, "new"),
    (("Potassium", "6.1", "mmol/L"), ("Potassium", "6.1", "mmol/L", "13:10", "final"), "already-there"),
    (("K+", "6.10", "mmol/l"), ("Potassium", "6.1", "mmol/L", "13:10", "final"), "already-there"),
    (("Potassium", "6.1", ""), ("Potassium", "6.1", "mmol/L", "13:10", "final"), "already-there"),
    (("Potassium", "6.1", "mmol/L"), ("Potassium", "4.1", "mmol/L", "13:10", "final"), "conflict"),
    (("Potassium", "6.1", "mmol/L"), ("Potassium", "6.14", "mmol/L", "13:10", "final"), "conflict"),
    (("Potassium", "6.1", "mmol/L"), ("Potassium", "4.1", "mmol/L", "13:10", "amended"), "conflict"),
    (("Potassium", "6.1", "mmol/L"), ("Sodium", "131", "mmol/L", "13:10", "final"), "new"),
    (("Hb", "7.2", "g/dL"), ("Haemoglobin", "72", "g/L", "13:10", "final"), "already-there"),
    (("Troponin", "5", "mg/L"), ("Troponin", "5", "IU/L", "13:10", "final"), "conflict"),
    (("MRSA screen", "Positive", ""), ("MRSA screen", "positive", "", "13:10", "final"), "already-there"),
]  # fmt: skip


@pytest.mark.parametrize(("phoned", "lims", "state"), PHONED)
def test_a_phoned_result(phoned, lims, state):
    test, value, units = phoned
    paper = fact("Observation", "LIMS", display=test, value=value, units=units)
    assert verdict(paper, after=[] if lims is None else result("o-1", *lims)) == state


def result(key, display, value, units, hour, status):
    report = DiagnosticReport(
        id=f"d-{key}", patient="p-ann", collected=at(hour), issued=at("19:00")
    )
    return [
        report,
        Observation(
            id=key, patient="p-ann", report=report.id, display=display, value=value, units=units,
            status=status,
        ),
    ]  # fmt: skip


def test_a_result_that_was_there_before_the_outage_is_never_taken_for_the_phoned_one():
    old = result("o-1", "Potassium", "4.1", "mmol/L", "09:00", "final")
    paper = fact("Observation", "LIMS", display="Potassium", value="6.1", units="mmol/L")
    assert verdict(paper, before=old, after=old) == "new"


def test_an_old_result_is_known_by_its_laboratory_number_when_the_publisher_was_set_up_anew():
    def lab(key):
        report, value = result(key, "Potassium", "4.1", "mmol/L", "09:00", "final")
        return [replace(report, filler="L55"), value]

    paper = fact("Observation", "LIMS", display="Potassium", value="6.1", units="mmol/L")
    assert verdict(paper, before=lab("o-1"), after=lab("z-9")) == "new"


def test_the_nearest_sample_is_compared_not_one_that_happens_to_agree():
    earlier = result("o-1", "Potassium", "4.1", "mmol/L", "11:00", "final")
    nearer = result("o-2", "Potassium", "6.1", "mmol/L", "13:30", "final")
    paper = fact("Observation", "LIMS", display="Potassium", value="4.1", units="mmol/L")
    assert verdict(paper, after=[*earlier, *nearer]) == "conflict"


def test_a_mismatch_names_both_values_and_asks_for_a_clinician():
    paper = fact("Observation", "LIMS", display="Potassium", value="6.1", units="mmol/L")
    live = result("o-1", "Potassium", "4.1", "mmol/L", "13:10", "final")
    item, *_ = compare_facts(RecordIndex(), [paper], RecordIndex((ANN, *live)), Settings())
    assert explain(item, ZONE) == (
        "Phoned 6.1 mmol/L; LIMS says 4.1 mmol/L of 02-Nov-2026 13:10. Have a clinician review it."
    )


# ---- an observation charted at 14:00 ----------------------------------------------------------

CHARTED = [
    # EPR: value, time, status          → state
    (None, "new"),
    (("88", "14:03", "final"), "already-there"),
    (("78", "14:03", "final"), "conflict"),
    (("78", "14:03", "corrected"), "newer-live"),
    (("78", "14:20", "final"), "new"),  # another round of observations
]


@pytest.mark.parametrize(("epr", "state"), CHARTED)
def test_a_charted_observation(epr, state):
    paper = fact("Observation", "EPR", code="8867-4", display="Pulse", value="88", units="/min")
    live = []
    if epr:
        value, hour, status = epr
        live = [
            Observation(
                id="o-1", patient="p-ann", code="8867-4", value=value, units="bpm",
                effective=at(hour), status=status,
            )
        ]  # fmt: skip
    assert verdict(paper, after=live) == state


# ---- an admission on paper to ward A1 at 14:00 ------------------------------------------------

ADMISSIONS = [
    # PAS at T0                  recovered PAS: ward, started, status, updated      → state
    (None, None, "new"),
    (None, ("A1", "14:10", "in-progress", "18:30"), "already-there"),
    (None, ("a1 ", "14:10", "in-progress", "18:30"), "already-there"),
    (None, ("B2", "14:10", "in-progress", "18:30"), "newer-live"),
    (None, ("A1", "14:10", "finished", "18:30"), "newer-live"),
    (None, ("A1", "14:10", "cancelled", "18:30"), "newer-live"),
    (("B2", "08:00", "in-progress", "08:00"), ("B2", "08:00", "in-progress", "08:00"), "conflict"),
    (
        ("B2", "08:00", "in-progress", "08:00"),
        ("C3", "08:00", "in-progress", "18:30"),
        "newer-live",
    ),
    (("B2", "08:00", "in-progress", "08:00"), ("B2", "08:00", "finished", "12:00"), "new"),
]


@pytest.mark.parametrize(("t0", "recovered", "state"), ADMISSIONS)
def test_an_admission_on_paper(t0, recovered, state):
    def live(row):
        if row is None:
            return []
        ward, started, status, updated = row
        return [
            Encounter(
                id="e-1", patient="p-ann", ward=ward, status=status, kind="inpatient",
                started=at(started), updated=at(updated),
            )
        ]  # fmt: skip

    paper = fact("Encounter", "PAS", ward="A1", started=at("14:00"))
    assert verdict(paper, live(t0), live(recovered)) == state


# ---- who it is ---------------------------------------------------------------------------------

UNKNOWN = Patient(
    id="p-new", mrn="H300", identifiers=("MR|DEMO|H300", "PI|DOWNTIME|DK700042X"), family="Unknown"
)
MERGED = Patient(id="p-ann", mrn="H100", identifiers=("MR|DEMO|H100",), replaced_by="p-bob")
OTHER_NHS = Patient(id="p-eve", mrn="H900", nhs_number="9990000026")

SHE = PaperPerson(family="Hill", given="Ann", birth_date="1960-01-02")
HE = PaperPerson(family="Hill", given="Bob")
PEOPLE = [
    # what the form says                                 in the recovered PAS      → state, patient
    (SHE._replace(mrn="H100"), (ANN, BOB), "new", "p-ann"),
    (SHE._replace(mrn="h-100"), (ANN, BOB), "new", "p-ann"),
    (SHE._replace(nhs_number="9990000018"), (ANN, BOB), "new", "p-ann"),
    (HE._replace(id="p-ann"), (MERGED, BOB), "new", "p-bob"),  # merged since: the survivor
    (PaperPerson(downtime_number="DK700042X", family="Unknown"), (ANN, UNKNOWN), "conflict", "p-new"),
    (PaperPerson(downtime_number="DK700042X"), (ANN, BOB), "unmatched", ""),
    (PaperPerson(mrn="H999"), (ANN, BOB), "unmatched", ""),
    (PaperPerson(), (ANN, BOB), "unmatched", ""),
    (SHE, (ANN,), "unmatched", ""),
    (PaperPerson(mrn="H200", nhs_number="9990000018"), (ANN, BOB), "unmatched", ""),
    (SHE._replace(mrn="H100", birth_date="1971-12-24"), (ANN, BOB), "conflict", "p-ann"),
    # A number for itself, and a number with somebody else's name, are nobody's.
    (PaperPerson(mrn="H100"), (ANN, BOB), "conflict", "p-ann"),
    (PaperPerson(nhs_number="9990000018"), (ANN, BOB), "conflict", "p-ann"),
    (PaperPerson(mrn="H100", family="Novak", given="Piotr", gender="male"), (ANN, BOB), "conflict", "p-ann"),
    (HE._replace(mrn="H100"), (ANN, BOB), "conflict", "p-ann"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "people", "state", "patient"), PEOPLE)
def test_who_a_form_is_about(written, people, state, patient):
    paper = fact("ServiceRequest", "LIMS", person=written, code="FBC", display="Full blood count")
    item, *_ = compare_facts(RecordIndex((ANN, BOB)), [paper], RecordIndex(people), Settings())
    assert (item.state, item.patient) == (state, patient)


def test_an_nhs_number_that_two_patients_share_finds_nobody():
    twin = Patient(id="p-twin", mrn="H101", nhs_number="9990000018")
    paper = fact("ServiceRequest", "LIMS", person=PaperPerson(nhs_number="9990000018"), code="FBC")
    assert verdict(paper, people=(ANN, twin)) == "unmatched"


def test_another_form_with_the_same_downtime_number_may_say_who_it_is():
    number = "DK700042X"
    known = fact(
        "Encounter", "PAS", person=SHE._replace(downtime_number=number, mrn="H100"), ward="A1"
    )
    blank = fact("ServiceRequest", "LIMS", person=PaperPerson(downtime_number=number), code="FBC")
    _, item = compare_facts(RecordIndex(), [known, blank], RecordIndex((ANN, BOB)), Settings())
    assert (item.state, item.patient) == ("new", "p-ann")
    assert "linked by another form" in explain(item, ZONE)


def test_a_downtime_number_that_names_two_people_links_to_neither():
    number = "DK700042X"
    one = fact(
        "Encounter", "PAS", person=PaperPerson(downtime_number=number, mrn="H100"), ward="A1"
    )
    two = fact(
        "Encounter", "PAS", person=PaperPerson(downtime_number=number, mrn="H200"), ward="A1"
    )
    blank = fact("ServiceRequest", "LIMS", person=PaperPerson(downtime_number=number), code="FBC")
    items = compare_facts(RecordIndex(), [one, two, blank], RecordIndex((ANN, BOB)), Settings())
    assert items[2].state == "unmatched"


def test_a_message_names_the_live_patient_and_keeps_the_downtime_number():
    person = PaperPerson(
        downtime_number="DK700042X", nhs_number="9990000018", family="HIL",
        given="Ann", birth_date="1960-01-02",
    )  # fmt: skip
    paper = fact("ServiceRequest", "LIMS", person=person, code="FBC")
    item, *_ = compare_facts(RecordIndex(), [paper], RecordIndex((ANN,)), Settings())
    assert (item.person.mrn, item.person.family) == ("H100", "Hill")
    assert item.person.downtime_number == "DK700042X"


# ---- policy --------------------------------------------------------------------------------------


def test_a_document_is_held_whoever_it_is_about():
    assert verdict(fact(DOCUMENT, "EPR", person=PaperPerson())) == "held"
