"""A hospital whose paper has come back, its people, and `downtime serve` before them."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from downtime.accounts import people
from downtime.clinical.model import Patient
from downtime.clock import to_text
from downtime.config import Home
from downtime.demo.feeds import write_feeds
from downtime.entry.model import Entry, EntryState
from downtime.entry.store import entries as entry_store
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.outage import outages
from downtime.paper import serials
from downtime.paper.forms.load_form import load_form
from downtime.paper.layout.template_layout import form_layout
from downtime.paper.model import FormDraft, FormState, Pack, Subject, make_subject
from downtime.paper.store import issued_forms as paper_store
from downtime.paper.store import layouts, packs
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

FORM = "blood-sciences-request"
PASSWORD = "correct horse battery staple"  # noqa: S105 - of people who live as long as this run
WHO = Actor("u-bench", "Bench Mark", "K7")


def now() -> datetime:
    """The time in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def answers_of(reason: str) -> dict[str, str]:
    then = now() - timedelta(hours=1)
    return {
        "priority": "urgent",
        "collected": f"{then:%d%m%y %H%M}",
        "requester": "Dr Amin",
        "reason": reason,
        "test.fbc": "true",
        "test.ue": "true",
        "author.name": "Sam Okoro",
        "author.role": "Staff nurse",
        "event.date": f"{then:%d%m%y}",
        "event.time": f"{then:%H%M}",
        "changed": "",
    }


def hospital(
    vault: Vault, settings: Settings, folder: Path, entered: int, waiting: int
) -> list[str]:
    """A hospital before and after an outage, its forms entered; the serials that wait to be keyed."""
    at, yesterday = now(), to_text(now() - timedelta(days=1))
    for phase in ("before", "after"):
        write_feeds(folder / phase, "small", 7, phase, at)
        built = publish_snapshot(vault, settings, [folder / phase], folder / f"out-{phase}", WHO)
        receive_snapshot(vault, settings, built.bundle, WHO)
        if phase == "before":
            outage = outages.declare_systems_down(
                vault, ["LIMS"], WHO, "bench", known=settings.systems.names,
                snapshot=built.header.id,
            )  # fmt: skip
    with closing(local_snapshots.open_current_snapshot(vault)) as snapshot:
        people_ = [p for p in snapshot.iterate_records("Patient") if isinstance(p, Patient)]
        there = [row for row in snapshot.list_inpatients() if row.encounter.started < yesterday]
    subjects = [make_subject(patient) for patient in people_]
    lying_there = [
        make_subject(row.patient) for row in there
    ]  # whose stay nothing keyed is outside
    done = _issue(vault, outage.id, subjects, 1, entered, FormState.VERIFIED)
    _enter(vault, outage.id, done, len(subjects))
    return _issue(vault, outage.id, lying_there, entered + 1, waiting, FormState.RETURNED)


def _issue(
    vault: Vault, outage: str, subjects: list[Subject], first: int, count: int, state: str
) -> list[str]:
    form = load_form(FORM)
    layout = form_layout(form, "Hospital No.")
    pack = Pack(
        id=f"K7-{state}", kind="ward", wards=("A1",), snapshot="", outage=outage, drill=False,
        issued_by=WHO.id, issued_name=WHO.name, issued_at=vault.now(), pages=1, state="printed",
    )  # fmt: skip
    numbered = [
        (
            serials.make_serial("K7", position),
            position,
            FormDraft(
                form=form.name, version=form.version, title=form.title, layout=layout.digest,
                pages=1, returns=True, subject=subjects[position % len(subjects)], ward="A1",
            ),
        )
        for position in range(first, first + count)
    ]  # fmt: skip
    with vault.change(WHO, "pack.print") as db:
        packs.insert_pack(db, pack)
        layouts.insert_layout(db, layout, form.source, vault.now())
        paper_store.insert_forms(db, numbered, pack)
        db.conn.execute("UPDATE form_issue SET state = ? WHERE pack = ?", [state, pack.id])
    return [serial for serial, _, _ in numbered]


def _enter(vault: Vault, outage: str, serials_: list[str], people_: int) -> None:
    """Keyed forms of so many people in turn; samples of one person are 45 minutes apart."""
    at, event = vault.now(), to_text(now() - timedelta(minutes=30))
    answers = {key: text for key, text in answers_of("Bleeding").items() if key != "changed"}
    answers |= {"event.date": event[:10], "event.time": event[11:16]}
    with vault.change(WHO, "entry.submit") as db:
        for place, serial in enumerate(serials_):
            taken = now() - timedelta(hours=1, minutes=45 * (place // people_))
            form_answers = answers | {"collected": f"{taken:%Y-%m-%dT%H:%M}"}
            entry = Entry(
                serial=serial, form=FORM, version="1", state=EntryState.VERIFIED, outage=outage,
                answers=form_answers, event=event, author="Sam Okoro", author_role="Staff nurse",
                transcriber=WHO.id, transcriber_name=WHO.name, entered=at, verified=at,
                changed=at, ward="A1",
            )  # fmt: skip
            entry_store.save_entry(db, entry)


def clerks(vault: Vault, settings: Settings, number: int) -> dict[str, str]:
    """The secret of each clerk's one-time code by username, the records supervisor's last."""
    names = [f"clerk{position:02}" for position in range(number)]
    accounts = {}
    for name, role in [*((n, "records-clerk") for n in names), ("records", "records-supervisor")]:
        credentials = people.create_person(
            vault, settings, name, f"{name.title()} Bench", role, PASSWORD, WHO, "bench",
            initial=False,
        )  # fmt: skip
        accounts[name] = credentials.totp_secret
    return accounts


@contextmanager
def served(home: Home) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """`downtime serve` in a process of its own, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from downtime.cli import main; main()"]
    server = subprocess.Popen([*command, "serve", "--home", str(home.path), "--port", str(port)])
    try:
        for _ in range(900):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port, server
    finally:
        server.terminate()
        server.wait()
