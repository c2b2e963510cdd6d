"""Logs, registers and cards: printed blank, without a patient and without a downtime number."""

import io

import pytest

from downtime.errors import InputError
from downtime.paper import ledger
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.print_pack import print_pack


@pytest.mark.parametrize(("form", "returns"), [("runner-log", True), ("action-runner", False)])
def test_a_blank_without_a_patient_takes_no_downtime_number(
    vault, settings, actor, words, form, returns
):
    out = io.BytesIO()
    printed = print_pack(
        vault,
        settings,
        BlankForms(forms=(form,), copies=2, ward="A1", numbered=True),
        actor,
        "Test",
        out,
    )
    rows = ledger.list_pack_forms(vault, printed.id)
    assert [(row.returns, row.subject.downtime_number) for row in rows] == [(returns, "")] * 2
    pages = words(out.getvalue())
    assert len(pages) == 2
    assert not any("NHS No." in page or "continued" in page for page in pages)


def test_a_page_that_lies_across_carries_both_codes(vault, settings, actor, codes):
    out = io.BytesIO()
    print_pack(vault, settings, BlankForms(forms=("clinic-list",), copies=1), actor, "Test", out)
    (page,) = codes(out.getvalue())
    assert len(page) == 2


def test_a_log_is_not_printed_for_a_patient(vault, snapshot, settings, actor):
    with pytest.raises(InputError, match="not about one patient"):
        print_pack(
            vault,
            settings,
            PatientPack(patient="p1", forms=("runner-log",)),
            actor,
            "Test",
            io.BytesIO(),
            snapshot=snapshot,
        )
