"""A job in a process of its own: done, stopped on screen, ended from outside, outlived by nobody."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from downtime.paper import ledger
from downtime.paper.packs import pack_ledger
from downtime.paper.packs.model import PrintChannel
from downtime.paper.packs.prepare_layouts import prepare_layouts
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.ward_pack import WardPack
from downtime.processes import background
from downtime.vault import jobs
from downtime.vault.model import Actor
from downtime.web import background_job
from downtime.web.background_job import run_in_background
from downtime.web.job_kinds import JOB_KINDS, name_print_job
from tests.integration.fork_server import Process

CLERK = Actor("u-records", "Records Clerk", "K7")
SLEEPER = """
import os, sys, threading, time
from downtime.web import background_job_child
from downtime.web.job_kinds import JOB_KINDS, JobKind

def sleep(vault, settings, job, progress):
    print(os.getpid(), file=open(job.arguments["says"], "w"), flush=True)
    time.sleep(60)

JOB_KINDS["reconcile"] = JobKind(sleep, "Sleep", "", "", own_process=lambda job: True)
background_job_child.main()
"""


@pytest.fixture
def sleeping(vault, monkeypatch, tmp_path):
    """A job whose child is at work for a minute: the job, its child's id, and the waiting parent."""
    monkeypatch.setattr(
        background.subprocess,
        "Popen",
        lambda command, **options: Process([sys.executable, "-c", SLEEPER], **options),
    )
    says = tmp_path / "says"
    jobs.submit_job(vault, "reconcile", {"says": str(says)}, CLERK, "for a test")
    job = jobs.claim_next_job(vault)
    stopping = threading.Event()
    parent = threading.Thread(target=run_in_background, args=(vault, job, stopping))
    parent.start()
    try:
        yield job, _number(says), parent, stopping
    finally:
        stopping.set()
        parent.join()


def _number(says: Path) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if says.exists() and (text := says.read_text()).endswith("\n"):
            return int(text)
        time.sleep(0.05)
    raise TimeoutError("the child does not begin")


def _gone(number: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_person_s_error_reaches_the_job(vault):
    jobs.submit_job(vault, "reconcile", {}, CLERK, "for a test")
    job = jobs.claim_next_job(vault)
    run_in_background(vault, job, threading.Event())
    ended = jobs.get_job(vault, job.id)
    assert ended.state == "failed"
    assert "No outage was ever declared here." in ended.error


def test_neither_arguments_nor_environment_tell_the_key(vault, sleeping):
    _, number, _, _ = sleeping
    place = Path(f"/proc/{number}")
    if not place.exists():
        pytest.skip("this system does not show processes as files")
    for name in ("cmdline", "environ"):
        assert vault.data_key.hex().encode() not in (place / name).read_bytes()


def test_a_job_stopped_on_screen_ends_its_process(vault, sleeping):
    job, number, parent, _ = sleeping
    jobs.cancel_job(vault, job.id, CLERK, "stopped on screen")
    parent.join(10)
    assert _gone(number)
    assert jobs.get_job(vault, job.id).state == "cancelled"


def test_a_killed_process_fails_its_job_with_a_sentence(vault, sleeping):
    job, number, parent, _ = sleeping
    os.kill(number, signal.SIGKILL)
    parent.join(10)
    ended = jobs.get_job(vault, job.id)
    assert ended.state == "failed"
    assert "ended from outside" in ended.error


def test_a_server_that_stops_ends_the_process_and_the_job_waits(vault, sleeping):
    job, number, parent, stopping = sleeping
    stopping.set()
    parent.join(10)
    assert _gone(number)
    assert jobs.get_job(vault, job.id).state == "running"
    assert jobs.requeue_abandoned_jobs(vault) == 1
    assert jobs.get_job(vault, job.id).state == "queued"


def test_a_process_does_not_outlive_a_killed_server(vault, tmp_path):
    says = tmp_path / "says"
    job = jobs.submit_job(vault, "reconcile", {"says": str(says)}, CLERK, "for a test")
    child = Process([sys.executable, "-c", SLEEPER], stdin=subprocess.PIPE)
    background.send_arguments(child.stdin, background_job.make_arguments(vault, job))
    assert _number(says) == child.pid
    child.stdin.close()  # as the system does for a process that was killed
    assert child.wait(10) == 1


def order(vault, to=PrintChannel.SCREEN, **what):
    """Somebody asks for a pack; the job, taken up by nobody yet."""
    arguments = {"order": WardPack(**what).to_json(), "to": to, "why": "for a test"}
    return jobs.submit_job(vault, name_print_job(WardPack.kind), arguments, CLERK, "for a test")


def test_what_prints_for_minutes_is_done_beside_the_pages_and_what_takes_seconds_is_not(vault):
    kind = JOB_KINDS[name_print_job(WardPack.kind)]
    assert kind.own_process(order(vault))
    assert kind.own_process(order(vault, wards=("A1", "A2", "B1", "B2")))
    assert not kind.own_process(order(vault, wards=("A1",)))


def test_the_packs_of_a_whole_site_come_from_a_process_of_their_own(hospital, vault):
    list(prepare_layouts(vault, hospital.settings))  # shared by the run; the process has them not
    order(vault, forms=("observations",))
    job = jobs.claim_next_job(vault)
    run_in_background(vault, job, threading.Event())
    ended = jobs.get_job(vault, job.id)
    assert ended.state == "done", ended.error
    assert jobs.get_result(vault, job.id).content.startswith(b"%PDF")


def test_a_pack_whose_process_was_ended_before_the_printer_had_it_is_void(
    hospital, vault, monkeypatch
):
    job = order(vault, PrintChannel.QUEUE, wards=("A1",))

    def end(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(
            pack_ledger, "void_pack", lambda *a, **k: None
        )  # a killed process voids nothing
        print_pack(
            vault, hospital.settings, WardPack(wards=("A1",)), CLERK, "for a test", io.BytesIO(),
            progress=end, job=job.id,
        )  # fmt: skip
    assert [pack.state for pack in ledger.list_packs(vault)] == ["printing"]
    JOB_KINDS[job.kind].undo(vault, job)
    (pack,) = ledger.list_packs(vault)
    assert pack.state == "failed"
    assert {form.state for form in ledger.list_pack_forms(vault, pack.id)} == {"void"}
