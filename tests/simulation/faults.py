"""What goes wrong in a simulated month beside the outage: clocks, twins, swapped numbers, empty forms, a laptop
put back from its backup, a laboratory that comes back late.

Each is noted in the truth as whoever stands beside it would: the statement has to say the same.
"""

import io
import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyrage

from downtime.accounts import homes
from downtime.clinical.model import Patient
from downtime.config import Home
from downtime.entry import confirm_empty
from downtime.entry.model import Task
from downtime.entry.open_form import open_form
from downtime.paper import ledger
from downtime.paper.model import IssuedForm
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.print_pack import print_pack
from downtime.reconcile.compare import run_comparison
from downtime.returns.statement.completeness_statement import gather_statement
from downtime.snapshot import local_snapshots
from downtime.vault import copied_home
from downtime.vault.back_up_home import back_up_home
from downtime.vault.restore_home import restore_home
from tests.integration.keying_steps import submit_checked
from tests.simulation import paper
from tests.simulation.machines import WHY, Machine
from tests.simulation.model import Simulation

EMPTY_SHARE = 0.06
"""Of the observation charts: nobody wrote on them, and they come back."""
TWIN_GIVEN = {"male": "Zebedee", "female": "Zenobia"}
"""No name of the demonstration's people."""
CONFLICT = ("conflict", "leave")
_PID = re.compile(rb"PID\|[^\r\n]*")


def add_twin(feeds: Path) -> None:
    """Somebody with the surname and birth date of a patient is known to the hospital too."""
    path = feeds / "pas/adt.hl7"
    content = path.read_bytes()
    pid = next(m[0] for m in _PID.finditer(content) if m[0].split(b"|")[8] in (b"M", b"F"))
    fields = pid.split(b"|")
    given = TWIN_GIVEN["male" if fields[8] == b"M" else "female"].encode()
    name = fields[5].split(b"^")
    number = fields[3].split(b"~")[0].split(b"^")
    number[0] = b"9" + number[0][1:] + b"9"
    twin = [*fields[:3], b"^".join(number), b"", b"^".join([name[0], given]), b"", *fields[7:9]]
    first = content[: content.index(b"\r")]
    head = first.split(b"|")
    head[8], head[9] = b"ADT^A28", b"TWIN0001"
    path.write_bytes(content + b"\r".join((b"|".join(head), b"|".join(twin))) + b"\r")


def write_wrong_numbers(s: Simulation, laptop: Machine) -> None:
    """Two blank forms: one bears the neighbour's number, one the number of the twin."""
    request = BlankForms(forms=(paper.REQUESTED,), copies=2, ward="AMU", numbered=False)
    with closing(local_snapshots.open_current_snapshot(laptop.vault)) as snapshot:
        printed = print_pack(
            laptop.vault, laptop.settings, request, laptop.actor, WHY, io.BytesIO(),
            snapshot=snapshot,
        )  # fmt: skip
        people = [row.patient for row in snapshot.list_inpatients("AMU")]
        first, second = s.dice("swapped", laptop.code).sample(people, 2)
        twin, sibling = _find_twins(list(snapshot.iterate_records("Patient")))
    swapped = [(first, second.mrn), (twin, sibling.mrn)]
    for form, (meant, number) in zip(_list_forms(laptop, printed.id), swapped, strict=True):
        sheet = s.truth.sheet(form.serial, form.ward, form.form, "")
        who = {
            "patient.name": f"{meant.family}, {meant.given}",
            "patient.born": meant.birth_date,
            "patient.gender": meant.gender,
            "patient.mrn": number,
        }
        written = paper.write(s.dice("written", sheet.serial), s.month, sheet, who)
        s.written.append(replace(written, slip={}))
        s.mistaken.append(s.written[-1])


def _list_forms(laptop: Machine, pack_id: str) -> list[IssuedForm]:
    return [form for form in ledger.list_pack_forms(laptop.vault, pack_id) if form.returns]


def _find_twins(people: list[Patient]) -> tuple[Patient, Patient]:
    """The twin and whose twin it is."""
    twin = next(person for person in people if person.given in TWIN_GIVEN.values())
    same = (p for p in people if (p.family, p.birth_date) == (twin.family, twin.birth_date))
    return twin, next(person for person in same if person.id != twin.id)


def enter_empty_forms(s: Simulation) -> None:
    """Who keys says that nobody wrote on them, and a second person looks at the paper."""
    vault, settings, staff = s.fleet.station.vault, s.fleet.station.settings, s.fleet.staff
    for sheet, signed in s.empties:
        entry = submit_checked(
            vault, settings, sheet.serial, signed, staff["clerk"], says_empty=True
        )
        assert entry.waits == Task.CONFIRM_EMPTY
        confirm_empty.confirm_empty(vault, settings, sheet.serial, staff["clerk2"])
        assert open_form(vault, sheet.serial).entry.state == "verified"
        sheet.fate, sheet.entered, sheet.verified = "returned", True, True
        s.clerks.file(sheet)


def put_back(s: Simulation, laptop: Machine) -> Machine:
    """A laptop's disk dies after it handed over: its backup of that day goes on, with numbers of a new block."""
    recovery, number = pyrage.x25519.Identity.generate(), s.fleet.laptops.index(laptop) + 1
    kept = back_up_home(laptop.vault, s.folder, laptop.actor, WHY, str(recovery.to_public()))
    laptop.vault.close()
    home = Home(s.folder / f"laptop-{number}-again")
    restore_home(kept.path, home, recovery)
    (home.path / "config.toml").write_text((s.folder / f"laptop-{number}/config.toml").read_text())
    clock, file = laptop.vault.clock, s.folder / f"laptop-{number}.unlock"
    opened = homes.open_with_file(home, laptop.settings, clock, file)
    restored = replace(laptop, vault=opened.vault, actor=opened.actor)
    laptops = tuple(restored if one is laptop else one for one in s.fleet.laptops)
    s.fleet = replace(s.fleet, laptops=laptops)
    assert copied_home.list_sentences(restored.vault), "whoever opens it hears that it was put back"
    s.truth.restored = laptop.code
    return restored


def compare_without_laboratory(s: Simulation) -> None:
    """The laboratory's data come later than the others': what is of it is held, and nothing is complete."""
    station, records = s.fleet.station, s.fleet.staff["records"]
    run_comparison.run_comparison(station.vault, station.settings, records, WHY)
    stated = gather_statement(station.vault, station.settings)
    s.truth.late_laboratory = stated.facts["open_kinds"].get("not-recovered", 0)
    assert stated.verdict == "NOT COMPLETE"
