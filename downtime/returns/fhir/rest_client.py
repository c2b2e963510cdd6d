"""Post a bundle to a FHIR server, once or again, and ask whether it holds one.

Nothing here knows the outbox. An answer's words may repeat what was sent, so they go to the
encrypted queue and its screen, never into a log or an error.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx
import orjson

from downtime.clock import Clock
from downtime.returns.connection import AttemptResult, Connection
from downtime.returns.fhir.bundles import tag_search
from downtime.returns.fhir.target import FHIR_SERVER, FhirTarget, read_authorization
from downtime.returns.model import AttemptOutcome, Message, MessageReason, encode_reason
from downtime.transport.credentials import build_client_tls

_HEADERS = {
    "Accept": "application/fhir+json",
    "Content-Type": "application/fhir+json; charset=utf-8",
    "Prefer": "return=minimal",
}


@dataclass(frozen=True, slots=True)
class FhirClient:
    """An open connection to one server."""

    http: httpx.Client
    target: FhirTarget
    clock: Clock

    def deliver(self, message: Message, content: bytes) -> AttemptResult:
        """Post it. What is refused after an attempt that got no answer may be there already."""
        result = self.post(content)
        if result.stored_nothing and message.attempts > 1:
            is_there = self.has_bundle(message.control_id)
            if is_there:
                answer = encode_reason(MessageReason.TAKEN_EARLIER)
                return AttemptResult(AttemptOutcome.TAKEN, answer=answer)
            result = replace(result, is_absent=is_there is False)
        return replace(result, answer=result.answer or result.reason)

    def post(self, content: bytes) -> AttemptResult:
        """Post one transaction; a fault of the network is an answer too: later."""
        try:
            status, headers, body = self._exchange("POST", self.target.url, content)
        except httpx.ConnectTimeout:
            return AttemptResult(AttemptOutcome.LATER, "No connection in time.", pause=True)
        except (httpx.TimeoutException, _TooSlowError):
            reason = "No answer in time."
            return AttemptResult(AttemptOutcome.LATER, reason, pause=True, is_unanswered=True)
        except _TooLongError:
            reason = "The answer is longer than any FHIR server gives."
            return AttemptResult(AttemptOutcome.REFUSED, reason, is_unanswered=True)
        except httpx.TransportError as error:
            has_left = not isinstance(error, httpx.ConnectError)
            reason = f"No connection ({type(error).__name__})."
            return AttemptResult(AttemptOutcome.LATER, reason, pause=True, is_unanswered=has_left)
        return interpret_response(
            status, body, _retry_after_seconds(headers.get("retry-after", ""), self)
        )

    def has_bundle(self, control_id: str) -> bool | None:
        """Whether the server took this bundle in before: its Provenance is there; None if it does not say.

        Asked when the server refuses a bundle that it may have taken in without our hearing of it:
        what the bundle changed then no longer reads as it was compared.
        """
        url = f"{self.target.url.rstrip('/')}/Provenance?{tag_search(self.target, control_id)}"
        try:
            status, _, body = self._exchange("GET", url)
        except (httpx.HTTPError, _TooSlowError, _TooLongError):
            return None
        resource = parse_object(body)
        if status != HTTPStatus.OK or resource.get("resourceType") != "Bundle":
            return None
        return bool(resource.get("entry"))

    def _exchange(
        self, method: str, url: str, content: bytes | None = None
    ) -> tuple[int, httpx.Headers, bytes]:
        headers = _HEADERS | read_authorization(self.target.token_file)
        end = time.monotonic() + self.target.connect_seconds + self.target.answer_seconds
        with self.http.stream(method, url, content=content, headers=headers) as answer:
            body = bytearray()
            for part in answer.iter_bytes():
                body += part
                if len(body) > self.target.max_answer_bytes:
                    raise _TooLongError
                if time.monotonic() > end:
                    raise _TooSlowError
            return answer.status_code, answer.headers, bytes(body)


class _TooLongError(Exception):
    """The answer does not end where it should."""


class _TooSlowError(Exception):
    """The answer drips."""


@contextmanager
def open_connection(target: FhirTarget, clock: Clock) -> Iterator[Connection]:
    """A connection to one server; InputError when its certificates or token cannot be read."""
    read_authorization(target.token_file)
    timeout = httpx.Timeout(target.answer_seconds, connect=target.connect_seconds)
    # Proxies of the environment are left aside: patient data goes where the settings say.
    with httpx.Client(
        verify=build_client_tls(FHIR_SERVER, target.ca_file, target.certificate_file),
        timeout=timeout,
        trust_env=False,
    ) as http:
        yield FhirClient(http, target, clock)


def _retry_after_seconds(header: str, client: FhirClient) -> float:
    """Seconds that a Retry-After asks for (RFC 9110, 10.2.3), up to the cap; 0 for none."""
    if header.strip().isdigit():
        seconds = float(header)
    else:
        try:
            moment = parsedate_to_datetime(header)
        except (TypeError, ValueError):
            return 0.0
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - client.clock()).total_seconds()
    return min(max(seconds, 0.0), client.target.wait_cap_seconds)


_LONGEST_TEXT = 600
"""Longest part of an answer that is kept for a person."""

_ABOUT_SERVER = (401, 403, 429, 502, 503, 504)
"""Answers about the server as a whole: every other message would get the same."""

_ASKING = (429, 503)
"""Answers of a server that asks to be left alone, for as long as Retry-After says."""

_KNOWN_UNDONE = (401, 403, 425, 429, 503)
"""Answers that are given before anything is done; after any other the bundle may be there."""

_PASSING = (401, 403, 408, 425, 429)
"""Client errors that pass by themselves, or once a token or time-out is put right."""

_PHRASES = {status.value: status.phrase for status in HTTPStatus}


def interpret_response(status: int, body: bytes, wait_seconds: float) -> AttemptResult:
    """What this status and body mean; `wait_seconds` is what the server asked for."""
    resource = parse_object(body)
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return AttemptResult(
            AttemptOutcome.LATER,
            _describe_status(status, {}),
            describe_outcome(resource),
            pause=status in _ABOUT_SERVER,
            wait_seconds=wait_seconds,
            asks_for_pause=status in _ASKING,
            is_unanswered=status not in _KNOWN_UNDONE,
        )
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        reason = _describe_status(status, resource)
        return AttemptResult(AttemptOutcome.REFUSED, reason, stored_nothing=True)
    if resource.get("resourceType") != "Bundle":
        reason = f"The server answered {status}, but not as a FHIR server does."
        return AttemptResult(AttemptOutcome.REFUSED, reason, is_unanswered=True)
    return _interpret_entries(resource)


def _interpret_entries(bundle: dict[str, Any]) -> AttemptResult:
    """A server that ran a transaction as a batch reports faults entry by entry."""
    responses = [
        entry["response"]
        for entry in _objects(bundle.get("entry"))
        if isinstance(entry.get("response"), dict)
    ]
    for response in responses:
        status = str(response.get("status", ""))[:3]
        if status.isdigit() and not status.startswith("2"):
            outcome = response.get("outcome")
            resource = outcome if isinstance(outcome, dict) else {}
            if status.startswith("5") or int(status) in _PASSING:
                reason, detail = _describe_status(int(status), {}), describe_outcome(resource)
                return AttemptResult(AttemptOutcome.LATER, reason, detail, is_unanswered=True)
            reason = _describe_status(int(status), resource)
            return AttemptResult(AttemptOutcome.REFUSED, reason, is_unanswered=True)
    created = (str(r.get("location", "")).partition("/_history")[0] for r in responses)
    return AttemptResult(AttemptOutcome.TAKEN, answer=" ".join(filter(None, created)))


def _describe_status(status: int, resource: dict[str, Any]) -> str:
    """`422 Unprocessable Entity: …` with the text of an OperationOutcome, if there is any."""
    text = describe_outcome(resource)
    return f"{status} {_PHRASES.get(status, '')}".strip() + (f": {text}" if text else ".")


def describe_outcome(resource: dict[str, Any]) -> str:
    """What an OperationOutcome says of errors, with the places it names; cut at 600 characters."""
    if resource.get("resourceType") != "OperationOutcome":
        return ""
    texts = [
        _describe_issue(issue)
        for issue in _objects(resource.get("issue"))
        if issue.get("severity") not in ("information", "warning")
    ]
    text = "; ".join(filter(None, texts))
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"


def _describe_issue(issue: dict[str, Any]) -> str:
    details = issue.get("details")
    text = details.get("text") if isinstance(details, dict) else ""
    parts = [str(part) for part in (text, issue.get("diagnostics")) if part]
    parts = parts or [str(issue.get("code", ""))]
    places = issue.get("expression") or issue.get("location")
    if isinstance(places, list) and places:
        parts.append("at " + ", ".join(map(str, places)))
    return " ".join(" ".join(parts).split())


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object; an empty one for anything else."""
    try:
        resource = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return resource if isinstance(resource, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
