"""Passkeys in a real browser, with Chromium's virtual authenticator in place of a finger on a sensor."""

import pytest

from downtime.accounts.store import accounts
from downtime.accounts.store import passkeys as store
from downtime.sync.laptop_audit import list_entries_of
from tests.functional.conftest import Served as ServedByNumber
from tests.functional.conftest import click_through, visiting
from tests.integration.web.conftest import PASSWORD

SENSOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Served(ServedByNumber):
    """A browser keeps passkeys for names, not for numbers."""

    def __enter__(self):
        self.address = self.address.replace("127.0.0.1", "localhost")
        return super().__enter__()


@pytest.fixture
def opened(chromium, hospital):
    """Pages under the name `localhost`, each with a sensor; and where they are served."""
    with Served(hospital) as served, visiting(chromium, served) as visit:

        def open_page(role=None):
            page = visit(role)
            page.strange = Local()
            return page

        yield open_page, served


class Local(list):
    """What a page asked of others; what it asks of `localhost` is its own."""

    def append(self, address: str) -> None:
        if not address.startswith("http://localhost:"):
            super().append(address)


def add_sensor(page, **options):
    """A finger, until the page is closed; its id and the way to speak to it."""
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    answer = line.send("WebAuthn.addVirtualAuthenticator", {"options": SENSOR | options})
    return line, answer["authenticatorId"]


def make_passkey(page, name="my phone"):
    page.goto("/passkeys")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    click_through(page.get_by_role("button", name="Make a passkey"))
    assert "The passkey is made" in page.inner_text("main")


def press_passkey(page):
    click_through(page.get_by_role("button", name="Use a passkey instead of a code"))


def test_a_passkey_takes_the_place_of_the_code_and_alone_signs_in_where_the_vault_is_open(opened):
    visit, served = opened
    page, other = visit("ward"), visit("site")
    add_sensor(page)
    make_passkey(page)
    assert page.inner_text("tbody tr td") == "my phone"

    click_through(page.get_by_text("Switch user"))
    press_passkey(page)  # the site team is signed in: the vault is open
    assert "Ward Person" in page.inner_text("body")

    for signed_in in (page, other):
        click_through(signed_in.get_by_text("Sign out"))
    page.goto("/sign-in")
    press_passkey(page)
    assert "Nobody is signed in on this laptop" in page.inner_text("main")
    page.fill("#username", "ward")
    page.fill("#password", PASSWORD)
    press_passkey(page)
    assert "Ward Person" in page.inner_text("body")

    vault = served.hospital.open().vault
    (person,) = {row.person for row in store.list_live_passkeys(vault.db, _find_id(vault))}
    reasons = [entry.reason for entry in list_entries_of(vault.db, person)]
    assert reasons.count("with a passkey") == 2
    vault.close()


def test_a_passkey_that_was_removed_or_whose_owner_was_not_asked_opens_nothing(opened):
    visit, _ = opened
    page, _ = visit("ward"), visit("site")
    line, sensor = add_sensor(page)
    make_passkey(page)
    click_through(page.get_by_text("Switch user"))
    line.send("WebAuthn.setUserVerified", {"authenticatorId": sensor, "isUserVerified": False})
    page.get_by_role("button", name="Use a passkey instead of a code").click()
    page.get_by_text("No passkey was used").wait_for()
    line.send("WebAuthn.setUserVerified", {"authenticatorId": sensor, "isUserVerified": True})
    press_passkey(page)
    page.goto("/passkeys")
    click_through(page.get_by_role("button", name="Remove"))
    assert "You have no passkey here" in page.inner_text("main")
    click_through(page.get_by_text("Switch user"))
    press_passkey(page)
    assert "You are not signed in" in page.inner_text("main")


def _find_id(vault):
    return accounts.find_by_username(vault.db, "ward").id
