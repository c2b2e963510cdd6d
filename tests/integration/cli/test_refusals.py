"""What goes wrong at the command line is one sentence and a next step, on standard error."""

import os
from contextlib import closing

import click
import pytest

from downtime import config
from downtime.accounts.homes import open_with_file
from downtime.accounts.model import Permission
from downtime.accounts.permissions import ROLES_ALLOWED
from downtime.cli import load_all_commands
from downtime.cli.options import NewFile
from downtime.config import Home
from downtime.entry import import_responses
from downtime.vault import device
from downtime.vault.model import MachineRole
from tests.integration.cli.conftest import is_one_sentence
from tests.site import Site


@pytest.fixture(scope="module", autouse=True)
def _files(refusing):
    """Inputs of every kind that is no good."""
    folder = refusing.folder
    (folder / "empty").touch()
    (folder / "junk").write_bytes(os.urandom(3000))
    (folder / "words.txt").write_text("Ann Hill was here")
    (folder / "array.json").write_text("[1, 2]")
    (folder / "folder").mkdir()
    (folder / "open-key").write_text("a secret that everybody may read")
    (folder / "open-key").chmod(0o644)
    (folder / "other-key").write_text("a secret that opens another home")
    (folder / "other-key").chmod(0o600)
    (folder / "short-key").write_text("short")
    (folder / "short-key").chmod(0o600)


def leaves(command: click.Command, words: tuple[str, ...] = ()):
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from leaves(inner, (*words, name))
    else:
        yield words, command


def value(parameter: click.Parameter) -> str:
    """A word that is right as far as the command line can tell."""
    kind = parameter.type
    if isinstance(kind, click.Choice):
        return kind.choices[0]
    if isinstance(kind, NewFile):
        return "out.pdf"
    if isinstance(kind, click.Path):
        if not kind.exists:
            return "to"
        return "array.json" if kind.file_okay else "folder"
    return "1" if isinstance(kind, click.types.IntParamType) else "word"


def asked(words: tuple[str, ...], command: click.Command) -> list[str]:
    """The command with the least that it takes."""
    line = list(words)
    for parameter in command.params:
        if parameter.required:
            names = [] if isinstance(parameter, click.Argument) else [parameter.opts[0]]
            line += [*names, value(parameter)]
    extra = {("pack",): ["AMU"], ("snapshot", "build"): ["--from", "array.json"]}
    return line + extra.get(words, [])


WITH_HOME = [
    pytest.param(asked(words, command), command.permission, id=" ".join(words))
    for words, command in leaves(load_all_commands())
    if command.permission != Permission.PUBLIC
]
WORKING_LOCKED = [
    words
    for words, command in leaves(load_all_commands())
    if getattr(command, "works_locked", False)
]
UNLOCKING = [p for p in WITH_HOME if tuple(p.id.split()) not in WORKING_LOCKED]


def test_hardly_a_command_works_without_signing_in():
    assert sorted(WORKING_LOCKED) == [("fleet", "update"), ("pull",), ("run",)]


@pytest.mark.parametrize(("words", "permission"), WITH_HOME)
def test_without_a_home_a_command_says_so(terminal, words, permission):
    (terminal.folder / "array.json").write_text("[1, 2]")
    (terminal.folder / "folder").mkdir()
    answer = terminal.run(*words, "--home", "nowhere", "--unlock-file", "key")
    assert answer.code == 1
    assert is_one_sentence(answer), answer
    assert "There is no Downtime home at" in answer.err
    assert not (terminal.folder / "nowhere").exists()


@pytest.mark.parametrize(("words", "permission"), UNLOCKING)
def test_a_wrong_unlock_file_opens_no_command(refusing, words, permission):
    answer = refusing.run(*words, "--unlock-file", "other-key")
    assert answer.code == 1
    assert is_one_sentence(answer), answer
    assert "other-key does not open this home" in answer.err


