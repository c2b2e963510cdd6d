"""A machine joins a site by two codes; sticks hold the keys; a stolen machine is revoked and replaced."""

import json
from dataclasses import replace

import pytest

from downtime.errors import ConflictError, InputError, LockedError, NotFoundError, UntrustedError
from downtime.fleet import enrol_machine, machine_list, revoke_machine, site_keys, site_root
from downtime.fleet.site_root import NewStick
from downtime.settings import AccountsSettings, Settings, SiteSettings
from downtime.snapshot.load_bundle import load_bundle
from downtime.vault import device, machines
from downtime.vault.machines import Machine as ListedMachine
from downtime.vault.model import Actor, MachineRole
from tests.conftest import NOW
from tests.integration.fleet.carrying import Machine

ADMIN = Actor("u-1", "Amina Ward", "PB")
SETTINGS = Settings(
    accounts=AccountsSettings(argon2_memory_kib=64, argon2_time_cost=1, argon2_parallelism=1)
)
PUBLISHER, LAPTOP, STATION = MachineRole


@pytest.fixture
def sticks(tmp_path):
    made = [NewStick(tmp_path / f"stick-{n}", f"a passphrase {n}") for n in (1, 2, 3)]
    for stick in made:
        stick.folder.mkdir()
    return made


@pytest.fixture
def site(tmp_path, sticks):
    """`publisher, laptop, other, keys`: the publisher has begun the list with stick 1."""
    made = [Machine(tmp_path / code, code) for code in ("PB", "WD", "W2")]
    publisher = made[0]
    roots = site_root.create_root("DEMO", sticks, 2, SETTINGS, lambda: NOW)
    keys = [open_stick(stick) for stick in sticks]
    own = ListedMachine(publisher.me.card, frozenset({PUBLISHER}))
    machine_list.start_list(publisher.vault, SETTINGS, roots, keys[0], own, ADMIN, "begin")
    yield *made, keys
    for machine in made:
        machine.vault.close()


def open_stick(stick):
    (path,) = site_keys.find_key_files([stick.folder])
    return site_keys.open_site_key(path, stick.passphrase)


def ask(machine):
    return enrol_machine.make_request(machine.vault, SETTINGS)


def add(publisher, request, code, key, wards=("AMU",), roles=(LAPTOP,)):
    return enrol_machine.add_machine(
        publisher.vault, SETTINGS, enrol_machine.read_request(request), code, frozenset(roles),
        wards, key, ADMIN, "for the ward",
    )  # fmt: skip


def accept(laptop, enrolment, code=None):
    data = enrolment.machine_list.signed.data
    return enrol_machine.accept_list(laptop.vault, SETTINGS, data, code or enrolment.code, ADMIN)


def test_a_laptop_joins_by_two_codes_and_opens_what_the_publisher_seals(site, tmp_path):
    publisher, laptop, _, keys = site
    code = enrol_machine.make_own_code(laptop.home)
    assert len(code.replace("-", "")) == 12
    enrolment = add(publisher, ask(laptop), code.lower().replace("-", " "), keys[1])
    accept(laptop, enrolment)
    assert [m.code for m in machines.list_machines(laptop.home)] == ["WD", "PB"]
    assert machines.read_own_machine(laptop.home).scope == "AMU"
    path = tmp_path / "x.downtime"
    path.write_bytes(publisher.seal(1, laptop).data)
    assert load_bundle(laptop.vault, SETTINGS, path, ADMIN, "test").header.sequence == 1
    for machine, action in ((publisher, "machine.add"), (laptop, "machine.join")):
        (row,) = machine.vault.db.query("SELECT target FROM audit WHERE action = ?", [action])
        assert row["target"] == "WD"


def test_a_request_that_was_exchanged_on_its_way_is_not_added(site):
    publisher, laptop, other, keys = site
    code = enrol_machine.make_own_code(laptop.home)
    with pytest.raises(UntrustedError, match="stands for another machine"):
        add(publisher, ask(other), code, keys[0])
    assert machine_list.require_list(publisher.home).version == 1


