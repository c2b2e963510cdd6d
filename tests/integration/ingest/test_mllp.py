"""The listener and its senders: good ones, sloppy ones, slow, dying and hostile ones."""

import json
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest
import trustme
from hl7.client import MLLPClient

from .listening import CR, FS, VT, Keeper, Sender, codes, framed, listening, message

PEERS = Path(__file__).parents[2] / "peers"


@pytest.fixture(scope="module")
def ordinary():
    """One listener with the defaults for tests that leave nothing behind."""
    with listening() as running:
        yield running


def wait_until(holds, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


def test_a_message_is_kept_before_it_is_answered():
    keep = Keeper()
    keep.released.clear()
    with listening(keep) as running, Sender(running.port) as sender:
        sender.write(framed(message(1)))
        with pytest.raises(TimeoutError):
            sender.answer(0.2)
        keep.released.set()
        assert codes(sender.answer()) == ("AA", "1")
        assert keep.contents == [message(1)]


def test_what_waits_is_kept_together_and_answered_in_order():
    keep = Keeper()
    keep.released.clear()
    with listening(keep) as running, Sender(running.port) as sender:
        sender.write(*(framed(message(number)) for number in range(50)))
        time.sleep(0.2)
        keep.released.set()
        assert [codes(sender.answer()) for _ in range(50)] == [("AA", str(n)) for n in range(50)]
        assert len(keep.batches) <= 3


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (message("A").replace(b"|RXH|DT", b"|REJECT|DT"), "AE"),
        (message("B").replace(b"|RXH|DT", b"|UNUSED|DT"), "AA"),
        (b"hello, is anybody there?", "AR"),
    ],
    ids=["rejected by reading", "not used", "no HL7"],
)
def test_every_message_is_answered_with_what_became_of_it(ordinary, content, code):
    with Sender(ordinary.port) as sender:
        assert sender.ask(content)[0] == code
        assert sender.ask(message("after")) == ("AA", "after")


def test_an_answer_to_our_answer_is_not_answered_again(ordinary):
    with Sender(ordinary.port) as sender:
        sender.write(framed(b"MSH|^~\\&|PAS||||20261102||ACK^A01|9|P|2.4\rMSA|AA|DT1\r"))
        assert sender.ask(message("next")) == ("AA", "next")
    assert not any(b"|ACK^A01|" in content for content in ordinary.keep.contents)


def test_sloppy_frames_are_read(ordinary):
    with Sender(ordinary.port) as sender:
        sender.write(b"\r\n\x00" + VT + message(1).replace(CR, b"\n") + FS)
        assert codes(sender.answer()) == ("AA", "1")
        sender.write(message(2) + FS + b"\n", VT + message("dropped")[:50] + framed(message(3)))
        assert [codes(sender.answer())[1] for _ in range(2)] == ["2", "3"]


def test_another_protocol_is_answered_once_and_the_line_closed(ordinary):
    with Sender(ordinary.port) as sender:
        sender.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert codes(sender.answer())[0] == "AR"
        assert sender.is_closed()


def test_twenty_megabytes_are_kept_and_one_more_is_refused_with_the_reason():
    large = message(1, "OBX|1|ED|DOC||^^PDF^Base64^" + "QUJD" * 5_000_000 + "\r")
    with listening(limit=len(large)) as running, Sender(running.port) as sender:
        assert sender.ask(large) == ("AA", "1")
        sender.write(VT + message(2), large, b"more", FS + CR)
        answer = sender.answer()
        assert codes(answer) == ("AR", "2")
        assert b"longer than" in answer
        assert sender.ask(message(3)) == ("AA", "3")
        whole, beginning, after = running.keep.contents
        assert (whole, after) == (large, message(3))
        assert message(2).startswith(beginning[:80])
        assert len(beginning) < 5_000
        assert running.health.report().refused == 1


def test_large_messages_take_turns_and_small_ones_pass_them():
    """Places are few: who holds one and stands still does not hold up small messages."""
    start = VT + message("slow", "NTE|1||" + "x" * 70_000)
    with (
        listening(large_bytes=65_536, large_messages=1) as running,
        Sender(running.port) as slow,
        Sender(running.port) as second,
    ):
        slow.write(start)
        wait_until(lambda: len(running.listener._large) == 1)
        second.write(framed(message("large", "NTE|1||" + "y" * 400_000)))
        with Sender(running.port) as small:
            assert small.ask(message("small")) == ("AA", "small")
        with pytest.raises(TimeoutError):
            second.answer(0.3)
        slow.write(FS + CR)
        assert codes(slow.answer()) == ("AA", "slow")
        assert codes(second.answer()) == ("AA", "large")


