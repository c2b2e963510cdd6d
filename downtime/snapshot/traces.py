"""What was once said of a record and must not be forgotten, whatever is said later: pure.

A trace is a field that no later change overwrites, since its name holds what was said: of a person
the name, birth date and sex that stood beside their number, of a report that it was final and on
which day its specimen was taken. By them it is found out that one number was used for two.
"""

from collections.abc import Callable, Iterator, Mapping

from downtime.clinical.model import DiagnosticReportStatus
from downtime.feeds.model import Value
from downtime.snapshot.corrections import CORRECTED
from downtime.snapshot.person_details import PersonDetails

PERSON = "\x1eperson "
FINAL = "\x1efinal"
SPECIMEN = "\x1especimen "
_FINAL_STATUSES = CORRECTED | {DiagnosticReportStatus.FINAL}


def _trace_person(fields: Mapping[str, Value]) -> Iterator[str]:
    if details := str(PersonDetails.of_patient(fields)):
        yield PERSON + details


def _trace_report(fields: Mapping[str, Value]) -> Iterator[str]:
    if fields.get("status") in _FINAL_STATUSES:
        yield FINAL
    if day := str(fields.get("collected", ""))[:10]:
        yield SPECIMEN + day


_TRACED: dict[str, Callable[[Mapping[str, Value]], Iterator[str]]] = {
    "Patient": _trace_person,
    "DiagnosticReport": _trace_report,
}


def add_traces(type_name: str, fields: Mapping[str, Value]) -> Mapping[str, Value]:
    """The fields of a change with the traces that it leaves."""
    trace = _TRACED.get(type_name)
    if trace is None or not fields:
        return fields
    return {**fields, **dict.fromkeys(trace(fields), 1)}


def list_traces(fields: Mapping[str, Value], kind: str) -> list[str]:
    """What was said of one kind, as often as it differed."""
    return [name.removeprefix(kind) for name in fields if name.startswith(kind)]
