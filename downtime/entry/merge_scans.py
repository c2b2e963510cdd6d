"""Merge the scans that a laptop sent: each is judged by its codes anew, and none is lost.

A scan in doubt is kept and stands beside no field until a person has looked. Of two scans of one form
the first stays, with its own pages only.
"""

from dataclasses import dataclass, field, fields
from typing import Any

from sqlite_utils import Database

from downtime.entry.model import ScanInfo
from downtime.entry.scan_policies import judge_merged_scan
from downtime.entry.scans import compare_files
from downtime.entry.store import scans

_INFO = [f.name for f in fields(ScanInfo)]
_OF_OLDER_PROGRAMS = {"codes": "", "without_code": 0}


@dataclass
class ScanMerger:
    """Judges the scans of one bundle inside the caller's transaction."""

    db: Database
    _new_serials: set[str] = field(default_factory=set)
    _digests: set[str] = field(default_factory=set)

    def admit(self, row: dict[str, Any], *, is_page: bool) -> bool:
        """Whether a row of a scan, or of a page of one, is put in; a scan gets its doubt."""
        if is_page:
            return row["serial"] in self._new_serials
        if scans.fetch(self.db, row["serial"]) is not None:
            return False
        row.update({**_OF_OLDER_PROGRAMS, "paged": int(not row["content"]), **row})
        row["doubt"] = judge_merged_scan(
            ScanInfo(**{name: row[name] for name in _INFO if name != "doubt"})
        )
        self._new_serials.add(row["serial"])
        self._digests.add(row["sha256"])
        return True

    def finish(self) -> None:
        """Doubt what is one file under two serials, whichever bundle came first."""
        compare_files(self.db, sorted(self._digests))
