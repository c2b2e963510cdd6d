"""Which medicines of a patient stand on which chart, in which row, and what no chart of the pack holds.

A chart is a form with a repeating group that asks for medicines of one kind (`medicines.regular`). What
does not fit goes to further sheets of the same form, never away; medicines are printed exactly as the
source sent them, the time-critical ones first.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.doses import MedicineRow
from downtime.clinical.match_doses import NOT_ON_WARD, PossibleDose, Uncertainty
from downtime.clinical.model import (
    MedicationAdministration,
    MedicationRequest,
    MedicationRequestStatus,
)
from downtime.paper.forms.medicine_words import word_doses
from downtime.paper.forms.model import FormDefinition, FormItem, SignedRows
from downtime.snapshot.availability import ANY_AGE, word_absence, word_unavailable
from downtime.snapshot.store.opened_snapshot import Snapshot

KINDS = ("regular", "as-required", "once-only", "infusion")
GROUPS = tuple(f"medicines.{kind}" for kind in KINDS)
DOSES = "medicine.doses"
"""What a row may say beside the fields of the prescription: that it is time-critical, the last dose,
when the next may be due."""
SIGNATURE = "signed"
"""linkId of the field in which the prescriber signs a row of a chart."""
_ACTIVE = (MedicationRequestStatus.ACTIVE, "")
_FINISHED = (
    MedicationRequestStatus.COMPLETED,
    MedicationRequestStatus.STOPPED,
    MedicationRequestStatus.CANCELLED,
    MedicationRequestStatus.ENTERED_IN_ERROR,
)


@dataclass(frozen=True, slots=True)
class PatientMedicines:
    """What a patient is prescribed, and the kinds that have a chart among the forms printed."""

    rows: Sequence[MedicineRow] = ()
    charted: frozenset[str] = frozenset(KINDS)
    unprescribed: Sequence[MedicationAdministration] = ()
    """Doses of the day before the copy that belong to none of them."""


class ChartTexts(NamedTuple):
    """What a chart says of itself: which sheet it is, how old its data is, what is not on it."""

    number: Sequence[str]
    as_at: Sequence[str]
    not_transcribed: Sequence[str]


class _Chart(NamedTuple):
    """The medicines of one kind: those listed, and those that must not be given as they are."""

    listed: list[MedicineRow]
    on_hold: list[MedicineRow]


def list_groups(form: FormDefinition) -> Iterator[FormItem]:
    """The groups of a form that hold medicines."""
    return (item for item in form.items if item.repeats and item.prefill in GROUPS)


def holds_medicines(form: FormDefinition) -> bool:
    """Whether it is a chart: medicines that are to be given are printed on it, to be signed."""
    return any(list_groups(form))


def list_kinds(form: FormDefinition) -> set[str]:
    """The kinds of medicines that a form charts; empty for what is no chart."""
    return {_kind_of_group(group) for group in list_groups(form)}


def list_signed_rows(form: FormDefinition) -> list[SignedRows]:
    """The groups of a chart whose rows a prescriber signs one by one."""
    return [
        SignedRows(
            tuple(item.link_id for item in group.items if item.prefill not in ("", DOSES)),
            next((item.link_id for item in group.items if item.link_id == SIGNATURE), ""),
        )
        for group in list_groups(form)
    ]


def names_medicines(form: FormDefinition, values: Iterable[str]) -> bool:
    """Whether medicines stand on a chart; `values` are the keys of what was printed on it."""
    fields = {name for rows in list_signed_rows(form) for name in rows.fields}
    return any(key.partition(":")[0] in fields for key in values)


def find_missing_charts(
    forms: Mapping[str, FormDefinition],
    printed: Iterable[FormDefinition],
    prescriptions: Iterable[MedicationRequest],
) -> list[str]:
    """Names of charts that a pack with charts lacks for what is active, in the order of kinds."""
    charted = set[str]().union(*map(list_kinds, printed))
    if not charted:
        return []
    active = {_kind_of(medicine) for medicine in prescriptions if _is_for_chart(medicine)}
    if active <= charted:
        return []
    charts = {
        kind: form.name for form in reversed(list(forms.values())) for kind in list_kinds(form)
    }
    return [charts[kind] for kind in KINDS if kind in active - charted and kind in charts]


def count_sheets(group: FormItem, prescriptions: Iterable[MedicationRequest]) -> int:
    """On how many sheets `split_sheets` puts the medicines of a group: no dose need be known for that."""
    kind = _kind_of_group(group)
    listed = sum(
        _kind_of(medicine) == kind and _is_for_chart(medicine) for medicine in prescriptions
    )
    return len(_list_starts(group, listed))


def split_sheets(group: FormItem, medicines: PatientMedicines) -> list[list[MedicineRow]]:
    """The medicines of a group on as many sheets as they need; one sheet where there are none."""
    listed = _select_chart(_kind_of_group(group), medicines).listed
    return [listed[start : start + group.rows] for start in _list_starts(group, len(listed))]


def word_chart(
    group: FormItem, snapshot: Snapshot, medicines: PatientMedicines, zone: ZoneInfo, sheet: int
) -> ChartTexts:
    """What the sheet (from 1) of a chart says of one of its groups."""
    kind = _kind_of_group(group)
    chart = _select_chart(kind, medicines)
    sources = {row.medicine.source for row in (*chart.listed, *chart.on_hold)}
    newest_times = [
        f"{name} {display.format_moment(newest, zone)}"
        for name, newest in snapshot.list_systems()
        if name in sources and newest
    ]
    systems = snapshot.find_availability(MedicationRequest.__name__)
    if not sources:
        newest_times = [word_absence(systems, (), zone, ANY_AGE).text]
    elif not systems.is_known:
        newest_times.append(word_unavailable(systems))
    left_out = [
        *(_word_possible(dose, zone) for dose in _list_possible(chart, medicines)),
        *map(_word_on_hold, chart.on_hold),
        *_word_uncharted(medicines),
    ]
    sheets = len(split_sheets(group, medicines))
    number = [f"{kind} {sheet} of {sheets}"] if sheet <= sheets else []
    return ChartTexts(number, newest_times, left_out)


def list_rows(group: FormItem, medicines: PatientMedicines, sheet: int) -> list[MedicineRow]:
    """The medicines of a group on a sheet (from 1): none where another group of the chart needs more sheets."""
    sheets = split_sheets(group, medicines)
    return sheets[sheet - 1] if sheet <= len(sheets) else []


def row_values(
    group: FormItem, number: int, row: MedicineRow, snapshot: Snapshot, zone: ZoneInfo
) -> dict[str, str]:
    """What is printed into one row (from 1) of a chart."""
    values = {}
    for item in group.items:
        if item.prefill == DOSES:
            unavailable = snapshot.find_availability(MedicationAdministration.__name__)
            copied = snapshot.header.created
            text = word_doses(row, zone, copied, word_unavailable(unavailable))
            values[f"{item.link_id}:{number}"] = text
        elif item.prefill:
            field = item.prefill.partition(".")[2]
            values[f"{item.link_id}:{number}"] = str(getattr(row.medicine, field))
    return values


def _kind_of_group(group: FormItem) -> str:
    return group.prefill.partition(".")[2]


def _kind_of(medicine: MedicationRequest) -> str:
    """One whose kind was not sent is taken as regular, so that none is lost."""
    return medicine.category if medicine.category in KINDS else KINDS[0]


def _is_for_chart(medicine: MedicationRequest) -> bool:
    return medicine.status in _ACTIVE and medicine.category not in NOT_ON_WARD


def _list_starts(group: FormItem, listed: int) -> range:
    """Which of so many medicines is the first of each sheet."""
    return range(0, max(listed, 1), group.rows)


def _select_chart(kind: str, medicines: PatientMedicines) -> _Chart:
    mine = [
        row
        for row in medicines.rows
        if _kind_of(row.medicine) == kind and row.medicine.status not in _FINISHED
    ]
    listed = [row for row in mine if _is_for_chart(row.medicine)]
    return _Chart(listed, [row for row in mine if row not in listed])


def _list_possible(chart: _Chart, medicines: PatientMedicines) -> list[PossibleDose]:
    """Doses that may have been of what this chart lists, and those of no prescription at all."""
    unprescribed = (PossibleDose(dose, Uncertainty.UNPRESCRIBED) for dose in medicines.unprescribed)
    possible = [dose for row in chart.listed for dose in row.possible]
    return list({row.dose.id: row for row in (*possible, *unprescribed)}.values())


def _word_possible(possible: PossibleDose, zone: ZoneInfo) -> str:
    dose = possible.dose
    return f"DOSE {dose.medicine}, {display.describe_dose(dose, zone)}, {possible.reason}"


def _word_on_hold(row: MedicineRow) -> str:
    medicine = row.medicine
    is_elsewhere = medicine.category in NOT_ON_WARD
    why = f"{medicine.category}, not for the ward" if is_elsewhere else medicine.status
    return f"{_word_medicine(row)} ({why})"


def _word_uncharted(medicines: PatientMedicines) -> list[str]:
    """What is prescribed and stands on no chart of this pack."""
    return [
        f"{_word_medicine(row)} ({_kind_of(row.medicine)}: on no chart of this pack)"
        for row in medicines.rows
        if _kind_of(row.medicine) not in medicines.charted and row.medicine.status not in _FINISHED
    ]


def _word_medicine(row: MedicineRow) -> str:
    medicine = row.medicine
    parts = (medicine.medicine, medicine.dosage, medicine.route, medicine.frequency)
    return " ".join(filter(None, parts))
