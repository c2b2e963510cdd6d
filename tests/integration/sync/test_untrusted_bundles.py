"""A laptop whose past cannot be proved: refused, until a person takes it over in their own name."""

import pytest
import sqlcipher3
import sqlite_utils

from downtime.clock import system_clock
from downtime.entry import open_form
from downtime.entry.duplicate_entries import find_duplicate_entries
from downtime.errors import ConflictError, InputError, NotFoundError, UntrustedError
from downtime.outage import outages
from downtime.outage import store as outage_store
from downtime.paper import ledger
from downtime.paper.serials import format_serial
from downtime.returns.statement import completeness_statement, statement_files
from downtime.sync import duplicate_numbers, laptop_reports
from downtime.sync.export_bundle import export_bundle
from downtime.sync.merge_bundle import merge_untrusted_bundle
from downtime.sync.store import bundles
from downtime.sync.store.duplicate_numbers import fetch_duplicate_numbers
from downtime.vault import schema
from downtime.vault.database import transaction
from downtime.vault.store import audit_chain
from tests.integration.sync.fleet import BOB, SETTINGS, Machine


def rewrite(machine, seq: int) -> None:
    """Change one audit entry behind the program's back."""
    machine.vault.db.conn.execute("DROP TRIGGER audit_no_update")
    machine.vault.db.conn.execute("UPDATE audit SET why = 'other' WHERE seq = ?", [seq])


def sealed(machine, station):
    return export_bundle(
        machine.vault, SETTINGS, station.code, machine.clerk, "told security", broken=True
    )


def taken_over(station, bundle, reason="security was told"):
    return merge_untrusted_bundle(station.vault, SETTINGS, bundle.data, station.clerk, reason)


def test_a_laptop_with_a_broken_chain_hands_over_only_with_a_reason(fleet):
    station, k7, _ = fleet
    rewrite(k7, 1)
    with pytest.raises(ConflictError) as refused:
        k7.export(station)
    assert "--broken" in refused.value.next_step
    with pytest.raises(InputError):
        export_bundle(k7.vault, SETTINGS, station.code, k7.clerk, " ", broken=True)
    sealed(k7, station)
    (last,) = audit_chain.list_entries(k7.vault.db, before=10**6, limit=1)
    assert (last.action, last.reason) == ("handover.seal-broken", "told security")


def test_nobody_takes_a_broken_chain_without_saying_why(fleet):
    station, k7, _ = fleet
    number = k7.issue()
    rewrite(k7, 1)
    bundle = sealed(k7, station)
    with pytest.raises(UntrustedError, match="does not hold from entry 1"):
        station.merge(bundle)
    with pytest.raises(InputError):
        taken_over(station, bundle, " ")
    assert ledger.get_forms(station.vault, [number]) == []


def test_taken_over_its_paper_counts_and_the_act_has_a_name(fleet):
    station, k7, _ = fleet
    number = k7.issue()
    k7.key(number)
    rewrite(k7, 1)
    bundle = sealed(k7, station)
    taken = taken_over(station, bundle)
    assert (taken.forms, taken.entries) == (1, 1)
    assert station.state(number) == "keyed"
    (entry,) = audit_chain.list_entries(station.vault.db, before=10**6, limit=1)
    assert (entry.action, entry.reason) == ("handover.take-over", "security was told")
    (kept,) = bundles.fetch_untrusted_bundles(station.vault.db)
    assert (kept.merged_name, kept.reason, kept.duplicate_numbers) == (
        "Clerk RS",
        "security was told",
        (),
    )
    assert bundles.fetch_untrusted_file(station.vault.db, kept.sha256) == bundle.data
    assert taken_over(station, bundle).has_new_entries is False
    assert len(bundles.fetch_untrusted_bundles(station.vault.db)) == 1


def test_the_next_bundle_of_such_a_laptop_needs_a_name_again(fleet):
    station, k7, _ = fleet
    rewrite(k7, 1)
    taken_over(station, sealed(k7, station))
    number = k7.issue()
    later = sealed(k7, station)
    with pytest.raises(UntrustedError):
        station.merge(later)
    taken_over(station, later, "its disk fails")
    assert station.state(number) == "issued"


def test_what_is_sound_is_taken_over_as_it_is_taken(fleet):
    station, k7, _ = fleet
    k7.issue()
    taken = taken_over(station, k7.export(station))
    assert (taken.forms, taken.failure) == (1, None)
    assert bundles.fetch_untrusted_bundles(station.vault.db) == []


