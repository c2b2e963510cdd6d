"""A small home with people of every role, and a browser of a test that looks at what it gets."""

import re
import shutil
from dataclasses import dataclass
from datetime import timedelta

import pytest
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing.rules import Rule

from downtime import config
from downtime.accounts import homes, people, totp
from downtime.accounts.permissions import ROLE_TITLES
from downtime.clinical.model import ServiceRequest
from downtime.config import Home
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.reconcile.harm import review
from downtime.vault.model import Actor
from downtime.web import create_app
from tests.conftest import NOW, forget_marks
from tests.integration.recovery.conftest import (  # noqa: F401 - fixtures of an outage on paper
    BLOODS,
    HOSPITAL,
    LIMS_SAYS,
    PHONED,
    checker,
    compare,
    four,
    hold,
    issue,
    keyed,
    outage,
    return_all,
)
from tests.integration.web import tiny
from tests.integration.web.page_check import compact, problems

PASSWORD = "correct horse battery staple"
CHEAP = """
[site]
name = "Test Hospital"
code = "TEST"
mrn_authority = "TEST"
[accounts]
argon2_memory_kib = 64
argon2_time_cost = 1
argon2_parallelism = 1
"""

OLD_FBC = ServiceRequest(
    id="r-old", patient="p-ann", code="FBC", stage="collected", filler="L1",
    collected="2026-11-02T09:30:00Z",
)  # fmt: skip


class Clock:
    """A clock that a test moves."""

    def __init__(self, now=NOW) -> None:
        self.now = now

    def __call__(self):
        return self.now

    def go_on(self, **span) -> None:
        self.now += timedelta(**span)


class CompiledTemplates(BytecodeCache):
    """Each template is compiled once for all the apps of a run: half a second for each of them."""

    def __init__(self) -> None:
        self.codes = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.codes[bucket.key, bucket.checksum] = bucket.code


COMPILED_TEMPLATES = CompiledTemplates()


@pytest.fixture(scope="session", autouse=True)
def _compiled_addresses():
    """So is the building of each address: a tenth of a second for each app."""
    compile_rule, compiled = Rule._compile_builder, {}

    def compile_once(rule, append_unknown=True):
        key = (rule.rule, rule.host, rule.subdomain, repr(rule.defaults), append_unknown)
        if key not in compiled:
            compiled[key] = compile_rule(rule, append_unknown)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_once)
        yield


@dataclass
class Hospital:
    """A home, its app, and what its people need to sign in."""

    home: Home
    clock: Clock
    secrets: dict[str, str]
    file: object = None

    def __post_init__(self) -> None:
        self.app = create_app(self.home, self.clock)
        self.app.jinja_env.bytecode_cache = COMPILED_TEMPLATES

    @property
    def settings(self):
        return config.load_settings(self.home.config_file)

    def code(self, username: str) -> str:
        """The present one-time code; the clock goes on first, since each is taken once."""
        self.clock.go_on(seconds=30)
        return totp.make_code(self.secrets[username], self.clock())

    def open(self):
        """The vault, as a program opens it."""
        return homes.open_with_file(self.home, self.settings, self.clock, self.file)

    def browser(self, username: str | None = None) -> "Browser":
        browser = Browser(self)
        if username:
            browser.sign_in(username)
        return browser


class Browser:
    """A test client that sends what a browser sends and checks every page it gets."""

    def __init__(self, hospital: Hospital) -> None:
        self.hospital = hospital
        self.client = hospital.app.test_client()

    def get(self, path: str, **options):
        return self._looked_at(self.client.get(path, **options))

    def post(self, path: str, data=None, **options):
        headers = {"Sec-Fetch-Site": "same-origin", **options.pop("headers", {})}
        data = {"csrf_token": self.token(), **(data or {})}
        return self._looked_at(self.client.post(path, data=data, headers=headers, **options))

    def decide(self, path: str, decision: str, reason: str):
        """Decide about an item as its page shows it."""
        shown = re.search(r'name="version" value="([^"]+)"', self.client.get(path).text)
        version = shown[1] if shown else ""
        return self.post(path, {"decision": decision, "reason": reason, "version": version})

    def sign(self, lead: str, **fields: str):
        """Sign the statement as its page shows it."""
        page = self.client.get("/statement/sign", query_string={"lead": lead, **fields}).text
        facts = re.search(r'name="facts" value="(\w{64})"', page)[1]
        sent = {"lead": lead, "password": PASSWORD, "facts": facts, **fields}
        return self.post("/statement/sign", sent)

    def close(self, books: str, step: str, reason: str):
        """Close books as the page before it shows them."""
        page = self.client.get(f"/outages/close?outage={books}").text
        facts = re.search(r'name="facts" value="(\w{64})"', page)[1]
        sent = {"outage": books, "step": step, "reason": reason, "facts": facts}
        return self.post("/outages/close", sent)

    def token(self) -> str:
        page = self.client.get("/sign-in").text
        return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]

    def sign_in(self, username: str):
        fields = {"username": username, "password": PASSWORD, "code": self.hospital.code(username)}
        answer = self.post("/sign-in", fields)
        assert answer.status_code == 303, answer.text
        return answer

    def _looked_at(self, answer):
        if answer.mimetype == "text/html":
            if "<html" in answer.text:
                assert problems(answer.text) == []
            answer.text = compact(answer.text)
        return answer


