"""The medicines due on a ward: from the copy, for who is there as staff say, and never 'none' in a doubt."""

import io
from dataclasses import replace

import pytest

from downtime.clinical.model import MedicationAdministration, MedicationRequest
from downtime.outage import outages
from downtime.outage.events.model import EventKind
from downtime.outage.events.record_event import EventDraft, EventRecorder
from downtime.paper.packs.medicines_due import MedicinesDue, read_ward_medicines
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.ward_pack import WardPack
from tests.integration.paper.conftest import MEDICINE, read_words, records

TYPES = ("Patient", "Encounter", "Location", "MedicationRequest")
DOSES = "MedicationAdministration"
NEWEST = {"PAS": "2026-11-02T13:58:00Z", "EPR": "2026-11-02T13:40:00Z"}


def prescribed(key, patient, medicine, frequency, **more):
    return MedicationRequest(
        id=key, source="EPR", patient=patient, medicine=medicine, frequency=frequency,
        **{"category": "regular", "status": "active", "dosage": "1 g"} | more,
    )  # fmt: skip


def given(patient, medicine, at="2026-11-02T09:00:00Z"):
    return MedicationAdministration(
        id=f"d-{patient}-{medicine}", source="EPR", patient=patient, medicine=medicine, given=at,
        status="given",
    )  # fmt: skip


SENT = [
    given("p1", MEDICINE),
    prescribed("m2", "p2", "Paracetamol 500 mg tablets", "10:00, 15:00 and 22:00"),
    given("p2", "Paracetamol 500 mg tablets", "2026-11-02T10:00:00Z"),
    prescribed("m3", "p3", "Co-careldopa 25 mg/100 mg tablets", "08:00, 12:00 and 17:00"),
    given("p3", "Co-careldopa 25 mg/100 mg tablets", "2026-11-02T12:00:00Z"),
    prescribed("m4", "p3", "Furosemide 40 mg tablets", "As directed"),
    prescribed("m5", "p2", "Codeine 30 mg tablets", "Up to 4 a day", category="as-required"),
]


@pytest.fixture
def ward(vault, settings, actor, snapshot_of):
    """`ward(records, …)` → what is due on ward A1 at 14:30; `.printed()` the words of its paper."""

    def read(
        sent=SENT, types=(*TYPES, DOSES), systems=NEWEST, deliver=("PAS", "EPR"), name="A1", hours=4
    ):
        snapshot = snapshot_of(
            [*records(), *sent],
            systems=systems,
            delivered={system: tuple(types) for system in deliver},
            holders={
                "MedicationRequest": ("EPR",), DOSES: ("EPR",), "Encounter": ("PAS",),
            },
        )  # fmt: skip
        read.snapshot = snapshot
        paper = replace(settings.paper, medicines_due_hours=hours)
        context = PrintContext(vault, replace(settings, paper=paper), actor, "", snapshot)
        return read_ward_medicines(context, name)

    def printed(name="A1"):
        out = io.BytesIO()
        print_pack(vault, settings, MedicinesDue(ward=name), actor, "", out, snapshot=read.snapshot)
        return " ".join("\n".join(read_words(out.getvalue())).split())

    def packed(name="A1"):
        out = io.BytesIO()
        request = WardPack(wards=(name,), forms=(), blanks=0)
        print_pack(vault, settings, request, actor, "", out, snapshot=read.snapshot)
        return [" ".join(page.split()) for page in read_words(out.getvalue())]

    read.printed, read.packed = printed, packed
    return read


def names(lines):
    return [(line.row.patient.id, line.when) for line in lines]


def test_time_critical_medicines_come_first_then_the_earliest(ward):
    found = ward()
    assert names(found.critical) == [("p1", "17:00"), ("p3", "17:00")]
    assert names(found.others) == [("p2", "15:00")]
    assert [line.due.row.medicine.id for line in found.unknown] == ["m4"]
    assert found.summary == "3 medicines due by 18:30, 2 of them time-critical"
    assert found.warnings == ()
    words = ward.printed()
    places = [
        words.index(text)
        for text in ("TIME-CRITICAL: give", "Other medicines due", "Nothing says when")
    ]
    assert places == sorted(places)
    assert "Furosemide" in words[places[2] :]
    assert "Codeine" not in words
    assert "02-Jan-1960" in words


