"""A print that stopped is gone on with soon, in its own outage: its charts hold the values of then."""

from dataclasses import replace
from datetime import timedelta

import pytest

from downtime.clock import to_text
from downtime.errors import ConflictError
from downtime.paper.model import Pack, PackKind, PackState
from downtime.paper.packs.policies import check_is_of_now
from tests.conftest import NOW

PACK = Pack(
    id="WH-P00002", kind=PackKind.WARD, wards=("AMU",), snapshot="S1", outage="O1", drill=False,
    issued_by="u-1", issued_name="Amina Ward", issued_at=to_text(NOW), pages=3,
    state=PackState.PRINTED,
)  # fmt: skip


def test_the_rest_of_a_print_of_this_outage_may_follow_within_hours():
    check_is_of_now(PACK, "O1", NOW + timedelta(hours=3))
    with pytest.raises(ConflictError, match="what stands on its charts is of then"):
        check_is_of_now(PACK, "O1", NOW + timedelta(hours=9))


def test_the_rest_of_a_print_of_another_outage_is_not_printed():
    with pytest.raises(ConflictError, match="in another outage"):
        check_is_of_now(PACK, "O2", NOW + timedelta(minutes=5))
    with pytest.raises(ConflictError, match="in another outage"):
        check_is_of_now(replace(PACK, outage=""), "O2", NOW)
