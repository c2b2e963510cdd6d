"""Stays: who lies in a bed, what is expected, what is taken back, whose stay it is."""

import pytest

from downtime.feeds.context import feed_context
from downtime.feeds.hl7.messages import read_message
from downtime.feeds.model import FindingKind, Operation, Position
from downtime.settings import FeedsSettings, Settings

PID = "PID|1||H1001^^^DEMO^MR||PATEL^Asha||19620304|F"
OTHER = "PID|1||H2002^^^DEMO^MR||JONES^Mary||19700101|F"


def pv1(kind="I", place="W1^B2^4", visit="V55", ended=""):
    fields = {1: "1", 2: kind, 3: place, 19: visit, 45: ended}
    return "|".join(["PV1", *(fields.get(number, "") for number in range(1, 46))])


@pytest.fixture
def stay(hl7, of):
    """The change of the stay in an ADT message."""

    def read(event, *segments, recorded="202611021400", **named):
        message = hl7(f"ADT^{event}", f"EVN|{event}|{recorded}", PID, *segments, **named)
        return of(message, "Encounter")[0]

    return read


def context(**profile):
    return feed_context(Settings(feeds=FeedsSettings(profiles={"pas": profile})))


def test_an_outpatient_class_in_a_bed_is_a_stay(stay):
    assert stay("A01", pv1("O")).fields["kind"] == "inpatient"
    assert stay("A04", pv1("O", "CLINIC1")).fields["kind"] == "outpatient"


def test_which_classes_lie_in_beds_is_the_profiles_to_say(stay):
    assert stay("A01", pv1("O"), ctx=context(bed_classes=[])).fields["kind"] == "outpatient"
    own = context(codes={"patient_class": {"OBS": "inpatient"}})
    assert stay("A01", pv1("OBS"), ctx=own).fields["kind"] == "inpatient"


def test_nobody_leaves_a_bed_because_an_update_names_no_place(stay):
    assert "kind" not in stay("A08", pv1("O", "")).fields


def test_a_class_that_is_not_known_is_said(hl7):
    message = hl7("ADT^A01", PID, pv1("XQ"))
    assert [f.kind for f in message.findings] == [FindingKind.UNKNOWN_CODE]


def test_a_bed_alone_is_another_bed_of_the_same_ward(stay):
    fields = stay("A02", pv1(place="^^7")).fields
    assert fields["bed"] == "7"
    assert not {"ward", "bay"} & fields.keys()


@pytest.mark.parametrize("event", ["A08", "A01", "A02"])
def test_a_discharge_to_come_is_expected_and_no_end(stay, event):
    fields = stay(event, pv1(ended="202611051200")).fields
    assert fields["expected_end"] == "2026-11-05T12:00:00Z"
    assert not fields.get("ended")
    assert fields.get("status") != "finished"


def test_a_discharge_that_has_passed_ends_the_stay(stay):
    fields = stay("A08", pv1(ended="202611021000")).fields
    assert (fields["ended"], fields["status"]) == ("2026-11-02T10:00:00Z", "finished")


def test_a_discharge_of_today_without_a_time_is_expected(stay):
    assert stay("A08", pv1(ended="20261102")).fields["expected_end"] == "2026-11-02"


def test_pv2_says_when_they_are_expected_to_leave(stay):
    assert stay("A01", pv1(), "PV2|||||||||20261109").fields["expected_end"] == "2026-11-09"


def test_a_pending_discharge_is_expected_and_its_cancellation_takes_that_back(stay):
    assert "ended" not in stay("A16", pv1(ended="202611021000")).fields
    assert stay("A25", pv1()).fields["expected_end"] == ""


@pytest.mark.parametrize("event", ["A11", "A12", "A13", "A27", "A38", "A52"])
def test_cancellations_hold_against_what_was_sent_before(stay, event):
    assert stay(event, pv1()).operation is Operation.CANCEL


def test_a_message_knows_its_place_in_its_senders_sequence(hl7):
    head = "MSH|^~\\&|PAS|DEMO|||20261102||ADT^A08|1|P|2.4|17\r"
    message = read_message((head + PID).encode(), Position("x", 1), feed_context(Settings()))
    assert message.content[0].sequence == 17


@pytest.mark.parametrize("segments", [(OTHER, "MRG|H1001^^^DEMO^MR"), (OTHER, PID)])
def test_unlinked_persons_are_two_again(hl7, of, segments):
    message = hl7("ADT^A37", "EVN|A37|202611021000", *segments)
    (change,) = [c for c in of(message, "Patient") if c.operation is Operation.UNMERGE]
    assert {change.patient[0].value, change.merged[0].value} == {"H1001", "H2002"}


def test_linked_persons_stay_two(hl7, of):
    message = hl7("ADT^A24", PID, OTHER)
    assert [c.operation for c in of(message, "Patient")] == [Operation.SET] * 2


