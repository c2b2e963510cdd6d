"""A records team's vault after weeks of outage: 14,000 forms of 40 wards, 100,000 appointments."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import reconcile as base
from _records import PASSWORD, WHO, now
from sqlite_utils import Database

from downtime.accounts import people
from downtime.accounts.homes import create_home, open_with_file
from downtime.clinical.model import Encounter, Record, ServiceRequest
from downtime.clock import to_text
from downtime.config import Home, load_settings
from downtime.demo.settings import settings_text
from downtime.entry.model import Entry, EntryState, Task
from downtime.entry.store import entries as entry_store
from downtime.outage import outages
from downtime.paper.forms.load_form import load_form
from downtime.paper.layout.model import FormLayout
from downtime.paper.model import FormDraft, FormState, Pack, Subject
from downtime.paper.serials import make_serial
from downtime.paper.store import issued_forms as paper_store
from downtime.paper.store import layouts, packs
from downtime.reconcile.compare import run_comparison
from downtime.reconcile.harm import review
from downtime.settings import Settings
from downtime.vault.vault import Vault

FORMS, WARDS = 14_000, tuple(f"W{number:02}" for number in range(1, 41))
CHEAP = "\n[accounts]\nargon2_memory_kib = 64\nargon2_time_cost = 1\nargon2_parallelism = 1\n"
KINDS = ("observations", "blood-sciences-request", "appointment-change", "progress-notes")
LATE_REQUESTS = 3_000


class Stage(NamedTuple):
    """A share of all forms, and how far they have come."""

    percent: int
    state: FormState
    entry: EntryState | None = None
    waits: Task = Task.NONE


STAGES = (
    Stage(12, FormState.ISSUED),
    Stage(4, FormState.COLLECTED),
    Stage(18, FormState.RETURNED),
    Stage(8, FormState.KEYED, EntryState.ENTERED, Task.KEY_AGAIN),
    Stage(6, FormState.KEYED, EntryState.ENTERED, Task.COMPARE),
    Stage(46, FormState.VERIFIED, EntryState.VERIFIED),
    Stage(4, FormState.VOID),
    Stage(2, FormState.LOST),
)


def make_desk(folder: Path, forms: int = FORMS) -> tuple[Home, str]:
    """The vault, compared and looked through for harm; its home and a supervisor's secret."""
    home, unlock = Home(folder / "home"), folder / "unlock"
    create_home(home, now, device_code="K7", unlock_file=unlock, password=PASSWORD,
                settings_text=settings_text("large") + CHEAP)  # fmt: skip
    settings = load_settings(home.config_file)
    with closing(open_with_file(home, settings, now, unlock).vault) as vault:
        _live_through(vault, settings, forms)
        secret = people.create_person(
            vault, settings, "desk", "Dana Desk", "records-supervisor", PASSWORD, WHO, "bench",
            initial=False,
        ).totp_secret  # fmt: skip
    return home, secret


def _live_through(vault: Vault, settings: Settings, forms: int) -> None:
    t0 = base._hold(vault, 1, _hospital(recovered=False))
    outage = outages.declare_systems_down(
        vault, ["LIMS"], WHO, "bench", known=settings.systems.names, snapshot=t0
    )
    _print_and_key(vault, outage.id, forms)
    outages.mark_restored(vault, ["LIMS"], WHO, "back")
    base._hold(vault, 2, _hospital(recovered=True))
    run_comparison.run_comparison(vault, settings, WHO, "bench")
    review.run_review(vault, settings, WHO, "bench")


def _hospital(*, recovered: bool) -> Iterator[Record]:
    for n, record in enumerate(base._records(recovered=recovered)):
        is_stay = isinstance(record, Encounter)
        yield replace(record, ward=WARDS[n % len(WARDS)]) if is_stay else record
    for n in range(LATE_REQUESTS):
        yield ServiceRequest(
            id=f"late{n}", patient=f"p{n % base.INPATIENTS:06}", code="CRP", stage="requested",
            placer=f"E{n}", authored=to_text(now() - timedelta(hours=6)),
        )  # fmt: skip


