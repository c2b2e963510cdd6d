import json, subprocess, os, pathlib
import pytest
from tests.spec.reconcile.test_immunization import FEED, FORM, LIVE, ANSWERS
from tests.integration.recovery.conftest import HOSPITAL, SIGNED

pytestmark = pytest.mark.browser
from dataclasses import replace
from downtime.snapshot import load_bundle, local_snapshots, build_snapshot
from downtime import config


def test_page(hospital, visit_own, tmp_path):
    from tests.integration.web import tiny

    feeds = tiny.write(tmp_path / "feeds")
    (feeds / "imm.json").write_text(json.dumps(FEED))
    # through the command line
    run = lambda *w: subprocess.run(
        [
            ".venv/bin/downtime",
            "--home",
            str(hospital.home.path),
            "--unlock-file",
            str(hospital.file),
            *w,
        ],
        capture_output=True,
        text=True,
    )
    out = run("snapshot", "build", "--from", str(feeds), "--to", str(tmp_path / "out"))
    print(out.stdout, out.stderr)
    out = run("snapshot", "load", str(tmp_path / "out"))
    print(out.stdout, out.stderr)
    page = visit_own("nurse") if "nurse" in hospital.secrets else visit_own("records-supervisor")
    page.fill("input[name=text]", "9990000018")
    page.keyboard.press("Enter")
    page.wait_for_selector("#immunisations")
    page.screenshot(path="/tmp/b_page.png", full_page=True)


def test_compared(hospital, visit_own, vault, settings, keyed, compare, issue):
    (hospital.home.forms).mkdir(exist_ok=True)
    (hospital.home.forms / "vaccines.yaml").write_text(FORM)
    from downtime.paper.forms.load_form import load_form
    from downtime.entry import keying
    from tests.integration.keying_steps import see_through
    from downtime.vault.model import Actor

    n = issue("vaccines", made=load_form("vaccines", hospital.home))
    keying.submit_entry(
        vault,
        settings,
        n,
        SIGNED
        | ANSWERS
        | {"taken:2": "2026-11-02T13:00", "name:2": "Influenza vaccine", "batch:2": "Z1"},
        Actor("u-1", "Amina Ward", "laptop-1"),
    )
    see_through(vault, settings, n, Actor("u-2", "Ben Records", "laptop-1"))
    compare((*HOSPITAL, replace(LIVE, lot_number="XX9")))
    page = visit_own("records-supervisor")
    page.goto("/comparison")
    page.screenshot(path="/tmp/b_cmp.png", full_page=True)
    page.goto("/comparison?state=conflict")
    page.click("th a")
    page.wait_for_selector("text=Record")
    page.screenshot(path="/tmp/b_item.png", full_page=True)
