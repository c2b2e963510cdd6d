"""Lives through vaults that take nothing, in a mount namespace of its own: `python -m … FOLDER PAGES STATE…`.

`FOLDER` holds a template of a home, its secrets and its unlock file; `PAGES` what was laid out
before. What went wrong is printed, and ends the process with 1.
"""

import json
import os
import shutil
import subprocess
import sys
import traceback
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

from downtime import cli
from downtime.config import Home
from downtime.paper import ledger
from downtime.paper.packs.print_context import PrintContext
from downtime.vault import database, write_access
from downtime.vault.model import Actor
from downtime.vault.store import audit_chain
from tests.conftest import share_pages
from tests.integration.web.conftest import Clock, Hospital
from tests.integration.web.test_ward import patient_page, words
from tests.night import by_night

KIB = 1024
ROOM = 20 * 1024 * KIB
"""Of the disk; what the home does not need is filled up."""
PAGES = ("/beds", "/beds/ward?ward=A1", "/tests", "/appointments", "/print", "/forms", "/numbers")
SENTENCES = {
    "full": "The disk of this computer is full.",
    "read-only": "The disk of this computer can only be read.",
    "locked": "Another program keeps the vault of this computer locked.",
    "damaged": "The vault of this computer is damaged",
    "first-page": "The vault of this computer is damaged",
    "missing": "The vault of this computer is missing",
    "no-identity": "This computer has lost its identity",
}
LOCK = """
import sys, time
from pathlib import Path
from downtime.vault.database import open_with_key
db = open_with_key(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))
db.execute("PRAGMA locking_mode = EXCLUSIVE")
db.execute("BEGIN EXCLUSIVE")
db.execute("CREATE TABLE IF NOT EXISTS other (x)")
print("locked", flush=True)
time.sleep(600)
"""


def main(folder: Path, pages: Path, states: list[str]) -> int:
    write_access.LOOK_AGAIN_SECONDS = 0
    database.BUSY_MILLISECONDS = 200
    share_pages(pages)
    failed = 0
    for state in states:
        try:
            live_through(state, folder)
        except Exception:
            sys.stdout.write(f"{state}:\n{traceback.format_exc()}")
            failed = 1
    return failed


def live_through(state: str, folder: Path) -> None:
    disk = folder / state
    disk.mkdir()
    mount("-t", "tmpfs", "-o", f"size={ROOM}", "downtime-test", str(disk))
    home = Home(shutil.copytree(folder / "home", disk / "home"))
    secrets = json.loads((folder / "secrets.json").read_text())
    hospital = Hospital(home, Clock(), secrets, folder / "unlock")
    STATES[state](hospital, disk)
    hospital.app.extensions["downtime"].vault_holder.release()


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def read_and_print(hospital: Hospital, state: str, browser=None) -> str:
    """All that a ward does without writing; the serial of what was printed is in the audit's queue."""
    browser = browser or hospital.browser("ward")
    sentence = SENTENCES[state]
    for path in PAGES:
        answer = browser.get(path)
        assert answer.status_code == 200, (path, answer.status_code, words(answer.text)[:500])
        assert sentence in answer.text, (path, words(answer.text)[:500])
    page = patient_page(browser, "91TEST/1000001")
    assert "SAMPLE, Ann" in page
    assert sentence in page
    printed = browser.post("/print/ward", {"ward": "A1"})
    assert printed.status_code == 200, words(printed.text)[:500]
    assert printed.data.startswith(b"%PDF"), words(printed.text)[:500]
    return browser


def refuse(browser, state: str) -> None:
    """What people enter is refused in the sentence of the state."""
    for path, fields in (
        ("/numbers", {"count": "1", "why": "stranger"}),
        ("/outages/declare", {"systems": "LIMS", "why": "power", "reason": "power"}),
    ):
        answer = browser.post(path, fields)
        assert answer.status_code in (403, 409), (path, answer.status_code)
        if answer.status_code == 409:
            assert SENTENCES[state] in answer.text
            assert "Nothing of this was saved." in answer.text


