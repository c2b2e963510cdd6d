"""Requests wait in two queues: people with a session first, strangers by their addresses in turn."""

import math
import threading
import time

import pytest

from downtime.access_settings import WebSettings
from downtime.web import request_queue
from downtime.web.client_address import name_client
from downtime.web.live_sessions import LiveSessions
from downtime.web.request_queue import STRANGERS_REST, RequestQueue

WAIT_SECONDS = 60
BUSY_SECONDS = 0.02


class Browser:
    """Somebody who asks for one page, in a thread of the server."""

    def __init__(self, name: str, address: str, log: list[str], cookie: str = "") -> None:
        self.name, self.log = name, log
        self.environ = {"REMOTE_ADDR": address, "HTTP_COOKIE": cookie, "browser": self}
        self.may_end, self.is_done = threading.Event(), threading.Event()

    def ask(self, queue: RequestQueue) -> None:
        """Returns once it stands in line, or was answered."""
        before = _count_waiting(queue)
        threading.Thread(target=self._ask, args=(queue,), daemon=True).start()
        while _count_waiting(queue) <= before and not self._is_heard():
            time.sleep(0.001)

    def _is_heard(self) -> bool:
        return any(line.startswith(self.name) for line in self.log)

    def _ask(self, queue: RequestQueue) -> None:
        answer = queue(self.environ, self._begin)
        list(answer)
        if hasattr(answer, "close"):
            answer.close()
        self.is_done.set()

    def _begin(self, status: str, *_: object) -> None:
        if status.startswith("503"):
            self.log.append(f"{self.name} refused")


def _count_waiting(queue: RequestQueue) -> int:
    with queue._lock:
        return len(queue._first) + sum(len(line) for line in queue._strangers.values())


def page(environ, _):
    """What the app makes, for as long as the browser's name says."""
    browser = environ["browser"]
    browser.log.append(browser.name)
    if browser.name.startswith("slow"):
        browser.may_end.wait(WAIT_SECONDS)
    if browser.name.startswith("busy"):
        end = time.thread_time() + BUSY_SECONDS
        while time.thread_time() < end:
            pass
    return [b"a page"]


@pytest.fixture
def queue():
    return RequestQueue(
        page,
        WebSettings(threads=2, stranger_threads=1, strangers_waiting=4),
        lambda text: "nurse" in text,
    )


def test_strangers_take_turns_by_address_and_keep_nobody_with_a_session_waiting(queue):
    log: list[str] = []
    slow = Browser("slow", "192.0.2.1", log)
    crowd = [Browser(f"crowd {n}", "192.0.2.1", log) for n in range(3)]
    visitor = Browser("visitor", "192.0.2.2", log)
    for browser in (slow, *crowd, visitor):
        browser.ask(queue)
    nurse = Browser("nurse", "192.0.2.1", log, "downtime_session=nurse")
    nurse.ask(queue)
    assert nurse.is_done.wait(WAIT_SECONDS)
    assert not crowd[0].is_done.is_set()
    slow.may_end.set()
    assert crowd[2].is_done.wait(WAIT_SECONDS)
    assert [name for name in log if name.startswith("crowd")] == ["crowd 0", "crowd 1", "crowd 2"]
    assert log.index("visitor") < log.index("crowd 1")


def test_who_fills_the_queue_is_refused_and_another_address_is_not(queue):
    log: list[str] = []
    slow = Browser("slow", "192.0.2.1", log)
    slow.ask(queue)
    while not log:
        slow.may_end.wait(0.001)
    crowd = [Browser(f"crowd {n}", "192.0.2.1", log) for n in range(6)]
    for browser in crowd:
        browser.ask(queue)
    assert crowd[5].is_done.wait(WAIT_SECONDS)
    assert sorted(log[1:]) == ["crowd 4 refused", "crowd 5 refused"]
    visitor = Browser("visitor", "192.0.2.2", log)
    threading.Thread(target=visitor._ask, args=(queue,), daemon=True).start()
    while not any(line in log for line in ("crowd 3 refused", "visitor refused")):
        time.sleep(0.001)
    slow.may_end.set()
    assert visitor.is_done.wait(WAIT_SECONDS)
    assert "visitor" in log


