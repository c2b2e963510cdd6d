"""What a FHIR server's answer means for a bundle: taken in, refused, or later. Pure."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson

from downtime.returns.model import AttemptOutcome

_LONGEST_TEXT = 600
"""Longest part of an answer that is kept for a person."""
_ABOUT_SERVER = (401, 403, 429, 502, 503, 504)
"""Answers about the server as a whole: every other message would get the same."""
_PASSING = (401, 403, 408, 425, 429)
"""Client errors that pass by themselves, or once a token or time-out is put right."""
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class ServerResponse:
    """What became of a bundle: `reason` for a person, `detail` what the server created or said.

    Only the reason of a refusal, which a person has to settle, repeats what the server said.
    `pause` says that the server as a whole wants to be left alone, `wait_seconds` for how long at
    least (0 when it did not say).
    """

    outcome: AttemptOutcome
    reason: str = ""
    detail: str = ""
    pause: bool = False
    wait_seconds: float = 0.0
    is_refused_whole: bool = False
    """Whether the transaction was refused as a whole: nothing of it was stored now."""


def interpret_response(status: int, body: bytes, wait_seconds: float) -> ServerResponse:
    """What this status and body mean; `wait_seconds` is what the server asked for."""
    resource = parse_object(body)
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerResponse(
            AttemptOutcome.LATER,
            _describe_status(status, {}),
            describe_outcome(resource),
            pause=status in _ABOUT_SERVER,
            wait_seconds=wait_seconds,
        )
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        reason = _describe_status(status, resource)
        return ServerResponse(AttemptOutcome.REFUSED, reason, is_refused_whole=True)
    if resource.get("resourceType") != "Bundle":
        reason = f"The server answered {status}, but not as a FHIR server does."
        return ServerResponse(AttemptOutcome.REFUSED, reason)
    return _interpret_entries(resource)


def _interpret_entries(bundle: dict[str, Any]) -> ServerResponse:
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
                return ServerResponse(AttemptOutcome.LATER, reason, detail)
            reason = _describe_status(int(status), resource)
            return ServerResponse(AttemptOutcome.REFUSED, reason)
    created = (str(r.get("location", "")).partition("/_history")[0] for r in responses)
    return ServerResponse(AttemptOutcome.TAKEN, detail=" ".join(filter(None, created)))


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
