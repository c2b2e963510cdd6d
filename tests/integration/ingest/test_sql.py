"""A real PostgreSQL is asked, and only asked: one SELECT, within its time and its bounds."""

import time
from dataclasses import replace
from types import MappingProxyType

import psycopg
import pytest

from downtime.errors import InputError
from downtime.ingest.sources.sql_query import QueryError, SqlQuery
from downtime.ingest.sources.sql_settings import SqlSettings
from downtime.settings import FeedsSettings, Settings

from .postgres import postgres

TABLES = {
    "wards": {
        "match": "wards.csv",
        "record": "Encounter",
        "dates": "ymd",
        "columns": {
            "mrn": "patient.mrn", "visit": "visit_number", "ward": "ward", "bed": "bed",
            "since": "started",
        },
    }
}  # fmt: skip
QUERY = "SELECT mrn, visit, ward, bed, since FROM stay ORDER BY mrn"


@pytest.fixture(scope="module")
def database():
    """Its socket's folder; a table of stays, and a user who may only read it."""
    with postgres() as folder:
        with psycopg.connect(host=str(folder), user="owner", dbname="postgres") as line:
            line.execute(
                "CREATE TABLE stay (mrn text, visit text, ward text, bed int, since timestamp)"
            )
            line.execute(
                "INSERT INTO stay SELECT 'M' || n, 'V' || n, 'W1', n, '2026-11-02 10:00' "
                "FROM generate_series(1, 3) n"
            )
            line.execute("CREATE ROLE reader LOGIN PASSWORD 'a secret'")
            line.execute("GRANT SELECT ON stay TO reader")
        yield folder


@pytest.fixture
def owner(database):
    with psycopg.connect(
        host=str(database), user="owner", dbname="postgres", autocommit=True
    ) as line:
        yield line


@pytest.fixture
def ask(asked, database, tmp_path):
    """Makes what asks once, as the user who may only read unless another is named."""
    secret = tmp_path / "secret"
    secret.write_text("a secret\n")
    secret.chmod(0o600)
    settings = Settings(feeds=FeedsSettings(tables=MappingProxyType(TABLES)))

    def make(query: str = QUERY, user: str = "reader", **table: object) -> SqlQuery:
        source = SqlSettings(
            url=f"postgresql+psycopg://{user}@/postgres?host={database}", query=query,
            name="wards.csv", password_file=str(secret),
        )  # fmt: skip
        assert not list(source.find_faults())
        asked.ledger.settings, asked.ledger.context = settings, _context(settings)
        return SqlQuery(replace(source, **table), asked.context(settings))

    return make


def _context(settings):
    from downtime.feeds.context import feed_context

    return feed_context(settings)


def count(owner) -> int:
    return owner.execute("SELECT count(*) FROM stay").fetchone()[0]


def test_rows_come_through_the_mapping_of_tables(ask, asked):
    ask().poll()
    assert asked.people() == {"M1", "M2", "M3"}
    (one,) = {type(r.item).__name__ for r in asked.recorded}
    assert one == "FeedMessage"


def test_the_same_answer_is_kept_once_and_a_changed_one_again(ask, asked, owner):
    source = ask()
    source.poll()
    source.poll()
    assert len(asked.recorded) == 3
    owner.execute("UPDATE stay SET bed = 9 WHERE mrn = 'M1'")
    source.poll()
    assert len(asked.new) == 6


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM stay",
        "SELECT 1; DELETE FROM stay",
        "SELECT 1; COMMIT; DELETE FROM stay",
        "SET TRANSACTION READ WRITE",
        "COPY stay TO '/tmp/x'",
    ],
)
def test_what_is_not_one_select_is_refused_unasked(ask, asked, owner, query):
    before = count(owner)
    with pytest.raises(InputError, match="one SELECT"):
        ask(query, user="owner").poll()
    assert count(owner) == before
    assert not asked.recorded


@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM stay RETURNING mrn) SELECT * FROM gone",
        "SELECT set_config('transaction_read_only', 'off', false), nextval('pg_temp.x')",
        "SELECT * INTO copied FROM stay",
    ],
)
def test_a_select_that_writes_changes_nothing_even_as_the_owner(ask, owner, query):
    before = count(owner)
    with pytest.raises(QueryError):
        ask(query, user="owner").poll()
    assert count(owner) == before
    assert owner.execute("SELECT to_regclass('copied')").fetchone()[0] is None


def test_a_query_that_takes_too_long_is_broken_off_on_the_server(ask, owner):
    started = time.monotonic()
    with pytest.raises(QueryError, match="longer"):
        ask("SELECT pg_sleep(60)", query_seconds=0.5).poll()
    assert time.monotonic() - started < 30
    assert not owner.execute(
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
    ).fetchone()


def test_more_rows_than_allowed_are_not_read(ask, asked):
    with pytest.raises(InputError, match="max_rows"):
        ask("SELECT n FROM generate_series(1, 100000) n", max_rows=5_000).poll()
    assert not asked.recorded


def test_a_wrong_password_is_said_without_it(ask, tmp_path):
    with pytest.raises(QueryError) as fault:
        ask(user="nobody").poll()
    assert "nobody" not in str(fault.value)


def test_a_colon_in_a_query_is_no_parameter(ask, asked):
    ask("SELECT mrn, visit, ward, bed, since::timestamp AS since FROM stay").poll()
    assert asked.people() == {"M1", "M2", "M3"}


def test_a_password_in_the_address_is_refused():
    source = SqlSettings(url="postgresql://a:b@host/x", query="SELECT 1", name="x.csv")
    assert "url" in [name for name, _ in source.find_faults()]
