"""The pages over TLS: a real nginx with our configuration, its certificate, and those who hold it up."""

import os
import re
import signal
import socket
import ssl
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from downtime.fleet.tls.server_certificate import read_certificate
from tests.integration.web.conftest import PASSWORD
from tests.integration.web.fronted import NAME, fronted

HOLDERS = 100
STRANGERS = 40
QUICK = "header_seconds = 1\nbody_seconds = 1\n"
PATIENT = "header_seconds = 60\n"
"""Where many clients shake hands at once in one process, on a machine that has other work as well."""
WAIT_SECONDS = 60
CLOSED_SECONDS = 20
GUESS = {"username": "ward", "password": "guess guess", "code": "123456"}


def sign_in(client, fields):
    page = client.get("/sign-in").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    return client.post("/sign-in", data={"csrf_token": token, **fields})


def nurse(front):
    """Somebody signed in, through the front."""
    client = front.client()
    fields = {"username": "ward", "password": PASSWORD, "code": front.hospital.code("ward")}
    assert sign_in(client, fields).status_code == 303
    return client


def hold(front, start: bytes, encrypted: bool) -> socket.socket:
    """A connection that is left after its first bytes."""
    line = socket.create_connection(("127.0.0.1", front.port), timeout=WAIT_SECONDS)
    if encrypted:
        trust = ssl.create_default_context(cafile=front.authority_file)
        line = trust.wrap_socket(line, server_hostname=NAME)
    line.sendall(start)
    return line


