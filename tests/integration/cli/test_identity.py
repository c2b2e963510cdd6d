"""Two people settle who a downtime number is by commands; no answer of a list names a patient."""

import pytest

from downtime.paper.issue import Subject
from downtime.reconcile.identity import linking
from tests.integration.cli.conftest import Terminal
from tests.integration.recovery.conftest import (  # noqa: F401 - fixtures
    BLOODS,
    HOSPITAL,
    checker,
    hold,
    issue,
    keyed,
    outage,
    t0,
)
from tests.integration.recovery.twins import TWINS
from tests.integration.web.conftest import (  # noqa: F401 - fixtures
    PASSWORD,
    home_template,
    hospital,
    loaded_template,
)

NUMBER = "DK700001X"
PETRA = {"patient.name": "NOVAK, Petra", "patient.born": "1985-01-03"}


@pytest.fixture
def vault(hospital):  # noqa: F811
    opened = hospital.open().vault
    yield opened
    opened.close()


@pytest.fixture
def run(hospital, tmp_path):  # noqa: F811
    """`run(role, words…)`: the document of a command that somebody of a role gives."""
    terminal = Terminal(tmp_path, hospital.clock, "--home", hospital.home.path)
    terminal.secrets = {role: (PASSWORD, secret) for role, secret in hospital.secrets.items()}

    def one(role, *words):
        return terminal.run("identity", *words, "--json", stdin=terminal.signed_in(role))

    return one


def test_two_people_link_and_undo_by_commands(run, vault, keyed, hold):  # noqa: F811
    hold(2, (*HOSPITAL, *TWINS), "2026-11-02T14:25:00Z")
    serial = keyed("blood-sciences-request", BLOODS | PETRA, Subject(downtime_number=NUMBER))
    listed = run("records-clerk", "list")
    assert [(row["forms"], row["state"]) for row in listed.json] == [([serial], "to-link")]
    assert not {NUMBER, "NOVAK", "Petra"} & set(listed.out.replace('"', " ").split())
    first, *_ = run("records-clerk", "show", serial).json["candidates"]
    assert "date of birth has day and month swapped" in first["reasons"]
    said = ("propose", serial, first["patient"], "--why", "asked her")
    assert "alone never say" in run("records-clerk", *said).err
    assert run("records-clerk", *said, "--evidence", "passport").json["state"] == "proposed"
    refused = run("records-clerk", "confirm", serial, "--why", "me again")
    assert (refused.code, "You proposed this link" in refused.err) == (1, True)
    agreed = run("records-supervisor", "confirm", serial, "--why", "read the paper")
    assert agreed.json["state"] == "confirmed"
    assert linking.confirmed(vault.db)[NUMBER].mrn == "H2001"
    assert run("records-clerk", "undo", serial, "--why", "her sister").json["state"] == "undone"
    assert linking.confirmed(vault.db) == {}
    assert run("records-clerk", "exact").json == {"proposed": 0, "left": 1}
    nothing = run("records-clerk", "reject", serial, "--why", "none there")
    assert (nothing.code, "No link is proposed" in nothing.err) == (1, True)
