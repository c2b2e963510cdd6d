"""Two people settle who a downtime number is by commands; no answer of a list names a patient."""

import pytest

from downtime.reconcile.identity import links
from tests.integration.cli.conftest import Terminal
from tests.integration.recovery.conftest import BLOODS, HOSPITAL, LATER
from tests.integration.recovery.twins import BLANK, NUMBER, PETRA, TWINS
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

    def one(role, *words):
        return terminal.run("identity", *words, "--json", stdin=terminal.signed_in(role))

    return one


def test_two_people_link_and_undo_by_commands(run, vault, keyed, hold):  # noqa: F811
    hold(2, (*HOSPITAL, *TWINS), LATER)
    serial = keyed("blood-sciences-request", BLOODS | PETRA, BLANK)
    listed = run("records-clerk", "list")
    assert [(row["forms"], row["state"]) for row in listed.json] == [([serial], "to-link")]
    assert not {NUMBER, "NOVAK", "Petra"} & set(listed.out.replace('"', " ").split())
    offered = run("records-clerk", "show", serial).json["candidates"]
    swapped = "date of birth has day and month swapped"
    first = next(one for one in offered if swapped in one["reasons"])
    said = ("propose", serial, first["patient"], "--reason", "asked her")
    assert "alone never say" in run("records-clerk", *said).err
    assert run("records-clerk", *said, "--evidence", "passport").json["state"] == "proposed"
    refused = run("records-clerk", "confirm", serial, "--reason", "me again")
    assert (refused.code, "You proposed this link" in refused.err) == (1, True)
    agreed = run("records-supervisor", "confirm", serial, "--reason", "read the paper")
    assert agreed.json["state"] == "confirmed"
    assert links.confirmed_links(vault.db)[NUMBER].person.mrn == "H2001"
    assert run("records-clerk", "undo", serial, "--reason", "her sister").json["state"] == "undone"
    assert links.confirmed_links(vault.db) == {}
    assert run("records-clerk", "exact").json == {"proposed": 0, "left": 1}
    nothing = run("records-clerk", "reject", serial, "--reason", "none there")
    assert (nothing.code, "No link is proposed" in nothing.err) == (1, True)
