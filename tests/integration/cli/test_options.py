"""Options that all commands share, signing in by prompt, and the words of help."""

import getpass
import io
import json
from datetime import timedelta

import click
import pytest

from downtime.accounts import totp
from downtime.cli import load_all_commands
from tests.integration.cli.conftest import PASSWORD, Keys, Terminal


@pytest.fixture
def bare(home) -> Terminal:
    """The same home, with no options given yet."""
    terminal = Terminal(home.folder, home.clock)
    terminal.secrets = home.secrets
    return terminal


@pytest.mark.parametrize(
    "words",
    [
        "--home home --unlock-file key --json outage list",
        "outage list --home home --unlock-file key --json",
        "--json --home home outage list --unlock-file key",
        "--unlock-file gone --home nowhere outage list --home home --unlock-file key --json",
    ],
)
def test_shared_options_stand_before_or_after_the_command(bare, words):
    answer = bare.run(*words.split())
    assert (answer.code, answer.json, answer.err) == (0, [], "")


def test_the_home_may_come_from_the_environment_and_an_option_wins(bare, monkeypatch):
    monkeypatch.setenv("DOWNTIME_HOME", "home")
    assert bare.run("outage", "list", "--unlock-file", "key").code == 0
    monkeypatch.setenv("DOWNTIME_HOME", "nowhere")
    assert bare.run("outage", "list", "--unlock-file", "key").code == 1
    assert bare.run("--home", "home", "outage", "list", "--unlock-file", "key").code == 0
    assert bare.run("outage", "list", "--home", "home", "--unlock-file", "key").code == 0


def test_commands_without_a_home_need_none_and_unlock_nothing(terminal, monkeypatch):
    monkeypatch.setenv("HOME", str(terminal.folder))
    (terminal.folder / "one.hl7").write_text("MSH|^~\\&|PAS\r")
    assert terminal.run("feeds", "check", "one.hl7", "--json").json["messages"] == 1
    assert "admission" in {form["name"] for form in terminal.ok("forms", "list")}
    assert [path.name for path in terminal.folder.iterdir()] == ["one.hl7"]


def test_forms_of_the_home_are_listed_and_checked(bare):
    assert bare.ok("forms", "check", "--home", "home") == []
    folder = bare.folder / "home/forms"
    folder.mkdir(exist_ok=True)
    (folder / "own.yaml").write_text("name: own\n")
    answer = bare.run("forms", "check", "--home", "home", "--json")
    assert answer.code == 1
    assert {row["file"] for row in answer.json} == {"own.yaml"}
    assert bare.run("forms", "list", "--home", "nowhere").code == 1


def test_a_person_signs_in_by_name_password_and_code(bare):
    bare.choose_password("home", "admin", PASSWORD)
    answer = bare.run("person", "list", "--home", "home", "--json", stdin=bare.signed_in("admin"))
    assert {row["username"] for row in answer.json} == {"admin", "service"}
    assert answer.err == ""


def test_at_a_terminal_the_questions_go_to_standard_error_and_the_password_is_hidden(
    bare, monkeypatch
):
    bare.choose_password("home", "admin", PASSWORD)
    hidden = []
    monkeypatch.setattr(getpass, "getpass", lambda prompt: hidden.append(prompt) or PASSWORD)
    bare.clock.now += timedelta(seconds=30)
    code = totp.make_code(bare.secrets["admin"][1], bare.clock())
    typed = Keys(f"admin\n{code}\n")
    answer = bare.run("outage", "list", "--home", "home", "--json", stdin=typed)
    assert json.loads(answer.out) == []
    assert answer.out.startswith("[")
    assert hidden == ["Password: "]
    assert "User name: " in answer.err
    assert PASSWORD not in answer.err


def test_every_wrong_sign_in_gets_the_same_sentence(bare):
    bare.choose_password("home", "admin", PASSWORD)
    right = bare.signed_in("admin").getvalue().splitlines()
    answers = set()
    for wrong in (0, 1, 2):
        typed = [*right]
        typed[wrong] = "000000"
        piped = io.StringIO("\n".join(typed) + "\n")
        answer = bare.run("outage", "list", "--home", "home", stdin=piped)
        assert (answer.code, answer.out) == (1, "")
        answers.add(answer.err)
    assert len(answers) == 1
    assert "The user name, password or one-time code is not right." in answers.pop()


