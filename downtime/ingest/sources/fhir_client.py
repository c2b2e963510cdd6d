"""Gets pages of a FHIR server: tried again where that may help, within a time that is ours.

What a server says in an error may repeat what was searched for: only its status is passed on.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from downtime.clock import Clock
from downtime.errors import InputError, LockedError, UserError
from downtime.ingest.sources.fhir_settings import FhirSettings
from downtime.ingest.sources.fhir_token import TokenKeeper
from downtime.ingest.sources.polling import Deadline
from downtime.transport.credentials import build_client_tls

_FIRST_PAUSE_SECONDS = 1.0
_DENIED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class ServerBusyError(UserError):
    """A server cannot answer now; it wants to be left alone for `wait_seconds`."""

    def __init__(self, sentence: str, wait_seconds: float = 0.0) -> None:
        super().__init__("source.busy", sentence, "It is asked again later.")
        self.wait_seconds = wait_seconds


class _AnswerError(Exception):
    """An answer that may be another one next time, and how long the server asks to wait."""

    def __init__(self, sentence: str, wait_seconds: float = 0.0) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.wait_seconds = wait_seconds


@dataclass(slots=True)
class FhirReader:
    """An open connection to one server."""

    source: FhirSettings
    http: httpx.Client
    tokens: TokenKeeper
    clock: Clock
    pause: Callable[[float], object]
    """Wait so long, or shorter when the service ends."""

    def get_page(self, url: str, deadline: Deadline) -> bytes:
        """The body of a page. ServerBusyError when it has to wait, LockedError when we may not."""
        pause = _FIRST_PAUSE_SECONDS
        for remaining in reversed(range(self.source.tries)):
            deadline.check()
            try:
                return self._get(url, deadline)
            except _AnswerError as error:
                wait = max(pause, error.wait_seconds)
                if not remaining or wait > deadline.seconds_left:
                    raise ServerBusyError(error.sentence, error.wait_seconds) from None
                self.pause(wait)
                pause *= 2
        raise AssertionError("tries is more than 0")

    def _get(self, url: str, deadline: Deadline) -> bytes:
        try:
            status, headers, body = self._exchange(url, deadline)
            if status == HTTPStatus.UNAUTHORIZED and self.tokens.discard():
                status, headers, body = self._exchange(url, deadline)
        except (httpx.TimeoutException, TimeoutError):
            raise _AnswerError("No answer in time.") from None
        except httpx.TransportError as error:
            raise _AnswerError(f"No connection ({type(error).__name__}).") from None
        if status == HTTPStatus.OK:
            return body
        if status in _DENIED:
            raise LockedError(
                "source.denied",
                f"The server does not let us read (status {status}).",
                "Check the token or key, and what our account there may read.",
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            wait = self._retry_after_seconds(headers.get("retry-after", ""))
            raise _AnswerError(f"The server is busy (status {status}).", wait)
        raise InputError(
            "source.query",
            f"The server does not take a search (status {status}).",
            "Check url and queries of this source.",
        )

    def _exchange(self, url: str, deadline: Deadline) -> tuple[int, httpx.Headers, bytes]:
        headers = {"Accept": "application/fhir+json"} | self.tokens.authorization()
        page = Deadline(min(self.source.answer_seconds, deadline.seconds_left))
        with self.http.stream("GET", url, headers=headers) as answer:
            body = bytearray()
            for part in answer.iter_bytes():
                body += part
                page.check()
                if len(body) > self.source.max_page_bytes:
                    raise InputError(
                        "source.page",
                        f"A page is longer than {self.source.max_page_bytes} bytes.",
                        "Ask for smaller pages (page_size), or raise max_page_bytes.",
                    )
            return answer.status_code, answer.headers, bytes(body)

    def _retry_after_seconds(self, header: str) -> float:
        """Seconds that a Retry-After asks for (RFC 9110, 10.2.3), up to the cap; 0 for none."""
        if header.strip().isdigit():
            return min(float(header), self.source.wait_cap_seconds)
        try:
            moment = parsedate_to_datetime(header)
        except (TypeError, ValueError):
            return 0.0
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(max((aware - self.clock()).total_seconds(), 0.0), self.source.wait_cap_seconds)


@contextmanager
def open_reader(
    source: FhirSettings, clock: Clock, pause: Callable[[float], object] = time.sleep
) -> Iterator[FhirReader]:
    """A connection to one server; InputError when certificates or secrets cannot be read."""
    timeout = httpx.Timeout(source.answer_seconds, connect=source.connect_seconds)
    # Proxies of the environment are left aside: patient data goes where the settings say. Nor are
    # redirections followed, which would take the token to another address.
    with httpx.Client(
        verify=build_client_tls("a FHIR server", source.ca_file, source.certificate_file),
        timeout=timeout,
        trust_env=False,
    ) as http:
        yield FhirReader(source, http, TokenKeeper(source, http), clock, pause)


def parse_instant(text: str) -> datetime | None:
    """A FHIR instant; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
