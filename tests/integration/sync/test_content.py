"""What people wrote is bound into the audit chain: rows changed with the key alone are noticed."""

from contextlib import closing

import pytest

from downtime.errors import ConflictError
from downtime.vault import audit, checkpoint
from downtime.vault.database import open_with_key, transaction
from downtime.vault.store import audit_chain, content_sums
from tests.integration.sync.fleet import Machine

FORGERIES = {
    "entry": "UPDATE entry SET answers = replace(answers, '88', '188')",
    "form_issue": "UPDATE form_issue SET family = 'Other'",
    "form_move": "DELETE FROM form_move WHERE rowid = 1",
    "downtime_number": "INSERT INTO downtime_number VALUES ('DK700009X', 9, 'x', 'x')",
    "outage": "UPDATE outage SET drill = 1",
}


@pytest.fixture
def laptop(tmp_path):
    made = Machine(tmp_path / "K7", "K7")
    made.declare()
    made.key(made.issue())
    made.issue_number()
    yield made
    made.vault.close()


def forge(machine, sql):
    """What somebody with a nurse's key and a database tool could do; temporary triggers are ours alone."""
    with_key = open_with_key(machine.home.vault_file, machine.vault.derive_key("vault"))
    changed = with_key.execute(sql).rowcount
    with_key.close()
    return changed


def problems(machine):
    return checkpoint.verify_checkpoints(machine.vault).problems


def test_what_the_program_writes_holds(laptop):
    laptop.key(laptop.issue(), pulse="90")
    laptop.vault.db.execute("PRAGMA optimize")
    assert problems(laptop) == ()
    entries = [*audit_chain.read_chain(laptop.vault.db)]
    assert all(len(entry) == 9 for entry in entries), "each entry carries a digest"


@pytest.mark.parametrize("table", FORGERIES)
def test_a_row_changed_with_the_key_alone_is_noticed(laptop, table):
    assert forge(laptop, FORGERIES[table])
    (problem,) = problems(laptop)
    assert f"Rows of '{table}' were changed" in problem


def test_it_is_noticed_for_good(laptop):
    """What the program writes afterwards does not cover it up."""
    forge(laptop, FORGERIES["entry"])
    laptop.key(laptop.issue())
    assert any("'entry'" in problem for problem in problems(laptop))


def test_the_sum_changed_too_is_noticed_by_the_chain(laptop):
    """Somebody who knows how it is done sets the sum right as well."""
    forge(laptop, FORGERIES["outage"])
    with closing(open_with_key(laptop.home.vault_file, laptop.vault.derive_key("vault"))) as db:
        content_sums.rebase(db)
    assert any("last audit entry" in problem for problem in problems(laptop))
    laptop.issue_number()
    (number,) = audit_chain.list_numbers_of(laptop.vault.db, "content.differs")
    assert any(f"Before audit entry {number} something else" in p for p in problems(laptop))


def test_a_laptop_with_changed_rows_seals_only_as_broken(fleet):
    station, k7, _ = fleet
    k7.key(k7.issue())
    assert forge(k7, FORGERIES["entry"])
    with pytest.raises(ConflictError, match="'entry'"):
        k7.export(station)


def test_what_is_undone_is_not_counted(laptop):
    with pytest.raises(InterruptedError), laptop.vault.change(laptop.clerk, "note.add") as db:
        db.execute("UPDATE outage SET drill = 1")
        raise InterruptedError
    laptop.issue_number()
    assert problems(laptop) == ()


def test_rows_written_without_an_entry_get_one(laptop):
    with transaction(laptop.vault.db) as db:
        db.execute("UPDATE outage SET opened = 'x'")
    entry = audit_chain.list_entries(laptop.vault.db, before=10**9, limit=1)[0]
    assert (entry.action, entry.target) == ("content.write", "outage")
    assert problems(laptop) == ()


def test_a_replaced_row_leaves_its_sum(laptop):
    with laptop.vault.change(laptop.clerk, "note.add") as db:
        db.execute(
            "INSERT OR REPLACE INTO outage SELECT id, 1, state, snapshot, opened, closed, chosen FROM outage"
        )
    assert problems(laptop) == ()


def test_only_decided_items_count(laptop):
    """What follows from the rest is made anew by every comparison, and costs nothing here."""
    names = [row[1] for row in laptop.vault.db.execute("PRAGMA table_info(item)")]
    insert = f"INSERT INTO item ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    with laptop.vault.change(laptop.clerk, "note.add") as db:
        db.execute(insert, [name if name in ("key", "decided") else "" for name in names])
        db.execute(insert, ["other" if name == "key" else "" for name in names])
    assert forge(laptop, "UPDATE item SET explanation = 'x'") == 2
    assert problems(laptop) == ()
    assert forge(laptop, "UPDATE item SET decision = 'leave' WHERE key = 'other'")
    assert problems(laptop) == ()
    assert forge(laptop, "UPDATE item SET decision = 'leave' WHERE key = 'key'")
    assert "Rows of 'item'" in problems(laptop)[0]


def test_a_chain_of_an_older_program_goes_on(laptop):
    """Its entries have no digest, and are hashed without one."""
    db = laptop.vault.db
    old = ("at", "u", "K7", "old", "t", "")
    with transaction(db):
        audit._append(db, old, "")
    laptop.issue_number()
    assert audit.verify_chain(db).first_bad is None
