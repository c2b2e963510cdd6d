"""Events on the command line: recorded with the checks of the screen, listed, printed with a serial."""

import pytest

from tests.integration.cli.conftest import PASSWORD, Terminal, is_one_sentence
from tests.integration.paper.conftest import read_words


@pytest.fixture
def ward(home):
    """Run commands as a nurse, while the LIMS is down."""
    terminal = Terminal(home.folder, home.clock)
    terminal.secrets = home.secrets
    terminal.choose_password("home", "admin", PASSWORD)
    made = terminal.ok(
        "person", "add", "bo", "Bo Nurse", "--role", "ward", "--reason", "new", "--home", "home",
        stdin=terminal.signed_in("admin"),
    )  # fmt: skip
    terminal.learn(made)
    terminal.choose_password("home", "bo", PASSWORD)
    home.ok("outage", "declare", "LIMS", "--reason", "said by IT")
    return lambda *words: terminal.run(
        "events", *words, "--home", "home", "--json", stdin=terminal.signed_in("bo")
    )


def test_an_event_is_recorded_listed_and_printed(ward, home, tmp_path):
    done = ward("record", "incident", "what=Lights out in pharmacy", "by=Dr Cole")
    assert done.code == 0, done.err
    assert done.json["author"] == "Bo Nurse"
    refused = ward("record", "incident", "by=nobody")
    assert is_one_sentence(refused)
    assert "is needed" in refused.err
    unknown = ward("record", "incident", "what=x", "colour=red")
    assert "has no field 'colour'" in unknown.err
    assert ward("record", "incident", "nonsense").code == 2
    ward("record", "telephone", "caller=Lab", "for=AMU", "message=K 6.9")
    (line,) = home.ok("events", "list", "--kind", "incident")
    assert line["answers"]["what"] == "Lights out in pharmacy"
    names = {field["name"]: field for field in home.ok("events", "fields", "divert")}
    assert names["state"]["choices"] == ["accepting", "limited", "divert"]
    printed = home.ok("events", "print", "--out", tmp_path / "log.pdf")
    assert printed["pages"] == 1
    (page,) = read_words((tmp_path / "log.pdf").read_bytes())
    for text in ("Lights out in pharmacy", "K 6.9", "Bo Nurse", "K7-", "Nothing was recorded"):
        assert text in page, text


def test_a_program_records_nothing_in_a_persons_place(home):
    home.ok("outage", "declare", "LIMS", "--reason", "said by IT")
    answer = home.run("events", "record", "incident", "what=x")
    assert answer.code == 1
    assert "does not allow" in answer.err
