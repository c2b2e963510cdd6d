"""What laptops hand over is put together at the station; what cannot be believed is refused."""

import shutil
from functools import partial

import pytest

from downtime.entry import keying, open_form, retire_forms, send_back_entry, verify_entry
from downtime.entry.double_keying import submit_second_keying
from downtime.entry.duplicate_entries import find_duplicate_entries, settle_duplicate_entry
from downtime.entry.model import AuditAction, EntryChoice, Task, VerificationBasis
from downtime.entry.store import entries
from downtime.errors import ConflictError, ForbiddenError, UntrustedError
from downtime.outage import laptop_outages, outages
from downtime.paper import ledger
from downtime.paper.ledger import get_printed_definition
from downtime.settings import Settings, SiteSettings
from downtime.sync import merge_bundle as taking
from downtime.vault import audit
from downtime.vault.store import audit_chain
from downtime.vault.vault import Vault
from tests.closing import close_outage
from tests.integration.keying_steps import asked, key_again, see_through, submit_checked
from tests.integration.sync.fleet import SETTINGS, SIGNED, Machine
from tests.site import Site


def test_forms_of_all_laptops_stand_in_one_ledger(fleet):
    station, k7, m3 = fleet
    mine, theirs, third = station.issue(), k7.issue(), m3.issue()
    k7.issue_number()
    for laptop in (k7, m3):
        taken = station.merge(laptop.export(station))
        assert (taken.forms, taken.unjoined_outages) == (1, ())
    outage = outages.find_current(station.vault).id
    held = [form.serial for form in ledger.list_missing(station.vault, outage)]
    assert sorted(held) == sorted([mine, theirs, third])
    assert sum(count.number for count in ledger.count_forms(station.vault, outage)) == 3
    form = ledger.get_form(station.vault, theirs)
    assert (form.issued_name, form.patient_label) == ("Clerk K7", "HILL, Ann")
    assert get_printed_definition(station.vault, form).name == "observations"
    assert station.issue()[:8] == "RS000002"


def test_a_form_of_a_laptop_is_keyed_and_verified_at_the_station(fleet):
    station, k7, _ = fleet
    number = k7.issue()
    station.merge(k7.export(station))
    station.key(number)
    see_through(station.vault, SETTINGS, number, station.checker)
    k7.issue_number()
    station.merge(k7.export(station))
    assert station.state(number) == "verified"
    assert open_form.get_entry(station.vault, number).state == "verified"
    assert find_duplicate_entries(station.vault.db) == []


def test_what_was_keyed_on_a_laptop_goes_on_at_the_station(fleet):
    station, k7, _ = fleet
    number = k7.issue()
    k7.key(number)
    station.merge(k7.export(station))
    entry = open_form.get_entry(station.vault, number)
    assert (entry.state, entry.transcriber_name, station.state(number)) == (
        "entered", "Clerk K7", "keyed",
    )  # fmt: skip
    assert entry.outage == outages.find_current(station.vault).id
    send_back_entry.send_back(station.vault, number, station.checker, "pulse is 98")
    station.key(number, "98")
    k7.issue_number()
    station.merge(k7.export(station))
    assert open_form.get_entry(station.vault, number).answers["pulse:1"] == "98"
    assert [row.answers["pulse:1"] for row in entries.fetch_past(station.vault.db, number)] == [
        "88"
    ]
    assert find_duplicate_entries(station.vault.db) == []


def test_a_correction_on_the_laptop_follows_while_nobody_worked_on_it_here(fleet):
    station, k7, _ = fleet
    number = k7.issue()
    k7.key(number)
    station.merge(k7.export(station))
    send_back_entry.send_back(k7.vault, number, k7.checker, "pulse is 98")
    k7.key(number, "98")
    station.merge(k7.export(station))
    assert open_form.get_entry(station.vault, number).answers["pulse:1"] == "98"
    assert [row.answers["pulse:1"] for row in entries.fetch_past(station.vault.db, number)] == [
        "88"
    ]


@pytest.mark.parametrize("keep", list(EntryChoice))
def test_a_form_keyed_on_both_is_kept_twice_until_a_person_settles_it(fleet, keep):
    station, k7, _ = fleet
    number = k7.issue()
    station.merge(k7.export(station))
    station.key(number, "90")
    k7.key(number, "88")
    assert station.merge(k7.export(station)).duplicates == 1
    assert open_form.get_entry(station.vault, number).answers["pulse:1"] == "90"
    settle = partial(settle_duplicate_entry, station.vault, SETTINGS, number, "K7")
    with pytest.raises(ForbiddenError):
        settle(keep, station.clerk, "mine is right")
    settle(keep, station.checker, "compared with the paper")
    kept = open_form.get_entry(station.vault, number)
    assert kept.answers["pulse:1"] == {"here": "90", "there": "88"}[keep]
    (lost,) = entries.fetch_past(station.vault.db, number)
    assert lost.answers["pulse:1"] == {"here": "88", "there": "90"}[keep]
    k7.issue_number()
    assert station.merge(k7.export(station)).duplicates == 0
    see_through(station.vault, SETTINGS, number, station.checker)
    assert station.state(number) == "verified"


