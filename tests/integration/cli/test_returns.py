"""The outbox on the command line: a system's table checked, messages sent, listed and settled."""

import hashlib

import pytest

from downtime import config
from downtime.accounts import homes
from downtime.cli import serve
from downtime.config import Home
from downtime.outage import outages
from downtime.returns.model import NewMessage
from downtime.returns.store import outbox_messages
from tests.integration.cli.conftest import BEGINS, Clock, Terminal
from tests.integration.returns.receiver import ack, receiver, scripted

REASON = ("--reason", "seen with the laboratory")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, settings_file):
    """A home that nobody has used yet."""
    made = tmp_path_factory.mktemp("returns")
    init = ("--settings", settings_file, "--device", "K7", "--unlock-file", "K7.key")
    Terminal(made, Clock(BEGINS), "--home", "K7").ok("init", *init)
    return made


@pytest.fixture
def target(folder, settings_file):
    """`target(key=…)` writes the table of LIMS into config.toml."""

    def write(**keys) -> None:
        lines = [f"{name} = {_toml(value)}" for name, value in keys.items()]
        text = settings_file.read_text() + "\n[returns]\nretry_first_seconds = 0.0\n"
        table = "\n".join(["[returns.targets.LIMS]", *lines])
        (folder / "K7" / "config.toml").write_text(f"{text}{table}\n")

    return write


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')


@pytest.fixture
def home(folder):
    return Terminal(folder, Clock(BEGINS), "--home", "K7", "--unlock-file", "K7.key")


@pytest.fixture
def queued(folder, target):
    """Two messages of one patient that wait for LIMS; gives their control IDs."""
    target(channel="mllp", host="127.0.0.1", port=1)
    place = Home(folder / "K7")
    opened = homes.open_with_file(
        place, config.load_settings(place.config_file), Clock(BEGINS), folder / "K7.key"
    )
    vault, actor = opened.vault, opened.actor
    try:
        found = outages.list_outages(vault)
        outage = (
            found[0]
            if found
            else outages.declare_systems_down(vault, ["LIMS"], actor, "x", known=("LIMS",))
        )
        count = vault.db["outbox"].count
        numbers = [f"DT{count + n}" for n in (1, 2)]
        with vault.change(actor, "return.queue") as db:
            for number in numbers:
                content = f"MSH|^~\\&|D|D|L|L|20261102||ORU^R01|{number}|P|2.4\r".encode()
                row = NewMessage(
                    control_id=number, outage=outage.id, system="LIMS", channel="mllp",
                    kind="ORU^R01", order_key=f"p-{count}", state="queued",
                    content=content, sha256=hashlib.sha256(content).hexdigest(),
                    queued=vault.now(), queued_by=actor.id, changed=vault.now(),
                items=((f"K7000001A-{number}", ""),),
)  # fmt: skip
                outbox_messages.insert_messages(db, [row])
    finally:
        vault.close()
    return numbers


def states(home, numbers) -> list[str]:
    held = {one["control_id"]: one["state"] for one in home.ok("returns", "list")}
    return [held[number] for number in numbers]


def test_send_says_what_was_taken_in(home, queued, target):
    with receiver() as lims:
        target(channel="mllp", host="127.0.0.1", port=lims.port)
        answer = home.run("returns", "send", "--to", "LIMS")
    assert (answer.code, answer.out.strip()) == (0, "2 accepted.")
    assert lims.numbers == queued
    assert states(home, queued) == ["acknowledged", "acknowledged"]


def test_send_fails_when_the_receiver_is_away_and_keeps_what_waits(home, queued):
    answer = home.run("returns", "send", "--to", "LIMS")
    assert answer.code == 1
    assert "0 accepted, 2 waiting. LIMS cannot be reached (Connection refused)." in answer.out
    assert states(home, queued) == ["queued", "queued"]
    home.ok("returns", "resolve", *queued, *REASON)


def test_a_refusal_is_listed_and_sent_again(home, queued, target):
    with receiver(scripted(lambda m: ack(m, "AE"))) as lims:
        target(channel="mllp", host="127.0.0.1", port=lims.port)
        assert home.run("returns", "send", "--to", "LIMS").code == 1
        assert states(home, queued) == ["refused", "held"]
        (listed,) = home.ok("returns", "list", "--state", "refused", "--system", "LIMS")
        assert (listed["control_id"], listed["reason"]) == (
            queued[0], "AE: no reason was given",
        )  # fmt: skip
        assert home.run("returns", "again", queued[0]).code == 2, "a reason is required"
        (again,) = home.ok("returns", "again", queued[0], *REASON)
        assert again["state"] == "queued"
        assert home.run("returns", "send", "--to", "LIMS").code == 0
    assert lims.numbers == [queued[0], *queued]


