"""The page List of machines: a laptop joins its site, another is added with a stick and revoked."""

import io
import re
from dataclasses import replace

import pytest

from downtime.fleet import enrol_machine, join_requests, machine_list, site_keys, site_root
from downtime.fleet.site_root import NewStick
from downtime.vault import device, machines
from downtime.vault.machines import Machine as ListedMachine
from downtime.vault.model import MachineRole
from tests.conftest import NOW
from tests.integration.fleet.carrying import Machine

FILE = {"content_type": "multipart/form-data"}


@pytest.fixture
def stick(hospital, tmp_path):
    """`(content, passphrase)` of the only stick; the roots of its site are `stick.roots`."""
    made = NewStick(tmp_path / "stick", "a passphrase of the stick")
    made.folder.mkdir()
    roots = site_root.create_root("TEST", [made], 1, hospital.settings, hospital.clock)
    (path,) = site_keys.find_key_files([made.folder])
    return path, made.passphrase, roots


@pytest.fixture
def laptop(tmp_path):
    made = Machine(tmp_path / "WD", "WD")
    yield made
    made.vault.close()


def sent(content, name="file.json"):
    return io.BytesIO(content), name


def start(hospital, stick):
    """This machine begins the site's list, as 'downtime fleet start' does."""
    path, passphrase, roots = stick
    opened = hospital.open()
    own = ListedMachine(device.read_own_card(opened.vault.home), frozenset({MachineRole.PUBLISHER}))
    key = site_keys.open_site_key(path, passphrase)
    machine_list.start_list(opened.vault, hospital.settings, roots, key, own, opened.actor, "begin")
    opened.vault.close()


def test_an_administrator_adds_and_revokes_a_machine_on_the_page(hospital, stick, laptop):
    start(hospital, stick)
    path, passphrase, _ = stick
    browser = hospital.browser("administrator")
    request = enrol_machine.make_request(laptop.vault, hospital.settings)
    fields = {"roles": "ward-laptop", "wards": "AMU, B1", "reason": "for AMU",
              "code": enrol_machine.make_own_code(laptop.home), "passphrase": passphrase}  # fmt: skip

    def add(**changed):
        files = {"request": sent(request), "stick": sent(path.read_bytes(), path.name)}
        return browser.post("/machines/add", {**fields, **files, **changed}, **FILE)

    assert add(code="AAAA-BBBB-CCCC").status_code == 400
    assert add(passphrase="another passphrase").status_code == 401
    assert len(machines.list_machines(hospital.home)) == 1
    answer = add()
    assert answer.status_code == 200
    code = re.search(r"[A-Z2-9]{4}(-[A-Z2-9]{4}){2}", answer.text)[0]
    data = browser.get("/machines/list").data
    accepted = enrol_machine.accept_list(
        laptop.vault, hospital.settings, data, code, hospital.open().actor
    )
    assert accepted.find("WD").wards == ("AMU", "B1")
    revoked = browser.post(
        "/machines/revoke",
        {"machine": "WD", "reason": "stolen", "passphrase": passphrase,
         "stick": sent(path.read_bytes(), path.name)},
        **FILE,
    )  # fmt: skip
    assert "machine WD (WD) could read AMU, B1" in revoked.text
    page = browser.get("/machines").text
    assert "Revoked" in page
    assert "stolen" in page


def test_this_machine_joins_on_the_page_and_takes_newer_lists(hospital, stick, laptop):
    path, passphrase, roots = stick
    key = site_keys.open_site_key(path, passphrase)
    browser = hospital.browser("administrator")
    page = browser.get("/machines").text
    shown = re.search(r"[A-Z2-9]{4}(-[A-Z2-9]{4}){2}", page)[0]
    request = enrol_machine.read_request(browser.get("/machines/request").data)
    own = ListedMachine(laptop.me.card, frozenset({MachineRole.PUBLISHER}))
    settings, actor = hospital.settings, hospital.open().actor
    laptop.now = NOW
    machine_list.start_list(laptop.vault, settings, roots, key, own, actor, "begin")
    enrolment = enrol_machine.add_machine(
        laptop.vault, settings, request, shown, frozenset({MachineRole.WARD_LAPTOP}), (), key,
        actor, "x",
    )  # fmt: skip
    data = enrolment.machine_list.signed.data
    wrong = browser.post("/machines/accept", {"list": sent(data), "code": shown}, **FILE)
    assert wrong.status_code == 400
    answer = browser.post("/machines/accept", {"list": sent(data), "code": enrolment.code}, **FILE)
    assert answer.status_code == 303
    assert "This machine is one of 2 of TEST" in browser.get("/machines").text
    newer = machine_list.change_list(
        laptop.vault, settings, key, lambda listed: listed, actor,
        machine_list.AuditAction.MACHINE_ADD, "WD", "again",
    )  # fmt: skip
    browser.post("/machines/update", {"list": sent(newer.signed.data)}, **FILE)
    assert "List number 3 is in use now" in browser.get("/machines").text
    assert browser.post("/machines/update", {"list": sent(data)}, **FILE).status_code == 400