def test_what_nobody_signed_cannot_be_taken_over(fleet):
    station, k7, _ = fleet
    data = bytearray(k7.export(station).data)
    data[len(data) // 2] ^= 1
    with pytest.raises(UntrustedError):
        merge_untrusted_bundle(station.vault, SETTINGS, bytes(data), station.clerk, "it must be")


@pytest.fixture
def forked(fleet, tmp_path):
    """K7 printed and keyed, was put back from a backup, and gave the same serial out again."""
    station, k7, _ = fleet
    both = k7.issue()
    k7.backup(backup := tmp_path / "backup.db")
    k7.key(both, "88")
    first = k7.issue()
    k7.key(first, "70")
    for _ in range(5):
        k7.issue_number()
    station.merge(k7.export(station))
    late = k7.issue(BOB, "C3"), k7.export(station)
    k7.restore(backup)
    k7.key(both, "99")
    assert k7.issue(BOB, "B2") == first
    own = k7.issue(BOB, "B2")
    k7.key(own, "71")
    return station, k7, both, (first, own), late


def test_two_pasts_of_one_laptop_are_kept_beside_each_other(forked):
    station, k7, both, (first, own), _ = forked
    bundle = k7.export(station)
    with pytest.raises(UntrustedError, match="does not continue"):
        station.merge(bundle)
    taken = taken_over(station, bundle)
    assert taken.duplicate_numbers == (format_serial(first),)
    assert format_serial(first) in taken.sentence
    assert ledger.get_form(station.vault, first).patient_label == "HILL, Ann"
    assert ledger.get_form(station.vault, own).patient_label == "REED, Bob"
    assert open_form.get_entry(station.vault, own).answers["pulse:1"] == "71"
    pairs = {pair.serial: pair for pair in find_duplicate_entries(station.vault.db)}
    assert set(pairs) == {both}
    pair = pairs[both]
    said = {pair.local.answers["pulse:1"], pair.elsewhere.entry.answers["pulse:1"]}
    assert said == {"88", "99"}


def test_the_second_paper_of_one_serial_is_open_by_name_until_somebody_has_seen_to_it(forked):
    station, k7, _, (first, _), _ = forked
    taken_over(station, k7.export(station))
    taken_over(station, k7.export(station), "once more")
    (open_one,) = still_open(station)
    assert open_one["names"] == (format_serial(first),)
    assert open_one["sentence"].startswith(f"{format_serial(first)} was given out twice.")
    assert "of ward B2, printed by Clerk K7." in open_one["sentence"]
    with pytest.raises(InputError):
        duplicate_numbers.settle_number(station.vault, format_serial(first), station.clerk, " ")
    with pytest.raises(NotFoundError):
        duplicate_numbers.settle_number(station.vault, "K7-000099-X", station.clerk, "keyed anew")
    duplicate_numbers.settle_number(
        station.vault, format_serial(first), station.clerk, "keyed anew on RS-000004-K"
    )
    assert still_open(station) == []
    taken_over(station, k7.export(station), "and again")
    assert still_open(station) == []
    (kept,) = fetch_duplicate_numbers(station.vault.db)
    assert (kept.settled_name, kept.reason) == ("Clerk RS", "keyed anew on RS-000004-K")


def still_open(station):
    facts = completeness_statement.gather_statement(station.vault, SETTINGS).facts
    return [one for one in facts["open"] if one["kind"] == "given-twice"]


def test_what_was_keyed_from_the_second_paper_never_counts_for_the_first_ones_patient(
    fleet, tmp_path
):
    station, k7, _ = fleet
    k7.backup(backup := tmp_path / "backup.db")
    first = k7.issue()
    station.merge(k7.export(station))
    k7.restore(backup)
    assert k7.issue(BOB, "B2") == first
    k7.key(first, "71")
    taken_over(station, k7.export(station))
    assert ledger.get_form(station.vault, first).patient_label == "HILL, Ann"
    assert station.state(first) == "issued"
    with pytest.raises(NotFoundError):
        open_form.get_entry(station.vault, first)
    assert [one["names"] for one in still_open(station)] == [(format_serial(first),)]


def test_a_second_laptop_of_the_same_code_is_a_second_past_whose_paper_is_named(fleet, tmp_path):
    station, k7, _ = fleet
    first = k7.issue()
    station.merge(k7.export(station))
    twin = Machine(tmp_path / "twin", "K7")
    station.site.enrol(twin.vault)
    twin.declare()
    assert twin.issue(BOB, "C3") == first
    with pytest.raises(UntrustedError):
        station.merge(twin.export(station))
    assert taken_over(station, twin.export(station)).duplicate_numbers == (format_serial(first),)
    assert ledger.get_form(station.vault, first).patient_label == "HILL, Ann"
    (open_one,) = still_open(station)
    assert "of ward C3, printed by Clerk K7" in open_one["sentence"]


def test_a_second_past_that_was_accepted_goes_on_by_itself(fleet, tmp_path):
    """A laptop that was put back gives out new numbers: one person sees to it, once."""
    station, k7, _ = fleet
    k7.backup(backup := tmp_path / "backup.db")
    k7.issue_number()
    station.merge(k7.export(station))
    k7.restore(backup)
    with transaction(k7.vault.db) as db:
        outage_store.insert_numbers(db, [("DK7QXWMRT001X", 1)], k7.vault.now(), k7.clerk.id)
    with pytest.raises(UntrustedError, match="does not continue"):
        station.merge(k7.export(station))
    taken_over(station, k7.export(station))
    number = k7.issue(BOB, "B2")
    later = k7.export(station)
    result = station.merge(later)
    assert (result.failure, result.forms) == (None, 1)
    assert ledger.get_form(station.vault, number).ward == "B2"
    assert not station.merge(later).has_new_entries
    assert len(bundles.fetch_untrusted_bundles(station.vault.db)) == 1


def test_the_first_past_is_still_taken_after_the_second(forked):
    """A bundle sealed before the backup was put back may come late: nothing of it is passed over."""
    station, k7, both, _, (number, late) = forked
    for _ in range(20):
        k7.issue_number()
    taken_over(station, k7.export(station))
    with pytest.raises(UntrustedError, match="stand for something else here"):
        station.merge(late)
    assert format_serial(number) in taken_over(station, late).duplicate_numbers
    assert len(bundles.fetch_untrusted_bundles(station.vault.db)) == 2
    made = station.vault.db.query("SELECT device FROM form_move WHERE serial = ?", [both])
    devices = {row["device"] for row in made}
    assert "K7" in devices
    assert any(device.startswith("K7-") for device in devices)


def test_the_statement_says_it_loudly_and_for_good(fleet):
    station, k7, m3 = fleet
    rewrite(k7, 1)
    for machine in (k7, m3, station):
        outages.mark_restored(machine.vault, ["LIMS"], machine.clerk, "back")
    k7.clock.now = m3.clock.now = station.clock.now
    station.merge(m3.export(station))
    before = completeness_statement.gather_statement(station.vault, SETTINGS)
    assert before.facts["open_kinds"] == {"laptop-awaited": 1}
    taken_over(station, sealed(k7, station))
    made = completeness_statement.gather_statement(station.vault, SETTINGS)
    assert laptop_reports.find_awaited(station.vault, outages.find_current(station.vault)) == []
    assert (made.facts["open"], made.is_complete) == ([], False)
    assert made.verdict == "COMPLETE, BUT NOT PROVED"
    (said,) = made.unproved
    assert said.startswith("The audit chain of laptop K7 (K7) does not hold from entry 1 on")
    assert said.endswith("Clerk RS took it over: security was told.")
    assert made.digest != before.digest
    assert b"%PDF" in statement_files.to_pdf(made, SETTINGS)


def test_a_station_whose_own_chain_is_broken_says_so(fleet):
    station, _, _ = fleet
    rewrite(station, 1)
    made = completeness_statement.gather_statement(station.vault, SETTINGS)
    broken = [item["sentence"] for item in made.facts["open"] if item["kind"] == "audit-broken"]
    assert "Audit entry 1 was changed, taken away or put in." in broken
    assert made.verdict == "NOT COMPLETE"


def test_a_vault_of_before_has_what_was_given_out_twice_as_open(monkeypatch, tmp_path):
    db = sqlite_utils.Database(sqlcipher3.connect(str(tmp_path / "old.db"), isolation_level=None))
    db.conn.row_factory = sqlcipher3.Row
    every = schema.list_migrations()
    monkeypatch.setattr(
        schema, "list_migrations", lambda: [m for m in every if m.name < "0033_clash"]
    )
    schema.create_schema(db, system_clock)
    for sha256, taken in (("a", "2026-10-02T10:00:00Z"), ("b", "2026-10-01T10:00:00Z")):
        db.conn.execute(
            "INSERT INTO handed_over_doubt VALUES (?, 'K7', 'K7-4', 'forked', 'told', ?, 'u-1',"
            " 'Ann', '[\"K7-000002-B\"]', x'00')",
            [sha256, taken],
        )
    monkeypatch.setattr(schema, "list_migrations", lambda: every)
    schema.create_schema(db, system_clock)
    (number,) = fetch_duplicate_numbers(db)
    assert (number.number, number.device, number.noticed, number.settled) == (
        "K7-000002-B", "K7", "2026-10-01T10:00:00Z", "",
    )  # fmt: skip
    assert number.description == "What it is stands in the kept file"
    assert {bundle.sentence for bundle in bundles.fetch_untrusted_bundles(db)} == {"forked"}
