"""Logs, registers and cards: printed blank, without a patient and without a downtime number."""

import io

import pytest

from downtime.errors import InputError
from downtime.paper import ledger
from downtime.paper.packs.pack import blank_forms, patient_pack


@pytest.mark.parametrize(("form", "returns"), [("runner-log", True), ("action-runner", False)])
def test_a_blank_without_a_patient_takes_no_downtime_number(
    vault, settings, actor, words, form, returns
):
    out = io.BytesIO()
    made = blank_forms(vault, settings, [form], 2, actor, "Test", out, ward="A1", numbered=True)
    rows = ledger.list_pack_forms(vault, made.id)
    assert [(row.returns, row.subject.downtime_number) for row in rows] == [(returns, "")] * 2
    pages = words(out.getvalue())
    assert len(pages) == 2
    assert not any("NHS No." in page or "continued" in page for page in pages)


def test_a_page_that_lies_across_carries_both_codes(vault, settings, actor, codes):
    out = io.BytesIO()
    blank_forms(vault, settings, ["clinic-list"], 1, actor, "Test", out)
    (page,) = codes(out.getvalue())
    assert len(page) == 2


def test_a_log_is_not_printed_for_a_patient(vault, snapshot, settings, actor):
    with pytest.raises(InputError, match="not about one patient"):
        patient_pack(vault, snapshot, settings, "p1", ["runner-log"], actor, "Test", io.BytesIO())
