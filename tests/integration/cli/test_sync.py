"""Two machines on the command line: a laptop hands over, the station takes, books and lists."""

import io
import re

import pytest

from downtime import config
from downtime.accounts import homes
from downtime.config import Home
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.print_pack import print_pack
from downtime.vault.model import MachineRole
from tests.integration.cli.conftest import BEGINS, PASSWORD, Clock, Terminal
from tests.site import Site


@pytest.fixture(scope="module")
def machines(tmp_path_factory, settings_file):
    """A laptop that printed blanks in an outage, and a station of one site."""
    folder = tmp_path_factory.mktemp("gathering")
    clock = Clock(BEGINS)
    made = {}
    for code in ("K7", "RS"):
        init = ("--settings", settings_file, "--device", code, "--unlock-file", f"{code}.key")
        people = Terminal(folder, clock)
        people.learn(Terminal(folder, clock, "--home", code).ok("init", *init))
        made[code] = Terminal(folder, clock, "--home", code, "--unlock-file", f"{code}.key")
        made[code].ok("outage", "declare", "LIMS", "--reason", "ransomware")
    enrol_machines(folder, clock)
    people.choose_password("RS", "admin", PASSWORD)
    add = ("person", "add", "clerk", "Ann Records", "--role", "records-clerk", "--reason", "new")
    people.learn(people.ok("--home", "RS", *add, stdin=people.signed_in("admin")))
    people.choose_password("RS", "clerk", PASSWORD)
    add = ("person", "add", "super", "Rita Lead", "--role", "records-supervisor", "--reason", "new")
    people.learn(people.ok("--home", "RS", *add, stdin=people.signed_in("admin")))
    people.choose_password("RS", "super", PASSWORD)
    (folder / "stick").mkdir()

    def clerk(*words, stdin=(), by="clerk"):
        typed = people.signed_in(by, *stdin)
        return people.run(*words, "--home", "RS", stdin=typed)

    return folder, clerk, made["K7"], made["RS"]


def enrol_machines(folder, clock):
    """One site, with a ward laptop and a records station."""
    site = Site()
    roles = {"K7": MachineRole.WARD_LAPTOP, "RS": MachineRole.RECORDS_STATION}
    for code, role in roles.items():
        settings = config.load_settings(Home(folder / code).config_file)
        key = folder / f"{code}.key"
        site.enrol(homes.open_with_file(Home(folder / code), settings, clock, key).vault, role)
    for vault in site.vaults.values():
        vault.close()


def print_blanks(home, key, clock):
    """What a ward prints on the screen: three blank charts."""
    settings = config.load_settings(Home(home).config_file)
    opened = homes.open_with_file(Home(home), settings, clock, key)
    print_pack(
        opened.vault,
        settings,
        BlankForms(forms=("observations",), copies=3, ward="A1"),
        opened.actor,
        "test",
        io.BytesIO(),
    )
    opened.vault.close()


@pytest.fixture(scope="module")
def gathered(machines):
    """The serials of the laptop's blanks, once the station has taken them."""
    folder, _, laptop, station = machines
    print_blanks(folder / "K7", folder / "K7.key", laptop.clock)
    sealed = laptop.ok("sync", "export", "--to", "stick")
    (taken,) = station.ok("sync", "merge", sealed["bundle"])
    assert (taken["device"], taken["news"], taken["unjoined_outages"]) == ("K7", True, [])
    return [row["serial"] for row in station.ok("ledger", "list")], sealed


def test_taking_again_brings_nothing_and_what_is_cut_short_is_refused(machines, gathered):
    folder, _, _, station = machines
    _, sealed = gathered
    (again,) = station.ok("sync", "merge", sealed["bundle"])
    assert again["news"] is False
    (folder / "short").write_bytes((folder / sealed["bundle"]).read_bytes()[:500])
    answer = station.run("sync", "merge", "short")
    assert answer.code == 1
    assert "not a whole bundle" in answer.out


