"""A barcode scanner is a keyboard: what it reads goes to Find, into no field, and never in part."""

import string
import time

import pytest

from downtime.clinical.identifiers import add_check_character
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.fleet.receive_snapshot import receive_snapshot
from tests.functional.conftest import Served, click_through, press_through, sign_in, visiting
from tests.integration.web import tiny
from tests.integration.web.conftest import Hospital
from tests.night import sample

pytestmark = pytest.mark.browser

NHS = "9990000018"
CODES = {str(digit): f"Digit{digit}" for digit in range(10)}
CODES |= {letter: f"Key{letter.upper()}" for letter in string.ascii_letters}
ENTER = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
ENDS = {"Enter": ("Enter", 13), "NumpadEnter": ("Enter", 13), "Tab": ("Tab", 9)}
WRISTBAND = "]d280185012345999000001829" + "1TEST/1000001"
TWO_NUMBERS = (
    ("21345678", "", "Example", "Adam", "19600102", "M", "AMU", "Z", "Z1"),
    ("345678", "", "Specimen", "Bert", "19600103", "M", "AMU", "Z", "Z2"),
)
"""Two patients, the number of one of whom ends the number of the other."""
FIELDS = """
<form method="post" action="/numbers"><input id="t-text"><input id="t-password" type="password">
<textarea id="t-area">Seen at</textarea><input id="t-number" type="number" value="2">
<input id="t-date" type="datetime-local"><input id="t-tick" type="checkbox">
<select id="t-select"><option>1</option><option>8</option><option>9</option></select>
<button id="t-button">Send</button></form><div id="t-edit" contenteditable>Written</div>
"""


def scan(page, code, end="Enter", delay=3, at=None):
    """What a scanner types, at its own pace: keys carry the time at which they were pressed. Gives its end."""
    at = press(page, code, delay, at=at)
    key, number = ENDS[end]
    press_key(page, at, {"key": key, "code": end, "windowsVirtualKeyCode": number, "text": "\r"})
    return at


def press(page, code, delay=3, keys=None, at=None):
    """Characters with so many milliseconds between, from now or a time on; gives the time of the next one."""
    at = at or time.time()
    for place, character in enumerate(code):
        time.sleep(max(0, at - time.time()))
        key = keys[place] if keys else {"key": character, "code": CODES.get(character, "")}
        press_key(page, at, {**key, "text": key["key"]})
        at += delay / 1000
    return at


def press_key(page, at, key):
    if not hasattr(page, "keys"):
        page.keys = page.context.new_cdp_session(page)
    text = {} if key["key"] == "Tab" else {"text": key["text"]}
    down = {name: value for name, value in key.items() if name != "text"}
    page.keys.send("Input.dispatchKeyEvent", {"type": "keyDown", "timestamp": at, **down, **text})
    page.keys.send("Input.dispatchKeyEvent", {"type": "keyUp", "timestamp": at, **down})


def write_in_a_field(page, path="/beds"):
    """Stand with the cursor in a field of a page."""
    page.goto(path)
    page.evaluate(
        "html => document.querySelector('main').insertAdjacentHTML('beforeend', html)", FIELDS
    )
    page.focus("#t-text")


@pytest.fixture
def numeric(chromium, empty_hospital):
    """A ward whose hospital numbers have no check digit."""
    hospital = empty_hospital
    feeds = hospital.home.path.parent / "feeds"
    feeds.mkdir()
    messages = (tiny.make_admission(n, *patient) for n, patient in enumerate(TWO_NUMBERS))
    (feeds / "pas.hl7").write_text("".join(messages))
    opened = hospital.open()
    vault, settings, actor = opened.vault, hospital.settings, opened.actor
    built = publish_snapshot(vault, settings, [feeds], feeds.parent / "out", actor)
    receive_snapshot(vault, settings, built.bundle, actor)
    vault.close()

    def start(prefix=""):
        with hospital.home.config_file.open("a") as file:
            file.write(f'[web]\nscanner_prefix = "{prefix}"\n')
        return Hospital(hospital.home, hospital.clock, hospital.secrets, hospital.file)

    return start


