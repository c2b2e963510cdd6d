"""What is acknowledged before it is read is read afterwards, and the ledger says which of both it is."""

from collections import Counter

import pytest

from downtime.feeds.model import Outcome
from downtime.ingest.find_messages import find_messages, show_message
from downtime.ingest.ledger import Ledger
from downtime.ingest.model import MessageFilter
from downtime.ingest.read_ledger import read_after
from downtime.ingest.read_unread import UnreadMessages, count_unread
from downtime.ingest.record_messages import keep_messages
from downtime.settings import Settings

from .received import MovingClock, admission, hl7, moved_vault, record

NOBODY = admission(1).replace(b"H1^^^DEMO^MR", b"^^^DEMO^MR").replace(b"|V1", b"|")
WRONG_NUMBER = admission(2, number_of="NHS^NH").replace(b"|V2", b"|")
"""What its structure does not tell: the number fails its check, and names nobody."""


@pytest.fixture
def clock():
    return MovingClock()


@pytest.fixture
def ledger(vault, clock):
    with Ledger(moved_vault(vault, clock), Settings()) as opened:
        yield opened


def keep(ledger, *contents: bytes, **options) -> list[Outcome]:
    raws = [hl7(content, number) for number, content in enumerate(contents, start=1)]
    return [recorded.outcome for recorded in keep_messages(ledger, raws, **options)]


def outcomes(ledger) -> list[Outcome]:
    """What the ledger says of its messages, in order of arrival."""
    return [entry.outcome for entry in reversed(find_messages(ledger, MessageFilter()))]


def test_a_message_that_is_kept_is_found_by_its_heading_and_said_not_to_be_read(ledger):
    assert keep(ledger, admission(1)) == [Outcome.NOT_YET_READ]
    wanted = MessageFilter(control_id="M1", kind="ADT^A01", outcome=Outcome.NOT_YET_READ)
    (entry,) = find_messages(ledger, wanted)
    assert (entry.sender, entry.system, entry.sent) == ("PAS^DEMO", "PAS", "2026-11-02T11:01:00Z")
    assert count_unread(ledger) == Counter(engine=1)
    assert not find_messages(ledger, MessageFilter(identifier="H1"))


def test_what_is_read_later_is_as_if_it_had_been_read_at_once(ledger):
    contents = [admission(1), admission(2), WRONG_NUMBER, admission(4) + b"ZXX|1|x\r", NOBODY]
    keep(ledger, *contents)
    read: Counter[Outcome] = Counter()
    unread = UnreadMessages(ledger, lambda source, outcome: read.update([outcome]))
    assert unread.read(100) == 4
    later = [show_message(ledger, number).entry for number in range(1, 6)]
    record(ledger, *(hl7(content, n, "other") for n, content in enumerate(contents, start=1)))
    at_once = [show_message(ledger, number).entry for number in range(6, 11)]
    told = ("kind", "control_id", "outcome", "reason", "findings", "identifiers", "system", "sent")
    for first, second in zip(later, at_once, strict=True):
        assert [getattr(first, n) for n in told] == [getattr(second, n) for n in told]
    assert read == Counter({Outcome.USED: 2, Outcome.USED_IN_PART: 1, Outcome.REJECTED: 1})
    assert not count_unread(ledger)


def test_who_cannot_be_told_apart_is_refused_before_it_is_read(ledger):
    assert keep(ledger, NOBODY, WRONG_NUMBER) == [Outcome.REJECTED, Outcome.NOT_YET_READ]


def test_a_source_that_is_read_first_is_told_what_only_reading_finds(ledger):
    assert keep(ledger, WRONG_NUMBER, read_first={"engine"}) == [Outcome.REJECTED]
    assert not count_unread(ledger)


def test_reading_goes_on_where_it_was_broken_off_whatever_comes_meanwhile(vault, ledger, clock):
    keep(ledger, *map(admission, range(1, 6)))
    assert UnreadMessages(ledger).read(2) == 2
    record(ledger, hl7(admission(6)))
    keep(ledger, admission(7))
    assert outcomes(ledger).count(Outcome.NOT_YET_READ) == 4
    clock.move(days=1)
    keep(ledger, admission(8))
    with Ledger(vault, Settings()) as reopened:
        unread = UnreadMessages(reopened)
        assert [unread.read(3) for _ in range(4)] == [3, 1, 1, 0]
    assert outcomes(ledger) == [Outcome.USED] * 8
    assert [len(show_message(ledger, n).entry.identifiers) for n in range(1, 9)] == [1] * 8


def test_what_is_not_yet_read_is_read_by_whoever_builds(ledger):
    keep(ledger, admission(1))
    (recorded,) = read_after(ledger, 0)
    assert recorded.outcome is Outcome.USED


def test_a_repetition_is_known_whoever_wrote_between_and_whether_or_not_it_is_read(vault, ledger):
    keep(ledger, admission(1), admission(2))
    with Ledger(vault, Settings()) as other:
        keep(other, admission(3))
    for content in map(admission, (1, 2, 3)):
        assert keep_messages(ledger, [hl7(content)])[0].repeated
    UnreadMessages(ledger).read(10)
    assert keep_messages(ledger, [hl7(admission(2))])[0].repeated
    assert len(outcomes(ledger)) == 3


def test_a_repetition_of_what_was_rejected_stays_one_while_it_cannot_be_read(ledger):
    keep(ledger, WRONG_NUMBER)
    UnreadMessages(ledger).read(10)
    assert outcomes(ledger) == [Outcome.REJECTED]
    assert keep_messages(ledger, [hl7(WRONG_NUMBER)])[0].repeated
