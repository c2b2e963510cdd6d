"""What is half typed is never lost: idle lock, switch of user, refresh, way back, refusal, double press."""

import pytest

from tests.functional.conftest import click_through, press_through, sign_in, wait_until
from tests.integration.web.conftest import PASSWORD

pytestmark = pytest.mark.browser
BACK = "What you had begun to type here is back"


@pytest.fixture
def page(visit, served):
    page = visit("administrator", alone=True)
    page.kept = served.hospital.app.extensions["downtime"].typed  # what the server holds, by person
    page.clock.install()
    page.goto("/people")
    return page


def find_kept(page):
    """What the server holds of all that is half typed."""
    return "".join(values for forms in page.kept.values() for values in forms.values())


def half_fill(page):
    page.fill("#name", "Ann Half-Typed")
    page.select_option("#role", "site")
    page.clock.run_for(1_000)
    wait_until(lambda: '"site"' in find_kept(page))


def is_back(page):
    page.wait_for_selector(f"text={BACK}")
    assert page.input_value("#name") == "Ann Half-Typed"
    assert page.input_value("#role") == "site"


def send(page):
    with page.expect_navigation():
        page.evaluate("document.querySelector('#name').form.requestSubmit()")


def unlock(page):
    page.wait_for_url("**/locked")
    assert "Half-Typed" not in page.content()
    page.fill("#password", PASSWORD)
    press_through(page)
    page.wait_for_url("**/people")


def test_after_an_idle_lock_one_is_back_on_the_same_page_with_what_one_typed(page):
    half_fill(page)
    page.clock.fast_forward("05:01")
    unlock(page)
    is_back(page)


def test_what_was_typed_a_moment_before_locking_is_kept_too(page):
    page.fill("#name", "Ann Half-Typed")
    click_through(page.locator("text=Lock"))
    unlock(page)
    page.wait_for_selector(f"text={BACK}")
    assert page.input_value("#name") == "Ann Half-Typed"


def test_after_a_refresh_and_a_way_back_it_is_there(page):
    half_fill(page)
    page.reload()
    is_back(page)
    page.goto("/audit")
    page.go_back()
    is_back(page)
    page.click("text=Start afresh")
    wait_until(lambda: not find_kept(page))
    page.reload()
    assert page.input_value("#name") == ""
    assert page.locator(f"text={BACK}").count() == 0


def test_after_a_switch_of_user_only_the_one_who_typed_it_sees_it(page, served):
    half_fill(page)
    click_through(page.locator("text=Switch user"))
    sign_in(page, served.hospital, "ward")
    assert "Half-Typed" not in page.content()
    click_through(page.locator("text=Switch user"))
    sign_in(page, served.hospital, "administrator")
    page.goto("/people")
    is_back(page)
    page.click("text=Start afresh")
    wait_until(lambda: not find_kept(page))


def test_a_refusal_loses_nothing_and_what_was_sent_does_not_come_back(page):
    page.fill("#name", "Rita Refused")
    page.fill("#username", "ward")  # somebody has that name
    send(page)
    click_through(page.locator("main >> text=Go back"))
    page.wait_for_selector(f"text={BACK}")
    assert page.input_value("#name") == "Rita Refused"
    page.fill("#username", "rita.refused")
    send(page)
    page.wait_for_selector("main >> text=rita.refused")
    page.goto("/people")
    assert page.input_value("#name") == ""


def test_neither_back_nor_a_refresh_sends_what_was_refused_again(page):
    page.fill("#name", "Rita Refused")
    page.fill("#username", "ward")
    send(page)
    sent = []
    page.on(
        "request",
        lambda request: sent.append(request.method) if request.is_navigation_request() else None,
    )
    page.reload()
    page.wait_for_selector(f"text={BACK}")
    send(page)
    sent.clear()
    page.goto("/audit")  # as a scan goes to Find, wherever one is
    page.go_back()
    page.wait_for_selector(f"text={BACK}")
    assert page.input_value("#name") == "Rita Refused"
    assert set(sent) == {"GET"}


def test_a_password_is_never_kept(page):
    page.goto("/password")
    page.fill("#new", "not to be kept at all")
    page.clock.run_for(1_000)
    page.reload()
    assert page.input_value("#new") == ""
    assert page.locator(f"text={BACK}").count() == 0


@pytest.mark.parametrize("script", [True, False])
def test_a_double_press_gives_out_one_number(visit, served, script):
    page = visit(java_script_enabled=script)
    sign_in(page, served.hospital, "ward")
    page.goto("/numbers")
    before = page.inner_text("main")
    page.dblclick("text=Issue one number")
    page.wait_for_selector(".codes")
    page.wait_for_load_state("networkidle")  # the second press opens the page once more
    page.wait_for_selector(".codes")
    left = [
        int(text.split(" of ")[0].replace(",", "").split()[-1])
        for text in (before, page.inner_text("main"))
    ]
    assert left[0] - left[1] == 1
    assert page.locator(".codes .mono").count() == 1