@pytest.mark.parametrize("pause", sample([60, 350, 1600], 3))
def test_the_rest_of_a_number_opens_nobody(chromium, numeric, pause):
    with Served(numeric()) as served, visiting(chromium, served) as visit:
        page = visit("ward")
        for path in ("/numbers", "/find", "/beds"):
            page.goto(path)
            page.evaluate("document.activeElement.blur()")
            at = press(page, "21")
            scan(page, "345678", at=at + pause / 1000)
            page.wait_for_selector("#scan-note:has-text('no complete code')")
            assert page.url.endswith(path)
            assert "SPECIMEN" not in page.inner_text("main")


def test_a_number_without_a_check_digit_gives_a_list_and_opens_nobody(chromium, numeric):
    with Served(numeric()) as served, visiting(chromium, served) as visit:
        page = visit("ward")
        page.fill("#text", "345678")
        press_through(page)
        page.wait_for_selector("text=SPECIMEN, Bert")
        assert page.url.endswith("/find")


@pytest.mark.parametrize("end", ["Enter", "Tab"])
def test_behind_the_prefix_of_the_scanners_a_number_opens_its_patient(chromium, numeric, end):
    with Served(numeric("~~")) as served, visiting(chromium, served) as visit:
        page = visit("ward")
        write_in_a_field(page)
        scan(page, "~~21345678", end, delay=100)  # a slow scanner
        assert "EXAMPLE, Adam" in page.inner_text(".banner")
        page.evaluate("document.activeElement.blur()")
        scan(page, "345678", end)
        page.wait_for_selector("#scan-note:has-text('no complete code')")
        assert "EXAMPLE, Adam" in page.inner_text(".banner")


FIELD_VALUES = """() => ['text', 'password', 'area', 'number', 'date', 'select'].map(
    name => document.getElementById('t-' + name).value).concat(
    document.getElementById('t-edit').innerHTML, document.getElementById('t-tick').checked)"""


@pytest.mark.parametrize("end", sample(["Enter", "Tab", "NumpadEnter"], 2))
def test_a_scan_enters_no_field_and_sends_no_form(visit, end):
    page = visit("ward")
    page.goto("/beds")
    before = None
    posted = []
    page.on(
        "request", lambda request: posted.append(request.url) if request.method == "POST" else None
    )
    for name in ["text", "password", "area", "number", "date", "select", "tick", "button", "edit"]:
        write_in_a_field(page)
        page.evaluate(  # stay on the page, to see what is in its fields
            "document.querySelector('form[data-scan]').addEventListener('submit', e => e.preventDefault())"
        )
        before = page.evaluate(FIELD_VALUES)
        page.focus(f"#t-{name}")
        scan(page, NHS, end)
        assert page.evaluate(FIELD_VALUES) == before, name
        assert page.evaluate("document.querySelector('form[data-scan]').elements.text.value") == NHS
        assert page.evaluate("document.activeElement.id") == f"t-{name}"
        scan(page, "34567812", end)
        assert page.evaluate(FIELD_VALUES) == before, name
        assert "no complete code" in page.inner_text("#scan-note")
    assert posted == []


def test_what_was_typed_before_stays_when_a_scan_follows(visit):
    page = visit("ward")
    write_in_a_field(page)
    page.evaluate(
        "document.querySelector('form[data-scan]').addEventListener('submit', e => e.preventDefault())"
    )
    at = press(page, "Said by Jo", delay=70)
    scan(page, NHS, at=at + 0.7)
    assert page.input_value("#t-text") == "Said by Jo"
    assert page.evaluate("document.querySelector('form[data-scan]').elements.text.value") == NHS


