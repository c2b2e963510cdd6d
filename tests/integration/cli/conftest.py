"""A terminal that runs commands in this process, and one outage told with it from end to end."""

import contextlib
import io
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import zxingcpp
from PIL import Image

from downtime import cli
from downtime.accounts import totp
from downtime.cli import session
from downtime.demo.settings import settings_text
from downtime.vault.model import Actor
from tests.integration.keying_steps import SAME_PERSON, key_again_in_home

BEGINS = datetime(2026, 11, 2, 14, 0, tzinfo=UTC)
CHEAP = "\n[accounts]\nargon2_memory_kib = 64\nargon2_time_cost = 1\nargon2_parallelism = 1\n"
EXPECTED = {"status-later": 3, "too-early": 1, "one-keying": 1}
"""Exit codes of the steps that are meant to end so; all the others end with 0."""
PASSWORD = "a long enough sentence"
SYSTEMS = ("PAS", "LIMS", "Radiology")


class Answer(NamedTuple):
    """What one command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        assert self.out, self.err
        return json.loads(self.out)


def is_one_sentence(answer) -> bool:
    """Nothing on standard output; what is wrong and what to do, a line each."""
    lines = answer.err.splitlines()
    return (
        answer.out == ""
        and len(lines) == 2
        and all(line.endswith(".") for line in lines)
        and "fault of its own" not in answer.err
    )


class Keys(io.StringIO):
    """What somebody types at a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """The time of the story; every test of it begins where the last one stopped."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Terminal:
    """Runs commands, with the options of one home where it is given one."""

    def __init__(self, folder: Path, clock: Clock, *options: object) -> None:
        self.folder, self.clock, self.options = folder, clock, options
        self.secrets: dict[str, tuple[str, str]] = {}

    def run(self, *words: object, stdin: io.StringIO | None = None) -> Answer:
        out = io.TextIOWrapper(io.BytesIO(), write_through=True, encoding="utf-8")
        err = io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            patch.setattr(sys, "stdin", stdin or io.StringIO())
            patch.setattr(session, "system_clock", self.clock)
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = cli.run([str(word) for word in (*self.options, *words)])
        return Answer(code, out.buffer.getvalue().decode(), err.getvalue())

    def ok(self, *words: object, stdin: io.StringIO | None = None):
        """The document of a command that has to succeed."""
        answer = self.run(*words, "--json", stdin=stdin)
        assert answer.code == 0, answer.err
        return answer.json

    def learn(self, made: dict) -> None:
        """Keep a new person's password and second factor, as shown to them once."""
        username = made.get("administrator") or made["username"]
        secret = re.search(r"secret=([A-Z2-7]+)", made["one_time_code_uri"])
        self.secrets[username] = (made["password"], secret[1])

    def signed_in(self, username: str, *more: str) -> io.StringIO:
        """User name, password, a fresh one-time code, and what else is piped in."""
        self.clock.now += timedelta(seconds=30)
        password, secret = self.secrets[username]
        code = totp.make_code(secret, self.clock())
        return io.StringIO("\n".join([username, password, code, *more]) + "\n")

    def choose_password(self, home: str, username: str, chosen: str) -> Answer:
        present, secret = self.secrets[username]
        typed = self.signed_in(username, present, chosen, chosen)
        answer = self.run("person", "password", "--home", home, stdin=typed)
        assert answer.code == 0, answer.err
        self.secrets[username] = (chosen, secret)
        return answer


@pytest.fixture(scope="session")
def settings_file(tmp_path_factory) -> Path:
    """The demonstration hospital's settings, with a key derivation that costs nothing."""
    path = tmp_path_factory.mktemp("settings") / "config.toml"
    path.write_text(settings_text("small") + CHEAP)
    return path


PAGE_CODES = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)


def serials_on(pack: Path, folder: Path, pages: int) -> dict[str, set[str]]:
    """The serials on the first pages of a pack, read from its codes as a scanner reads them."""
    command = ["pdftoppm", "-r", "200", "-gray", "-l", str(pages), pack, folder / "page"]
    subprocess.run(command, check=True)
    found: dict[str, set[str]] = {}
    for picture in sorted(folder.glob("page*.pgm")):
        for code in zxingcpp.read_barcodes(Image.open(picture), formats=PAGE_CODES):
            found.setdefault(code.text[:9], set()).add(code.text[9:12])
    return found