@pytest.mark.parametrize(
    ("words", "permission"), [p for p in UNLOCKING if "service" not in ROLES_ALLOWED[p.values[1]]]
)
def test_a_program_may_not_do_what_only_people_may(refusing, words, permission):
    answer = refusing.run(*words)
    assert answer.code == 1
    assert is_one_sentence(answer), answer
    assert "does not allow this" in answer.err
    assert "Ask somebody whose role is" in answer.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--unlock-file gone status", "There is no unlock file gone"),
        ("--unlock-file open-key status", "can be read by others"),
        ("--unlock-file short-key status", "does not hold one secret"),
        ("--unlock-file empty status", "can be read by others"),
        ("--unlock-file folder status", "folder"),
        ("init", "There is a Downtime home"),
        ("--home folder --unlock-file key status", "There is no Downtime home"),
        ("--home junk --unlock-file key status", "There is no Downtime home"),
        ("--home junk init", "is a file"),
        ("init --home new --device I0", "A device code is two"),
        ("init --home new --administrator A,B", "A user name has"),
        ("pack AMU --out x.pdf", "No snapshot is open on this machine yet"),
        ("pack --all --out x.pdf", "No snapshot is open on this machine yet"),
        ("snapshot load words.txt", "not a"),
        ("snapshot load empty", "not a"),
        ("snapshot load junk", "not a"),
        ("snapshot load folder", "does not say which bundle is the newest"),
        ("snapshot build --from words.txt --to words.txt/inside", "Not a directory"),
        ("outage declare FAX --reason x", "no system called 'FAX'"),
        ("outage end PAS --reason x", "PAS is not declared down"),
        ("outage close --reason x", "No outage is open"),
        ("ledger show K7-000001-X", "not a serial number"),
        ("ledger show word", "not a serial number"),
        ("ledger show K7-999999-O", "was not issued on this laptop"),
        ("entry import empty", "empty is empty"),
        ("entry import junk", "cannot be read as text"),
        ("entry import words.txt", "neither JSON nor NDJSON"),
        ("entry import /proc/self/mem", "cannot be read as text"),
        ("reconcile run", "No outage was ever declared here"),
        ("reconcile list", "No outage was ever declared here"),
        ("returns export --format hl7v2 --to to", "No outage was ever declared here"),
        ("returns export --format worklist --to to", "No outage was ever declared here"),
        ("statement --out s.pdf", "No outage was ever declared here"),
        ("fleet update array.json", "list of machines is damaged"),
        ("fleet update junk", "list of machines is damaged"),
        ("fleet update empty", "list of machines is damaged"),
        ("fleet update /proc/self/mem", "Input/output error"),
        ("demo code word", "no demonstration"),
        ("serve --home nowhere", "There is no Downtime home"),
        ("feeds check words.txt --home nowhere", "There is no Downtime home"),
        ("recover admin --home nowhere", "There is no Downtime home"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(refusing, words, sentence):
    answer = refusing.run(*words.split())
    assert answer.code == 1, answer
    assert is_one_sentence(answer), answer
    assert sentence in answer.err
    assert "Ann Hill" not in answer.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("nonsense", "No such command"),
        ("outage nonsense", "No such command"),
        ("outage declare", "Missing argument"),
        ("feeds check", "Missing argument"),
        ("feeds check nowhere", "'nowhere' does not exist"),
        ("snapshot build", "Missing option '--to'"),
        ("snapshot build --from nowhere --to to", "'nowhere' does not exist"),
        ("snapshot build --from words.txt --to words.txt", "is a file"),
        ("snapshot load nowhere", "'nowhere' does not exist"),
        ("pack --out x.pdf", "Name the wards, or give --all"),
        ("pack AMU --all --out x.pdf", "Name the wards, or give --all"),
        ("pack --all --out none/x.pdf", "There is no folder 'none'"),
        ("pack --all --out folder", "is a directory"),
        ("fleet join --out none/request.json", "There is no folder 'none'"),
        ("statement --out none/s.pdf", "There is no folder 'none'"),
        ("number issue 0", "not in the range"),
        ("number issue many", "not a valid integer"),
        ("ledger list --state gone", "'gone' is not one of"),
        ("ledger void K7-999999-O", "--reason"),
        ("returns export --format fax --to to", "'fax' is not one of"),
        ("reconcile decide key maybe --reason x", "'maybe' is not one of"),
        ("demo feeds words.txt", "is a file"),
        ("demo feeds to --now yesterday", "does not match the format"),
        ("init --home new --site A --settings words.txt", "not both"),
        ("init --home new --site A", "Give --site and --site-code together"),
        ("init --home new --site-code A", "Give --site and --site-code together"),
        ("pack AMU --spool --printer ward", "Give one of --out, --printer and --spool"),
        ("person add x Name --role king --reason new", "'king' is not one of"),
    ],
)
def test_wrong_words_are_a_usage_error(refusing, words, sentence):
    answer = refusing.run(*words.split())
    assert answer.code == 2, answer
    assert answer.out == ""
    assert answer.err.startswith("Usage: downtime")
    assert sentence in answer.err.replace("\n", " ")


