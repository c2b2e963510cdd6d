"""The logs on paper: each line with both times, its corrections and what was withdrawn, under a serial."""

import io
from datetime import timedelta

import pytest

from downtime.errors import InputError
from downtime.outage import outages
from downtime.outage.events.correct_event import correct_event, withdraw_event
from downtime.outage.events.model import EventKind
from downtime.outage.events.record_event import EventDraft, EventRecorder
from downtime.paper.packs.event_log import EventLog
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.print_requests import read_request
from tests.conftest import NOW
from tests.integration.paper.conftest import read_words

AT = "2026-11-02T14:35:00Z"


@pytest.fixture
def logged(vault, settings, snapshot, actor):
    """An outage with an incident that was corrected, one withdrawn, and a runner's trip for a patient."""
    outages.declare_systems_down(vault, ["PAS"], actor, "said by IT", known=["PAS"], snapshot="")
    vault.clock = lambda: NOW + timedelta(minutes=20)
    record = EventRecorder(vault, settings, snapshot, actor).record

    def line(kind, patient="", **answers):
        return record(EventDraft(kind=kind, happened=AT, patient=patient, answers=answers))

    first = line(EventKind.INCIDENT, what="Generator failed")
    answers = {"what": "Generator one failed"}
    correct_event(vault, settings, first.root, AT, answers, actor, "two of them", snapshot=snapshot)
    second = line(EventKind.INCIDENT, what="Flood in cellar")
    withdraw_event(vault, settings, second.root, actor, "other site", snapshot=snapshot)
    trip = {"runner": "Al", "what": "Blood", "from": "A1", "to": "Lab"}
    line(EventKind.RUNNER, "p1", **trip)
    return vault


def log(vault, settings, actor, **options):
    out = io.BytesIO()
    result = print_pack(vault, settings, EventLog(**options), actor, "Test", out)
    return result, " ".join(" ".join(read_words(out.getvalue())).split())


def test_nothing_that_was_said_is_left_out(logged, settings, actor):
    result, page = log(logged, settings, actor)
    for text in (
        "Generator one failed", "Before:", "two of them",
        "WITHDRAWN: other site", "Flood in cellar", "Runner: Al", "O'CALLAGHAN-SMYTHE",
        "02-Jan-1960", "Amina Ward", "Incident log line: 2", "Telephone message: 0",
    ):  # fmt: skip
        assert text in page, text
    assert result.pages == 1
    assert "K7-" in page


def test_one_kind_alone_and_a_kind_that_there_is_not(logged, settings, actor):
    _, page = log(logged, settings, actor, kinds=("runner",))
    assert "Runner: Al" in page
    assert "Generator" not in page
    with pytest.raises(InputError):
        log(logged, settings, actor, kinds=("gossip",))
    with pytest.raises(InputError):
        log(logged, settings, actor, kinds=())


def test_the_request_is_read_back_as_it_was_asked_for():
    request = EventLog(kinds=("incident",), outage="2026-11-02-1")
    assert read_request(request.to_json()) == request
