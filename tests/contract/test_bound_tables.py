"""What people write is bound into the audit chain, whichever store writes it: no table is left out by oversight."""

import re
from contextlib import closing
from pathlib import Path

from downtime.clock import system_clock
from downtime.vault import schema
from downtime.vault.database import connect
from downtime.vault.store.content_sums import list_bound_tables

PACKAGE = Path(__file__).parents[2] / "downtime"
WRITES = re.compile(
    r"(?:INSERT(?: OR \w+)? INTO|DELETE FROM|\bUPDATE) (\w+)"
    r"|table\(\"(\w+)\"\)\s*\.(?:insert|update|upsert|delete)"
    r"|insert_record\(\s*\w+, \"(\w+)\""
    r"|_TABLE = \"(\w+)\""
)
UNBOUND = {
    # The chain itself, and what it is checked by.
    "audit", "audit_end", "bound_row", "checkpoint", "content_sum", "countersignature", "migration",
    "laptop_audit",  # another machine's chain, of which each link holds the next
    # Numbers are raised in the signed file of marks beside the vault.
    "mark_event", "mark_state", "marks_elsewhere", "number_block",
    # Made anew from what is bound: who has a form on the screen, what was compared how.
    "compared_form", "compared_link", "compared_person", "entry_claim", "entry_save", "item_before",
    "item_twice", "job", "job_result_part", "keying_time", "session", "session_pin", "target_pause",
    # What another machine said, for as long as nobody took it; its signed bundle holds it.
    "entry_elsewhere", "entry_taken", "laptop_person",
    # Pages, pictures and texts under a digest that is bound.
    "form_content", "form_layout", "form_page_original",
    "form_scan_page", "scan_file", "scan_picture", "shelf_file", "shelf_page",
    # Packs of papers, each of which is bound.
    "pack",
    # Sealed bundles that are signed; sources and lists of machines.
    "fleet_list_seen", "fleet_silence", "ingest_position", "ingest_source", "snapshot", "snapshot_footprint", "snapshot_published",
    "snapshot_seen",
}  # fmt: skip
"""Tables of the vault that are not bound, by the reason."""


def vault_tables(folder):
    db = connect(folder / "vault.db", bytes(32))
    with closing(db.conn) as connection:
        schema.create_schema(db, system_clock)
        bound = {table.name for table in list_bound_tables(connection)}
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {row[0] for row in rows if not row[0].startswith(("sqlite_", "shelf_page_"))}, bound


def test_every_table_that_a_store_writes_is_bound_or_has_a_reason(tmp_path):
    tables, bound = vault_tables(tmp_path)
    sources = (path.read_text() for path in PACKAGE.rglob("*.py"))
    written = {name for text in sources for match in WRITES.findall(text) for name in match if name}
    assert {"entry", "form_move", "item", "outbox", "outage_event"} <= written
    assert sorted((written & tables) - bound - UNBOUND) == []
    assert sorted(tables - bound - UNBOUND) == []
    assert sorted(bound & UNBOUND) == []


def test_what_a_statement_rests_on_is_bound(tmp_path):
    _, bound = vault_tables(tmp_path)
    assert bound >= {
        "comparison", "downtime_number", "entry", "entry_check", "entry_past", "entry_second",
        "form_issue", "form_move", "harm_finding", "harm_review", "identity_link", "item", "outage",
        "outage_event", "outage_system", "outbox", "outbox_item", "rekey_tick",
        "statement_signature",
    }  # fmt: skip
