"""One thing is one thing, as tables: one live record answers one fact, and two papers may say one."""

from dataclasses import replace

from downtime.clinical.model import (
    DiagnosticReport,
    MedicationAdministration,
    MedicationRequest,
    Observation,
)
from downtime.entry.facts import Fact, PaperPerson
from tests.spec.reconcile.tables import (
    ADMIT,
    FBC,
    GIVEN,
    ISOLATION,
    LEAVE,
    MOVE,
    NONE,
    PENICILLIN,
    PULSE,
    Records,
    Row,
    Table,
    again,
    asked,
    at,
    dose,
    fact,
    listed,
    outcome,
    person,
    pulse,
    slot,
    stay,
)

OTHER_FORM = "The one that {} has near that time is what form K7-000031-Y says."


def beside(paper: str, recovered: str, one: Fact, others: tuple[Fact, ...], after: Records,
           state: str, sentence: str, second: bool = False) -> Row:  # fmt: skip
    return Row(paper, "nothing", recovered, one, (), after, state, sentence, second, others=others)


def line(one: Fact, **fields: str) -> Fact:
    """Another line of the same form."""
    return one._replace(key="K7000042X-y", fields={**one.fields, **fields})


def glucose(value: str, hour: str = "14:00") -> Fact:
    return fact("Observation", "LIMS", hour, display="Glucose", value=value, units="mmol/L")


def sugar(value: str, hour: str, key: str = "o") -> Records:
    report = DiagnosticReport(id=f"d-{key}", patient="p-ann", collected=at(hour))
    value_there = Observation(id=key, patient="p-ann", report=report.id, display="Glucose",
                              value=value, units="mmol/L", status="final")  # fmt: skip
    return report, value_there


SUGAR_9 = glucose("9.4")
NO_VALUE = "LIMS has no such value near that time."
ASSIGNED = Table(
    "One record answers one fact",
    "A live record is taken for one fact of a patient at most, whatever forms say so. Of all ways to"
    " assign the records the one is taken in which times lie nearest, then values; another value counts"
    " as ten minutes, at most half the window. What gets none is new, and says which form has it; of a"
    " movement, a visit, a dose or a unit two people decide.",
    (
        beside("glucose 9.4 at 14:00; on another form 6.1 at 13:50", "glucose 9.4 taken 13:55",
               SUGAR_9, (again(SUGAR_9, "13:50", value="6.1"),), sugar("9.4", "13:55"),
               "already-there", "LIMS has the same value of 02-Nov-2026 13:55."),
        beside("glucose 6.1 at 14:00; on another form 9.4 at 13:50", "glucose 9.4 taken 13:55",
               glucose("6.1"), (again(SUGAR_9, "13:50"),), sugar("9.4", "13:55"),
               "new", f"{NO_VALUE} {OTHER_FORM.format('LIMS')}"),
        beside("glucose 6.1 at 14:00; on another line 9.4", "glucose 9.4 taken 13:55",
               glucose("6.1"), (line(SUGAR_9),), sugar("9.4", "13:55"),
               "new", f"{NO_VALUE} The one that LIMS has near that time is another line of this form."),
        beside("glucose 6.1 at 14:00; on another line 9.4", "both", glucose("6.1"), (line(SUGAR_9),),
               (*sugar("9.4", "13:55"), *sugar("6.1", "13:50", "o2")),
               "already-there", "LIMS has the same value of 02-Nov-2026 13:50."),
        beside("glucose 6.1 at 14:00; on another line 9.4", "glucose 7.0 taken 13:55",
               glucose("6.1"), (line(SUGAR_9),), sugar("7.0", "13:55"), "conflict",
               "Phoned 6.1 mmol/L; LIMS says 7.0 mmol/L of 02-Nov-2026 13:55. Have a clinician review it.",
               True),
        beside("FBC at 14:00; on another form an FBC at 17:00", "FBC taken 17:05, received", FBC,
               (again(FBC, "17:00"),), (asked("17:05", "received"),),
               "new", f"LIMS has no such request. {OTHER_FORM.format('LIMS')}"),
        beside("pulse 88 at 14:00; on another form 92 at 14:04", "pulse 88 at 14:00", PULSE,
               (again(PULSE, "14:04", value="92"),), (pulse("88", "14:00"),),
               "already-there", "EPR has the same value of 02-Nov-2026 14:00."),
        beside("paracetamol 1000 mg at 14:00; on another line at 14:20", "Paracetamol 1 g at 14:18",
               GIVEN, (line(GIVEN, given=at("14:20")),), (dose("14:18"),), "conflict",
               "The one that EPR has near that time is another line of this form.", True),
        beside("admitted to A1 at 14:00; on another form at 20:00", "on A1 from 20:10", ADMIT,
               (again(ADMIT, "20:00", started=at("20:00")),), (stay("A1", "20:10"),), "conflict",
               OTHER_FORM.format("PAS"), True),
        beside("seen at 13:00; on another form seen at 13:04", "seen at 13:05", outcome("fulfilled"),
               (again(outcome("fulfilled"), start=at("13:04")),), (slot("fulfilled", at("13:05")),),
               "conflict", OTHER_FORM.format("PAS"), True),
        beside("transferred to B2; on another form to B2 as well, earlier", "on B2",
               MOVE, (again(MOVE, "10:30"),), (stay("B2", updated=at("18:30")),),
               "already-there", "PAS shows the patient on B2."),
    ),
)  # fmt: skip


