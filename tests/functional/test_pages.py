"""Every page in a real browser: no accessibility violation, nothing fetched from elsewhere."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.functional.conftest import LAPTOP, click_through, press_through
from tests.night import by_night

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WARD = (
    "find", "beds", "beds/ward?ward=A1", "beds/ward?ward=B2", "beds/corridor?ward=A1", "beds/ward-not-known",
    "handover?ward=A1", "medicines-due?ward=A1", "tests", "appointments", "appointments?kind=theatre", "print", "numbers", "events",
    "laboratory", "reference", "mutual-aid", "training", "readiness", "endurance", "break-glass",
    "break-glass/start", "what-to-do", "forms", "statement", "outages", "snapshots", "password", "sessions", "codes",
    "pin", "passkeys",
)  # fmt: skip
RECORDS = (
    "worklists", "open", "forms/check-in", "forms/pile", "forms", "forms/lists/missing", "forms/lists/duplicates",
    "laptops", "key", "queues/key", "queues/key-again", "queues/adjudicate", "questions", "quality", "identity",
    "comparison", "returns", "rekey-worklists", "harm", "statement", "report",
)  # fmt: skip
PAGES = {
    "ward": WARD,
    "site": (
        "audit",
        "outages",
        "snapshots",
        "ingest",
        "ingest/messages/1",
        "ingest/replay",
        "fleet",
    ),
    "records-clerk": (
        "worklists",
        "key",
        "forms",
        "comparison",
        "queues/compare",
        "rekey-worklists",
    ),
    "records-supervisor": RECORDS,
    "administrator": ("people", "machines", "audit", "snapshots", "outages", "ingest"),
    "auditor": ("worklists", "forms", "audit", "statement", "comparison", "identity", "harm"),
}


def _once(pages: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Each page of one role only: the others see it with less in it."""
    seen: set[str] = set()
    rest = {}
    for role, names in pages.items():
        rest[role] = tuple(name for name in names if name not in seen)
        seen |= set(names)
    return rest


LOOKED_AT = by_night(PAGES, _once(PAGES))
WITHOUT = {"ingest/messages/1": "holds no message"}
"""What has nothing to show in this hospital says so, on a page of its own (404): nothing else does."""


NARROW = [{"width": 1024, "height": 768}, {"width": 683, "height": 384}]
"""A small screen, and a laptop's at 200 %."""
LOST = """() => {
    const lost = [], wide = document.documentElement;
    if (wide.scrollWidth > wide.clientWidth) lost.push('the page');
    for (const wrap of document.querySelectorAll('.table-wrap'))
        if (wrap.scrollWidth > wrap.clientWidth + 1) lost.push(wrap.innerText.slice(0, 60));
    const dates = /\\d\\d-[A-Z][a-z]{2}-\\d{4}/g, texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode;
        if (text.parentElement.closest('script, option, textarea')) continue;
        for (const found of text.data.matchAll(dates)) {
            const range = document.createRange();
            range.setStart(text, found.index);
            range.setEnd(text, found.index + found[0].length);
            if (new Set([...range.getClientRects()].map(line => Math.round(line.top))).size > 1) lost.push(found[0]);
        }
    }
    return lost;
}"""
"""What is beyond the edge of the page or of its table, and each date that is broken over two lines."""


def cut_off(page) -> list[str]:
    lost = []
    for size in NARROW:
        page.set_viewport_size(size)
        # Once it is painted: the script that fits tables has run for that size.
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        lost += [f"{size['width']}: {text}" for text in page.evaluate(LOST)]
    page.set_viewport_size(LAPTOP)
    return lost


def violations(page) -> list[str]:
    options = {
        "runOnly": RULES,
        "resultTypes": ["violations"],
    }  # a third less work than all results
    found = Axe().run(page, options=options).response["violations"]
    return [f"{v['id']}: {v['help']}: {v['nodes'][0]['html'][:200]}" for v in found]


