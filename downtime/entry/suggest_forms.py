"""Which forms a page without a readable code may be of, by how they are ruled: for a person to choose from.

Nothing is filed here: whoever picks one still compares its serial and its person with the paper.
"""

from collections import defaultdict
from typing import NamedTuple

from downtime.entry.settle_tray import get_page, get_picture
from downtime.entry.store import scans
from downtime.paper.layout.model import FormLayout
from downtime.paper.model import FormState, IssuedForm
from downtime.paper.store import issued_forms, layouts
from downtime.scanning import policies
from downtime.scanning.find_layouts import find_layouts
from downtime.settings import Settings
from downtime.vault.vault import Vault

MOST_CANDIDATES = 3
MOST_FORMS = 50
LEAST_LIKENESS = 0.3
"""Pages of two forms have about half in common, a page and its own print eight tenths."""
_OUT = (FormState.ISSUED, FormState.COLLECTED, FormState.RETURNED, FormState.KEYED)


class FormCandidate(NamedTuple):
    """A printed page that the scanned one is like, and the forms of which that page is still to come."""

    layout: FormLayout
    page: int
    likeness: float
    forms: list[IssuedForm]

    @property
    def shown(self) -> list[IssuedForm]:
        """Those that a list holds; of the others the serial is typed."""
        return self.forms[:MOST_FORMS]


def suggest_forms(vault: Vault, settings: Settings, page_id: str) -> list[FormCandidate]:
    """The likest printed pages of forms that are out, or of which pages are missing, the likest first."""
    page = get_page(vault, page_id)
    policies.check_is_homeless(page)
    policies.check_has_picture(page)
    forms = _list_awaited(vault, page.outage)
    printed = [p for digest in forms if (p := layouts.find_layout(vault.db, digest))]
    present = dict(scans.fetch_page_numbers(vault.db))
    candidates = (
        FormCandidate(
            likely.layout,
            likely.number,
            likely.likeness,
            [
                form
                for form in forms[likely.layout.digest]
                if likely.number not in present.get(form.serial, ())
            ],
        )
        for likely in find_layouts(settings, get_picture(vault, page_id), printed)
        if likely.likeness >= LEAST_LIKENESS
    )
    return [candidate for candidate in candidates if candidate.forms][:MOST_CANDIDATES]


def _list_awaited(vault: Vault, outage: str) -> dict[str, list[IssuedForm]]:
    """By the digest of their layout the forms of an outage, and those printed ahead, with pages to come."""
    complete = scans.fetch_serials(vault.db) - dict(scans.fetch_page_numbers(vault.db)).keys()
    by_layout: dict[str, list[IssuedForm]] = defaultdict(list)
    for name in {outage, ""}:
        for form in issued_forms.fetch_in_states(vault.db, name, _OUT):
            if form.serial not in complete:
                by_layout[form.layout].append(form)
    return by_layout
