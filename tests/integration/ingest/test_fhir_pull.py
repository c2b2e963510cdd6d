"""A FHIR server that is not ours is asked for what has changed; and one of ours that misbehaves."""

import http.server
import json
import threading
import time
import zlib
from contextlib import contextmanager

import pytest
from joserfc.jwk import RSAKey

from downtime.errors import InputError, LockedError, UserError
from downtime.ingest.sources.fhir_client import ServerBusyError
from downtime.ingest.sources.fhir_pull import FhirPull
from downtime.ingest.sources.fhir_settings import FhirSettings
from tests.integration.returns.fhir_peers import Server, server

SYSTEM = "https://fhir.example/mrn"


@pytest.fixture
def pull(asked, settings):
    """Makes what asks a server once."""

    def make(url: str, **table: object) -> FhirPull:
        table = {"queries": ("Patient",), "page_size": 5} | table
        return FhirPull(FhirSettings(url=url, **table), asked.context(settings))

    return make


def taken(asked) -> list[str]:
    """The hospital numbers of all Patients kept, one for each time that a page held one."""
    return [
        number.value
        for one in asked.new
        for change in one.item.content
        for number in change.patient
        if number.value.startswith("P") and "/" not in number.value
    ]


def add(peer: Server, *values: str) -> None:
    for value in values:
        peer.add_patient(SYSTEM, value)


@pytest.fixture(scope="module")
def peer():
    with server() as running:
        yield running


def test_all_pages_are_read_and_then_only_what_has_changed(pull, asked, peer):
    add(peer, *(f"P{number}" for number in range(23)))
    source = pull(peer.url, overlap_seconds=1)
    source.poll()
    assert sorted(taken(asked)) == sorted(f"P{number}" for number in range(23))
    pages = len(asked.recorded)
    assert pages == 5
    source.poll()
    assert len(asked.recorded) == pages
    add(peer, "P-new")
    source.poll()
    assert "P-new" in taken(asked)
    pull(peer.url, overlap_seconds=1).poll()  # as after a restart
    assert taken(asked).count("P-new") == 1


def test_a_changed_resource_comes_again(pull, asked, peer):
    source = pull(peer.url, queries=(f"Patient?identifier={SYSTEM}|PX",))
    add(peer, "PX")
    source.poll()
    (row,) = [r for r in peer.held("Patient") if r["identifier"][0]["value"] == "PX"]
    row["birthDate"] = "1970-01-01"
    peer.client.put(f"{peer.url}/Patient/{row['id']}", content=json.dumps(row)).raise_for_status()
    source.poll()
    source.poll()
    assert len(asked.new) == 2


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A key pair: ours as JWK and PEM, the server's half as PEM."""
    folder, key = tmp_path_factory.mktemp("keys"), RSAKey.generate_key(2048, {"kid": "k1"})
    (folder / "own.jwk").write_text(json.dumps(key.as_dict(private=True)))
    (folder / "own.pem").write_bytes(key.as_pem(private=True))
    (folder / "public.pem").write_bytes(key.as_pem(private=False))
    (folder / "secret").write_text("the-token")
    for name in ("own.jwk", "own.pem", "secret"):
        (folder / name).chmod(0o600)
    return folder


@pytest.fixture(scope="module")
def guarded(keys):
    with server("the-token", "downtime", str(keys / "public.pem"), "2") as running:
        add(running, "P1")
        yield running


def oauth(peer: Server, **table: object) -> dict:
    return {"token_url": peer.url.replace("/fhir", "/token"), "client_id": "downtime"} | table


@pytest.mark.parametrize(
    ("setting", "name"),
    [("key_file", "own.jwk"), ("key_file", "own.pem"), ("secret_file", "secret")],
)
def test_a_token_is_had_by_signing_or_by_a_secret(pull, asked, guarded, keys, setting, name):
    """The server is busy at first, and is asked again after as long as it says."""
    pull(guarded.url, **oauth(guarded, **{setting: str(keys / name)})).poll()
    assert taken(asked) == ["P1"]


def test_another_key_gets_no_token(pull, guarded, tmp_path):
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(RSAKey.generate_key(2048).as_pem(private=True))
    stranger.chmod(0o600)
    with pytest.raises(LockedError, match="no token"):
        pull(guarded.url, **oauth(guarded, key_file=str(stranger))).poll()


def test_without_a_token_nothing_is_read(pull, asked, guarded):
    with pytest.raises(LockedError, match="401"):
        pull(guarded.url).poll()
    assert not asked.recorded


