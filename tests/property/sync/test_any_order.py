"""Any order and any repetition of bundles of several laptops gives the station the same rows."""

import shutil
from contextlib import suppress
from copy import copy
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from downtime.config import Home
from downtime.entry import retire_forms, send_back_entry
from downtime.entry.duplicate_entries import find_duplicate_entries
from downtime.entry.queries import ask_query
from downtime.errors import UserError
from downtime.outage import outages
from downtime.paper import ledger, move_form
from downtime.sync.laptop_reports import report_laptops
from downtime.vault.vault import Vault
from tests.closing import close_outage
from tests.integration.keying_steps import key_again
from tests.integration.sync.fleet import SETTINGS, Machine
from tests.night import by_night
from tests.site import enrol_all

TABLES = (
    "pack", "form_layout", "form_issue", "form_content", "form_move", "outage", "outage_system",
    "outage_elsewhere", "downtime_number", "entry", "entry_past", "entry_second", "entry_check",
    "entry_elsewhere", "entry_taken", "query_step", "laptop_audit", "laptop_person",
)  # fmt: skip
LAPTOPS = ("K7", "M3")
ACTS = (
    "issue", "collected", "returned", "void", "lost", "key", "key", "verify", "send_back",
    "ask", "number", "close", "hand over", "pass on", "pass on",
)  # fmt: skip
STORY = st.lists(
    st.tuples(st.sampled_from(LAPTOPS), st.sampled_from(ACTS), st.integers(0, 3)),
    min_size=4,
    max_size=30,
)


def act(laptop: Machine, other: Machine, station: Machine, name: str, which: int):
    """One thing that happens on a laptop; a bundle for the station when it hands over."""
    vault, clerk = laptop.vault, laptop.clerk
    if name == "issue":
        laptop.issue()
    elif name == "number":
        laptop.issue_number()
    elif name == "hand over":
        return laptop.export(station)
    elif name == "pass on":
        other.merge(laptop.export(other))
        other.issued += [n for n in laptop.issued if n not in other.issued]
    elif name == "close":
        now = outages.find_current(vault)
        outages.mark_restored(vault, now.down, clerk, "back")
        close_outage(vault, now.id, clerk, "done")
        laptop.declare("PAS")
    else:
        move(laptop, name, laptop.issued[which % len(laptop.issued)])
    return None


def move(laptop: Machine, name: str, serial: str) -> None:
    vault, clerk = laptop.vault, laptop.clerk
    moves = {
        "collected": lambda: move_form.mark_collected(vault, serial, clerk),
        "returned": lambda: move_form.mark_returned(vault, serial, clerk),
        "void": lambda: retire_forms.void_form(vault, serial, clerk, "spoilt"),
        "lost": lambda: retire_forms.mark_lost(vault, serial, clerk, "searched"),
        "key": lambda: laptop.key(serial, str(60 + laptop.clock.now.minute)),
        "verify": lambda: key_again(vault, SETTINGS, serial, laptop.checker),
        "ask": lambda: ask_query.ask_query(vault, SETTINGS, serial, "pulse:1", "why?", clerk),
        "send_back": lambda: send_back_entry.send_back(vault, serial, laptop.checker, "wrong"),
    }
    moves[name]()


def rows(vault: Vault):
    return {
        table: sorted(
            tuple(map(repr, row.values())) for row in vault.db.query(f"SELECT * FROM {table}")
        )
        for table in TABLES
    }


class Stations:
    """The same station before it took anything, as often as it is wanted."""

    def __init__(self, made: Machine, folder: Path) -> None:
        made.vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self.made, self.folder, self.n = made, folder, 0

    def outcome(self, bundles):
        """All rows, and what is derived from them, after taking these in this order."""
        self.n += 1
        home = self.folder / f"copy-{self.n}"
        shutil.copytree(self.made.home.path, home)
        fresh = Machine.__new__(Machine)
        fresh.__dict__ |= self.made.__dict__
        fresh.vault = Vault(Home(home), self.made.data_key, self.made.clock)
        for sealed in bundles:
            fresh.merge(sealed)
        outage = outages.find_current(fresh.vault)
        awaited = [
            (r.device, r.sequence, r.is_complete, r.explanation)
            for r in report_laptops(fresh.vault, outage)
        ]
        pairs = [(d.serial, d.elsewhere.device) for d in find_duplicate_entries(fresh.vault.db)]
        found = rows(fresh.vault), awaited, pairs, ledger.count_forms(fresh.vault, outage.id)
        fresh.vault.close()
        return found


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    """Homes of the station and two laptops, copied for each story."""
    folder = tmp_path_factory.mktemp("fleet")
    made = {code: Machine(folder / code, code) for code in ("RS", *LAPTOPS)}
    enrol_all(*(machine.vault for machine in made.values()))
    for machine in made.values():
        machine.declare()
        machine.issue()
        machine.vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    yield made
    for machine in made.values():
        machine.vault.close()


def copied(made: Machine, folder: Path) -> Machine:
    shutil.copytree(made.home.path, folder)
    fresh = Machine.__new__(Machine)
    fresh.__dict__ |= made.__dict__
    fresh.home, fresh.issued = Home(folder), list(made.issued)
    fresh.clock = copy(made.clock)  # else it goes on from where another story left it
    fresh.vault = Vault(fresh.home, made.data_key, fresh.clock)
    return fresh


@settings(deadline=None, max_examples=by_night(30, 8), suppress_health_check=list(HealthCheck))
@given(story=STORY, random=st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(templates, story, random):
    with TemporaryDirectory() as name:
        folder = Path(name)
        station = copied(templates["RS"], folder / "RS")
        laptops = {code: copied(templates[code], folder / code) for code in LAPTOPS}
        bundles = []
        for code, what, which in story:
            other = laptops[LAPTOPS[1 - LAPTOPS.index(code)]]
            with suppress(UserError):
                bundles.append(act(laptops[code], other, station, what, which))
        bundles = [b for b in bundles if b] + [one.export(station) for one in laptops.values()]
        stations = Stations(station, folder)
        expected = stations.outcome(bundles)
        shuffled = bundles + random.choices(bundles, k=3)
        random.shuffle(shuffled)
        assert stations.outcome(shuffled) == expected
        for machine in (station, *laptops.values()):
            machine.vault.close()


def test_every_order_of_a_story_in_which_all_of_them_matter(templates, tmp_path):
    """One form keyed, passed on, moved on the other laptop, and corrected on the first meanwhile."""
    station = copied(templates["RS"], tmp_path / "RS")
    k7, m3 = (copied(templates[code], tmp_path / code) for code in LAPTOPS)
    first, second = k7.issued[0], k7.issue()
    k7.key(first, "70")
    early = k7.export(station)
    m3.merge(k7.export(m3))
    retire_forms.mark_lost(m3.vault, second, m3.clerk, "searched")
    key_again(m3.vault, SETTINGS, first, m3.checker)
    passed = m3.export(station)
    k7.clock.now += timedelta(hours=1)
    send_back_entry.send_back(k7.vault, first, k7.checker, "wrong")
    k7.key(first, "71")
    retire_forms.void_form(k7.vault, second, k7.clerk, "spoilt")
    late = k7.export(station)
    stations = Stations(station, tmp_path)
    bundles = (early, passed, late)
    outcomes = [stations.outcome(order) for order in permutations(bundles)]
    assert all(outcome == outcomes[0] for outcome in outcomes)
    held = {form[0]: form for form in outcomes[0][0]["form_issue"]}
    assert "'lost'" in held[repr(second)]
    for machine in (station, k7, m3):
        machine.vault.close()