# ---- one thing on two papers, of every type -----------------------------------------------------


def twice(paper: str, one: Fact, other: Fact, state: str, sentence: str, second: bool = False,
          after: Records = (), recovered: str = "nothing") -> Row:  # fmt: skip
    return beside(paper, recovered, one, (other,), after, state, sentence, second)


ONE = (
    "The same {} is on form K7-000031-Y, which is the one that is returned: nothing to decide here."
)
THERE = "The same {} is on form K7-000031-Y, which EPR has already: nothing to decide here."
DIFFERS = "Form K7-000031-Y says {}: return both only if they are two."
CHARTED = fact("Observation", "EPR", code="8867-4", display="Pulse", value="88", units="/min",
               effective=at("14:00"))  # fmt: skip
PHONED = glucose("6.1")
SEEN = outcome("fulfilled")
PHONE = person(phone="01632 960002")
NO_STAY = "PAS has no stay of this patient near that time."
ADMISSION_FIRST = "PAS has no stay of this patient at that time: its admission goes first."
HOME = LEAVE._replace(fields={**LEAVE.fields, "outcome": "advised"})
LISTED = "EPR lists none."
STRANGER = PaperPerson(mrn="H100", birth_date="1984-07-30", family="Stone", given="Ruth")
"""With the number of somebody else."""
EVERY_TYPE = Table(
    "One thing of any type on two forms",
    "The registry of record types says how one thing is known on two forms, or on a form and the"
    " screen: by its name, within its window, and by what must be equal. What is equal goes out once:"
    " what is there or went out stands, else the form that says most, then the earliest; when that is"
    " left out, the next one stands. What is equal but of a patient in doubt is for two people. What the two say differently is for two people, whichever of them"
    " they look at. Admissions, transfers and discharges: `twice_movement_minutes`; a value with its own"
    " time: `observation_match_minutes`; a phoned one without: an equal one within `twice_asked_minutes`"
    " is asked about; vaccines: `twice_dose_minutes`; outcomes of a slot, allergies, alerts and details"
    " of a person: in the whole outage.",
    (
        twice("pulse 88 at 14:00; another form: 88 at 13:58", CHARTED, again(CHARTED, effective=at("13:58")),
              "on-another-form", ONE.format("result")),
        twice("pulse 88 at 14:00 of Ruth Stone; another form: 88 at 13:58 of Ann Hill, whose number both bear",
              CHARTED._replace(person=STRANGER), again(CHARTED, effective=at("13:58")), "conflict",
              "The form says surname Stone, the recovered system Hill. The form says given name Ruth, the recovered"
              " system Ann. The form says born 30-Jul-1984, the recovered system 02-Jan-1960. The recovered system has"
              " no stay of this patient at that time. Form K7-000031-Y says the same of this patient: settle first whose"
              " form this is.", True),
        twice("pulse 88 at 14:00; another form: 88 at 13:50", CHARTED, again(CHARTED, effective=at("13:50")),
              "new", "EPR has no such value near that time."),
        twice("pulse 88 at 14:00; another form: 78 at 13:58", CHARTED,
              again(CHARTED, effective=at("13:58"), value="78"), "conflict",
              "EPR has no such value near that time. " + DIFFERS.format("78 /min"), True),
        twice("pulse 88 at 14:00, the earlier; another form: 78 at 14:02", CHARTED,
              again(CHARTED, effective=at("14:02"), value="78"), "conflict",
              "EPR has no such value near that time. " + DIFFERS.format("otherwise"), True),
        twice("pulse 88 at 14:00; another form: 88 at 13:58, and EPR has it", CHARTED,
              again(CHARTED, effective=at("13:58")), "on-another-form", THERE.format("result"),
              after=(pulse("88", "13:58"),), recovered="pulse 88 at 13:58"),
        twice("glucose 6.1 phoned at 14:00; another form: 6.1 phoned at 13:00", PHONED, again(PHONED, "13:00"),
              "conflict", f"{NO_VALUE} Form K7-000031-Y says the same, of 02-Nov-2026 13:00: leave this one unless there were two."),
        twice("glucose 6.1 phoned at 14:00; another form: 9.4 phoned at 13:00", PHONED,
              again(PHONED, "13:00", value="9.4"), "new", NO_VALUE),
        twice("admitted to A1 at 14:00; another form: to A1 at 13:30", ADMIT, again(ADMIT, started=at("13:30")),
              "on-another-form", ONE.format("movement")),
        twice("admitted to A1 at 14:00; another form: to B2 at 13:30", ADMIT,
              again(ADMIT, started=at("13:30"), ward="B2"), "conflict", f"{NO_STAY} {DIFFERS.format('B2')}", True),
        twice("admitted to A1 at 14:00; another form: to A1 at 11:00", ADMIT, again(ADMIT, started=at("11:00")),
              "new", NO_STAY),
        twice("moved to B2 at 14:00; another form: to C3 at 13:30", MOVE, again(MOVE, "13:30", ward="C3"),
              "new", ADMISSION_FIRST),
        twice("moved to B2 at 14:00; another form: to B2 at 13:30", MOVE, again(MOVE, "13:30"),
              "on-another-form", ONE.format("movement")),
        twice("discharged home at 14:00; another form: died at 14:10", HOME,
              again(HOME, ended=at("14:10"), outcome="died"), "conflict",
              f"{ADMISSION_FIRST} {DIFFERS.format('otherwise')}", True),
        twice("discharged at 14:00; another form: at 13:50", LEAVE, again(LEAVE, ended=at("13:50")),
              "on-another-form", ONE.format("movement")),
        twice("seen; another form: seen", SEEN, again(SEEN), "on-another-form", ONE.format("outcome")),
        twice("seen; another form: did not come", SEEN, again(SEEN, status="noshow"), "conflict",
              "PAS has no such appointment: the patient came without one. " + DIFFERS.format("noshow"), True),
        twice("seen; another form: new date 20 Nov", SEEN,
              again(outcome("booked", rebook_start=at("09:00", "20"))), "new",
              "PAS has no such appointment: the patient came without one."),
        twice("penicillin, severe; another form: penicillin, severe", PENICILLIN, again(PENICILLIN),
              "on-another-form", ONE.format("allergy")),
        twice("penicillin, severe; another form: penicillin", PENICILLIN, again(PENICILLIN, severity=""),
              "new", LISTED),
        twice("penicillin, severe; another form: penicillin, mild", PENICILLIN, again(PENICILLIN, severity="mild"),
              "conflict", f"{LISTED} {DIFFERS.format('mild')}", True),
        twice("penicillin; another form: no known allergies", PENICILLIN, again(NONE), "conflict",
              f"{LISTED} {DIFFERS.format('otherwise')}", True),
        twice("penicillin; another form: amoxicillin", PENICILLIN, again(PENICILLIN, substance="Amoxicillin"),
              "conflict", f"{LISTED} {DIFFERS.format('Amoxicillin')}", True),
        twice("penicillin; another form: latex", PENICILLIN, again(PENICILLIN, substance="Latex"), "new", LISTED),
        twice("penicillin, severe; another form: the same, and EPR has it", PENICILLIN, again(PENICILLIN),
              "on-another-form", THERE.format("allergy"), after=(listed("penicillin"),), recovered="penicillin"),
        twice("needs isolation; another form: needs isolation", ISOLATION, again(ISOLATION),
              "on-another-form", ONE.format("alert")),
        twice("telephone 01632 960002; another form: the same, and the address", PHONE,
              again(PHONE, address="1 Elm Row"), "on-another-form",
              ONE.format("detail of the patient")),
        twice("telephone 01632 960002; another form: 01632 960003", PHONE, again(PHONE, phone="01632 960003"),
              "conflict", "PAS does not hold phone as paper says. " + DIFFERS.format("01632 960003"), True),
        twice("telephone 01632 960002; another form: the address", PHONE, again(person(address="1 Elm Row")),
              "new", "PAS does not hold phone as paper says."),
    ),
)  # fmt: skip


