"""A form on the hospital's own PDF is printed once two people stand for exactly that form."""

import io
import json
from dataclasses import replace

import pytest
import yaml

from downtime.errors import ConflictError, ForbiddenError, InputError
from downtime.paper import ledger
from downtime.paper.approve_form import approve_form, propose_form
from downtime.paper.forms.form_approval import (
    is_withheld,
    load_printable_forms,
    read_approval,
)
from downtime.paper.forms.load_form import load_form
from downtime.paper.hospital_backgrounds import add_background, save_placement
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.reprint import Reprint
from downtime.paper.packs.ward_pack import WardPack
from downtime.settings import Settings
from downtime.vault.model import MachineRole
from tests.integration.paper.approvals import approve_own_form
from tests.integration.paper.test_background import A4, A5, FORM, turned
from tests.site import Site

REASON = "Chart group, 3 November"


@pytest.fixture
def folder(vault):
    """The home's forms, one of them on a PDF of its own."""
    vault.home.forms_folder.mkdir(exist_ok=True)
    (vault.home.forms_folder / "own.pdf").write_bytes(turned(A4, 0))
    (vault.home.forms_folder / "own.yaml").write_text(FORM)
    return vault.home.forms_folder


@pytest.fixture
def print_blank(vault, settings, actor):
    def build():
        out = io.BytesIO()
        request = BlankForms(forms=("own",), copies=1)
        return print_pack(vault, settings, request, actor, "Test", out)

    return build


def test_it_is_printed_only_after_another_person_approved_it(
    vault, settings, actor, folder, print_blank
):
    colleague = replace(actor, id="u-2", name="Ben Site")
    with pytest.raises(ConflictError, match="two people have not approved it"):
        print_blank()
    with pytest.raises(ConflictError, match="changed since its author"):
        approve_form(vault, settings, "own", "", "2026-12-01", colleague, REASON)
    digest = propose_form(vault, "own", actor).digest
    with pytest.raises(ForbiddenError, match="another person has to approve"):
        approve_form(vault, settings, "own", digest, "2026-12-01", actor, REASON)
    with pytest.raises(ConflictError, match="two people have not approved it"):
        print_blank()
    for day in ("soon", "2020-01-01", "2050-01-01"):
        with pytest.raises(InputError):
            approve_form(vault, settings, "own", digest, day, colleague, REASON)
    with pytest.raises(InputError):
        approve_form(vault, settings, "own", digest, "2026-12-01", colleague, " ")
    approve_form(vault, settings, "own", digest, "2026-12-01", colleague, REASON)
    assert print_blank().notes == ()
    rows = vault.db.query("SELECT action, actor, why FROM audit ORDER BY seq")
    signed = [tuple(row.values()) for row in rows if row["action"].startswith("form.")]
    assert signed == [("form.propose", "u-1", "its author"), ("form.approve", "u-2", REASON)]


def test_any_change_of_definition_or_pdf_ends_it(vault, settings, actor, folder, print_blank):
    approve_own_form(vault, settings, "own", actor)
    print_blank()
    (folder / "own.yaml").write_text(FORM.replace("text: Done", "text: Not done"))
    with pytest.raises(ConflictError, match="two people have not approved it"):
        print_blank()
    (folder / "own.yaml").write_text(FORM)
    print_blank()
    (folder / "own.pdf").write_bytes(turned(A5, 0))
    with pytest.raises(ConflictError, match="two people have not approved it"):
        print_blank()


@pytest.mark.parametrize(
    ("key", "value"),
    [("approver", "u-9"), ("review", "2040-01-01"), ("key", "00"), ("signature", "AAAA")],
)
def test_an_approval_that_was_written_by_hand_is_none(vault, settings, actor, folder, key, value):
    approve_own_form(vault, settings, "own", actor)
    path = folder / "own.approval.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    assert is_withheld(load_form("own", vault.home), vault.home)
    path.write_text("[]")
    assert read_approval(load_form("own", vault.home), vault.home) is None


def test_a_review_that_is_overdue_is_said_when_it_is_printed(
    vault, settings, actor, folder, snapshot, words
):
    approve_own_form(vault, settings, "own", actor, review="2026-11-20")
    chosen = Settings(
        paper=replace(
            settings.paper,
            sets={"adult": {"patient": ["own"], "spares": {"incident-log": 1}}},
        )
    )
    vault.clock = lambda clock=vault.clock: clock().replace(year=2027)
    result, pages = print_ward(vault, chosen, actor, snapshot, words)
    note = "Its review was due on 20-Nov-2026, ask whether it still holds: Own form."
    assert result.notes == (note,)
    assert note in " ".join(pages[0].split())


