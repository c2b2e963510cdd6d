"""Printing through the screens: to a queue that may refuse, stopped, killed, again, and of changes."""

import re
import sys

from downtime.clock import to_text
from downtime.paper import ledger
from downtime.paper.packs.prepare_layouts import prepare_layouts
from downtime.vault import jobs
from downtime.web import job_kinds, run_job
from downtime.web.job_worker import JobWorker
from tests.integration import fork_server
from tests.integration.web.conftest import Hospital
from tests.integration.web.test_paper import finished
from tests.integration.web.test_ward import words


def work(hospital):
    assert JobWorker(hospital.app.extensions["downtime"]).run_next_job()


def states(hospital):
    """The state of each pack, newest first, and the states of its forms."""
    vault = hospital.open().vault
    found = [
        (pack.state, {row.state for row in ledger.list_pack_forms(vault, pack.id)})
        for pack in ledger.list_packs(vault)
    ]
    vault.close()
    return found


def test_a_pack_goes_to_the_queue_and_not_to_the_screen(with_queue, lp):
    browser = with_queue.browser("ward")
    assert "sent to the printer" in browser.get("/print").text
    asked = {"ward": "A1", "how": "1", "to": "queue", "two_sided": "1"}
    address = browser.post("/print/ward", asked).location
    work(with_queue)
    assert "sent to the printer" in words(browser.get(address).text)
    assert browser.get(address + "/file").status_code == 404
    assert (lp / "pages").read_bytes().startswith(b"%PDF")
    assert states(with_queue) == [("printed", {"issued"})]


def test_what_the_queue_refuses_is_listed_and_printed_again(with_queue, lp):
    (lp / "broken").touch()
    browser = with_queue.browser("ward")
    address = browser.post("/print/ward", {"ward": "A1", "to": "queue"}).location
    work(with_queue)
    assert "out of paper" in words(browser.get(address).text)
    page = browser.get("/print").text
    assert "These did not print" in page
    again = re.search(r'action="(/print/failed/[^"]+)"', page)[1]
    (lp / "broken").unlink()
    address = browser.post(again, {"to": "queue"}).location
    work(with_queue)
    assert "sent to the printer" in words(browser.get(address).text)
    assert "These did not print" not in browser.get("/print").text
    assert states(with_queue) == [("printed", {"issued"}), ("repeated", {"void"})]
    assert browser.post(again, {"to": "queue"}).status_code == 409


def test_a_way_that_is_not_there_is_refused(hospital):
    browser = hospital.browser("ward")
    assert browser.post("/print/ward", {"ward": "A1", "to": "queue"}).status_code == 400


def stopping(hospital, job_id):
    """Progress of a job that somebody stops while it is printing."""

    def report(vault, job):
        def told(done, total):
            if jobs.get_job(vault, job_id).state == "running":
                jobs.cancel_job(vault, job_id, job.actor, "stopped on screen")
            jobs.report_progress(vault, job_id, done, total)

        return told

    return report


def test_forms_of_a_stopped_job_are_void(hospital, monkeypatch):
    browser = hospital.browser("ward")
    address = browser.post("/print/ward", {"ward": "A1"}).location
    monkeypatch.setattr(run_job, "_limit_progress", stopping(hospital, address.rpartition("/")[2]))
    work(hospital)
    assert "Stopped before it finished" in browser.get(address).text
    assert states(hospital) == [("failed", {"void"})]


def test_a_job_that_is_stopped_at_its_very_end_has_printed_nothing(hospital, monkeypatch):
    browser = hospital.browser("ward")
    address = browser.post("/print/ward", {"ward": "A1"}).location
    printed = job_kinds.print_pack

    def late(vault, settings, order, actor, *rest, **options):
        made = printed(vault, settings, order, actor, *rest, **options)
        jobs.cancel_job(vault, options["job"], actor, "stopped on screen")
        return made

    monkeypatch.setattr(job_kinds, "print_pack", late)
    work(hospital)
    assert "Stopped before it finished" in browser.get(address).text
    assert states(hospital) == [("failed", {"void"})]


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from downtime import config
from downtime.accounts import homes
from downtime.config import Home
from downtime.vault import jobs
from downtime.web.job_kinds import JOB_KINDS

