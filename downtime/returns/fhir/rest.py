"""Post a bundle to a FHIR server and say what its answer means: taken in, refused, or later.

Nothing here knows the outbox. An answer's words may repeat what was sent, so they go to the
encrypted queue and its screen, never into a log or an error.
"""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import orjson

from downtime.clock import Clock
from downtime.errors import InputError
from downtime.returns.fhir.target import FhirTarget

TAKEN, REFUSED, LATER = "taken", "refused", "later"
_WORDS = 600
"""Longest part of an answer that is kept for a person."""
_PAUSES = (401, 403, 429, 502, 503, 504)
"""Answers about the server as a whole: every other message would get the same."""
_AGAIN = (401, 403, 408, 425, 429)
"""Client errors that pass by themselves, or once a token or time-out is put right."""
_PHRASES = {one.value: one.phrase for one in HTTPStatus}
_HEADERS = {
    "Accept": "application/fhir+json",
    "Content-Type": "application/fhir+json; charset=utf-8",
    "Prefer": "return=minimal",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a bundle; `words` are for a person, `held` is what the server made or said.

    Only the words of a refusal, which a person has to settle, repeat what the server said.
    `pause` says that the server as a whole wants to be left alone, `wait` for how many seconds at
    least (0 when it did not say).
    """

    outcome: str
    words: str = ""
    held: str = ""
    pause: bool = False
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Client:
    """An open connection to one server."""

    http: httpx.Client
    names: FhirTarget
    clock: Clock

    def post(self, content: bytes) -> Answer:
        """Post one transaction; a fault of the network is an answer too: later."""
        try:
            status, headers, body = self._exchange(content)
        except (httpx.TimeoutException, _TooSlowError):
            return Answer(LATER, "No answer in time.", pause=True)
        except _TooLongError:
            return Answer(REFUSED, "The answer is longer than any FHIR server gives.")
        except httpx.TransportError as error:
            return Answer(LATER, f"No connection ({type(error).__name__}).", pause=True)
        return _read(status, body, _wait(headers.get("retry-after", ""), self))

    def _exchange(self, content: bytes) -> tuple[int, httpx.Headers, bytes]:
        headers = _HEADERS | _authorization(self.names.token_file)
        end = time.monotonic() + self.names.connect_seconds + self.names.answer_seconds
        with self.http.stream("POST", self.names.url, content=content, headers=headers) as answer:
            body = bytearray()
            for part in answer.iter_bytes():
                body += part
                if len(body) > self.names.max_answer_bytes:
                    raise _TooLongError
                if time.monotonic() > end:
                    raise _TooSlowError
            return answer.status_code, answer.headers, bytes(body)


class _TooLongError(Exception):
    """The answer does not end where it should."""


class _TooSlowError(Exception):
    """The answer drips."""


@contextmanager
def connect(names: FhirTarget, clock: Clock) -> Iterator[Client]:
    """A client for one server; InputError when its certificates or token cannot be read."""
    _authorization(names.token_file)
    timeout = httpx.Timeout(names.answer_seconds, connect=names.connect_seconds)
    # Proxies of the environment are left aside: patient data goes where the settings say.
    with httpx.Client(verify=_tls(names), timeout=timeout, trust_env=False) as http:
        yield Client(http, names, clock)


def _tls(names: FhirTarget) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=names.ca_file or None)
        if names.certificate_file:
            context.load_cert_chain(names.certificate_file)
    except (OSError, ssl.SSLError):
        raise InputError(
            "target.certificate",
            "The certificates set for a FHIR server cannot be read.",
            "Check ca_file and certificate_file in config.toml, and who may read them.",
        ) from None
    return context


def _authorization(token_file: str) -> dict[str, str]:
    if not token_file:
        return {}
    try:
        token = Path(token_file).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        token = ""
    if not token or not token.isprintable():
        raise InputError(
            "target.token",
            "The token set for a FHIR server cannot be read.",
            "Check token_file in config.toml, and that this program may read it.",
        )
    return {"Authorization": f"Bearer {token}"}


def _read(status: int, body: bytes, wait: float) -> Answer:
    resource = _json(body)
    if status in _AGAIN or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        words = outcome_words(resource)
        return Answer(LATER, _status(status, {}), words, pause=status in _PAUSES, wait=wait)
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Answer(REFUSED, _status(status, resource))
    if resource.get("resourceType") != "Bundle":
        return Answer(REFUSED, f"The server answered {status}, but not as a FHIR server does.")
    return _entries(resource)


def _entries(bundle: dict[str, Any]) -> Answer:
    """A server that ran a transaction as a batch tells of faults entry by entry."""
    given = bundle.get("entry")
    responses = [
        one["response"]
        for one in (given if isinstance(given, list) else [])
        if isinstance(one, dict) and isinstance(one.get("response"), dict)
    ]
    for response in responses:
        status = str(response.get("status", ""))[:3]
        if status.isdigit() and not status.startswith("2"):
            outcome = response.get("outcome")
            said = outcome if isinstance(outcome, dict) else {}
            if status.startswith("5") or int(status) in _AGAIN:
                return Answer(LATER, _status(int(status), {}), outcome_words(said))
            return Answer(REFUSED, _status(int(status), said))
    made = (str(one.get("location", "")).partition("/_history")[0] for one in responses)
    return Answer(TAKEN, held=" ".join(filter(None, made)))


def _status(status: int, resource: dict[str, Any]) -> str:
    """`422 Unprocessable Entity: …` with the words of an OperationOutcome, if there are any."""
    name = _PHRASES.get(status, "")
    words = outcome_words(resource)
    return f"{status} {name}".strip() + (f": {words}" if words else ".")


def outcome_words(resource: dict[str, Any]) -> str:
    """What an OperationOutcome says of errors, with the places it names; cut at 600 characters."""
    issues = resource.get("issue")
    if resource.get("resourceType") != "OperationOutcome" or not isinstance(issues, list):
        return ""
    said = [
        _issue(one)
        for one in issues
        if isinstance(one, dict) and one.get("severity") not in ("information", "warning")
    ]
    text = "; ".join(filter(None, said))
    return text if len(text) <= _WORDS else text[: _WORDS - 1] + "…"


def _issue(issue: dict[str, Any]) -> str:
    details = issue.get("details")
    text = details.get("text") if isinstance(details, dict) else ""
    parts = [str(one) for one in (text, issue.get("diagnostics")) if one] or [
        str(issue.get("code", ""))
    ]
    places = issue.get("expression") or issue.get("location")
    if isinstance(places, list) and places:
        parts.append("at " + ", ".join(map(str, places)))
    return " ".join(" ".join(parts).split())


def _wait(header: str, client: Client) -> float:
    """Seconds that a Retry-After asks for (RFC 9110, 10.2.3), up to the cap; 0 for none."""
    if header.strip().isdigit():
        seconds = float(header)
    else:
        try:
            moment = parsedate_to_datetime(header)
        except (TypeError, ValueError):
            return 0.0
        seconds = (_aware(moment) - client.clock()).total_seconds()
    return min(max(seconds, 0.0), client.names.wait_cap_seconds)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _json(body: bytes) -> dict[str, Any]:
    try:
        resource = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return resource if isinstance(resource, dict) else {}
