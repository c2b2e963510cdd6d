"""An outage with a few issued forms, somebody who keys and somebody who checks."""

import pytest

from downtime.accounts.model import Person
from downtime.accounts.store import accounts
from downtime.clinical.model import (
    DiagnosticReport,
    Encounter,
    Observation,
    Patient,
    ServiceRequest,
)
from downtime.entry import retire_forms
from downtime.outage import outages
from downtime.paper import move_form
from downtime.paper.forms.load_form import load_form
from downtime.paper.layout.model import FormLayout
from downtime.paper.model import FormDraft, Pack, Subject
from downtime.paper.serials import make_serial
from downtime.paper.store import issued_forms, layouts, packs
from downtime.plausibility_settings import PlausibilitySettings
from downtime.reconcile import decide_item, find_items
from downtime.reconcile.compare import run_comparison
from downtime.reconcile.harm import review
from downtime.reconcile.model import Decision
from downtime.settings import Settings
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.store import record_tables, snapshot_index
from downtime.vault import device
from downtime.vault.model import Actor
from tests.integration.keying_steps import see_through, submit_confirmed

KEEPER = Actor("u-9", "Kit Keeper", "laptop-1")
ANN = Subject(
    patient="p-ann",
    mrn="H100",
    nhs_number="9990000018",
    family="Hill",
    given="Ann",
    birth_date="1960-01-02",
    gender="female",
)
BOB = Patient(id="p-bob", mrn="H200", identifiers=("MR|DEMO|H200",), family="Stone", given="Bob")
HOSPITAL = (
    Patient(
        id="p-ann", mrn="H100", nhs_number="9990000018", identifiers=("MR|DEMO|H100",),
        family="Hill", given="Ann", birth_date="1960-01-02", gender="female",
    ),
    Encounter(
        id="e-ann", patient="p-ann", ward="A1", status="in-progress", kind="inpatient",
        started="2026-11-01T08:00:00Z", updated="2026-11-01T08:00:00Z",
    ),
    DiagnosticReport(id="d-old", patient="p-ann", collected="2026-11-02T08:00:00Z"),
    Observation(
        id="o-old", patient="p-ann", report="d-old", display="Potassium", value="4.0",
        units="mmol/L", status="final",
    ),
)  # fmt: skip
FBC_THERE = ServiceRequest(
    id="r-1", patient="p-ann", code="FBC", stage="received", filler="L77",
    collected="2026-11-02T13:55:00Z",
)  # fmt: skip
LIMS_SAYS = (
    DiagnosticReport(id="d-1", patient="p-ann", collected="2026-11-02T13:30:00Z"),
    Observation(
        id="o-1", patient="p-ann", report="d-1", display="Potassium", value="4.1", units="mmol/L",
        status="final",
    ),
)  # fmt: skip
"""What the recovered laboratory knows of the paper's request, and of the phoned result."""
SIGNED = {
    "author.name": "Sam Okoro",
    "author.role": "Staff nurse",
    "event.date": "2026-11-02",
    "event.time": "14:00",
}
BLOODS = SIGNED | {
    "priority": "urgent",
    "collected": "2026-11-02T13:50",
    "requester": "Dr Amin",
    "reason": "Bleeding",
    "test.fbc": "true",
    "test.ue": "true",
}
PHONED = SIGNED | {
    "department": "Blood sciences",
    "caller": "Jo Lab",
    "checked": "mrn",
    "test:1": "Potassium",
    "value:1": "6.10",
    "units:1": "mmol/L",
    "read-back:1": "true",
    "confirmed": "true",
}
OBSERVED = SIGNED | {
    "taken:1": "2026-11-02T13:00",
    "pulse:1": "88",
    "taken:2": "2026-11-02T13:55",
    "pulse:2": "92",
    "temperature:2": "38.10",
}
ADMITTED = SIGNED | {
    "family": "Novak",
    "given": "Petra",
    "birth-date": "1985-03-01",
    "gender": "female",
    "admitted": "2026-11-02T13:30",
    "kind": "emergency",
    "ward": "A1",
    "reason": "Abdominal pain",
    "allergy-status": "none",
}


LATER = "2026-11-02T14:31:00Z"
"""When the recovered hospital's snapshot was made."""


@pytest.fixture
def settings() -> Settings:
    """The defaults, with wards that no snapshot of these tests has a patient on."""
    return Settings(plausibility=PlausibilitySettings(wards=("B2", "C3")))


@pytest.fixture
def checker() -> Actor:
    return Actor("u-2", "Ben Records", "laptop-1")


@pytest.fixture
def t0(hold):
    """The snapshot of the outage's beginning: Ann Hill on ward A1, one old potassium."""
    return hold(1, HOSPITAL)


@pytest.fixture
def outage(vault, actor, t0):
    return outages.declare_systems_down(
        vault, ["LIMS"], actor, "power lost", known=("LIMS", "PAS"), snapshot=t0
    )


