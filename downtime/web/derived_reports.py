"""The report of an outage with its statement, as pages show it: never shown as newer than it is.

Of a small outage it is derived anew for each page. Of a large hospital's that takes seconds, so a thread
derives it beside the pages: these show the last one, with its time and whether anything was written since.
"""

import logging
import threading
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from time import monotonic
from typing import NamedTuple
from weakref import WeakKeyDictionary

from downtime.errors import LockedError
from downtime.returns.report.incident_report import gather_report
from downtime.returns.report.model import IncidentReport
from downtime.returns.statement.completeness_statement import find_outage, refresh_signatures
from downtime.returns.statement.proof import Basis, count_records, find_basis
from downtime.settings import Settings
from downtime.vault.vault import Vault

log = logging.getLogger("downtime.web")

SMALL_RECORDS = 1_000
"""Forms and items of an outage that is derived while its page is waited for."""
UNCHANGED_SECONDS = 120.0
"""What something else than this program changes is looked for on a page this often."""
PAUSES = 10.0
"""Of what others go on writing, a page derives anew by itself after so many times as long as it took."""


class Progress(NamedTuple):
    """How many forms have been derived anew, of how many; 0 of 0 before the first."""

    done: int = 0
    total: int = 0


class ShownReport(NamedTuple):
    """What a page shows of an outage."""

    report: IncidentReport | None
    """None until it was derived for the first time."""
    is_current: bool
    """Whether this program has written nothing since."""
    progress: Progress | None = None
    """How far it is derived anew at this moment; None when nobody does."""


@dataclass(frozen=True, slots=True)
class _Derived:
    """A report, what it rests on, when it was ready and how long that took, in seconds."""

    report: IncidentReport
    basis: Basis
    since: float
    took: float

    def is_current(self, basis: Basis) -> bool:
        return self.basis == basis and monotonic() - self.since < UNCHANGED_SECONDS

    @property
    def is_young(self) -> bool:
        """Whether it was derived so little before that a page does not begin anew by itself."""
        return monotonic() - self.since < PAUSES * self.took


class _Outages:
    """What is known of the outages of one vault, by their numbers."""

    def __init__(self) -> None:
        self.derived: dict[str, _Derived] = {}
        self.progress: dict[str, Progress] = {}
        self.failures: dict[str, Exception] = {}


class DerivedReports:
    """The last report of each outage, forgotten with its vault."""

    def __init__(self, lend_vault: Callable[[], AbstractContextManager[Vault]]) -> None:
        self._lend_vault = lend_vault
        self._lock = threading.Lock()
        self._vaults: WeakKeyDictionary[Vault, _Outages] = WeakKeyDictionary()

    def show(
        self, vault: Vault, settings: Settings, outage_id: str = "", *, anew: bool = False
    ) -> ShownReport:
        """What a page shows now, of the outage at hand or of a given one; `anew`: begin at once.

        NotFoundError when there was never an outage, or not that one.
        """
        outage = find_outage(vault, outage_id)
        if count_records(vault, outage) <= SMALL_RECORDS:
            return ShownReport(self._derive(vault, settings, outage.id), is_current=True)
        basis = find_basis(vault)
        with self._lock:
            known = self._of(vault)
            if failure := known.failures.pop(outage.id, None):
                raise failure
            last = known.derived.get(outage.id)
            is_current = last is not None and last.is_current(basis)
            if anew or not (is_current or (last and last.is_young)):
                self._begin(vault, settings, outage.id)
            progress = known.progress.get(outage.id)
        return ShownReport(_refresh(vault, last), is_current, progress)

    def find_last(self, vault: Vault, outage_id: str) -> IncidentReport | None:
        """What was derived last of an outage, without deriving anything."""
        last = self._of(vault).derived.get(outage_id)
        return last.report if last else None

    def find_progress(self, vault: Vault, outage_id: str) -> Progress | None:
        """How far an outage is derived anew at this moment; None when nobody does."""
        return self._of(vault).progress.get(outage_id)

    def _of(self, vault: Vault) -> _Outages:
        return self._vaults.setdefault(vault, _Outages())

    def _begin(self, vault: Vault, settings: Settings, outage_id: str) -> None:
        """Derive in a thread of its own, unless one does already; with the lock."""
        progress = self._of(vault).progress
        if outage_id not in progress:
            progress[outage_id] = Progress()
            work = (vault, settings, outage_id)
            threading.Thread(target=self._derive_beside, args=work, daemon=True).start()

    def _derive_beside(self, vault: Vault, settings: Settings, outage_id: str) -> None:
        known = self._of(vault)
        try:
            with self._lend_vault() as lent:
                if lent is vault:
                    self._derive(vault, settings, outage_id)
        except LockedError:  # everybody has signed out meanwhile
            pass
        except Exception as error:
            places = traceback.extract_tb(error.__traceback__)
            log.error("statement: %s at line %d", type(error).__name__, places[-1].lineno or 0)
            known.failures[outage_id] = error
        finally:
            known.progress.pop(outage_id, None)

    def _derive(self, vault: Vault, settings: Settings, outage_id: str) -> IncidentReport:
        known, basis, started = self._of(vault), find_basis(vault), monotonic()

        def note(done: int, total: int) -> None:
            if outage_id in known.progress:
                known.progress[outage_id] = Progress(done, total)

        report = gather_report(vault, settings, outage_id, note)
        now = monotonic()
        known.derived[outage_id] = _Derived(report, basis, now, now - started)
        return report


def _refresh(vault: Vault, last: _Derived | None) -> IncidentReport | None:
    """The report with who has signed its statement by now: that is not part of what is derived."""
    if last is None:
        return None
    return replace(last.report, statement=refresh_signatures(vault, last.report.statement))
