"""A real Chromium before a served home; nothing but this machine can be reached from it."""

import threading
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright
from waitress.server import create_server

from downtime.web.job_worker import JobWorker
from tests.integration.web.conftest import (  # noqa: F401 - fixtures
    PASSWORD,
    Hospital,
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


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


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
        context.close()
    assert strange == []


def sign_in(page, hospital: Hospital, role: str) -> None:  # noqa: F811
    page.goto("/sign-in")
    page.fill("#username", role)
    page.fill("#password", PASSWORD)
    page.fill("#code", hospital.code(role))
    page.press("#code", "Enter")
    page.wait_for_selector(".nav")


def _note_strange(page, address: str) -> None:
    if urlsplit(address).scheme.startswith("http") and urlsplit(address).hostname != "127.0.0.1":
        page.strange.append(address)


def _note_error(page, message) -> None:
    if message.type == "error" and "status of 4" not in message.text:
        page.strange.append(message.text)
