"""What all tests share: a moment in time, a home, an unlocked vault, somebody who acts."""

import fcntl
import functools
import hashlib
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

import pytest
from werkzeug.routing import Rule

from downtime.config import Home
from downtime.paper.layout import template_layout
from downtime.pdf import font_embedding, templates, writer
from downtime.settings import AccountsSettings, Settings
from downtime.vault import schema
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)


SHORT = ("golden", "property", "contract", "spec", "unit")
"""Folders whose files take seconds, those of the shortest last."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first: the short ones then fill up what each process has left of the run."""

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        return SHORT.index(folder) if folder in SHORT else -1

    items.sort(key=place)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory) -> Path:
    """One folder for the whole run, whichever of its processes asks."""
    folder = tmp_path_factory.getbasetemp()
    shared = (folder.parent if os.environ.get("PYTEST_XDIST_WORKER") else folder) / "shared"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture(scope="session", autouse=True)
def _shared_pages(run_folder):
    """Each HTML is laid out once in a run, by whichever process needs it first: half a second each."""
    with pytest.MonkeyPatch.context() as patch:
        share_pages(run_folder, patch.setattr)
        yield


def share_pages(folder: Path, replace=setattr) -> None:
    """Keep what HTML becomes in a folder, and take it from there when the same is asked for again.

    Who asks while another process is at it waits: all begin with the same forms.
    """
    print_html = templates.print_html

    def print_once(html: str) -> bytes:
        key = f"{templates.template_folder()}\0{html}".encode(errors="surrogatepass")
        page = folder / f"page-{hashlib.sha256(key).hexdigest()}"
        with page.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                if not page.exists():
                    written = folder / secrets.token_hex()
                    written.write_bytes(print_html(html))
                    written.replace(page)
            finally:  # a process that was forked meanwhile would keep it
                fcntl.flock(lock, fcntl.LOCK_UN)
        return page.read_bytes()

    for module in (templates, template_layout):
        replace(module, "print_html", print_once)


@pytest.fixture(scope="session", autouse=True)
def _shared_fonts():
    """So is each choice of glyphs cut out of its font once in a process: an eighth of what a print takes."""
    cut = functools.lru_cache(256)(lambda name, used: font_embedding.subset_font(name, set(used)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "subset_font", lambda name, used: cut(name, frozenset(used)))
        yield


@pytest.fixture(scope="session", autouse=True)
def _shared_addresses():
    """The addresses of the pages are the same in each application: how they are built is compiled once."""
    compile_builder, built = Rule._compile_builder, {}

    def compile_once(rule, append_unknown=True):
        key = (tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in built:
            built[key] = compile_builder(rule, append_unknown)
        return built[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _shared_schema(tmp_path_factory):
    """The migrations run once; every other new vault gets its tables page by page: a tenth of a second each."""
    create, of_today, made = schema.create_schema, schema.list_migrations, []

    def copy_schema(db, clock) -> None:
        if db.table_names() or schema.list_migrations is not of_today:  # an old one is asked for
            create(db, clock)
            return
        if not made:
            home = new_home(tmp_path_factory.mktemp("schema") / "home")
            made.append(Vault(home, os.urandom(32), lambda: NOW))
            create(made[0].db, lambda: NOW)
        made[0].db.conn.backup(db.conn)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "create_schema", copy_schema)
        yield
    for vault in made:
        vault.close()


@pytest.fixture
def clock():
    return lambda: NOW


@pytest.fixture
def actor() -> Actor:
    return Actor("u-1", "Amina Ward", "laptop-1")


@pytest.fixture
def settings() -> Settings:
    """The defaults, with a key derivation that costs nothing."""
    return Settings(
        accounts=AccountsSettings(argon2_memory_kib=64, argon2_time_cost=1, argon2_parallelism=1)
    )


def new_home(folder: Path) -> Home:
    """The folders of a home, with default settings."""
    for part in (folder, folder / "keys", folder / "bundles", folder / "snapshots"):
        part.mkdir()
    (folder / "config.toml").write_text("")
    return Home(folder)


def forget_marks(vault: Vault) -> None:
    """Let copies of this home, which tests work on, not find out that they are copies."""
    for table in ("mark_state", "number_block", "mark_event"):
        vault.db.conn.execute(f"DELETE FROM {table}")
    vault.home.marks_file.unlink(missing_ok=True)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home")


@pytest.fixture
def vault(home, clock):
    """A migrated vault under a random key."""
    opened = Vault(home, os.urandom(32), clock)
    schema.create_schema(opened.db, clock)
    yield opened
    opened.close()