def test_papers_are_booked_line_by_line_and_lists_name_what_is_missing(machines, gathered):
    folder, clerk, _, station = machines
    serials, _ = gathered
    answer = clerk("ledger", "check-in", stdin=(serials[0], "nonsense", serials[1]))
    assert answer.code == 1
    assert "Number 2: That is not a serial" in answer.out
    assert "nonsense" not in answer.out
    assert "2 checked in." in answer.out
    assert clerk("ledger", "undo-check-in").code == 0
    missing = station.ok("ledger", "open", "missing", "--csv", "missing.csv")
    assert [row["serial"] for row in missing] == serials[1:]
    assert len((folder / "missing.csv").read_text(encoding="utf-8-sig").splitlines()) == 3
    station.ok("ledger", "assign", serials[1], "--owner", "A1", "--due", "2026-11-01T10:00")
    assert "OVERDUE" in station.run("ledger", "open", "missing").out
    assert clerk("ledger", "check-in", serials[0]).code == 0
    assert [row["serial"] for row in station.ok("ledger", "open", "duplicates")] == [serials[0]]
    assert clerk("ledger", "settle", serials[0], "copy", "--reason", "two sheets").code == 0
    assert [row["serial"] for row in station.ok("ledger", "open", "copies")] == [serials[0]]


def test_the_station_says_which_machine_is_awaited(machines, gathered):
    _, _, _, station = machines
    (k7,) = station.ok("sync", "status")
    assert (k7["device"], k7["state"]) == ("K7", "awaited")
    assert re.search(r"K7 +AWAITED", station.run("sync", "status").out)
    (theirs,) = station.ok("sync", "outages")
    assert theirs["here"]


def test_only_a_person_of_records_excuses_a_machine(machines, gathered):
    _, _, _, station = machines
    answer = station.run("sync", "excuse", "K7", "--reason", "x")
    assert answer.code == 1
    assert "records supervisor" in answer.err


def test_a_broken_laptop_is_taken_over_by_a_named_person_with_a_reason(machines, gathered):
    folder, clerk, laptop, station = machines
    settings = config.load_settings(Home(folder / "K7").config_file)
    opened = homes.open_with_file(Home(folder / "K7"), settings, laptop.clock, folder / "K7.key")
    opened.vault.db.conn.execute("DROP TRIGGER audit_no_update")
    opened.vault.db.conn.execute("UPDATE audit SET why = 'other' WHERE seq = 1")
    opened.vault.close()
    refused = laptop.run("sync", "export", "--to", "stick")
    assert "--broken" in refused.err
    sealed = laptop.ok("sync", "export", "--to", "stick", "--broken", "--reason", "told security")
    refused = station.run("sync", "merge", sealed["bundle"])
    assert refused.code == 1
    assert "does not hold from entry 1" in refused.out
    nobody = station.run("sync", "merge-untrusted", sealed["bundle"], "--reason", "x")
    assert "records supervisor" in nobody.err
    over = ("sync", "merge-untrusted", sealed["bundle"])
    assert clerk(*over, "--reason", " ", by="super").code != 0
    done = clerk(*over, "--reason", "its disk failed", by="super")
    assert (done.code, "ACCEPTED all the same" in done.out) == (0, True)
    (folder / "kept").mkdir()
    (kept,) = station.ok("sync", "untrusted", "--save", "kept")
    assert (kept["device"], kept["by"], kept["reason"]) == ("K7", "Rita Lead", "its disk failed")
    (file,) = (folder / "kept").iterdir()
    assert file.read_bytes() == (folder / sealed["bundle"]).read_bytes()
    said = station.run("statement", "--out", "statement.json").out
    assert "NOT PROVED" in said
    assert "its disk failed" in (folder / "statement.json").read_text()


def test_what_was_given_out_twice_is_listed_and_only_that_is_settled(machines):
    _, clerk, _, station = machines
    assert station.ok("sync", "duplicate-numbers") == []
    settle = ("sync", "settle-number", "K7-000002-B")
    assert clerk(*settle, "--reason", "keyed anew").code != 0, "a supervisor does"
    refused = clerk(*settle, "--reason", "keyed anew", by="super")
    assert "Nothing that was given out twice is open under K7-000002-B." in refused.err