def test_a_sender_that_closes_its_side_is_still_answered(ordinary):
    with Sender(ordinary.port) as sender:
        sender.write(framed(message(1)), framed(message(2)))
        sender.socket.shutdown(socket.SHUT_WR)
        assert [codes(sender.answer()) for _ in range(2)] == [("AA", "1"), ("AA", "2")]
        assert sender.is_closed()


def test_more_than_may_wait_and_a_closed_side_are_answered_to_the_last():
    with listening(waiting_messages=3) as running, Sender(running.port) as sender:
        sender.write(b"".join(framed(message(number)) for number in range(40)))
        sender.socket.shutdown(socket.SHUT_WR)
        assert [codes(sender.answer())[1] for _ in range(40)] == [str(n) for n in range(40)]
        assert sender.is_closed()


def test_a_sender_that_dies_in_a_message_leaves_nothing_of_it():
    with listening() as running:
        with Sender(running.port) as dying:
            dying.write(framed(message(1)), VT + message(2)[:60])
            dying.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        with Sender(running.port) as sender:
            assert sender.ask(message(3)) == ("AA", "3")
        wait_until(lambda: not running.listener._connections)
        assert {message(3)} <= set(running.keep.contents) <= {message(1), message(3)}


def test_who_drips_is_given_up_and_the_others_are_served():
    with listening(message_seconds=0.5) as running:
        drips = [Sender(running.port) for _ in range(20)]
        for sender in drips:
            sender.write(VT + b"MSH|^~\\&|")
        with Sender(running.port) as sender:
            assert sender.ask(message(1)) == ("AA", "1")
        assert all(sender.is_closed() for sender in drips)


def test_who_never_takes_answers_is_given_up():
    with (
        listening(message_seconds=0.5, waiting_messages=10_000) as running,
        Sender(running.port) as deaf,
    ):
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.socket.settimeout(5)
        block = b"".join(framed(message(number)) for number in range(500))
        with pytest.raises((TimeoutError, ConnectionError)):
            for _ in range(1_000):
                deaf.write(block)
        wait_until(lambda: not running.listener._connections)


def test_a_silent_connection_is_closed():
    with listening(idle_seconds=0.3) as running, Sender(running.port) as sender:
        assert sender.ask(message(1)) == ("AA", "1")
        assert sender.is_closed(5)


def test_one_more_than_allowed_closes_the_most_silent():
    with listening(connections=20) as running:
        senders = [Sender(running.port) for _ in range(20)]
        for number, sender in enumerate(senders):
            assert sender.ask(message(number)) == ("AA", str(number))
        with Sender(running.port) as another:
            assert another.ask(message("new")) == ("AA", "new")
        assert senders[0].is_closed()
        assert senders[1].ask(message("still")) == ("AA", "still")
        assert len(running.listener._connections) <= 20


def test_one_address_does_not_take_all_places():
    with listening(connections=100, connections_per_sender=5) as running:
        begun = [Sender(running.port) for _ in range(5)]
        for sender in begun:
            sender.write(VT + b"MSH")
        wait_until(lambda: all(not c.is_idle for c in running.listener._connections))
        wait_until(lambda: len(running.listener._connections) == 5)
        with Sender(running.port) as sixth:
            assert sixth.is_closed()
        assert "too many" in running.health.report().last_error


def test_only_named_addresses_may_connect():
    with listening(senders=("10.1.0.0/16",)) as running, Sender(running.port) as sender:
        assert sender.is_closed()
    with listening(senders=("127.0.0.0/8",)) as running, Sender(running.port) as sender:
        assert sender.ask(message(1)) == ("AA", "1")


def test_what_cannot_be_kept_is_not_answered_and_comes_again():
    keep = Keeper()
    with listening(keep) as running:
        keep.fails = True
        with Sender(running.port) as sender:
            sender.write(framed(message(1)))
            assert sender.is_closed()
        keep.fails = False
        with Sender(running.port) as sender:
            assert sender.ask(message(1)) == ("AA", "1")
        assert "space" in running.health.report().last_error


def test_a_message_that_brings_out_a_fault_of_ours_stops_no_other():
    keep = Keeper()
    keep.released.clear()
    with listening(keep) as running, Sender(running.port) as sender:
        poison = message("P").replace(b"|RXH|DT", b"|POISON|DT")
        sender.write(framed(message(1)), framed(message(2)), framed(poison), framed(message(3)))
        time.sleep(0.2)
        keep.released.set()
        answers = [codes(sender.answer()) for _ in range(4)]
        assert answers == [("AA", "1"), ("AA", "2"), ("AR", "P"), ("AA", "3")]
        assert keep.contents == [message(1), message(2), message(3)]