home, now = Home(Path(sys.argv[1])), datetime.fromisoformat(sys.argv[3])
settings = config.load_settings(home.config_file)
vault = homes.open_with_file(home, settings, lambda: now, Path(sys.argv[2])).vault
job = jobs.claim_next_job(vault)
JOB_KINDS[job.kind].run(vault, settings, job, lambda done, total: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_killed_program_leaves_void_forms_and_its_job_is_printed_anew(hospital, vault):
    browser = hospital.browser("ward")
    address = browser.post("/print/ward", {"ward": "A1"}).location
    list(prepare_layouts(vault, hospital.settings))  # the killed program has no time for that
    command = [sys.executable, "-c", KILLED, hospital.home.path, hospital.file]
    done = fork_server.run([*command, to_text(hospital.clock())])
    assert done.returncode == -9
    assert states(hospital) == [("printing", {"issued"})]
    work(hospital)
    assert browser.get(address + "/file").data.startswith(b"%PDF")
    assert states(hospital) == [("printed", {"issued"}), ("failed", {"void"})]


def test_changes_are_offered_once_the_ward_was_printed(hospital):
    browser = hospital.browser("ward")
    assert "Changes only" not in words(browser.get("/print").text).replace("‘Changes only’", "")
    assert browser.post("/print/changes", {"ward": "A1"}).status_code == 303
    work(hospital)
    assert states(hospital) == [], "nothing was there to be superseded"
    finished(hospital, browser, browser.post("/print/ward", {"ward": "A1"}).location)
    assert 'formaction="/print/changes"' in browser.get("/print").text
    out = words(browser.post("/print/ward", {"ward": "A1"}).text)
    found = r"Printed Ward Bed list.*SAMPLE, Ann.*?, A1, bay 1, bed 1 Patient summary K7-\S+ 02-Nov-2026 \d"
    assert re.search(found, out)
    _, file = finished(hospital, browser, browser.post("/print/changes", {"ward": "A1"}).location)
    assert "A1_changes" in file.headers["Content-Disposition"]


def test_charts_under_an_earlier_id_are_asked_about_before_a_job_is_queued(hospital):
    """The screen's question is that of printing itself, which would refuse the job."""
    browser = hospital.browser("ward")
    patient = re.search(r'href="/patients/(\w+)"', browser.get("/beds/ward?ward=A1").text)[1]
    asked = {"patient": patient, "form": "drug-chart-regular"}
    finished(hospital, browser, browser.post("/print/patient", asked).location)
    vault = hospital.open().vault
    with vault.db.conn:
        vault.db.execute("UPDATE form_issue SET patient = 'earlier-id' WHERE patient <> ''")
    vault.close()
    answer = browser.post("/print/patient", asked)
    assert answer.status_code == 200
    assert "printed already" in answer.text
    assert "bay 1, bed 1" in words(answer.text)


def test_only_the_ticked_forms(hospital):
    browser = hospital.browser("ward")
    asked = {"ward": "A1", "how": "1", "chosen": "1", "forms": ["progress-notes"]}
    finished(hospital, browser, browser.post("/print/ward", asked).location)
    vault = hospital.open().vault
    (pack,) = ledger.list_packs(vault)
    mine = {r.form for r in ledger.list_pack_forms(vault, pack.id) if r.patient}
    vault.close()
    assert mine == {"summary", "progress-notes"}


def test_every_spare_of_a_ward(hospital):
    browser = hospital.browser("ward")
    asked = {"form": "*", "copies": "1", "ward": "A1"}
    page, _ = finished(hospital, browser, browser.post("/print/blank", asked).location)
    assert re.search(r"0 forms for patients, \d\d blank", page)


def test_a_form_is_printed_again_from_its_page(hospital):
    browser = hospital.browser("ward")
    finished(hospital, browser, browser.post("/print/ward", {"ward": "A1"}).location)
    old = re.search(r'href="/forms/(K7\w{7})"', browser.get("/forms").text)[1]
    page = browser.get(f"/forms/{old}").text
    assert "Print again under a new serial" in page
    assert browser.post(f"/print/again/{old}", {"reason": ""}).status_code == 400
    address = browser.post(f"/print/again/{old}", {"reason": "Coffee"}).location
    finished(hospital, browser, address)
    page = words(browser.get(f"/forms/{old}").text)
    assert "Superseded by K7-" in page
    assert "Print again under" not in page


def test_a_runner_takes_forms_and_they_are_still_out(hospital):
    browser = hospital.browser("ward")
    finished(hospital, browser, browser.post("/print/ward", {"ward": "A1"}).location)
    page = browser.get("/forms").text
    before = re.search(r"Still out: ([\d,]+)", words(page))[1]
    serial = re.search(r'name="serial" value="(K7\w{7})"', page)[1]
    browser.post("/forms/move", {"serial": serial, "to": "collected"})
    page = words(browser.get("/forms").text)
    assert f"Still out: {before}" in page
    assert "With a runner" in page


def test_a_block_that_runs_low_is_on_every_screen(hospital):
    with hospital.home.config_file.open("a") as file:
        file.write("[paper]\ndowntime_number_block = 10\n")
    hospital = Hospital(hospital.home, hospital.clock, hospital.secrets, hospital.file)
    browser = hospital.browser("ward")
    assert "are left on this laptop" not in browser.get("/wards").text
    browser.post("/numbers", {"count": "8"})
    assert "Only 2 of 10 downtime numbers are left" in browser.get("/print").text
