"""The snapshot kept open between requests says at every moment what one opened anew would say."""

import random
from contextlib import closing

import pytest

from downtime.errors import NotFoundError, UserError
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.outage import outages, store
from downtime.outage.events.correct_event import correct_event, withdraw_event
from downtime.outage.events.hospital_now import HospitalNow
from downtime.outage.events.list_events import list_events
from downtime.outage.events.merge_events import merge_event, move_events_to_outages
from downtime.outage.events.model import EventKind
from downtime.outage.events.record_event import EventDraft, EventRecorder
from downtime.outage.events.store import event_row
from downtime.outage.model import OutageState
from downtime.snapshot import local_snapshots
from downtime.vault.database import transaction
from downtime.vault.model import Actor
from downtime.web.open_snapshots import OpenSnapshots
from tests.integration.web import tiny
from tests.night import by_night

AMINA = Actor("u-1", "Amina Ward", "K7")
WARDS = ("A1", "B2", "C3")


@pytest.fixture
def kept():
    snapshots = OpenSnapshots()
    yield snapshots
    snapshots.close()


def describe(hospital: HospitalNow) -> dict[str, object]:
    """Everything that pages ask of the hospital as it is now."""
    return {
        "wards": [hospital.read_ward(ward) for ward in WARDS],
        "rows": [hospital.find_ward(ward) for ward in WARDS],
        "stays": [hospital.list_stays(ward) for ward in WARDS],
        "counts": (hospital.count_wards(), hospital.count_board(), hospital.list_wards()),
        "absent": hospital.absent,
        "registered": [person.patient for person in hospital.registered.values()],
        "places": [hospital.find_stay(key) for key in hospital.registered],
    }


class Story:
    """Staff, another machine and the publisher do at random what changes a board."""

    def __init__(self, hospital, vault, folder, seed: int) -> None:
        self.hospital, self.vault, self.folder = hospital, vault, folder
        self.chance = random.Random(seed)
        self.snapshots = 0

    def go_on(self) -> str:
        """Do something, if the rules allow it; its name."""
        steps = (
            self.arrive, self.move, self.leave, self.go_away, self.correct, self.withdraw,
            self.merge, self.put_under_another_outage, self.begin_outage, self.end_outage,
        )  # fmt: skip
        step = self.load_snapshot if self.chance.random() < 0.04 else self.chance.choice(steps)
        self.hospital.clock.go_on(minutes=1)
        try:
            step()
        except UserError:
            return f"{step.__name__}, refused"
        return step.__name__

    def record(self, kind, patient="", **answers) -> None:
        with closing(local_snapshots.open_current_snapshot(self.vault)) as snapshot:
            recorder = EventRecorder(self.vault, self.hospital.settings, snapshot, AMINA)
            draft = EventDraft(
                kind=kind, happened=self.vault.now(), patient=patient, answers=answers
            )
            recorder.record(draft, is_confirmed=True)

    def choose_patient(self) -> str:
        with closing(local_snapshots.open_current_snapshot(self.vault)) as snapshot:
            known = [row.patient.id for row in snapshot.list_inpatients()]
            return self.chance.choice([*known, *HospitalNow(self.vault, snapshot).registered])

    def choose_place(self) -> dict[str, str]:
        return {"ward": self.chance.choice(WARDS), "bed": str(self.chance.randint(1, 4))}

    def choose_thread(self):
        threads = list_events(self.vault)
        return self.chance.choice(threads) if threads else None

    def arrive(self) -> None:
        self.record(
            EventKind.ARRIVAL, identity="unknown", gender="male", stay="emergency",
            **self.choose_place(),
        )  # fmt: skip

    def move(self) -> None:
        self.record(EventKind.MOVE, self.choose_patient(), **self.choose_place())

    def leave(self) -> None:
        self.record(EventKind.DISCHARGE, self.choose_patient(), outcome="advised")

    def go_away(self) -> None:
        self.record(EventKind.ABSENCE, self.choose_patient(), where="X-ray")

    def correct(self) -> None:
        if thread := self.choose_thread():
            event = thread.latest
            with closing(local_snapshots.open_current_snapshot(self.vault)) as snapshot:
                correct_event(
                    self.vault, self.hospital.settings, event.root, event.happened,
                    {**event.answers, **self.choose_place()}, AMINA, "wrong bed",
                    snapshot=snapshot, is_confirmed=True,
                )  # fmt: skip

    def withdraw(self) -> None:
        if thread := self.choose_thread():
            settings, why = self.hospital.settings, "was another patient"
            withdraw_event(self.vault, settings, thread.root, AMINA, why, snapshot=None)

    def merge(self) -> None:
        """Another machine's word on a move that was recorded here, a new event to this one."""
        if thread := self.choose_thread():
            row = event_row(thread.latest)
            number = f"M9{self.chance.randrange(10**6):06}"
            row |= {
                "id": number, "root": number, "device": "M9", "outage": "M9:1",
                "answers": {**row["answers"], **self.choose_place()},
            }  # fmt: skip
            with transaction(self.vault.db) as db:
                merge_event(db, "K7", {"M9:1": self.choose_outage()}, row)

    def put_under_another_outage(self) -> None:
        with transaction(self.vault.db) as db:
            move_events_to_outages(db, {"M9:1": self.choose_outage()})

    def choose_outage(self) -> str:
        return self.chance.choice([outage.id for outage in outages.list_outages(self.vault)])

    def begin_outage(self) -> None:
        name = self.chance.choice(["PAS", "LIMS"])
        outages.declare_systems_down(self.vault, [name], AMINA, "said by IT", known=["PAS", "LIMS"])

    def end_outage(self) -> None:
        for outage in outages.list_unclosed(self.vault):
            if outage.down:
                outages.mark_restored(self.vault, outage.down, AMINA, "said by IT")
            else:
                with transaction(self.vault.db) as db:
                    store.set_outage_state(db, outage.id, OutageState.CLOSED, self.vault.now())

    def load_snapshot(self) -> None:
        """The next copy of the hospital has somebody more."""
        self.snapshots += 1
        feeds, out = (self.folder / f"{name}-{self.snapshots}" for name in ("feeds", "out"))
        tiny.write(feeds)
        number = str(1000010 + self.snapshots)
        person = (number, "", "New", "Nora", "19700101", "F", "C3", "", str(self.snapshots))
        (feeds / "more.hl7").write_text(tiny.make_admission(90 + self.snapshots, *person))
        settings = self.hospital.settings
        built = publish_snapshot(self.vault, settings, [feeds], out, AMINA)
        receive_snapshot(self.vault, settings, built.bundle, AMINA)


