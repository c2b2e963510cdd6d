"""Whether a full list is believed before it takes the place of the one before: pure.

A list that lacks most of what is known, or all of one ward, is damaged more often than a hospital is
empty. It is put in quarantine, and everything stays as it was, until a person has looked at it and released it.

A list of who or what is there now (stays, beds) is held against each record that it would remove; a
list of what is planned (appointments) changes wholly from day to day, so only its length counts.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import EncounterStatus
from downtime.feeds.model import Change, Finding, FindingKind, Replacement
from downtime.snapshot.record_state import RecordState

_OVER = (EncounterStatus.FINISHED, EncounterStatus.CANCELLED)
_PLANNED_TYPES = frozenset({"Appointment"})


class PresentRecord(NamedTuple):
    """A record that a list would replace, with the identifiers of its person."""

    key: str
    identifiers: tuple[Identifier, ...]
    ward: str = ""


def stands(state: RecordState, sent: str) -> bool:
    """Whether a record is missed when a list as at this time lacks it.

    It exists, is not over, and nothing was sent of it since.
    """
    is_older = all(layer.stamp.sent <= sent for layer in state.layers)
    return state.exists and is_older and state.fields.get("status") not in _OVER


def check_list(
    extract: Replacement,
    type_name: str,
    present: Collection[PresentRecord],
    percent: int,
    ward_patients: int,
) -> Finding | None:
    """What is wrong with a list that would remove too much; else None.

    Too much is more than `percent` of what is present, or a whole ward of `ward_patients` and more.
    """
    if not present:
        return None
    rows = [change for change in extract.changes if change.type == type_name]
    if type_name in _PLANNED_TYPES:
        lacking, empty_ward = max(len(present) - len(rows), 0), ""
    else:
        missing = _find_missing(present, rows)
        lacking, empty_ward = len(missing), _find_empty_ward(present, missing, ward_patients)
    reason = ""
    if lacking * 100 > percent * len(present):
        reason = (
            f"lacks {lacking} of the {len(present)} that are known, more than {percent}% of them"
        )
    elif empty_ward:
        reason = f"lacks everybody on ward {empty_ward}"
    if not reason:
        return None
    return Finding(
        FindingKind.LIST_IMPLAUSIBLE,
        extract.source,
        f"The list has {len(rows)} rows and {reason}: it is in quarantine until a person releases it.",
        type_name,
    )


def _find_missing(present: Iterable[PresentRecord], rows: Sequence[Change]) -> list[PresentRecord]:
    keys = {change.key for change in rows}
    people = {number for change in rows for number in change.patient}
    return [
        record
        for record in present
        if record.key not in keys and people.isdisjoint(record.identifiers)
    ]


def _find_empty_ward(
    present: Iterable[PresentRecord], missing: Iterable[PresentRecord], ward_patients: int
) -> str:
    """A ward of which a list names nobody, as when it was made of another ward only."""
    known = Counter(record.ward for record in present if record.ward)
    gone = Counter(record.ward for record in missing)
    return next(
        (w for w, count in sorted(known.items()) if count >= ward_patients and gone[w] == count), ""
    )
