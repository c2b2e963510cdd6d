"""A signed checkpoint shows a chain that was cut or written anew, even with every link in order."""

from dataclasses import replace
from datetime import timedelta

import pytest

from downtime.errors import InputError
from downtime.vault import audit, checkpoint
from downtime.vault.vault import Vault


def act(vault, actor, count):
    for number in range(count):
        with vault.change(actor, "note.add", target=str(number)):
            pass


def cut(vault, after):
    """What somebody with the key and a database tool could do who knows how a chain's end is noted."""
    vault.db.conn.execute("DROP TRIGGER audit_no_delete")
    vault.db.conn.execute("DELETE FROM audit WHERE seq > ?", (after,))
    vault.db.conn.execute("UPDATE audit_end SET count = ?", (after,))


def test_a_sound_chain_with_checkpoints(keyed, actor):
    assert checkpoint.make_checkpoint(keyed) is None
    act(keyed, actor, 3)
    made = checkpoint.make_checkpoint(keyed)
    assert (made.count, made.device) == (3, "K7")
    assert checkpoint.make_checkpoint(keyed) == made
    act(keyed, actor, 2)
    report = checkpoint.verify_checkpoints(keyed, [made])
    assert (report.is_sound, report.entries, report.checkpoints) == (True, 5, 2)


def test_a_cut_tail_is_seen_against_a_checkpoint(keyed, actor):
    act(keyed, actor, 5)
    kept = checkpoint.make_checkpoint(keyed)
    cut(keyed, 3)
    keyed.db.conn.execute("DELETE FROM checkpoint")
    assert checkpoint.verify_checkpoints(keyed).is_sound  # the chain alone cannot tell
    report = checkpoint.verify_checkpoints(keyed, [checkpoint.parse_checkpoint(kept.as_json())])
    assert "its last entries are missing" in report.problems[0]


def test_a_chain_written_anew_is_seen(keyed, actor):
    act(keyed, actor, 5)
    kept = checkpoint.make_checkpoint(keyed)
    cut(keyed, 3)
    act(keyed, actor, 4)
    assert audit.verify_chain(keyed.db).first_bad is None
    assert "names another entry" in checkpoint.verify_checkpoints(keyed, [kept]).problems[0]


def test_a_changed_entry_is_named(keyed, actor):
    act(keyed, actor, 5)
    keyed.db.conn.execute("DROP TRIGGER audit_no_update")
    keyed.db.conn.execute("UPDATE audit SET why = 'other' WHERE seq = 2")
    report = checkpoint.verify_checkpoints(keyed)
    assert (report.first_bad, report.problems[0][:13]) == (2, "Audit entry 2")


@pytest.mark.parametrize(
    "change", [{"count": 2}, {"head": "0" * 64}, {"at": "2026-01-01T00:00:00Z"}, {"signature": "x"}]
)
def test_a_forged_checkpoint_is_not_believed(keyed, actor, change):
    act(keyed, actor, 3)
    forged = replace(checkpoint.make_checkpoint(keyed), **change)
    assert (
        "not signed by this machine" in checkpoint.verify_checkpoints(keyed, [forged]).problems[0]
    )


def test_it_is_due_after_enough_entries_or_enough_time(keyed, actor, settings):
    assert checkpoint.make_checkpoint_if_due(keyed, settings) is None
    act(keyed, actor, 1)
    assert checkpoint.make_checkpoint_if_due(keyed, settings).count == 1
    act(keyed, actor, 99)
    assert checkpoint.make_checkpoint_if_due(keyed, settings) is None
    act(keyed, actor, 1)
    assert checkpoint.make_checkpoint_if_due(keyed, settings).count == 101
    act(keyed, actor, 1)
    now = keyed.clock()
    later = Vault(keyed.home, keyed.data_key, lambda: now + timedelta(minutes=10))
    assert checkpoint.make_checkpoint_if_due(keyed, settings) is None
    assert checkpoint.make_checkpoint_if_due(later, settings).count == 102
    assert checkpoint.make_checkpoint_if_due(later, settings) is None


def test_its_words_fit_the_foot_of_a_page(keyed, actor):
    act(keyed, actor, 1)
    made = checkpoint.make_checkpoint(keyed)
    assert made.short_text == f"K7 audit 1 {made.head[:16]} 2026-11-02T14:30:00Z"


@pytest.mark.parametrize("document", [{}, {"downtime": "audit-checkpoint/1", "count": "x"}])
def test_another_document_is_refused(document):
    with pytest.raises(InputError, match="not an audit checkpoint"):
        checkpoint.parse_checkpoint(document)