# ---- other names --------------------------------------------------------------------------------

ACTRAPID = fact("MedicationAdministration", "EPR", medicine="Actrapid", dosage="6 units",
                given=at("14:00"), status="given")  # fmt: skip


def held_dose(
    medicine: str, amount: str = "6 units", hour: str = "14:05"
) -> MedicationAdministration:
    return MedicationAdministration(id="m", patient="p-ann", medicine=medicine, dosage=amount,
                                    given=at(hour), status="given")  # fmt: skip


def offered(paper: str, there: str) -> str:
    return (f"EPR has {there} of 02-Nov-2026 14:05, which may be the same medicine as {paper}:"
            " return it only if it is another dose.")  # fmt: skip


def named(paper: str, medicine: str, state: str, sentence: str, amount: str = "6 units") -> Row:
    one = replace_medicine(paper)
    return beside(f"{paper} 6 units", f"{medicine} {amount} at 14:05", one, (),
                  (held_dose(medicine, amount),), state, sentence, state == "conflict")  # fmt: skip


def replace_medicine(name: str) -> Fact:
    return ACTRAPID._replace(fields={**ACTRAPID.fields, "medicine": name})


ASPART = "Insulin aspart 100units/ml solution for injection 3ml cartridges"
SOLUBLE = "Insulin soluble human 100units/ml solution for injection 10ml vials"
NO_DOSE = "EPR has no such dose near that time."
ALIKE = Table(
    "Other names of one medicine or substance",
    "Medicines are alike by their ingredients, whatever brand, strength and form stand beside them"
    " (`clinical/medicines.toml`, `medicine_names`); two salts, or two ways of giving it, are two. Substances"
    " are alike by a small table (`rules/equivalents.toml`) and when one name stands within the other."
    " What is alike is offered, and two people decide; it is never taken for the same.",
    (
        named("Actrapid", SOLUBLE, "conflict", offered("Actrapid 6 units", f"{SOLUBLE} 6 units")),
        named("Actrapid", SOLUBLE, "conflict", offered("Actrapid 6 units", f"{SOLUBLE} 60 units"), "60 units"),
        named("Insulin", "NovoRapid FlexPen", "conflict", offered("Insulin 6 units", "NovoRapid FlexPen 6 units")),
        named("Actrapid", "Insulatard", "new", NO_DOSE),
        named("Insulin aspart", "Insulin glargine", "new", NO_DOSE),
        named("Potassium chloride", "Sodium chloride", "new", NO_DOSE),
        named("Morphine", "Morphine sulfate 10mg/5ml oral solution", "conflict",
              offered("Morphine 6 units", "Morphine sulfate 10mg/5ml oral solution 6 units")),
        named("Morphine sulfate", "Morphine hydrochloride", "new", NO_DOSE),
        named("Codeine", "Co-codamol 30/500", "new", NO_DOSE),
        twice("Actrapid 6 units at 14:00; another form: insulin soluble human 6 units at 13:55", ACTRAPID,
              again(ACTRAPID, medicine="Insulin soluble human", given=at("13:55")), "conflict",
              f"{NO_DOSE} Form K7-000031-Y says Insulin soluble human 6 units given at 02-Nov-2026 13:55: leave this one unless there were two doses.",
              True),
        beside("penicillin, severe", "phenoxymethylpenicillin", PENICILLIN, (),
               (listed("Phenoxymethylpenicillin"),), "conflict",
               "EPR lists Phenoxymethylpenicillin, which may be the same as Penicillin: return it only if it is another allergy.", True),
        beside("penicillin, severe", "penicillin (rash)", PENICILLIN, (), (listed("Penicillin (rash)"),),
               "conflict",
               "EPR lists Penicillin (rash), which may be the same as Penicillin: return it only if it is another allergy.", True),
        beside("penicillin, severe", "amoxicillin and penicillin", PENICILLIN, (),
               (listed("Amoxicillin"), listed("Penicillin")), "already-there", "EPR lists Penicillin."),
        beside("penicillin, severe", "peanut", PENICILLIN, (), (listed("Peanut"),), "new", "EPR lists Peanut."),
    ),
)  # fmt: skip