def test_snapshots_that_were_closed_for_silence_are_opened_with_a_reason(hospital, stick):
    path, passphrase, roots = stick
    opened = hospital.open()
    own = ListedMachine(
        device.read_own_card(opened.vault.home), frozenset({MachineRole.WARD_LAPTOP})
    )
    key = site_keys.open_site_key(path, passphrase)
    machine_list.start_list(opened.vault, hospital.settings, roots, key, own, opened.actor, "begin")
    opened.vault.close()
    hospital.clock.go_on(days=25)
    browser = hospital.browser("ward")
    assert "In 5 days its snapshots are closed: connect it." in browser.get("/find").text
    hospital.clock.go_on(days=10)
    browser = hospital.browser("ward")
    assert "Open the closed snapshots" in browser.get("/snapshots").text
    assert "Ann" not in browser.get("/find?text=Hill").text
    assert browser.post("/snapshots/open", {"reason": ""}).status_code == 400
    assert browser.post("/snapshots/open", {"reason": "flood"}).status_code == 303
    page = browser.get("/snapshots").text
    assert "its snapshots stay open until" in page
    assert "Open the closed snapshots" not in page


def test_a_machine_joins_over_a_place_without_files(hospital, stick, laptop, tmp_path):
    path, passphrase, _ = stick
    start(hospital, stick)
    place = tmp_path / "place"
    place.mkdir()
    with hospital.home.config_file.open("a") as file:
        file.write(f'\n[fleet.places.share]\nkind = "folder"\npath = "{place}"\n')
    hospital = type(hospital)(hospital.home, hospital.clock, hospital.secrets, hospital.file)
    settings = hospital.settings
    browser = hospital.browser("administrator")
    assert "Look for requests at share" in browser.get("/machines").text
    assert "No machine asks at share" in browser.get("/machines?look=1").text
    request = enrol_machine.make_request(laptop.vault, settings)
    join_requests.leave_request(settings, request, "WD")
    own_code = enrol_machine.make_own_code(laptop.home)
    page = browser.get("/machines?look=1").text
    assert "WD machine WD, at share" in page
    assert own_code not in page, "it is read from the other screen"
    fields = {"asking": "WD", "roles": "ward-laptop", "wards": "AMU", "reason": "for AMU",
              "code": own_code, "passphrase": passphrase}  # fmt: skip

    def add(**changed):
        files = {"stick": sent(path.read_bytes(), path.name)}
        return browser.post("/machines/add", {**fields, **files, **changed}, **FILE)

    assert add(code="AAAA-BBBB-CCCC").status_code == 400
    answer = add()
    assert "share: the list lies there." in answer.text
    code = re.search(r"[A-Z2-9]{4}(-[A-Z2-9]{4}){2}", answer.text)[0]
    data = join_requests.fetch_list(laptop.home, settings, code)
    actor = hospital.open().actor
    assert enrol_machine.accept_list(laptop.vault, settings, data, code, actor).find("WD")
    assert "No machine asks at share" in browser.get("/machines?look=1").text


def test_this_machine_leaves_its_request_and_takes_the_list_from_the_place(
    hospital, stick, laptop, tmp_path
):
    path, passphrase, roots = stick
    key = site_keys.open_site_key(path, passphrase)
    place = tmp_path / "place"
    place.mkdir()
    with hospital.home.config_file.open("a") as file:
        file.write(f'\n[fleet.places.share]\nkind = "folder"\npath = "{place}"\n')
    hospital = type(hospital)(hospital.home, hospital.clock, hospital.secrets, hospital.file)
    settings, browser = hospital.settings, hospital.browser("administrator")
    assert browser.post("/machines/join", {}).status_code == 303
    page = browser.get("/machines").text
    assert "share: the request lies there." in page
    shown = re.search(r"[A-Z2-9]{4}(-[A-Z2-9]{4}){2}", page)[0]
    own = ListedMachine(laptop.me.card, frozenset({MachineRole.PUBLISHER}))
    actor = hospital.open().actor
    laptop.now = NOW
    machine_list.start_list(laptop.vault, settings, roots, key, own, actor, "begin")
    (found,) = join_requests.list_requests(settings).requests
    enrolment = enrol_machine.add_machine(
        laptop.vault, settings, found.request, shown, frozenset({MachineRole.WARD_LAPTOP}), (),
        key, actor, "x",
    )  # fmt: skip
    join_requests.carry_list(laptop.home, settings)
    assert browser.post("/machines/accept", {"code": shown}, **FILE).status_code == 400
    answer = browser.post("/machines/accept", {"code": enrolment.code}, **FILE)
    assert answer.status_code == 303
    assert "This machine is one of 2 of TEST" in browser.get("/machines").text
    assert list((place / "requests").iterdir()) == []


