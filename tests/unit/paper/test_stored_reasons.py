"""A reason that the program gives is kept as a fact; everything else is shown as it was kept."""

import pytest

from downtime.paper.stored_reasons import ProgramReason, store_reason, word_reason


def test_a_fact_is_worded_when_it_is_read():
    stored = store_reason(ProgramReason.SUPERSEDED, "K7000042X")
    assert stored == "=superseded K7000042X"
    assert word_reason(stored) == "Superseded by K7-000042-X."


@pytest.mark.parametrize("reason", ProgramReason)
def test_every_reason_has_a_sentence(reason):
    assert word_reason(store_reason(reason, "K7000042X")).endswith(".")


@pytest.mark.parametrize("text", ["Coffee", "Superseded by K7-000042-X.", "=sum(A1)", ""])
def test_other_text_is_shown_as_it_is(text):
    assert word_reason(text) == text
