"""A server killed without warning has kept every save that it acknowledged."""

import http.client
import re
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import urlencode

import pytest

from downtime.accounts import totp
from downtime.clock import system_clock
from downtime.entry import open_form
from downtime.paper import ledger, move_form
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.print_pack import print_pack
from downtime.vault.audit import verify_chain as verify_audit
from downtime.vault.model import Actor
from tests.integration.fork_server import Process
from tests.integration.web.conftest import PASSWORD

NURSE = Actor("u-nurse", "Nurse Print", "K7")
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Serving:
    """`downtime serve` in a process of its own, and a clerk's browser before it."""

    def __init__(self, home) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-c", "from downtime.cli import main; main()", "serve"]
        self.process = Process(
            [*command, "--home", str(home.path), "--port", str(self.port)],
            stderr=subprocess.DEVNULL,
        )
        self.cookies: dict[str, str] = {}
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise TimeoutError("the server does not answer")

    def ask(self, method: str, path: str, fields=None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        body = None
        if fields is not None:
            body = urlencode({"csrf_token": self.token, **fields})
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Sec-Fetch-Site": "same-origin",
            }
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        page = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if found := _TOKEN.search(page):
            self.token = found[1]
        return answer.status, page

    def sign_in(self, secret: str) -> None:
        self.ask("GET", "/sign-in")
        code = totp.make_code(secret, datetime.now(UTC))
        fields = {"username": "records-clerk", "password": PASSWORD, "code": code}
        assert self.ask("POST", "/sign-in", fields)[0] == 303

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def chart(empty_hospital):
    """An observation chart that came back; its serial."""
    empty_hospital.clock.now = system_clock()
    vault = empty_hospital.open().vault
    order = BlankForms(forms=("observations",), copies=1, ward="A1")
    print_pack(vault, empty_hospital.settings, order, NURSE, "for a test", BytesIO())
    (form,) = ledger.list_forms(vault)
    move_form.mark_returned(vault, form.serial, NURSE)
    vault.close()
    return form.serial


def test_a_draft_is_there_after_the_server_was_killed(empty_hospital, chart):
    server = Serving(empty_hospital.home)
    try:
        server.sign_in(empty_hospital.secrets["records-clerk"])
        server.ask("GET", f"/key/{chart}")
        for step, pulse in enumerate(("81", "82", "83")):
            fields = {"pulse:1": pulse, "page": "opened", "step": str(step)}
            status, part = server.ask("POST", f"/key/{chart}/part", fields)
            assert status == 200
            assert "Draft saved at" in part
    finally:
        server.kill()
    vault = empty_hospital.open().vault
    assert dict(open_form.open_form(vault, chart).answers) == {"pulse:1": "83"}
    assert verify_audit(vault.db).first_bad is None
    vault.close()


def test_a_locked_screen_keeps_what_was_typed(hospital, vault):
    order = BlankForms(forms=("observations",), copies=1, ward="A1")
    print_pack(vault, hospital.settings, order, NURSE, "for a test", BytesIO())
    (form,) = ledger.list_forms(vault)
    clerk = hospital.browser("records-clerk")
    clerk.post(f"/key/{form.serial}/part", {"pulse:1": "81"})
    hospital.clock.go_on(minutes=6)
    assert clerk.get(f"/key/{form.serial}").location == "/locked"
    clerk.post("/unlock", {"password": PASSWORD})
    assert 'value="81"' in clerk.get(f"/key/{form.serial}").text