def test_pages_are_encrypted_and_cookies_never_leave_that_way(hospital):
    with fronted(hospital) as front:
        page = front.client().get("/sign-in")
        client = nurse(front)
        cookies = [*client.cookies.jar, *page.cookies.jar]
        assert {cookie.name for cookie in cookies} == {
            "__Host-downtime_session",
            "__Host-downtime_page",
        }
        for cookie in cookies:
            assert (cookie.secure, cookie.path, cookie.domain_specified) == (True, "/", False)
        assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert client.get("/beds").status_code == 200
        with socket.create_connection(("127.0.0.1", front.port), timeout=WAIT_SECONDS) as plain:
            plain.sendall(f"GET /beds HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
            assert b"400" in plain.recv(100)
        other = front.client(Host="elsewhere.example")
        assert other.get("/sign-in").status_code == 400


def test_who_asks_is_whom_the_front_names_and_not_what_a_browser_says(hospital):
    """Tries are counted by address: neither a made-up one frees anybody, nor are all one client."""
    with fronted(hospital) as front:
        for number in range(6):
            stranger = front.client(**{"X-Forwarded-For": f"192.0.2.{number}"})
            answer = sign_in(stranger, GUESS)
        assert "Wait " in answer.text
        elsewhere = sign_in(front.client("127.0.0.2"), GUESS)
        assert "Wait " not in elsewhere.text


def test_who_comes_through_the_front_reads_no_metrics(hospital):
    with fronted(hospital) as front:
        assert front.client().get("/metrics").status_code == 403


@pytest.mark.parametrize(
    ("encrypted", "start"),
    [
        (False, b""),
        (True, f"GET /sign-in HTTP/1.1\r\nHost: {NAME}\r\nX-Slow: ".encode()),
        (True, f"POST /sign-in HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 600\r\n\r\nx".encode()),
    ],
    ids=["idle", "slow-header", "slow-body"],
)
def test_connections_that_ask_nothing_keep_nobody_waiting_and_are_closed(
    hospital, encrypted, start
):
    with fronted(hospital, tls=QUICK) as front, ExitStack() as held:
        client = nurse(front)
        lines = [held.enter_context(hold(front, start, encrypted)) for _ in range(HOLDERS)]
        began = time.monotonic()
        assert [client.get("/beds").status_code for _ in range(5)] == [200] * 5
        assert time.monotonic() - began < WAIT_SECONDS
        for line in lines:
            assert _is_closed(line)


def _is_closed(line: socket.socket) -> bool:
    """Whether it is, or is within some seconds; one that was reset is."""
    line.settimeout(CLOSED_SECONDS)
    try:
        while line.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def test_strangers_who_sign_in_keep_no_nurse_waiting(hospital):
    answers = []
    with fronted(hospital, tls=PATIENT) as front:
        client = nurse(front)

        def try_in() -> None:
            answers.append(sign_in(front.client(), GUESS).status_code)

        threads = [threading.Thread(target=try_in) for _ in range(STRANGERS)]
        for thread in threads:
            thread.start()
        assert [client.get("/beds").status_code for _ in range(10)] == [200] * 10
        for thread in threads:
            thread.join(WAIT_SECONDS)
    assert len(answers) == STRANGERS
    assert 429 in answers, "one address signs in so often a minute"


def test_what_a_browser_sends_never_lies_in_a_file(hospital):
    """Neither what waits here until it is whole, nor what is passed on as it comes, nor in memory's own folder."""
    with fronted(hospital) as front, ExitStack() as held:
        client = nurse(front)
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        before = _list_opened(front)
        for length in (60_000, 600_000):
            start = (
                f"POST /scans HTTP/1.1\r\nHost: {NAME}\r\nCookie: {cookies}\r\n"
                f"Content-Length: {length}\r\n\r\n"
            )
            held.enter_context(hold(front, start.encode() + b"x" * 50_000, True))
        time.sleep(0.5)
        assert _list_opened(front) == before


def _list_opened(front) -> set[str]:
    """The files that nginx's worker has open."""
    parent = front.process.pid
    (worker,) = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    links = [os.readlink(entry) for entry in Path(f"/proc/{worker}/fd").iterdir()]
    return {name for name in links if name.startswith("/")}


def test_slow_bodies_of_strangers_hold_no_place_of_the_app(hospital):
    """Not even more of them than the app has places: each waits at the front until it is whole."""
    start = f"POST /sign-in HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 600\r\n\r\nx".encode()
    with fronted(hospital, web="connections = 10\n") as front, ExitStack() as held:
        client = nurse(front)
        for _ in range(20):
            held.enter_context(hold(front, start, True))
        assert client.get("/beds").status_code == 200


def test_a_body_without_a_length_and_one_too_long_are_refused_with_a_sentence(hospital):
    with fronted(
        hospital, web="max_upload_bytes = 200_000\nmax_bundle_upload_bytes = 300_000\n"
    ) as front:
        client = nurse(front)
        assert client.post("/sign-in", content=iter([b"x"])).status_code == 411
        long = client.post("/laptops/merge", content=b"x" * 400_000)
        short = client.post("/laptops/merge", content=b"x" * 250_000)
    assert long.status_code == 413
    assert "use the command" in long.text
    assert short.status_code == 403  # by the app: a ward merges nothing


def test_a_strangers_long_body_comes_no_further_than_the_front(hospital):
    with fronted(hospital) as front:
        stranger = front.client(Cookie="__Host-downtime_session=made-up")
        answer = stranger.post("/laptops/merge", content=b"x" * 200_000)
        assert answer.status_code == 303, answer.text
        assert answer.headers["Location"].endswith("/sign-in")
        assert stranger.get("/signed-in").status_code == 404  # the front's own question


def test_a_renewed_certificate_is_served_after_a_reload(hospital):
    with fronted(hospital) as front:
        before = _served(front)
        front.issue()
        assert _served(front) == before
        os.kill(front.process.pid, signal.SIGHUP)
        end, after = time.monotonic() + WAIT_SECONDS, before
        while after == before and time.monotonic() < end:  # what is ending may still answer once
            time.sleep(0.1)
            after = _served(front)
        assert after == read_certificate(hospital.home).sha256 != before


def _served(front) -> str:
    with hold(front, b"", True) as line:
        certificate = x509.load_der_x509_certificate(line.getpeercert(binary_form=True))
    return certificate.fingerprint(hashes.SHA256()).hex()


def test_while_the_app_is_not_there_the_front_says_so(hospital):
    with fronted(hospital, serves=False) as front:
        answer = front.client().get("/sign-in")
    assert answer.status_code == 503
    assert "does not answer here yet" in answer.text
