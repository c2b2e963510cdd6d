"""Allergies, alerts and problems: all that was sent is kept, and where it belongs."""

import pytest

from downtime.feeds.context import feed_context
from downtime.feeds.model import FindingKind, Operation, Outcome
from downtime.settings import FeedsSettings, Settings

PID = "PID|1||H1001^^^DEMO^MR||PATEL^Asha"
ADMISSION = ("ADT^A08", "EVN|A08|202611021000", PID)


def allergies(hl7, of, *segments):
    return of(hl7(*ADMISSION, *segments), "AllergyIntolerance")


def test_two_allergies_of_one_code_are_two(hl7, of):
    changes = allergies(hl7, of, "AL1|1|DA|OTH^Latex", "AL1|2|DA|OTH^Penicillin")
    assert [c.fields["substance"] for c in changes] == ["Latex", "Penicillin"]
    assert len({c.key for c in changes}) == 2


def test_an_allergy_of_words_alone_is_kept(hl7, of):
    (change,) = allergies(hl7, of, "AL1|1|DA|||PENICILLIN RASH")
    assert change.fields["substance"] == "PENICILLIN RASH"


def test_substances_that_are_repeated_in_one_segment_are_all_kept(hl7, of):
    changes = allergies(hl7, of, "AL1|1|DA|A^Latex~B^Peanut|SV|Rash")
    assert [c.fields["substance"] for c in changes] == ["Latex", "Peanut"]


def test_notes_and_reactions_of_an_allergy_stay_with_it(hl7, of):
    changes = allergies(
        hl7, of, "AL1|1|DA|^Latex", "NTE|1||Theatre told", "IAM|1|DA|^Aspirin", "IAR|^Wheeze|SV"
    )
    assert changes[0].fields["note"] == "Theatre told"
    assert changes[1].fields["reaction"] == "Wheeze"
    assert changes[1].fields["severity"] == "severe"


@pytest.mark.parametrize(
    ("of_allergy", "of_reactions", "severity"),
    [
        ("MI", ("MO", "SV"), "severe"),
        ("SV", ("MI",), "severe"),
        ("", ("MI", ""), "mild"),
        ("MO", ("24484000^Severe^SCT",), "severe"),
        ("", ("24484000",), "severe"),
        ("", ("^Severe",), "severe"),
        ("", ("L^Severe^HL70128",), "severe"),
        ("", ("ZZ^life-threatening",), "life-threatening"),
        ("MO^Moderate^HL70128", ('""',), "moderate"),
        ("severe", (), "severe"),
    ],
)
def test_the_worst_severity_of_an_allergy_and_its_reactions_counts(
    hl7, of, of_allergy, of_reactions, severity
):
    reactions = [f"IAR|^Wheeze|{sent}" for sent in of_reactions]
    (change,) = allergies(hl7, of, f"IAM|1|DA|^Aspirin|{of_allergy}", *reactions)
    assert change.fields["severity"] == severity


def test_an_allergy_that_names_nothing_is_said(hl7, of):
    message = hl7(*ADMISSION, "AL1|1|DA")
    assert [f.kind for f in message.findings] == [FindingKind.NOT_READ]


@pytest.mark.parametrize(
    ("assurance", "status", "verification"),
    [
        ("C", "active", "confirmed"),
        ("p", "active", "presumed"),
        ("S", "active", "unconfirmed"),
        ("U", "active", "unconfirmed"),
        ("I", "inactive", None),
        ("e", "entered-in-error", None),
        ("", "active", None),
    ],
)
def test_how_sure_an_allergy_is_stands_in_iam_17(hl7, of, assurance, status, verification):
    (change,) = allergies(hl7, of, f"IAM|1|DA|^Latex||||8001||||||||||{assurance}")
    assert (change.fields["status"], change.fields.get("verification")) == (status, verification)
    (plain,) = allergies(hl7, of, f"AL1|1|DA|^Latex||||8001||||||||||{assurance}")
    assert plain.fields["status"] == "active"
    assert "verification" not in plain.fields