def test_a_long_list_of_allergies_stands_whole_behind_all_that_is_due(ward):
    """In its row it would push what is due first off the first page."""
    ward()
    words = ward.printed()
    body, allergies = words.split("Allergies in full")
    assert "(10):" in body
    assert "Iodinated contrast" not in body
    assert all(f"number {n}" in allergies for n in range(1, 11))


def test_the_hours_are_a_setting(ward):
    found = ward(hours=1)
    assert found.summary == "1 medicine due by 15:30"
    assert names(found.others) == [("p2", "15:00")]


def test_a_dose_that_was_due_before_is_said_to_be_late(ward):
    (line,) = ward([*SENT[:1], prescribed("m", "p2", "Digoxin 125 micrograms", "08:00, 14:00"),
                    given("p2", "Digoxin 125 micrograms", "2026-11-02T08:00:00Z")]).critical[:1]  # fmt: skip
    assert line.when == "was due 14:00"
    assert line.is_late


PARACETAMOL = "Paracetamol 500 mg tablets"
DOUBT = (
    "A dose of Panadol was recorded on 02-Nov-2026 13:10 and belongs to no prescription here:"
    " it may be this medicine."
)


def test_what_may_have_been_given_under_another_name_is_never_plainly_due(ward):
    found = ward([*SENT, given("p2", "Panadol", "2026-11-02T13:10:00Z")])
    assert names(found.doubtful) == [("p2", "15:00\nif not given already")]
    assert found.others == ()
    assert DOUBT in found.doubtful[0].last_dose
    assert [(u.row.patient.id, u.doses) for u in found.unprescribed] == [
        ("p2", "Panadol: 02-Nov-2026 13:10")
    ]
    assert found.summary == (
        "3 medicines due by 18:30, 2 of them time-critical; of 1 a dose may have been given already"
    )
    words = ward.printed()
    section = words[words.index("MAY HAVE BEEN GIVEN ALREADY") :]
    assert "ASK FIRST" in section
    assert "Paracetamol" not in words[: words.index("MAY HAVE BEEN GIVEN ALREADY")]
    assert "belong to no prescription here" in section
    assert "Panadol: 02-Nov-2026 13:10" in section


def test_a_brand_with_the_code_of_a_prescription_is_its_last_dose(ward):
    code = "SCT|322236009"
    brand = replace(given("p2", "Panadol", "2026-11-02T13:55:00Z"), codes=code)
    prescription = prescribed("m2", "p2", PARACETAMOL, "14:00 and 22:00", codes=code)
    found = ward([prescription, brand])
    assert found.doubtful == found.others == found.unprescribed == ()


def test_time_critical_medicines_in_doubt_stand_first_and_are_counted(ward):
    found = ward([*SENT, given("p3", "Another name", "2026-11-02T14:00:00Z")])
    assert names(found.critical) == [("p1", "17:00")]
    assert [line.due.row.medicine.id for line in found.doubtful] == ["m3", "m4"]
    assert "2 of them time-critical; of 1 a dose may" in found.summary


def test_a_dose_of_somebody_without_a_prescription_is_listed(ward):
    found = ward([given("p2", "Panadol", "2026-11-02T13:10:00Z")])
    assert [u.row.patient.id for u in found.unprescribed] == ["p2"]
    assert "Panadol: 02-Nov-2026 13:10" in ward.printed()


def test_what_the_system_did_not_send_is_not_known_and_never_none(ward):
    found = ward([], types=TYPES[:-1], deliver=("PAS",), name="C3")
    assert found.summary == "Not known whether medicines are due by 18:30"
    assert "Medicines: " in found.warnings[0]
    assert "EPR" in found.warnings[0]
    words = ward.printed("C3")
    assert "Not known whether medicines are due" in words
    assert "No medicine due" not in words
    assert "Some may be due that are not on this list" in words


def test_none_is_said_only_where_all_was_sent(ward):
    assert ward(name="C3").summary == "No medicine due by 18:30, as the copy says"