def test_a_refusal_is_put_right_by_hand_and_the_next_one_goes(home, queued, target):
    with receiver(scripted(lambda m: ack(m, "AR"))) as lims:
        target(channel="mllp", host="127.0.0.1", port=lims.port)
        home.run("returns", "send", "--to", "LIMS")
        answer = home.run("returns", "resolve", queued[0], *REASON)
        assert (answer.code, answer.out.strip()) == (0, f"{queued[0]}: resolved another way")
        home.ok("returns", "send", "--to", "LIMS")
    assert states(home, queued) == ["resolved", "acknowledged"]


def test_a_refusal_is_taken_back_and_the_next_one_goes(home, queued, target):
    with receiver(scripted(lambda m: ack(m, "AR"))) as lims:
        target(channel="mllp", host="127.0.0.1", port=lims.port)
        home.run("returns", "send", "--to", "LIMS")
        assert home.run("returns", "take-back", queued[1], *REASON).code != 0, "it was only held"
        (taken,) = home.ok("returns", "take-back", queued[0], *REASON)
        assert taken["state"] == "resolved"
        home.ok("returns", "send", "--to", "LIMS")
    assert states(home, queued) == ["resolved", "acknowledged"]


def test_what_may_have_arrived_is_taken_back_by_who_looked(home, queued, target):
    with receiver(scripted(None, lambda m: ack(m, "AR"))) as lims:
        target(channel="mllp", host="127.0.0.1", port=lims.port)
        home.run("returns", "send", "--to", "LIMS")
        assert "may have arrived" in home.run("returns", "list").out
        (listed,) = home.ok("returns", "list", "--state", "refused")
        assert listed["may_have_arrived"] is True
        answer = home.run("returns", "take-back", queued[0], *REASON)
        assert answer.code == 1
        assert "Look for it in LIMS" in answer.out + answer.err
        home.ok("returns", "take-back", queued[0], "--not-there", *REASON)
    assert states(home, queued)[0] == "resolved"


def test_what_was_taken_in_is_not_refused_afterwards(home, queued, target):
    with receiver() as lims:
        target(channel="mllp", host="127.0.0.1", port=lims.port)
        home.ok("returns", "send", "--to", "LIMS")
    answer = home.run("returns", "refused", queued[0], *REASON)
    assert answer.code == 1
    assert states(home, queued) == ["acknowledged", "acknowledged"]


@pytest.mark.parametrize("command", ["again", "resolve", "refused"])
def test_a_message_that_is_not_there_is_said_so(home, queued, command):
    answer = home.run("returns", command, "DT999", *REASON)
    assert answer.code == 1
    assert "There is no such message." in answer.out + answer.err


def test_a_system_without_a_network_is_not_sent_to(home, queued):
    answer = home.run("returns", "send", "--to", "PAS")
    assert answer.code == 1
    assert "PAS is not told over a network." in answer.err


def test_check_says_how_each_system_is_told(home, target):
    target(channel="mllp", host="lims.example", port=2575)
    answer = home.run("returns", "check")
    assert answer.code == 0
    assert "LIMS: HL7 v2 over the network, as its table says." in answer.out.splitlines()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"chanel": "mllp"}, "config.toml has an unknown setting 'returns.targets.LIMS.chanel'"),
        (
            {"channel": "mllp", "port": 2575},
            "'returns.targets.LIMS.host' in config.toml is missing",
        ),
        (
            {"channel": "mllp", "host": "l", "port": 1, "tls": True, "ca_file": "/nowhere.pem"},
            "Name PEM files in ca_file and certificate_file that this program may read.",
        ),
        ({"channel": "fhir"}, "'returns.targets.LIMS.fhir.url' in config.toml must be an address"),
    ],
    ids=["key", "host", "certificate", "fhir"],
)
def test_a_mistake_is_named_with_file_key_and_what_to_do(home, folder, target, keys, words, capsys,
                                                         monkeypatch):  # fmt: skip
    target(**keys)
    answer = home.run("returns", "check")
    assert answer.code == 1
    assert str(folder / "K7" / "config.toml") in answer.out
    assert words in answer.out
    served = []
    monkeypatch.setattr(serve, "entry_points", lambda group: [_Server(served)])
    serve.start_server(Home(folder / "K7"))
    assert served, "all else works"
    assert words in capsys.readouterr().err


class _Server:
    """In place of the web server."""

    def __init__(self, served: list) -> None:
        self.served = served

    def load(self):
        return lambda *given, **_: self.served.append(given)
