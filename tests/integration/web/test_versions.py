"""The screen says when the vault was brought up to date, and when a newer program has written it."""

import pytest

from downtime.outage import outages
from downtime.vault import schema
from downtime.vault.database import transaction
from downtime.vault.schema import Migration
from tests.night import by_night

NEWER = "A newer version of Downtime has written this vault: this one only shows it."
PAGES = ("/", "/find", "/beds", "/outages", "/ledger", "/snapshots", "/waiting", "/account")


@pytest.fixture
def newer(hospital):
    signed_in = hospital.open()
    vault = signed_in.vault
    outages.declare_systems_down(vault, ["LIMS"], signed_in.actor, "ransomware", known=("LIMS",))
    question = "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%'"
    virtual = [row[0] for row in vault.db.conn.execute(question)]
    with transaction(vault.db) as db:
        columns = "".join(
            f"ALTER TABLE {name} ADD COLUMN tomorrow;"
            for name in db.table_names()
            if "sqlite" not in name and not any(name.startswith(of) for of in virtual)
        )
        statements = f"CREATE TABLE tomorrow (x TEXT);\n{columns}".replace(";", ";\n")
        later = Migration("9901_tomorrow", "fleet", statements)
        schema.apply_migrations(db, [later], vault.now())
    vault.close()
    return hospital


def test_an_older_vault_is_migrated_by_whoever_signs_in_first(hospital, monkeypatch):
    every = schema.list_migrations()
    later = Migration("9901_tomorrow", "vault", "CREATE TABLE tomorrow (x TEXT);")
    monkeypatch.setattr(schema, "list_migrations", lambda: [*every, later])
    browser = hospital.browser("ward")
    page = browser.get(browser.get("/").location).text
    assert "The vault was brought up to this version of Downtime in 1 step." in page
    assert len(list(hospital.home.backups_folder.iterdir())) == 1


@pytest.mark.parametrize(
    "role",
    by_night(
        night=["ward", "records-supervisor", "administrator", "auditor"],
        day=["ward", "records-supervisor"],
    ),
)
def test_every_page_of_a_newer_vault_says_so_and_is_shown(newer, role):
    browser = newer.browser(role)
    own = (
        "account",
        "break_glass.enter",
        "help.",
        "shelf.show_public",
    )  # pages of somebody who is not signed in
    for rule in newer.app.url_map.iter_rules():
        if "GET" in rule.methods and not rule.arguments and not rule.endpoint.startswith(own):
            answer = browser.get(rule.rule)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                assert NEWER in answer.text or "<html" not in answer.text, rule.rule
            assert answer.status_code < 500, (rule.rule, answer.text)


def test_what_would_change_a_newer_vault_is_refused_with_the_sentence(newer):
    browser = newer.browser("ward")
    answer = browser.post("/outages/declare", {"systems": "LIMS", "why": "power"})
    assert NEWER in answer.text or answer.status_code == 404
    answer = browser.post("/numbers", {"count": "1", "why": "stranger"})
    assert answer.status_code == 409
    assert NEWER in answer.text
