"""Mutual aid: a summary printed in one hospital is read in another from its codes alone, or not at all."""

import io
import os
from dataclasses import replace
from datetime import timedelta

import pytest

from downtime.clinical.model import Observation
from downtime.config import Home
from downtime.errors import ConflictError, InputError, NotFoundError, UntrustedError
from downtime.outage import outages
from downtime.outage.events.model import EventKind
from downtime.outage.events.record_event import EventDraft, EventRecorder
from downtime.paper.mutual_aid import partners, receive_document
from downtime.paper.mutual_aid.aid_sheets import CapacitySheet, TransferSheets
from downtime.paper.mutual_aid.model import AidKind
from downtime.paper.mutual_aid.read_codes import read_codes
from downtime.paper.mutual_aid.signed_codes import collect_parts
from downtime.paper.packs.print_pack import print_pack
from downtime.settings import Settings, SiteSettings
from downtime.vault import device, schema
from downtime.vault.model import Actor, MachineRole
from downtime.vault.vault import Vault
from tests.conftest import NOW
from tests.integration.paper.conftest import read_words, records
from tests.site import Site

HERE = Settings(site=SiteSettings(name="St Elsewhere", code="ELSE"))
"""The other hospital, which reads."""
SISTER = Actor("u-9", "Ruth Sister", "Z9")


@pytest.fixture
def other(tmp_path):
    """A machine of another hospital."""
    folder = tmp_path / "other"
    (folder / "keys").mkdir(parents=True)
    (folder / "config.toml").write_text("")
    home, key = Home(folder), os.urandom(32)
    device.create_device(home, key, "Z9", "ward laptop of another hospital")
    vault = Vault(home, key, lambda: NOW)
    schema.create_schema(vault.db, lambda: NOW)
    yield vault
    vault.close()


def believe(reader, writer, settings):
    """Import the writer's keys, with the fingerprint as it is read over the telephone."""
    file = partners.make_partner_file(writer.home, settings)
    return partners.add_partner(
        reader, HERE, file.to_bytes(), file.fingerprint.upper(), SISTER, "telephoned Ann"
    )


@pytest.fixture
def sheets(vault, snapshot, settings, actor):
    """`sheets(request)` prints it: the PDF, and the words of its pages."""

    def build(request):
        out = io.BytesIO()
        print_pack(vault, settings, request, actor, "Test", out, snapshot=snapshot)
        return out.getvalue(), read_words(out.getvalue())

    return build


@pytest.fixture
def summary(sheets):
    """The summary of a patient with two allergies, as PDF and words."""
    return sheets(
        TransferSheets(patient="p1", destination="St Elsewhere, AMU", contact="Dr Cole 5512")
    )


def codes_of(pdf):
    return read_codes(pdf, HERE.entry)


def test_a_summary_is_read_from_a_picture_of_its_codes_with_nothing_to_look_up(
    other, vault, settings, summary
):
    pdf, pages = summary
    believe(other, vault, settings)
    received = receive_document.receive_document(other, collect_parts(codes_of(pdf)), SISTER)
    document = received.document
    assert document.kind is AidKind.TRANSFER
    assert (document.hospital_code, document.device) == ("DEMO", "K7")
    assert (document.destination, document.contact) == ("St Elsewhere, AMU", "Dr Cole 5512")
    assert document.patient.family
    assert document.patient.birth_date
    printed = " ".join(" ".join(pages).split())
    cells = [cell for line in document.lines for row in line.rows for cell in row]
    assert any("allerg" in line.text.lower() for line in document.lines)
    assert cells
    for cell in cells:
        assert all(word in printed for word in cell.split()), cell
    assert "codes on the next sheet" in printed


def test_the_same_sheet_twice_in_any_order_is_one(other, vault, settings, summary):
    believe(other, vault, settings)
    codes = codes_of(summary[0])
    for texts in (codes, codes[::-1], [*codes, *codes], [" ".join(codes).lower()]):
        receive_document.receive_document(other, collect_parts(texts), SISTER)
    assert len(receive_document.list_transfers(other)) == 1


def test_what_is_missing_is_named(other, vault, settings, summary):
    believe(other, vault, settings)
    codes = sorted(codes_of(summary[0]))
    parts = collect_parts(codes[1:])
    assert parts.missing == [1]
    with pytest.raises(InputError, match="still missing: 1"):
        receive_document.receive_document(other, parts, SISTER)
    with pytest.raises(InputError, match="no code"):
        collect_parts(["K7000042X", "9990000018"])


def test_nobody_is_believed_before_the_fingerprint_was_compared(other, vault, settings, summary):
    parts = collect_parts(codes_of(summary[0]))
    with pytest.raises(UntrustedError, match="no hospital that is believed"):
        receive_document.receive_document(other, parts, SISTER)
    file = partners.make_partner_file(vault.home, settings)
    with pytest.raises(UntrustedError, match="not that of this file"):
        partners.add_partner(other, HERE, file.to_bytes(), "0000 0000 0000 0000 0000", SISTER, "x")
    forged = replace_key(file)
    with pytest.raises(UntrustedError, match="not that of this file"):
        partners.add_partner(other, HERE, forged.to_bytes(), file.fingerprint, SISTER, "x")
    with pytest.raises(UntrustedError):
        receive_document.receive_document(other, parts, SISTER)
    believe(other, vault, settings)
    receive_document.receive_document(other, parts, SISTER)
    partners.withdraw_partner(other, "DEMO", SISTER, "stolen laptop there")
    with pytest.raises(UntrustedError):
        receive_document.receive_document(other, parts, SISTER)


