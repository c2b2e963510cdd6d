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
    whole: bool = False
    """Whether the transaction was refused as a whole: nothing of it was stored now."""


def read(status: int, body: bytes, wait: float) -> Answer:
    """What this status and body mean; `wait` is what the server asked for in seconds."""
    resource = parsed(body)
    if status in _AGAIN or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        words = outcome_words(resource)
        return Answer(LATER, _status(status, {}), words, pause=status in _PAUSES, wait=wait)
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Answer(REFUSED, _status(status, resource), whole=True)
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


def parsed(body: bytes) -> dict[str, Any]:
    """A JSON object; an empty one for anything else."""
    try:
        resource = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return resource if isinstance(resource, dict) else {}