def write_again(hospital: Hospital, browser, state: str, packs: int = 1) -> None:
    """The disk answers: the banner goes, and what waited is in the audit and the ledger."""
    state_of_app = hospital.app.extensions["downtime"]
    with state_of_app.vault_holder.lend_vault() as vault:
        waited = [(change.at, str(change.action)) for change in vault.write_access.queue]
    assert {action for _, action in waited} >= {"session.sign-in", "pack.print", "pack.printed"}
    page = browser.get("/beds")
    assert SENTENCES[state] not in page.text, words(page.text)[:500]
    with state_of_app.vault_holder.lend_vault() as vault:
        entries = audit_chain.list_entries(vault.db, before=10_000, limit=1000)
        written = [(entry.at, entry.action) for entry in reversed(entries)]
        assert written[-1][1] == "queue.write", written[-3:]
        assert written[-1 - len(waited) : -1] == waited
        printed = ledger.list_packs(vault)
        assert len(printed) == packs, "no serial came twice, so that the ledger takes all of them"
        pack = printed[0]
        forms = ledger.list_pack_forms(vault, pack.id)
        assert pack.state == "printed"
        assert forms
        assert {len(form.serial) for form in forms} == {12}, "serials are from a block of their own"
        assert ledger.get_form(vault, forms[0].serial).pack == pack.id
    assert browser.get("/beds").status_code == 200
    assert browser.post("/numbers", {"count": "1", "why": "stranger"}).status_code in (200, 303)
    again = browser.post("/print/patient", {"patient": _find_patient(browser)})
    assert again.status_code == 303, "printing is a job again"


def _find_patient(browser) -> str:
    return browser.post("/find", {"text": "91TEST/1000003"}).location.rpartition("/")[2]


@contextmanager
def filled(disk: Path):
    """The disk without a byte left."""
    file = disk / "filling"
    with file.open("wb", buffering=0) as out:
        try:
            while out.write(bytes(KIB)):
                pass
        except OSError:
            pass
    yield
    file.unlink()


def live_full(hospital: Hospital, disk: Path) -> None:
    with filled(disk):
        browser = read_and_print(hospital, "full")
        refuse(browser, "full")
        blank = browser.post("/print/blank", {"form": "observations", "copies": "1"})
        assert blank.status_code == 200, words(blank.text)[:500]
    write_again(hospital, browser, "full", packs=2)
    with filled(disk):  # while people work: the log beside the vault needs room for each change
        answer = browser.post("/numbers", {"count": "1", "why": "stranger"})
        assert answer.status_code == 409, words(answer.text)[:500]
        assert SENTENCES["full"] in browser.get("/beds").text
    assert SENTENCES["full"] not in browser.get("/beds").text


def live_read_only(hospital: Hospital, disk: Path) -> None:
    """Once as it was closed, and once as a program that was killed left it, with a log beside it.

    What stands in that log only is read too: SQLite alone would leave it out (`immutable`).
    """
    opened = hospital.open().vault
    keep = disk / "as-it-was"
    shutil.copytree(hospital.home.path, keep)
    opened.close()
    (keep / "vault.db-shm").unlink()
    assert (keep / "vault.db-wal").stat().st_size
    mount("-o", "remount,ro", str(disk))
    browser = read_and_print(hospital, "read-only")
    refuse(browser, "read-only")
    hospital.app.extensions["downtime"].vault_holder.release()
    left = Hospital(Home(keep), hospital.clock, hospital.secrets, hospital.file)
    read_and_print(left, "read-only")
    with left.app.extensions["downtime"].vault_holder.lend_vault() as vault:
        assert vault.reads_copy
        newest = audit_chain.list_entries(vault.db, before=10_000, limit=1)
        assert newest[0].action == "session.open-file"
    left.app.extensions["downtime"].vault_holder.release()
    browser = read_and_print(hospital, "read-only")
    mount("-o", "remount,rw", str(disk))
    write_again(hospital, browser, "read-only")


def live_locked(hospital: Hospital, disk: Path) -> None:
    vault = hospital.open().vault
    key = vault.derive_key("vault").hex()
    vault.close()
    command = [sys.executable, "-c", LOCK, str(hospital.home.vault_file), key]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout
            assert other.stdout.readline() == b"locked\n"
            browser = read_and_print(hospital, "locked")
            refuse(browser, "locked")
        finally:
            other.kill()
    write_again(hospital, browser, "locked")


