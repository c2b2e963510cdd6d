"""The rules of the comparison as tables: each row is a test, and docs/rules.md shows them all.

T0 is 10:00 on 2 November 2026, the outage lasts until 18:00, and the paper is Ann Hill's.
"""

from dataclasses import dataclass, replace

from downtime.clinical.model import (
    AllergyIntolerance,
    Appointment,
    DiagnosticReport,
    Encounter,
    Flag,
    MedicationAdministration,
    Observation,
    Patient,
    Record,
    ServiceRequest,
)
from downtime.clinical.record_types import DOCUMENT
from downtime.entry.facts import Fact, PaperPerson

ANN = Patient(
    id="p-ann", mrn="H100", identifiers=("MR|DEMO|H100",), family="Hill", given="Ann",
    birth_date="1960-01-02", phone="01632 960001",
)  # fmt: skip
BOB = Patient(id="p-bob", mrn="H200", identifiers=("MR|DEMO|H200",), family="Hill", given="Bob")
WRITTEN = PaperPerson(mrn="H100", birth_date="1960-01-02", family="Hill", given="Ann")
BOB_WRITTEN = PaperPerson(mrn="H200", family="Hill", given="Bob")
EVERY_TYPE = ("Encounter", "ServiceRequest", "Observation", "AllergyIntolerance", "Flag",
              "MedicationAdministration", "Appointment", "Patient")  # fmt: skip