def test_doses_that_no_system_sent_are_said(ward):
    found = ward(types=TYPES)
    assert any(text.startswith("Doses given: ") and "EPR" in text for text in found.warnings)
    assert "may have been given" in ward.printed()


def test_old_data_is_said_with_its_age(ward):
    found = ward(systems=NEWEST | {"EPR": "2026-10-31T09:40:00Z"})
    assert "EPR as at 31-Oct-2026 09:40" in found.warnings[0]
    assert "What was prescribed or stopped since is not here" in ward.printed()


def test_who_was_moved_and_who_came_are_where_staff_say(ward, vault, settings, actor):
    ward()
    outages.declare_systems_down(
        vault, ["PAS"], actor, "x", known=["PAS"], snapshot=ward.snapshot.id
    )
    recorder = EventRecorder(vault, settings, ward.snapshot, actor)
    answers = {
        "identity": "known", "family": "Newcomer", "given": "Nia", "birth_date": "1990-05-05",
        "gender": "female", "ward": "A1", "bed": "Chair 9", "stay": "emergency",
    }  # fmt: skip
    recorder.record(
        EventDraft(kind=EventKind.ARRIVAL, happened=vault.now(), answers=answers), is_confirmed=True
    )
    recorder.record(
        EventDraft(
            kind=EventKind.MOVE,
            happened=vault.now(),
            patient="p3",
            answers={"ward": "B2", "bed": "9"},
        ),
        is_confirmed=True,
    )
    context = PrintContext(vault, settings, actor, "", ward.snapshot)
    here, there = (read_ward_medicines(context, name) for name in ("A1", "B2"))
    assert "p3" not in {line.row.patient.id for line in (*here.critical, *here.unknown)}
    assert names(there.critical) == [("p3", "17:00")]
    assert not here.is_known
    assert "NEWCOMER, Nia" in here.warnings[-1]


def test_who_died_is_not_on_the_list(ward, vault, settings, actor):
    ward()
    outages.declare_systems_down(
        vault, ["PAS"], actor, "x", known=["PAS"], snapshot=ward.snapshot.id
    )
    EventRecorder(vault, settings, ward.snapshot, actor).record(
        EventDraft(
            kind=EventKind.DEATH,
            happened=vault.now(),
            patient="p3",
            answers={"verified_by": "Dr Cole"},
        ),
        is_confirmed=True,
    )
    found = read_ward_medicines(PrintContext(vault, settings, actor, "", ward.snapshot), "A1")
    assert names(found.critical) == [("p1", "17:00")]


def test_where_nobody_said_who_is_on_the_ward_nothing_is_none(ward):
    found = ward([], types=TYPES[2:], deliver=("EPR",), name="C3")
    assert found.summary == "Not known whether medicines are due by 18:30"
    assert "Who is on the ward: PAS unavailable" in found.warnings[0]


def test_a_wards_pack_holds_the_list_after_the_beds(ward):
    ward([*SENT, given("p2", "Panadol", "2026-11-02T13:10:00Z")])
    pages = ward.packed()
    lists = [page for page in pages if "Medicines due: A1" in page]
    assert "MAY HAVE BEEN GIVEN ALREADY" in " ".join(lists)
    assert "This list ends at 18:30" in lists[0]
    titles = [name for page in pages for name in ("Bed list: ", "Medicines due: ", "Patient summary K7")
              if name in page]  # fmt: skip
    assert list(dict.fromkeys(titles)) == ["Bed list: ", "Medicines due: ", "Patient summary K7"]


def test_a_pack_says_which_system_sent_no_medicines(ward):
    ward([], deliver=("PAS",))
    first, *_ = [page for page in ward.packed() if "Medicines due: A1" in page]
    assert "Medicines: EPR unavailable" in first
    assert "Some may be due that are not on this list" in first
    assert "No medicine due" not in first


def test_a_pack_has_no_list_where_no_system_ever_sent_a_medicine(ward):
    ward([], types=TYPES[:-1])
    assert not [page for page in ward.packed() if "Medicines due: A1" in page]
