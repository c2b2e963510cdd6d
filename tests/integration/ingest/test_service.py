"""All sources as one service: each by itself, with its own health, stopped whole."""

import resource
import time

import pytest

from downtime.errors import InputError
from downtime.feeds.model import Reject
from downtime.ingest.find_messages import find_messages
from downtime.ingest.ledger import Ledger
from downtime.ingest.model import MessageFilter
from downtime.ingest.read_ledger import find_newest_of, read_after
from downtime.ingest.read_unread import count_unread
from downtime.ingest.record_messages import keep_messages
from downtime.ingest.sources.health import SourceState
from downtime.ingest.sources.read_sources import read_source, read_sources
from downtime.ingest.store.sources import list_health
from downtime.settings import IngestSettings, Settings

from .listening import Sender, codes, framed, message
from .received import hl7
from .service import service


def wait_until(holds, seconds: float = 60):
    end = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)
    return value


def health(vault) -> dict:
    return {report.name: report for report in list_health(vault.db)}


def people(vault, settings) -> list[str]:
    with Ledger(vault, settings) as ledger:
        items = [recorded.item for recorded in read_after(ledger, 0)]
    return sorted(
        item.content[0].patient[0].value for item in items if not isinstance(item, Reject)
    )


def test_a_source_that_fails_is_tried_again_and_stops_no_other(vault, settings, tmp_path):
    folder = tmp_path / "in"
    tables = {
        "engine": {"kind": "mllp", "port": 0},
        "lists": {"kind": "folder", "path": str(folder), "every_seconds": 0.2, "stable_seconds": 0},
        "server": {"kind": "fhir", "url": "http://127.0.0.1:9/fhir", "queries": ["Patient"], "tries": 1},
    }  # fmt: skip
    with service(vault, **tables) as running:
        with Sender(running.ports["engine"]) as sender:
            assert sender.ask(message(1)) == ("AA", "1")
            assert sender.ask(b"MSH|^~\\&|PAS|RXH|||20261102|||9|P|2.4\r")[0] == "AE"
            assert sender.ask(b"no message at all")[0] == "AR"
        wait_until(lambda: health(vault).get("lists") and health(vault)["lists"].last_error)
        assert health(vault)["lists"].state is SourceState.WAITING
        folder.mkdir()  # now the folder is there
        (folder / "a.hl7").write_bytes(message(2))
        wait_until(lambda: (folder / "done" / "a.hl7").exists())
        wait_until(lambda: health(vault)["lists"].messages == 1)
        wait_until(lambda: health(vault)["server"].last_error)
        rows = health(vault)
        assert (rows["engine"].messages, rows["engine"].rejected, rows["engine"].refused) == (
            2,
            1,
            1,
        )
        assert {rows["engine"].state, rows["lists"].state} == {SourceState.RUNNING}
        assert rows["server"].state is SourceState.WAITING
        assert "No connection" in rows["server"].last_error
        assert rows["engine"].lag_seconds > 0
        assert rows["engine"].last_message
        running.stop()
    assert {row.state for row in health(vault).values()} == {SourceState.STOPPED}
    assert people(vault, settings) == ["1", "2"]
    before = health(vault)["engine"]
    with service(vault, engine=tables["engine"]) as running:
        running.stop()
    after = health(vault)["engine"]
    assert (after.messages, after.last_message, after.lag_seconds) == (
        0,
        before.last_message,
        before.lag_seconds,
    )


def test_what_was_rejected_says_nothing_of_how_late_its_source_is(vault, settings):
    with Ledger(vault, settings) as ledger:
        keep_messages(ledger, [hl7(message(0))])
        before = find_newest_of(ledger, "engine")
        keep_messages(ledger, [hl7(b"no message at all")])
        received, made = find_newest_of(ledger, "engine")
    assert made
    assert (received, made) == before


