"""MLLP over TLS: only the receiver that the site trusts hears anything, and it may ask who we are."""

import ssl

import pytest
import trustme

from downtime.errors import InputError
from downtime.returns import check_targets, send_messages
from downtime.returns.store import outbox_messages

from .conftest import MARY, request
from .receiver import receiver


@pytest.fixture
def authority(tmp_path):
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "site.pem")
    return made


@pytest.fixture
def server_side(authority):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(made)
    return made


@pytest.fixture
def send(vault, actor, decide):
    decide(request("K7000001A", MARY))

    def run(settings):
        return send_messages.send_messages(
            vault, settings, "LIMS", actor, pause=lambda seconds: False
        )

    return run


def own(authority, path) -> str:
    """A certificate of ours with its key in one file."""
    made = authority.issue_cert("downtime.example")
    path.write_bytes(made.private_key_and_cert_chain_pem.bytes())
    return str(path)


def test_a_receiver_with_a_certificate_of_the_site_is_sent_to(
    send, network, authority, server_side, tmp_path
):
    with receiver(tls=server_side) as lims:
        done = send(network(lims.port, tls=True, ca_file=str(tmp_path / "site.pem")))
    assert (done.acknowledged, len(lims.got)) == (1, 1)


def test_a_receiver_with_a_certificate_of_a_stranger_hears_nothing(
    send, network, server_side, tmp_path, vault
):
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    with receiver(tls=server_side) as lims:
        done = send(network(lims.port, tls=True, ca_file=str(tmp_path / "other.pem")))
    assert (done.acknowledged, lims.got) == (0, [])
    assert "cannot be reached by TLS" in done.fault
    assert [one.state for one in outbox_messages.list_messages(vault.db)] == ["queued"]


def test_a_receiver_under_another_name_hears_nothing(send, network, authority, tmp_path):
    other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("lims.example").configure_cert(other)
    with receiver(tls=other) as lims:
        done = send(network(lims.port, tls=True, ca_file=str(tmp_path / "site.pem")))
    assert (done.acknowledged, lims.got) == (0, [])


def test_a_receiver_that_asks_who_we_are_is_shown_our_certificate(
    send, network, authority, server_side, tmp_path
):
    server_side.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(server_side)
    trusted = {"tls": True, "ca_file": str(tmp_path / "site.pem")}
    with receiver(tls=server_side) as lims:
        without = send(network(lims.port, **trusted))
        assert (without.acknowledged, lims.got) == (0, [])
        certificate = own(authority, tmp_path / "own.pem")
        done = send(network(lims.port, **trusted, certificate_file=certificate))
    assert (done.acknowledged, len(lims.got)) == (1, 1)


def test_a_receiver_without_tls_is_never_sent_to_in_clear(send, network, authority, tmp_path):
    with receiver() as lims:
        done = send(network(lims.port, tls=True, ca_file=str(tmp_path / "site.pem")))
    assert (done.acknowledged, lims.got) == (0, [])


@pytest.mark.parametrize("key", ["ca_file", "certificate_file"])
def test_a_certificate_file_that_is_none_is_named_beforehand(key, network, tmp_path):
    (tmp_path / "wrong.pem").write_text("not a certificate")
    for name in ("wrong.pem", "absent.pem"):
        settings = network(1, tls=True, **{key: str(tmp_path / name)})
        with pytest.raises(InputError, match=r"returns\.targets\.LIMS cannot be read"):
            check_targets.check_target(settings, "LIMS")
        good, faults = check_targets.check_targets(settings)
        assert (good, len(faults)) == ([], 1)
