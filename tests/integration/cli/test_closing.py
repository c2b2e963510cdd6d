"""By command too: signing asks for the password, books are closed by two people, doubts explained by two."""

import re

import pytest

from downtime.outage import outages
from downtime.returns.statement import close_books
from tests.integration.cli.conftest import Terminal
from tests.integration.recovery.conftest import KEEPER
from tests.integration.web.conftest import (  # noqa: F401 - fixtures
    PASSWORD,
    hold,
    home_template,
    hospital,
    loaded_template,
    outage,
    t0,
    vault,
)


@pytest.fixture
def run(hospital, tmp_path):  # noqa: F811
    """`run(role, words…, typed=…)`: a command that somebody of a role gives, and what they type after."""
    terminal = Terminal(tmp_path, hospital.clock, "--home", hospital.home.path)
    terminal.secrets = {role: (PASSWORD, secret) for role, secret in hospital.secrets.items()}

    def one(role, *words, typed=()):
        return terminal.run(*words, stdin=terminal.signed_in(role, *typed))

    return one


def test_signing_names_what_is_open_and_takes_only_the_own_password(run, vault, outage):  # noqa: F811
    wrong = run("site", "sign", "safety", typed=["not my password"])
    assert wrong.code == 1
    assert "LIMS is still declared down" in wrong.err
    assert "This password is not yours: nothing was done." in wrong.err
    assert run("site", "sign", "safety").code == 1, "nothing typed is nothing signed"
    done = run("site", "sign", "safety", typed=[PASSWORD])
    assert (done.code, "Signed: NOT COMPLETE." in done.out) == (0, True)
    rows = vault.db.execute("SELECT count(*) FROM statement_signature").fetchone()
    assert rows[0] == 1


def test_books_with_things_open_take_two_people_and_are_opened_again(run, vault, outage):  # noqa: F811
    outages.mark_restored(vault, ["LIMS"], KEEPER, "back")
    close = ("outage", "close", outage.id, "--reason")
    refused = run("site", *close, "tired")
    assert (refused.code, "has not signed" in refused.err) == (1, True)
    shown = run("site", *close, "nothing was printed", "--incomplete").out
    assert "The ward lead has not signed." in shown
    assert "Nothing was done" in shown
    digest = ("--digest", re.search(r"--digest (\w{16})\.", shown)[1])
    assert close_books.find_proposal(vault, outage.id) is None
    for reason in ("nothing was printed", "still so"):  # as often as they like
        assert "Proposed" in run("site", *close, reason, "--incomplete", *digest).out
    assert outages.get_outage(vault, outage.id).state == "recovering"
    unseen = run("records-supervisor", *close, "I looked", "--incomplete", "--digest", "0" * 16)
    assert (unseen.code, "something was written since" in unseen.err) == (1, True)
    shown = run("records-supervisor", *close, "I look", "--incomplete").out
    assert "proposed" in shown
    assert "still so" in shown
    assert digest[1] in shown
    assert outages.get_outage(vault, outage.id).state == "recovering"
    assert "closed" in run("records-supervisor", *close, "I looked", "--incomplete", *digest).out
    assert outages.get_outage(vault, outage.id).state == "closed"
    reopen = ("outage", "reopen", outage.id, "--reason", "a box was found")
    assert run("administrator", *reopen).code == 1
    assert "recovering" in run("records-supervisor", *reopen).out


def test_what_speaks_against_the_records_is_explained_by_two(run, vault, outage):  # noqa: F811
    assert "Nothing speaks against them" in run("site", "audit", "problems").out
    with vault.change(KEEPER, "home.restored"):
        pass
    listed = run("site", "audit", "problems").out
    problem = listed.partition(":")[0]
    explain = ("audit", "explain", problem, "--reason")
    assert "A second person" in run("site", *explain, "the disk failed").out
    own = run("site", *explain, "again")
    assert (own.code, "another person has to look" in own.err) == (1, True)
    assert "Two people" in run("records-supervisor", *explain, "compared").out
    assert "(explained)" in run("site", "audit", "problems").out
    assert run("site", "audit", "explain", "other", "--reason", "x").code == 1
