"""Downtime numbers that were linked: A40 or A47 to the system, a line for people when it is undone."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from downtime.entry.facts import PaperPerson
from downtime.reconcile.identity import links
from downtime.returns import outbox, queue_messages, send_messages
from downtime.returns.model import word_reason
from downtime.returns.rekey import line_table, rekey_lines, tick_line, worklist_files
from downtime.returns.store import outbox_messages
from downtime.settings import Settings
from downtime.vault.model import Actor

from .conftest import MARY, request
from .receiver import ack, receiver

ZONE = ZoneInfo("Europe/London")
NUMBER = "DK700001X"
PAPER = PaperPerson(downtime_number=NUMBER, family="Unknown", given="Female")
OTHER = Actor("u-2", "Ben Records", "laptop-1")


@pytest.fixture
def link(vault, outage, actor):
    """Two people agree that the downtime number is Mary."""
    made = links.propose_link(
        vault, outage.id, NUMBER, "s-1", MARY._replace(id="p-H100"), [PAPER], actor, "same scar"
    )
    return links.confirm_link(vault, Settings(), made.key, made.id, OTHER, "and the same name", [])


@pytest.fixture
def send(vault, actor):
    def run(settings):
        return send_messages.send_messages(
            vault, settings, "LIMS", actor, pause=lambda seconds: False
        )

    return run


def listed(vault, outage):
    return rekey_lines.list_lines(vault, outage.id)


@pytest.mark.parametrize("merge", ["A40", "A47"])
def test_a_link_goes_as_the_target_wants_it_and_before_the_patient_s_results(
    merge, vault, link, decide, network, send
):
    decide(request("K7000001A", MARY))
    with receiver() as lims:
        assert send(network(lims.port, merge=merge)).acknowledged == 2
        assert send(network(lims.port, merge=merge)).attempts == 0
    first, second = (message.decode() for message in lims.got)
    assert f"|ADT^{merge}^" in first.split("\r")[0]
    assert "\rPID|1||H100^" in first
    assert f"\rMRG|{NUMBER}^^^DOWNTIME^PI" in first
    assert "|OML^O21^" in second.split("\r")[0]


def test_a_link_is_told_although_nothing_else_is_decided(vault, link, network, actor):
    queued = queue_messages.queue_items(vault, network(1), actor)
    assert [one.kind for one in outbox_messages.list_messages(vault.db)] == ["ADT^A40"]
    assert queued.messages == 1


def test_an_undone_link_that_was_told_asks_people_to_separate_the_records(
    vault, outage, link, network, send, actor
):
    with receiver() as lims:
        settings = network(lims.port)
        send(settings)
        links.undo_link(vault, link.key, link.id, OTHER, "another scar")
        assert send(settings).attempts == 0
        send(settings)
    (line,) = listed(vault, outage)
    assert line.worklist == ("LIMS", "")
    assert (line.row.item.person.mrn, line.row.item.person.downtime_number) == ("H100", NUMBER)
    text = line_table.to_csv(line_table.build_table([line], ZONE)).decode()
    assert f"Separate {NUMBER} again" in text
    assert "Was joined with: H100 Hill Mary" in text
    tick_line.tick_line(vault, line.message.control_id, "", actor)
    assert listed(vault, outage)[0].tick.ticked_by_name == actor.name


def test_the_line_is_in_every_file_that_people_get(
    vault, outage, link, network, send, actor, tmp_path
):
    with receiver() as lims:
        settings = network(lims.port)
        send(settings)
        links.undo_link(vault, link.key, link.id, OTHER, "another scar")
        rekey_lines.fill_worklists(vault, settings, actor)
    written = {
        path.suffix: path
        for path in worklist_files.write_worklists(vault, settings, tmp_path, actor)
    }
    assert f"Separate {NUMBER} again" in written[".csv"].read_text(encoding="utf-8-sig")
    assert set(written) == {".csv", ".xlsx", ".pdf"}
    assert {one.state for one in outbox_messages.list_messages(vault.db)} == {
        "acknowledged",
        "sent",
    }


def test_a_link_that_was_undone_before_it_was_told_reaches_nobody(
    vault, outage, link, network, send, actor
):
    queue_messages.queue_items(vault, network(1), actor)
    links.undo_link(vault, link.key, link.id, OTHER, "another scar")
    with receiver() as lims:
        assert send(network(lims.port)).attempts == 0
    (message,) = outbox_messages.list_messages(vault.db)
    assert (message.state, word_reason(message.reason)) == (
        "resolved", "The link was undone before it was told.",
    )  # fmt: skip
    assert listed(vault, outage) == []


def test_a_refused_link_that_is_undone_frees_the_patient_s_later_messages(
    vault, link, decide, network, send
):
    decide(request("K7000001A", MARY))
    answers = iter(["AE"])
    with receiver(lambda m, c: ack(m, next(answers, "AA"))) as lims:
        settings = network(lims.port)
        assert send(settings).refused == 1
        links.undo_link(vault, link.key, link.id, OTHER, "another scar")
        assert send(settings).acknowledged == 1
    assert [one.state for one in outbox_messages.list_messages(vault.db)] == [
        "resolved",
        "acknowledged",
    ]


def test_a_system_with_a_name_of_two_words_keeps_its_lines(vault, outage, link, network, actor):
    settings = network(1)
    table = {"channel": "file"}
    names = (*settings.systems.names, "Blood bank")
    settings = replace(
        settings,
        systems=replace(settings.systems, names=names),
        returns=replace(settings.returns, targets={"Blood bank": table}),
    )
    queue_messages.queue_items(vault, settings, actor)
    outbox.mark_handed_over(vault, list(outbox_messages.list_messages(vault.db)), actor)
    links.undo_link(vault, link.key, link.id, OTHER, "another scar")
    queue_messages.queue_items(vault, settings, actor)
    (line,) = listed(vault, outage)
    assert line.worklist[0] == "Blood bank"
