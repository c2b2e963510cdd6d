"""ADT: who somebody is, where they are, what they are allergic to, who was merged."""

import pytest

from downtime.clinical.identifiers import Identifier
from downtime.feeds.context import feed_context
from downtime.feeds.model import Reject
from downtime.settings import Settings, SiteSettings

PID = "PID|1||H1001^^^DEMO^MR~9990000018^^^NHS^NH||PATEL^Asha^R^^Mrs||19620304|F"
PV1 = (
    "PV1|1|I|W1^B2^4^DEMO||||C1^Smith^John^^^Dr^^^GMC~77^Smith^John^^^Dr^^^LOCAL|||300^General "
    "medicine|||||||||V55|||||||||||||||||||||||||202611020810"
)
MRN = Identifier("MR", "DEMO", "H1001")
NHS = Identifier("NH", "NHS", "9990000018")


def test_an_admission_says_who_and_where(hl7, of):
    message = hl7("ADT^A01", "EVN|A01|202611020815", PID, PV1, "PV2|||^Chest pain")
    person, stay = of(message, "Patient")[0], of(message, "Encounter")[0]
    assert person.patient == (MRN, NHS)
    assert person.fields == {
        "identifiers": ("MR|DEMO|H1001", "NH|NHS|9990000018"),
        "mrn": "H1001",
        "nhs_number": "9990000018",
        "family": "PATEL",
        "given": "Asha R",
        "prefix": "Mrs",
        "birth_date": "1962-03-04",
        "birth_date_text": "19620304",
        "gender": "female",
    }
    assert (stay.key, stay.event, stay.sent) == (
        "V55",
        "2026-11-02T08:15:00Z",
        "2026-11-02T14:05:00Z",
    )
    assert stay.fields == {
        "visit_number": "V55",
        "kind": "inpatient",
        "ward": "W1",
        "bay": "B2",
        "bed": "4",
        "consultant": "Dr John Smith",
        "specialty": "General medicine",
        "reason": "Chest pain",
        "started": "2026-11-02T08:10:00Z",
        "started_text": "202611020810",
        "status": "in-progress",
        "ended": "",
        "ended_text": "",
        "was_in_bed": "1",
    }
    assert (message.kind, message.source) == ("ADT^A01", "PAS")


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("A01", "in-progress"),
        ("A03", "finished"),
        ("A04", "in-progress"),
        ("A05", None),
        ("A11", "cancelled"),
        ("A13", "in-progress"),
        ("A38", None),
        ("A08", None),
    ],
)
def test_events_mean_a_status(hl7, of, event, status):
    message = hl7(f"ADT^{event}", f"EVN|{event}|202611020815", PID, PV1)
    assert of(message, "Encounter")[0].fields.get("status") == status


def test_a_cancelled_discharge_takes_its_time_away(hl7, of):
    stay = of(hl7("ADT^A13", "EVN|A13|202611020815", PID, PV1), "Encounter")[0]
    assert stay.fields["ended"] == ""


def test_a_discharge_without_a_time_of_its_own_has_that_of_the_event(hl7, of):
    stay = of(hl7("ADT^A03", "EVN|A03|202611020900||||202611020830", PID, PV1), "Encounter")[0]
    assert stay.fields["ended"] == "2026-11-02T08:30:00Z"


def test_a_change_is_dated_by_when_it_happened_a_cancellation_by_when_it_was_recorded(hl7, of):
    event = "EVN||202611020900||||202611020830"
    moved = of(hl7("ADT^A02", event, PID, PV1), "Encounter")[0]
    undone = of(hl7("ADT^A12", event, PID, PV1), "Encounter")[0]
    assert moved.event == "2026-11-02T08:30:00Z"
    assert undone.event == "2026-11-02T09:00:00Z"


def test_a_ward_without_a_bed_empties_the_bed(hl7, of):
    stay = of(hl7("ADT^A02", PID, "PV1|1|I|W9||||||||||||||||V55"), "Encounter")[0]
    assert [stay.fields[name] for name in ("ward", "bay", "bed")] == ["W9", "", ""]


def test_a_place_that_names_only_the_hospital_says_nothing(hl7, of):
    stay = of(hl7("ADT^A08", PID, "PV1|1|I|^^^DEMO||||||||||||||||V55"), "Encounter")[0]
    assert "ward" not in stay.fields


def test_deleted_is_empty_and_empty_is_not_said(hl7, of):
    pid = 'PID|1||H1001^^^DEMO^MR||""||""||||""||'
    fields = of(hl7("ADT^A08", pid), "Patient")[0].fields
    assert (fields["family"], fields["birth_date"], fields["address"]) == ("", "", "")
    assert "gender" not in fields
    assert "phone" not in fields


