"""Questions on a field: asked, answered, closed by somebody else; an open one keeps the form from being done."""

import pytest

from downtime.entry import confirm_empty, file_form, keying, verify_entry
from downtime.entry.model import Task
from downtime.entry.open_form import get_entry
from downtime.entry.queries import answer_query, ask_query, close_query, list_queries
from downtime.entry.queries.model import LIFECYCLE, Query, QueryState, QueryStep, fold_steps
from downtime.entry.store import query_steps
from downtime.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from downtime.outage.outages import get_outage
from downtime.paper import ledger
from downtime.paper.assignments import assign_owner
from downtime.paper.model import AssignmentKind
from downtime.returns.statement.open_items import find_open_items
from downtime.settings import EntrySettings, Settings
from downtime.vault.audit import verify_chain
from downtime.vault.model import Actor
from downtime.vault.store import audit_chain
from tests.integration.keying_steps import key_again, submit_checked

from .conftest import OBSERVED, PHONED, SIGNED

THIRD = Actor("u-3", "Cora Third", "laptop-1")
UNCHECKED = Settings(entry=EntrySettings(max_error_percent=100.0, sample_percent=0.0))


@pytest.fixture
def chart(vault, issue, actor):
    """An observation chart that counts as verified at once, but for a question on it."""
    serial = issue("observations")
    keying.save_draft(vault, serial, OBSERVED, actor)
    return serial


def ask(vault, serial, actor, field="pulse:1", text="88 or 38?"):
    return ask_query.ask_query(vault, UNCHECKED, serial, field, text, actor)


def test_a_question_is_asked_answered_and_closed_by_another(vault, chart, actor, checker):
    query = ask(vault, chart, actor)
    assert (query.state, query.serial, query.field) == (QueryState.OPEN, chart, "pulse:1")
    answered = answer_query.answer_query(vault, query.id, "88: the ward says so", checker)
    with pytest.raises(ForbiddenError, match="somebody else closes"):
        close_query.close_query(vault, query.id, "fine", checker)
    closed = close_query.close_query(vault, query.id, "fine", THIRD)
    assert (answered.state, closed.state) == (QueryState.ANSWERED, QueryState.CLOSED)
    assert [step.person_name for step in closed.steps] == [actor.name, checker.name, THIRD.name]
    actions = [row[4] for row in audit_chain.read_chain(vault.db)]
    assert [a for a in actions if a.startswith("query.")] == [
        "query.ask", "query.answer", "query.close"
    ]  # fmt: skip
    assert verify_chain(vault.db).first_bad is None


def test_an_answer_that_is_not_enough_is_asked_again(vault, chart, actor, checker):
    query = ask(vault, chart, actor)
    answer_query.answer_query(vault, query.id, "no idea", checker)
    assert ask_query.ask_again(vault, query.id, "who knows?", actor).state == QueryState.OPEN
    answer_query.answer_query(vault, query.id, "88", checker)
    close_query.close_query(vault, query.id, "fine", actor)
    assert ask_query.ask_again(vault, query.id, "no: 38", actor).state == QueryState.OPEN


@pytest.mark.parametrize(
    ("done", "refused"),
    [
        ((), close_query.close_query),
        ((), ask_query.ask_again),
        ((answer_query.answer_query,), answer_query.answer_query),
        ((answer_query.answer_query, close_query.close_query), close_query.close_query),
        ((answer_query.answer_query, close_query.close_query), answer_query.answer_query),
    ],
)
def test_what_the_lifecycle_does_not_have_is_refused(vault, chart, actor, done, refused):
    query = ask(vault, chart, actor)
    people = [Actor("u-7", "Ann Answer", ""), Actor("u-8", "Clo Close", "")]
    for step, person in zip(done, people, strict=False):
        step(vault, query.id, "said", person)
    with pytest.raises(ConflictError, match="cannot become"):
        refused(vault, query.id, "said", THIRD)


def test_words_a_field_and_a_question_are_needed(vault, chart, actor):
    for field, text in (("pulse:1", "  "), ("nonsense", "why?"), ("pulse:1", "x" * 501)):
        with pytest.raises(InputError):
            ask(vault, chart, actor, field, text)
    with pytest.raises(NotFoundError):
        answer_query.answer_query(vault, "none", "because", actor)
    assert query_steps.fetch_all_steps(vault.db) == []