def test_paper_declared_lost_or_void_here_is_not_lost_when_a_laptop_keyed_it(fleet):
    station, k7, _ = fleet
    first, second = k7.issue(), k7.issue()
    station.merge(k7.export(station))
    retire_forms.mark_lost(station.vault, first, station.clerk, "searched")
    retire_forms.void_form(station.vault, second, station.clerk, "said to be unused")
    k7.key(first)
    k7.key(second)
    station.merge(k7.export(station))
    assert (station.state(first), station.state(second)) == ("keyed", "keyed")


def test_a_form_with_a_draft_on_one_machine_is_not_void_by_the_word_of_another(fleet):
    """Whichever of the two was there first; who saw the draft, two people on one machine, may void it."""
    station, k7, _ = fleet
    here, there, seen = k7.issue(), k7.issue(), k7.issue()
    station.merge(k7.export(station))
    keying.save_draft(station.vault, here, {"pulse:1": "88"}, station.clerk)
    retire_forms.void_form(k7.vault, here, k7.clerk, "never used")
    retire_forms.mark_lost(station.vault, there, station.clerk, "searched")
    for serial in (there, seen):
        keying.save_draft(k7.vault, serial, {"pulse:1": "90"}, k7.clerk)
    retire_forms.void_form(k7.vault, seen, k7.checker, "spoilt", with_work=True)
    station.merge(k7.export(station))
    states = [station.state(serial) for serial in (here, there, seen)]
    assert states == ["returned", "returned", "void"]
    with pytest.raises(ForbiddenError):
        retire_forms.void_form(station.vault, here, station.clerk, "empty", with_work=True)
    station.merge(k7.export(station))
    assert [station.state(serial) for serial in (here, there, seen)] == states


def test_an_outage_of_another_time_belongs_nowhere_until_a_person_says_so(tmp_path, fleet):
    station, k7, _ = fleet
    old = outages.find_current(k7.vault)
    number = k7.issue()
    outages.mark_restored(k7.vault, ["LIMS"], k7.clerk, "back")
    close_outage(k7.vault, old.id, k7.clerk, "done")
    outages.mark_restored(station.vault, ["LIMS"], station.clerk, "back")
    close_outage(station.vault, outages.find_current(station.vault).id, station.clerk, "done")
    drill = k7.declare(drill=True)
    practised = k7.issue()
    taken = station.merge(k7.export(station))
    assert taken.unjoined_outages == (f"K7:{drill.id}",)
    assert ledger.get_form(station.vault, number).outage == old.id
    assert ledger.get_form(station.vault, practised).outage == f"K7:{drill.id}"
    assert {one.outage for one in laptop_outages.list_laptop_outages(station.vault.db)} == {
        "",
        old.id,
    }


def refused(station, data, code, settings=SETTINGS):
    before = audit_chain.count_entries(station.vault.db)
    with pytest.raises(UntrustedError) as error:
        taking.merge_bundle(station.vault, settings, data, station.clerk)
    assert error.value.code == code
    assert error.value.next_step
    assert audit_chain.count_entries(station.vault.db) == before
    assert list(station.vault.db.query("SELECT * FROM form_issue WHERE origin <> ''")) == []