# ---- medicines by their codes -------------------------------------------------------------------


def coded(
    paper: str,
    codes: str,
    live: MedicationAdministration,
    state: str,
    sentence: str,
    *,
    prescribed: str = "NovoRapid",
    source: str = "EPR",
) -> Row:
    """Paper names a medicine; the patient has a prescription with codes, and a dose with codes."""
    order = MedicationRequest(
        id="q", source=source, patient="p-ann", medicine=prescribed, codes=codes
    )
    recovered = (f"{live.medicine} {live.dosage} ({name_codes(live.codes)}) at 14:05;"
                 f" {prescribed} prescribed in {source} ({name_codes(codes)})")  # fmt: skip
    return beside(f"{paper} 6 units", recovered, replace_medicine(paper), (), (order, live), state,
                  sentence, state == "conflict")  # fmt: skip


def name_codes(codes: str) -> str:
    return codes.replace(" ", ", ").replace("|", " ") or "no code"


def coded_dose(
    codes: str, medicine: str = ASPART, amount: str = "6 units"
) -> MedicationAdministration:
    return replace(held_dose(medicine, amount), codes=codes, source="EPR")


AN_HOUR = "02-Nov-2026 14:05"
CALLED = f"There the medicine is called {ASPART}: it has the same code."
CODED = Table(
    "Medicines by their codes",
    "A name on paper has the codes (SNOMED CT, dm+d, a system's own) that all of the patient's coded"
    " prescriptions and doses of that name share. A dose with one of them is of that medicine, whatever"
    " it is called there, unless the names say different strengths or ways of giving it, or are known for"
    " different ingredients: then it is offered to two people. Another code parts nobody, and codes that a system made itself say nothing"
    " of another system's.",
    (
        coded("NovoRapid", "SCT|1001000", coded_dose("SCT|1001000"), "already-there",
              f"EPR has this dose of {AN_HOUR}. {CALLED}"),
        coded("Novorapid", "SCT|1001000 l|7", coded_dose("l|7 SCT|2002000"), "already-there",
              f"EPR has this dose of {AN_HOUR}. {CALLED}"),
        coded("NovoRapid", "SCT|1001000", coded_dose("SCT|1001000", amount="60 units"), "conflict",
              f"Paper says 6 units; EPR says 60 units of {AN_HOUR}. {CALLED}"),
        coded("NovoRapid", "SCT|1001000", coded_dose("SCT|2002000"), "conflict",
              offered("NovoRapid 6 units", f"{ASPART} 6 units")),
        coded("NovoRapid", "l|7", coded_dose("l|7"), "conflict",
              offered("NovoRapid 6 units", f"{ASPART} 6 units"), source="Pharmacy"),
        coded("NovoRapid 200units/ml", "SCT|1001000", coded_dose("SCT|1001000"), "conflict",
              offered("NovoRapid 200units/ml 6 units", f"{ASPART} 6 units"), prescribed="NovoRapid 200units/ml"),
        coded("NovoRapid", "SCT|2002000", coded_dose("SCT|1001000", "NovoRapid"), "already-there",
              f"EPR has this dose of {AN_HOUR}."),
        coded("Brandaxol", "SCT|1001000", coded_dose("SCT|1001000"), "already-there",
              f"EPR has this dose of {AN_HOUR}. {CALLED}", prescribed="Brandaxol"),
        coded("Actrapid", "SCT|1001000", coded_dose("SCT|1001000", "Insulatard"), "conflict",
              offered("Actrapid 6 units", "Insulatard 6 units"), prescribed="Actrapid"),
        coded("Brandaxol", "", coded_dose("SCT|1001000"), "new", NO_DOSE, prescribed="Brandaxol"),
    ),
)  # fmt: skip