def test_a_code_opens_once(bare):
    bare.choose_password("home", "admin", PASSWORD)
    typed = bare.signed_in("admin").getvalue()
    first = bare.run("outage", "list", "--home", "home", stdin=io.StringIO(typed))
    second = bare.run("outage", "list", "--home", "home", stdin=io.StringIO(typed))
    assert (first.code, second.code) == (0, 1)


def test_nobody_at_a_terminal_is_told_of_the_unlock_file(bare):
    answer = bare.run("outage", "list", "--home", "home")
    assert (answer.code, answer.out) == (1, "")
    assert "nobody is at a terminal" in answer.err
    assert "--unlock-file" in answer.err


def test_an_interrupt_at_a_prompt_stops(bare):
    answer = bare.run("outage", "list", "--home", "home", stdin=Keys())
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.endswith("Stopped.\n")


def test_a_first_password_is_changed_before_anything_else(bare):
    refused = bare.run("person", "list", "--home", "home", stdin=bare.signed_in("admin"))
    assert (refused.code, refused.out) == (1, "")
    assert "Your password is a first one, made for you." in refused.err
    present = bare.secrets["admin"][0]
    differing = bare.signed_in("admin", present, PASSWORD, PASSWORD + "x")
    answer = bare.run("person", "password", "--home", "home", stdin=differing)
    assert answer.err.startswith("The two new passwords differ.")
    short = bare.signed_in("admin", present, "short", "short")
    answer = bare.run("person", "password", "--home", "home", stdin=short)
    assert (answer.code, answer.out) == (1, "")
    bare.choose_password("home", "admin", PASSWORD)
    opened = bare.run("person", "list", "--home", "home", stdin=bare.signed_in("admin"))
    assert opened.code == 0


def test_init_says_once_what_to_write_down_and_what_comes_next(terminal):
    answer = terminal.run("init", "--home", "new", "--unlock-file", "key")
    assert answer.code == 0
    for words in (
        "Fairwater General Hospital",
        "administrator  admin",
        "otpauth://totp/",
        "recovery code",
        "not shown again",
        "downtime serve",
    ):
        assert words in answer.out
    assert (terminal.folder / "key").stat().st_mode & 0o077 == 0


def test_a_hospital_of_its_own_has_none_of_the_demonstration(terminal):
    site = ("--site", "Test Infirmary", "--site-code", "TEST")
    made = terminal.ok("init", "--home", "new", *site, "--unlock-file", "key")
    assert made["site"] == "Test Infirmary"
    settings = (terminal.folder / "new/config.toml").read_text()
    assert settings == '[site]\nname = "Test Infirmary"\ncode = "TEST"\n'


def test_a_recovery_code_lets_an_administrator_in(bare, home):
    code = home.ok("init", "--home", "second")["recovery_code"]
    typed = io.StringIO(f"{code}\n{PASSWORD}\n")
    answer = bare.run("recover", "admin", "--home", "second", "--json", stdin=typed)
    assert answer.code == 0, answer.err
    assert answer.json["recovery_code"] != code


def groups_and_leaves(command: click.Command, path: str = "downtime"):
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from groups_and_leaves(inner, f"{path} {name}")


@pytest.mark.parametrize(
    ("path", "command"),
    [pytest.param(*leaf, id=leaf[0]) for leaf in groups_and_leaves(load_all_commands())],
)
def test_help_is_sentences_about_every_command_and_option(terminal, path, command):
    answer = terminal.run(*path.split()[1:], "--help")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"Usage: {path} ")
    assert command.help[0].isupper()
    assert command.help.splitlines()[0].endswith(".")
    bare = [
        option.opts[0]
        for option in command.params
        if isinstance(option, click.Option) and not (option.help or "").rstrip(".)").strip()
    ]
    assert bare == []
