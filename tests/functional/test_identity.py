"""Two people settle who somebody is by keyboard alone; the screen has everything in view."""

import pytest

from downtime.reconcile.identity import links
from tests.functional.conftest import LAPTOP, press_through
from tests.functional.test_pages import violations
from tests.integration.recovery.twins import NUMBER, paper  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser


def test_a_link_is_proposed_and_confirmed_by_keyboard(paper, visit_own, vault, tmp_path):  # noqa: F811
    clerk = visit_own("records-clerk")
    clerk.goto("/identity")
    clerk.screenshot(path=tmp_path / "list.png")
    assert violations(clerk) == []
    clerk.get_by_role("link", name=NUMBER).focus()
    press_through(clerk)
    clerk.wait_for_selector("input[name=patient]:focus")
    clerk.screenshot(path=tmp_path / "choose.png")
    assert violations(clerk) == []
    assert clerk.evaluate("document.documentElement.scrollWidth") <= LAPTOP["width"]
    clerk.keyboard.press("Space")
    clerk.keyboard.press("Tab")
    clerk.keyboard.type("asked her")
    clerk.keyboard.press("Tab")
    clerk.keyboard.type("passport")
    press_through(clerk)
    clerk.wait_for_selector("text=Proposed. A second person must confirm it.")
    supervisor = visit_own("records-supervisor")
    supervisor.goto("/identity?state=to-confirm")
    supervisor.wait_for_selector("a:focus")
    press_through(supervisor)
    supervisor.wait_for_selector("#reason:focus")
    supervisor.screenshot(path=tmp_path / "confirm.png")
    assert violations(supervisor) == []
    supervisor.keyboard.type("read the paper")
    press_through(supervisor)
    supervisor.wait_for_selector("text=Linked: the next comparison uses it.")
    assert links.confirmed_links(vault.db)[NUMBER].person.family
