"""Decided items become bundles of their forms and reach a FHIR server once, whatever happens."""

import json
import ssl
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme

from downtime.clock import from_text
from downtime.entry import scans, send_back_entry
from downtime.errors import ConflictError
from downtime.returns import outbox, queue_messages, send_messages, take_back_message
from downtime.returns.model import Channel, MessageState
from downtime.returns.policies import may_have_arrived
from downtime.returns.store import outbox_messages
from downtime.settings import ReturnsSettings
from downtime.vault import audit
from tests.conftest import NOW
from tests.integration.returns import fhir_peers
from tests.integration.returns.pictures import png

HOSPITAL_NUMBER = "https://downtime.example/fhir/id/DEMO"


class Clock:
    """A clock that a test moves."""

    now = NOW

    def __call__(self):
        return self.now

    def go_on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def decided(four, compare, return_all):
    """Everything that may be returned is; gives the serials by form."""
    forms = four()
    compare()
    return_all()
    return forms


def told(settings, url, **more):
    table = {"channel": "fhir", "fhir": {"url": url, "connect_seconds": 2, "answer_seconds": 2}}
    targets = dict.fromkeys(("LIMS", "PAS", "EPR"), table | more)
    return replace(settings, returns=ReturnsSettings(targets=targets))


def messages(vault, state=""):
    return list(outbox_messages.list_messages(vault.db, channel=Channel.FHIR, state=state))


def send(vault, settings, system, actor):
    """One round, which ends when the server wants to be left alone."""
    return send_messages.send_messages(vault, settings, system, actor, pause=lambda seconds: True)


def send_all(vault, settings, actor):
    rounds = [send(vault, settings, one, actor) for one in ("PAS", "LIMS", "EPR")]
    return sum(r.acknowledged for r in rounds), sum(r.refused for r in rounds)


