"""Paper of a drill and real paper: no queue, count or list ever holds both."""

import pytest

from downtime.entry import keying, work_queues
from downtime.entry.model import Task
from downtime.entry.paper_kind import find_paper_kind
from downtime.entry.queries import ask_query, list_queries
from downtime.entry.store import entries
from downtime.entry.work_queues import QueueFilter
from downtime.outage import outages
from downtime.outage.outage_at_hand import choose_outage, is_drill_at_hand
from downtime.paper import check_in, move_form
from downtime.paper.forms.load_form import load_form
from downtime.paper.layout.model import FormLayout
from downtime.paper.model import FormDraft, Pack
from downtime.paper.serials import format_serial, make_serial
from downtime.paper.store import issued_forms, layouts, packs
from downtime.sync import paper_lists
from downtime.sync.paper_lists import PaperList
from tests.integration.keying_steps import submit_confirmed

from .conftest import ANN, OBSERVED, PHONED


@pytest.fixture
def drill(vault, actor, t0):
    """A drill that a real failure ends: its paper comes back all the same."""
    return outages.declare_systems_down(
        vault, ["PAS"], actor, "practice", known=("LIMS", "PAS"), snapshot=t0, drill=True
    )


@pytest.fixture
def issue_in_drill(vault, drill, actor):
    """As `issue`, of the drill."""
    pack = Pack(
        id="pack-9", kind="ward", wards=("A1",), snapshot=drill.snapshot, outage=drill.id, drill=True,
        issued_by=actor.id, issued_name=actor.name, issued_at=vault.now(), pages=1, state="printed",
    )  # fmt: skip
    with vault.change(actor, "pack.print") as db:
        packs.insert_pack(db, pack)

    def print_form(number: int, name: str) -> str:
        form, serial = load_form(name), make_serial("K7", number)
        draft = FormDraft(
            form=name, version=form.version, title=form.title, layout=form.digest, pages=1,
            returns=form.returns, subject=ANN, ward="A1",
        )  # fmt: skip
        layout = FormLayout(name, form.version, form.title, form.digest, b"", (595.0, 842.0), ())
        with vault.change(actor, "form.print") as db:
            layouts.insert_layout(db, layout, form.source, vault.now())
            issued_forms.insert_forms(db, [(serial, number, draft)], pack)
        return serial

    return print_form


@pytest.fixture
def papers(vault, settings, drill, issue_in_drill, issue, actor, checker):
    """Of either kind a form to key, one to key again, a draft with a question, one checked in twice."""

    def work_on(issue_one) -> dict[str, str]:
        serials = {
            "key": issue_one("discharge"),
            "again": issue_one("phoned-result"),
            "draft": issue_one("observations"),
            "twice": issue_one("observations"),
        }
        move_form.mark_returned(vault, serials["key"], actor)
        keying.save_draft(vault, serials["draft"], OBSERVED, actor)
        ask_query.ask_query(vault, settings, serials["draft"], "pulse:1", "88 or 38?", actor)
        submit_confirmed(vault, settings, serials["again"], PHONED, actor)
        for _ in range(2):
            check_in.check_in_form(vault, format_serial(serials["twice"]), actor)
        return serials

    real = work_on(issue)
    numbers = iter(range(901, 999))
    return {"real": real, "drill": work_on(lambda name: issue_in_drill(next(numbers), name))}


def see(vault, settings, actor, checker):
    """Everything that the screens of the records team list, by its place."""
    queues = {
        task: [form.serial for form in work_queues.list_waiting(vault, settings, QueueFilter(task), person)]
        for task, person in ((Task.KEY, actor), (Task.KEY_AGAIN, checker))
    }  # fmt: skip
    counts = work_queues.totals(work_queues.count_queues(vault, settings))
    for task, serials in queues.items():
        assert counts[task] == len(serials)
        assert work_queues.count_left(vault, settings, QueueFilter(task), checker) == len(serials)
    return {
        **queues,
        "claimed": work_queues.claim_next(vault, settings, QueueFilter(Task.KEY_AGAIN), checker),
        "drafts": [e.serial for e in entries.find_drafts(vault.db, find_paper_kind(vault), 50)],
        "questions": [row.query.serial for row in list_queries.list_queries(vault, actor)],
        "twice": [
            line.serial
            for line in paper_lists.list_papers(vault, settings, PaperList.CHECKED_IN_TWICE)
        ],
    }


def expected(serials):
    return {
        Task.KEY: sorted([serials["key"], serials["twice"]]),
        Task.KEY_AGAIN: [serials["again"]],
        "claimed": serials["again"],
        "drafts": [serials["draft"]],
        "questions": [serials["draft"]],
        "twice": [serials["twice"]],
    }


def sorted_queue(found):
    return {**found, Task.KEY: sorted(found[Task.KEY])}


def test_queues_and_lists_hold_real_paper_until_a_drill_is_worked_on(
    vault, settings, papers, drill, actor, checker
):
    assert not is_drill_at_hand(vault)
    assert sorted_queue(see(vault, settings, actor, checker)) == expected(papers["real"])
    assert work_queues.count_other_kind(vault, settings) == 3
    choose_outage(vault, drill.id, actor)
    assert sorted_queue(see(vault, settings, actor, checker)) == expected(papers["drill"])
    assert work_queues.count_other_kind(vault, settings) == 3