def test_an_open_question_keeps_the_form_from_being_done(vault, chart, actor, checker):
    query = ask(vault, chart, actor)
    entry = submit_checked(vault, UNCHECKED, chart, OBSERVED, actor)
    assert entry.waits == Task.COMPARE, "without the question nobody would look at it"
    with pytest.raises(ConflictError, match="is not closed"):
        verify_entry.verify_entry(vault, chart, checker)
    answer_query.answer_query(vault, query.id, "88", checker)
    with pytest.raises(ConflictError, match="is not closed"):
        verify_entry.verify_entry(vault, chart, checker)
    close_query.close_query(vault, query.id, "fine", actor)
    assert verify_entry.verify_entry(vault, chart, checker).state == "verified"
    again = ask(vault, chart, THIRD)
    with pytest.raises(ConflictError, match="is not closed"):
        file_form.file_form(vault, UNCHECKED, chart, checker)
    answer_query.answer_query(vault, again.id, "88", actor)
    close_query.close_query(vault, again.id, "fine", THIRD)
    file_form.file_form(vault, UNCHECKED, chart, checker)
    assert ledger.get_form(vault, chart).state == "filed"


def test_two_keyings_alike_do_not_answer_a_question(vault, issue, actor, checker):
    serial = issue("phoned-result")
    submit_checked(vault, UNCHECKED, serial, PHONED, actor)
    ask(vault, serial, actor, "value:1", "6.1 or 5.1?")
    entry = key_again(vault, UNCHECKED, serial, checker)
    assert (entry.state, entry.waits) == ("second", Task.COMPARE)


def test_an_empty_form_in_question_is_not_confirmed(vault, issue, actor, checker):
    serial = issue("observations")
    submit_checked(vault, UNCHECKED, serial, SIGNED, actor, says_empty=True)
    ask(vault, serial, actor)
    with pytest.raises(ConflictError, match="is not closed"):
        confirm_empty.confirm_empty(vault, UNCHECKED, serial, checker)
    assert get_entry(vault, serial).waits == Task.CONFIRM_EMPTY


def test_who_may_still_key_it_blind_reads_nothing_and_says_nothing(vault, issue, actor, checker):
    serial = issue("phoned-result")
    submit_checked(vault, UNCHECKED, serial, PHONED, actor)
    query = ask(vault, serial, actor, "value:1", "Is it 6.1?")
    (seen,) = list_queries.list_queries(vault, checker)
    (own,) = list_queries.list_queries(vault, actor)
    assert (seen.is_readable, own.is_readable) == (False, True)
    with pytest.raises(ForbiddenError, match="second time"):
        answer_query.answer_query(vault, query.id, "yes", checker)
    key_again(vault, UNCHECKED, serial, checker)
    (seen,) = list_queries.list_queries(vault, checker)
    assert seen.is_readable


@pytest.mark.usefixtures("identity")
def test_it_is_open_in_the_statement_with_its_owner_and_counted(
    vault, chart, outage, actor, checker
):
    query, other = ask(vault, chart, actor), ask(vault, chart, actor, "temperature:1", "38?")
    answer_query.answer_query(vault, query.id, "88", checker)
    assign_owner(vault, AssignmentKind.QUERY, other.id, "Ward A1", "2026-11-03T08:00:00Z", actor)
    items = {
        item.names[0]: item
        for item in find_open_items(vault, UNCHECKED, get_outage(vault, outage.id))
        if item.kind == "query-open"
    }
    assert "answered, and nobody has closed it" in items[query.id].sentence
    assert "nobody has answered" in items[other.id].sentence
    assert [owned.owner for owned in items[other.id].owners] == ["Ward A1"]
    close_query.close_query(vault, query.id, "fine", actor)
    of_outage = list_queries.list_queries_of_outage(vault, outage.id)
    assert list_queries.list_queries_of_outage(vault, "another") == []
    assert list_queries.count_queries(of_outage) == {
        "asked": 2,
        "answered": 1,
        "closed": 1,
        "open": 1,
    }


def step(name: str, state: QueryState, at: str, query: str = "q") -> QueryStep:
    return QueryStep(
        id=name, query=query, serial="K7000001D", field="pulse:1", state=state, text="", at=at,
        person=f"u-{name}", person_name=name,
    )  # fmt: skip


def folded(*steps: QueryStep) -> Query:
    (query,) = fold_steps(steps)
    return query


def test_two_machines_that_answer_at_once_make_one_question_whatever_comes_first():
    asked = step("a", QueryState.OPEN, "1")
    answers = [step("b", QueryState.ANSWERED, "2"), step("c", QueryState.ANSWERED, "3")]
    closed = step("d", QueryState.CLOSED, "4")
    one = folded(asked, *answers, closed)
    assert one == folded(closed, *reversed(answers), asked)
    assert (one.state, one.answerer, len(one.steps)) == (QueryState.CLOSED, "u-b", 4)


def test_a_close_that_overtook_the_answer_closes_nothing():
    steps = [step("a", QueryState.OPEN, "1"), step("d", QueryState.CLOSED, "2")]
    assert folded(*steps).is_open
    assert set(LIFECYCLE.moves) == set(QueryState)
