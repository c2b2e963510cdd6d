"""The pages over TLS in a real browser that trusts the site's authority, and nothing that it was told to overlook."""

import os
import subprocess

import pytest
from playwright.sync_api import Error as BrowserError

from tests.functional.conftest import ARGUMENTS, click_through, sign_in
from tests.integration.web.conftest import copied
from tests.integration.web.fronted import DOMAIN, fronted

ADDRESSES = f"--host-resolver-rules=MAP *.{DOMAIN} 127.0.0.1"


@pytest.fixture(scope="module")
def front(loaded_template, tmp_path_factory):
    hospital = copied(loaded_template, tmp_path_factory.mktemp("fronted"))
    with fronted(hospital) as running:
        yield running


@pytest.fixture
def launch(playwright_driver, tmp_path):
    """A Chromium with a home of its own, in which it trusts an authority."""
    browsers = []

    def start(authority=None):
        store = tmp_path / ".pki" / "nssdb"
        store.mkdir(parents=True, exist_ok=True)
        words = ["certutil", "-d", f"sql:{store}"]
        subprocess.run([*words, "-N", "--empty-password"], check=True)
        if authority:
            subprocess.run([*words, "-A", "-t", "C,,", "-n", "site", "-i", authority], check=True)
        browser = playwright_driver.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[*ARGUMENTS, ADDRESSES],
            env=os.environ | {"HOME": str(tmp_path)},
        )
        browsers.append(browser)
        return browser

    yield start
    for browser in browsers:
        browser.close()


@pytest.fixture(scope="session")
def playwright_driver(chromium):
    return chromium.playwright


def test_two_browsers_on_one_ward_work_side_by_side_over_tls(launch, front):
    browser = launch(front.authority_file)
    pages = {
        role: browser.new_context(base_url=front.address).new_page() for role in ("ward", "site")
    }
    for role, page in pages.items():
        sign_in(page, front.hospital, role)
    for role, page in pages.items():
        page.goto("/beds")
        assert page.evaluate("isSecureContext && location.protocol") == "https:"
        assert f"{role.title()} Person" in page.inner_text("body")
        cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
        assert cookies["__Host-downtime_session"]["secure"]
    click_through(pages["ward"].locator("text=Switch user"))
    pages["ward"].wait_for_selector("text=The next user can sign in")
    pages["site"].goto("/beds")
    assert "Site Person" in pages["site"].inner_text("body")


def test_a_browser_without_the_sites_authority_opens_nothing(launch, front):
    page = launch().new_page()
    with pytest.raises(BrowserError, match="ERR_CERT_AUTHORITY_INVALID"):
        page.goto(f"{front.address}/sign-in")
