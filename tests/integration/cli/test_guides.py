"""Every command of the guides is typed as it stands there, with what its words in capitals stand for."""

import io
import re
import shlex

import pytest

from downtime.clock import system_clock
from downtime.demo.settings import settings_text
from tests.contract import house
from tests.integration.cli.conftest import CHEAP, PASSWORD, Clock, Terminal

GUIDES = sorted((house.ROOT / "docs/guides").glob("*.md"))
WORDS = {
    "NAME": "'General Hospital'",
    "CODE": "RXX",
    "FILE": "list.csv",
    "FOLDER": "out",
    "USERNAME": "admin",
    "REASON": "'lease ended'",
}
SERVICES = ("downtime serve", "downtime ingest run")
"""These go on until they are stopped: docs/first-site.md starts them, and its test does."""
MEANT = {
    "downtime doctor": "This machine can work",
    "downtime status": "No snapshot is open on this machine yet",
    "downtime feeds check FILE": "no table mapping matches",
    "downtime ingest status": "No source has run yet",
    "downtime fleet join": "names no place",
    "downtime upgrade list": "belongs to no site yet",
    "downtime publish": "names no place to publish",
    "downtime returns export --format hl7v2 --to FOLDER": "No outage",
    "downtime sync export --to FOLDER": "records station",
}
"""What these say on a computer that has nothing yet, whatever they end with."""


def read_commands() -> list[str]:
    """Each command once, in the order of the guides."""
    lines = [
        line
        for guide in GUIDES
        for line in re.findall(r"^    (downtime .+)$", guide.read_text("utf-8"), re.M)
    ]
    return list(dict.fromkeys(lines))


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What each command answers on a computer that was just set up; `destroy` comes last."""
    folder = tmp_path_factory.mktemp("guides")
    clock = Clock(system_clock())
    people = Terminal(folder, clock, "--home", "home")
    program = Terminal(folder, clock, "--home", "home", "--unlock-file", "home.key")
    (folder / "out").mkdir()
    (folder / "list.csv").write_text("Ward,Bed,MRN,Surname,DOB\nAMU,1,100,Okoro,01/02/1950\n")
    (folder / "site.toml").write_text(settings_text("small") + CHEAP)
    made = program.ok("init", "--settings", "site.toml")
    people.learn(made)
    people.choose_password("home", "admin", PASSWORD)
    answers = {}
    for command in sorted(read_commands(), key=lambda line: line.startswith("downtime destroy")):
        if command in SERVICES:
            continue
        text = re.sub(r"\b[A-Z]{4,}\b", lambda word: WORDS[word[0]], command)
        words = shlex.split(text)[1:]
        if words[0] == "init":
            other = Terminal(folder, clock, "--home", f"new-{len(answers)}")
            answers[command] = other.run(*words)
        elif words[0] == "recover":
            typed = io.StringIO(f"{made['recovery_code']}\n{PASSWORD} anew\n")
            answers[command] = people.run(*words, stdin=typed)
            secret = re.search(r"secret=([A-Z2-7]+)", answers[command].out)[1]
            people.secrets["admin"] = (f"{PASSWORD} anew", secret)
        elif words[0] == "destroy":
            words[words.index("list.csv")] = "proof.pdf"
            code = made["device"]
            answers[command] = people.run(*words, stdin=people.signed_in("admin", code))
        else:
            answers[command] = program.run(*words)
    return answers


def test_every_command_works_or_says_what_is_not_there_yet(answers):
    assert len(answers) > 15
    wrong = {
        command: (answer.code, answer.out, answer.err)
        for command, answer in answers.items()
        if (answer.code != 0 and command not in MEANT)
        or MEANT.get(command, "") not in answer.out + answer.err
    }
    assert wrong == {}, "\n".join(f"{k}: {v}" for k, v in wrong.items())


def test_a_service_of_the_guides_is_one_that_the_page_on_a_first_site_starts():
    page = (house.ROOT / "docs/first-site.md").read_text("utf-8")
    assert [name for name in SERVICES if f"{name} --home" not in page] == []
