"""What is received is kept: in order, once, encrypted, and for as long as the hospital wants."""

import stat

import pytest

from downtime.errors import NotFoundError
from downtime.feeds.model import Outcome
from downtime.ingest import ledger as ledger_module
from downtime.ingest.find_messages import find_messages, show_message
from downtime.ingest.ledger import Ledger
from downtime.ingest.model import MessageFilter
from downtime.ingest.read_ledger import read_after
from downtime.ingest.record_messages import record_messages, record_path
from downtime.ingest.store import day_file
from downtime.settings import FeedsSettings, Settings

from .received import MovingClock, admission, hl7, moved_vault, record, table

ACK = b"MSH|^~\\&|PAS|DEMO|||20261102100000||ACK|A1|P|2.4\rMSA|AA|1\r"
HEADLESS = b"MSH|^~\\&|PAS|DEMO|||20261102100000||ADT^A01|B1|P|2.4\rEVN|A01|20261102100000\r"
WARD_TABLE = {
    "match": "ward*",
    "record": "Encounter",
    "constants": {"status": "in-progress", "kind": "inpatient"},
    "columns": {
        "Ward": "ward",
        "Bed": "bed",
        "MRN": "patient.mrn",
        "Surname": "patient.family",
        "Visit": "visit_number",
    },
}
MAPPED = Settings(feeds=FeedsSettings(tables={"ward": WARD_TABLE}))
LIST = "Ward,Bed,MRN,Surname,Visit\nW1,1,H1,Quill,V1\nW1,2,H2,Reed,V2\n"


@pytest.fixture
def clock():
    return MovingClock()


@pytest.fixture
def ledger(vault, clock):
    with Ledger(moved_vault(vault, clock), Settings()) as opened:
        yield opened


def test_numbers_rise_over_batches_days_restarts_and_a_clock_that_goes_back(vault, clock, ledger):
    assert record(ledger, hl7(admission(1)), hl7(admission(2))) == [1, 2]
    clock.move(days=1)
    assert record(ledger, hl7(admission(3))) == [3]
    clock.move(days=-3)
    with Ledger(vault, Settings()) as again:
        assert record(again, hl7(admission(4))) == [4]
        assert [day.stem for day in again.list_days()] == ["2026-11-02", "2026-11-03"]
        assert [message.arrival for message in read_after(again, 1)] == [2, 3, 4]


def test_the_same_bytes_of_one_source_are_one_message_for_as_long_as_it_is_kept(ledger, clock):
    record(ledger, hl7(admission(1)), hl7(admission(1)), hl7(admission(2)))
    clock.move(days=20)
    first, of_another, new = record_messages(
        ledger, [hl7(admission(1)), hl7(admission(1), source="other"), hl7(admission(3))]
    )
    assert (first.arrival, first.repeated, first.outcome) == (1, True, Outcome.USED)
    assert (of_another.arrival, new.arrival) == (3, 4)
    assert not of_another.repeated
    assert len(find_messages(ledger, MessageFilter())) == 4


def test_a_repetition_is_known_though_its_day_and_its_stamp_do_not_agree(ledger, clock):
    ahead = hl7(admission(1, at="20270301080000"))
    without = hl7(admission(2).replace(b"|20261102122200||ADT", b"|||ADT", 1))
    record(ledger, ahead, without)
    clock.move(days=10)
    record(ledger, hl7(admission(3)))
    assert record(ledger, ahead, without) == [1, 2]


def test_a_table_comes_again_when_it_was_written_anew(vault, clock):
    with Ledger(moved_vault(vault, clock), MAPPED) as ledger:
        assert record(ledger, table(LIST)) == [2, 3]
        assert record_messages(ledger, [table(LIST)])[0].repeated
        assert len(find_messages(ledger, MessageFilter())) == 2
        assert len(record(ledger, table(LIST, modified="2026-11-02T09:00:00Z"))) == 2
        assert len(record(ledger, table(LIST, name="ward-list-2.csv"))) == 2


def test_what_was_rejected_is_taken_once_it_can_be_read(vault, clock):
    moved_vault(vault, clock)
    with Ledger(vault, Settings()) as unmapped:
        (rejected,) = record_messages(unmapped, [table(LIST)])
        assert rejected.outcome is Outcome.REJECTED
        assert record_messages(unmapped, [table(LIST)])[0].repeated
    with Ledger(vault, MAPPED) as mapped:
        rows = record_messages(mapped, [table(LIST)])
        assert [row.outcome for row in rows] == [Outcome.USED, Outcome.USED]
        assert rows[0].arrival > rejected.arrival + LIST.count("\n")  # its rows' numbers are free
        assert record_messages(mapped, [table(LIST)])[0].repeated


def test_a_batch_is_kept_whole_or_not_at_all(ledger, monkeypatch):
    record(ledger, hl7(admission(1)))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(day_file, "save_progress", full)
        with pytest.raises(OSError, match="space"):
            record(ledger, hl7(admission(2, ward="NEW")), hl7(admission(3)))
    assert len(find_messages(ledger, MessageFilter())) == 1
    assert record(ledger, hl7(admission(2, ward="NEW")), hl7(admission(3))) == [2, 3]
    assert [entry.kind for entry in find_messages(ledger, MessageFilter())] == ["ADT^A01"] * 3


