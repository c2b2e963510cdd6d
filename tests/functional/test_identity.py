"""Two people settle who somebody is by keyboard alone; the screen has everything in view."""

import pytest

from downtime.paper.issue import Subject
from downtime.reconcile.identity import linking
from tests.functional.conftest import LAPTOP, Served, sign_in
from tests.functional.test_pages import violations
from tests.integration.recovery.conftest import (  # noqa: F401 - fixtures
    BLOODS,
    HOSPITAL,
    OBSERVED,
    PHONED,
    checker,
    hold,
    issue,
    keyed,
    outage,
    t0,
)
from tests.integration.recovery.twins import TWINS
from tests.integration.web.conftest import copied

pytestmark = pytest.mark.browser
NUMBER = "DK700001X"
PETRA = {"patient.name": "NOVAK, Petra", "patient.born": "1985-01-03", "patient.gender": "female"}


@pytest.fixture
def station(loaded_template, tmp_path):
    return copied(loaded_template, tmp_path)


@pytest.fixture
def vault(station):
    opened = station.open().vault
    yield opened
    opened.close()


@pytest.fixture
def paper(keyed, hold):  # noqa: F811
    hold(2, (*HOSPITAL, *TWINS), "2026-11-02T14:25:00Z")
    keyed("phoned-result", PHONED | {"patient.name": "PHILLIPS, Kathryn"}, Subject())
    keyed("observations", OBSERVED | PETRA, Subject(downtime_number=NUMBER))
    return keyed("blood-sciences-request", BLOODS | PETRA, Subject(downtime_number=NUMBER))


@pytest.fixture
def open_page(chromium, station, paper):
    with Served(station) as served:
        contexts = []

        def one(role):
            contexts.append(chromium.new_context(base_url=served.address, viewport=LAPTOP))
            page = contexts[-1].new_page()
            sign_in(page, station, role)
            return page

        yield one
        for context in contexts:
            context.close()


def test_a_link_is_proposed_and_confirmed_by_keyboard(open_page, vault, tmp_path):
    clerk = open_page("records-clerk")
    clerk.goto("/identity")
    clerk.screenshot(path=tmp_path / "list.png")
    assert violations(clerk) == []
    clerk.get_by_role("link", name=NUMBER).focus()
    clerk.keyboard.press("Enter")
    clerk.wait_for_selector("input[name=patient]:focus")
    clerk.screenshot(path=tmp_path / "choose.png")
    assert violations(clerk) == []
    assert clerk.evaluate("document.documentElement.scrollWidth") <= LAPTOP["width"]
    clerk.keyboard.press("Space")
    clerk.keyboard.press("Tab")
    clerk.keyboard.type("asked her")
    clerk.keyboard.press("Tab")
    clerk.keyboard.type("passport")
    clerk.keyboard.press("Enter")
    clerk.wait_for_selector("text=Proposed. A second person confirms it.")
    supervisor = open_page("records-supervisor")
    supervisor.goto("/identity?state=to-confirm")
    supervisor.keyboard.press("Enter")
    supervisor.wait_for_selector("#why:focus")
    supervisor.screenshot(path=tmp_path / "confirm.png")
    assert violations(supervisor) == []
    supervisor.keyboard.type("read the paper")
    supervisor.keyboard.press("Enter")
    supervisor.wait_for_selector("text=Linked: the next comparison uses it.")
    assert linking.confirmed(vault.db)[NUMBER].family
