"""Blank sets for new patients, by ward: what each ward's form set says, or so many of every spare."""

from collections.abc import Mapping

from downtime.outage import downtime_numbers
from downtime.paper.forms.form_sets import FormSet, is_numbered
from downtime.paper.packs.documents import blank_document
from downtime.paper.packs.model import PrintDocument
from downtime.paper.packs.print_run import PrintRun
from downtime.settings import Settings


class BlankSets:
    """The spares of one printing; each set carries one downtime number."""

    def __init__(
        self,
        press: PrintRun,
        settings: Settings,
        sets: Mapping[str, FormSet],
        blanks: int | None,
        reason: str,
    ) -> None:
        self._press = press
        self._counts = {ward: _counts(found, blanks) for ward, found in sets.items()}
        self._numbered = {
            ward: {name for name in found.blanks if is_numbered(press.get_form(name)[0], found)}
            for ward, found in sets.items()
        }
        wanted = sum(
            max((n for name, n in counts.items() if name in self._numbered[ward]), default=0)
            for ward, counts in self._counts.items()
        )
        issued = (
            downtime_numbers.issue_numbers(press.vault, settings, wanted, press.actor, reason)
            if wanted
            else []
        )
        self._numbers = iter(issued)

    def for_ward(self, ward: str) -> list[PrintDocument]:
        """The spares of a ward, set after set."""
        counts, numbered = self._counts[ward], self._numbered[ward]
        jobs = []
        for copy in range(max(counts.values(), default=0)):
            names = [name for name, count in counts.items() if count > copy]
            number = next(self._numbers) if numbered.intersection(names) else ""
            jobs += [
                blank_document(self._press, name, ward, number if name in numbered else "")
                for name in names
            ]
        return jobs


def _counts(found: FormSet, blanks: int | None) -> dict[str, int]:
    return {name: count if blanks is None else blanks for name, count in found.blanks.items()}