def test_since_when_an_allergy_is_known_stands_where_its_segment_has_it(hl7, of):
    al1, iam = allergies(hl7, of, "AL1|1|DA|^Latex|||20010102", "IAM|2|DA|^Eggs||||||||||20020102")
    assert (al1.fields["recorded"][:4], iam.fields["recorded"][:4]) == ("2001", "2002")
    wrong = allergies(hl7, of, "AL1|1|DA|^Latex||||||||||20010102", "IAM|2|DA|^Eggs|||20020102")
    assert not any("recorded" in change.fields for change in wrong)


@pytest.mark.parametrize(
    ("first", "second", "worst"),
    [
        ("MI", "SV", "severe"),
        ("SV", "MI", "severe"),
        ("MI", "MO", "moderate"),
        ("life-threatening", "MI", "life-threatening"),
        ("MI", "life-threatening", "life-threatening"),
        ("life-threatening", "SV", "severe"),
        ("U", "MI", "mild"),
        ("", "MI", "mild"),
    ],
)
def test_of_one_substance_told_twice_the_worst_severity_counts(hl7, of, first, second, worst):
    told = (f"AL1|1|DA|^Latex|{first}|Itching", f"AL1|2|DA|^LATEX|{second}|Itching~Wheeze")
    (change,) = allergies(hl7, of, *told)
    assert (change.fields["severity"], change.fields["reaction"]) == (worst, "Itching, Wheeze")


def test_of_one_substance_told_twice_all_is_kept_and_what_is_active_stays_so(hl7, of):
    inactive = "IAM|1|DA|^Latex||Itching||||||||||||I"
    (change,) = allergies(hl7, of, inactive, "NTE|1||A", "AL1|2|DA|^ latex", "NTE|1||B")
    assert change.fields["status"] == "active"
    assert (change.fields["note"], change.fields["reaction"]) == ("A\nB", "Itching")
    (ended,) = allergies(hl7, of, inactive, inactive.replace("|1|", "|2|", 1))
    assert ended.fields["status"] == "inactive"


def test_an_allergy_deleted_and_told_again_in_one_message_is_what_was_told_last(hl7, of):
    told, deleted = "IAM|1|DA|^Latex|SV|Itching|A", "IAM|2|DA|^Latex|||D"
    (again,) = allergies(hl7, of, deleted, told)
    assert (again.operation, again.fields["severity"]) == (Operation.SET, "severe")
    (gone,) = allergies(hl7, of, told, deleted)
    assert gone.operation == Operation.DELETE
    assert "severity" not in gone.fields
    (kept,) = allergies(hl7, of, "AL1|1|DA|^Latex||Itching|D")
    assert kept.operation == Operation.SET


def test_a_note_after_another_segment_is_not_the_allergys(hl7, of):
    (change,) = allergies(hl7, of, "AL1|1|DA|^Latex", "PV1|1|I", "NTE|1||Of the stay")
    assert "note" not in change.fields


def test_what_stands_only_in_a_note_is_the_allergy(hl7, of):
    (change,) = allergies(hl7, of, "AL1|1|DA", "NTE|1||Strawberries")
    assert change.fields["substance"] == "Strawberries"
    (change,) = allergies(hl7, of, "AL1|1|DA|||Rash after eggs", "NTE|1||Told by mother")
    assert change.fields["substance"] == "Rash after eggs"
    assert (change.fields["note"], change.fields.get("reaction")) == ("Told by mother", None)


@pytest.mark.parametrize(
    ("sent", "category"),
    [
        ("DA", "medication"),
        ("ma", "medication"),
        ("FA", "food"),
        ("EA", "environment"),
        ("LA", "environment"),
        ("MC", None),
    ],
)
def test_what_kind_of_allergy_it_is(hl7, of, sent, category):
    (change,) = allergies(hl7, of, f"AL1|1|{sent}|^Latex")
    assert change.fields.get("category") == category


def test_a_number_that_only_counts_the_segments_is_not_the_allergys_own(hl7, of):
    counted = allergies(hl7, of, "IAM|1|DA|^Latex||||1") + allergies(
        hl7, of, "IAM|2|DA|^Latex||||2"
    )
    assert len({change.key for change in counted}) == 1
    own = allergies(hl7, of, "IAM|1|DA|^Latex||||8001") + allergies(
        hl7, of, "IAM|2|DA|^Latex||||8002"
    )
    assert len({change.key for change in own}) == 2
    assert allergies(hl7, of, "IAM|1|DA|||||8001") == []