def test_messages_are_found_by_what_people_know_of_them(ledger, clock):
    record(ledger, hl7(admission(1)), hl7(ACK), hl7(HEADLESS))
    clock.move(days=1)
    record(ledger, hl7(admission(11), source="second"))

    def find(**wanted: object) -> list[int]:
        return [entry.arrival for entry in find_messages(ledger, MessageFilter(**wanted))]

    assert find() == [4, 3, 2, 1]
    assert find(identifier="H1") == [1]
    assert find(identifier="H11") == [4]
    assert find(identifier="H") == []
    assert find(kind="ADT") == [4, 3, 1]
    assert find(kind="ACK") == [2]
    assert find(outcome=Outcome.NOT_USED) == [2]
    assert find(outcome=Outcome.REJECTED) == [3]
    assert find(source="second") == [4]
    assert find(source="PAS")[-1] == 1
    assert find(since="2026-11-03T00:00:00Z") == [4]
    assert find(until="2026-11-03T00:00:00Z") == [3, 2, 1]
    assert find(before=3) == [2, 1]
    assert [entry.arrival for entry in find_messages(ledger, MessageFilter(), 2)] == [4, 3]


def test_one_message_is_shown_as_it_came_with_what_it_touches(ledger, clock):
    record(ledger, *(hl7(admission(number)) for number in range(1, 80)))
    clock.move(days=1)
    record(ledger, hl7(admission(80)))
    shown = show_message(ledger, 70)
    assert shown.raw == admission(70)
    assert "H70" in {identifier.value for identifier in shown.entry.identifiers}
    assert {"Patient", "Encounter"} <= {item.type for item in shown.touched}
    for unknown in (0, 81, -1):
        with pytest.raises(NotFoundError):
            show_message(ledger, unknown)


def test_with_the_days_dictionary_every_message_still_comes_back(vault, ledger, monkeypatch):
    monkeypatch.setattr(ledger_module, "TRAINED_AT", 300)
    for number in range(1, 500, 7):
        record(
            ledger, *(hl7(admission(n, at=f"2026110210{n:04}")) for n in range(number, number + 7))
        )
    with Ledger(vault, Settings()) as again:
        assert record(again, hl7(admission(999))) == [505]
        for arrival in (1, 299, 301, 504, 505):
            number = 999 if arrival == 505 else arrival
            assert f"H{number}^".encode() in show_message(again, arrival).raw


def test_what_lies_on_the_disk_is_its_owners_alone_and_says_nothing(ledger, vault):
    record(ledger, hl7(admission(1)))
    folder = vault.home.ingest_folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [path for path in folder.iterdir() if path.suffix != ".lock" and path.name != ".lock"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    for path in files:
        content = path.read_bytes()
        assert b"Quill" not in content
        assert b"SQLite format" not in content


def test_a_ledger_that_was_lost_goes_on_above_what_the_state_has(ledger):
    ledger.skip_to(5_000)
    assert record(ledger, hl7(admission(1))) == [5_001]
    ledger.skip_to(10)
    assert record(ledger, hl7(admission(2))) == [5_002]


def test_who_looks_while_a_day_begins_finds_none_or_all_of_it(ledger, vault, monkeypatch):
    seen, connect = [], day_file.connect

    def look_and_connect(path, key):
        db = connect(path, key)
        if not seen:
            with Ledger(vault, Settings()) as other:
                seen.append((other.list_days(), other.get_last_arrival()))
        return db

    monkeypatch.setattr(day_file, "connect", look_and_connect)
    assert record(ledger, hl7(admission(1))) == [1]
    assert seen == [([], 0)]
    (day,) = ledger.list_days()
    day.rename(gone := day.with_suffix(".aside"))
    with pytest.raises(FileNotFoundError, match="left the ledger"), ledger.reading(day):
        pass
    assert ledger.list_days() == []  # looking made none
    assert gone.exists()


def test_a_day_goes_with_all_its_files_and_the_newest_never_does(ledger, clock, vault):
    record(ledger, hl7(admission(1)))
    clock.move(days=1)
    record(ledger, hl7(admission(2)))
    old, new = ledger.list_days()
    ledger.remove_day(old)
    ledger.remove_day(new)
    assert {path.name.split(".db")[0] for path in vault.home.ingest_folder.glob("[0-9]*")} == {
        new.stem
    }
    assert record(ledger, hl7(admission(1))) == [3]


def test_a_file_that_was_broken_off_and_begun_again_is_whole_and_nothing_is_twice(ledger, tmp_path):
    path = tmp_path / "adt.hl7"
    path.write_bytes(b"".join(admission(number) for number in range(1, 2_500)))
    broken_off = record_path(ledger, path)
    for _ in range(700):
        next(broken_off)
    broken_off.close()
    kept = [recorded.arrival for recorded in record_path(ledger, path)]
    assert kept == list(range(1, 2_500))
