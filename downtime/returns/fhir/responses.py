"""What a FHIR server's answer means for a bundle: taken in, refused, or later. Pure."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson

TAKEN, REFUSED, LATER = "taken", "refused", "later"
_WORDS = 600
"""Longest part of an answer that is kept for a person."""
_PAUSES = (401, 403, 429, 502, 503, 504)
"""Answers about the server as a whole: every other message would get the same."""
_AGAIN = (401, 403, 408, 425, 429)
"""Client errors that pass by themselves, or once a token or time-out is put right."""
_PHRASES = {one.value: one.phrase for one in HTTPStatus}


@dataclass(frozen=True, slots=True)
class ServerResponse:
    """What became of a bundle; `words` are for a person, `held` is what the server made or said.

    Only the words of a refusal, which a person has to settle, repeat what the server said.
    `pause` says that the server as a whole wants to be left alone, `wait` for how many seconds at
    least (0 when it did not say).
    """

    outcome: str
    reason: str = ""
    detail: str = ""
    pause: bool = False
    wait_seconds: float = 0.0
    is_refused_whole: bool = False
    """Whether the transaction was refused as a whole: nothing of it was stored now."""


def interpret_response(status: int, body: bytes, wait: float) -> ServerResponse:
    """What this status and body mean; `wait` is what the server asked for in seconds."""
    resource = parse_object(body)
    if status in _AGAIN or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        words = describe_outcome(resource)
        return ServerResponse(
            LATER, _status(status, {}), words, pause=status in _PAUSES, wait_seconds=wait
        )
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return ServerResponse(REFUSED, _status(status, resource), is_refused_whole=True)
    if resource.get("resourceType") != "Bundle":
        return ServerResponse(
            REFUSED, f"The server answered {status}, but not as a FHIR server does."
        )
    return _entries(resource)


def _entries(bundle: dict[str, Any]) -> ServerResponse:
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
                return ServerResponse(LATER, _status(int(status), {}), describe_outcome(said))
            return ServerResponse(REFUSED, _status(int(status), said))
    made = (str(one.get("location", "")).partition("/_history")[0] for one in responses)
    return ServerResponse(TAKEN, detail=" ".join(filter(None, made)))


def _status(status: int, resource: dict[str, Any]) -> str:
    """`422 Unprocessable Entity: …` with the words of an OperationOutcome, if there are any."""
    name = _PHRASES.get(status, "")
    words = describe_outcome(resource)
    return f"{status} {name}".strip() + (f": {words}" if words else ".")


def describe_outcome(resource: dict[str, Any]) -> str:
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


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object; an empty one for anything else."""
    try:
        resource = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return resource if isinstance(resource, dict) else {}