@contextmanager
def scripted(*answers, tls=None, delay=0.0):
    """A server on this machine that gives these answers in turn, the last one for ever."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, body = answers[min(len(seen), len(answers)) - 1]
            time.sleep(delay)
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/fhir", seen
    finally:
        server.shutdown()
        server.server_close()


GOOD = (200, {}, {"resourceType": "Bundle", "entry": [{"response": {"status": "201"}}]})


def test_each_form_is_one_bundle_and_the_server_has_everything_once(
    vault, settings, decided, outage, actor, checker
):
    with fhir_peers.server("secret") as server:
        server.add_patient(HOSPITAL_NUMBER, "H100")
        token = vault.home.path / "token"
        token.write_text("secret")
        there = told(settings, server.url)
        for table in there.returns.targets.values():
            table["fhir"]["token_file"] = str(token)
        queued = queue_messages.queue_items(vault, there, actor)
        assert queued.messages == len(decided)
        assert send_all(vault, there, actor) == (len(decided), 0)
        assert {one.state for one in messages(vault)} == {MessageState.ACKNOWLEDGED}
        assert len(server.held("QuestionnaireResponse")) == len(server.held("Provenance")) == 4
        assert len(server.held("ServiceRequest")) == 2
        values = sorted(o["valueQuantity"]["value"] for o in server.held("Observation"))
        assert values == [6.1, 38.1, 88, 92]
        assert {p["identifier"][0]["value"] for p in server.held("Patient")} == {
            "H100",
            "DK700001X",
        }
        answered = messages(vault)[0].answer
        assert "Encounter/" in answered
        assert queue_messages.queue_items(vault, there, actor).messages == 0
        assert send_all(vault, there, actor) == (0, 0)


def test_power_that_fails_after_the_server_has_it_doubles_nothing(
    vault, settings, decided, actor, monkeypatch
):
    with fhir_peers.server() as server:
        server.add_patient(HOSPITAL_NUMBER, "H100")
        there = told(settings, server.url)
        queue_messages.queue_items(vault, there, actor)

        class PowerCutError(BaseException):
            pass

        def fail(*given, **more):
            raise PowerCutError

        with monkeypatch.context() as patch:
            patch.setattr(outbox.Sender, "acknowledge", fail)
            for system in ("PAS", "LIMS", "EPR"):
                with pytest.raises(PowerCutError):
                    send(vault, there, system, actor)
        before = {k: len(server.held(k)) for k in ("Encounter", "Observation", "Provenance")}
        assert before["Encounter"] == 1
        assert send_all(vault, there, actor) == (4, 0)
        assert len(server.held("Encounter")) == 1
        assert len(server.held("Provenance")) == 4
        assert {one.state for one in messages(vault)} == {MessageState.ACKNOWLEDGED}


def test_a_refusal_goes_to_a_person_and_holds_back_the_patient_s_later_bundles(
    vault, settings, decided, actor
):
    refusal = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "value", "diagnostics": "no such ward"}],
    }
    with scripted((422, {}, refusal), GOOD) as (url, seen):
        there = told(settings, url)
        queue_messages.queue_items(vault, there, actor)
        done = send(vault, there, "LIMS", actor)
        assert (done.acknowledged, done.refused) == (0, 1)
        (refused,) = messages(vault, MessageState.REFUSED)
        assert refused.reason == "422 Unprocessable Entity: no such ward"
        assert [one.system for one in messages(vault, MessageState.HELD)] == ["LIMS"]
        queue_messages.resend_message(vault, there, refused.control_id, actor, "ward was added")
        assert send(vault, there, "LIMS", actor).acknowledged == 2
    assert seen[0] == seen[1] != seen[2]


def test_too_many_requests_are_waited_out_as_long_as_asked(vault, settings, decided, actor, clock):
    with scripted((429, {"Retry-After": "600"}, {}), GOOD) as (url, seen):
        there = told(settings, url)
        queue_messages.queue_items(vault, there, actor)
        done = send(vault, there, "LIMS", actor)
        assert (done.acknowledged, done.fault) == (0, "429 Too Many Requests.")
        assert len(seen) == 1, "the rest of the round waits too"
        clock.go_on(599)
        waiting = next(one for one in messages(vault, MessageState.QUEUED) if one.attempts)
        assert waiting.next_try > vault.now()
        clock.go_on(2)
        assert send(vault, there, "LIMS", actor).acknowledged == 2
    assert seen[0] in seen[1:]


def test_who_sends_next_waits_as_well_and_others_are_sent_to(
    vault, settings, decided, actor, clock
):
    with scripted((429, {"Retry-After": "600"}, {}), GOOD) as (url, seen):
        there = told(settings, url)
        queue_messages.queue_items(vault, there, actor)
        send(vault, there, "LIMS", actor)
        clock.go_on(300)
        done = send(vault, there, "LIMS", actor)
        assert (done.attempts, len(seen)) == (0, 1), "not with its other messages either"
        assert done.fault.startswith("LIMS asked to be left alone until 02-Nov-2026 14:4")
        assert send(vault, there, "PAS", actor).acknowledged == 1
        clock.go_on(301)
        assert send(vault, there, "LIMS", actor).acknowledged == 2


REFUSAL = (422, {}, {"resourceType": "OperationOutcome", "issue": []})


@pytest.mark.parametrize("status", [500, 502, 504, 408])
def test_a_refusal_after_an_answer_that_leaves_it_open_may_be_of_what_arrived(
    status, vault, settings, decided, actor, clock
):
    with scripted((status, {}, {}), REFUSAL) as (url, _):
        there = told(settings, url)
        queue_messages.queue_items(vault, there, actor)
        send(vault, there, "PAS", actor)
        clock.go_on(600)
        send(vault, there, "PAS", actor)
    (refused,) = messages(vault, MessageState.REFUSED)
    assert may_have_arrived(refused)
    with pytest.raises(ConflictError, match="may have arrived in PAS"):
        take_back_message.take_back_message(vault, refused.control_id, actor, "not wanted")


@pytest.mark.parametrize("status", [401, 429, 503])
def test_an_answer_that_nothing_was_done_leaves_no_doubt(
    status, vault, settings, decided, actor, clock
):
    with scripted((status, {}, {}), REFUSAL) as (url, _):
        there = told(settings, url)
        queue_messages.queue_items(vault, there, actor)
        send(vault, there, "PAS", actor)
        clock.go_on(600)
        send(vault, there, "PAS", actor)
    (refused,) = messages(vault, MessageState.REFUSED)
    assert not may_have_arrived(refused)


def test_a_server_that_says_it_holds_nothing_of_it_settles_the_doubt(
    vault, settings, decided, actor, clock
):
    with fhir_peers.server() as server:  # which knows no patient, and refuses what names one
        there = told(settings, server.url)
        queue_messages.queue_items(vault, there, actor)
        with outbox.open_sender(vault, there.returns, "EPR", Channel.FHIR, actor) as sender:
            sender.retry_later(sender.claim_next(), "No answer in time.", is_unanswered=True)
        clock.go_on(600)
        send(vault, there, "EPR", actor)
    refused = next(one for one in messages(vault, MessageState.REFUSED) if one.attempts > 1)
    assert not may_have_arrived(refused)


def test_a_batch_of_which_a_part_was_refused_may_have_arrived_in_part(
    vault, settings, decided, actor
):
    parts = [{"response": {"status": "201"}}, {"response": {"status": "422"}}]
    with scripted((200, {}, {"resourceType": "Bundle", "entry": parts})) as (url, _):
        there = told(settings, url)
        queue_messages.queue_items(vault, there, actor)
        send(vault, there, "PAS", actor)
    (refused,) = messages(vault, MessageState.REFUSED)
    assert may_have_arrived(refused)


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_in_trouble_is_tried_again_with_growing_pauses(
    status, vault, settings, decided, actor, clock
):
    with scripted((status, {}, {})) as (url, _):
        there = told(settings, url)
        queue_messages.queue_items(vault, there, actor)
        gaps = []
        for _ in range(4):
            send(vault, there, "PAS", actor)
            (one,) = (m for m in messages(vault) if m.system == "PAS")
            assert one.state == MessageState.QUEUED
            due = (from_text(one.next_try) - clock.now).total_seconds()
            gaps.append(due)
            clock.go_on(due + 1)
        assert gaps[-1] > gaps[0]
    with scripted(GOOD) as (url, _):
        assert send(vault, told(settings, url), "PAS", actor).acknowledged == 1


def test_a_server_that_is_away_or_silent_loses_nothing(vault, settings, decided, actor):
    there = told(settings, "http://127.0.0.1:9/fhir")
    queue_messages.queue_items(vault, there, actor)
    assert send(vault, there, "PAS", actor).acknowledged == 0
    with scripted(GOOD, delay=4) as (url, _):
        slow = told(settings, url)
        assert send(vault, slow, "LIMS", actor).acknowledged == 0
    assert {one.state for one in messages(vault)} == {MessageState.QUEUED}
    assert not any("H100" in one.reason for one in messages(vault))


def test_a_certificate_of_a_stranger_is_not_trusted_and_that_of_the_site_is(
    vault, settings, decided, actor, tmp_path, clock
):
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    authority.cert_pem.write_to_path(tmp_path / "site.pem")
    with scripted(GOOD, tls=server_side) as (url, seen):
        there = told(settings, url)
        queue_messages.queue_items(vault, there, actor)
        assert send(vault, there, "PAS", actor).acknowledged == 0
        assert seen == []
        clock.go_on(600)
        for table in there.returns.targets.values():
            table["fhir"]["ca_file"] = str(tmp_path / "site.pem")
        assert send(vault, there, "PAS", actor).acknowledged == 1


def test_two_programs_never_send_to_one_system_at_once(vault, settings, decided, actor):
    there = told(settings, "http://127.0.0.1:9/fhir")
    with (
        outbox.open_sender(vault, there.returns, "PAS", Channel.FHIR, actor),
        pytest.raises(ConflictError, match="being sent already"),
    ):
        send(vault, there, "PAS", actor)


def test_a_scan_goes_along_where_the_site_wants_it(vault, settings, decided, actor):
    scans.attach_scan(vault, settings, decided["phoned-result"], png(), actor, without_code=True)
    with fhir_peers.server() as server:
        server.add_patient(HOSPITAL_NUMBER, "H100")
        there = told(settings, server.url, documents=True)
        queue_messages.queue_items(vault, there, actor)
        assert send_all(vault, there, actor) == (4, 0)
        (document,) = server.held("DocumentReference")
        attachment = document["content"][0]["attachment"]
        assert attachment["contentType"] == "image/png"


def test_a_corrected_form_waits_until_it_is_compared_again(
    vault, settings, decided, actor, checker
):
    send_back_entry.send_back(vault, decided["phoned-result"], actor, "misread")
    queued = queue_messages.queue_items(vault, told(settings, "http://127.0.0.1:9/fhir"), actor)
    assert len(queued.outdated) == 1
    assert queued.messages == 3


def test_no_patient_is_named_in_the_audit_chain(vault, settings, decided, actor):
    with scripted(GOOD) as (url, _):
        there = told(settings, url)
        queue_messages.queue_items(vault, there, actor)
        send_all(vault, there, actor)
    text = json.dumps([dict(row) for row in vault.db.query("SELECT * FROM audit")], default=str)
    assert audit.verify_chain(vault.db).first_bad is None
    for word in ("Hill", "H100", "Novak", "9990000018"):
        assert word not in text
    assert Channel.WORKLIST not in {one.channel for one in messages(vault)}
