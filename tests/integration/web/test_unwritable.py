"""A vault that takes nothing: every page comes with the reason, and nothing that is entered is accepted."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from downtime.vault.store import audit_chain
from downtime.vault.write_access import ReadOnlyReason
from tests.contract.test_routes import ENDING, routes
from tests.integration.web.conftest import Hospital
from tests.night import by_night

STATES = by_night(
    night=["full", "read-only", "locked", "damaged", "missing", "no-identity", "commands"],
    day=["full", "read-only", "damaged", "missing"],
)
ROOT = Path(__file__).parents[3]


def find_namespace() -> list[str]:
    """The command that gives a process disks of its own; empty where none may."""
    for words in (["unshare", "-m"], ["unshare", "-r", "-m"]):
        trial = [*words, "mount", "-t", "tmpfs", "trial", "/mnt"]
        if shutil.which("unshare") and not subprocess.run(trial, capture_output=True).returncode:
            return words
    return []


def test_a_ward_reads_and_prints_and_nothing_is_accepted_that_would_be_lost(
    loaded_template, tmp_path, run_folder
):
    namespace = find_namespace()
    if not namespace:
        pytest.skip("no disk can be mounted here: 'unshare -m' is refused")
    home, secrets, file = loaded_template
    shutil.copytree(home.path, tmp_path / "home")
    shutil.copy(file, tmp_path / "unlock")
    (tmp_path / "secrets.json").write_text(json.dumps(secrets))
    child = [sys.executable, "-m", "tests.integration.web.unwritable_child"]
    words = [*namespace, *child, str(tmp_path), str(run_folder), *STATES]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, f"{done.stdout[-6000:]}{done.stderr[-1000:]}"


@pytest.mark.parametrize(
    "role",
    by_night(
        night=["ward", "records-supervisor", "administrator", "auditor"],
        day=["ward"],
    ),
)
def test_every_page_comes_with_the_reason_and_every_change_is_refused(hospital, role):
    browser = hospital.browser(role)
    with hospital.app.extensions["downtime"].vault_holder.lend_vault() as vault:
        vault.write_access.close(ReadOnlyReason.DAMAGED)  # it is not tried whether that is over
        before = _dump(vault)
        sentence = ReadOnlyReason.DAMAGED.sentence
        for endpoint, method, address, _ in routes(hospital.app):
            if endpoint in ENDING or (method == "POST" and endpoint.startswith("printing.")):
                continue  # which print: that is tried above
            answer = browser.get(address) if method == "GET" else browser.post(address)
            assert answer.status_code < 500, (endpoint, method, answer.data)
            if b"<html" in answer.data and answer.status_code != 303:
                assert sentence in answer.text, (endpoint, method)
        assert _dump(vault) == before


def _dump(vault) -> dict[str, int]:
    counts = {name: vault.db.table(name).count for name in vault.db.table_names()}
    return {name: count for name, count in counts.items() if "sqlite" not in name}


@pytest.mark.parametrize("first", [0, 4096])
def test_a_damaged_snapshot_is_opened_again_from_its_bundle(hospital, first):
    (path,) = hospital.home.snapshots_folder.glob("*.db")
    content = bytearray(path.read_bytes())
    for place in range(first + 100, len(content), 4096):
        content[place] ^= 0x10
    browser = hospital.browser("ward")
    path.write_bytes(content)
    answer = browser.get("/beds/ward?ward=A1")
    assert answer.status_code == 303
    assert answer.location == "/beds/ward?ward=A1"
    assert "SAMPLE, Ann" in browser.get(answer.location).text
    assert path.read_bytes() != bytes(content)
    with hospital.app.extensions["downtime"].vault_holder.lend_vault() as vault:
        assert audit_chain.list_numbers_of(vault.db, "snapshot.heal")


def test_a_missing_or_damaged_key_file_keeps_nobody_out(hospital: Hospital):
    slots = hospital.home.keys_folder / "slots.json"
    content = slots.read_bytes()
    for damage in (None, content[: len(content) // 2], content.replace(b"argon", b"orgon")):
        slots.unlink()
        if damage is not None:
            slots.write_bytes(damage)
        assert hospital.browser("ward").get("/beds").status_code == 200
        assert slots.read_bytes() == content, "the copy was put back"
        hospital.app.extensions["downtime"].vault_holder.release()


def test_without_both_key_files_the_advice_keeps_the_data(hospital: Hospital):
    (hospital.home.keys_folder / "slots.json").unlink()
    (hospital.home.path / "slots.copy").unlink()
    page = hospital.browser().get("/sign-in").text
    assert "has lost keys/slots.json. What it holds is still there." in page
    assert "make no new home in it" in page
    assert "downtime init" not in page
    assert "remove" not in page.lower()


def test_who_was_removed_is_not_let_in_by_the_copy_of_the_key_file(hospital: Hospital):
    from downtime.accounts import people

    signed_in = hospital.open()
    person = next(p for p in people.list_people(signed_in.vault) if p.username == "ward")
    people.disable_person(signed_in.vault, person.id, signed_in.actor, "left")
    signed_in.vault.close()
    (hospital.home.keys_folder / "slots.json").unlink()
    fields = {
        "username": "ward",
        "password": "correct horse battery staple",
        "code": hospital.code("ward"),
    }
    assert hospital.browser().post("/sign-in", fields).status_code == 401