class Moody(http.server.BaseHTTPRequestHandler):
    """Answers as its script says, one step a request."""

    def do_GET(self) -> None:
        self.server.requests.append((self.path, self.headers.get("Authorization")))
        step = self.server.script.pop(0) if self.server.script else (200, {}, bundle())
        status, headers, body = step(self) if callable(step) else step
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if callable(body):
            body(self.wfile)
        else:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def bundle(*values: str, following: str = "") -> bytes:
    link = [{"relation": "next", "url": following}] if following else []
    entry = [
        {"resource": {"resourceType": "Patient", "id": value, "meta": {"versionId": "1", "lastUpdated": "2026-11-02T10:00:00Z"},
                      "identifier": [{"system": SYSTEM, "value": value}]}}
        for value in values
    ]  # fmt: skip
    return json.dumps(
        {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": entry}
    ).encode()


@contextmanager
def moody(*script):
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Moody)
    made.script, made.requests = list(script), []
    made.url = f"http://127.0.0.1:{made.server_port}/fhir"
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()


def test_a_fault_that_passes_is_tried_again(pull, asked):
    with moody((503, {"Retry-After": "0"}, b""), (200, {}, bundle("P1"))) as running:
        pull(running.url).poll()
    assert taken(asked) == ["P1"]


def test_a_server_that_asks_for_an_hour_is_left_alone_that_long(pull):
    with moody((429, {"Retry-After": "1800"}, b"")) as running:
        with pytest.raises(ServerBusyError) as fault:
            pull(running.url).poll()
        assert fault.value.wait_seconds == 1800
        assert len(running.requests) == 1


def test_a_search_that_breaks_off_begins_again_and_keeps_nothing_twice(pull, asked):
    first = (200, {}, bundle("P1", following="/fhir/Patient?page=2"))
    with moody(first, (400, {}, b""), first, (200, {}, bundle("P2"))) as running:
        with pytest.raises(InputError):
            pull(running.url).poll()
        pull(running.url).poll()
        assert "_lastUpdated" not in running.requests[2][0]
        pull(running.url).poll()
        assert "_lastUpdated=ge2026-11-02T09%3A59%3A00.000Z" in running.requests[4][0]
    assert taken(asked) == ["P1", "P2"]


@pytest.mark.parametrize(
    ("following", "said"),
    [("http://other.example/fhir/Patient", "another server"), ("/fhir/Patient?page=1", "circle")],
)
def test_a_next_page_elsewhere_or_in_a_circle_is_not_followed(pull, tmp_path, following, said):
    token = tmp_path / "token"
    token.write_text("secret-token")
    token.chmod(0o600)
    page = (200, {}, bundle("P1", following=following))
    with moody(page, page, page) as running:
        with pytest.raises(InputError, match=said):
            pull(running.url, token_file=str(token)).poll()
        assert len(running.requests) <= 2
        assert running.requests[0][1] == "Bearer secret-token"


def test_a_server_that_drips_is_given_up(pull):
    def drip(stream) -> None:
        for _ in range(400):
            stream.write(b" ")
            stream.flush()
            time.sleep(0.05)

    with moody((200, {}, drip)) as running:
        started = time.monotonic()
        with pytest.raises((ServerBusyError, TimeoutError)):
            pull(running.url, answer_seconds=0.5, tries=1).poll()
        assert time.monotonic() - started < 15


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"resourceType": "Patient"}', b""])
def test_what_is_no_bundle_is_said(pull, body):
    with moody((200, {}, body)) as running, pytest.raises(InputError, match="Bundle"):
        pull(running.url).poll()


def test_a_page_without_end_is_not_read(pull):
    with moody((200, {}, b"x" * 3_000_000)) as running, pytest.raises(InputError, match="longer"):
        pull(running.url, max_page_bytes=1_000_000).poll()


def test_a_page_that_unpacks_to_far_more_than_it_is_is_not_read(pull):
    packed = zlib.compressobj(wbits=31)
    zeros = b" " * (1 << 24)
    body = b"".join(packed.compress(zeros) for _ in range(8)) + packed.flush()
    step = (200, {"Content-Encoding": "gzip"}, body)
    with moody(step) as running, pytest.raises(InputError, match="longer"):
        pull(running.url, max_page_bytes=1_000_000).poll()


def test_a_redirect_does_not_take_the_token_along(pull):
    step = (302, {"Location": "http://other.example/"}, b"")
    with moody(step) as running, pytest.raises(UserError):
        pull(running.url).poll()


def test_nobody_there_is_said(pull):
    with pytest.raises(ServerBusyError, match="No connection"):
        pull("http://127.0.0.1:9/fhir", tries=1).poll()


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"url": "http://far.example/fhir"}, "url"),
        ({"url": "https://x.example/fhir?a=1"}, "url"),
        ({"url": "https://x.example/fhir", "queries": ()}, "queries"),
        ({"url": "https://x.example", "token_url": "https://x.example/t", "client_id": "c"}, "key_file"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_used_is_named(table, key):
    faults = FhirSettings(**{"queries": ("Patient",)} | table).find_faults()
    assert key in [name for name, _ in faults]
