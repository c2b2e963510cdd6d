"""Downtime numbers that were linked: A40 or A47 to the system, a line for people when it is undone."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from downtime.entry.facts import Person
from downtime.reconcile.identity import linking
from downtime.returns import outbox, queueing, sending, store
from downtime.returns.worklists import files, rekey, worklist
from downtime.settings import Settings
from downtime.vault.audit import Actor

from .conftest import MARY, request
from .receiver import ack, receiver

ZONE = ZoneInfo("Europe/London")
NUMBER = "DK700001X"
PAPER = Person(downtime_number=NUMBER, family="Unknown", given="Female")
OTHER = Actor("u-2", "Ben Records", "laptop-1")


@pytest.fixture
def link(vault, outage, who):
    """Two people agree that the downtime number is Mary."""
    made = linking.propose(
        vault, outage.id, NUMBER, "s-1", MARY._replace(id="p-H100"), [PAPER], who, "same scar"
    )
    return linking.confirm(vault, Settings(), made.id, OTHER, "and the same name", [])


@pytest.fixture
def send(vault, who):
    def run(settings):
        return sending.send(vault, settings, "LIMS", who, pause=lambda seconds: False)

    return run


def listed(vault, outage):
    return rekey.lines(vault, outage.id)


@pytest.mark.parametrize("merge", ["A40", "A47"])
def test_a_link_goes_as_the_target_wants_it_and_before_the_patient_s_results(
    merge, vault, link, decide, network, send
):
    decide(request("K7000001A", MARY))
    with receiver() as lims:
        assert send(network(lims.port, merge=merge)).taken == 2
        assert send(network(lims.port, merge=merge)).tries == 0
    first, second = (message.decode() for message in lims.got)
    assert f"|ADT^{merge}^" in first.split("\r")[0]
    assert "\rPID|1||H100^" in first
    assert f"\rMRG|{NUMBER}^^^DOWNTIME^PI" in first
    assert "|OML^O21^" in second.split("\r")[0]


def test_a_link_is_told_although_nothing_else_is_decided(vault, link, network, who):
    queued = queueing.queue(vault, network(1), who)
    assert [one.kind for one in store.messages(vault.db)] == ["ADT^A40"]
    assert queued.messages == 1


def test_an_undone_link_that_was_told_asks_people_to_separate_the_records(
    vault, outage, link, network, send, who
):
    with receiver() as lims:
        settings = network(lims.port)
        send(settings)
        linking.undo(vault, link.id, OTHER, "another scar")
        assert send(settings).tries == 0
        send(settings)
    (line,) = listed(vault, outage)
    assert line.listed == ("LIMS", "")
    assert (line.words.person.mrn, line.words.person.downtime_number) == ("H100", NUMBER)
    text = worklist.to_csv(rekey.table([line], ZONE)).decode()
    assert f"Separate {NUMBER} again" in text
    assert "Was joined with: H100 Hill Mary" in text
    rekey.tick(vault, line.message.control_id, "", who)
    assert listed(vault, outage)[0].tick.ticked_by_name == who.name


def test_the_line_is_in_every_file_that_people_get(
    vault, outage, link, network, send, who, tmp_path
):
    with receiver() as lims:
        settings = network(lims.port)
        send(settings)
        linking.undo(vault, link.id, OTHER, "another scar")
        rekey.fill(vault, settings, who)
    written = {path.suffix: path for path in files.write(vault, settings, tmp_path, who)}
    assert f"Separate {NUMBER} again" in written[".csv"].read_text(encoding="utf-8-sig")
    assert set(written) == {".csv", ".xlsx", ".pdf"}
    assert {one.state for one in store.messages(vault.db)} == {"acknowledged", "sent"}


def test_a_link_that_was_undone_before_it_was_told_reaches_nobody(
    vault, outage, link, network, send, who
):
    queueing.queue(vault, network(1), who)
    linking.undo(vault, link.id, OTHER, "another scar")
    with receiver() as lims:
        assert send(network(lims.port)).tries == 0
    (message,) = store.messages(vault.db)
    assert (message.state, message.reason) == (
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
        linking.undo(vault, link.id, OTHER, "another scar")
        assert send(settings).taken == 1
    assert [one.state for one in store.messages(vault.db)] == ["resolved", "acknowledged"]


def test_a_system_with_a_name_of_two_words_keeps_its_lines(vault, outage, link, network, who):
    settings = network(1)
    table = {"channel": "file"}
    names = (*settings.systems.names, "Blood bank")
    settings = replace(
        settings,
        systems=replace(settings.systems, names=names),
        returns=replace(settings.returns, targets={"Blood bank": table}),
    )
    queueing.queue(vault, settings, who)
    outbox.handed_over(vault, list(store.messages(vault.db)), who)
    linking.undo(vault, link.id, OTHER, "another scar")
    queueing.queue(vault, settings, who)
    (line,) = listed(vault, outage)
    assert line.listed[0] == "Blood bank"