Records = tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One situation: what was at T0, what is recovered (in words, and as records), what is found."""

    paper: str
    t0: str
    recovered: str
    fact: Fact
    before: Records
    after: Records
    state: str
    sentence: str
    second: bool = False
    told: tuple[str, ...] = EVERY_TYPE
    others: tuple[Fact, ...] = ()
    """What other forms say."""


@dataclass(frozen=True, slots=True)
class Table:
    """All situations of one kind of paper."""

    title: str
    about: str
    rows: tuple[Row, ...]


def at(hour: str, day: str = "02") -> str:
    return f"2026-11-{day}T{hour}:00Z"


def fact(record: str, system: str, /, hour: str = "14:00", **fields: str) -> Fact:
    return Fact(
        key="K7000042X-x", type=record, system=system, form="f", serial="K7000042X",
        person=WRITTEN, event=at(hour), fields=fields,
    )  # fmt: skip


# ---- requests ---------------------------------------------------------------------------------

FBC = fact("ServiceRequest", "LIMS", code="FBC", display="Full blood count")


def asked(hour: str, stage: str, code: str = "FBC") -> ServiceRequest:
    return ServiceRequest(
        id=f"r-{code}-{hour}", patient="p-ann", code=code, stage=stage, collected=at(hour),
        filler="L1",
    )  # fmt: skip


REQUESTS = Table(
    "Requests",
    "A full blood count is requested on paper, sample taken 14:00. The same test within"
    " `request_match_hours` is the same request; a request that was there at T0 is an older one.",
    (
        Row("FBC at 14:00", "nothing", "nothing", FBC, (), (), "new", "LIMS has no such request."),
        Row("FBC at 14:00", "nothing", "FBC taken 14:20, received", FBC, (),
            (asked("14:20", "received"),), "already-there", "LIMS has it as L1 of 02-Nov-2026 14:20 (received)."),
        Row("FBC at 14:00", "nothing", "FBC taken 14:20, cancelled", FBC, (),
            (asked("14:20", "cancelled"),), "newer-live", "LIMS has this request of 02-Nov-2026 14:20 and has cancelled it."),
        Row("FBC at 14:00", "nothing", "urea taken 14:20", FBC, (),
            (asked("14:20", "received", "UE"),), "new", "LIMS has no such request."),
        Row("FBC at 14:00", "FBC of 09:30, open", "FBC of 09:30, open", FBC,
            (asked("09:30", "requested"),), (asked("09:30", "requested"),), "new", "LIMS has no such request. An older one for the same test, from before the outage, is still open there."),
    ),
)  # fmt: skip


# ---- results ----------------------------------------------------------------------------------


def lab(value: str, units: str = "mmol/L", status: str = "final", hour: str = "13:30") -> Records:
    report = DiagnosticReport(id="d", patient="p-ann", collected=at(hour), filler="L55")
    return (
        report,
        Observation(
            id="o", patient="p-ann", report="d", display="Potassium", value=value, units=units,
            status=status,
        ),
    )  # fmt: skip


def phoned(value: str, units: str = "mmol/L", test: str = "Potassium") -> Fact:
    return fact("Observation", "LIMS", display=test, value=value, units=units)


HB = replace(lab("72", "g/L")[1], display="Haemoglobin")  # type: ignore[type-var]
RESULTS = Table(
    "Phoned results",
    "A result is phoned at 14:00. Names and units are compared as they are said (`K+` is potassium,"
    " 7.2 g/dL is 72 g/L), values never by rounding. A difference goes to a clinician and to two people,"
    " whatever happened since.",
    (
        Row("potassium 6.1 mmol/L", "nothing", "nothing", phoned("6.1"), (), (), "new", "LIMS has no such value near that time."),
        Row("K+ 6.10 mmol/l", "nothing", "potassium 6.1 mmol/L", phoned("6.10", "mmol/l", "K+"), (),
            lab("6.1"), "already-there", "LIMS has the same value of 02-Nov-2026 13:30."),
        Row("Hb 7.2 g/dL", "nothing", "haemoglobin 72 g/L", phoned("7.2", "g/dL", "Hb"), (),
            (lab("72")[0], HB), "already-there", "LIMS has the same value of 02-Nov-2026 13:30."),
        Row("potassium 6.1 mmol/L", "nothing", "potassium 4.1 mmol/L", phoned("6.1"), (), lab("4.1"),
            "conflict", "Phoned 6.1 mmol/L; LIMS says 4.1 mmol/L of 02-Nov-2026 13:30. Have a clinician review it.", True),
        Row("potassium 6.1 mmol/L", "nothing", "potassium 4.1, amended", phoned("6.1"), (),
            lab("4.1", status="amended"), "conflict", "Phoned 6.1 mmol/L; LIMS says 4.1 mmol/L of 02-Nov-2026 13:30, amended since. Have a clinician review it.", True),
        Row("potassium 6.1 U/L", "nothing", "potassium 6.1 mmol/L", phoned("6.1", "U/L"), (),
            lab("6.1"), "conflict", "Phoned 6.1 U/L; LIMS says 6.1 mmol/L of 02-Nov-2026 13:30. The units differ and cannot be converted. Have a clinician review it.", True),
        Row("potassium 6.1 mmol/L", "potassium 4.0 of 09:00", "potassium 4.0 of 09:00",
            phoned("6.1"), lab("4.0", hour="09:00"), lab("4.0", hour="09:00"), "new", "LIMS has no such value near that time."),
    ),
)  # fmt: skip


# ---- observations -----------------------------------------------------------------------------

PULSE = fact("Observation", "EPR", code="8867-4", display="Pulse", value="88", units="/min")


def pulse(value: str, hour: str, status: str = "final") -> Observation:
    return Observation(
        id="o", patient="p-ann", code="8867-4", value=value, units="bpm", effective=at(hour),
        status=status,
    )  # fmt: skip


CHARTED = Table(
    "Observations",
    "A pulse of 88 is charted at 14:00. A value within `observation_match_minutes` is the same.",
    (
        Row("pulse 88", "nothing", "nothing", PULSE, (), (), "new", "EPR has no such value near that time."),
        Row("pulse 88", "nothing", "pulse 88 at 14:03", PULSE, (), (pulse("88", "14:03"),),
            "already-there", "EPR has the same value of 02-Nov-2026 14:03."),
        Row("pulse 88", "nothing", "pulse 78 at 14:03", PULSE, (), (pulse("78", "14:03"),),
            "conflict", "Paper says 88 /min; EPR says 78 bpm of 02-Nov-2026 14:03."),
        Row("pulse 88", "nothing", "pulse 78 at 14:03, corrected", PULSE, (),
            (pulse("78", "14:03", "corrected"),), "newer-live", "EPR says 78 bpm of 02-Nov-2026 14:03, corrected there since; paper says 88 /min."),
        Row("pulse 88", "nothing", "pulse 78 at 14:20", PULSE, (), (pulse("78", "14:20"),), "new", "EPR has no such value near that time."),
    ),
)  # fmt: skip


# ---- movements --------------------------------------------------------------------------------


def stay(ward: str, started: str = "08:00", status: str = "in-progress", **more: str) -> Encounter:
    return Encounter(
        id="e", patient="p-ann", ward=ward, status=status, kind="inpatient", started=at(started),
        **{"updated": at(started), **more},
    )  # fmt: skip


ADMIT = fact("Encounter", "PAS", event="admit", ward="A1", started=at("14:00"))
MOVE = fact("Encounter", "PAS", event="transfer", prior_ward="A1", ward="B2")
LEAVE = fact("Encounter", "PAS", event="discharge", ended=at("14:00"))
DIED = fact("Encounter", "PAS", event="discharge", ended=at("14:00"), outcome="died")
ON_A1 = stay("A1")
ADMISSIONS = Table(
    "Admissions",
    "An admission to A1 at 14:00. A stay that began within `admission_match_hours` is the same.",
    (
        Row("admitted to A1", "nothing", "nothing", ADMIT, (), (), "new", "PAS has no stay of this patient near that time."),
        Row("admitted to A1", "nothing", "on A1 from 14:10", ADMIT, (), (stay("A1", "14:10"),),
            "already-there", "PAS has this stay on A1 from 02-Nov-2026 14:10."),
        Row("admitted to A1", "nothing", "admitted 14:10, now on B2", ADMIT, (),
            (stay("B2", "14:10"),), "newer-live", "PAS has this stay of 02-Nov-2026 14:10 and now shows the patient on B2."),
        Row("admitted to A1", "nothing", "admitted 14:10, discharged", ADMIT, (),
            (stay("A1", "14:10", "finished", ended=at("17:00")),), "newer-live", "PAS has this stay of 02-Nov-2026 14:10, discharged 02-Nov-2026 17:00."),
        Row("admitted to A1", "nothing", "admission cancelled", ADMIT, (),
            (stay("A1", "14:10", "cancelled"),), "newer-live", "PAS cancelled this admission of 02-Nov-2026 14:10."),
        Row("admitted to A1", "on B2 since 08:00", "on B2 since 08:00", ADMIT, (stay("B2"),),
            (stay("B2"),), "conflict", "PAS has had this patient on B2 since 02-Nov-2026 08:00, before the outage: a second admission would be a second stay."),
    ),
)  # fmt: skip
TRANSFERS = Table(
    "Transfers",
    "A transfer from A1 to B2 at 14:00.",
    (
        Row("A1 to B2", "on A1", "on A1", MOVE, (ON_A1,), (ON_A1,), "new", "PAS still shows the patient on A1."),
        Row("A1 to B2", "on A1", "on B2", MOVE, (ON_A1,), (stay("B2", updated=at("18:30")),),
            "already-there", "PAS shows the patient on B2."),
        Row("A1 to B2", "on A1", "moved to C3", MOVE, (ON_A1,), (stay("C3", updated=at("18:30")),),
            "newer-live", "PAS has moved the patient to C3 since; paper says B2."),
        Row("A1 to B2", "on A1", "discharged 17:00", MOVE, (ON_A1,),
            (stay("A1", status="finished", ended=at("17:00")),), "newer-live", "PAS has this stay as discharged 02-Nov-2026 17:00."),
        Row("A1 to B2", "on D4", "on D4", MOVE, (stay("D4"),), (stay("D4"),), "conflict", "Paper says moved from A1 to B2; PAS shows the patient on D4."),
        Row("A1 to B2", "nothing", "nothing", MOVE, (), (), "new", "PAS has no stay of this patient at that time: its admission goes first."),
    ),
)  # fmt: skip
DISCHARGES = Table(
    "Discharges",
    "A discharge at 14:00. One within `discharge_match_hours` is the same.",
    (
        Row("discharged", "on A1", "on A1", LEAVE, (ON_A1,), (ON_A1,), "new", "PAS still has the patient on A1."),
        Row("died", "on A1", "on A1", DIED, (ON_A1,), (ON_A1,), "new", "PAS still has the patient on A1.", True),
        Row("discharged", "on A1", "discharged 14:20", LEAVE, (ON_A1,),
            (stay("A1", status="finished", ended=at("14:20")),), "already-there", "PAS has this stay as discharged 02-Nov-2026 14:20."),
        Row("discharged", "on A1", "discharged two days later", LEAVE, (ON_A1,),
            (stay("A1", status="finished", ended=at("16:00", "04")),), "conflict", "PAS says discharged 04-Nov-2026 16:00; paper says 02-Nov-2026 14:00."),
        Row("discharged", "on A1", "on C3 since 18:30", LEAVE, (ON_A1,),
            (stay("C3", updated=at("18:30")),), "newer-live", "PAS has the patient on C3 since 02-Nov-2026 18:30, after the discharge on paper."),
        Row("discharged", "on A1", "stay cancelled", LEAVE, (ON_A1,), (stay("A1", status="cancelled"),),
            "newer-live", "PAS has cancelled this stay."),
    ),
)  # fmt: skip


# ---- allergies and alerts ---------------------------------------------------------------------


def listed(substance: str = "", status: str = "active", severity: str = "") -> AllergyIntolerance:
    return AllergyIntolerance(
        id=f"a-{substance or 'none'}", patient="p-ann", substance=substance, status=status,
        severity=severity, none_known=0 if substance else 1,
    )  # fmt: skip


PENICILLIN = fact("AllergyIntolerance", "EPR", substance="Penicillin", severity="severe")
NONE = fact("AllergyIntolerance", "EPR", none_known="1")
WRONG = fact("AllergyIntolerance", "EPR", status="entered-in-error", substance="Latex: never true")
ALLERGIES = Table(
    "Allergies",
    "What was asked and answered on paper. A system that does not tell its allergies says nothing:"
    " *unavailable* is never *none*. Whatever takes an allergy away needs two people.",
    (
        Row("penicillin, severe", "nothing", "nothing", PENICILLIN, (), (), "new", "EPR lists none."),
        Row("penicillin, severe", "latex", "latex", PENICILLIN, (listed("Latex"),),
            (listed("Latex"),), "new", "EPR lists Latex."),
        Row("penicillin, severe", "nothing", "penicillin", PENICILLIN, (), (listed("penicillin"),),
            "already-there", "EPR lists penicillin."),
        Row("penicillin, severe", "nothing", "penicillin, mild", PENICILLIN, (),
            (listed("Penicillin", severity="mild"),), "conflict", "Paper says severe; EPR says mild.", True),
        Row("penicillin, severe", "no known allergies", "no known allergies", PENICILLIN,
            (listed(),), (listed(),), "conflict", "EPR says no known allergies; paper says Penicillin.", True),
        Row("penicillin, severe", "penicillin", "penicillin, resolved", PENICILLIN,
            (listed("Penicillin"),), (listed("Penicillin", "resolved"),), "newer-live", "EPR has Penicillin as resolved, changed since the outage began."),
        Row("penicillin, severe", "penicillin, resolved", "penicillin, resolved", PENICILLIN,
            (listed("Penicillin", "resolved"),), (listed("Penicillin", "resolved"),), "conflict", "EPR has Penicillin as resolved; paper says it stands.",
            True),
        Row("penicillin, severe", "unavailable", "unavailable", PENICILLIN, (), (), "held", "No recovered system tells allergies here, so EPR may hold it or not: look there.",
            told=("Encounter",)),
        Row("no known allergies", "nothing", "nothing", NONE, (), (), "new", "EPR has nothing recorded about allergies.", True),
        Row("no known allergies", "nothing", "no known allergies", NONE, (), (listed(),),
            "already-there", "EPR says no known allergies too."),
        Row("no known allergies", "latex", "latex", NONE, (listed("Latex"),), (listed("Latex"),),
            "conflict", "Paper says no known allergies; EPR lists Latex.", True),
        Row("no known allergies", "unavailable", "unavailable", NONE, (), (), "held", "No recovered system tells allergies here, so EPR may hold it or not: look there.",
            told=("Encounter",)),
        Row("latex is wrong", "latex, penicillin", "latex, penicillin", WRONG, (),
            (listed("Latex"), listed("Penicillin")), "conflict", "Paper says that a recorded allergy is wrong; EPR lists Latex.", True),
    ),
)  # fmt: skip
ISOLATION = fact("Flag", "EPR", category="isolation", text="Needs isolation")


def flag(status: str = "active", ended: str = "") -> Flag:
    return Flag(id="f", patient="p-ann", text="Needs isolation", status=status,
                started=at("09:00"), ended=ended)  # fmt: skip


ALERTS = Table(
    "Alerts",
    "'Needs isolation' is ticked on paper at 14:00.",
    (
        Row("needs isolation", "nothing", "nothing", ISOLATION, (), (), "new", "EPR has no such alert."),
        Row("needs isolation", "standing", "standing", ISOLATION, (flag(),), (flag(),),
            "already-there", "EPR has this alert since 02-Nov-2026 09:00."),
        Row("needs isolation", "standing", "ended 12:00", ISOLATION, (flag(),),
            (flag("inactive", at("12:00")),), "newer-live", "EPR has ended this alert since."),
        Row("needs isolation", "unavailable", "unavailable", ISOLATION, (), (), "held", "No recovered system tells alerts here, so EPR may hold it or not: look there.",
            told=("Encounter",)),
    ),
)  # fmt: skip


# ---- doses and blood --------------------------------------------------------------------------


def dose(hour: str, amount: str = "1 g", status: str = "given") -> MedicationAdministration:
    return MedicationAdministration(id="m", patient="p-ann", medicine="Paracetamol", dosage=amount,
                                    given=at(hour), status=status)  # fmt: skip


def held_unit(
    status: str, reason: str, medicine: str = "Red cells", key: str = "u"
) -> MedicationAdministration:
    return MedicationAdministration(id=key, patient="p-ann", medicine=medicine, batch="G 123",
                                    status=status, reason=reason, given=at("15:00"))  # fmt: skip


GIVEN = fact("MedicationAdministration", "EPR", medicine="paracetamol", dosage="1000 mg",
             given=at("14:00"), status="given")  # fmt: skip
UNIT = fact("MedicationAdministration", "LIMS", medicine="Red cells", batch="G123", status="given",
            reason="transfused")  # fmt: skip
UNNAMED = fact("MedicationAdministration", "LIMS", medicine="O neg", batch="G123", status="given",
               reason="transfused")  # fmt: skip
DOSES = Table(
    "Medicines given",
    "Paracetamol 1000 mg given at 14:00. A dose of the same medicine within `dose_match_minutes` is the"
    " same; any difference goes to two people. A unit of blood is known by its donation number and,"
    " where both name it, its component (`blood_components`); where the components cannot be told"
    " apart, two people decide.",
    (
        Row("paracetamol 1000 mg", "nothing", "nothing", GIVEN, (), (), "new", "EPR has no such dose near that time."),
        Row("paracetamol 1000 mg", "nothing", "Paracetamol 1 g at 14:10", GIVEN, (),
            (dose("14:10"),), "already-there", "EPR has this dose of 02-Nov-2026 14:10."),
        Row("paracetamol 1000 mg", "nothing", "Paracetamol 500 mg at 14:10", GIVEN, (),
            (dose("14:10", "500 mg"),), "conflict", "Paper says 1000 mg; EPR says 500 mg of 02-Nov-2026 14:10.", True),
        Row("paracetamol 1000 mg", "nothing", "not given at 14:10", GIVEN, (),
            (dose("14:10", status="not-given"),), "conflict", "Paper says given; EPR says not given of 02-Nov-2026 14:10.", True),
        Row("paracetamol 1000 mg", "nothing", "Paracetamol 1 g at 16:00", GIVEN, (),
            (dose("16:00"),), "new", "EPR has no such dose near that time."),
        Row("paracetamol 1000 mg", "unavailable", "unavailable", GIVEN, (), (), "held", "No recovered system tells doses given here, so EPR may hold it or not: look there.",
            told=("Encounter",)),
        Row("unit G123 transfused", "nothing", "nothing", UNIT, (), (), "new", "LIMS has no such unit near that time."),
        Row("unit G123 transfused", "nothing", "unit G123 transfused", UNIT, (),
            (held_unit("given", "transfused"),), "already-there", "LIMS has this unit as transfused."),
        Row("unit G123 transfused", "nothing", "unit G123 discarded", UNIT, (),
            (held_unit("not-given", "discarded"),), "conflict", "LIMS has this unit as discarded; paper says transfused.", True),
        Row("unit G123, red cells, transfused", "nothing", "unit G123, platelets, transfused", UNIT, (),
            (held_unit("given", "transfused", "Platelets"),), "new", "LIMS has no such unit near that time. It has another component of this donation, 'Platelets'."),
        Row("unit G123, red cells, transfused", "nothing", "unit G123, platelets discarded and RBC transfused", UNIT, (),
            (held_unit("not-given", "discarded", "Platelets"), held_unit("given", "transfused", "RBC, O neg", "v")),
            "already-there", "LIMS has this unit as transfused."),
        Row("unit G123, no component named, transfused", "nothing", "unit G123, platelets, transfused", UNNAMED, (),
            (held_unit("given", "transfused", "Platelets"),), "already-there", "LIMS has this unit as transfused."),
        Row("unit G123, no component named, transfused", "nothing", "unit G123, red cells and platelets", UNNAMED, (),
            (held_unit("given", "transfused"), held_unit("not-given", "discarded", "Platelets", "v")),
            "conflict", "LIMS has this donation number with 'Red cells', 'Platelets'; paper says 'O neg'.", True),
        Row("unit G123, red cells, transfused", "nothing", "unit G123, LRCP, transfused", UNIT, (),
            (held_unit("given", "transfused", "LRCP"),), "conflict", "LIMS has this donation number with 'LRCP'; paper says 'Red cells'.", True),
    ),
)  # fmt: skip


# ---- appointments and operations --------------------------------------------------------------


def slot(
    status: str, start: str = at("13:00"), key: str = "v", kind: str = "clinic"
) -> Appointment:
    return Appointment(id=key, patient="p-ann", kind=kind, status=status, number=f"N-{key}",
                       location="Fracture clinic", start=start)  # fmt: skip


def outcome(status: str, **more: str) -> Fact:
    said = {"kind": "clinic", "status": status, "start": at("13:00"), "location": "fracture clinic"}
    return fact("Appointment", "PAS", **{**said, **more})


BOOKED = (slot("booked"),)
NEXT = at("09:00", "20")
MOVED = outcome("booked", rebook_start=NEXT)
OPERATION = fact("Appointment", "Theatres", kind="theatre", status="cancelled", start=at("13:00"),
                 rebook_start=NEXT)  # fmt: skip
THEATRE = (slot("booked", kind="theatre"),)
APPOINTMENTS = Table(
    "Appointments and operations",
    "A slot at 13:00, found by its number, its time and place, or by what it was at T0 if it has been"
    " moved since; a theatre list names only the day.",
    (
        Row("seen", "booked", "booked", outcome("fulfilled"), BOOKED, BOOKED, "new", "PAS still says booked."),
        Row("seen", "booked", "seen", outcome("fulfilled"), BOOKED, (slot("fulfilled"),),
            "already-there", "PAS says seen too."),
        Row("came", "booked", "seen", outcome("arrived"), BOOKED, (slot("fulfilled"),),
            "newer-live", "Paper says arrived; PAS says seen since."),
        Row("seen", "booked", "did not come", outcome("fulfilled"), BOOKED, (slot("noshow"),),
            "conflict", "Paper says seen; PAS says did not come since."),
        Row("cancelled", "booked", "booked", outcome("cancelled"), BOOKED, BOOKED, "new", "PAS still says booked."),
        Row("cancelled", "booked", "moved to another day", outcome("cancelled"), BOOKED,
            (slot("booked", NEXT),), "newer-live", "PAS has moved this appointment to 20-Nov-2026 09:00 since."),
        Row("seen", "nothing", "nothing", outcome("fulfilled"), (), (), "new", "PAS has no such appointment: the patient came without one."),
        Row("cancelled", "nothing", "nothing", outcome("cancelled"), (), (), "conflict", "PAS has no such appointment to mark as 'cancelled'."),
        Row("moved to 20 Nov", "booked", "booked", MOVED, BOOKED, BOOKED, "new", "PAS still has the old date and not the new one, 20-Nov-2026 09:00."),
        Row("moved to 20 Nov", "booked", "moved to 20 Nov", MOVED, BOOKED, (slot("booked", NEXT),),
            "already-there", "PAS has the new date 20-Nov-2026 09:00."),
        Row("moved to 20 Nov", "booked", "seen", MOVED, BOOKED, (slot("fulfilled"),), "newer-live",
            "PAS has changed this appointment since: 02-Nov-2026 13:00, seen."),
        Row("operation cancelled, new date 20 Nov", "booked", "booked", OPERATION, THEATRE, THEATRE,
            "new", "Theatres still has the old date and not the new one, 20-Nov-2026 09:00."),
        Row("operation cancelled, new date 20 Nov", "booked", "cancelled, booked 20 Nov", OPERATION,
            THEATRE, (slot("cancelled", kind="theatre"), slot("booked", NEXT, "w", "theatre")),
            "already-there", "Theatres has the new date 20-Nov-2026 09:00."),
        Row("operation cancelled, new date 20 Nov", "booked", "cancelled, no new date", OPERATION,
            THEATRE, (slot("cancelled", kind="theatre"),), "new", "Theatres has cancelled it and has no new date."),
        Row("seen", "unavailable", "unavailable", outcome("fulfilled"), (), (), "held", "No recovered system tells appointments here, so PAS may hold it or not: look there.",
            told=("Encounter",)),
    ),
)  # fmt: skip


# ---- demographics and documents ---------------------------------------------------------------


def person(**fields: str) -> Fact:
    return fact("Patient", "PAS", **fields)


DEMOGRAPHICS = Table(
    "Demographics",
    "What was asked again on paper. A difference in name, birth, gender or NHS number may be another"
    " person: two people look.",
    (
        Row("telephone 01632 960001", "the same", "the same", person(phone="01632960001"), (ANN,),
            (), "already-there", "PAS holds what paper says of the patient."),
        Row("telephone 01632 960002", "01632 960001", "01632 960001", person(phone="01632 960002"),
            (ANN,), (), "new", "PAS does not hold phone as paper says."),
        Row("telephone 01632 960002", "01632 960009", "01632 960001", person(phone="01632 960002"),
            (replace(ANN, phone="01632 960009"),), (), "newer-live", "PAS has changed phone since the outage began."),
        Row("surname Hall", "Hill", "Hill", person(family="Hall"), (ANN,), (), "conflict", "Paper and PAS differ in surname: make sure that it is one person.", True),
        Row("given Ann Mary", "Ann", "Ann", person(given="Ann Mary"), (ANN,), (), "already-there", "PAS holds what paper says of the patient."),
    ),
)  # fmt: skip
DOCUMENTS = Table(
    "Documents",
    "What policy files as a picture.",
    (
        Row(
            "progress notes",
            "",
            "",
            fact(DOCUMENT, ""),
            (),
            (),
            "held",
            "Policy: this form is filed as a document, not returned as data.",
        ),
    ),
)


# ---- what two forms say -------------------------------------------------------------------------


def again(one: Fact, event: str = "13:50", person: PaperPerson = WRITTEN, **fields: str) -> Fact:
    """The same on another form, at another time."""
    return on("f", "K7000031Y", one, event, person, **fields)


def on(
    form: str,
    serial: str,
    one: Fact,
    event: str = "14:00",
    person: PaperPerson = WRITTEN,
    **fields: str,
) -> Fact:
    """The same on a form of this kind, at another time."""
    return Fact(
        key=f"{serial}-y", type=one.type, system=one.system, form=form, serial=serial,
        person=person, event=at(event), fields={**one.fields, **fields},
    )  # fmt: skip


def alike(
    paper: str, one: Fact, other: Fact, state: str, sentence: str, second: bool = False
) -> Row:
    return Row(paper, "nothing", "nothing", one, (), (), state, sentence, second, others=(other,))


SAMPLE = FBC._replace(fields={**FBC.fields, "collected": at("14:00")})
MRSA = fact("ServiceRequest", "LIMS", code="MRSA", specimen="Nose swab", collected=at("14:00"))
CULTURE = fact("ServiceRequest", "LIMS", code="BC", display="Blood culture", collected=at("14:00"))
CHEST = fact("ServiceRequest", "Radiology", display="Chest X-ray")
NO_REQUEST, NO_DOSE = "LIMS has no such request.", "EPR has no such dose near that time."
NO_UNIT = "LIMS has no such unit near that time."


def swab(serial: str, hour: str, site: str) -> Fact:
    one = fact("ServiceRequest", "LIMS", code="MCS", specimen="Wound swab", collected=at(hour))
    return Fact(
        key=f"{serial}-y", type=one.type, system=one.system, form="f", serial=serial,
        person=WRITTEN, event=one.event, fields=one.fields,
        notes=(("Site and side, and how it was taken", site),),
    )  # fmt: skip


def swabs(one: str, other: str, state: str, sentence: str = NO_REQUEST) -> Row:
    return alike(
        f"swab of a wound of {one}; another form: of {other}", swab("K7000042X", "14:00", one),
        swab("K7000031Y", "13:50", other), state, sentence,
    )  # fmt: skip


def taken(hour: str = "13:40", person: PaperPerson = WRITTEN, **fields: str) -> Fact:
    """A line of the log of a fridge."""
    one = fact("MedicationAdministration", "LIMS", batch="G 123", medicine="Emergency red cells")
    return on("emergency-blood-log", "K7000019D", one, hour, person, **fields)


def transfused(
    serial: str = "K7000042X", hour: str = "14:00", person: PaperPerson = WRITTEN,
    medicine: str = "Red cells",
) -> Fact:  # fmt: skip
    """A unit on the record of the bedside."""
    one = fact("MedicationAdministration", "LIMS", batch="G123", medicine=medicine)
    return on("transfusion-record", serial, one, hour, person, status="given")


def ended(
    outcome: str, hour: str = "15:30", person: PaperPerson = WRITTEN, medicine: str = "Red cells"
) -> Fact:
    """A line of the slip that says what became of a unit."""
    one = fact("MedicationAdministration", "LIMS", batch="G123", medicine=medicine)
    status = {"transfused": "given", "moved": ""}.get(outcome, "not-given")
    return on(
        "blood-unit-fate", "K7000027N", one, hour, person, status=status, reason=outcome
    )  # fmt: skip


def unit(paper: str, one: Fact, others: tuple[Fact, ...], state: str, sentence: str) -> Row:
    return Row(
        paper, "nothing", "nothing", one, (), (), state, sentence, state == "conflict",
        others=others,
    )  # fmt: skip


BEHIND = "The same unit is on form {}, which is the one that is returned: nothing to decide here."
CLASH = NO_UNIT + " Form {} has this unit {}: return one of the two at most."
TWICE = Table(
    "Said on two forms",
    "Another form says the same of the same patient. The one that went out already stands, else the"
    " one that happened first; the other is left to a person, so that nothing is returned twice"
    " unseen. One test is the same when its samples were taken within `twice_sample_minutes`, or,"
    " where a form does not say, when it was asked for within `twice_asked_minutes`; `repeated_tests`"
    " never are. Where both forms describe the site of a specimen, another side or another place is"
    " another test. One medicine is the same dose within `twice_dose_minutes`. Two lines of one form"
    " are two things.",
    (
        alike("FBC taken 14:00; another form: FBC taken 13:50", SAMPLE, again(SAMPLE, collected=at("13:50")),
              "conflict", f"{NO_REQUEST} Form K7-000031-Y asks for the same, sample taken 02-Nov-2026 13:50: leave this one unless both are wanted."),
        alike("FBC taken 14:00; another form: FBC taken 14:10", SAMPLE, again(SAMPLE, collected=at("14:10")),
              "new", NO_REQUEST),
        alike("FBC taken 14:00; another form: FBC taken 13:00, a repeat", SAMPLE, again(SAMPLE, collected=at("13:00")),
              "new", NO_REQUEST),
        alike("FBC taken 14:00; another form: urea taken 13:50", SAMPLE, again(SAMPLE, code="UE", display="Urea", collected=at("13:50")),
              "new", NO_REQUEST),
        alike("MRSA of the nose; another form: MRSA of the groin", MRSA, again(MRSA, specimen="Groin swab", collected=at("13:50")),
              "new", NO_REQUEST),
        alike("blood culture at 14:00; another form: blood culture at 13:50", CULTURE, again(CULTURE, collected=at("13:50")),
              "new", NO_REQUEST),
        alike("chest X-ray asked for 14:00; another form: asked for 13:00", CHEST, again(CHEST, "13:00"),
              "conflict", "Radiology has no such request. Form K7-000031-Y asks for the same, asked for 02-Nov-2026 13:00: leave this one unless both are wanted."),
        alike("chest X-ray asked for 14:00; another form: asked for 11:00", CHEST, again(CHEST, "11:00"),
              "new", "Radiology has no such request."),
        alike("paracetamol 1000 mg; another form: 500 mg at 13:50", GIVEN, again(GIVEN, dosage="500 mg", given=at("13:50")),
              "conflict", f"{NO_DOSE} Form K7-000031-Y says 500 mg given at 02-Nov-2026 13:50: leave this one unless there were two doses.", second=True),
        alike("paracetamol 1000 mg; another form: 1000 mg at 10:00", GIVEN, again(GIVEN, given=at("10:00")),
              "new", NO_DOSE),
        swabs("left heel", "right heel", "new"),
        swabs("the nose", "the groin", "new"),
        swabs("left heel", "L heel, ulcer", "conflict",
              f"{NO_REQUEST} Form K7-000031-Y asks for the same, sample taken 02-Nov-2026 13:50: leave this one unless both are wanted."),
        replace(
            alike("FBC taken 14:00; another form: FBC taken 13:50", SAMPLE, again(SAMPLE, collected=at("13:50")),
                  "already-there", "LIMS has it as L1 of 02-Nov-2026 14:20 (received)."),
            recovered="FBC taken 14:20, received", after=(asked("14:20", "received"),),
        ),
    ),
)  # fmt: skip

UNITS = Table(
    "A unit of blood on several forms",
    "The log of the fridge, the record of the bedside and the slip of its fate name one unit: it is"
    " one event and is returned once, from the form `unit_record`, else from the last of"
    " `unit_forms`. The others need no decision; when that form is left out, the next one stands."
    " What went out, or somebody decided to return, stands before all. It is left to two people when"
    " two forms of one kind name the unit, when it is for two patients or for somebody unknown, when"
    " the forms contradict each other, or when they are in the wrong order by more than"
    " `unit_slip_minutes`. Two lines of one form are two things; so are two components (below).",
    (
        unit("on the record as given; on the log and as transfused on the fate slip", transfused(),
             (taken(), ended("transfused")), "new", NO_UNIT),
        unit("taken, on the log; given on the record", taken(), (transfused(),), "on-another-form",
             BEHIND.format("K7-000042-X")),
        unit("transfused, on the fate slip; on the log and the record too", ended("transfused"),
             (taken(status="given", reason="transfused"), transfused()), "on-another-form",
             BEHIND.format("K7-000042-X")),
        unit("taken, on the log; transfused on the fate slip", taken(), (ended("transfused"),),
             "on-another-form", BEHIND.format("K7-000027-N")),
        unit("returned, on the log; returned on the fate slip", taken(status="not-given", reason="returned"),
             (ended("returned"),), "on-another-form", BEHIND.format("K7-000027-N")),
        unit("transfused, on the fate slip; on no other form", ended("transfused"), (), "new", NO_UNIT),
        unit("on one record; on another record before", transfused(),
             (transfused("K7000011M", "13:00"),), "conflict", CLASH.format("K7-000011-M", "as given")),
        unit("given on the record; taken for another patient", taken(), (transfused(person=BOB_WRITTEN),),
             "conflict", CLASH.format("K7-000042-X", "as given, for another patient")),
        unit("returned on the fate slip; given on the record", ended("returned"), (transfused(),),
             "conflict", CLASH.format("K7-000042-X", "as given")),
        unit("discarded, on the log; returned on the fate slip", taken(status="not-given", reason="discarded"),
             (ended("returned"),), "conflict", CLASH.format("K7-000027-N", "as returned")),
        unit("taken 16:00, on the log; given 14:00 on the record", taken("16:00"), (transfused(),),
             "conflict", CLASH.format("K7-000042-X", "as given")),
        unit("taken 14:40, on the log; given 14:00 on the record", taken("14:40"), (transfused(),),
             "on-another-form", BEHIND.format("K7-000042-X")),
        unit("with the patient to another hospital, on the fate slip; given on the record", ended("moved"),
             (transfused(),), "conflict", CLASH.format("K7-000042-X", "as given")),
        replace(
            unit("taken, on the log; given on the record", taken(), (transfused(),), "on-another-form",
                 "The same unit is on form K7-000042-X, which LIMS has already: nothing to decide here."),
            recovered="unit G123 transfused", after=(
                MedicationAdministration(id="g", patient="p-ann", batch="G123", status="given", given=at("14:05")),),
        ),
    ),
)  # fmt: skip

TWO = (
    NO_UNIT
    + " Form {} has this donation number {}: return both only if they are two components, so two units."
)
COMPONENTS = Table(
    "Components of one donation",
    "One donation gives red cells, platelets and plasma under one number; number and product code name"
    " a unit (ISBT 128). Forms have no code: `blood_components` says by which words a component is"
    " known, with or without the group. Two components are two units, each with forms of its own. A"
    " form that names none is of the component that the others name. It is left to two people when the"
    " others name several, and when two forms name it in words of which nobody can tell.",
    (
        unit("red cells on the record; platelets on the fate slip", transfused(),
             (ended("transfused", medicine="Platelets"),), "new", NO_UNIT),
        unit("platelets on the fate slip; red cells on the record", ended("transfused", medicine="Platelets"),
             (transfused(),), "new", NO_UNIT),
        unit("platelets on one record; red cells on another record before",
             transfused(medicine="Platelets, A pos"), (transfused("K7000011M", "13:00"),), "new", NO_UNIT),
        unit("plasma for one patient; red cells for another", transfused(medicine="FFP"),
             (transfused("K7000011M", "13:00", BOB_WRITTEN),), "new", NO_UNIT),
        unit("RBC, O neg, on the fate slip; red cells on the record", ended("transfused", medicine="RBC, O neg"),
             (transfused(),), "on-another-form", BEHIND.format("K7-000042-X")),
        unit("O neg, on the fate slip; red cells on the record", ended("transfused", medicine="O neg"),
             (transfused(),), "on-another-form", BEHIND.format("K7-000042-X")),
        unit("nothing said on the fate slip; red cells on the record", ended("transfused", medicine=""),
             (transfused(),), "on-another-form", BEHIND.format("K7-000042-X")),
        unit("LRCP on the fate slip; red cells on the record", ended("transfused", medicine="LRCP"),
             (transfused(),), "conflict", TWO.format("K7-000042-X", "with 'Red cells'")),
        unit("LRCP on the fate slip; LRCP on the record", ended("transfused", medicine="lrcp"),
             (transfused(medicine="LRCP"),), "on-another-form", BEHIND.format("K7-000042-X")),
        unit("platelets in plasma, on the fate slip; platelets on the record",
             ended("transfused", medicine="Platelets in plasma"), (transfused(medicine="Platelets"),),
             "conflict", TWO.format("K7-000042-X", "with 'Platelets'")),
        unit("nothing said on the fate slip; red cells and platelets on two records",
             ended("transfused", medicine=""), (transfused(), transfused("K7000011M", "14:30", medicine="Platelets")),
             "conflict", TWO.format("K7-000042-X", "with 'Red cells'")),
        unit("red cells on the record; platelets on another, nothing said on the fate slip", transfused(),
             (transfused("K7000011M", "14:30", medicine="Platelets"), ended("transfused", medicine="")),
             "new", NO_UNIT),
        unit("platelets discarded, on the fate slip; platelets and red cells given on two records",
             ended("discarded", medicine="Platelets"), (transfused(), transfused("K7000011M", medicine="Platelets")),
             "conflict", CLASH.format("K7-000011-M", "as given")),
    ),
)  # fmt: skip

TABLES = (REQUESTS, RESULTS, CHARTED, ADMISSIONS, TRANSFERS, DISCHARGES, ALLERGIES, ALERTS, DOSES,
          APPOINTMENTS, DEMOGRAPHICS, DOCUMENTS, TWICE, UNITS, COMPONENTS)  # fmt: skip
