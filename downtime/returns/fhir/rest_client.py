"""Post a bundle to a FHIR server, once or again, and ask whether it holds one.

Nothing here knows the outbox. An answer's words may repeat what was sent, so they go to the
encrypted queue and its screen, never into a log or an error.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from downtime.clock import Clock
from downtime.returns.fhir import credentials
from downtime.returns.fhir.bundle_entries import tag_search
from downtime.returns.fhir.responses import ServerResponse, interpret_response, parse_object
from downtime.returns.fhir.target import FhirTarget
from downtime.returns.model import AttemptOutcome

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

    def post(self, content: bytes) -> ServerResponse:
        """Post one transaction; a fault of the network is an answer too: later."""
        try:
            status, headers, body = self._exchange("POST", self.target.url, content)
        except (httpx.TimeoutException, _TooSlowError):
            return ServerResponse(AttemptOutcome.LATER, "No answer in time.", pause=True)
        except _TooLongError:
            return ServerResponse(
                AttemptOutcome.REFUSED, "The answer is longer than any FHIR server gives."
            )
        except httpx.TransportError as error:
            return ServerResponse(
                AttemptOutcome.LATER, f"No connection ({type(error).__name__}).", pause=True
            )
        return interpret_response(
            status, body, _retry_after_seconds(headers.get("retry-after", ""), self)
        )

    def has_bundle(self, control_id: str) -> bool:
        """Whether the server took this bundle in before: its Provenance is there.

        Asked when the server refuses a bundle that it may have taken in without our hearing of it:
        what the bundle changed then no longer reads as it was compared.
        """
        url = f"{self.target.url.rstrip('/')}/Provenance?{tag_search(self.target, control_id)}"
        try:
            status, _, body = self._exchange("GET", url)
        except (httpx.HTTPError, _TooSlowError, _TooLongError):
            return False
        entries = parse_object(body).get("entry") if status == HTTPStatus.OK else None
        return bool(entries)

    def _exchange(
        self, method: str, url: str, content: bytes | None = None
    ) -> tuple[int, httpx.Headers, bytes]:
        headers = _HEADERS | credentials.read_authorization(self.target.token_file)
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
def open_client(target: FhirTarget, clock: Clock) -> Iterator[FhirClient]:
    """A client for one server; InputError when its certificates or token cannot be read."""
    credentials.read_authorization(target.token_file)
    timeout = httpx.Timeout(target.answer_seconds, connect=target.connect_seconds)
    # Proxies of the environment are left aside: patient data goes where the settings say.
    with httpx.Client(
        verify=credentials.build_tls_context(target), timeout=timeout, trust_env=False
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
        seconds = (_aware(moment) - client.clock()).total_seconds()
    return min(max(seconds, 0.0), client.target.wait_cap_seconds)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
