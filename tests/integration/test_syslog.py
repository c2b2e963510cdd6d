"""Security events reach a real receiver in the documented form, and hold nothing that anybody typed."""

import re
import socket

import pytest

from downtime.errors import InputError, UntrustedError
from downtime.fleet_settings import MonitoringSettings
from downtime.security_events import SecurityEvent, report_error, report_event
from downtime.syslog import parse_address, start_syslog
from downtime.vault import audit
from downtime.vault.model import Actor
from tests.integration.web.conftest import empty_hospital, home_template  # noqa: F401 - fixtures

EVENT = re.compile(
    r"<(\d+)>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ downtime \d+ ([a-z-]+)"
    r" \[downtime@32473((?: [a-z_]+=\"[\w.:+-]+\")*)\]"
)


class Receiver:
    """A socket to which events are sent; `take` gives the next one's priority, kind and facts."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        line.settimeout(5)

    def take(self) -> tuple[int, str, dict[str, str]]:
        found = EVENT.fullmatch(self.line.recv(2_000).decode())
        assert found
        return int(found[1]), found[2], dict(re.findall(r'([a-z_]+)="([^"]*)"', found[3]))

    def is_quiet(self) -> bool:
        self.line.setblocking(False)
        try:
            return not self.line.recv(2_000)
        except BlockingIOError:
            return True


@pytest.fixture
def receiver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        start_syslog(MonitoringSettings(syslog=f"udp://127.0.0.1:{line.getsockname()[1]}"))
        yield Receiver(line)
    start_syslog(MonitoringSettings())


def test_an_event_comes_as_rfc_5424_says(receiver):
    report_event(SecurityEvent.DATA_STALE, system="LIMS")
    assert receiver.take() == (10 * 8 + 3, "data-stale", {"system": "LIMS"})


def test_a_socket_of_this_machine_does_as_well(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "log"))
        start_syslog(MonitoringSettings(syslog=f"unix:{tmp_path / 'log'}"))
        report_event(SecurityEvent.OUTAGE_ENDED)
        assert Receiver(line).take() == (10 * 8 + 6, "outage-ended", {})
        start_syslog(MonitoringSettings())


@pytest.mark.parametrize("typed", ['a"] forged', "Ann Hill", "two\nlines", "x" * 65, "Zoë", ""])
def test_what_is_no_code_is_left_out(receiver, typed):
    report_event(SecurityEvent.SIGN_IN_REFUSED, code=typed, device="K7")
    assert receiver.take()[1:] == ("sign-in-refused", {"device": "K7"})


def test_refused_sign_ins_are_heard_of_without_what_was_typed(receiver, empty_hospital):  # noqa: F811
    port = receiver.line.getsockname()[1]
    start_syslog(MonitoringSettings(syslog=f"udp://127.0.0.1:{port}"))  # the app has begun its own
    fields = {"username": "my secret sentence", "password": "wrong", "code": "123456"}
    empty_hospital.browser().post("/sign-in", fields)
    assert receiver.take()[1:] == ("sign-in-refused", {"code": "signin.refused"})
    assert receiver.is_quiet()


def test_what_must_not_be_believed_is_heard_of(receiver):
    report_error(InputError("web.file", "No file.", "Choose."))
    report_error(UntrustedError("bundle.tampered", "Altered.", "Copy it again."))
    assert receiver.take()[1:] == ("verification-failed", {"code": "bundle.tampered"})
    assert receiver.is_quiet()


@pytest.mark.parametrize(
    ("action", "event"),
    [
        ("outage.declare", "outage-declared"),
        ("outage.end", "outage-ended"),
        ("snapshot.quarantine", "snapshot-quarantined"),
        ("machine.revoke", "machine-revoked"),
    ],
)
def test_a_change_that_concerns_everybody_is_heard_of(receiver, vault, action, event):
    with vault.change(Actor("u-1", "Amina Ward", "K7"), action, target="x", reason="Ann Hill fell"):
        pass
    assert receiver.take()[1:] == (event, {"device": "K7"})


def test_a_change_that_was_undone_is_not(receiver, vault):
    with (
        pytest.raises(ValueError, match="no"),
        vault.change(Actor("u-1", "A", "K7"), "outage.declare"),
    ):
        raise ValueError("no")
    assert receiver.is_quiet()


def test_a_broken_audit_is_heard_of(receiver, vault):
    for _ in range(3):
        with vault.change(Actor("u-1", "A", "K7"), "test.write"):
            pass
    for (name,) in vault.db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
    ).fetchall():
        vault.db.conn.execute(f"DROP TRIGGER {name}")
    vault.db.conn.execute("UPDATE audit SET action = 'other' WHERE seq = 2")
    audit.verify_chain(vault.db)
    assert receiver.take()[1:] == ("audit-broken", {"entry": "2"})


def test_a_receiver_that_is_away_stops_nobody(tmp_path):
    for address in (
        "udp://127.0.0.1:9",
        f"unix:{tmp_path / 'nobody'}",
        "udp://no.such.host.invalid",
    ):
        start_syslog(MonitoringSettings(syslog=address))
        report_event(SecurityEvent.CHECKPOINT_FAILED)
    start_syslog(MonitoringSettings())


@pytest.mark.parametrize("text", ["logs", "tcp://host:514", "udp://", "unix:log", "udp://h:99999"])
def test_an_address_that_is_none_is_said(text):
    with pytest.raises(InputError, match="no address"):
        parse_address(text)