@pytest.fixture
def issue(vault, outage, actor):
    """Put forms into the ledger as a printed pack does; returns a function that gives a serial."""
    given = 0
    pack = Pack(
        id="pack-1", kind="ward", wards=("A1",), snapshot=outage.snapshot, outage=outage.id, drill=False,
        issued_by=actor.id, issued_name=actor.name, issued_at=vault.now(), pages=1, state="printed",
    )  # fmt: skip
    with vault.change(actor, "pack.print") as db:
        packs.insert_pack(db, pack)

    def one(form: str, subject: Subject = ANN, ward: str = "A1", made=None) -> str:
        nonlocal given
        given += 1
        made = made or load_form(form)
        number = make_serial("K7", given)
        draft = FormDraft(
            form=form, version=made.version, title=made.title, layout=made.digest, pages=1,
            returns=made.returns, subject=subject, ward=ward,
        )  # fmt: skip
        layout = FormLayout(form, made.version, made.title, made.digest, b"", (595.0, 842.0), ())
        with vault.change(actor, "form.print") as db:
            layouts.insert_layout(db, layout, made.source, vault.now())
            issued_forms.insert_forms(db, [(number, given, draft)], pack)
        return number

    return one


@pytest.fixture
def hold(vault):
    """`hold(n, records)` puts a snapshot in use, as loading a bundle does; returns its id."""

    def put(sequence: int, records, created: str = "2026-11-02T10:00:00Z") -> str:
        header = SnapshotHeader(
            hospital="DEMO", sequence=sequence, created=created, expires="2026-11-09T00:00:00Z",
            key="0123456789abcdef", time_zone="Europe/London", systems={"LIMS": created},
            counts={}, holds=(),
        )  # fmt: skip
        path = vault.home.snapshots_folder / f"{header.id}.db"
        record_tables.create_database(
            path, vault.derive_key(f"snapshot:{header.id}"), header, records
        )
        with vault.change(KEEPER, "snapshot.load") as db:
            snapshot_index.insert_entry(
                db, header, f"{sequence}.downtime", f"{sequence:064}", vault.now()
            )
        return header.id

    return put


@pytest.fixture
def keyed(vault, settings, issue, actor, checker):
    """`keyed(form, answers)`: a form keyed by one person and verified by another; its serial."""

    def one(form: str, answers: dict[str, str], subject: Subject = ANN) -> str:
        number = issue(form, subject)
        submit_confirmed(vault, settings, number, answers, actor)
        see_through(vault, settings, number, checker)
        return number

    return one


@pytest.fixture
def four(keyed):
    """`four(phoned)`: a request, a phoned result, observations and the admission of somebody without
    a hospital number are keyed; their serials by form."""

    def key(phoned: dict[str, str] = PHONED) -> dict[str, str]:
        return {
            "blood-sciences-request": keyed("blood-sciences-request", BLOODS),
            "phoned-result": keyed("phoned-result", phoned),
            "observations": keyed("observations", OBSERVED),
            "admission": keyed("admission", ADMITTED, Subject(downtime_number="DK700001X")),
        }

    return key


@pytest.fixture
def compare(vault, settings, hold, actor):
    """`compare(records)`: the recovered hospital's snapshot is compared with what was keyed."""

    def one(records=HOSPITAL, sequence: int = 2) -> run_comparison.ComparisonSummary:
        hold(sequence, records, LATER)
        return run_comparison.run_comparison(vault, settings, actor, "recovered")

    return one


@pytest.fixture
def return_all(vault, outage, checker):
    """`return_all()`: every item that may be returned is to be."""

    def decide_all() -> None:
        for row in find_items.list_items(vault, outage.id):
            if Decision.RETURN in row.allowed:
                decide_item.decide_item(vault, row.key, Decision.RETURN, checker, "not there")

    return decide_all


@pytest.fixture
def recovered(hold, outage):
    """The systems are back; nothing of the paper is there."""
    return hold(2, (*HOSPITAL, BOB), LATER)


ROLES = {"ward": "ward", "records": "records-supervisor", "safety": "site"}


@pytest.fixture
def identity(vault):
    """This machine's own; no other is trusted, so none is awaited."""
    return device.create_device(vault.home, vault.data_key, "K7", "records station")


@pytest.fixture
def leads(vault, actor):
    """Three people whose roles let them sign, by lead."""
    with vault.change(actor, "person.create") as db:
        for lead, role in ROLES.items():
            person = Person(f"u-{lead}", lead, lead.title(), role, "active", False)
            accounts.add_person(db, person, "", vault.now())
    return {lead: Actor(f"u-{lead}", lead.title(), "laptop-1") for lead in ROLES}


@pytest.fixture
def one_of_each(vault, settings, issue, keyed, compare, actor):
    """One form of each fate, LIMS back, one comparison; two requests wait for a decision."""
    keyed("blood-sciences-request", BLOODS)
    issue("blood-sciences-request")
    retire_forms.void_form(vault, issue("observations"), actor, "spoilt")
    retire_forms.mark_lost(vault, issue("observations"), actor, "not on the ward")
    move_form.mark_returned(vault, issue("progress-notes"), actor)
    outages.mark_restored(vault, ["LIMS"], actor, "back")
    compare()
    review.run_review(vault, settings, actor, "recovered")