def on_french_keys(page, code):
    """What a scanner set to an American keyboard types on a computer that is set to a French one."""
    french = "à&é\"'(-è_ç"
    at = press(page, code, keys=[{"key": french[int(n)], "code": f"Digit{n}"} for n in code])
    press_key(
        page, at, {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
    )


@pytest.mark.parametrize(
    "read",
    [
        lambda page: scan(page, NHS),
        lambda page: scan(page, NHS, delay=50),
        lambda page: scan(page, NHS, "Tab"),
        lambda page: scan(page, WRISTBAND),
        lambda page: scan(page, WRISTBAND.upper()),
        lambda page: scan(page, WRISTBAND.lower()),
        lambda page: on_french_keys(page, NHS),
        lambda page: scan(page, NHS[4:], at=press(page, NHS[:4]) + 0.3),
    ],
    ids=["fast", "slow", "tab", "wristband", "upper", "lower", "french", "pause"],
)
def test_a_complete_code_opens_its_patient_from_a_field(visit, read):
    page = visit("ward")
    write_in_a_field(page)
    read(page)
    page.wait_for_selector(".banner")
    assert "SAMPLE, Ann" in page.inner_text(".banner")
    assert NHS not in page.url


def test_a_scanner_that_ends_with_two_keys_sends_nothing_else(visit):
    page = visit("ward")
    page.goto("/numbers")  # the cursor stands on the button that gives out a number
    at = scan(page, "34567812")
    press_key(page, at + 0.01, {**ENTER, "text": "\r"})
    press_key(page, at + 0.02, {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9})
    page.wait_for_selector("#scan-note:has-text('no complete code')")
    page.wait_for_timeout(300)  # a number that was asked for would come
    assert page.locator(".codes").count() == 0


def test_of_two_scans_in_a_row_the_last_one_counts(visit):
    page = visit("ward")
    page.goto("/beds")
    asked = []
    page.route("**/find", lambda route: asked.append(route))  # its page is slow to come
    for code in (NHS, "9990000026"):
        scan(page, code, delay=1)
    for _ in range(600):
        if len(asked) == 2:
            break
        page.wait_for_timeout(50)
    asked[-1].continue_()
    page.wait_for_selector(".banner:has-text('999 000 0026')")


def test_a_code_that_lost_a_key_or_is_of_another_hospital_opens_nobody(visit):
    page = visit("ward")
    for code in (NHS[1:], WRISTBAND.replace("0018", "018"), "91OTHER/1000001", "91TEST/100000"):
        page.goto("/beds")
        scan(page, code)
        page.wait_for_load_state("networkidle")  # where it was looked for
        assert page.locator(".banner").count() == 0, code


def test_on_the_locked_screen_a_scan_is_ignored_and_is_no_wrong_password(visit_own):
    page = visit_own("ward")
    click_through(page.locator("text=Lock"))
    for code in [NHS, "34567812", WRISTBAND] * 2:
        page.focus("#password")
        scan(page, code)
        page.wait_for_selector("#scan-note:has-text('the screen is locked')")
        assert page.input_value("#password") == ""
    assert page.locator(".nhsuk-error-summary").count() == 0
    page.wait_for_timeout(400)  # longer than a scanner's second end key takes
    page.fill("#password", "correct horse battery staple")
    press_through(page)
    page.wait_for_selector(".nav")


def test_a_scan_without_a_script_is_no_wrong_password_either(visit_own, hospital):
    page = visit_own(java_script_enabled=False)
    for _ in range(5):
        page.goto("/sign-in")
        page.fill("#username", "ward")
        page.fill("#password", NHS)
        press_through(page)
        assert "That was a scan" in page.inner_text(".nhsuk-error-summary")
    sign_in(page, hospital, "ward")


def test_a_serial_opens_its_form_and_a_downtime_number_is_found(visit):
    page = visit("ward")
    click_through(page.locator("nav >> text=Numbers"))
    click_through(page.locator("text=Issue one number"))
    number = page.inner_text(".codes").strip()
    write_in_a_field(page)
    scan(page, number.lower())
    page.wait_for_selector(f"#results >> text={number}")
    scan(page, add_check_character("K7000042"))
    page.wait_for_url("**/forms/" + add_check_character("K7000042"))
