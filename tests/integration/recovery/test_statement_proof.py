"""A statement proves itself: what was taken away, changed, cut off or set back is open by name, never COMPLETE."""

from contextlib import closing
from datetime import timedelta

import pytest

from downtime.accounts.confirm_person import PasswordProof
from downtime.accounts.model import Person
from downtime.accounts.store import accounts
from downtime.errors import ConflictError, ForbiddenError, NotFoundError
from downtime.outage import outages
from downtime.returns.export_messages import export_messages
from downtime.returns.rekey import rekey_lines, tick_line
from downtime.returns.statement import (
    close_books,
    completeness_statement,
    explain_problem,
    statement_files,
)
from downtime.returns.statement import sign_statement as sign_statement_file
from downtime.returns.statement.open_groups import count_things
from downtime.vault import audit
from downtime.vault.database import open_with_key
from downtime.vault.model import Actor
from downtime.vault.store import content_sums

from .statement_steps import settle, sign_statement

pytestmark = pytest.mark.usefixtures("identity")

SITE, RECORDS = Actor("u-7", "Una Site", "laptop-1"), Actor("u-8", "Rod Records", "laptop-1")


@pytest.fixture
def complete(vault, settings, outage, one_of_each, actor, checker, tmp_path):
    settle(vault, settings, outage, actor, checker, tmp_path)
    assert gather(vault, settings).verdict == "COMPLETE"
    return outage


def gather(vault, settings):
    return completeness_statement.gather_statement(vault, settings)


def kinds(vault, settings):
    return set(gather(vault, settings).open_kinds)


def names_of(vault, settings, kind):
    return [item["names"] for item in gather(vault, settings).facts["open"] if item["kind"] == kind]


def forge(vault, *statements):
    """What somebody with the key of the vault and a database tool could do."""
    with closing(open_with_key(vault.home.vault_file, vault.derive_key("vault"))) as db:
        return [db.execute(statement).rowcount for statement in statements][-1]


FORGERIES = {
    "DELETE FROM item": {"rows-changed", "facts-differ", "message-differs"},
    "UPDATE item SET decision = 'leave'": {"rows-changed"},
    "UPDATE item SET state = 'already-there', decision = 'open'": {"rows-changed"},
    "UPDATE item SET fact = replace(fact, 'Dr Amin', 'Dr Other')": {"facts-differ"},
    "UPDATE item SET outage = 'other'": {"rows-changed", "facts-differ", "message-differs"},
    "DELETE FROM entry": {"rows-changed", "facts-differ", "paper-differs"},
    "UPDATE entry SET answers = replace(answers, 'Dr Amin', 'X')": {"rows-changed", "facts-differ"},
    "DELETE FROM form_issue WHERE state = 'verified'": {"rows-changed"},
    "UPDATE form_issue SET state = 'void'": {"rows-changed", "paper-differs"},
    "DELETE FROM form_move": {"rows-changed", "paper-differs"},
    "DELETE FROM outbox_item": {"rows-changed", "return-missing", "message-differs"},
    "DELETE FROM outbox": {"rows-changed", "return-missing"},
    "UPDATE outbox SET content = x'00'": {"message-differs"},
    "UPDATE outbox SET state = 'acknowledged'": {"rows-changed"},
    "DELETE FROM compared_form": {"facts-differ"},
    "DELETE FROM harm_run": {"rows-changed", "harm-not-reviewed"},
    "DELETE FROM outage_system": {"rows-changed"},
}
"""What a forgery is named by, at least."""


@pytest.mark.parametrize("sql", FORGERIES)
def test_what_somebody_changed_with_the_key_is_named(vault, settings, complete, sql):
    assert forge(vault, "PRAGMA foreign_keys = OFF", sql) > 0
    made = gather(vault, settings)
    assert made.verdict == "NOT COMPLETE"
    assert set(made.open_kinds) >= FORGERIES[sql]