def live_damaged(hospital: Hospital, disk: Path) -> None:
    """A page in the middle is not as it was written: accounts or not, the ward goes on."""
    file = hospital.home.vault_file
    size = file.stat().st_size
    whole = file.read_bytes()
    pages = size // 4096
    step = max(1, pages // by_night(night=pages, day=2))
    for page in range(1, pages, step):
        content = bytearray(whole)
        content[page * 4096 + 100] ^= 0x40
        file.write_bytes(content)
        damaged = Hospital(hospital.home, hospital.clock, hospital.secrets, hospital.file)
        browser = damaged.browser()
        for _ in range(2):
            answer = browser.post(
                "/sign-in",
                {
                    "username": "ward",
                    "password": "correct horse battery staple",
                    "code": damaged.code("ward"),
                },
            )
            if answer.location == "/":
                break
        assert answer.location == "/", (page, words(answer.text)[:500])
        for path in (*PAGES, "/patients/x"):
            answer = browser.get(path)
            if answer.status_code == 303:
                answer = browser.get(answer.location)
            expected = 404 if path == "/patients/x" else 200
            assert answer.status_code == expected, (page, path, words(answer.text)[:600])
        assert "SAMPLE, Ann" in browser.get("/beds/ward?ward=A1").text
        printed = browser.post("/print/ward", {"ward": "A1"})
        assert printed.status_code in (200, 303), (page, words(printed.text)[:500])
        damaged.app.extensions["downtime"].vault_holder.release()
    content = bytearray(whole)
    content[100] ^= 0x40
    file.write_bytes(content)
    browser = read_and_print(hospital, "first-page")
    refuse(browser, "first-page")


def live_missing(hospital: Hospital, disk: Path) -> None:
    """Taken away while people work, and missing when the program begins."""
    browser = hospital.browser("ward")
    assert SENTENCES["missing"] not in browser.get("/beds").text
    away = disk / "away.db"
    hospital.home.vault_file.rename(away)
    refuse(browser, "missing")
    read_and_print(hospital, "missing", browser)
    hospital.app.extensions["downtime"].vault_holder.release()
    for suffix in ("-wal", "-shm"):
        hospital.home.vault_file.with_name(f"vault.db{suffix}").unlink(missing_ok=True)
    assert SENTENCES["missing"] in hospital.browser().get("/sign-in").text
    browser = read_and_print(hospital, "missing")
    refuse(browser, "missing")
    with hospital.app.extensions["downtime"].vault_holder.lend_vault() as vault:
        context = PrintContext(vault, hospital.settings, Actor("u", "U", "K7"), "")
        assert context.outage_label == "Outages not known"
    assert not hospital.home.vault_file.exists(), "nothing makes an empty vault"


def live_without_identity(hospital: Hospital, disk: Path) -> None:
    hospital.home.keys_folder.joinpath("device.json").rename(disk / "away.json")
    browser = read_and_print(hospital, "no-identity")
    refuse(browser, "no-identity")
    (disk / "away.json").rename(hospital.home.keys_folder / "device.json")
    write_again(hospital, browser, "no-identity")


def live_commands(hospital: Hospital, disk: Path) -> None:
    """Commands that read do their work and list what they could not write; others say why not."""
    mount("-o", "remount,ro", str(disk))
    out = disk.parent / "pack.pdf"
    for words_, code, said in (
        (["status"], 3, "Not in the audit nor the ledger"),
        (["packs", "list"], 0, "session.open-file"),
        (["pack", "A1", "--out", str(out)], 0, "pack.printed"),
        (["check"], 0, "session.open-file"),
        (["number", "issue", "1", "--reason", "stranger"], 1, "Nothing of this was saved."),
    ):
        errors = StringIO()
        with redirect_stderr(errors), redirect_stdout(TextIOWrapper(BytesIO())):
            command = ["--home", str(hospital.home.path), "--unlock-file", str(hospital.file)]
            done = cli.run([*command, *words_])
        assert done == code, (words_, done, errors.getvalue())
        assert SENTENCES["read-only"] in errors.getvalue(), (words_, errors.getvalue())
        assert said in errors.getvalue(), (words_, errors.getvalue())
    assert out.read_bytes().startswith(b"%PDF")


STATES = {
    "commands": live_commands,
    "full": live_full,
    "read-only": live_read_only,
    "locked": live_locked,
    "damaged": live_damaged,
    "missing": live_missing,
    "no-identity": live_without_identity,
}

if __name__ == "__main__":
    os._exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))  # the disks go as they are