# ---- medicines by their codes, on two papers ----------------------------------------------------


def prescribed(medicine: str, codes: str = "SCT|1001000", source: str = "EPR") -> MedicationRequest:
    return MedicationRequest(
        id=f"q-{medicine}-{source}", source=source, patient="p-ann", medicine=medicine, codes=codes
    )


def papers(
    medicine: str,
    other: str,
    orders: Records,
    sentence: str = "",
    *,
    given: str = "13:55",
    **fields: str,
) -> Row:
    """Two papers name a dose; the patient's prescriptions have codes."""
    coded_there = "; ".join(f"{o.medicine} prescribed ({name_codes(o.codes)})" for o in orders)
    paper = replace_medicine(medicine)
    amount = fields.get("dosage", "6 units")
    text = f"{medicine} 6 units; on another form {other} {amount} at {given}"
    return beside(text, coded_there, paper, (again(paper, given, given=at(given), medicine=other, **fields),),
                  orders, "conflict" if sentence else "new", f"{NO_DOSE} {sentence}".strip(), bool(sentence))  # fmt: skip


def on_other_form(dose_there: str) -> str:
    return (f"Form K7-000031-Y says {dose_there} given at 02-Nov-2026 13:55:"
            " leave this one unless there were two doses.")  # fmt: skip


