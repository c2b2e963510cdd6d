"""Whoever holds connections or signs in without end keeps nobody waiting; `scripts/bench flood` has the times."""

import http.client
import socket
import threading
from contextlib import ExitStack, contextmanager, suppress

import pytest

from downtime import config
from downtime.accounts import sign_in_lane
from downtime.vault import slots
from downtime.web.server import listen
from tests.integration.web.conftest import PASSWORD

HOLDERS = 100
STRANGERS = 20
WAIT_SECONDS = 60
IDLE = b""
SLOW_HEADER = b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
SLOW_BODY = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 600\r\n\r\nx"


@contextmanager
def served(hospital, settings: str):
    """A real server of this app; its port."""
    with hospital.home.config_file.open("a") as file:
        file.write(settings)
    hospital.__post_init__()
    server = listen(hospital.app, config.load_settings(hospital.home.config_file), "127.0.0.1", 0)
    threading.Thread(target=server.run, daemon=True).start()
    yield server.effective_port
    server.trigger.pull_trigger(server.close)


def ask(port: int, browser, path: str, body: bytes | None = None) -> int:
    """The status that a browser gets from the real server."""
    cookies = "; ".join(f"{c.key}={c.value}" for c in browser.client._cookies.values())
    headers = {"Cookie": cookies, "Host": "localhost", "Sec-Fetch-Site": "same-origin"}
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_SECONDS)
    line.request("GET" if body is None else "POST", path, body, headers)
    answer = line.getresponse()
    answer.read()
    line.close()
    return answer.status


def test_connections_that_ask_nothing_hold_no_place(hospital):
    """More of each kind than a server has threads for strangers, all at once."""
    with served(hospital, "[web]\nstrangers_waiting = 20\n") as port, ExitStack() as held:
        nurse = hospital.browser("ward")
        for start in (IDLE, SLOW_HEADER, SLOW_BODY):
            for _ in range(HOLDERS):
                line = held.enter_context(socket.create_connection(("127.0.0.1", port)))
                line.sendall(start)
            assert ask(port, nurse, "/beds") == 200


@pytest.mark.parametrize("start", [IDLE, SLOW_HEADER, SLOW_BODY])
def test_they_are_closed(hospital, start):
    with (
        served(hospital, "[web]\nidle_seconds = 0\n") as port,
        socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS) as line,
        suppress(ConnectionError),
    ):
        line.sendall(start)
        assert line.recv(100) == b""


def test_a_nurses_pages_do_not_wait_for_strangers_who_sign_in(hospital, monkeypatch):
    derive, may_go_on, is_deriving = slots.slot_key, threading.Event(), threading.Event()
    answers = []

    def derive_slowly(*arguments):
        is_deriving.set()
        may_go_on.wait(WAIT_SECONDS)
        return derive(*arguments)

    with served(hospital, "sign_ins_waiting = 30\n") as port:
        nurse, stranger = hospital.browser("ward"), hospital.browser()
        body = f"csrf_token={stranger.token()}&username=ward&password=guess&code=1".encode()
        monkeypatch.setattr(slots, "slot_key", derive_slowly)
        strangers = [
            threading.Thread(target=lambda: answers.append(ask(port, stranger, "/sign-in", body)))
            for _ in range(STRANGERS)
        ]
        for thread in strangers:
            thread.start()
        assert is_deriving.wait(WAIT_SECONDS)
        for _ in range(10):  # more than there are web threads
            assert ask(port, nurse, "/beds") == 200
        assert answers == []
        may_go_on.set()
        for thread in strangers:
            thread.join(WAIT_SECONDS)
    assert answers == [401] * STRANGERS


def test_too_many_strangers_are_asked_to_try_again(hospital, monkeypatch):
    others = [sign_in_lane._Place("elsewhere", has_session=True)]
    monkeypatch.setattr(sign_in_lane, "_places", others)
    with hospital.home.config_file.open("a") as file:
        file.write("sign_ins_waiting = 0\n")
    hospital.__post_init__()
    answer = hospital.browser().post(
        "/sign-in", {"username": "ward", "password": PASSWORD, "code": hospital.code("ward")}
    )
    assert answer.status_code == 503
    assert "Try again in a few seconds" in answer.text


def test_who_tries_a_known_name_elsewhere_does_not_delay_its_owner(hospital):
    stranger = hospital.browser()
    fields = {"username": "ward", "password": "guess guess", "code": "123456"}
    elsewhere = {"environ_base": {"REMOTE_ADDR": "192.0.2.9"}}
    for _ in range(8):
        answer = stranger.post("/sign-in", fields, **elsewhere)
    assert "Wait " in answer.text
    hospital.browser("ward")  # signs in at once


def test_who_tries_a_name_at_the_sign_in_page_does_not_delay_its_locked_screen(hospital):
    nurse, stranger = hospital.browser("ward"), hospital.browser()
    nurse.post("/lock")
    for _ in range(8):
        stranger.post("/sign-in", {"username": "ward", "password": "guess", "code": "1"})
    assert nurse.post("/unlock", {"password": PASSWORD}).status_code == 303


def test_a_long_body_of_a_stranger_is_not_read(hospital):
    with served(hospital, "") as port:
        status = ask(port, hospital.browser(), "/sign-in", b"x" * 100_000)
    assert status == 303


@pytest.mark.parametrize(
    "start",
    [
        b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5f5e100\r\n",
        b"POST /laptops/merge HTTP/1.1\r\nHost: localhost\r\nCookie: downtime_session=guess\r\n"
        b"Content-Length: 100000000\r\n\r\n",
    ],
    ids=["announced", "in chunks", "with a made-up session"],
)
def test_a_very_long_body_of_a_stranger_is_refused_before_it_has_come(hospital, start):
    """The server keeps what it reads in memory: a hundred megabytes were announced, and a third of one was sent."""
    with (
        served(hospital, "") as port,
        socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS) as line,
    ):
        line.sendall(start + b"x" * 300_000)
        answer = line.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"Sign in, then send it again" in answer