@pytest.mark.parametrize("part", ["card", "site", "signature"])
def test_a_request_is_of_whoever_has_its_keys(site, part):
    _, laptop, other, _ = site
    document, theirs = json.loads(ask(laptop)), json.loads(ask(other))
    document[part] = theirs[part] if part != "site" else "OTHER"
    with pytest.raises(InputError, match="no machine's request"):
        enrol_machine.read_request(json.dumps(document).encode())


def test_a_list_of_another_root_is_not_accepted_with_the_right_code(site, tmp_path):
    """Somebody between the two makes a site of their own; the code covers the root as well."""
    publisher, laptop, other, keys = site
    enrolment = add(publisher, ask(laptop), enrol_machine.make_own_code(laptop.home), keys[0])
    evil = [NewStick(tmp_path / "evil", "a passphrase 9")]
    evil[0].folder.mkdir()
    roots = site_root.create_root("DEMO", evil, 1, SETTINGS, lambda: NOW)
    key = open_stick(evil[0])
    own = ListedMachine(other.me.card, frozenset({PUBLISHER}))
    machine_list.start_list(other.vault, SETTINGS, roots, key, own, ADMIN, "begin")
    false = add(other, ask(laptop), enrol_machine.make_own_code(laptop.home), key)
    with pytest.raises(UntrustedError, match="stands for another machine, or another site"):
        accept(laptop, false, enrolment.code)
    assert machines.read_list(laptop.home) is None
    accept(laptop, enrolment)


def test_a_list_without_this_machine_and_another_hospital_s_are_not_accepted(site):
    publisher, laptop, other, keys = site
    enrolment = add(publisher, ask(other), enrol_machine.make_own_code(other.home), keys[0])
    pin = enrolment.machine_list.signed.first_pin
    code = enrol_machine.make_code(laptop.me.card, pin)
    with pytest.raises(UntrustedError, match="does not hold this machine"):
        accept(laptop, enrolment, code)
    elsewhere = replace(SETTINGS, site=SiteSettings(code="OTHER"))
    with pytest.raises(UntrustedError, match="is of DEMO, and this machine serves OTHER"):
        enrol_machine.accept_list(
            other.vault, elsewhere, enrolment.machine_list.signed.data, enrolment.code, ADMIN
        )


def test_a_code_on_paper_is_never_given_to_a_second_machine(site, tmp_path):
    publisher, laptop, _, keys = site
    add(publisher, ask(laptop), enrol_machine.make_own_code(laptop.home), keys[0])
    twin = Machine(tmp_path / "twin", "WD")
    for _ in range(2):
        with pytest.raises(ConflictError, match="The code WD belongs to"):
            add(publisher, ask(twin), enrol_machine.make_own_code(twin.home), keys[0])
        if not machine_list.require_list(publisher.home).find("WD").revoked:
            revoke_machine.revoke_machine(publisher.vault, SETTINGS, "WD", keys[0], ADMIN, "stolen")
    with pytest.raises(ConflictError, match="was revoked before"):
        revoke_machine.revoke_machine(publisher.vault, SETTINGS, "WD", keys[0], ADMIN, "again")
    with pytest.raises(NotFoundError):
        revoke_machine.revoke_machine(publisher.vault, SETTINGS, "ZZ", keys[0], ADMIN, "x")
    twin.vault.close()


def test_a_machine_that_is_added_again_gets_new_wards_and_keeps_its_date(site):
    publisher, laptop, _, keys = site
    code = enrol_machine.make_own_code(laptop.home)
    added = add(publisher, ask(laptop), code, keys[0]).machine.added
    publisher.now = NOW.replace(month=12)
    add(publisher, ask(laptop), code, keys[0], wards=("B1", "AMU"))
    listed = machine_list.require_list(publisher.home).find("WD")
    assert (listed.added, listed.wards) == (added, ("AMU", "B1"))


@pytest.mark.parametrize(
    ("roles", "wards"), [((), ()), ((STATION,), ("AMU",)), ((LAPTOP,), ("AMU+B1",))]
)
def test_a_machine_has_a_role_and_wards_that_fit_it(site, roles, wards):
    publisher, laptop, _, keys = site
    code = enrol_machine.make_own_code(laptop.home)
    with pytest.raises(InputError):
        add(publisher, ask(laptop), code, keys[0], wards, roles)


