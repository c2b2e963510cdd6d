"""Break-glass on the command line: sealed codes are made and withdrawn, and whoever may not is told who may."""

import pytest

from tests.integration.cli.conftest import PASSWORD, Terminal


@pytest.fixture
def by_admin(home):
    """Run a command as the administrator, who chose a password."""
    terminal = Terminal(home.folder, home.clock)
    terminal.secrets = home.secrets
    terminal.choose_password("home", "admin", PASSWORD)
    return lambda *words: terminal.run(
        "break-glass", *words, "--home", "home", "--json", stdin=terminal.signed_in("admin")
    )


def test_the_sealed_code_of_a_ward_is_shown_once_and_withdrawn(by_admin):
    made = by_admin("create-code", "A1", "--reason", "night").json
    assert made["label"] == "A1-1"
    (code,) = by_admin("codes").json
    assert code["label"] == "A1-1"
    assert made["code"] not in str(code)
    assert by_admin("withdraw-code", "A1-1", "--reason", "lost").json["withdrawn"]
    refused = by_admin("withdraw-code", "A1-1", "--reason", "lost")
    assert (refused.code, "no unused code of that label" in refused.err) == (1, True)
    assert by_admin("list").json == []


def test_whoever_may_not_review_is_told_who_may(by_admin):
    answer = by_admin("review", "K7-B1", "--verdict", "justified", "--reason", "x")
    assert answer.code == 1
    assert "site team or records supervisor" in answer.err


def test_an_account_for_one_ward_runs_no_command_that_lists_others(home, by_admin):
    terminal = Terminal(home.folder, home.clock)
    terminal.secrets = home.secrets
    words = ("person", "add", "nurse", "Nia Nurse", "--role", "ward", "--reason", "new")
    terminal.learn(
        terminal.run(*words, "--home", "home", "--json", stdin=terminal.signed_in("admin")).json
    )
    terminal.choose_password("home", "nurse", "another long enough sentence")
    with (home.folder / "home" / "config.toml").open("a") as file:
        file.write('\n[accounts.ward_scopes]\nnurse = ["AMU"]\n')

    def run(*command):
        return terminal.run(*command, "--home", "home", stdin=terminal.signed_in("nurse"))

    for command in (("ledger", "list"), ("events", "list"), ("statement", "--out", "s.pdf")):
        answer = run(*command)
        assert answer.code == 1, answer
        assert "Your account is for ward AMU only" in answer.err, command
    assert run("outage", "list").code == 0
