"""Small outages on three machines, each with faults of its own: the statement says what happened all the same.

Two laptops whose clocks are wrong, one of them put back from its backup; papers that bear the neighbour's
number or the twin's; papers on which nobody wrote; a laboratory whose data come late.
"""

import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

import pyrage
import pytest

from downtime.clinical.model import Patient
from downtime.config import Home
from downtime.entry import confirm_empty, retire_forms
from downtime.outage import outages
from downtime.paper.model import Subject
from downtime.paper.take_serials import take_serials
from downtime.reconcile import decide_item, find_items
from downtime.reconcile.compare import run_comparison
from downtime.reconcile.harm import review
from downtime.returns.statement.completeness_statement import gather_statement
from downtime.returns.statement.export_statement import export_statement
from downtime.sync.merge_bundle import merge_bundle
from downtime.vault import copied_home, device
from downtime.vault.back_up_home import back_up_home
from downtime.vault.model import MachineRole
from downtime.vault.restore_home import restore_home
from downtime.vault.vault import Vault
from tests.conftest import NOW
from tests.integration.keying_steps import see_through, submit_checked, submit_confirmed
from tests.integration.recovery.conftest import HOSPITAL, KEEPER, SIGNED
from tests.integration.sync.fleet import Machine
from tests.night import by_night
from tests.simulation.model import MonthClock, WrongClock
from tests.site import Site

from .test_random_outages import ANSWERS, ITEMS, read_verifier

OUTAGES = by_night(1_000, 3)
NAMES = (
    ("Ashworth", "Ann", "1960-01-02"), ("Baptiste", "Rose", "1948-11-23"), ("Cole", "Edith", "1971-05-30"),
    ("Dhillon", "Meera", "1990-02-14"), ("Ekwueme", "Grace", "1983-09-09"), ("Fairfax", "Joan", "1939-12-01"),
    ("Gupta", "Anita", "2001-07-17"), ("Hargreaves", "Lucy", "1995-03-28"), ("Ivanova", "Olga", "1966-10-05"),
    ("Jenkins", "Nia", "1977-06-21"),
)  # fmt: skip
PEOPLE = tuple(
    Patient(
        id=f"p-{n}", mrn=f"H3{n:02}", identifiers=(f"MR|DEMO|H3{n:02}",), family=family, given=given,
        birth_date=born, gender="female",
    )
    for n, (family, given, born) in enumerate(NAMES)
)  # fmt: skip
TWINS = tuple(
    replace(person, id=f"{person.id}-t", mrn=f"9{person.mrn}", given="Zenobia",
            identifiers=(f"MR|DEMO|9{person.mrn}",))
    for person in PEOPLE
)  # fmt: skip
WRONG_NUMBERS = ("neighbour", "twin")
"""Papers that bear the number of another living person."""
FATES = ("keyed", "keyed", "keyed", "empty", "void", "lost", *WRONG_NUMBERS)
BEFORE_RETURN, AFTER_RETURN = "2026-11-02T14:20:00Z", "2026-11-02T15:00:00Z"


@dataclass(frozen=True)
class Paper:
    """One paper, who holds it, and what truly becomes of it."""

    serial: str
    form: str
    fate: str
    on: Machine
    answers: dict[str, str]
    number: str
    """The hospital number that stands on it."""


class Laptop(Machine):
    """A laptop of a ward whose clock is wrong, always by as much."""

    def __init__(self, folder, code: str, clock: MonthClock, error: timedelta) -> None:
        super().__init__(folder / code, code, WrongClock(clock, error))
        self.home.config_file.write_text("")

    def take_serial(self, db):
        ((serial, position),) = take_serials(self.vault, db, self.code, 1)
        return serial, position

    def put_back(self, folder) -> None:
        """Its disk dies after it was backed up: the backup goes on, with serials of a new block."""
        recovery = pyrage.x25519.Identity.generate()
        kept = back_up_home(self.vault, folder, self.clerk, "each week", str(recovery.to_public()))
        self.vault.close()
        self.home = Home(folder / f"{self.code}-again")
        restore_home(kept.path, self.home, recovery)
        self.vault = Vault(self.home, self.data_key, self.clock)
        copied_home.check_at_opening(self.vault)
        assert copied_home.list_sentences(self.vault), "whoever opens it hears that it was put back"


@pytest.fixture
def clock():
    """Passes when the test says so."""
    return MonthClock(NOW)


@pytest.fixture
def laptops(vault, outage, clock, tmp_path, chance):
    """Two, which the station believes; they are down as it is."""
    device.create_device(vault.home, vault.data_key, "RS", "records station")
    errors = chance.sample((-9, -7, -4, 3, 4, 8), 2)
    made = [
        Laptop(tmp_path, code, clock, timedelta(minutes=error))
        for code, error in zip(("M3", "P9"), errors, strict=True)
    ]
    site = Site().enrol(vault, MachineRole.RECORDS_STATION)
    for machine in made:
        site.enrol(machine.vault, MachineRole.WARD_LAPTOP)
        machine.declare()
    yield made
    for machine in made:
        machine.vault.close()


@pytest.fixture
def seed(request):
    return request.param


@pytest.fixture
def chance(seed):
    return random.Random(seed)


@pytest.fixture
def hand_over(vault, settings, laptops, checker, chance):
    """`hand_over()`: both do, in any order, one of them perhaps twice."""

    def all_of_them() -> None:
        order = [*laptops, *chance.sample(laptops, chance.randint(0, 1))]
        chance.shuffle(order)
        for machine in order:
            sealed = machine.export(_Station)
            merge_bundle(vault, settings, sealed.data, checker, "evening")

    return all_of_them