DERIVED = {
    "DELETE FROM item": "facts-differ",
    "UPDATE item SET digest = 'x'": "facts-differ",
    "DELETE FROM entry": "paper-differs",
    "UPDATE entry SET state = 'entered'": "paper-differs",
    "UPDATE entry SET answers = replace(answers, 'Dr Amin', 'Dr X')": "facts-differ",
    "UPDATE form_issue SET state = 'filed' WHERE state = 'verified'": "paper-differs",
    "DELETE FROM form_move WHERE state = 'verified'": "paper-differs",
    "DELETE FROM outbox_item": "return-missing",
    "UPDATE outbox_item SET digest = 'x'": "return-missing",
    "UPDATE outbox SET sha256 = 'x'": "message-differs",
}
"""What the binding of rows alone would not tell: the program itself has written it."""


@pytest.mark.parametrize("sql", DERIVED)
def test_each_step_is_derived_from_the_one_before(vault, settings, complete, actor, sql):
    with vault.change(actor, "note.add") as db:
        db.execute("PRAGMA defer_foreign_keys = ON")
        assert db.execute(sql).rowcount
        db.execute("PRAGMA defer_foreign_keys = OFF")
    found = kinds(vault, settings)
    assert DERIVED[sql] in found
    assert not found & {"rows-changed", "audit-broken"}


def test_the_rows_are_named(vault, settings, complete):
    (key,) = [row[0] for row in vault.db.execute("SELECT key FROM item LIMIT 1")]
    forge(vault, f"UPDATE item SET reason = 'x' WHERE key = '{key}'")
    (item,) = gather(vault, settings).facts["open"]
    assert (item["kind"], item["names"]) == ("rows-changed", (key,))
    assert (
        f"Rows of 'item' are not as they were written: {key} was changed (audit entry"
        in item["sentence"]
    )


def test_a_line_that_counts_as_keyed_without_a_tick_is_named(
    vault, settings, complete, actor, tmp_path
):
    with vault.change(actor, "note.add") as db:
        db.execute("UPDATE outbox SET channel = 'worklist'")
    (line, *_) = rekey_lines.list_lines(vault, complete.id)
    tick_line.tick_line(vault, line.message.control_id, "L123", actor)
    assert "tick-differs" not in kinds(vault, settings)
    with vault.change(actor, "note.add") as db:
        db.execute("DELETE FROM rekey_tick")
    assert names_of(vault, settings, "tick-differs") == [(line.message.control_id,)]


def test_the_sums_set_right_too_are_named_by_the_chain(vault, settings, complete):
    """Somebody who knows how it is done sets the sums right as well."""
    forge(vault, "UPDATE outbox SET state = 'acknowledged'")
    with closing(open_with_key(vault.home.vault_file, vault.derive_key("vault"))) as db:
        content_sums.rebase(db)
    assert kinds(vault, settings) == {"audit-broken"}


@pytest.mark.parametrize("is_skilled", [False, True])
def test_last_audit_entries_cut_off_are_named(vault, settings, complete, leads, is_skilled):
    """Who sets the noted end right as well meets the checkpoint that a signature leaves."""
    sign_statement(vault, settings, "ward", leads["ward"])
    cut = [
        "DROP TRIGGER audit_no_delete",
        "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
    ]
    skilled = ["UPDATE audit_end SET count = (SELECT max(seq) FROM audit)"] * is_skilled
    forge(vault, *cut, *skilled)
    made = gather(vault, settings)
    assert (made.verdict, set(made.open_kinds)) == ("NOT COMPLETE", {"audit-broken"})
    assert any("missing" in item["sentence"] for item in made.facts["open"])


def test_a_clock_that_was_set_back_is_named(vault, settings, complete, actor):
    now = vault.clock()
    for minutes, expected in ((-4, set()), (-30, {"clock-set-back"}), (10, {"clock-set-back"})):
        vault.clock = lambda minutes=minutes: now + timedelta(minutes=minutes)
        with vault.change(actor, "note.add"):
            pass
        assert kinds(vault, settings) == expected
    (names,) = names_of(vault, settings, "clock-set-back")
    assert len(names) == 1, "one step is one thing, however many entries follow"


