"""Every page names its permission, and every role gets exactly the pages that the table allows."""

import pytest

from downtime.accounts.model import Permission
from downtime.accounts.permissions import ROLE_TITLES, ROLES_ALLOWED
from downtime.web.access_control import ALLOWED_BEFORE_PASSWORD, ALLOWED_WHILE_LOCKED
from downtime.web.view_permissions import permission_of
from tests.integration.web.conftest import (  # noqa: F401 - fixtures
    empty_hospital,
    home_template,
    hospital,
    loaded_template,
)

PUBLIC_PAGES = {
    "break_glass.enter",
    "break_glass.open_code",
    "break_glass.resume",
    "account.sign_in",
    "assets.send_asset",
    "help.show",
    "help.send_picture",
    "help.show_guide",
    "monitoring.health",
    "monitoring.metrics",
    "monitoring.signed_in",
    "passkeys.ask",
    "shelf.send_public",
    "shelf.show_public",
}
PEOPLE = [role for role in ROLE_TITLES if role not in ("service", "guest")]
ARGUMENTS = {
    "ward": "A1",
    "patient_id": "0123456789abcdef",
    "job_id": "j-0",
    "serial": "K7000042X",
    "pack": "K7-P00001",
    "outage_id": "2026-11-02-1",
    "key": "K7000042X-form",
    "ref": "K7000042X",
    "batch": "0123456789ab",
    "batch_id": "K7-B001",
    "page_id": "0123456789abcdef-1",
    "link_id": "0123456789abcdef",
    "digest": "0123456789abcdef",
    "form": "observations",
    "device": "M3",
    "person_id": "u-0",
    "arrival": 1,
    "number": 1,
    "version": "x",
    "name": "app.css",
    "file_kind": "csv",
    "query": "q-0",
    "page": 1,
}
ENDING = {"account.lock", "account.locked", "account.sign_out", "account.switch"}
"""Pages that end or lock the session that walks."""


def routes(app):
    """Endpoint, method, address and permission of every route."""
    adapter = app.url_map.bind("127.0.0.1")
    for rule in app.url_map.iter_rules():
        values = {name: ARGUMENTS[name] for name in rule.arguments}
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            address = adapter.build(rule.endpoint, values, method=method)
            yield rule.endpoint, method, address, permission_of(app.view_functions[rule.endpoint])


def test_every_route_names_a_permission_of_the_table(hospital):  # noqa: F811
    named = {endpoint: permission for endpoint, _, _, permission in routes(hospital.app)}
    assert {e: a for e, a in named.items() if a not in (*ROLES_ALLOWED, Permission.PUBLIC)} == {}
    assert {e for e, permission in named.items() if permission is Permission.PUBLIC} == PUBLIC_PAGES


def test_only_pages_about_oneself_are_open_while_locked_or_before_a_password():
    assert all(
        name.startswith("account.") for name in (*ALLOWED_WHILE_LOCKED, *ALLOWED_BEFORE_PASSWORD)
    )


def test_nobody_reaches_anything_but_the_sign_in(hospital):  # noqa: F811
    browser = hospital.browser()
    for endpoint, method, address, permission in routes(hospital.app):
        if permission is not Permission.PUBLIC:
            answer = browser.get(address) if method == "GET" else browser.post(address)
            assert answer.location == "/sign-in", (endpoint, method)


@pytest.mark.parametrize("role", PEOPLE)
def test_a_role_reaches_what_the_table_allows_and_nothing_else(hospital, role):  # noqa: F811
    browser = hospital.browser(role)
    for endpoint, method, address, permission in routes(hospital.app):
        if permission is Permission.PUBLIC or endpoint in ENDING:
            continue
        answer = browser.get(address) if method == "GET" else browser.post(address)
        allowed = role in ROLES_ALLOWED[permission]
        assert (answer.status_code == 403) != allowed, (endpoint, method, answer.status_code)
        assert answer.status_code != 500, (endpoint, method)


@pytest.mark.parametrize("role", PEOPLE)
def test_the_menu_offers_only_what_opens(hospital, role):  # noqa: F811
    browser = hospital.browser(role)
    page = browser.get(browser.get("/").location).text
    menu = page.split('<nav class="nav"')[1].split("</nav>")[0]
    addresses = [part.split('"')[0] for part in menu.split('href="')[1:]]
    assert addresses
    for address in addresses:
        assert browser.get(address).status_code == 200, address
