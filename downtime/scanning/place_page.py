"""Where a page belongs, by its own codes and what was issued: never by guess, nor by its neighbours. Pure."""

from collections.abc import Collection
from typing import NamedTuple

from downtime.paper.model import FormState, IssuedForm
from downtime.paper.serials import PageCode, is_page_code, parse_page_code
from downtime.scanning.model import PageOutcome, Placement

RETIRED = (FormState.VOID, FormState.LOST)


class PresentScan(NamedTuple):
    """The pages of a form that are filed; `is_whole` where they came as one file with it."""

    pages: frozenset[int] = frozenset()
    is_whole: bool = False


def find_page_code(codes: Collection[str]) -> PageCode | None:
    """The one page that codes name; None for none, and for several: two papers lay on one another."""
    named = {parse_page_code(code)[:2] for code in codes if is_page_code(code)}
    if len(named) != 1:
        return None
    serial, page = named.pop()
    return PageCode(serial, page, "")


def place_uncoded(*, is_blank: bool) -> Placement:
    """The outcome of a page whose codes name no page, or several."""
    return Placement(PageOutcome.BLANK if is_blank else PageOutcome.UNREADABLE)


def place_coded(
    code: PageCode, form: IssuedForm | None, present: PresentScan, outage: str
) -> Placement:
    """The outcome of a page whose code was read; `form` is the ledger's, None when it has none.

    A form printed ahead of any outage belongs to the one at hand, whose id is `outage`.
    """
    return Placement(
        _find_outcome(code, form, present, outage),
        code.serial,
        code.page,
        form.outage if form and form.outage else outage,
    )


def _find_outcome(
    code: PageCode, form: IssuedForm | None, present: PresentScan, outage: str
) -> PageOutcome:
    if form is None or not 1 <= code.page <= form.pages:
        return PageOutcome.NOT_ISSUED
    if form.outage not in ("", outage):
        return PageOutcome.OTHER_OUTAGE
    if form.state in RETIRED:
        return PageOutcome.RETIRED
    if code.page in present.pages:
        return PageOutcome.SECOND_SCAN
    return PageOutcome.OTHER_SCAN if present.is_whole else PageOutcome.FILED
