"""Accounts by commands: a person who married is called by the new name, and by the old user name."""

import io

import pytest

from tests.integration.cli.conftest import PASSWORD, Terminal


@pytest.fixture
def people(home) -> Terminal:
    """The home of an administrator who chose a password."""
    terminal = Terminal(home.folder, home.clock)
    terminal.secrets = home.secrets
    terminal.choose_password("home", "admin", PASSWORD)
    return terminal


def test_a_new_name_is_the_one_in_the_list(people):
    def by_admin(*words):
        return people.run(*words, "--home", "home", "--json", stdin=people.signed_in("admin"))

    reason = ("--reason", "married")
    assert (
        by_admin("person", "rename", "admin", "Ada  Newname", *reason).json["name"] == "Ada Newname"
    )
    listed = {row["username"]: row["name"] for row in by_admin("person", "list").json}
    assert listed["admin"] == "Ada Newname"
    refused = by_admin("person", "rename", "nobody", "Ada Newname", *reason)
    assert (refused.code, "Nobody has the user name 'nobody'" in refused.err) == (1, True)
    refused = by_admin("person", "rename", "admin", " ", *reason)
    assert (refused.code, "2 to 60 printable characters" in refused.err) == (1, True)


def test_only_an_administrator_renames_anybody(people):
    people.learn(
        people.ok(
            "person", "add", "bo", "Bo Nurse", "--role", "ward", "--reason", "new",
            "--home", "home", stdin=people.signed_in("admin"),
        )
    )  # fmt: skip
    people.choose_password("home", "bo", PASSWORD)
    words = ("person", "rename", "admin", "Bo Again", "--reason", "fun", "--home", "home")
    refused = people.run(*words, stdin=people.signed_in("bo"))
    assert (refused.code, "does not allow" in refused.err) == (1, True)


def test_a_sheet_of_codes_signs_in_at_a_terminal_too(people):
    made = people.ok("person", "codes", "--home", "home", stdin=people.signed_in("admin"))
    assert len(made["codes"]) == 10
    words = ("person", "list", "--home", "home", "--json")
    typed = io.StringIO(f"admin\n{PASSWORD}\n{made['codes'][4]}\n")
    listed = people.run(*words, stdin=typed)
    assert "Code 5 of your printed sheet is used" in listed.err
    assert {row["username"]: row["printed_codes"] for row in listed.json}["admin"] == 9