def replace_key(file):
    key = device.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    return file._replace(keys={"K7": device.b64encode(key).decode()})


def test_every_altered_code_is_refused(other, vault, settings, summary):
    believe(other, vault, settings)
    codes = codes_of(summary[0])
    refused = 0
    for index, code in enumerate(codes):
        for place in range(15, len(code), 37):
            letter = "B" if code[place] != "B" else "C"
            altered = [*codes]
            altered[index] = code[:place] + letter + code[place + 1 :]
            with pytest.raises(UntrustedError):
                receive_document.receive_document(other, collect_parts(altered), SISTER)
            refused += 1
    assert refused > 30
    assert receive_document.list_transfers(other) == []


def test_a_partner_speaks_in_no_other_hospitals_name(
    other, vault, snapshot, settings, actor, sheets
):
    believe(other, vault, settings)
    liar = replace(settings, site=replace(settings.site, code="LIAR", name="Liar General"))
    out = io.BytesIO()
    print_pack(vault, liar, TransferSheets(patient="p1"), actor, "Test", out, snapshot=snapshot)
    with pytest.raises(UntrustedError, match="in the name of another hospital"):
        receive_document.receive_document(other, collect_parts(codes_of(out.getvalue())), SISTER)


def test_our_own_sheet_is_not_another_hospitals(vault, summary):
    with pytest.raises(ConflictError, match="of this hospital"):
        receive_document.receive_document(vault, collect_parts(codes_of(summary[0])), SISTER)


def test_codes_of_two_sheets_are_never_mixed(sheets, summary):
    capacity, _ = sheets(CapacitySheet())
    with pytest.raises(InputError, match="two different sheets"):
        collect_parts([*codes_of(summary[0]), *codes_of(capacity)])


def test_both_sides_read_the_same_capacity(other, vault, settings, actor, snapshot, sheets):
    outages.declare_systems_down(vault, ["PAS"], actor, "said by IT", known=["PAS"], snapshot="")
    vault.clock = lambda: NOW + timedelta(minutes=20)
    record = EventRecorder(vault, settings, snapshot, actor).record
    for state, free in (("divert", "0"), ("limited", "2")):
        answers = {"service": "Emergency department", "state": state, "capacity": free}
        happened = f"2026-11-02T14:3{1 if state == 'divert' else 2}:00Z"
        record(EventDraft(kind=EventKind.DIVERT, happened=happened, answers=answers))
    pdf, pages = sheets(CapacitySheet(contact="Site manager 5000"))
    believe(other, vault, settings)
    receive_document.receive_document(other, collect_parts(codes_of(pdf)), SISTER)
    (received,) = receive_document.list_capacity(other)
    rows = [row for line in received.document.lines for row in line.rows]
    assert tuple(rows[0][:3]) == ("Emergency department", "Limited", "2")
    assert not any("Divert" in cell for row in rows for cell in row)
    assert any(row[0] == "A1" for row in rows)
    assert "Limited" in pages[0]


def test_a_long_stay_is_shortened_and_says_so_and_keeps_every_allergy(
    other, vault, settings, actor, snapshot_of
):
    many = [
        replace(next(r for r in records() if isinstance(r, Observation)), id=f"more{n}", value=str(os.urandom(40).hex()))
        for n in range(600)
    ]  # fmt: skip
    out = io.BytesIO()
    print_pack(
        vault, settings, TransferSheets(patient="p1"), actor, "Test", out,
        snapshot=snapshot_of([*records(), *many]),
    )  # fmt: skip
    believe(other, vault, settings)
    pages = len(read_words(out.getvalue()))
    assert pages == 3  # the words on both sides of a sheet, the codes on a second one
    received = receive_document.receive_document(
        other, collect_parts(codes_of(out.getvalue())), SISTER
    )
    texts = [line.text for line in received.document.lines]
    assert any(text.endswith("ask the hospital that sends this.") for text in texts)
    assert any("allerg" in text.lower() for text in texts)


def test_a_drills_summary_registers_no_real_patient(other, vault, settings, actor, sheets):
    outages.declare_systems_down(
        vault, ["PAS"], actor, "drill", known=["PAS"], snapshot="", drill=True
    )
    pdf, pages = sheets(TransferSheets(patient="p1"))
    assert pages[-1].count("DRILL")
    believe(other, vault, settings)
    received = receive_document.receive_document(other, collect_parts(codes_of(pdf)), SISTER)
    assert received.document.is_drill
    outages.declare_systems_down(other, ["PAS"], SISTER, "real", known=["PAS"], snapshot="")
    with pytest.raises(ConflictError, match="of a drill"):
        receive_document.check_can_register(other, received)


def test_only_a_publisher_takes_keys_and_all_machines_have_them(other, vault, settings):
    Site("ELSE").enrol(other, MachineRole.WARD_LAPTOP)
    with pytest.raises(ConflictError, match="kept on a publisher"):
        believe(other, vault, settings)
    with pytest.raises(InputError, match="no file of a hospital's keys"):
        partners.parse_partner_file(b'{"format": "downtime-partner/1", "hospital": {}}')
    with pytest.raises(NotFoundError):
        receive_document.get_received(other, "0" * 64)