@pytest.mark.parametrize(
    ("substance", "is_none_known"),
    [
        ("716186003^Something", 1),
        ("nka^Nothing", 1),
        ("^Nil Known", 1),
        ("^NKDA", 0),
        ("^No known drug allergy", 0),
        ("^Latex", 0),
    ],
)
def test_only_that_no_allergy_at_all_is_known_says_so(hl7, of, substance, is_none_known):
    (change,) = allergies(hl7, of, f"AL1|1|DA|{substance}")
    assert change.fields["none_known"] == is_none_known


def test_allergies_of_an_order_are_kept_too(hl7, of):
    message = hl7("ORM^O01", PID, "AL1|1|DA|^Latex", "ORC|NW|P1", "OBR|1|P1||FBC^Count")
    assert len(of(message, "AllergyIntolerance")) == 1


def flags(hl7, of, *segments, kind="ADT^A08"):
    return [
        (c.fields["category"], c.fields["text"], c.fields["status"])
        for c in of(hl7(kind, PID, *segments), "Flag")
    ]


@pytest.mark.parametrize(
    ("segment", "flag"),
    [
        ("ZRS|1|DNACPR|20261101", ("resuscitation", "DNACPR", "active")),
        ("ZIC|MRSA^MRSA carrier|Y", ("infection", "MRSA carrier Y", "active")),
        ("ZIC|MRSA|NEGATIVE", ("infection", "MRSA NEGATIVE", "inactive")),
        ("NTE|1||Not for CPR", ("resuscitation", "Not for CPR", "active")),
        ("NTE|1||C. diff, side room", ("infection", "C. diff, side room", "active")),
        ("NTE|1||Needs a hoist", ("note", "Needs a hoist", "active")),
        ("ZIC|MRSA|Not detected", ("infection", "MRSA Not detected", "inactive")),
        (
            "OBX|1|ST|M^MRSA status||Not isolated",
            ("infection", "MRSA status: Not isolated", "inactive"),
        ),
        ("NTE|1||No history of HIV", ("note", "No history of HIV", "active")),
        ("NTE|1||DNACPR was revoked", ("note", "DNACPR was revoked", "active")),
        ("ZIC|VRE|20250101|20250201", ("infection", "VRE (2025-01-01 to 2025-02-01)", "active")),
    ],
)
def test_what_to_know_of_a_patient_is_an_alert(hl7, of, segment, flag):
    assert flags(hl7, of, segment) == [flag]


def test_an_observation_of_an_admission_about_infection_is_an_alert(hl7, of):
    obx = "OBX|1|CE|INF^Infection status||VRE^VRE colonised"
    assert flags(hl7, of, obx) == [("infection", "Infection status: VRE colonised", "active")]


def test_an_unknown_z_segment_is_said_unless_it_is_left_out_on_purpose(hl7):
    message = hl7(*ADMISSION, "ZPV|1|SOMETHING")
    assert message.outcome is Outcome.USED_IN_PART
    assert "SOMETHING" not in str(message.findings)
    known = feed_context(Settings(feeds=FeedsSettings(profiles={"pas": {"not_used": ["ZPV"]}})))
    assert hl7(*ADMISSION, "ZPV|1|SOMETHING", ctx=known).outcome is Outcome.USED


