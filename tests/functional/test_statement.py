"""Statement, report and harm review of a real recovery in a real browser: no barrier on any of them."""

import pytest

from downtime.reconcile import decide, owners, run
from downtime.reconcile.harm import review
from downtime.vault.audit import Actor
from tests.integration.recovery.conftest import (  # noqa: F401 - fixtures
    BLOODS,
    HOSPITAL,
    KEEPER,
    PHONED,
    checker,
    hold,
    issue,
    keyed,
    outage,
    settings,
)
from tests.integration.recovery.test_reconcile import LIMS_SAYS
from tests.integration.web.test_comparison import LATER, OLD_FBC

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
def vault(served):
    opened = served.hospital.open().vault
    yield opened
    opened.close()


@pytest.fixture
def who(served):
    return Actor("u-1", "Amina Ward", "laptop-1")


@pytest.fixture
def t0(hold):  # noqa: F811
    return hold(1, (*HOSPITAL, OLD_FBC))


@pytest.fixture
def recovered(vault, settings, outage, issue, keyed, hold):  # noqa: F811
    """Items open, one with an owner who is late; returns its key."""
    keyed("blood-sciences-request", BLOODS)
    keyed("phoned-result", PHONED)
    issue("observations")
    hold(2, (*HOSPITAL, *LIMS_SAYS, OLD_FBC), LATER)
    run.run(vault, settings, KEEPER, "recovered")
    review.run(vault, settings, KEEPER, "recovered")
    key = decide.items(vault, outage.id, decision="open")[0].key
    owners.give_item(vault, key, "Laboratory", "2026-01-01T08:00:00Z", KEEPER)
    return key


def test_no_page_about_the_whole_outage_has_a_barrier_or_scrolls_sideways(visit, recovered):
    for role in ("site", "records-supervisor"):
        page, found = visit(role), {}
        for name in (*PAGES, f"comparison/{recovered}"):
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
