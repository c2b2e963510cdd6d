"""A dose under another name: whose it is, of what it may be, and what is then never plainly due."""

from datetime import UTC, datetime

import pytest

from downtime.clinical.display import describe_possible_dose
from downtime.clinical.doses import list_patient_doses
from downtime.clinical.due_medicines import list_due_medicines
from downtime.clinical.match_doses import Uncertainty
from downtime.clinical.model import MedicationAdministration, MedicationRequest
from tests.spec.clinical.test_doses import COPIED, LONDON

MORNING = "2026-11-02T08:10:00Z"
PARACETAMOL = "SCT|322236009"


def prescribed(medicine, codes="", key="m", **more):
    return MedicationRequest(
        id=key, source="EPR", medicine=medicine, codes=codes,
        **{"frequency": "Four times a day", "category": "regular", "status": "active"} | more,
    )  # fmt: skip


def given(medicine, codes="", at=MORNING, status="given", **more):
    return MedicationAdministration(
        id=f"d-{medicine}-{at}", source="EPR", medicine=medicine, codes=codes, given=at,
        status=status, **more,
    )  # fmt: skip


def match(medicines, doses, own_names=()):
    found = list_patient_doses(medicines, doses, LONDON, COPIED, (), own_names)
    return {row.medicine.id: row for row in found.rows}, found.unprescribed


def outcome(medicine, dose, own_names=()):
    """`own`, the doubt, or `apart`, of one prescription and one dose."""
    (row,) = match([medicine], [dose], own_names)[0].values()
    if row.last == dose:
        return "own"
    return row.possible[0].reason if row.possible else "apart"


TABLETS = "Paracetamol 500mg tablets"
DOUBT = Uncertainty.UNPRESCRIBED


@pytest.mark.parametrize(
    ("why", "medicine", "dose", "expected"),
    [
        ("one code, a brand", (TABLETS, PARACETAMOL), ("Panadol 500mg tablets", PARACETAMOL), "own"),
        ("one code, unknown brand", (TABLETS, PARACETAMOL), ("Zzz", PARACETAMOL), "own"),
        ("dm+d is SNOMED CT", (TABLETS, "dm+d|322236009"), ("Zzz", PARACETAMOL), "own"),
        ("one code, another strength", (TABLETS, PARACETAMOL), ("Paracetamol 1g tablets", PARACETAMOL), DOUBT),
        ("one code, another way", ("Paracetamol tablets", PARACETAMOL), ("Paracetamol infusion", PARACETAMOL), DOUBT),
        ("one code, another ingredient", ("Paracetamol", PARACETAMOL), ("Ibuprofen", PARACETAMOL), DOUBT),
        ("the same words", (TABLETS, ""), ("PARACETAMOL  500mg tablets", ""), "own"),
        ("the same words, other codes", (TABLETS, PARACETAMOL), (TABLETS, "SCT|111111111"), "own"),
        ("a brand without a code", (TABLETS, ""), ("Panadol 500mg tablets", ""), DOUBT),
        ("another strength", (TABLETS, ""), ("Paracetamol 1g tablets", ""), DOUBT),
        ("another way", (TABLETS, ""), ("Paracetamol 1g/100ml infusion", ""), DOUBT),
        ("another salt", ("Morphine sulfate", ""), ("Morphine hydrochloride", ""), DOUBT),
        ("one of two ingredients", (TABLETS, ""), ("Co-codamol 30/500 tablets", ""), DOUBT),
        ("a name that nobody knows", (TABLETS, ""), ("Zzz 10", ""), DOUBT),
        ("known to be another", (TABLETS, ""), ("Ibuprofen 400mg tablets", ""), "apart"),
        ("given in another way", (TABLETS, ""), ("Zzz injection", ""), "apart"),
        ("a unit of blood", ("Sodium chloride 0.9% infusion", ""), ("Red cells, O neg", ""), "apart"),
    ],
)  # fmt: skip
def test_a_dose_belongs_by_code_then_by_name_and_else_is_in_doubt(why, medicine, dose, expected):
    assert outcome(prescribed(*medicine), given(*dose)) == expected, why


def test_a_route_parts_what_nothing_else_says_is_one():
    medicine = prescribed("Yyy", route="Oral")
    assert outcome(medicine, given("Zzz", route="IV")) == "apart"
    assert outcome(medicine, given("Zzz", route="PO")) == DOUBT
    assert outcome(medicine, given("Zzz")) == DOUBT
    assert outcome(prescribed("Aaa", route="Oral"), given("Aaa 5mg", route="IV")) == DOUBT


def test_the_same_words_by_another_route_are_not_one_dose():
    """Drops are still to be given after the injection of the same medicine, and are asked about."""
    drops = prescribed("Gentamicin", "SCT|111111111", key="drops", route="Eye")
    injection = prescribed("Gentamicin", key="iv", route="IV", status="completed")
    dose = given("Gentamicin", "SCT|111111111", route="IV")
    rows, unprescribed = match([drops, injection], [dose])
    assert (rows["drops"].last, rows["iv"].last) == (None, dose)
    assert [p.reason for p in rows["drops"].possible] == [Uncertainty.NOT_ACTIVE]
    assert not unprescribed
    assert outcome(drops, given("Gentamicin", "SCT|111111111")) == "own"