@pytest.mark.parametrize("seed", range(by_night(40, 3)))
def test_the_board_kept_is_the_board_folded_anew(hospital, vault, kept, tmp_path, seed):
    story, done = Story(hospital, vault, tmp_path, seed), []
    story.begin_outage()
    for _ in range(by_night(120, 30)):
        done.append(story.go_on())
        with (
            kept.lend_current(vault) as lent,
            closing(local_snapshots.open_current_snapshot(vault)) as snapshot,
        ):
            shown = describe(lent.read_hospital_now(vault))
            assert shown == describe(HospitalNow(vault, snapshot)), done
            assert lent.read_hospital_now(vault) is lent.read_hospital_now(vault)
    assert len({step for step in done if "refused" not in step}) > 5


def test_who_has_a_snapshot_finishes_with_it_when_another_one_is_in_use(
    hospital, vault, kept, tmp_path
):
    with kept.lend_current(vault) as before:
        Story(hospital, vault, tmp_path, 1).load_snapshot()
        with kept.lend_current(vault) as after:
            assert after.snapshot.id != before.snapshot.id
        assert before.snapshot.list_inpatients()
        opened = list(before.snapshot._opened)
        assert opened
    assert before.snapshot._opened == []


def test_what_was_closed_on_the_disk_is_shown_no_more(vault, kept):
    with kept.lend_current(vault) as lent:
        assert lent.snapshot.list_inpatients()
    local_snapshots.database_path(vault, local_snapshots.get_current_id(vault)).unlink()
    with pytest.raises(NotFoundError, match="closed"), kept.lend_current(vault):
        pass
    assert lent.snapshot._opened == []


def test_nothing_stays_open_once_nobody_is_signed_in(hospital):
    browser = hospital.browser("ward")
    assert "SAMPLE" in browser.get("/beds/ward?ward=A1").text
    holder = hospital.app.extensions["downtime"].vault_holder
    snapshot = holder.open_snapshots._latest.snapshot
    assert snapshot._opened
    browser.post("/sign-out")
    assert not holder.unlocked
    assert snapshot._opened == []
    assert holder.open_snapshots._latest is None


def test_a_new_snapshot_is_on_the_next_page(hospital, vault, tmp_path):
    browser = hospital.browser("ward")
    assert "C3" not in browser.get("/beds").text
    Story(hospital, vault, tmp_path, 1).load_snapshot()
    assert "NEW, Nora" in browser.get("/beds/ward?ward=C3").text