@pytest.mark.parametrize("action", ["home.restored", "home.copied", "marks.lost"])
def test_a_home_that_was_put_back_is_named(vault, settings, complete, actor, action):
    with vault.change(actor, action):
        pass
    assert kinds(vault, settings) == {"home-put-back"}


def test_what_two_people_explain_stands_on_the_statement_for_good(
    vault, settings, complete, actor, tmp_path
):
    with vault.change(actor, "home.restored"):
        pass
    ((problem, said),) = explain_problem.list_problems(vault, settings)
    assert said is None
    explain = explain_problem.explain_problem
    first = explain(vault, settings, "", problem.id, SITE, "The disk failed on Monday")
    assert (first.is_accepted, kinds(vault, settings)) == (False, {"home-put-back"})
    with pytest.raises(ForbiddenError, match="another person has to look"):
        explain(vault, settings, "", problem.id, SITE, "As I said")
    with pytest.raises(NotFoundError):
        explain(vault, settings, "", "other", RECORDS, "Yes")
    assert explain(
        vault, settings, "", problem.id, RECORDS, "Compared with the station"
    ).is_accepted
    made = gather(vault, settings)
    assert (made.facts["open"], made.verdict) == ([], "COMPLETE, BUT NOT PROVED")
    (sentence,) = made.unproved
    assert (
        "Una Site: The disk failed on Monday. Rod Records: Compared with the station." in sentence
    )
    assert b"%PDF" in statement_files.to_pdf(made, settings)
    with vault.change(actor, "home.restored"):
        pass
    assert kinds(vault, settings) == {"home-put-back"}, "another one is another problem"


def test_nobody_signs_with_the_password_of_another_or_of_long_ago(
    vault, settings, one_of_each, leads
):
    ward, now = leads["ward"], vault.clock()
    for proof in (
        PasswordProof(leads["records"].id, now),
        PasswordProof(ward.id, now - timedelta(minutes=3)),
        PasswordProof(ward.id, now + timedelta(seconds=1)),
    ):
        with pytest.raises(ForbiddenError, match="needs your password again"):
            sign_statement_file.sign_statement(vault, settings, "ward", ward, proof)
    assert gather(vault, settings).signatures == ()


def program(vault, actor):
    with vault.change(actor, "person.create") as db:
        person = Person("u-prog", "prog", "Program", "service", "active", False)
        accounts.add_person(db, person, "", vault.now())
    return person.make_actor("laptop-1")


def test_books_are_closed_complete_and_signed(vault, settings, complete, leads, actor):
    with pytest.raises(ConflictError, match="ward lead has not signed, records lead has not"):
        close_books.close_outage(vault, settings, complete.id, actor, "done")
    for lead, person in leads.items():
        sign_statement(vault, settings, lead, person)
    closed = close_books.close_outage(vault, settings, complete.id, program(vault, actor), "done")
    assert closed.state == "closed"
    (one,) = completeness_statement.gather_statement(vault, settings, complete.id).closings
    assert (one.state, one.open_count, one.unsigned, one.proposed_name) == ("closed", 0, (), "")


def propose(vault, settings, outage, person, reason):
    """Propose to close the books as they are shown at this moment."""
    shown = completeness_statement.gather_statement(vault, settings, outage.id).digest
    close_books.propose_closing(vault, settings, outage.id, person, reason, shown=shown)


def close_as_shown(vault, settings, outage, person, reason):
    shown = completeness_statement.gather_statement(vault, settings, outage.id).digest
    return close_books.close_incomplete(vault, settings, outage.id, person, reason, shown=shown)