def test_the_first_machine_begins_the_list_on_the_page(hospital, stick):
    path, passphrase, _ = stick
    browser = hospital.browser("administrator")
    assert "begin the list" in browser.get("/machines").text

    def begin(**changed):
        root = path.parent / "downtime-site-root.json"
        fields = {"roles": "publisher", "reason": "first machine", "passphrase": passphrase,
                  "root": sent(root.read_bytes(), root.name),
                  "stick": sent(path.read_bytes(), path.name)}  # fmt: skip
        return browser.post("/machines/start", {**fields, **changed}, **FILE)

    assert begin(roles="").status_code == 400
    assert "is no site&#39;s root" in begin(root=sent(path.read_bytes(), path.name)).text
    assert begin(passphrase="another passphrase").status_code == 401
    assert machines.read_list(hospital.home) is None
    assert begin().status_code == 303
    page = browser.get("/machines").text
    assert "This machine begins the list of TEST" in page
    assert "downtime root rotate" in page
    assert machines.read_own_machine(hospital.home).roles == {MachineRole.PUBLISHER}
    assert begin().status_code == 409


def test_a_broken_machine_is_replaced_on_the_page(hospital, stick, laptop, tmp_path):
    start(hospital, stick)
    path, passphrase, _ = stick
    browser = hospital.browser("administrator")
    another = Machine(tmp_path / "W2", "W2")

    def send(address, asking, **fields):
        files = {"request": sent(enrol_machine.make_request(asking.vault, hospital.settings)),
                 "stick": sent(path.read_bytes(), path.name)}  # fmt: skip
        code = enrol_machine.make_own_code(asking.home)
        fields = {"code": code, "reason": "screen", "passphrase": passphrase, **fields, **files}
        return browser.post(address, fields, **FILE)

    assert send("/machines/add", laptop, roles="ward-laptop", wards="AMU").status_code == 200
    assert send("/machines/replace", another, machine="W9").status_code == 404
    answer = send("/machines/replace", another, machine="WD")
    assert "machine WD (WD) could read AMU" in answer.text
    code = re.search(r"[A-Z2-9]{4}(-[A-Z2-9]{4}){2}", answer.text)[0]
    data, actor = browser.get("/machines/list").data, hospital.open().actor
    listed = enrol_machine.accept_list(another.vault, hospital.settings, data, code, actor)
    assert listed.find("WD").revoked
    assert listed.find("W2").wards == ("AMU",)
    another.vault.close()


def test_a_long_list_is_shown_page_by_page_and_narrowed_by_what_one_knows(
    hospital, stick, monkeypatch
):
    start(hospital, stick)
    listed = machines.read_list(hospital.home)
    (own,) = listed.machines
    others = [
        replace(own, card=replace(own.card, code=f"A{letter}", name=f"Trolley {letter}"))
        for letter in device.CODE_ALPHABET
    ]
    lost = replace(others[0], revoked="2026-11-01T08:00:00Z", reason="stolen")
    long_list = replace(listed, machines=(own, lost, *others[1:]))
    monkeypatch.setattr(machines, "read_list", lambda home: long_list)
    browser, codes = hospital.browser("administrator"), []
    for number in (1, 2, 3):
        page = browser.get(f"/machines?page={number}").text
        assert f"Page {number} of 3: {len(long_list.machines)} machines" in page
        codes += re.findall(r'<th scope="row" class="mono">(\w\w)</th>', page)
    assert sorted(codes) == sorted(machine.code for machine in long_list.machines)
    assert codes[-1] == "AA", "who is believed no more comes last"
    assert browser.get("/machines?page=99").text.count("Page 3 of 3") == 1
    page = browser.get("/machines?find=trolley+revoked").text
    assert re.findall(r'<th scope="row" class="mono">(\w\w)</th>', page) == ["AA"]
    assert "No machine of the list is like that" in browser.get("/machines?find=nowhere").text
