"""Blank sets for new patients, by ward: what each ward's form set says, or so many of every spare."""

from collections.abc import Mapping

from downtime.outage import numbers
from downtime.paper.forms.sets import FormSet, is_numbered
from downtime.paper.packs.contents import blank
from downtime.paper.packs.job import Job
from downtime.paper.packs.printing import Press
from downtime.settings import Settings


class Spares:
    """The spares of one printing; each set carries one downtime number."""

    def __init__(
        self,
        press: Press,
        settings: Settings,
        sets: Mapping[str, FormSet],
        blanks: int | None,
        why: str,
    ) -> None:
        self._press = press
        self._counts = {ward: _counts(found, blanks) for ward, found in sets.items()}
        self._numbered = {
            ward: {name for name in found.blanks if is_numbered(press.form(name)[0], found)}
            for ward, found in sets.items()
        }
        wanted = sum(
            max((n for name, n in counts.items() if name in self._numbered[ward]), default=0)
            for ward, counts in self._counts.items()
        )
        issued = numbers.issue(press.vault, settings, wanted, press.who, why) if wanted else []
        self._numbers = iter(issued)

    def of(self, ward: str) -> list[Job]:
        """The spares of a ward, set after set."""
        counts, numbered = self._counts[ward], self._numbered[ward]
        jobs = []
        for copy in range(max(counts.values(), default=0)):
            names = [name for name, count in counts.items() if count > copy]
            number = next(self._numbers) if numbered.intersection(names) else ""
            jobs += [
                blank(self._press, name, ward, number if name in numbered else "") for name in names
            ]
        return jobs


def _counts(found: FormSet, blanks: int | None) -> dict[str, int]:
    return {name: count if blanks is None else blanks for name, count in found.blanks.items()}
