"""Statement, report and harm review of a real recovery in a real browser: no barrier on any of them."""

import pytest

from downtime.reconcile import assign_owner, find_items
from tests.integration.recovery.conftest import KEEPER

from .test_pages import violations

pytestmark = pytest.mark.browser
PAGES = (
    "statement",
    "report",
    "harm",
    "harm?kind=mismatch",
    "harm?kind=put-off",
    "harm?kind=delay",
)


@pytest.fixture
def late(vault, outage, recovered):
    """The key of an open item with an owner who is late."""
    key = find_items.list_items(vault, outage.id, decision="open")[0].key
    assign_owner.assign_item(vault, key, "Laboratory", "2026-01-01T08:00:00Z", KEEPER)
    return key


def test_no_page_about_the_whole_outage_has_a_barrier_or_scrolls_sideways(late, visit_own):
    for role in ("site", "records-supervisor"):
        page, found = visit_own(role), {}
        for name in (*PAGES, f"comparison/{late}"):
            page.goto(f"/{name}")
            if bad := violations(page):
                found[name] = bad
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 1366, name
        assert found == {}
    page.goto("/statement")
    signatures = page.locator("#signatures").bounding_box()
    assert signatures["y"] + signatures["height"] <= 768
    assert page.locator(".urgent").inner_text().startswith("1 overdue")