def test_a_merge_names_survivor_and_merged(hl7, of):
    message = hl7("ADT^A40", "EVN|A40|202611021000", PID, "MRG|H2002^^^DEMO^MR")
    merge = of(message, "Patient")[1]
    assert (merge.operation, merge.patient[0], merge.merged) == (
        "merge",
        MRN,
        (Identifier("MR", "DEMO", "H2002"),),
    )


def test_a_message_of_two_merges_holds_both(hl7, of):
    other = PID.replace("H1001", "H3003").replace("~9990000018^^^NHS^NH", "")
    message = hl7("ADT^A40", PID, "MRG|H2002^^^DEMO^MR", other, "MRG|H4004^^^DEMO^MR")
    merges = [c for c in of(message, "Patient") if c.operation == "merge"]
    assert [(m.patient[0].value, m.merged[0].value) for m in merges] == [
        ("H1001", "H2002"),
        ("H3003", "H4004"),
    ]


def test_a_merge_of_nobody_is_a_reject(read_hl7):
    data = f"MSH|^~\\&|PAS||||||ADT^A40|1\r{PID}\rMRG|\r".encode()
    reject = read_hl7(data)[0]
    assert isinstance(reject, Reject)
    assert (reject.segment, reject.position[:2]) == ("MRG", ("feed.hl7", 1))


def test_a_moved_visit_belongs_to_its_new_person(hl7, of):
    message = hl7(
        "ADT^A45", PID, "MRG|H2002^^^DEMO^MR", "PV1|1|O|OPD||||||||||||||||V1", "MRG|H2002",
        "PV1|2|O|OPD||||||||||||||||V2",
    )  # fmt: skip
    stays = of(message, "Encounter")
    assert [(c.operation, c.key) for c in stays] == [
        ("move", "V1"),
        ("move", "V2"),
        ("set", "V1"),
        ("set", "V2"),
    ]
    assert {c.patient[0].value for c in stays} == {"H1001"}
    assert {c.merged[0].value for c in stays[:2]} == {"H2002"}


def test_allergies_of_al1_and_iam_are_one_record(hl7, of):
    al1 = hl7("ADT^A01", PID, "AL1|1|DA|91936005^Penicillin^SCT|SV|Rash~Swelling|2001")
    iam = hl7("ADT^A60", PID, "IAM|1|DA|91936005^Penicillin^SCT|SV|Rash|A||||||||||C")
    first, second = of(al1, "AllergyIntolerance")[0], of(iam, "AllergyIntolerance")[0]
    assert first.key == second.key
    assert first.fields == {
        "substance": "Penicillin",
        "code": "91936005",
        "category": "medication",
        "severity": "severe",
        "reaction": "Rash, Swelling",
        "status": "active",
        "none_known": 0,
        "recorded": "2001",
    }


def test_allergies_belong_to_the_person_before_them(hl7, of):
    other = PID.replace("H1001", "H3003").replace("~9990000018^^^NHS^NH", "")
    message = hl7("ADT^A17", PID, PV1, "AL1|1|DA|^Penicillin", other, PV1)
    assert [c.patient[0].value for c in of(message, "AllergyIntolerance")] == ["H1001"]


def test_an_allergy_taken_back_is_deleted(hl7, of):
    message = hl7("ADT^A60", PID, "IAM|1|DA|91936005^Penicillin^SCT|||D")
    assert of(message, "AllergyIntolerance")[0].operation == "delete"


@pytest.mark.parametrize("turned", [False, True])
def test_one_substance_with_two_reactions_has_both_and_the_worst_severity(hl7, of, turned):
    entries = ["AL1|1|DA|^Latex|MI|Itching", "AL1|2|DA|^Latex|SV|Collapse"]
    message = hl7("ADT^A01", PID, *(reversed(entries) if turned else entries))
    (change,) = of(message, "AllergyIntolerance")
    assert set(change.fields["reaction"].split(", ")) == {"Itching", "Collapse"}
    assert change.fields["severity"] == "severe"


def test_what_an_allergy_does_not_say_again_stays(hl7, of):
    (change,) = of(hl7("ADT^A08", PID, "AL1|1|DA|^Latex"), "AllergyIntolerance")
    assert not {"severity", "reaction"} & change.fields.keys()
    (change,) = of(hl7("ADT^A08", PID, 'AL1|1|DA|^Latex|""|""'), "AllergyIntolerance")
    assert (change.fields["severity"], change.fields["reaction"]) == ("", "")


