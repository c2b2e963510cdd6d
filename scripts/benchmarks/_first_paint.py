"""When a real browser first shows something of a page, on a screen as wards have it."""

from collections.abc import Mapping
from datetime import UTC, datetime

from _records import PASSWORD
from playwright.sync_api import Page, sync_playwright

from downtime.accounts import totp

CHROMIUM = "/usr/bin/chromium"
LAPTOP = {"width": 1366, "height": 768}
ROUNDS = 10
_FIRST_PAINT = """() => new Promise(resolve => {
    new PerformanceObserver((list, observer) => {
        const paint = list.getEntries().find(entry => entry.name === 'first-contentful-paint');
        if (paint) { observer.disconnect(); resolve(paint.startTime); }
    }).observe({type: 'paint', buffered: true});
})"""


def measure_first_paints(
    port: int, username: str, secret: str, paths: Mapping[str, str]
) -> dict[str, list[float]]:
    """By name of a page the milliseconds from asking for it to its first words on the screen, in some rounds.

    The style sheet and the scripts are in the browser's own store by then, as they are all day.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(base_url=f"http://127.0.0.1:{port}", viewport=LAPTOP)
        _sign_in(page, username, secret)
        paints: dict[str, list[float]] = {name: [] for name in paths}
        for _ in range(ROUNDS):
            for name, path in paths.items():
                page.goto(path)
                paints[name].append(page.evaluate(_FIRST_PAINT))
        browser.close()
    return paints


def _sign_in(page: Page, username: str, secret: str) -> None:
    page.goto("/sign-in")
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    page.fill("#code", totp.make_code(secret, datetime.now(UTC)))
    with page.expect_navigation():
        page.press("#code", "Enter")
    page.wait_for_selector(".nav")