def test_the_rest_of_a_pack_is_printed_and_says_what_was_left_out(
    vault, settings, actor, folder, snapshot, words
):
    chosen = Settings(
        paper=replace(
            settings.paper,
            sets={"adult": {"patient": ["own", "observations"], "spares": {"own": 2}}},
        )
    )
    result, pages = print_ward(vault, chosen, actor, snapshot, words)
    note = "Left out, not approved by two people: Own form."
    assert result.notes == (note,)
    assert note in " ".join(pages[0].split())
    assert "Observations" in " ".join(pages)


def print_ward(vault, settings, actor, snapshot, words):
    out = io.BytesIO()
    result = print_pack(
        vault, settings, WardPack(wards=("A1",)), actor, "Test", out, snapshot=snapshot
    )
    return result, words(out.getvalue())


def test_the_installations_form_stands_in_for_one_that_is_not_approved(
    vault, settings, actor, folder
):
    (folder / "own.yaml").rename(folder / "census.yaml")
    (folder / "census.yaml").write_text(FORM.replace("name: own", "name: census"))
    assert load_printable_forms(vault.home)["census"].background == ""
    approve_own_form(vault, settings, "census", actor)
    assert load_printable_forms(vault.home)["census"].background == "own.pdf"


def test_only_a_form_on_a_pdf_of_ones_own_is_approved(vault, actor):
    with pytest.raises(ConflictError, match="does not stand on a PDF of your own"):
        propose_form(vault, "census", actor)


def test_what_was_printed_before_is_printed_again_only_while_it_is_approved(
    vault, settings, actor, folder, print_blank
):
    approve_own_form(vault, settings, "own", actor)
    (printed,) = ledger.list_pack_forms(vault, print_blank().id)
    pdf = (folder / "own.pdf").read_bytes()
    (folder / "own.yaml").write_text(FORM.replace("text: Done", "text: Not done"))
    with pytest.raises(ConflictError, match="two people have not approved it"):
        print_again(vault, settings, printed.serial, actor)
    approve_own_form(vault, settings, "own", actor)
    with pytest.raises(ConflictError, match="two people have not approved it"):
        print_again(vault, settings, printed.serial, actor)
    (folder / "own.yaml").write_text(FORM)
    (folder / "own.pdf").write_bytes(turned(A5, 0))
    approve_own_form(vault, settings, "own", actor)
    with pytest.raises(ConflictError, match="two people have not approved it"):
        print_again(vault, settings, printed.serial, actor)
    (folder / "own.pdf").write_bytes(pdf)
    approve_own_form(vault, settings, "own", actor)
    (folder / "own.approval.json").unlink()
    with pytest.raises(ConflictError, match="two people have not approved it"):
        print_again(vault, settings, printed.serial, actor)
    approve_own_form(vault, settings, "own", actor)
    print_again(vault, settings, printed.serial, actor)


def print_again(vault, settings, serial, actor):
    return print_pack(vault, settings, Reprint(serial=serial), actor, "Coffee", io.BytesIO())


def test_nobody_approves_what_they_drew_though_somebody_else_saved_it_last(
    vault, settings, actor, folder
):
    ben, cay = (replace(actor, id=f"u-{n}", name="Other") for n in (2, 3))
    add_background(vault, "own", turned(A5, 0), settings.paper, cay)
    propose_form(vault, "own", actor)
    (folder / "own.yaml").write_text(FORM.replace("text: Done", "text: Was done"))
    digest = propose_form(vault, "own", ben).digest
    for maker in (actor, ben, cay):
        with pytest.raises(ForbiddenError, match="or an earlier draft"):
            approve_form(vault, settings, "own", digest, "2026-12-01", maker, REASON)
    reviewer = replace(actor, id="u-4", name="Reviewer")
    approve_form(vault, settings, "own", digest, "2026-12-01", reviewer, REASON)
    with pytest.raises(ForbiddenError):
        approve_form(vault, settings, "own", digest, "2026-12-02", actor, REASON)
    (folder / "own.yaml").write_text(FORM)
    digest = propose_form(vault, "own", ben).digest
    approve_form(vault, settings, "own", digest, "2026-12-01", actor, REASON)


def test_what_is_no_publisher_changes_no_form_and_ends_no_approval(vault, settings, actor, folder):
    approve_own_form(vault, settings, "own", actor)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    Site().enrol(vault, MachineRole.WARD_LAPTOP)
    drawn = yaml.safe_load(FORM) | {"title": "Drawn here"}
    for change in (
        lambda: add_background(vault, "own", turned(A5, 0), settings.paper, actor),
        lambda: save_placement(vault, settings, drawn, actor),
        lambda: propose_form(vault, "own", actor),
    ):
        with pytest.raises(ConflictError, match="made and approved on a publisher"):
            change()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