def test_what_was_altered_or_cut_short_is_refused(fleet):
    station, k7, _ = fleet
    k7.issue()
    data = k7.export(station).data
    for place in range(0, len(data), 97):
        altered = bytearray(data)
        altered[place] ^= 1
        with pytest.raises(UntrustedError):
            station.merge(bytes(altered))
    refused(station, data[: len(data) // 2], "bundle.truncated")
    refused(station, data[:-400] + bytes(1) + data[-399:], "bundle.tampered")


def test_unknown_laptops_and_other_stations_and_hospitals_are_refused(fleet, tmp_path):
    station, k7, m3 = fleet
    k7.issue()
    stranger = Machine(tmp_path / "XX", "XX")
    Site().enrol(stranger.vault).enrol(station.vault, hears=False)
    refused(station, stranger.export(station).data, "machine.unknown")
    refused(station, k7.export(m3).data, "sync.other-station")
    elsewhere = Settings(site=SiteSettings(code="OTHER"))
    refused(station, k7.export(station).data, "sync.other-hospital", elsewhere)
    stranger.vault.close()


def test_a_laptop_put_back_from_a_backup_is_refused_loudly(fleet, tmp_path):
    """It went on from an older state and gave the same serials out again."""
    station, k7, _ = fleet
    k7.issue()
    backup = tmp_path / "backup.db"
    k7.vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    shutil.copy(k7.home.vault_file, backup)
    k7.issue()
    station.merge(k7.export(station))
    rows = list(station.vault.db.query("SELECT * FROM form_issue"))
    k7.vault.close()
    shutil.copy(backup, k7.home.vault_file)
    k7.vault = Vault(k7.home, k7.data_key, k7.clock)
    for _ in range(5):
        k7.issue()
    with pytest.raises(UntrustedError, match="does not continue"):
        station.merge(k7.export(station))
    assert list(station.vault.db.query("SELECT * FROM form_issue")) == rows


def test_the_taking_is_audited_with_hash_and_head(fleet):
    station, k7, _ = fleet
    sealed = k7.export(station)
    station.merge(sealed)
    (entry,) = audit_chain.list_entries(station.vault.db, before=10**6, limit=1)
    head = audit.verify_chain(k7.vault.db).head
    assert entry.action == "handover.take"
    assert entry.target == f"K7 {sealed.header.sequence} {sealed.sealed_file.sha256} head {head}"


def test_nothing_of_a_patient_lies_in_clear(fleet):
    station, k7, _ = fleet
    k7.issue()
    sealed = k7.export(station)
    assert b"Hill" not in sealed.data
    assert sealed.name.startswith("DEMO-K7-")


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


def key_on_laptop(laptop: Machine) -> str:
    """A form with critical fields, keyed by one person."""
    number = laptop.issue(form="phoned-result")
    submit_checked(laptop.vault, SETTINGS, number, PHONED, laptop.clerk)
    return number


def test_what_one_person_verified_on_a_laptop_is_keyed_again_at_the_station(fleet):
    """A program of before let one look verify what nobody had keyed a second time."""
    station, k7, _ = fleet
    number = key_on_laptop(k7)
    with k7.vault.change(k7.checker, AuditAction.ENTRY_VERIFY, target=number) as db:
        entry, basis = open_form.get_entry(k7.vault, number), VerificationBasis.COMPARED
        entries.save_entry(
            db, verify_entry.accept_entry(db, entry, k7.checker, k7.vault.now(), basis)
        )
    assert k7.state(number) == "verified"
    for _ in range(2):
        station.merge(k7.export(station))
        entry = open_form.get_entry(station.vault, number)
        assert (entry.state, entry.waits, station.state(number)) == (
            "entered",
            "key-again",
            "keyed",
        )
        assert find_duplicate_entries(station.vault.db) == []
    with pytest.raises(ConflictError, match="critical fields"):
        verify_entry.verify_entry(station.vault, number, station.checker)
    see_through(station.vault, SETTINGS, number, station.checker)
    k7.issue_number()
    station.merge(k7.export(station))
    assert (open_form.get_entry(station.vault, number).state, station.state(number)) == (
        "verified", "verified",
    )  # fmt: skip


def test_what_two_people_keyed_on_a_laptop_stays_verified(fleet):
    station, k7, _ = fleet
    number = key_on_laptop(k7)
    see_through(k7.vault, SETTINGS, number, k7.checker)
    station.merge(k7.export(station))
    assert (open_form.get_entry(station.vault, number).state, station.state(number)) == (
        "verified", "verified",
    )  # fmt: skip


def test_what_was_keyed_a_second_time_comes_along_too(fleet):
    station, k7, _ = fleet
    disputed, agreed = key_on_laptop(k7), key_on_laptop(k7)
    wrong = asked(k7.vault, SETTINGS, disputed, PHONED) | {"value:1": "5.1"}
    submit_second_keying(k7.vault, SETTINGS, disputed, wrong, k7.checker)
    key_again(k7.vault, SETTINGS, agreed, k7.checker)
    station.merge(k7.export(station))
    tasks = [open_form.get_entry(station.vault, number).waits for number in (disputed, agreed)]
    assert tasks == [Task.ADJUDICATE, Task.NONE]


def test_a_laptops_entry_that_is_chosen_is_keyed_a_second_time(fleet):
    station, k7, _ = fleet
    number = key_on_laptop(k7)
    station.merge(k7.export(station))
    send_back_entry.send_back(station.vault, number, station.checker, "wrong value")
    again = PHONED | {"value:1": "5.1"}
    submit_checked(station.vault, SETTINGS, number, again, station.clerk)
    send_back_entry.send_back(k7.vault, number, k7.checker, "wrong units")
    units = PHONED | {"units:1": "mmol/l"}
    submit_checked(k7.vault, SETTINGS, number, units, k7.clerk)
    assert station.merge(k7.export(station)).duplicates == 1
    choice, reason = EntryChoice.ELSEWHERE, "compared with the paper"
    settle_duplicate_entry(station.vault, SETTINGS, number, "K7", choice, station.checker, reason)
    entry = open_form.get_entry(station.vault, number)
    assert (entry.waits, entry.answers["units:1"]) == (Task.KEY_AGAIN, "mmol/l")