@pytest.mark.parametrize("event", ["A18", "A34", "A36", "A40", "A47"])
def test_own_numbers_by_whatever_type_meet_in_a_merge(hl7, of, event):
    person = "PID|1||123^^^DEMO^MEDREC||T^O"
    merge = of(hl7(f"ADT^{event}", person, "MRG|122^^^DEMO"), "Patient")[1]
    assert [str(i) for i in (*merge.patient, *merge.merged)] == ["MR|DEMO|123", "MR|DEMO|122"]


def test_a_merged_number_without_authority_is_one_of_the_survivors(hl7, of):
    person = "PID|1||123^^^NORTH^MR||T^O"
    merge = of(hl7("ADT^A40", person, "MRG|122^^^^MR"), "Patient")[1]
    assert str(merge.merged[0]) == "MR|NORTH|122"


def test_own_types_and_authorities_are_the_profiles_to_say(hl7, of):
    own = context(mrn_types=["SN"], mrn_authorities=["HILL"])
    person = of(hl7("ADT^A08", "PID|1||9^^^HILL^SN||A", ctx=own), "Patient")[0]
    assert person.fields["mrn"] == "9"
    other = of(hl7("ADT^A08", "PID|1||9^^^HILL^SN||A"), "Patient")[0]
    assert "mrn" not in other.fields


@pytest.mark.parametrize("number", ["1.23E+05", '="00123"'])
def test_a_number_that_a_spreadsheet_broke_is_nobody(hl7, of, number):
    message = hl7("ADT^A08", f"PID|1||{number}^^^DEMO^MR~77^^^HILL^MR||A")
    assert [i.value for i in of(message, "Patient")[0].patient] == ["77"]
    assert [f.kind for f in message.findings] == [FindingKind.NUMBER_DAMAGED]


def test_a_date_of_birth_after_the_message_is_not_believed(hl7, of):
    message = hl7("ADT^A08", PID.replace("19620304", "20290201"))
    person = of(message, "Patient")[0].fields
    assert (person["birth_date"], person["birth_date_text"]) == ("", "20290201")
    assert [f.kind for f in message.findings] == [FindingKind.TIME_UNREADABLE]


def test_an_account_that_moves_takes_its_stay_to_the_other_person(hl7, of):
    pid = "PID|1||H2002^^^DEMO^MR||JONES^Mary|||||||||||||ACC1"
    (move,) = of(hl7("ADT^A44", pid, "MRG|H1001^^^DEMO^MR||ACC1"), "Encounter")
    assert (move.operation, move.key) == (Operation.MOVE, "ACC1")
    assert (move.patient[0].value, move.merged[0].value) == ("H2002", "H1001")


@pytest.mark.parametrize("event", ["A42", "A45", "A50", "A06"])
def test_a_stay_goes_on_under_its_new_number(hl7, of, event):
    old, new = of(hl7(f"ADT^{event}", PID, "MRG|||||V1", pv1(visit="V2", place="")), "Encounter")
    assert (old.key, dict(old.fields), old.operation) == ("V1", {"continued_as": "V2"}, "set")
    assert new.key == "V2"


def test_a_new_number_without_the_old_one_is_said(hl7):
    message = hl7("ADT^A50", PID, "MRG|H1001^^^DEMO^MR||||V1")
    assert [f.kind for f in message.findings] == [FindingKind.MERGE_UNMATCHED]


@pytest.mark.parametrize("event", ["A05", "A14", "A15", "A16", "A25", "A26", "A27", "A38"])
def test_what_is_to_come_says_nothing_of_where_somebody_is(stay, event):
    fields = stay(event, pv1(place="W2^1^9")).fields
    assert not {"ward", "bay", "bed", "kind", "started", "status", "presence"} & fields.keys()


def test_a_planned_admission_says_where_it_will_be(stay):
    fields = stay("A14", pv1(place="W2^1^9")).fields
    assert (fields["plan"], fields["planned_ward"], fields["planned_bed"]) == ("planned", "W2", "9")


def test_a_cancelled_transfer_says_where_they_are_by_the_prior_place(stay):
    cancelled = pv1(place="").split("|")
    cancelled[6] = "W1^B2^4"
    fields = stay("A12", "|".join(cancelled)).fields
    assert [fields[name] for name in ("ward", "bay", "bed")] == ["W1", "B2", "4"]


@pytest.mark.parametrize(("event", "place"), [("A12", ""), ("A02", ""), ("A02", "^^^HILL")])
def test_a_transfer_that_names_no_place_is_used_in_part(hl7, event, place):
    message = hl7(f"ADT^{event}", PID, pv1(place=place))
    assert message.outcome == "used-in-part"


def test_nobody_is_believed_to_be_where_they_were_not_moved_to(stay):
    assert stay("A12", pv1(place="")).fields["ward"] == ""


def test_a_place_emptied_part_by_part_is_empty(stay):
    assert stay("A08", pv1(place='""^""^""')).fields["ward"] == ""


def test_a_place_that_is_only_described_is_kept(stay):
    assert stay("A02", pv1(place="^^^^^^^^Ward 7 bed 3")).fields["ward"] == "Ward 7 bed 3"