@pytest.mark.parametrize(
    "obr",
    [
        "OBR|1|77^EPC||^^^^DNACPR||||||||||||||||||||Resus Status",
        "OBR|1|77||TEP^Treatment escalation plan",
        "OBR|1|77||CODE^Full code",
        "OBR|1|77||R1^Full resuscitation",
        "OBR|1|77||R2^Treatment escalation: ward based care",
        "OBR|1|77||R3^ReSPECT",
        "OBR|1|77||R4^TEP form",
        "OBR|1|77||R5^CPR decision",
        "OBR|1|77||ISO^Contact precautions",
        "OBR|1|77||ISO^Contact isolation",
        "OBR|1|77||ISO^Isolation - airborne",
        "OBR|1|77||IC^MRSA positive",
        "OBR|1|77||SR^Side room required",
        "OBR|1|77||R6^Not for attempted resuscitation",
        "OBR|1|77||R7^For full escalation",
        "OBR|1|77||R8^Limits of treatment agreed",
    ],
)
def test_a_status_sent_as_an_order_is_an_alert_and_never_outstanding(hl7, of, obr):
    message = hl7("ORM^O01", PID, "ORC|NW|77|||||||202611021000", obr, app="EPR")
    assert of(message, "ServiceRequest") == []
    (flag,) = of(message, "Flag")
    assert flag.fields["status"] == "active"
    ended = hl7("ORM^O01", PID, "ORC|DC|77|||||||202611031000", obr, app="EPR")
    (over,) = of(ended, "Flag")
    assert (over.key, over.fields["status"]) == (flag.key, "inactive")


@pytest.mark.parametrize(
    "obr",
    [
        "OBR|1|77||F^Falls risk",
        "OBR|1|77||S^Speech and language assessment",
        "OBR|1|77||O^Observations 4 hourly",
        "OBR|1|77||C^Insert urinary catheter",
        "OBR|1|77||DIET^Soft diet",
        "OBR|1|77||D^Dietitian review",
        "OBR|1|77||N^Nurse to weigh patient",
        "OBR|1|77||M^Blood glucose monitoring 4 hourly",
        "OBR|1|77||X^Walk daily||||||||||||||||||||Physiotherapy",
    ],
)
def test_an_order_of_another_kind_is_held_and_said(hl7, of, obr):
    message = hl7("ORM^O01", PID, "ORC|NW|77", obr, app="EPR")
    assert of(message, "ServiceRequest") == []
    assert [f.kind for f in message.findings] == [FindingKind.ORDER_UNMAPPED]


@pytest.mark.parametrize(
    "name",
    [
        "Ear discharge culture",
        "Virus isolation",
        "MRSA screen",
        "Donor screen",
        "TB culture",
        "Bone density",
    ],
)
def test_tests_stay_tests(hl7, of, name):
    message = hl7("ORM^O01", PID, "ORC|NW|77", f"OBR|1|77||DNR^{name}", app="EPR")
    assert len(of(message, "ServiceRequest")) == 1


def test_what_an_order_is_may_be_the_profiles_to_say(hl7, of):
    codes = {"order_kind": {"AB12": "alert", "Ward tasks": "not-mapped"}}
    known = feed_context(Settings(feeds=FeedsSettings(profiles={"epr": {"codes": codes}})))
    orders = (
        "ORC|NW|1",
        "OBR|1|1||AB12^Falls risk",
        "ORC|NW|2",
        "OBR|1|2||C^Wash" + "|" * 20 + "Ward tasks",
    )
    message = hl7("ORM^O01", PID, *orders, app="EPR", ctx=known)
    assert [c.type for c in message.content] == ["Patient", "Flag"]


def test_diagnoses_and_problems_are_conditions(hl7, of):
    (diagnosis,) = of(hl7(*ADMISSION, "DG1|1||I63^Stroke^ICD||20261101|W"), "Condition")
    assert diagnosis.fields["display"] == "Stroke"
    assert diagnosis.fields["verification"] == "provisional"
    prb = "PRB|AD|20261102|73211009^Diabetes^SCT|PR1|||202001||20261101"
    (problem,) = of(hl7("PPR^PC1", PID, prb), "Condition")
    assert (problem.key, problem.fields["status"]) == ("PR1", "resolved")
    (removed,) = of(hl7("PPR^PC3", PID, prb.replace("|AD|", "|DE|")), "Condition")
    assert removed.operation == "delete"


def test_a_decision_about_resuscitation_sent_as_a_result_is_an_alert_too(hl7, of):
    obr, obx = "OBR|1||F9|RS^Resuscitation status", "OBX|1|ST|RS||DNACPR||||||F"
    message = hl7("ORU^R01", PID, obr, obx, app="LIMS")
    assert len(of(message, "DiagnosticReport")) == 1
    (flag,) = of(message, "Flag")
    assert (flag.fields["category"], flag.fields["status"]) == ("resuscitation", "active")
