"""What a FHIR server's answer means, without a network."""

from datetime import UTC, datetime

import httpx
import pytest

from downtime.errors import InputError
from downtime.returns.fhir import rest_client
from downtime.returns.fhir.rest_client import FhirClient
from downtime.returns.fhir.target import FhirTarget
from downtime.returns.model import AttemptOutcome

NOW = datetime(2026, 11, 4, 10, 0, tzinfo=UTC)
NAMES = FhirTarget(url="https://epr.example/fhir", max_answer_bytes=5000)
OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [
        {"severity": "warning", "code": "processing", "diagnostics": "never mind"},
        {
            "severity": "error",
            "code": "value",
            "details": {"text": "Unknown code"},
            "diagnostics": "FBX",
            "expression": ["Bundle.entry[0].resource.code"],
        },
    ],
}


def answer(status, json=None, headers=None, **more):
    def handle(request):
        return httpx.Response(status, json=json, headers=headers, **more)

    with httpx.Client(transport=httpx.MockTransport(handle)) as http:
        return FhirClient(http, NAMES, lambda: NOW).post(b"{}")


def transaction(*statuses):
    entries = [
        {"response": {"status": status, "location": f"Observation/{n}/_history/1"}}
        for n, status in enumerate(statuses)
    ]
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}


def test_a_transaction_that_was_carried_out_is_taken_in_and_names_what_it_made():
    said = answer(200, transaction("201 Created", "200"))
    assert (said.outcome, said.answer) == (AttemptOutcome.TAKEN, "Observation/0 Observation/1")


@pytest.mark.parametrize("status", [400, 404, 409, 412, 413, 422])
def test_a_refusal_goes_to_a_person_in_the_server_s_words(status):
    said = answer(status, OUTCOME)
    assert said.outcome == AttemptOutcome.REFUSED
    assert said.reason.endswith("Unknown code FBX at Bundle.entry[0].resource.code")
    assert "never mind" not in said.reason


@pytest.mark.parametrize(
    ("status", "pause"),
    [(408, False), (429, True), (500, False), (502, True), (503, True), (504, True), (401, True),
     (403, True)],
)  # fmt: skip
def test_what_passes_by_itself_is_waited_out(status, pause):
    said = answer(status)
    assert (said.outcome, said.pause) == (AttemptOutcome.LATER, pause)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("Wed, 04 Nov 2026 10:01:30 GMT", 90.0),
        ("Wed, 04 Nov 2026 09:00:00 GMT", 0.0),
        ("999999999", 3600.0),
        ("soon", 0.0),
        ("-5", 0.0),
        ("", 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date_and_capped(header, seconds):
    assert answer(429, headers={"Retry-After": header}).wait_seconds == seconds


def test_a_server_that_ran_the_transaction_as_a_batch_refuses_by_one_entry():
    said = transaction("201", "422")
    said["entry"][1]["response"]["outcome"] = OUTCOME
    assert answer(200, said).outcome == AttemptOutcome.REFUSED
    assert "Unknown code" in answer(200, said).reason
    assert answer(200, transaction("201", "503")).outcome == AttemptOutcome.LATER


def test_only_a_refusal_repeats_what_the_server_said_of_the_patient():
    said = answer(503, OUTCOME)
    assert said.reason == "503 Service Unavailable."
    assert said.answer.startswith("Unknown code")


@pytest.mark.parametrize("body", [b"<html>Please sign in</html>", b"[]", b"", b'{"a":1}'])
def test_a_page_that_is_no_fhir_is_never_taken_for_an_acknowledgement(body):
    assert answer(200, content=body).outcome == AttemptOutcome.REFUSED


def test_a_server_that_moved_is_not_followed():
    assert (
        answer(307, headers={"Location": "https://elsewhere.example"}).outcome
        == AttemptOutcome.REFUSED
    )


def test_an_answer_without_end_is_not_read_to_the_end():
    assert answer(200, content=b"x" * 6000).outcome == AttemptOutcome.REFUSED


@pytest.mark.parametrize(
    "fault", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError]
)
def test_a_fault_of_the_network_pauses_and_says_nothing_of_the_content(fault):
    def handle(request):
        raise fault("O'Brien")

    with httpx.Client(transport=httpx.MockTransport(handle)) as http:
        said = FhirClient(http, NAMES, lambda: NOW).post(b"O'Brien")
    assert (said.outcome, said.pause) == (AttemptOutcome.LATER, True)
    assert "Brien" not in said.reason


def test_the_token_is_read_from_its_file_each_time(tmp_path):
    file = tmp_path / "token"
    seen = []

    def handle(request):
        seen.append(request.headers["Authorization"])
        return httpx.Response(200, json=transaction("201"))

    names = FhirTarget(url="https://epr.example/fhir", token_file=str(file))
    with httpx.Client(transport=httpx.MockTransport(handle)) as http:
        for token in ("one\n", "two"):
            file.write_text(token)
            FhirClient(http, names, lambda: NOW).post(b"{}")
    assert seen == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize("content", [None, "", "é", "a\nb"])
def test_a_token_that_cannot_be_used_stops_before_anything_is_sent(content, tmp_path):
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
    names = FhirTarget(url="https://epr.example/fhir", token_file=str(file))
    with pytest.raises(InputError, match="token"), rest_client.open_connection(names, lambda: NOW):
        pass


def test_certificates_that_cannot_be_read_stop_before_anything_is_sent(tmp_path):
    names = FhirTarget(url="https://epr.example/fhir", ca_file=str(tmp_path / "none.pem"))
    with (
        pytest.raises(InputError, match="certificates"),
        rest_client.open_connection(names, lambda: NOW),
    ):
        pass
