"""Reasons are stored as facts, worded when read; what an earlier version stored is shown as it is."""

import re
from zoneinfo import ZoneInfo

import orjson
import pytest

from downtime.reconcile.reasons import (
    ReasonCode,
    decode_reasons,
    encode_reasons,
    make_reasons,
    with_returned,
)
from downtime.reconcile.wording import SENTENCES, word_reasons

LONDON = ZoneInfo("Europe/London")


def test_a_sentence_of_an_earlier_version_stays_as_it_is():
    reasons = decode_reasons("LIMS has no such request.") + make_reasons(ReasonCode.UNITS_DIFFER)
    words = word_reasons(reasons, "LIMS", LONDON)
    assert words == "LIMS has no such request. The units differ and cannot be converted."


def test_reasons_come_back_as_they_were_stored():
    reasons = make_reasons(ReasonCode.REQUEST_CANCELLED, at="2026-11-02T14:20:00Z") + make_reasons(
        ReasonCode.NO_DOSE
    )
    assert decode_reasons(orjson.loads(encode_reasons(reasons))) == reasons


def test_what_another_form_said_is_no_longer_said_to_be_returned():
    values = {"serial": "K7000042X", "at": "2026-11-02T14:20:00Z", "returned": "1"}
    reasons = make_reasons(ReasonCode.REQUEST_ON_ANOTHER_FORM, **values)
    assert ", returned already," in word_reasons(reasons, "LIMS", LONDON)
    opened = with_returned(reasons, "K7000042X", returned=False)
    assert "returned" not in word_reasons(opened, "LIMS", LONDON)


@pytest.mark.parametrize("code", ReasonCode)
def test_every_code_has_a_sentence_that_can_be_worded(code):
    names = re.findall(r"\{(\w+)", SENTENCES[code])
    values = dict.fromkeys(names, "2026-11-02") | {"minutes": "61", "serial": "K7000042X"}
    values |= {"forms": "K7000042X", "requests": "L1\t2026-11-02T14:20:00Z"}
    assert "{" not in word_reasons(make_reasons(code, **values), "LIMS", LONDON)