def test_who_comes_anew_goes_before_addresses_that_tried_already(queue):
    """However many there are of them, and with the next page of a newcomer too: it cost little."""
    log: list[str] = []
    crowd = [Browser(f"busy {n}", f"192.0.2.{n}", log) for n in range(4)]
    for browser in crowd:
        browser.ask(queue)
        assert browser.is_done.wait(WAIT_SECONDS)
    slow = Browser("slow", "192.0.2.99", log)
    slow.ask(queue)
    while "slow" not in log:
        slow.may_end.wait(0.001)
    crowd = [Browser(f"again {n}", f"192.0.2.{n}", log) for n in range(3)]
    visitor = Browser("visitor", "198.51.100.7", log)
    for browser in (*crowd, visitor):
        browser.ask(queue)
    slow.may_end.set()
    assert crowd[2].is_done.wait(WAIT_SECONDS)
    assert log.index("visitor") == log.index("slow") + 1


def test_the_queue_is_no_longer_for_many_addresses_and_a_newcomer_finds_a_place(queue):
    log: list[str] = []
    for number in range(5):
        before = Browser(f"busy {number}", f"192.0.2.{number}", log)
        before.ask(queue)
        assert before.is_done.wait(WAIT_SECONDS)
    slow = Browser("slow", "192.0.2.99", log)
    slow.ask(queue)
    while "slow" not in log:
        slow.may_end.wait(0.001)
    crowd = [Browser(f"again {number}", f"192.0.2.{number}", log) for number in range(5)]
    visitor = Browser("visitor", "198.51.100.7", log)
    for browser in (*crowd, visitor):
        threading.Thread(target=browser._ask, args=(queue,), daemon=True).start()
    until = time.monotonic() + WAIT_SECONDS / 4
    while len(log) < 8 and time.monotonic() < until:  # two more than have a place
        time.sleep(0.001)
    assert _count_waiting(queue) == 4  # and each stands in a thread of the server
    slow.may_end.set()
    assert visitor.is_done.wait(WAIT_SECONDS)
    assert "visitor" in log


def test_who_has_hung_up_meanwhile_is_not_answered(queue):
    log: list[str] = []
    slow, gone, visitor = (Browser(name, "192.0.2.1", log) for name in ("slow", "gone", "visitor"))
    queue._has_hung_up = lambda environ: environ["browser"] is gone
    slow.ask(queue)
    while not log:
        slow.may_end.wait(0.001)
    gone.ask(queue)
    visitor.ask(queue)
    slow.may_end.set()
    assert visitor.is_done.wait(WAIT_SECONDS)
    assert gone.is_done.wait(WAIT_SECONDS)
    assert log == ["slow", "gone refused", "visitor"]


def test_a_browser_that_asks_without_end_keeps_nobody_from_signing_in(queue, monkeypatch):
    monkeypatch.setattr(request_queue, "STRANGERS_PATIENCE", 0.05)
    log: list[str] = []
    visitor, has_ended = Browser("visitor", "192.0.2.2", log), threading.Event()

    def ask_without_end() -> None:
        while not has_ended.is_set():
            Browser("busy nurse", "192.0.2.9", log, "downtime_session=nurse")._ask(queue)

    nurses = [threading.Thread(target=ask_without_end, daemon=True) for _ in range(6)]
    for thread in nurses:
        thread.start()
    threading.Thread(target=visitor._ask, args=(queue,), daemon=True).start()
    is_answered = visitor.is_done.wait(WAIT_SECONDS / 4)
    has_ended.set()
    for thread in nurses:
        thread.join(WAIT_SECONDS)
    assert is_answered


def test_strangers_rest_while_a_nurse_asks_for_pages_and_not_otherwise(queue):
    log: list[str] = []

    def seconds_of_strangers(*cookies: str) -> float:
        for number, cookie in enumerate(cookies):
            nurse = Browser(f"nurse {number}", "192.0.2.9", log, cookie)
            nurse.ask(queue)
            assert nurse.is_done.wait(WAIT_SECONDS)
        started = time.monotonic()
        strangers = [Browser(f"busy {n}", "192.0.2.1", log) for n in range(3)]
        for browser in strangers:
            browser.ask(queue)
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


def test_an_app_that_fails_gives_its_turn_to_the_next():
    def fail(*_):
        raise ValueError

    queue = RequestQueue(fail, WebSettings(threads=1), lambda _: True)
    for _ in range(2):
        with pytest.raises(ValueError):  # noqa: PT011 - the app's own
            queue({}, lambda *_: None)


def test_more_people_than_threads_are_answered_one_after_another(queue):
    log: list[str] = []
    slow = [Browser(f"slow {n}", "192.0.2.1", log, "nurse") for n in range(3)]
    for browser in slow:
        browser.ask(queue)
    assert len(log) <= 2
    for browser in slow:
        browser.may_end.set()
    assert all(browser.is_done.wait(WAIT_SECONDS) for browser in slow)
    assert log == ["slow 0", "slow 1", "slow 2"]