def test_two_hundred_senders_at_once():
    with listening(connections_per_sender=200) as running:
        senders = [Sender(running.port) for _ in range(200)]
        for _ in range(3):
            for number, sender in enumerate(senders):
                sender.write(framed(message(number)))
            for number, sender in enumerate(senders):
                assert codes(sender.answer()) == ("AA", str(number))
        assert len(running.keep.contents) == 600
        for sender in senders:
            sender.socket.close()


def test_a_stop_answers_what_was_read():
    keep = Keeper()
    keep.released.clear()
    with listening(keep) as running:
        sender = Sender(running.port)
        sender.write(framed(message(1)))
        wait_until(lambda: running.listener._connections)
        time.sleep(0.1)
        threading.Timer(0.3, keep.released.set).start()
    assert codes(sender.answer()) == ("AA", "1")
    assert sender.is_closed()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority of the hospital, a certificate for the listener, and one for a sender."""
    folder, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    for name in ("127.0.0.1", "sender.example"):
        made = authority.issue_cert(name)
        (folder / f"{name}.pem").write_bytes(made.private_key_and_cert_chain_pem.bytes())
    return folder


def client_tls(folder: Path, own: str = "") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    if own:
        context.load_cert_chain(own)
    return context


@pytest.fixture(scope="module")
def encrypted(certificates):
    files = (certificates / "127.0.0.1.pem", certificates / "ca.pem")
    table = dict(zip(("certificate_file", "client_ca_file"), map(str, files), strict=True))
    with listening(**table) as running:
        yield running


def test_a_sender_with_a_certificate_of_the_hospital_is_heard(encrypted, certificates):
    tls = client_tls(certificates, str(certificates / "sender.example.pem"))
    with Sender(encrypted.port, tls) as sender:
        assert sender.ask(message(1)) == ("AA", "1")
        large = message(2, "NTE|1||" + "x" * 2_000_000)
        assert sender.ask(large) == ("AA", "2")


def test_a_sender_without_one_or_with_a_strangers_is_not_heard(encrypted, certificates, tmp_path):
    stranger = trustme.CA().issue_cert("sender.example").private_key_and_cert_chain_pem
    stranger.write_to_path(tmp_path / "stranger.pem")
    before = len(encrypted.keep.contents)
    for own in ("", str(tmp_path / "stranger.pem")):
        with Sender(encrypted.port, client_tls(certificates, own)) as sender:
            try:
                sender.write(framed(message("x")))
                assert sender.is_closed()
            except OSError:
                pass  # refused while it wrote
    with Sender(encrypted.port) as plain:
        plain.write(framed(message("x")))
        plain.answer()
    assert len(encrypted.keep.contents) == before


def test_senders_that_never_finish_greeting_count_as_connected(certificates):
    with listening(certificate_file=str(certificates / "127.0.0.1.pem"), connections=5) as running:
        silent = [Sender(running.port) for _ in range(5)]
        wait_until(lambda: len(running.listener._connecting) == 5)
        with Sender(running.port) as sixth:
            assert sixth.is_closed()
        for sender in silent:
            sender.socket.close()


# Programs of others.


def run_peer(name: str, port: int, *words: str) -> list[tuple[str, str]]:
    done = subprocess.run(
        ["node", "mllp-sender.mjs", name, str(port), "5", *words],
        cwd=PEERS, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == (-9 if words else 0), f"run scripts/peers: {done.stderr[-500:]}"
    rows = map(json.loads, done.stdout.splitlines())
    return [(row["code"], row["number"]) for row in rows]


@pytest.mark.parametrize("name", ["simple-hl7", "hl7v2-net"])
def test_senders_of_others_are_understood_and_understand(name):
    with listening() as running:
        answers = run_peer(name, running.port)
        assert answers == [("AA", f"{name}-{number}") for number in range(1, 6)]
        assert len(running.keep.contents) == 5


def test_a_sender_of_others_that_dies_loses_only_what_was_never_answered():
    with listening() as running:
        assert len(run_peer("simple-hl7", running.port, "die")) == 5
        with MLLPClient("127.0.0.1", running.port) as other:
            for number in range(10):
                assert codes(other.send_message(message(number))) == ("AA", str(number))
        assert len(running.keep.contents) == 15