def test_entries_with_numbers_of_their_own_are_each_shown_and_each_taken_back(hl7, of):
    entries = ("IAM|1|DA|^Latex|MI|Itching||8001", "IAM|2|DA|^Latex|SV|Collapse||8002")
    kept = of(hl7("ADT^A60", PID, *entries), "AllergyIntolerance")
    assert [change.fields["reaction"] for change in kept] == ["Itching", "Collapse"]
    for deletion in ("IAM|1|DA|^Latex|||D|8002", "IAM|1|DA||||D|8002"):
        (gone,) = of(hl7("ADT^A60", PID, deletion), "AllergyIntolerance")
        assert (gone.key, gone.operation) == (kept[1].key, "delete")
        assert gone.key != kept[0].key


def test_a_count_of_segments_is_no_number_of_an_allergy(hl7, of):
    first = of(hl7("ADT^A60", PID, "IAM|1|DA|^Latex|||A|1"), "AllergyIntolerance")[0]
    second = of(hl7("ADT^A60", PID, "IAM|1|DA|^Eggs|||A|1"), "AllergyIntolerance")[0]
    assert first.key != second.key


@pytest.mark.parametrize(
    ("substance", "none_known"),
    [
        ("716186003^No known allergy^SCT", 1),
        ("^No Known Allergies", 1),
        ("409137002^No known drug allergy^SCT", 0),
        ("^Penicillin", 0),
    ],
)
def test_no_known_allergies_is_not_no_known_drug_allergy(hl7, of, substance, none_known):
    change = of(hl7("ADT^A01", PID, f"AL1|1|DA|{substance}"), "AllergyIntolerance")[0]
    assert change.fields["none_known"] == none_known


def test_the_state_of_a_bed(hl7, of):
    bed = of(hl7("ADT^A20", "NPU|W1^B2^4|H"), "Location")[0]
    assert (bed.key, bed.fields["status"]) == ("W1|B2|4", "cleaning")


def test_a_person_is_never_deleted_by_a_message(hl7):
    assert hl7("ADT^A29", PID).content == ()


# Who somebody is


def numbers(hl7, of, pid, *more, **named):
    return of(hl7("ADT^A08", pid, *more, **named), "Patient")[0].patient


def test_the_nhs_number_is_found_in_any_place_of_the_list(hl7, of):
    pid = "PID|1||9990000018^^^NHS^NH~H1001^^^DEMO^MR||A"
    assert numbers(hl7, of, pid) == (MRN, NHS)


def test_an_nhs_number_that_fails_its_check_identifies_nobody(hl7, of):
    assert numbers(hl7, of, "PID|1||H1001^^^DEMO^MR~9990000019^^^NHS^NH||A") == (MRN,)


def test_an_old_nhs_number_in_pid_19(hl7, of):
    assert numbers(hl7, of, "PID|1||H1001||A||||||||||||||999 000 0018") == (MRN, NHS)


def test_a_bare_number_from_this_hospital_is_its_own_and_from_another_is_theirs(hl7, of):
    assert numbers(hl7, of, "PID|1||H1001||A") == (MRN,)
    other = feed_context(Settings(site=SiteSettings(mrn_authority="RXX", code="RXX")))
    assert numbers(hl7, of, "PID|1||H1001||A", ctx=other) == (Identifier("PI", "DEMO", "H1001"),)


def test_a_visit_stands_in_for_an_unknown_person(hl7, of):
    changes = numbers(hl7, of, "PID|1||||UNKNOWN^Male", "PV1|1|E|ED||||||||||||||||V9")
    assert changes == (Identifier("VN", "DEMO", "V9"),)


def test_nobody_is_a_reject_without_patient_data(read_hl7):
    reject = read_hl7(b"MSH|^~\\&|PAS||||||ADT^A08|1\rPID|1||^^^^MR||PATEL^Asha\r")[0]
    assert isinstance(reject, Reject)
    assert reject.reason == "PID-3 holds no identifier: the patient cannot be told apart"
    assert "PATEL" not in str(reject)


def test_a_message_of_another_kind_is_accepted_and_nothing_is_taken(hl7):
    assert hl7("MDM^T02", PID).content == ()


def test_the_trigger_may_stand_in_the_structure_or_the_event(hl7):
    assert hl7("ADT^^ADT_A03", PID).kind == "ADT^A03"
    assert hl7("ADT", "EVN|A03", PID).kind == "ADT^A03"
