"""Requests wait in two queues: people with a session first, strangers by their addresses in turn."""

import math
import threading
import time
from types import SimpleNamespace

import pytest

from downtime.access_settings import WebSettings
from downtime.web.client_address import name_client
from downtime.web.live_sessions import LiveSessions
from downtime.web.request_queue import STRANGERS_REST, RequestQueue

WAIT_SECONDS = 60
BUSY_SECONDS = 0.02


class Channel:
    """A connection of waitress, as far as the queue sees one."""

    def __init__(self, name: str, address: str, log: list[str], cookie: str = "") -> None:
        self.name, self.addr, self._log = name, (address, 1), log
        self.requests = [SimpleNamespace(headers={"COOKIE": cookie}, error=None)]
        self.may_end, self.is_done = threading.Event(), threading.Event()

    def service(self) -> None:
        self._log.append(self.name + (" refused" if self.requests[0].error else ""))
        if self.name.startswith("slow"):
            self.may_end.wait(WAIT_SECONDS)
        if self.name.startswith("busy"):
            end = time.thread_time() + BUSY_SECONDS
            while time.thread_time() < end:
                pass
        self.is_done.set()


@pytest.fixture
def queue():
    built = RequestQueue(
        WebSettings(threads=2, stranger_threads=1, strangers_waiting=4),
        lambda text: "nurse" in text,
        lambda channel: name_client(channel.addr[0]),
    )
    yield built
    built.shutdown()


def test_strangers_take_turns_by_address_and_keep_nobody_with_a_session_waiting(queue):
    log: list[str] = []
    slow = Channel("slow", "192.0.2.1", log)
    crowd = [Channel(f"crowd {n}", "192.0.2.1", log) for n in range(3)]
    visitor = Channel("visitor", "192.0.2.2", log)
    for channel in (slow, *crowd, visitor):
        queue.add_task(channel)
    nurse = Channel("nurse", "192.0.2.1", log, "downtime_session=nurse")
    queue.add_task(nurse)
    assert nurse.is_done.wait(WAIT_SECONDS)
    assert not crowd[0].is_done.is_set()
    slow.may_end.set()
    assert crowd[2].is_done.wait(WAIT_SECONDS)
    assert [name for name in log if name.startswith("crowd")] == ["crowd 0", "crowd 1", "crowd 2"]
    assert log.index("visitor") < log.index("crowd 1")


def test_who_fills_the_queue_is_refused_and_another_address_is_not(queue):
    log: list[str] = []
    slow = Channel("slow", "192.0.2.1", log)
    queue.add_task(slow)
    while not log:
        slow.may_end.wait(0.001)
    crowd = [Channel(f"crowd {n}", "192.0.2.1", log) for n in range(6)]
    for channel in crowd:
        queue.add_task(channel)
    assert crowd[5].is_done.wait(WAIT_SECONDS)
    assert sorted(log[1:]) == ["crowd 4 refused", "crowd 5 refused"]
    visitor = Channel("visitor", "192.0.2.2", log)
    queue.add_task(visitor)
    slow.may_end.set()
    assert visitor.is_done.wait(WAIT_SECONDS)
    assert "visitor" in log


def test_strangers_rest_while_a_nurse_asks_for_pages_and_not_otherwise(queue):
    log: list[str] = []

    def seconds_of_strangers(*cookies: str) -> float:
        for number, cookie in enumerate(cookies):
            queue.add_task(nurse := Channel(f"nurse {number}", "192.0.2.9", log, cookie))
            assert nurse.is_done.wait(WAIT_SECONDS)
        started = time.monotonic()
        strangers = [Channel(f"busy {n}", "192.0.2.1", log) for n in range(3)]
        for channel in strangers:
            queue.add_task(channel)
        assert strangers[-1].is_done.wait(WAIT_SECONDS)
        return time.monotonic() - started

    assert seconds_of_strangers("downtime_session=nurse") > 2 * (1 + STRANGERS_REST) * BUSY_SECONDS
    assert queue._strangers_rest_until > time.monotonic()
    queue._strangers_rest_until = queue._person_seen = -math.inf
    seconds_of_strangers()
    assert queue._strangers_rest_until == -math.inf


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("::1", "::1"),
        ("localhost", "localhost"),
    ],
)
def test_what_counts_as_one_client(address, client):
    assert name_client(address) == client


def test_a_session_is_known_until_it_ends_by_its_own_cookie_alone():
    live = LiveSessions("downtime_session")
    live.note("token")
    assert live.knows("other=1; downtime_session=token")
    for cookies in ("", "downtime_session=", "other=token", "downtime_session=other"):
        assert not live.knows(cookies)
    live.forget("token")
    assert not live.knows("downtime_session=token")
