"""A records team's commands: decide what was shown, list what is open, attach what a scanner left."""

import json

import pytest

from downtime.paper.model import Subject
from downtime.paper.serials import format_serial
from tests.integration.cli.conftest import Terminal
from tests.integration.recovery.conftest import BLOODS, BOB, HOSPITAL, LATER
from tests.integration.returns.pictures import as_file, coded_page, inked_page
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
    """`run(role, words…)`: what a command answers that somebody of a role gives."""
    terminal = Terminal(tmp_path, hospital.clock, "--home", hospital.home.path)
    terminal.secrets = {role: (PASSWORD, secret) for role, secret in hospital.secrets.items()}

    def run_command(role, *words):
        return terminal.run(*words, "--json", stdin=terminal.signed_in(role))

    return run_command


def test_a_page_is_shown_and_just_that_is_decided(run, keyed, hold, tmp_path):  # noqa: F811
    keyed("blood-sciences-request", BLOODS)
    hold(2, HOSPITAL, LATER)
    run("records-supervisor", "reconcile", "run")
    words = ("reconcile", "decide-all", "return", "--state", "new", "--system", "LIMS")
    saved = tmp_path / "shown.json"
    shown = run("records-supervisor", *words, "--save", str(saved)).json
    assert len(shown["items"]) == shown["waiting"] == 2
    names = {line["name"] for item in shown["items"] for line in item["values"][0]}
    assert "collected" in names
    first, second = json.loads(saved.read_text())
    blind = ("reconcile", "decide", first, "leave", "--reason", "asked again")
    (seen,) = run("records-supervisor", *blind).json
    assert (seen["key"], seen["version"]) == (first, json.loads(saved.read_text())[first])
    assert {line["name"] for line in seen["values"][0]} == names
    stale = ("reconcile", "decide", f"{first}={'0' * 16}", *blind[3:])
    refused = run("records-supervisor", *stale)
    assert (refused.code, "changed since you looked" in refused.err) == (1, True)
    asked = ("reconcile", "decide", f"{first}={seen['version']}", *blind[3:])
    assert run("records-supervisor", *asked).json[0]["decision"] == "leave"
    (harm, *_) = run("records-supervisor", "harm", "list", "--kind", "waiting").json
    for shown_as in (harm["key"], f"{harm['key']}={'0' * 16}"):
        said = run("site", "harm", "review", shown_as, "none", "--note", "seen")
        assert (said.code, said.err.count("do not stand as your page showed")) == (1, 1), said.err
    reason = ("--reason", "never reached the LIMS")
    done = run("records-supervisor", *words, "--shown", str(saved), *reason)
    assert (done.code, done.json["items"], done.json["changed"]) == (1, 1, [first])
    saved.write_text(json.dumps({second: "0" * 16}))
    refused = run("records-supervisor", *words, "--shown", str(saved), *reason)
    assert (refused.code, "changed since you looked" in refused.err) == (1, True)
    saved.write_text("no list")
    assert run("records-supervisor", *words, "--shown", str(saved), *reason).code == 1


def test_what_is_open_is_listed_once_and_given_to_somebody(
    run,
    issue,  # noqa: F811
    outage,  # noqa: F811
    tmp_path,
):
    serials = [format_serial(issue("observations")) for _ in range(3)]
    listed = run("records-supervisor", "open", "list").json
    out = [thing for thing in listed["things"] if thing["kind"] == "form-out"]
    assert [thing["name"] for thing in out] == serials
    assert sum(listed["kinds"].values()) == listed["open"] == len(listed["things"])
    given = ("open", "assign", out[0]["reference"], "--owner", "Ward A1")
    assert run("records-supervisor", *given).json["assigned"] == 1
    file = tmp_path / "open.csv"
    of_ward = run("records-supervisor", "open", "list", "--owner", "Ward A1", "--csv", str(file))
    assert [thing["name"] for thing in of_ward.json["things"]] == serials[:1]
    assert file.read_text(encoding="utf-8-sig").count("Ward A1") == 1
    nobody = run("records-supervisor", "open", "list", "--nobody", "--kind", "form-out").json
    assert [thing["name"] for thing in nobody["things"]] == serials[1:]
    settled = run("records-supervisor", "open", "assign", "form-out:K7-1", "--owner", "x")
    assert (settled.code, "not open any more" in settled.err) == (1, True)


def test_scans_are_attached_by_their_codes_and_without_one_only_by_a_word(
    run,
    issue,  # noqa: F811
    outage,  # noqa: F811
    tmp_path,
):
    first, second = issue("observations"), issue("observations")
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "1.png").write_bytes(as_file(coded_page(first)))
    (folder / "2.png").write_bytes(as_file(inked_page()))
    done = run("records-clerk", "scan", str(folder))
    assert (done.json["outcomes"]["filed"], done.json["outcomes"]["unreadable"]) == (1, 1)
    assert done.code == 1
    wrong = run("records-clerk", "entry", "attach", second, str(folder / "1.png"))
    assert wrong.code == 1
    assert format_serial(first) in wrong.err
    assert format_serial(second) in wrong.err
    no_code = ("entry", "attach", second, str(folder / "2.png"))
    assert "No code can be read" in run("records-clerk", *no_code).err
    assert run("records-clerk", *no_code, "--without-code").json["without_code"] == 1


def test_a_line_is_ticked_by_a_command_and_one_number_for_two_patients_waits(
    run,
    keyed,  # noqa: F811
    hold,  # noqa: F811
):
    """R24 holds behind this door too: somebody else types the number."""
    bob = Subject(patient="p-bob", mrn="H200", family="Stone", given="Bob")
    keyed("blood-sciences-request", BLOODS | {"test.ue": ""})
    keyed("blood-sciences-request", BLOODS | {"test.ue": ""}, bob)
    hold(2, (*HOSPITAL, BOB), LATER)
    supervisor = "records-supervisor"
    run(supervisor, "reconcile", "run")
    for item in run(supervisor, "reconcile", "list", "--state", "new").json:
        (seen,) = run(supervisor, "reconcile", "decide", item["key"], "return").json
        key = f"{item['key']}={seen['version']}"
        run(supervisor, "reconcile", "decide", key, "return", "--reason", "on paper only")
    run(supervisor, "returns", "export", "--format", "worklist", "--to", "out")
    first, second = (line["line"] for line in run(supervisor, "returns", "lines").json)
    done = run(supervisor, "returns", "tick", first, "--number", "LAB 1")
    assert (done.code, done.json["outcome"]) == (0, "done")
    waits = run(supervisor, "returns", "tick", second, "--number", "lab-1")
    assert (waits.code, waits.json["outcome"]) == (1, "awaits-second")
    again = run(supervisor, "returns", "tick", second, "--number", "LAB 1")
    assert (again.code, "somebody else types it" in again.err) == (1, True)
    (line,) = run(supervisor, "returns", "lines").json
    assert (line["line"], line["awaits_second"]) == (second, True)
    assert run("records-clerk", "returns", "tick", second, "--number", "LAB 1").code == 0
    assert run(supervisor, "returns", "lines").json == []
    reopened = run(supervisor, "returns", "untick", second, "--reason", "the other patient")
    assert reopened.code == 0
    assert len(run(supervisor, "returns", "lines", "--system", "LIMS").json) == 1