def test_what_is_answered_unread_is_read_when_nothing_comes_and_what_was_left_by_the_next(
    vault, settings
):
    wrong = message(2).replace(b"|2^^^DEMO^MR", b"|123^^^NHS^NH")  # only reading finds that
    engine, strict = {"kind": "mllp", "port": 0}, {"read_before_answer": True}
    with Ledger(vault, settings) as ledger:
        keep_messages(ledger, [hl7(message(0), source="engine")])
        with (
            service(vault, engine=engine, strict=engine | strict) as running,
            Sender(running.ports["engine"]) as sender,
            Sender(running.ports["strict"]) as strict_sender,
        ):
            assert [sender.ask(content)[0] for content in (message(1), wrong)] == ["AA", "AA"]
            assert strict_sender.ask(wrong)[0] == "AE"
            wait_until(lambda: not count_unread(ledger))
            wait_until(lambda: health(vault)["engine"].rejected == 1)
            assert health(vault)["strict"].rejected == 1
        outcomes = [entry.outcome for entry in find_messages(ledger, MessageFilter())]
        assert sorted(outcomes) == ["rejected", "rejected", "used", "used"]


def test_a_stop_answers_what_was_received_and_says_nothing_of_it(vault, settings):
    with (
        service(vault, engine={"kind": "mllp", "port": 0}) as running,
        Sender(running.ports["engine"]) as sender,
    ):
        sender.write(*(framed(message(number)) for number in range(200)))
        assert codes(sender.answer())[0] == "AA"
        errors = running.stop()
        answered = 1
        while sender.answer():
            answered += 1
    kept = people(vault, settings)
    assert answered <= len(kept)
    assert len(kept) == len(set(kept))
    assert "Test" not in errors


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"kind": "fax"}, "kind' in config.toml must be one of mllp, folder"),
        ({}, "kind"),
        ({"kind": "mllp", "host": "10.1.2.3"}, "patient data would go over the network in clear"),
        ({"kind": "mllp", "prot": 1}, "unknown setting 'ingest.sources.a.prot'"),
        ({"kind": "mllp", "senders": ["here"]}, "senders"),
        ({"kind": "sftp", "path": "x", "host": "h", "user": "u", "key_file": "k"}, "known_hosts_file"),
        ({"kind": "folder"}, "path"),
        ({"kind": "folder", "path": "x", "done": "a/b"}, "done"),
        ({"kind": "s3", "path": "x", "endpoint": "http://far.example"}, "endpoint"),
        ({"kind": "sql", "url": "sqlite://", "query": "SELECT 1", "name": "x"}, "name"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_is_named(table, said):
    with pytest.raises(InputError, match=said):
        read_source("a", table)


def test_sources_of_all_kinds_are_read_with_their_defaults():
    tables = {
        "engine": {"kind": "mllp"},
        "lists": {"kind": "folder", "path": "in"},
        "share": {"kind": "smb", "path": "s/in", "host": "h", "user": "u", "password_file": "p"},
    }
    sources = read_sources(Settings(ingest=IngestSettings(sources=tables)))
    assert [source.kind for source in sources.values()] == ["mllp", "folder", "smb"]


def test_a_full_disk_acknowledges_nothing_and_goes_on_when_there_is_room(vault, settings):
    """The process may write no more bytes into any file, as on a full disk; then it may again."""
    with service(vault, engine={"kind": "mllp", "port": 0}) as running:
        port, process = running.ports["engine"], running.process.pid
        with Sender(port) as sender:
            assert sender.ask(message(1)) == ("AA", "1")
            resource.prlimit(process, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
            sender.write(framed(message(2)))
            assert sender.is_closed()
        with Sender(port) as sender:
            sender.write(framed(message(2)))
            assert sender.is_closed()
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(process, resource.RLIMIT_FSIZE, unlimited)
        with Sender(port) as sender:
            assert sender.ask(message(2)) == ("AA", "2")
        wait_until(lambda: "engine" in health(vault))
        wait_until(lambda: "Nothing can be kept" in health(vault)["engine"].last_error)
        running.stop()
    assert people(vault, settings) == ["1", "2"]
