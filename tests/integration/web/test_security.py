"""What keeps others out: headers, hosts, origin, tokens, caps, and faults that tell nothing."""

import io
import logging
import re

import pytest

from downtime.errors import ConflictError
from tests.integration.web.conftest import PASSWORD

FULL = {"username": "ward", "password": PASSWORD}


def test_every_answer_carries_the_headers(hospital):
    browser = hospital.browser("ward")
    for path in ("/beds", "/find", "/sign-in", "/no-such-page"):
        answer = browser.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        nonce = re.search(r"script-src 'nonce-([^']+)'", policy)[1]
        assert f'nonce="{nonce}"' in answer.text


def test_a_nonce_is_never_used_twice(hospital):
    policies = {hospital.browser().get("/sign-in").headers["Content-Security-Policy"] for _ in "12"}
    assert len(policies) == 2


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(hospital):
    cookies = hospital.browser().sign_in("ward").headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie


def test_another_host_name_is_refused(hospital):
    answer = hospital.browser().client.get("/sign-in", base_url="http://evil.example")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
def test_a_change_from_elsewhere_is_refused(hospital, headers):
    browser = hospital.browser("ward")
    data = {"count": "1", "csrf_token": browser.token()}
    answer = browser.client.post("/numbers", data=data, headers=headers)
    assert answer.status_code == 403
    assert "1,000 of 1,000" in browser.get("/numbers").text


def test_an_old_browser_that_says_our_origin_is_answered(hospital):
    browser = hospital.browser("ward")
    data = {"count": "1", "csrf_token": browser.token()}
    answer = browser.client.post("/numbers", data=data, headers={"Origin": "http://localhost"})
    assert answer.status_code == 303


def test_a_change_without_its_token_is_refused(hospital):
    browser = hospital.browser("ward")
    headers = {"Sec-Fetch-Site": "same-origin"}
    answer = browser.client.post("/numbers", data={"count": "1"}, headers=headers)
    assert answer.status_code == 400
    assert "1,000 of 1,000" in browser.get("/numbers").text


def test_a_fault_shows_a_reference_and_its_log_holds_no_data(hospital, monkeypatch, caplog):
    def broken(_):
        raise ValueError("SAMPLE, Ann born 1960-01-02")

    monkeypatch.setattr("downtime.snapshot.store.opened_snapshot.Snapshot.list_wards", broken)
    with caplog.at_level(logging.DEBUG):
        answer = hospital.browser("ward").get("/beds")
    assert answer.status_code == 500
    reference = re.search(r'<strong class="mono">(\w{8})</strong>', answer.text)[1]
    assert reference in caplog.text
    for text in (answer.text, caplog.text):
        assert "SAMPLE" not in text
        assert "Traceback" not in text


def test_a_broken_frame_still_gives_the_page_of_a_fault(hospital, monkeypatch):
    def broken(_):
        raise ValueError("the frame")

    monkeypatch.setattr("downtime.web.page_context._list_systems", broken)
    answer = hospital.browser("ward").get("/beds")
    assert answer.status_code == 500
    assert "has a fault" in answer.text


def test_a_users_error_is_a_sentence_with_a_next_step(hospital, monkeypatch):
    def refused(*_):
        raise ConflictError("x.y", "That is not possible <now>.", "Do this instead.")

    monkeypatch.setattr("downtime.outage.downtime_numbers.issue_numbers", refused)
    answer = hospital.browser("ward").post("/numbers", {"count": "1"})
    assert answer.status_code == 409
    assert "That is not possible &lt;now&gt;." in answer.text
    assert "Do this instead." in answer.text


def test_what_is_typed_is_never_html(hospital):
    browser = hospital.browser("ward")
    browser.post("/find", {"text": '"><script>alert(1)</script>'})
    assert "<script>alert" not in browser.get("/find").text


def test_an_upload_beyond_the_limit_is_refused(hospital):
    hospital.app.config["MAX_CONTENT_LENGTH"] = 10_000
    browser = hospital.browser("records-clerk")
    upload = (io.BytesIO(b"x" * 20_000), "a.pdf")
    answer = browser.post("/key/K7000001D/scan", {"scan": upload})
    assert answer.status_code == 413
    assert "larger than this laptop accepts" in answer.text


def test_a_file_that_is_no_bundle_is_refused_and_the_snapshot_stays(hospital):
    browser = hospital.browser("site")
    upload = (io.BytesIO(b"not a bundle"), "a.downtime")
    answer = browser.post("/snapshots/load", {"reason": "test", "bundle": upload})
    assert answer.status_code == 400
    assert browser.get("/beds/ward?ward=A1").status_code == 200
    assert list(hospital.home.bundles_folder.glob(".upload-*")) == []


def test_a_job_belongs_to_the_one_who_asked(hospital):
    first = hospital.browser("ward")
    address = first.post("/print/blank", {"form": "admission", "copies": "1"}).location
    assert first.get(address).status_code == 200
    for path in (address, address + "/part", address + "/file"):
        assert hospital.browser("site").get(path).status_code == 404


def test_static_files_are_kept_by_the_browser_and_nothing_else_is_reachable(hospital):
    page = hospital.browser().get("/sign-in").text
    address = re.search(r'href="(/static/[^"]+app\.css)"', page)[1]
    answer = hospital.browser().get(address)
    assert "immutable" in answer.headers["Cache-Control"]
    for path in ("/static/x/../app.py", "/static/x/%2e%2e/app.py", "/static/x/..%2fapp.py"):
        assert hospital.browser().get(path).status_code == 404