@pytest.mark.parametrize("first_is_sent", [True, False])
def test_a_second_single_dose_is_not_settled_by_one_given_before_it_was_ordered(first_is_sent):
    first = prescribed("Furosemide", key="first", category="once-only", status="completed")
    second = prescribed(
        "Furosemide", key="second", category="once-only", authored="2026-11-02T10:00:00Z"
    )
    dose = given("Furosemide")
    rows, _ = match([first, second] if first_is_sent else [second], [dose])
    assert list_due(rows["second"]) == [()]
    assert [p.dose for p in rows["second"].possible] == [dose]
    rows, _ = match([second], [given("Furosemide", at="2026-11-02T10:05:00Z")])
    assert list_due(rows["second"]) == []


def test_a_single_dose_that_was_given_is_not_due_again_because_a_later_one_was_not():
    stat = prescribed("Furosemide", category="once-only")
    later = given("Furosemide", at="2026-11-02T12:00:00Z", status="not-given")
    rows, _ = match([stat], [given("Furosemide"), later])
    assert list_due(rows["m"]) == []


def test_a_site_says_what_its_names_are_made_of():
    medicine, dose = prescribed("Ibuprofen tablets"), given("Wardmix tablets")
    assert outcome(medicine, dose) == DOUBT
    assert outcome(medicine, dose, [("wardmix", "paracetamol")]) == "apart"


@pytest.mark.parametrize(
    ("codes", "other_codes", "dose_codes", "belongs_to"),
    [
        ("SCT|111111111", "SCT|222222222", "SCT|222222222", None),
        ("SCT|111111111", "SCT|111111111", "SCT|111111111", "m"),
        ("", "", "", "m"),
    ],
)
def test_what_names_two_prescriptions_is_certain_of_none(
    codes, other_codes, dose_codes, belongs_to
):
    """Words name the one, a code the other; where a code names both, the words decide, and
    it is said beside the other."""
    medicines = [prescribed("Aaa", codes), prescribed("Bbb", other_codes, key="other")]
    rows, _ = match(medicines, [given("Aaa", dose_codes)])
    doubts = {key: [p.reason for p in row.possible] for key, row in rows.items()}
    if belongs_to:
        assert rows[belongs_to].last
        is_shared = codes and codes == other_codes
        assert doubts == {"m": [], "other": [Uncertainty.ANOTHER] if is_shared else []}
    else:
        assert not any(row.last for row in rows.values())
        assert doubts == {"m": [Uncertainty.SEVERAL], "other": [Uncertainty.SEVERAL]}


def test_one_dose_does_not_settle_two_prescriptions_of_one_medicine():
    """A stat dose is still to be given after a regular one of the same medicine."""
    stat = prescribed("Furosemide", key="stat", category="once-only")
    regular = prescribed("Furosemide", key="regular")
    rows, unprescribed = match([stat, regular], [given("Furosemide")])
    assert [row.possible[0].reason for row in rows.values()] == [Uncertainty.SEVERAL] * 2
    assert not unprescribed
    assert list_due(rows["stat"]) == [()]
    take_home = prescribed("Furosemide", key="home", category="discharge")
    rows, _ = match([take_home, regular], [given("Furosemide")])
    assert rows["regular"].last
    assert not rows["regular"].possible


@pytest.mark.parametrize(
    ("other", "dose", "is_said"),
    [
        (prescribed("Paracetamol 1g/100ml infusion", key="o", category="as-required"), MORNING, True),
        (prescribed("Paracetamol 1g/100ml infusion", key="o", category="as-required"), "2026-11-01T14:29:00Z", False),
        (prescribed("Co-codamol 30/500 tablets", key="o"), MORNING, True),
        (prescribed("Ibuprofen 400mg tablets", key="o"), MORNING, False),
        (prescribed("Paracetamol 1g/100ml infusion", key="o", category="discharge"), MORNING, False),
        (prescribed("Paracetamol 1g/100ml infusion", key="o", status="stopped"), MORNING, False),
    ],
)  # fmt: skip
def test_a_dose_of_one_prescription_is_said_beside_another_of_the_same_ingredient(
    other, dose, is_said
):
    """Given by mouth at eight, it is not given by vein at nine unasked; its own row is in no doubt."""
    rows, unprescribed = match([prescribed(TABLETS), other], [given(TABLETS, at=dose)])
    assert rows["m"].last
    assert not rows["m"].possible
    assert not unprescribed
    assert [p.reason for p in rows["o"].possible] == [Uncertainty.ANOTHER] * is_said


def test_a_dose_of_another_prescription_is_said_only_until_its_own_next_dose():
    other = prescribed("Paracetamol 1g/100ml infusion", key="o", category="as-required")
    later = given(other.medicine, at="2026-11-02T12:00:00Z")
    rows, _ = match([prescribed(TABLETS), other], [given(TABLETS), later])
    assert not rows["o"].possible
    assert [p.dose for p in rows["m"].possible] == [later]


