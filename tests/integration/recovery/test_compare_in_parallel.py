"""Several processes compare what one would, and nothing is half done when one of them fails."""

import sys
from dataclasses import replace

import pytest

from downtime.processes.pool import WorkerError, WorkerProcess
from downtime.reconcile import find_items
from downtime.reconcile.compare import compare_in_parallel, run_comparison
from downtime.reconcile.compare.compare_forms import FormComparer
from downtime.reconcile.harm import review, review_in_parallel
from downtime.reconcile.harm.review_part import PartReviewer
from downtime.vault import audit

from .conftest import BLOODS, HOSPITAL, LATER

FBC = {key: text for key, text in BLOODS.items() if key != "test.ue"}
TIMES = ("13:00", "13:20", "13:55", "13:58")


@pytest.fixture
def small(settings):
    """Each form is a set of its own."""
    return replace(settings, reconcile=replace(settings.reconcile, forms_at_once=1))


@pytest.fixture
def paper(four, keyed, hold, outage, monkeypatch):
    """Some forms, two of them about one test, and the hospital that is back; serials."""
    monkeypatch.setattr(compare_in_parallel, "WORTH_IT", 1)
    hold(2, HOSPITAL, LATER)
    requests = [keyed("blood-sciences-request", FBC | {"collected": f"2026-11-02T{at}"})
                for at in TIMES]  # fmt: skip
    return [*four().values(), *requests]


@pytest.fixture
def found(vault, outage):
    """`found()`: what the comparison says of every fact."""
    return lambda: [row.item for row in find_items.list_items(vault, outage.id)]


def test_several_processes_find_what_one_finds(
    vault, small, settings, paper, actor, found, monkeypatch
):
    here = []
    compare = FormComparer.compare
    monkeypatch.setattr(
        FormComparer, "compare", lambda self, *given: here.append(given) or compare(self, *given)
    )
    reported = []
    progress = lambda done, total: reported.append((done, total))  # noqa: E731
    together = run_comparison.run_comparison(vault, small, actor, "recovered", progress, cores=2)
    assert together.looked_at == together.forms == len(paper)
    assert len(here) < len(paper)
    assert reported[-1] == (len(paper), len(paper))
    by_several = found()
    alone = run_comparison.run_comparison(
        vault, settings, actor, "recovered"
    )  # all of them anew: the sets are larger
    assert alone.looked_at == len(paper)
    assert found() == by_several
    assert alone.states == together.states
    assert audit.verify_chain(vault.db).first_bad is None


def test_several_processes_find_the_harm_that_one_look_at_everything_finds(
    vault, small, settings, paper, actor, monkeypatch
):
    monkeypatch.setattr(review_in_parallel, "WORTH_IT", 1)
    run_comparison.run_comparison(vault, settings, actor, "recovered")
    here = []
    look = PartReviewer.review
    monkeypatch.setattr(
        PartReviewer, "review", lambda self, part: here.append(part) or look(self, part)
    )
    together = review.run_review(vault, small, actor, "recovered", cores=2)
    by_several = review.list_findings(vault)
    assert len({row.finding.patient for row in by_several}) > len(here)
    here.clear()
    alone = review.run_review(vault, settings, actor, "recovered")
    assert len(here) == 1
    assert (alone.findings, alone.figures) == (together.findings, together.figures)
    assert review.list_findings(vault) == by_several != []


def test_a_process_that_fails_names_nobody_and_the_next_comparison_goes_on(
    vault, small, settings, paper, actor, found, monkeypatch
):
    start = WorkerProcess.__init__

    def start_with_another_key(process, module, arguments):
        start(process, module, arguments._replace(key=bytes(32)))

    with monkeypatch.context() as patch:
        patch.setattr(WorkerProcess, "__init__", start_with_another_key)
        with pytest.raises(WorkerError) as failed:
            run_comparison.run_comparison(vault, small, actor, "recovered", cores=2)
    assert "LockedError in " in str(failed.value)
    assert "Hill" not in str(failed.value)
    assert run_comparison.run_comparison(vault, small, actor, "recovered").forms == len(paper)
    assert {item.fact.serial for item in found()} == set(paper)


def test_a_process_that_ends_by_itself_fails_the_comparison(
    vault, small, paper, actor, monkeypatch
):
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with pytest.raises(WorkerError, match="ended by itself"):
        run_comparison.run_comparison(vault, small, actor, "recovered", cores=2)
