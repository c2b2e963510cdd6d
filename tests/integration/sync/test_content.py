"""What people wrote is bound into the audit chain: rows changed with the key alone are noticed."""

from contextlib import closing

import pytest
import sqlite_utils

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


def forge(machine, sql, before="SELECT 1"):
    """What somebody with a nurse's key and a database tool could do; temporary triggers are ours alone."""
    with_key = open_with_key(machine.home.vault_file, machine.vault.derive_key("vault"))
    with_key.execute(before).fetchall()
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


def test_an_entry_that_says_nothing_hides_no_change(laptop):
    """Whoever knows how entries are hashed can put one in at the end; it needs no key."""
    number, previous = audit_chain.fetch_head(laptop.vault.db)
    entry = (number + 1, laptop.vault.now(), "u-x", "K7", "session.view", "", "")
    key = laptop.vault.derive_key("vault")
    with closing(open_with_key(laptop.home.vault_file, key)) as connection:
        db = sqlite_utils.Database(connection)
        db.execute("UPDATE outage SET drill = 1")
        content_sums.rebase(connection)
        audit_chain.insert_entry(db, (*entry, audit.hash_entry(previous, entry)))
        audit_chain.save_end(db, number + 1)
    assert problems(laptop) == (
        "What people wrote is not what the last audit entry says of it.",
        f"Audit entry {number + 1} says nothing of what people wrote: this program did not write it.",
    )
    laptop.key(laptop.issue())
    assert any("something else had changed what people wrote" in each for each in problems(laptop))


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


ITEM = {"key": "K7000001A-1", "outage": "2026-11-02-1", "state": "new", "is_open": 1}


def add_item(machine):
    """An item as a comparison finds it, and nobody has decided on it yet."""
    names = [row[1] for row in machine.vault.db.execute("PRAGMA table_info(item)")]
    insert = f"INSERT INTO item ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    with machine.vault.change(machine.clerk, "note.add") as db:
        db.execute(insert, [ITEM.get(name, "") for name in names])


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DELETE FROM item", "K7000001A-1 is missing"),
        ("UPDATE item SET is_open = 0, state = 'already-there'", "K7000001A-1 was changed"),
        ("UPDATE item SET outage = 'other'", "K7000001A-1 was changed"),
    ],
)
def test_an_item_that_nobody_decided_counts(laptop, sql, words):
    add_item(laptop)
    assert forge(laptop, "UPDATE item SET snapshot = 'x', compared = 'y'"), "made anew each time"
    assert problems(laptop) == ()
    assert forge(laptop, sql)
    (problem,) = problems(laptop)
    assert "Rows of 'item'" in problem
    assert words in problem


NAMED = {
    "DELETE FROM entry": "{serial} is missing (audit entry",
    "UPDATE entry SET author = 'Dr Other'": "{serial} was changed (audit entry",
    "DELETE FROM form_issue": "{serial} is missing (audit entry",
    "UPDATE form_move SET person = 'u-other'": "{serial}/K7/1 was changed (audit entry",
    "INSERT INTO downtime_number VALUES ('DK700009X', 9, 'x', 'x')": "DK700009X was put in.",
}


@pytest.mark.parametrize("sql", NAMED)
def test_the_row_is_named_with_the_entry_that_wrote_it(laptop, sql):
    serial = laptop.vault.db.execute("SELECT serial FROM entry").fetchone()[0]
    laptop.key(laptop.issue(), pulse="90")  # others that nobody touches
    laptop.issue_number()
    assert forge(laptop, f"{sql} WHERE serial = '{serial}'" if "VALUES" not in sql else sql)
    (problem,) = problems(laptop)
    assert NAMED[sql].format(serial=serial) in problem
    assert problem.count(";") == 0, "nothing else is named"


def test_a_row_without_a_number_of_its_own_is_named_by_its_digest(laptop):
    outage = laptop.vault.db.execute("SELECT id FROM outage").fetchone()[0]
    with laptop.vault.change(laptop.clerk, "step.done") as db:
        for _ in range(2):  # two rows that say the same are two rows
            db.execute("INSERT INTO action_step VALUES (?, 's', 'x', 'u', 'U', 1)", [outage])
    assert problems(laptop) == ()
    assert forge(laptop, "DELETE FROM action_step WHERE rowid = 1") == 1
    (problem,) = problems(laptop)
    assert "Rows of 'action_step'" in problem
    assert "is missing" in problem


def cut(machine, entries):
    return forge(
        machine,
        f"DELETE FROM audit WHERE seq > (SELECT max(seq) FROM audit) - {entries}",
        before="DROP TRIGGER audit_no_delete",
    )


def test_the_last_entries_cut_off_are_noticed_even_where_they_wrote_nothing(laptop):
    for _ in range(2):
        with laptop.vault.change(laptop.clerk, "session.start"):
            pass
    count = audit_chain.count_entries(laptop.vault.db)
    assert cut(laptop, 2) == 2
    assert audit.verify_chain(laptop.vault.db).first_bad is None, "a chain cut short looks whole"
    (problem,) = problems(laptop)
    assert problem.startswith(
        f"The audit chain ends at entry {count - 2}, but {count} were written"
    )


def test_a_cut_chain_that_goes_on_says_so_for_good(laptop):
    assert cut(laptop, 1) == 1
    laptop.issue_number()
    (number,) = audit_chain.list_numbers_of(laptop.vault.db, "chain.cut")
    assert f"Before audit entry {number} the last entries" in " ".join(problems(laptop))


def test_writing_a_row_as_it_was_leaves_no_entry(laptop):
    before = audit_chain.count_entries(laptop.vault.db)
    with transaction(laptop.vault.db) as db:
        db.execute("UPDATE outage SET opened = opened")
    assert audit_chain.count_entries(laptop.vault.db) == before
    assert problems(laptop) == ()


def test_a_chain_of_an_older_program_goes_on(laptop):
    """Its entries have no digest, and are hashed without one."""
    db = laptop.vault.db
    old = ("at", "u", "K7", "old", "t", "")
    with transaction(db):
        audit._append(db, old, "")
    laptop.issue_number()
    assert audit.verify_chain(db).first_bad is None
