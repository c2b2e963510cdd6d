"""Which values are of a report as it was sent last: pure.

- One report with and without the namespace of its number (`F1^LAB`, `F1`) is one, when a person has no
  second one that it could be.
- A corrected report is sent whole. What it holds no longer is marked; a value that was only counted,
  and not numbered by its laboratory (OBX-4), gives way to those of its code that are there now.
- A report that was cancelled has no result: what it held before, and what is sent with it, is marked,
  and so is a value that was itself cancelled (OBX-11 `X`) and still stands there.
- A number that was used again after days has values of two specimens: those of the other one are
  marked.

But for what is cancelled, values of HL7 alone are meant, whose keys begin with their report's: of a FHIR report only those are
sent again that changed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from downtime.clinical.model import ClinicalStatus, DiagnosticReportStatus
from downtime.snapshot.corrections import CORRECTED
from downtime.snapshot.record_state import RecordState
from downtime.snapshot.traces import SPECIMEN, list_traces

NOT_IN_CORRECTION = "Not in the report as it was corrected."
OTHER_SPECIMEN = "Of another specimen with the same number."
REPORT_CANCELLED = "NOT A RESULT: its report was cancelled."
VALUE_CANCELLED = "NOT A RESULT: it was cancelled."
_NO_RESULT = frozenset({DiagnosticReportStatus.CANCELLED, ClinicalStatus.ENTERED_IN_ERROR})
_Sent = tuple[str, int, int]
"""When a message was sent: MSH-7, MSH-13, arrival number."""


@dataclass(frozen=True, slots=True)
class DoubtfulReport:
    """A report of which not every value may be shown as its own."""

    corrected: _Sent | None = None
    """When its last correction was sent."""
    specimen_day: str = ""
    """The day of its specimen, when it has had others."""
    is_cancelled: bool = False


def find_namespaced(keys: Iterable[str]) -> dict[str, str]:
    """Keys of one person's reports without a namespace, to the only key with one that is the same."""
    listed = set(keys)
    with_namespace: dict[str, list[str]] = {}
    for key in listed:
        number, bar, code = key.partition("|")
        if bar and "^" in number:
            with_namespace.setdefault(f"{number.split('^')[0]}|{code}", []).append(key)
    return {
        plain: full[0]
        for plain, full in with_namespace.items()
        if plain in listed and len(full) == 1
    }


def find_doubt(state: RecordState, days: int) -> DoubtfulReport | None:
    """What is doubtful in a report; specimens more than some `days` apart are two."""
    corrected = max(
        (layer.stamp[1:4] for layer in state.layers if layer.fields.get("status") in CORRECTED),
        default=None,
    )
    fields = state.fields
    specimens = sorted(list_traces(fields, SPECIMEN))
    is_reused = len(specimens) > 1 and _count_days(specimens[0], specimens[-1]) > days
    is_cancelled = fields.get("status") in _NO_RESULT
    if corrected is None and not is_reused and not is_cancelled:
        return None
    specimen_day = str(fields.get("collected", ""))[:10] if is_reused else ""
    return DoubtfulReport(corrected, specimen_day, is_cancelled)


def is_cancelled_value(fields: Mapping[str, object]) -> bool:
    """Whether a value is still there that was cancelled: it must not be read as a result."""
    return fields.get("status") in _NO_RESULT and bool(fields.get("value"))


def sort_values(
    report: DoubtfulReport, key: str, values: Mapping[str, RecordState], days: int
) -> Iterator[tuple[str, str]]:
    """Keys of the values of a report that are not its own any more, and what to write beside each;
    nothing where another value stands in its place.
    """
    if report.is_cancelled:
        for name, state in values.items():
            if state.fields.get("value"):
                yield name, REPORT_CANCELLED
        return
    by_key = {name: state for name, state in values.items() if name.startswith(f"{key}|")}
    sent = {name: max(layer.stamp[1:4] for layer in state.layers) for name, state in by_key.items()}
    if report.corrected and any(when >= report.corrected for when in sent.values()):
        present = {
            _get_code(by_key[name]) for name, when in sent.items() if when >= report.corrected
        }
        for name, when in sent.items():
            if when < report.corrected:
                is_replaced = _get_code(by_key[name]) in present and _is_only_counted(name)
                yield name, "" if is_replaced else NOT_IN_CORRECTION
    elif report.specimen_day:
        for name, state in by_key.items():
            day = str(state.fields.get("effective", ""))[:10]
            if day and _count_days(day, report.specimen_day) > days:
                yield name, OTHER_SPECIMEN


def _get_code(state: RecordState) -> str:
    return str(state.fields.get("code", ""))


def _is_only_counted(key: str) -> bool:
    """Whether its laboratory gave it no sub-number: `report|code|sub-number|count`."""
    return not key.rsplit("|", 2)[1]


def _count_days(first: str, second: str) -> int:
    try:
        return abs((date.fromisoformat(second) - date.fromisoformat(first)).days)
    except ValueError:
        return 0
