"""What is sent and answered: never on the disk, and too much of it is answered by a page."""

import http.client
import tempfile
import threading

import pytest
from werkzeug import formparser

from downtime import config
from downtime.errors import ConflictError, InputError
from downtime.web.server import listen, serve

MOST = 3_000_000
ANYWHERE = "0.0.0.0"  # noqa: S104 - what must be refused


@pytest.fixture
def served(hospital, monkeypatch):
    """A real server of a site that takes little, on which nobody may open a temporary file."""
    with hospital.home.config_file.open("a") as file:
        file.write(f"[web]\nmax_upload_bytes = 1000000\nmax_bundle_upload_bytes = {MOST}\n")
    hospital.__post_init__()
    settings = config.load_settings(hospital.home.config_file)
    server = listen(hospital.app, settings, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()

    def no_file(*_, **__):
        raise AssertionError("something was put aside on the disk")

    for name in ("TemporaryFile", "SpooledTemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, no_file)
    monkeypatch.setattr(formparser, "SpooledTemporaryFile", no_file)
    yield hospital, server.effective_port
    server.trigger.pull_trigger(server.close)


def posted(served, path: str, size: int, role="records-supervisor"):
    """What a signed-in browser hears after sending a file of `size` bytes."""
    hospital, port = served
    browser = hospital.browser(role)
    token = browser.token()
    cookies = "; ".join(f"{c.key}={c.value}" for c in browser.client._cookies.values())
    parts = (
        f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
        '--x\r\nContent-Disposition: form-data; name="bundles"; filename="a.sync"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = parts.encode() + b"x" * size + b"\r\n--x--\r\n"
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {
        "Content-Type": "multipart/form-data; boundary=x",
        "Cookie": cookies,
        "Sec-Fetch-Site": "same-origin",
        "Host": "localhost",
    }
    line.request("POST", path, body, headers)
    answer = line.getresponse()
    return answer.status, answer.read().decode()


def test_a_bundle_may_be_longer_than_anything_else_and_is_not_put_aside(served):
    status, _ = posted(served, "/laptops/merge", 2_000_000)
    assert status == 303
    hospital, _ = served
    status, page = posted(served, "/key/K7000001D/scan", 2_000_000)
    assert status == 413
    assert "larger than this laptop accepts" in page


@pytest.mark.parametrize("size", [MOST + 1, 3 * MOST])
def test_one_that_is_too_large_hears_of_the_command(served, size):
    """The body is read to its end, so that a browser shows the page instead of a broken line."""
    status, page = posted(served, "/laptops/merge", size)
    assert status == 413
    assert "downtime sync merge FILE" in page
    assert "web.max_bundle_upload_bytes" in page
    assert "<h1" in page


def test_one_that_no_machine_could_hold_is_refused_unread(served):
    _, port = served
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.putrequest("POST", "/laptops/merge")
    line.putheader("Content-Length", str(4 * MOST))
    line.endheaders()
    assert line.getresponse().status == 413


def test_a_body_of_unknown_length_is_read_to_its_own_end(served):
    """What comes after it on the connection is another request: nothing of the one is taken for the other."""
    _, port = served
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(2):
        line.request(
            "POST", "/sign-in", iter([b"x" * 10]), {"Host": "localhost"}, encode_chunked=True
        )
        answer = line.getresponse()
        assert answer.status == 403  # it came from no page of ours
        answer.read()


@pytest.mark.parametrize(
    "host", [ANYWHERE, "::", "192.0.2.7", "laptop-7.example", "127.0.0.1.example"]
)
def test_pages_that_are_not_encrypted_do_not_leave_this_machine(hospital, host):
    with pytest.raises(InputError, match="does not encrypt"):
        listen(hospital.app, hospital.settings, host, 0)


def test_a_site_whose_network_is_encrypted_may_listen_on_it(hospital):
    with hospital.home.config_file.open("a") as file:
        file.write("[web]\nplain_http_on_network = true\n")
    listen(hospital.app, config.load_settings(hospital.home.config_file), ANYWHERE, 0).close()


def test_what_is_said_to_serve_does_serve(hospital):
    """The address is announced when the port is taken, and not when another program has it."""
    announced = []
    taken = listen(hospital.app, hospital.settings, "127.0.0.1", 0)
    with pytest.raises(ConflictError, match="Nothing can listen"):
        serve(
            hospital.home, hospital.settings, port=taken.effective_port, announce=announced.append
        )
    taken.close()
    assert announced == []