SIGNED = {
    "author.name": "Sam Okoro",
    "author.role": "Staff nurse",
    "event.date": "2026-11-02",
    "event.time": "16:00",
}
REQUEST = SIGNED | {
    "priority": "urgent",
    "collected": "2026-11-02T15:50:00Z",
    "requester": "Dr Amin",
    "reason": "Bleeding",
    "test.fbc": True,
    "test.ue": True,
}


def response(serial: str, form: str, answers: dict) -> dict:
    """A QuestionnaireResponse as another program writes it."""
    kinds = {bool: "valueBoolean", str: "valueString"}
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "questionnaire": f"https://hospital.example/forms/{form}",
        "identifier": {"value": serial},
        "item": [
            SAME_PERSON,
            *(
                {
                    "linkId": link_id,
                    "answer": [
                        {"valueDateTime" if link_id == "collected" else kinds[type(value)]: value}
                    ],
                }
                for link_id, value in answers.items()
            ),
        ],
    }


class Story:
    """One outage on one machine, each step a command; the answers stay for the tests."""

    def __init__(self, folder: Path, settings_file: Path) -> None:
        self.folder = folder
        self.clock = Clock(BEGINS + timedelta(minutes=20))
        self.terminal = Terminal(folder, self.clock, "--home", "home", "--unlock-file", "key")
        self.people = Terminal(folder, self.clock)
        self.settings_file = settings_file
        self.said: dict[str, Answer] = {}
        self.tell()

    def step(self, name: str, *words: object, stdin: io.StringIO | None = None) -> Answer:
        terminal = self.people if stdin else self.terminal
        home = ("--home", "home") if stdin else ()
        self.said[name] = terminal.run(*words, *home, "--json", stdin=stdin)
        assert self.said[name].code in (0, EXPECTED.get(name)), (name, self.said[name].err)
        return self.said[name]

    def as_(self, username: str) -> io.StringIO:
        return self.people.signed_in(username)

    def tell(self) -> None:
        self.begin()
        self.fail()
        self.key()
        self.recover()
        self.account()

    def begin(self) -> None:
        made = self.step("init", "init", "--settings", self.settings_file, "--device", "K7")
        self.people.learn(made.json)
        self.step("feeds", "demo", "feeds", "before", "--now", "2026-11-02T14:00")
        self.step("check", "feeds", "check", "before")
        pas, others = "before/pas", [f"before/{name}" for name in ("lims", "radiology", "epr")]
        to = ("--to", "bundles")
        built = self.step("build", "snapshot", "build", "--from", pas, *others, *to)
        self.step("load", "snapshot", "load", built.json["bundle"])
        self.step("snapshots", "snapshot", "list")
        self.step("status", "status")

    def fail(self) -> None:
        self.step("declare", "outage", "declare", *SYSTEMS, "--reason", "ransomware")
        self.step("outages", "outage", "list")
        self.step("numbers", "number", "issue", "2")
        forms = ("--form", "blood-sciences-request", "--blanks", "1")
        self.step("pack", "pack", "AMU", "--out", "amu.pdf", *forms)
        self.step(
            "pack-others", "pack", "ASH", "ROW", "WIL", "--out", "others.pdf", "--blanks", "1"
        )
        self.step("forms", "forms", "list")
        self.clock.now += timedelta(hours=7)
        self.step("status-later", "status")
        self.step("end", "outage", "end", *SYSTEMS, "--reason", "restored")

    def key(self) -> None:
        self.people.choose_password("home", "admin", PASSWORD)
        roles = {"clerk": "records-clerk", "chief": "records-supervisor", "nurse": "ward"}
        roles["site"] = "site"
        for username, role in roles.items():
            add = ("person", "add", username, "Ann Records", "--role", role, "--reason", "new")
            self.people.learn(self.step(f"add-{username}", *add, stdin=self.as_("admin")).json)
        self.step("too-early", "entry", "verify", "K7-000001-X", stdin=self.as_("clerk"))
        for username in roles:
            self.people.choose_password("home", username, PASSWORD)
        found = ("ledger", "list", "--ward", "AMU", "--form", "blood-sciences-request")
        self.step("ledger", *found, "--state", "issued")
        self.scanned = serials_on(self.folder / "amu.pdf", self.folder, 24)
        listed = {row["serial"] for row in self.said["ledger"].json}
        self.keyed = [serial for serial in self.scanned if serial in listed][:3]
        bundle = [response(serial, "blood-sciences-request", REQUEST) for serial in self.keyed]
        (self.folder / "responses.json").write_text(json.dumps(bundle))
        self.step("import", "entry", "import", "responses.json")
        self.step("import-again", "entry", "import", "responses.json")
        self.step("one-keying", "entry", "verify", *self.keyed, stdin=self.as_("clerk"))
        home, key = self.folder / "home", self.folder / "key"
        second = Actor("u-second", "Sol Second", "K7")
        key_again_in_home(home, key, self.clock, self.keyed, second)
        self.step("verify", "entry", "verify", *self.keyed, stdin=self.as_("clerk"))
        self.step("file", "entry", "file", self.keyed[0], stdin=self.as_("clerk"))

    def recover(self) -> None:
        self.clock.now = BEGINS + timedelta(hours=8, minutes=10)
        after = ("after", "--now", "2026-11-02T14:00", "--phase", "after")
        self.step("feeds-after", "demo", "feeds", *after)
        self.step("build-after", "snapshot", "build", "--from", "after", "--to", "bundles")
        self.step("load-after", "snapshot", "load", "bundles")
        self.step("compare", "reconcile", "run")
        new = self.step("items", "reconcile", "list", "--state", "new")
        self.items = [row["key"] for row in new.json]
        look = ("reconcile", "decide", *self.items, "return")
        shown = self.step("look", *look, stdin=self.as_("chief")).json
        items = [f"{row['key']}={row['version']}" for row in shown]
        decide = ("reconcile", "decide", *items, "return", "--reason", "on paper only")
        self.step("decide", *decide, stdin=self.as_("chief"))
        waiting = self.step("harm", "harm", "list", "--kind", "waiting", "--open")
        keys = [f"{row['key']}={row['version']}" for row in waiting.json]
        explain = ("harm", "explain", *keys, "taken-again", "--reason", "seen on the ward")
        self.step("explain", *explain, stdin=self.as_("nurse"))

    def account(self) -> None:
        for name in ("hl7v2", "hl7v2-again"):
            self.step(name, "returns", "export", "--format", "hl7v2", "--to", "returns")
        for name in ("worklist", "worklist-again"):
            self.step(name, "returns", "export", "--format", "worklist", "--to", "returns")
        rest = [row["serial"] for row in self.terminal.ok("ledger", "list", "--state", "issued")]
        void = ("ledger", "void", *rest, "--reason", "never used")
        self.step("void", *void, stdin=self.as_("chief"))
        self.step("statement", "statement", "--out", "statement.pdf")
        for name, lead, username in (
            ("sign-ward", "ward", "nurse"), ("sign-safety", "safety", "site"), ("sign", "records", "chief"),
        ):  # fmt: skip
            password, _ = self.people.secrets[username]
            self.step(name, "sign", lead, stdin=self.people.signed_in(username, password))
        self.step("close", "outage", "close", "--reason", "signed")
        self.step("audit", "audit", "verify")


@pytest.fixture(scope="session")
def story(tmp_path_factory, settings_file) -> Story:
    return Story(tmp_path_factory.mktemp("story"), settings_file)


@pytest.fixture
def terminal(tmp_path) -> Terminal:
    """In an empty folder, with no home yet."""
    return Terminal(tmp_path, Clock(BEGINS))


def made_home(folder: Path, settings_file: Path) -> Terminal:
    """A terminal with a home `home` and its unlock file `key`; nothing is loaded into it."""
    home = Terminal(folder, Clock(BEGINS), "--home", "home", "--unlock-file", "key")
    home.learn(home.ok("init", "--settings", settings_file, "--device", "K7"))
    return home


@pytest.fixture
def home(tmp_path, settings_file) -> Terminal:
    """A new home of the test's own."""
    return made_home(tmp_path, settings_file)


@pytest.fixture(scope="module")
def refusing(tmp_path_factory, settings_file) -> Terminal:
    """A home for tests that change nothing in it."""
    return made_home(tmp_path_factory.mktemp("refusing"), settings_file)