def _print_and_key(vault: Vault, outage: str, number: int) -> None:
    pack = Pack(
        id="K7-desk", kind="ward", wards=WARDS, snapshot="", outage=outage, drill=False,
        issued_by=WHO.id, issued_name=WHO.name, issued_at=vault.now(), pages=1, state="printed",
    )  # fmt: skip
    definitions = {name: load_form(name) for name in KINDS}
    with vault.change(WHO, "pack.print") as db:
        packs.insert_pack(db, pack)
        for form in definitions.values():
            layout = FormLayout(
                form.name, form.version, form.title, form.digest, b"", (595.0, 842.0), ()
            )
            layouts.insert_layout(db, layout, form.source, vault.now())
        drafts = []
        for n in range(number):
            form = definitions[KINDS[n % len(KINDS)]]
            patient = f"{n % base.INPATIENTS:06}"
            subject = Subject(
                patient=f"p{patient}", mrn=f"H{patient}", family=f"Surname{patient}",
                given="Given", birth_date="1960-01-02",
            )  # fmt: skip
            draft = FormDraft(
                form=form.name, version=form.version, title=form.title, layout=form.digest,
                pages=1, returns=True, subject=subject, ward=WARDS[n // 7 % len(WARDS)],
            )  # fmt: skip
            drafts.append((make_serial("K7", n + 1), n + 1, draft))
        paper_store.insert_forms(db, drafts, pack)
        for n, (serial, _, draft) in enumerate(drafts):
            _bring_to(vault, db, outage, n, serial, draft)


def _bring_to(
    vault: Vault, db: Database, outage: str, n: int, serial: str, draft: FormDraft
) -> None:
    stage = _stage_of(n)
    at = to_text(now() - timedelta(minutes=120 + 3 * n))
    db.conn.execute(
        "UPDATE form_issue SET state = ?, changed_at = ? WHERE serial = ?",
        (str(stage.state), at, serial),
    )
    if stage.entry is None:
        return
    answers = {"author.name": "Sam Okoro", "author.role": "Nurse", **_answers(n, draft.form)}
    entry_store.save_entry(
        db,
        Entry(
            serial=serial, form=draft.form, version=draft.version, state=stage.entry, outage=outage,
            answers=answers, event=at, author="Sam Okoro", author_role="Nurse",
            transcriber=f"u-{n % 9}", transcriber_name=f"Clerk {n % 9}", entered=at, changed=at,
            ward=draft.ward, waits=stage.waits,
            verifier="u-x" if stage.entry == EntryState.VERIFIED else "",
            verifier_name="Vera Check" if stage.entry == EntryState.VERIFIED else "",
            verified=at if stage.entry == EntryState.VERIFIED else "",
        ),
    )  # fmt: skip


def _stage_of(n: int) -> Stage:
    place = n * 37 % 100
    for stage in STAGES:
        place -= stage.percent
        if place < 0:
            return stage
    raise ValueError("the stages are less than all")


def _answers(n: int, form: str) -> dict[str, str]:
    then = now() - timedelta(minutes=120 + 3 * n)
    if form == "observations":
        return {
            "taken:1": f"{then:%Y-%m-%dT%H:%M}", "respirations:1": "16", "pulse:1": str(60 + n % 50),
            "systolic:1": "120", "temperature:1": "37.2",
        }  # fmt: skip
    if form == "blood-sciences-request":
        return {
            "priority": "routine", "collected": f"{then:%Y-%m-%dT%H:%M}", "requester": "Dr Amin",
            "reason": "Unwell", f"test.{base.TESTS[n % 5].lower()}": "true",
        }  # fmt: skip
    if form == "appointment-change":
        return {
            "action": "cancelled", "asked-by": "outage", "old-clinic": "Fracture",
            "old-start": base._slot(n).replace("Z", "")[:16], "reason": "Systems down",
        }  # fmt: skip
    return {}