def test_with_things_open_two_people_close_and_both_stand_on_the_statement(
    vault,
    settings,
    outage,
    one_of_each,
    issue,
    actor,
):
    with pytest.raises(ConflictError, match="4 things are open, ward lead has not signed"):
        close_books.close_outage(vault, settings, outage.id, actor, "tired")
    with pytest.raises(NotFoundError):
        close_as_shown(vault, settings, outage, RECORDS, "yes")
    machine = program(vault, actor)
    with pytest.raises(ForbiddenError, match="service account"):
        propose(vault, settings, outage, machine, "script")
    propose(vault, settings, outage, SITE, "The paper is lost for good")
    for stranger, words in ((SITE, "another person"), (machine, "service account")):
        with pytest.raises(ForbiddenError, match=words):
            close_as_shown(vault, settings, outage, stranger, "yes")
    # The first is of a kind that nobody has seen open; the second stands in a line that is there already.
    for _ in range(2):
        serial = issue("observations")
        with pytest.raises(ConflictError, match="not as they were when closing was proposed"):
            close_as_shown(vault, settings, outage, RECORDS, "yes")
        assert outages.get_outage(vault, outage.id).state == "recovering", serial
        propose(vault, settings, outage, SITE, "The paper is lost for good")
    closed = close_as_shown(vault, settings, outage, RECORDS, "I looked as well")
    assert closed.state == "closed"
    made = completeness_statement.gather_statement(vault, settings, outage.id)
    *_, last = made.as_json()["closings"]
    assert (last["proposed_name"], last["proposed_reason"]) == (
        "Una Site",
        "The paper is lost for good",
    )
    assert (last["closed_name"], last["closed_reason"]) == ("Rod Records", "I looked as well")
    assert (last["open_kinds"], len(last["unsigned"])) == (count_things(made.facts["open"]), 3)
    assert [one.state for one in made.closings] == ["withdrawn", "withdrawn", "closed"]


def test_closed_books_are_opened_again_with_a_reason(vault, settings, outage, one_of_each, actor):
    propose(vault, settings, outage, SITE, "no more is found")
    close_as_shown(vault, settings, outage, RECORDS, "agreed")
    opened = close_books.reopen_outage(vault, outage.id, RECORDS, "A box of paper was found")
    assert (opened.state, opened.closed) == ("recovering", "")
    (one,) = gather(vault, settings).closings
    assert (one.state, one.reopened_name, one.reopened_reason) == (
        "reopened", "Rod Records", "A box of paper was found",
    )  # fmt: skip
    with pytest.raises(ConflictError, match="are open"):
        close_books.reopen_outage(vault, outage.id, RECORDS, "twice")
    entries = [e.action for e in audit.audit_chain.list_entries(vault.db, before=10**9, limit=1)]
    assert entries == ["outage.reopen"]
    with pytest.raises(ConflictError, match="4 things are open"):
        close_books.close_outage(vault, settings, outage.id, actor, "again")


def test_who_signed_before_the_books_were_opened_again_signs_anew(
    vault, settings, complete, leads, actor
):
    """Somebody found a box: the statement of before it does not close them a second time."""
    for lead, person in leads.items():
        sign_statement(vault, settings, lead, person)
    close_books.close_outage(vault, settings, complete.id, actor, "all is in")
    close_books.reopen_outage(vault, complete.id, RECORDS, "A box of paper was found")
    statement = gather(vault, settings)
    assert (statement.valid_signatures, statement.outdated_count) == ({}, 3)
    with pytest.raises(ConflictError, match="ward lead has not signed"):
        close_books.close_outage(vault, settings, complete.id, actor, "again")


def test_a_drill_is_closed_by_one_person_and_never_reopened_beside_what_is_real(
    vault, settings, actor
):
    drill = outages.declare_systems_down(
        vault, ["LIMS"], actor, "practice", known=("LIMS", "PAS"), drill=True
    )
    outages.mark_restored(vault, ["LIMS"], actor, "over")
    assert close_books.close_outage(vault, settings, drill.id, actor, "over").state == "closed"
    outages.declare_systems_down(vault, ["PAS"], actor, "power lost", known=("LIMS", "PAS"))
    with pytest.raises(ConflictError, match="never mixes"):
        close_books.reopen_outage(vault, drill.id, actor, "more")


def test_a_message_that_went_out_twice_is_proved_by_either(
    vault, settings, complete, actor, tmp_path
):
    """Exporting again changes nothing that is proved."""
    export_messages(vault, settings, "hl7v2", tmp_path / "again", actor)
    assert kinds(vault, settings) == set()