@pytest.fixture(scope="session")
def home_template(tmp_path_factory):
    """One home for the whole run, with a person of each role; tests work on copies."""
    folder = tmp_path_factory.mktemp("web")
    clock = Clock(NOW - timedelta(hours=1))
    file = folder / "unlock"
    made = homes.create_home(
        Home(folder / "home"),
        clock,
        device_code="K7",
        administrator="administrator",
        password=PASSWORD,
        unlock_file=file,
        settings_text=CHEAP,
    )
    secrets = {"administrator": made.totp_secret}
    settings = config.load_settings(made.home.config_file)
    vault = homes.open_with_file(made.home, settings, clock, file).vault
    actor = Actor("install", "Installation", "K7")
    for role in ROLE_TITLES:
        if role not in ("administrator", "service", "guest"):
            name = f"{role.title()} Person"
            given = people.create_person(
                vault, settings, role, name, role, PASSWORD, actor, "test", initial=False
            )
            secrets[role] = given.totp_secret
    forget_marks(vault)
    vault.close()
    return made.home, secrets, file


@pytest.fixture(scope="session")
def loaded_template(home_template, tmp_path_factory):
    """The same home with the tiny hospital's snapshot loaded."""
    home, secrets, file = home_template
    folder = tmp_path_factory.mktemp("loaded")
    copy = Home(shutil.copytree(home.path, folder / "home"))
    clock, settings = Clock(NOW), config.load_settings(copy.config_file)
    signed_in = homes.open_with_file(copy, settings, clock, file)
    feeds = tiny.write(folder / "feeds")
    built = publish_snapshot(signed_in.vault, settings, [feeds], folder / "out", signed_in.actor)
    receive_snapshot(signed_in.vault, settings, built.bundle, signed_in.actor)
    forget_marks(signed_in.vault)
    signed_in.vault.close()
    return copy, secrets, file


def copied(template, tmp_path) -> Hospital:
    home, secrets, file = template
    shutil.copytree(home.path, tmp_path / "home")
    return Hospital(Home(tmp_path / "home"), Clock(), dict(secrets), file)


@pytest.fixture
def empty_hospital(home_template, tmp_path):
    """A home of the test's own, without a snapshot."""
    return copied(home_template, tmp_path)


@pytest.fixture
def hospital(loaded_template, tmp_path):
    """A home of the test's own, with the tiny hospital's snapshot."""
    return copied(loaded_template, tmp_path)


@pytest.fixture
def with_queue(hospital, lp):
    """The same with a print queue."""
    with hospital.home.config_file.open("a") as file:
        file.write('[printing]\nqueue = "ward-a1"\n')
    return Hospital(hospital.home, hospital.clock, hospital.secrets, hospital.file)


@pytest.fixture
def vault(hospital):
    """The vault of that home, open beside the app."""
    opened = hospital.open().vault
    yield opened
    opened.close()


@pytest.fixture
def t0(hold):  # noqa: F811
    """The snapshot of the outage's beginning, with a request that was on its way."""
    return hold(1, (*HOSPITAL, OLD_FBC))


@pytest.fixture
def recovered(vault, settings, issue, keyed, compare, actor):  # noqa: F811
    """Two forms keyed, one still out, one request without a result, one result misheard."""
    keyed("blood-sciences-request", BLOODS)
    keyed("phoned-result", PHONED)
    issue("observations")
    compare((*HOSPITAL, *LIMS_SAYS, OLD_FBC))
    review.run_review(vault, settings, actor, "recovered")
