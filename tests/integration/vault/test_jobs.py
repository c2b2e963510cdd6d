"""A job is asked for, worked on, watched, cancelled, taken up again, and its result forgotten."""

from dataclasses import replace
from datetime import timedelta

import pytest

from downtime.errors import ConflictError, NotFoundError
from downtime.vault import jobs
from downtime.vault.model import Actor, JobResult

PACK = JobResult(b"%PDF-1.7 Zebediah Quill", "application/pdf", "pack.pdf")


@pytest.fixture
def job(vault, actor):
    return jobs.submit_job(vault, "ward-pack", {"ward": "7A"}, actor, "outage")


def actions(vault):
    return [(row["action"], row["target"]) for row in vault.db.query("SELECT * FROM audit")]


def test_the_oldest_is_taken_first_and_once(vault, actor, job):
    second = jobs.submit_job(vault, "compare", {}, actor, "")
    assert [jobs.claim_next_job(vault).id, jobs.claim_next_job(vault).id] == [job.id, second.id]
    assert jobs.claim_next_job(vault) is None


def test_its_result_is_fetched_when_it_is_done(vault, actor, job):
    claimed = jobs.claim_next_job(vault)
    assert (claimed.kind, claimed.arguments, claimed.actor) == ("ward-pack", {"ward": "7A"}, actor)
    jobs.report_progress(vault, job.id, 3, 24, "Patient 3 of 24")
    seen = jobs.get_job(vault, job.id)
    assert (seen.state, seen.done, seen.total, seen.is_over) == ("running", 3, 24, False)
    with pytest.raises(NotFoundError, match="nothing to fetch"):
        jobs.get_result(vault, job.id)
    jobs.finish_job(vault, job.id, PACK, "24 patients")
    seen = jobs.get_job(vault, job.id)
    assert (seen.state, seen.done, seen.sentence, seen.is_over) == ("done", 24, "24 patients", True)
    assert seen.has_result
    assert jobs.get_result(vault, job.id) == PACK
    assert actions(vault) == [("job.submit-ward-pack", job.id), ("job.finish", job.id)]


def test_the_audit_holds_no_arguments(vault, job):
    assert "7A" not in str([dict(row) for row in vault.db.query("SELECT * FROM audit")])


def test_a_result_is_not_in_clear_on_the_disk(vault, home, job):
    jobs.claim_next_job(vault)
    jobs.finish_job(vault, job.id, PACK)
    for path in home.path.glob("vault.db*"):
        assert b"Zebediah" not in path.read_bytes()


def test_a_failure_says_why(vault, job):
    jobs.claim_next_job(vault)
    jobs.fail_job(vault, job.id, "No snapshot was loaded.")
    assert (jobs.get_job(vault, job.id).state, jobs.get_job(vault, job.id).error) == (
        "failed",
        "No snapshot was loaded.",
    )


def test_a_cancelled_job_stops_at_its_next_step_and_cannot_be_finished(vault, actor, job):
    jobs.claim_next_job(vault)
    jobs.cancel_job(vault, job.id, actor, "wrong ward")
    with pytest.raises(ConflictError) as stopped:
        jobs.report_progress(vault, job.id, 1, 2)
    assert stopped.value.code == "job.stopped"
    with pytest.raises(ConflictError, match="'cancelled'"):
        jobs.finish_job(vault, job.id, PACK)
    assert not jobs.get_job(vault, job.id).has_result
    assert actions(vault)[-1] == ("job.cancel", job.id)


def test_a_cancelled_job_is_not_taken(vault, actor, job):
    jobs.cancel_job(vault, job.id, actor, "")
    assert jobs.claim_next_job(vault) is None
    with pytest.raises(ConflictError):
        jobs.cancel_job(vault, job.id, actor, "")


def test_nobody_else_sees_or_stops_a_job(vault, job):
    somebody = Actor("u-else", "Somebody Else", "K7")
    for use in (jobs.get_own_job, lambda *rest: jobs.cancel_job(*rest, "")):
        with pytest.raises(NotFoundError):
            use(vault, job.id, somebody)
    assert jobs.get_job(vault, job.id).state == "queued"


def test_a_dead_worker_s_job_is_taken_up_again_but_not_for_ever(vault, job):
    for _ in range(jobs.MAX_ATTEMPTS):
        assert jobs.claim_next_job(vault).id == job.id
        assert jobs.requeue_abandoned_jobs(vault) == 1
    assert jobs.claim_next_job(vault) is None
    assert jobs.get_job(vault, job.id).state == "failed"
    assert "stopped several times" in jobs.get_job(vault, job.id).error


def test_results_are_forgotten_by_age_and_the_row_stays(vault, clock, job):
    jobs.claim_next_job(vault)
    jobs.finish_job(vault, job.id, PACK)
    jobs.delete_results_before(vault, clock())
    assert jobs.get_result(vault, job.id) == PACK
    jobs.delete_results_before(vault, clock() + timedelta(seconds=1))
    assert jobs.get_job(vault, job.id).state == "done"
    with pytest.raises(NotFoundError):
        jobs.get_result(vault, job.id)


def test_a_long_result_comes_back_whole_and_without_what_a_dead_worker_left(
    vault, job, monkeypatch
):
    monkeypatch.setattr(jobs, "PART_BYTES", 10)
    jobs.claim_next_job(vault)
    with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt):
        dying.setattr(jobs.store, "set_done", _die)
        jobs.finish_job(vault, job.id, replace(PACK, content=PACK.content * 3))
    assert not jobs.get_job(vault, job.id).has_result
    jobs.requeue_abandoned_jobs(vault)
    jobs.claim_next_job(vault)
    jobs.finish_job(vault, job.id, PACK)
    assert jobs.get_result(vault, job.id) == PACK


def _die(*_):
    raise KeyboardInterrupt


def test_a_person_sees_their_own_newest_first(vault, actor, job):
    from downtime.vault.model import Actor

    second = jobs.submit_job(vault, "compare", {}, actor, "")
    jobs.submit_job(vault, "compare", {}, Actor("u-2", "Bo Nurse", "laptop-1"), "")
    assert [j.id for j in jobs.list_jobs_of(vault, actor.id)] == [second.id, job.id]


def test_an_unknown_job_is_said_to_be_unknown(vault):
    with pytest.raises(NotFoundError):
        jobs.get_job(vault, "j-0")
