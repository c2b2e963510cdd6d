"""`downtime quarantine`: a build that lost most of a hospital, looked at and decided in a terminal."""

import pytest

from tests.integration.cli.test_printing import runner
from tests.integration.cli.test_quality import admission

PEOPLE = [(f"8000{n:02}", "Fenwick", f"Ada{n}", "A1", str(n)) for n in range(12)]


@pytest.fixture
def lost(home):
    """A publisher whose state was deleted, and that has built again since; what the build said."""
    feeds = home.folder / "feeds"
    feeds.mkdir()
    everybody = [admission(number, *person) for number, person in enumerate(PEOPLE)]
    (feeds / "pas.hl7").write_text("".join(everybody))
    home.ok("snapshot", "build", "--from", "feeds", "--to", "out")
    for path in (home.folder / "home").glob("state.db*"):
        path.unlink()
    for path in (home.folder / "home" / "ingest").iterdir():
        path.unlink()
    (feeds / "pas.hl7").write_text(everybody[0])
    return home.run("snapshot", "build", "--from", "feeds", "--to", "out", "--json")


def test_a_build_in_quarantine_ends_with_three_and_says_what_is_gone(home, lost):
    assert lost.code == 3
    assert lost.json["bundle"] is None
    assert lost.json["quarantine"]["reasons"][0] == "11 of the 12 patients in hospital are gone."
    assert len(list((home.folder / "out").glob("*.downtime"))) == 1
    (row,) = home.ok("quarantine", "list")
    assert (row["door"], row["state"]) == ("publisher", "open")


def run_as_nurse(people, *words):
    return people.run(*words, "--home", "home", stdin=people.signed_in("runner"))


def test_names_are_for_those_who_may_see_patients(home, lost):
    number = lost.json["quarantine"]["number"]
    program = home.ok("quarantine", "show", number)
    assert program["wards"] == [
        {"ward": "A1", "before": 12, "after": 1, "gone": 11, "moved": 0, "arrived": 0}
        | {"records": [{"system": "PAS", "type": "Encounter", "before": 12, "after": 1}]}
    ]
    assert "FENWICK" not in home.run("quarantine", "show", number).out
    people = runner(home)
    assert "FENWICK, Ada11 800011" in run_as_nurse(people, "quarantine", "show", number).out


def test_a_program_decides_nothing_and_a_person_does(home, lost):
    number = lost.json["quarantine"]["number"]
    release = ("quarantine", "release", number, "--reason", "The ward is closed")
    assert home.run(*release).code == 1
    people = runner(home)
    assert "the next build is published" in run_as_nurse(people, *release).out
    assert home.ok("snapshot", "build", "--to", "out")["bundle"]
    again = run_as_nurse(people, "quarantine", "reject", number, "--reason", "No")
    assert again.code == 1
