"""Decisions by commands: a conflict needs two people, and a word that is no decision is refused."""

import pytest

from tests.integration.cli.conftest import Terminal
from tests.integration.recovery.conftest import BLOODS, HOSPITAL, LATER, LIMS_SAYS, PHONED
from tests.integration.web.conftest import (  # noqa: F401 - fixtures
    PASSWORD,
    checker,
    hold,
    home_template,
    hospital,
    issue,
    keyed,
    loaded_template,
    outage,
    t0,
    vault,
)


@pytest.fixture
def run(hospital, tmp_path):  # noqa: F811
    """`run(role, words…)`: the document of a command that somebody of a role gives."""
    terminal = Terminal(tmp_path, hospital.clock, "--home", hospital.home.path)
    terminal.secrets = {role: (PASSWORD, secret) for role, secret in hospital.secrets.items()}

    def run_command(role, *words):
        return terminal.run("reconcile", *words, "--json", stdin=terminal.signed_in(role))

    return run_command


def test_a_conflict_is_decided_by_two_people_by_commands(run, keyed, hold):  # noqa: F811
    keyed("blood-sciences-request", BLOODS)
    keyed("phoned-result", PHONED)
    hold(2, (*HOSPITAL, *LIMS_SAYS), LATER)
    compared = run("records-supervisor", "run")
    assert compared.json["states"]["conflict"] == 1
    (conflict,) = run("records-supervisor", "list", "--state", "conflict").json
    assert conflict["second"]
    assert "Have a clinician review it." in conflict["explanation"]
    decision = ("decide", conflict["key"], "leave", "--reason", "the laboratory is right")
    (seen,) = run("records-supervisor", *decision).json
    decision = ("decide", f"{conflict['key']}={seen['version']}", *decision[2:])
    (proposed,) = run("records-supervisor", *decision).json
    assert (proposed["decision"], proposed["proposal"]) == ("open", "leave")
    again = run("records-supervisor", *decision)
    assert (again.code, "You proposed this" in again.err) == (1, True)
    assert (
        run("records-supervisor", "decide", conflict["key"], "confict", "--reason", "x").code == 2
    )
