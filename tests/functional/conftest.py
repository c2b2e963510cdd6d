"""A real Chromium before a served home; nothing but this machine can be reached from it."""

import io
import os
import signal
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import sync_playwright
from waitress.server import create_server

from downtime.paper import ledger
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.print_pack import print_pack
from downtime.vault.model import Actor
from downtime.web.job_worker import JobWorker
from tests.integration.web.conftest import (  # noqa: F401 - fixtures
    PASSWORD,
    Hospital,
    _compiled_addresses,
    checker,
    compare,
    copied,
    empty_hospital,
    four,
    hold,
    home_template,
    hospital,
    issue,
    keyed,
    loaded_template,
    outage,
    recovered,
    return_all,
    t0,
    vault,
)

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
]
LAPTOP = {"width": 1366, "height": 768}
NURSE = Actor("u-nurse", "Nurse Print", "K7")
PRINTING_MS = 240_000
"""The longest that a pack is waited for, on a machine that does much else."""
WAIT_SECONDS = 120
"""The longest that anything else is waited for which no page shows."""
CLOSING_SECONDS = 60
TABS_PAST_EMPTY = 4
SECONDS_A_KEY, SECONDS_A_CLICK = 0.2, 1.3
"""What somebody takes who types all day (Card, Moran and Newell 1980: keystroke-level model); 0.28 for others."""


class Served:
    """A hospital that answers at an address."""

    def __init__(self, hospital: Hospital) -> None:  # noqa: F811
        self.hospital = hospital
        # A map of its own: waitress keeps the sockets of all servers of a process in one, and each
        # server's thread, also one that was closed, would then handle those of the others.
        self.server = create_server(hospital.app, map={}, host="127.0.0.1", port=0, threads=4)
        self.address = f"http://127.0.0.1:{self.server.effective_port}"
        self.worker = JobWorker(hospital.app.extensions["downtime"])
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self) -> "Served":
        self.worker.start()
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.worker.stop()
        self.server.close()
        self.hospital.app.extensions["downtime"].vault_holder.release()


@pytest.fixture(scope="module")
def served(loaded_template, tmp_path_factory):  # noqa: F811
    with Served(copied(loaded_template, tmp_path_factory.mktemp("served"))) as running:
        yield running


class Chromium:
    """One browser for the run. It is ended and started anew when it closes a page no more, as it may do
    while it opens a PDF: nothing else ends that wait."""

    def __init__(self, playwright) -> None:
        self.playwright, self.browser, self.process = playwright, None, 0

    def new_context(self, **options):
        if self.browser is None:
            self.start()
        return self.browser.new_context(**options)

    def start(self) -> None:
        self.browser = self.playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=ARGUMENTS
        )
        answer = self.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
        processes = {row["type"]: row["id"] for row in answer["processInfo"]}
        self.process = processes["browser"]

    def close(self, closing) -> None:
        """Close a context or the browser itself, at the worst by ending the browser."""
        watch = threading.Timer(CLOSING_SECONDS, os.kill, (self.process, signal.SIGKILL))
        watch.start()
        try:
            closing.close()
        except BrowserError:
            if watch.is_alive():
                raise
            self.browser = None
        finally:
            watch.cancel()


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        started = Chromium(playwright)
        yield started
        if started.browser:
            started.close(started.browser)


@pytest.fixture
def visit(chromium, served):
    """Open a page of the app, signed in as a role; a request to anywhere else fails the test."""
    with visiting(chromium, served) as open_page:
        yield open_page


@pytest.fixture
def visit_own(chromium, hospital):  # noqa: F811
    """The same of a home that is the test's own, whose `vault` it may fill."""
    with Served(hospital) as served, visiting(chromium, served) as open_page:
        yield open_page


@contextmanager
def visiting(chromium, served):
    contexts = []

    def open_page(role: str | None = None, **options):
        context = chromium.new_context(base_url=served.address, viewport=LAPTOP, **options)
        contexts.append(context)
        page = context.new_page()
        page.strange = []
        page.on("request", lambda request: _note_strange(page, request.url))
        page.on("console", lambda message: _note_error(page, message))
        page.on("pageerror", lambda error: page.strange.append(str(error)))
        if role:
            sign_in(page, served.hospital, role)
        return page

    yield open_page
    strange = [said for one in contexts for page in one.pages for said in page.strange]
    for context in contexts:
        chromium.close(context)
    assert strange == []


def sign_in(page, hospital: Hospital, role: str) -> None:  # noqa: F811
    page.goto("/sign-in")
    page.fill("#username", role)
    page.fill("#password", PASSWORD)
    page.fill("#code", hospital.code(role))
    page.press("#code", "Enter")
    page.wait_for_selector(".nav")


class Typist:
    """Presses keys and counts them: what a person takes for a form follows from it on any machine."""

    def __init__(self, page, seconds_a_key: float = SECONDS_A_KEY) -> None:
        self.page, self.keys, self.clicks = page, 0, 0
        self.seconds_a_key = seconds_a_key

    def type(self, *texts: str) -> None:
        for text in texts:
            self.keys += len(text)
            self.page.keyboard.type(text)

    def press(self, key: str) -> None:
        self.keys += 1
        self.page.keyboard.press(key)

    def type_each(self, *texts: str) -> None:
        """One field after the other."""
        for text in texts:
            self.type(text)
            self.press("Tab")

    def skip_to(self, selector: str) -> None:
        """Go on by Tab past some fields that stay empty."""
        self.keys += TABS_PAST_EMPTY
        self.page.focus(selector)

    def focus(self, selector: str) -> None:
        """Put the cursor somewhere with the mouse."""
        self.clicks += 1
        self.page.focus(selector)

    @property
    def seconds(self) -> float:
        return self.keys * self.seconds_a_key + self.clicks * SECONDS_A_CLICK


def click_through(target, timeout: float | None = None) -> None:
    """Click what opens a page (a locator), and wait until that page is there."""
    with target.page.expect_navigation(timeout=timeout):
        target.click()


def press_through(page, key: str = "Enter") -> None:
    """Press what opens a page, and wait until that page is there."""
    with page.expect_navigation():
        page.keyboard.press(key)


def wait_until(condition) -> None:
    """Wait for what no page shows, as what the vault holds."""
    end = time.monotonic() + WAIT_SECONDS
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    assert condition()


@pytest.fixture
def blank(served):
    """Print a blank form and say its serial: nothing is keyed of it."""

    def print_blank(form: str) -> str:
        vault = served.hospital.open().vault  # noqa: F811
        order = BlankForms(forms=(form,), copies=1, ward="B2")
        before = {issued.serial for issued in ledger.list_forms(vault, ward="B2")}
        print_pack(vault, served.hospital.settings, order, NURSE, "for a test", io.BytesIO())
        (serial,) = {issued.serial for issued in ledger.list_forms(vault, ward="B2")} - before
        vault.close()
        return serial

    return print_blank


def _note_strange(page, address: str) -> None:
    if urlsplit(address).scheme.startswith("http") and urlsplit(address).hostname != "127.0.0.1":
        page.strange.append(address)


def _note_error(page, message) -> None:
    if message.type == "error" and "status of 4" not in message.text:
        page.strange.append(message.text)