@pytest.mark.parametrize("role", LOOKED_AT)
def test_no_page_of_a_role_has_an_accessibility_violation_or_is_cut_at_200_percent(visit, role):
    page = visit(role)
    found = {}
    for name in LOOKED_AT[role]:
        answer = page.goto(f"/{name}")
        if name in WITHOUT and answer.status == 404:
            assert WITHOUT[name] in page.inner_text("main")
        else:
            assert answer.status == 200, name
        if bad := violations(page) + cut_off(page):
            found[name] = bad
    assert found == {}


def test_sign_in_patient_errors_and_the_locked_screen(visit):
    page = visit()
    page.goto("/sign-in")
    assert violations(page) == []
    page.fill("#username", "somebody")
    page.fill("#password", "wrong")
    press_through(page)
    page.wait_for_selector(".nhsuk-error-summary")
    assert violations(page) == []
    page = visit("ward")
    page.fill("#text", "9990000018")
    press_through(page)
    page.wait_for_selector(".banner")
    assert violations(page) == []
    page.goto("/patients/0")
    assert violations(page) == []
    click_through(page.locator("text=Lock"))
    page.wait_for_selector("#password")
    assert violations(page) == []


def in_both_themes(page, bad: dict[str, list[str]], name: str) -> None:
    """What is wrong with a page as it stands, everything on it unfolded, in either set of colours."""
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    for theme in ("", "nhs"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        bad[f"{name} {theme}"] = violations(page)


def test_a_drill_its_questions_refusals_and_narrow_tables_have_no_violation(visit_own):
    page, bad = visit_own("site"), {}
    page.goto("/outages/declare?systems=LIMS&systems=PAS&drill=1")
    in_both_themes(page, bad, "question")
    page.fill("#reason", "Practice")
    click_through(page.locator("main form button"))
    for path in ("outages", "events/record?kind=arrival&ward=A1", "print"):
        page.goto(f"/{path}")
        in_both_themes(page, bad, path)
    page.goto("/events/record?kind=telephone")
    page.eval_on_selector("main form", "form => { form.noValidate = true; }")
    click_through(page.locator("main form button").last)
    in_both_themes(page, bad, "refusal")
    page.goto("/find")
    page.fill("#text", "9990000018")
    press_through(page)
    in_both_themes(page, bad, "patient")
    page.set_viewport_size(NARROW[-1])
    for path in ("beds", "beds/ward?ward=A1", "tests"):
        page.goto(f"/{path}")
        in_both_themes(page, bad, f"narrow {path}")
    assert {name: found for name, found in bad.items() if found} == {}


def test_the_colours_of_nhs_services_have_contrast_too(visit):
    page = visit("ward")
    for name in ("find", "beds/ward?ward=A1", "print", "what-to-do", "outages"):
        page.goto(f"/{name}")
        before = page.evaluate("getComputedStyle(document.querySelector('.top')).backgroundColor")
        page.evaluate("document.documentElement.dataset.theme = 'nhs'")
        after = page.evaluate("getComputedStyle(document.querySelector('.top')).backgroundColor")
        assert after != before
        found = Axe().run(page, options={"runOnly": ["color-contrast"]}).response["violations"]
        assert found == [], name


@pytest.mark.parametrize("role", PAGES)
def test_the_menu_of_every_role_stands_in_one_line(visit, role):
    page = visit(role)
    page.goto("/what-to-do")
    assert page.evaluate("document.querySelector('.nav').offsetHeight") < 40


def test_a_supervisor_starts_with_what_waits_and_reaches_every_list(visit):
    page = visit("records-supervisor")
    page.goto("/")
    assert page.url.endswith("/worklists")
    click_through(page.locator("nav >> text=Paper"))
    click_through(page.locator("nav.within >> text=Laptops"))
    assert page.inner_text("h1").startswith("Laptops")
    assert page.inner_text(".nav:not(.within) [aria-current]") == "Paper"


def test_every_control_reached_by_tab_shows_that_it_has_the_focus(visit):
    page = visit("ward")
    page.goto("/outages")
    seen = set()
    for _ in range(45):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            "() => { const e = document.activeElement; const s = getComputedStyle(e);"
            " return [e.outerHTML.slice(0, 80), s.outlineStyle + s.boxShadow] }"
        )
        assert name.startswith("<body") or outline not in ("none", "nonenone"), name
        seen.add(name)
    assert len(seen) > 20
