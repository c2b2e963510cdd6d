"""Every kind of finding has a name for people and a next step."""

import pytest

from downtime.feeds.model import FindingKind, Outcome
from downtime.snapshot.quality_advice import ADVICE, advise


@pytest.mark.parametrize("kind", [*FindingKind, *(o for o in Outcome if o is not Outcome.USED)])
def test_every_kind_is_named_with_what_to_do(kind):
    assert ADVICE[kind].title
    assert ADVICE[kind].next_step.endswith(".")


def test_a_kind_of_a_newer_publisher_is_shown_all_the_same():
    assert advise("stay-in-two-places") == ("Stay in two places", "")