class _Station:
    code = "RS"


@pytest.fixture
def write(settings, laptops, chance):
    """`write(n)`: the n-th person's paper is printed and written on; some are keyed on the laptop."""

    def one(n: int) -> Paper:
        machine, form, fate = (
            chance.choice(laptops),
            chance.choice(list(ANSWERS)),
            chance.choice(FATES),
        )
        person, other = PEOPLE[n], TWINS[n] if fate == "twin" else PEOPLE[n - 1]
        printed = Subject(
            patient=person.id, mrn=person.mrn, family=person.family, given=person.given,
            birth_date=person.birth_date, gender=person.gender,
        )  # fmt: skip
        written = {
            "patient.name": f"{person.family}, {person.given}", "patient.mrn": other.mrn,
            "patient.born": person.birth_date, "patient.gender": person.gender,
        }  # fmt: skip
        is_mistaken = fate in WRONG_NUMBERS
        serial = machine.issue(
            Subject() if is_mistaken else printed, chance.choice(("A1", "B2")), form
        )
        answers = ANSWERS[form] | (written if is_mistaken else {})
        paper = Paper(
            serial, form, fate, machine, answers, other.mrn if is_mistaken else person.mrn
        )  # fmt: skip
        if chance.random() < 0.3:
            become(paper, machine.vault, settings, machine.clerk)
            paper = replace(paper, on=None)
        return paper

    return one


def become(paper: Paper, vault, settings, actor) -> None:
    """What is done with a paper, on whichever machine."""
    if paper.fate == "void":
        retire_forms.void_form(vault, paper.serial, actor, "spoilt")
    elif paper.fate == "lost":
        retire_forms.mark_lost(vault, paper.serial, actor, "not found")
    elif paper.fate == "empty":
        submit_checked(vault, settings, paper.serial, SIGNED, actor, says_empty=True)
    else:
        submit_confirmed(vault, settings, paper.serial, paper.answers, actor)


@pytest.mark.parametrize("seed", range(OUTAGES), indirect=True)
def test_the_statement_says_what_happened_in_spite_of_faults(
    vault,
    settings,
    clock,
    outage,
    hold,
    laptops,
    hand_over,
    write,
    actor,
    checker,
    chance,
    tmp_path,
):
    papers = [write(n) for n in range(chance.randint(1, 5))]
    hand_over()
    if chance.random() < 0.5:
        laptops[0].put_back(tmp_path)
    papers += [write(n) for n in range(5, chance.randint(6, 10))]
    for machine in laptops:
        outages.mark_restored(machine.vault, ["LIMS"], machine.clerk, "back")
    outages.mark_restored(vault, ["LIMS"], actor, "back")
    clock.now += timedelta(hours=1)
    hand_over()
    for paper in papers:
        if paper.on:
            become(paper, vault, settings, actor)
        if paper.fate == "empty":
            confirm_empty.confirm_empty(vault, settings, paper.serial, checker)
        elif paper.fate not in ("void", "lost"):
            see_through(vault, settings, paper.serial, checker)

    entered = [paper for paper in papers if paper.fate not in ("void", "lost")]
    said = [paper for paper in entered if paper.fate != "empty"]
    if chance.random() < 0.5:
        hold(2, (*HOSPITAL, *PEOPLE, *TWINS), BEFORE_RETURN)
        run_comparison.run_comparison(vault, settings, actor, "too early")
        requests = [p for p in said if p.form == "blood-sciences-request"]
        expected = sum(ITEMS[paper.form] for paper in requests)
        assert stated(vault, settings)["not-recovered"] == expected
    hold(3, (*HOSPITAL, *PEOPLE, *TWINS), AFTER_RETURN)
    run_comparison.run_comparison(vault, settings, actor, "recovered")
    review.run_review(vault, settings, actor, "looked")
    open_kinds = stated(vault, settings)
    fates = {paper.serial: paper.fate for paper in papers}
    numbers = Counter(paper.number for paper in said)
    assert open_kinds == +Counter(undecided=sum(ITEMS[paper.form] for paper in said))
    for row in find_items.list_items(vault, outage.id):
        fate = fates[row.item.fact.serial]
        # A paper with a wrong number may ask for the same of the one who bears it.
        is_named_too = numbers[row.item.person.mrn] > 1
        assert (row.item.state == "conflict") == (fate in WRONG_NUMBERS) or is_named_too
        assert row.item.needs_second_person or fate != "neighbour"
        for person in (checker, KEEPER)[: 1 + row.item.needs_second_person] if row.is_open else ():
            decide_item.decide_item(vault, row.key, "leave", person, "looked")

    statement = gather_statement(vault, settings)
    assert statement.facts["open"] == []
    assert statement.verdict == "COMPLETE"
    total, count = statement.facts["forms_total"], Counter(paper.fate for paper in papers)
    assert (total["issued"], total["void"], total["lost"]) == (
        len(papers), count["void"], count["lost"],
    )  # fmt: skip
    assert total["returned"] == len(entered)
    file = tmp_path / "statement.json"
    file.write_bytes(export_statement(vault, statement))
    assert read_verifier()(file).startswith("COMPLETE at ")


def stated(vault, settings) -> Counter:
    """What is open by kind, each thing once."""
    counted = Counter()
    for line in gather_statement(vault, settings).facts["open"]:
        counted[line["kind"]] += len(line["names"]) or 1
    return counted