@pytest.mark.parametrize("event", ["A01", "A02"])
def test_an_end_long_ago_is_an_end(stay, event):
    fields = stay(event, pv1(ended="20260905")).fields
    assert (fields["ended"], fields["status"]) == ("2026-09-05", "finished")


def test_who_stays_longer_than_expected_is_still_there(stay):
    assert stay("A02", pv1(ended="202611010900")).fields.get("status") != "finished"


@pytest.mark.parametrize("event", ["A01", "A03", "A11", "A13"])
def test_an_event_that_names_no_stay_is_of_the_patients_only_one(hl7, of, event):
    message = hl7(f"ADT^{event}", PID)
    assert message.outcome == "used-in-part"
    assert of(message, "Encounter")[0].key == "MR|DEMO|H1001"


@pytest.mark.parametrize("event", ["A02", "A09", "A32", "A52"])
def test_being_seen_in_hospital_begins_no_stay(stay, event):
    fields = stay(event, pv1()).fields
    assert (fields.get("status"), fields["presence"]) == (None, "in-progress")


def test_a_new_admission_takes_an_older_end_away(stay):
    assert stay("A01", pv1()).fields["ended"] == ""


def test_an_account_is_another_address_of_a_stay(stay, hl7, of):
    pid = PID + "||||||||||ACC1"
    (change,) = of(hl7("ADT^A08", pid, pv1()), "Encounter")
    assert (change.key, change.fields["addresses"]) == ("V55", ("ACC1",))


@pytest.mark.parametrize(("kind", "control"), [("ORU^R01", "RE"), ("ORM^O01", "NW")])
def test_orders_and_results_say_where_a_patient_lies(hl7, of, kind, control):
    order = (f"ORC|{control}|P1", "OBR|1|P1||FBC")
    (stay,) = of(hl7(kind, PID, pv1(), *order, app="LIMS"), "Encounter")
    assert (stay.source, stay.fields["bed"], "status" in stay.fields) == ("LIMS", "4", False)


@pytest.mark.parametrize("place", [("O", "CLINIC"), ("I", "")])
def test_a_visit_without_a_bed_says_nothing_of_where_they_lie(hl7, of, place):
    message = hl7("ORU^R01", PID, pv1(*place), "OBR|1|P1||FBC", app="LIMS")
    assert not of(message, "Encounter")


def test_what_tells_stays_apart_is_the_profiles_to_say(hl7, of):
    pid = PID + "||||||||||ACC1"
    for key, expected in (("visit", "V55"), ("account", "ACC1"), ("patient", "MR|DEMO|H1001")):
        message = hl7("ADT^A08", pid, pv1(), ctx=context(visit_key=key))
        assert of(message, "Encounter")[0].key == expected


def test_two_that_swap_beds_are_both_moved(hl7, of):
    message = hl7("ADT^A17", PID, pv1(place="W1^1^2"), OTHER, pv1(place="W1^1^1", visit="V66"))
    stays = of(message, "Encounter")
    assert [(c.patient[0].value, c.fields["bed"]) for c in stays] == [
        ("H1001", "2"),
        ("H2002", "1"),
    ]


@pytest.mark.parametrize("event", ["A28", "A31"])
def test_a_place_in_a_message_about_a_person_is_said_to_be_unread(hl7, of, event):
    message = hl7(f"ADT^{event}", PID, pv1())
    assert (of(message, "Encounter"), message.outcome) == ([], "used-in-part")
    assert hl7(f"ADT^{event}", PID, "PV1||N").outcome == "used"


def test_values_that_come_with_an_admission_are_observations(hl7, of):
    pulse = "OBX|1|NM|8867-4^Heart rate^LN||112|/min|60-100|H|||F|||202611021010"
    message = hl7("ADT^A04", PID, pv1(), pulse, "OBX|2|NM|WT^Weight||71|kg|||||F")
    first, second = of(message, "Observation")
    assert (first.fields["value"], first.fields["units"]) == ("112", "/min")
    assert (first.fields["effective"], first.fields["flag"]) == ("2026-11-02T10:10:00Z", "H")
    assert (second.fields["display"], second.fields["effective"]) == (
        "Weight",
        "2026-11-02T14:05:00Z",
    )
    assert message.outcome == "used"


def test_more_numbers_than_a_person_has_are_said(hl7, of):
    numbers = "~".join(f"N{number}^^^HILL^MR" for number in range(1000))
    message = hl7("ADT^A08", f"PID|1||{numbers}||A")
    assert len(of(message, "Patient")[0].patient) == 100
    assert message.outcome == "used-in-part"


def test_times_of_a_message_that_cannot_be_read_are_said(hl7):
    message = hl7("ADT^A08", "EVN|A08|02/11/2026 10:00", PID, sent="02/11/2026 10:00")
    assert {f.segment for f in message.findings} == {"MSH-7", "EVN-2"}