def test_what_a_stolen_laptop_could_read_is_listed(site, tmp_path):
    publisher, laptop, other, keys = site
    enrolment = add(publisher, ask(laptop), enrol_machine.make_own_code(laptop.home), keys[0])
    accept(laptop, enrolment)
    for sequence in (1, 2):
        path = tmp_path / f"{sequence}.downtime"
        path.write_bytes(publisher.seal(sequence, laptop).data)
        load_bundle(publisher.vault, SETTINGS, path, ADMIN, "test")
    publisher.now = NOW.replace(hour=20)
    exposure, replacement = revoke_machine.replace_machine(
        publisher.vault, SETTINGS, "WD", enrol_machine.read_request(ask(other)),
        enrol_machine.make_own_code(other.home), keys[2], ADMIN, "stolen from a car",
    )  # fmt: skip
    assert exposure.sentences[0] == (
        "machine WD (WD) could read AMU, from 2026-11-02T14:30 to 2026-11-02T20:30 (UTC)."
    )
    assert "2 snapshots of that time are known here" in exposure.sentences[1]
    assert replacement.machine.wards == ("AMU",)
    accept(other, replacement)
    listed = {m.code: m for m in machines.read_list(other.home).machines}
    assert listed["WD"].reason == "stolen from a car"
    recipients = machines.list_recipients(publisher.home, "AMU")
    assert other.me.card.recipient in recipients
    assert laptop.me.card.recipient not in recipients


def test_a_stick_opens_with_its_passphrase_only_and_is_never_overwritten(sticks, site):
    (path,) = site_keys.find_key_files([sticks[0].folder])
    with pytest.raises(LockedError):
        site_keys.open_site_key(path, sticks[1].passphrase)
    content = path.read_text()
    key = open_stick(sticks[0])
    for secret in (key.recovery, sticks[0].passphrase):
        assert str(secret) not in content
    with pytest.raises(ConflictError, match="lies there already"):
        site_root.create_root("DEMO", sticks, 2, SETTINGS, lambda: NOW)
    with pytest.raises(InputError, match="12 characters or more"):
        site_keys.check_passphrase("short", SETTINGS.accounts)
    path.write_bytes(b"{}")
    with pytest.raises(InputError, match="is damaged"):
        open_stick(sticks[0])


def test_the_root_is_rotated_by_two_keepers_and_reaches_a_machine_with_the_next_list(
    site, sticks, tmp_path
):
    publisher, laptop, _, keys = site
    accept(laptop, add(publisher, ask(laptop), enrol_machine.make_own_code(laptop.home), keys[0]))
    new = NewStick(tmp_path / "stick-4", "a passphrase 4")
    new.folder.mkdir()
    roots = site_root.read_roots(sticks[1].folder)
    proposed = site_root.propose_root(
        roots, keys[1:2], SETTINGS, lambda: NOW, remove=[1], add=[new]
    )
    assert site_root.count_missing(proposed) == 1
    change = machine_list.change_list, publisher.vault, SETTINGS, keys[1], lambda listed: listed
    with pytest.raises(UntrustedError, match="not signed by enough"):
        change[0](
            *change[1:], ADMIN, machine_list.AuditAction.ROOT_ROTATE, "2", "x", roots=proposed
        )
    complete = site_root.sign_root(proposed, keys[2:])
    assert site_root.count_missing(complete) == 0
    change[0](*change[1:], ADMIN, machine_list.AuditAction.ROOT_ROTATE, "2", "x", roots=complete)
    assert machine_list.receive_list(
        laptop.home, machine_list.read_list_bytes(publisher.home)
    ).is_new
    assert machines.read_list(laptop.home).signed.root.version == 2
    with pytest.raises(UntrustedError, match="Stick 1 is not one of this site's"):
        add(publisher, ask(laptop), enrol_machine.make_own_code(laptop.home), keys[0])
    fourth = open_stick(new)
    assert fourth.number == 4
    add(publisher, ask(laptop), enrol_machine.make_own_code(laptop.home), fourth)
    assert str(fourth.recovery) == str(keys[0].recovery)
    assert device.read_own_code(laptop.home) == "WD"