def list_due(row):
    now = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
    return [due.times for due in list_due_medicines([row], now, 4, LONDON)]


@pytest.mark.parametrize("status", ["stopped", "on-hold", "completed", "cancelled"])
def test_a_dose_of_what_was_changed_is_said_beside_what_it_was_changed_to(status):
    """By mouth from the vein: the last dose was of the prescription that was stopped."""
    infusion = prescribed("Paracetamol 1g/100ml infusion", key="old", status=status)
    rows, unprescribed = match([infusion, prescribed(TABLETS)], [given(infusion.medicine)])
    assert rows["old"].last
    assert [p.reason for p in rows["m"].possible] == [Uncertainty.NOT_ACTIVE]
    assert not unprescribed
    rows, _ = match([infusion, prescribed("Ibuprofen")], [given(infusion.medicine)])
    assert not rows["m"].possible


def test_a_dose_in_doubt_hides_no_medicine_that_is_due():
    medicine = prescribed(TABLETS, frequency="08:00, 14:00 and 22:00")
    brand = given("Panadol", at="2026-11-02T13:55:00Z")
    rows, _ = match([medicine], [given(TABLETS), brand])
    assert rows["m"].last.medicine == TABLETS
    assert list_due(rows["m"]) == [("2026-11-02T14:00:00Z",)]
    assert [p.dose for p in rows["m"].possible] == [brand]


@pytest.mark.parametrize(
    ("dose", "is_said"),
    [
        (given("Panadol", at="2026-11-02T08:09:00Z"), False),
        (given("Panadol", at="2026-11-02T08:11:00Z"), True),
        (given("Panadol", at=""), True),
        (given("Panadol", at="2026-11-02"), True),
        (given("Panadol", at="2026-11-01"), False),
        (given("Panadol", status="not-given", at="2026-11-02T12:00:00Z"), False),
        (given("Panadol", status="", at="2026-11-02T12:00:00Z"), True),
        (given("Zzz", at="2026-11-02T08:40:00Z"), False),
        (given("Zzz", at="2026-11-02T09:10:00Z"), False),
        (given("Zzz", at="2026-11-02T09:11:00Z"), True),
    ],
)
def test_only_what_came_after_the_last_certain_dose_is_in_doubt(dose, is_said):
    """Of a name that resembles nothing, one of the same drug round was another medicine."""
    rows, unprescribed = match([prescribed(TABLETS)], [given(TABLETS), dose])
    assert bool(rows["m"].possible) == is_said
    assert unprescribed == [dose]


def test_a_name_that_resembles_nothing_is_believed_for_a_day_and_one_alike_for_longer():
    old = "2026-11-01T14:29:00Z"
    assert outcome(prescribed(TABLETS), given("Zzz", at=old)) == "apart"
    assert outcome(prescribed(TABLETS), given("Zzz", at=COPIED.replace("02T", "01T"))) == DOUBT
    weekly = prescribed("Methotrexate 2.5mg tablets", frequency="Once a week")
    brand = given("Methotrexate 10mg", at="2026-10-30T08:00:00Z")
    assert outcome(weekly, brand) == DOUBT


def test_what_a_name_tells_is_said_beside_that_medicine_alone():
    """Else every other medicine of the round would be asked about, and soon nobody would read it."""
    rows, _ = match([prescribed(TABLETS), prescribed("Xxx", key="x")], [given("Panadol (GSK)")])
    assert [key for key, row in rows.items() if row.possible] == ["m"]
    # A word that may be the maker's tells nothing.
    medicines = [prescribed("Yyy (Accord)"), prescribed("Xxx", key="x")]
    rows, _ = match(medicines, [given("Zzz (Accord)")])
    assert all(row.possible for row in rows.values())


def test_the_newest_of_each_name_is_said():
    doses = [given("Panadol", at=f"2026-11-02T{hour}:00:00Z") for hour in ("06", "12")]
    rows, unprescribed = match([prescribed(TABLETS)], [*doses, given("Calpol")])
    assert [p.dose.given[11:13] for p in rows["m"].possible] == ["12", "08"]
    assert [dose.given[11:13] for dose in unprescribed] == ["12", "08"]


def test_what_is_not_given_on_the_ward_is_in_no_doubt():
    for more in ({"status": "stopped"}, {"category": "discharge"}, {"category": "community"}):
        assert outcome(prescribed(TABLETS, **more), given("Panadol")) == "apart"


def test_a_doubt_is_one_clear_sentence():
    rows, _ = match([prescribed(TABLETS)], [given("Panadol", dosage="1 g")])
    (possible,) = rows["m"].possible
    assert describe_possible_dose(possible, LONDON) == (
        "A dose of Panadol (1 g) was recorded on 02-Nov-2026 08:10 and belongs to no prescription here:"
        " it may be this medicine."
    )
    rows, _ = match([prescribed(TABLETS)], [given("Panadol", at="")])
    assert "was recorded without a time and" in describe_possible_dose(
        rows["m"].possible[0], LONDON
    )