BOTH = (prescribed("Brandaxol"), prescribed("Substanzin"))
CODED_ON_PAPER = Table(
    "Medicines by their codes, on two papers",
    "Two papers' names to which the patient's records give a code in common are one medicine, as a name"
    " on paper and a dose in a system are; another dose is said beside it. Names that say different"
    " strengths or ways of giving it, or are known for different ingredients, are two.",
    (
        papers("Brandaxol", "Substanzin", BOTH, on_other_form("Substanzin 6 units")),
        papers("Brandaxol", "substanzin", BOTH, on_other_form("substanzin 60 units"), dosage="60 units"),
        papers("Brandaxol", "Substanzin", BOTH, given="08:00"),
        papers("Brandaxol", "Substanzin", BOTH[:1]),
        papers("Brandaxol", "Substanzin", (BOTH[0], prescribed("Substanzin", "SCT|2002000"))),
        papers("Brandaxol", "Substanzin", (prescribed("Brandaxol", "l|7"), prescribed("Substanzin", "l|7", "Pharmacy"))),
        papers("Brandaxol 5 mg", "Substanzin 10 mg", (prescribed("Brandaxol 5 mg"), prescribed("Substanzin 10 mg"))),
        papers("Brandaxol injection", "Substanzin tablets",
               (prescribed("Brandaxol injection"), prescribed("Substanzin tablets"))),
        papers("Actrapid", "Insulatard", (prescribed("Actrapid"), prescribed("Insulatard"))),
    ),
)  # fmt: skip

TABLES = (ASSIGNED, EVERY_TYPE, ALIKE, CODED, CODED_ON_PAPER)
