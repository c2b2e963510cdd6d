"""A real Chromium before a served home; nothing but this machine can be reached from it."""

import functools
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
from werkzeug.exceptions import NotFound

from downtime.paper import ledger
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.print_pack import print_pack
from downtime.vault.model import Actor
from downtime.web.cookies import PAGE_COOKIE, SESSION_COOKIE
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
WAITING_MS = 30_000
"""What Playwright itself waits for anything."""
PARKED = "/static/0/icon.svg"
"""What a page shows that nobody has: of the same site, so that it keeps its process, and it asks for nothing."""
TABS_PAST_EMPTY = 4
SECONDS_A_KEY, SECONDS_A_CLICK = 0.2, 1.3
"""What somebody takes who types all day (Card, Moran and Newell 1980: keystroke-level model); 0.28 for others."""


class Address:
    """The one address of a run, at which the hospital answers that is looked at just now: so a page that
    is open can be lent from test to test."""

    def __init__(self) -> None:
        self.apps = []
        # A map of its own: waitress keeps the sockets of all servers of a process in one, and each
        # server's thread, also one that was closed, would then handle those of the others.
        server = create_server(self, map={}, host="127.0.0.1", port=0, threads=4)
        self.url = f"http://127.0.0.1:{server.effective_port}"
        threading.Thread(target=server.run, daemon=True).start()

    def __call__(self, environ, start_response):
        app = self.apps[-1] if self.apps else NotFound()
        return app(environ, start_response)


@functools.cache
def address() -> Address:
    return Address()


class Served:
    """A hospital that answers at the address while somebody visits it, and does its jobs."""

    def __init__(self, hospital: Hospital) -> None:  # noqa: F811
        self.hospital = hospital
        self.address = address().url
        self.worker = JobWorker(hospital.app.extensions["downtime"])

    def __enter__(self) -> "Served":
        self.worker.start()
        return self

    def __exit__(self, *_) -> None:
        self.worker.stop()
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
        self.idle = []
        """Pages that wait for the next test: a new context and its first page cost a second of work."""

    def new_context(self, **options):
        if self.browser is None:
            self.start()
        return self.browser.new_context(**options)

    def open_page(self, **options):
        """A page of a context of its own, which notes what is `strange`."""
        context = self.new_context(viewport=LAPTOP, **options)
        page = context.new_page()
        page.strange = []
        page.on("request", lambda request: _note_strange(page, request.url))
        page.on("console", lambda message: _note_error(page, message))
        page.on("pageerror", lambda error: page.strange.append(str(error)))
        return page

    def lend_page(self):
        """A page that knows nothing of whoever had it before."""
        return self.idle.pop() if self.idle else self.open_page(base_url=address().url)

    def take_back(self, page) -> None:
        """Keep a page for the next test, unless it does not become as new."""
        for other in page.context.pages:
            if other is not page:
                other.close()
        try:
            page.unroute_all()
            page.set_default_timeout(WAITING_MS)
            page.set_viewport_size(LAPTOP)
            page.goto(PARKED)
            page.context.clear_cookies()
        except BrowserError:
            self.close(page.context)
        else:
            page.strange = []
            self.idle.append(page)

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
            self.browser, self.idle = None, []
        finally:
            watch.cancel()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """What each open page says, beside a failure: a wait that ends tells nothing by itself."""
    report = yield
    browser = item.funcargs.get("chromium") if hasattr(item, "funcargs") else None
    if report.when == "call" and report.failed and browser and browser.browser:
        pages = [page for context in browser.browser.contexts for page in context.pages]
        for page in pages:
            if not page.url.endswith(PARKED):
                report.sections.append((page.url, _read_page(page)))
    return report


def _read_page(page) -> str:
    try:
        return page.inner_text("body", timeout=CLOSING_SECONDS * 1000)
    except BrowserError as error:
        return str(error)


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
    """Give `open_page(role)`: a page signed in as a role. It is lent from test to test, except one with
    options of its context, or `alone`: a test that sets the page's clock spoils it for others."""
    address().apps.append(served.hospital.app)
    lent, own = [], []

    def open_page(role: str | None = None, *, alone: bool = False, **options):
        if alone or options or served.address != address().url:
            own.append(page := chromium.open_page(base_url=served.address, **options))
        else:
            lent.append(page := chromium.lend_page())
        if role:
            let_in(page, served, role)
        return page

    yield open_page
    strange = [said for page in (*lent, *own) for one in page.context.pages for said in one.strange]
    for page in own:
        chromium.close(page.context)
    for page in lent:
        if page.url.endswith("/file"):  # the browser's own reader of PDFs may not let go of it
            chromium.close(page.context)
        else:
            chromium.take_back(page)
    address().apps.pop()
    assert strange == []


def let_in(page, served: Served, role: str) -> None:
    """Put somebody who signed in elsewhere before the first page."""
    client = served.hospital.browser(role).client
    page.context.add_cookies(
        [
            {"name": name, "value": client.get_cookie(name).value, "url": served.address}
            for name in (SESSION_COOKIE, PAGE_COOKIE)
        ]
    )
    page.goto("/")
    page.wait_for_selector(".nav")


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