def test_what_could_not_be_made_leaves_nothing_behind(refusing):
    settings = refusing.folder / "wrong.toml"
    settings.write_text("[site]\nnam = 'x'")
    for words in (
        "init --home new --device I0",
        "init --home new --administrator A,B",
        "init --home new --settings wrong.toml",
        "init --home new --settings junk",
    ):
        assert refusing.run(*words.split()).code == 1
        assert not (refusing.folder / "new").exists(), words


@pytest.mark.parametrize("file", ["vault.db", "keys/slots.json", "keys/device.json", "config.toml"])
@pytest.mark.parametrize("content", [None, b"", b"\xff\x00 junk \x9c"])
def test_a_damaged_home_is_said_to_be_damaged_and_is_left_as_it_is(home, file, content):
    path = home.folder / "home" / file
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    answer = home.run("number", "issue")
    if file == "keys/slots.json":
        assert answer.code == 0, answer  # a copy serves, and is put back
        return
    if (file, content) == ("config.toml", b""):
        assert answer.code == 0  # no setting is needed
        return
    assert answer.code == 1
    if file == "config.toml":
        assert is_one_sentence(answer), answer
    else:  # it is opened to be read
        assert "Nothing of this was saved." in answer.err
        assert "Traceback" not in answer.err
    assert path.exists() == (content is not None)


def test_feeds_that_cannot_be_read_are_rejects_like_any_other(refusing):
    paths = ("empty", "junk", "words.txt", "array.json", "folder", "/proc/self/mem")
    answer = refusing.run("feeds", "check", *paths, "--json")
    assert answer.code == 1  # nothing of it can be used
    checked = answer.json
    assert checked["outcomes"]["rejected"] == checked["messages"] > 0
    assert {"junk", "words.txt", "array.json", "/proc/self/mem"} <= {
        problem["file"] for problem in checked["problems"]
    }
    assert "Ann Hill" not in str(checked)


def test_a_response_that_cannot_be_used_is_named_by_its_place(refusing):
    answer = refusing.run("entry", "import", "array.json", "--json")
    assert answer.code == 1
    assert [problem["index"] for problem in answer.json["problems"]] == [1, 2]
    assert answer.err == ""


def test_a_form_that_cannot_be_used_is_said_by_file_and_line(refusing):
    answer = refusing.run("forms", "check", "words.txt", "--json")
    assert answer.code == 1
    assert [(row["file"], row["line"]) for row in answer.json] == [("words.txt", 1)]
    assert refusing.run("forms", "check", "junk").code == 1


def test_a_fault_of_the_program_gives_its_place_and_nothing_it_held(refusing, monkeypatch):
    def broken(*_, **__):
        raise ValueError("Ann Hill, 999 000 0018")

    monkeypatch.setattr(import_responses, "import_file", broken)
    answer = refusing.run("entry", "import", "array.json")
    assert (answer.code, answer.out) == (1, "")
    assert "ValueError at cli/entry.py:" in answer.err
    assert "Ann" not in answer.err
    assert "Traceback" not in answer.err


def test_a_full_disk_is_said_in_words(refusing, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(import_responses, "import_file", full)
    answer = refusing.run("entry", "import", "array.json")
    assert is_one_sentence(answer), answer
    assert answer.err.startswith("No space left on device.")


def test_an_interrupt_stops_the_command(refusing, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(import_responses, "import_file", stopped)
    answer = refusing.run("entry", "import", "array.json")
    assert (answer.code, answer.out, answer.err.strip()) == (1, "", "Stopped.")


def test_a_machine_of_a_site_that_lost_its_identity_still_says_how_it_is(home, monkeypatch):
    """With the identity it believes no list of machines either: the rest is shown and looked at."""
    settings = config.load_settings(home.folder / "home" / "config.toml")
    place = Home(home.folder / "home")
    with closing(open_with_file(place, settings, home.clock, home.folder / "key").vault) as vault:
        Site().enrol(vault, MachineRole.WARD_LAPTOP)
    (place.keys_folder / "device.json").rename(home.folder / "away")
    monkeypatch.setattr(device, "_last_cards", {})  # as in a program that never saw it
    status, check = home.run("status", "--json"), home.run("check", "--json")
    (home.folder / "away").rename(place.keys_folder / "device.json")
    assert (status.code, check.code) == (1, 1)
    assert (status.json["machine"], status.json["fleet"]) == (None, [])
    assert status.json["systems"]
    parts = {part["name"]: part["next_step"] for part in check.json["parts"]}
    assert parts["vault.db"] == ""
    assert parts["identity"] == "Put keys/device.json back from the last backup."
    assert home.run("check").code == 0
