"""What lies on the wards already: two live sets of a patient's charts are two sets of doses.

Before the same is printed once more, somebody says what becomes of the first: only its changes are
printed, or it is recalled. Recalled pages are void once the new ones are delivered, and a list names
each of them, so that people take them out. Spares stay: their downtime numbers may be in use.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from downtime.clinical import display
from downtime.errors import ConflictError
from downtime.paper import serials
from downtime.paper.forms.medicine_charts import holds_medicines
from downtime.paper.model import IssuedForm, PackKind, Subject
from downtime.paper.packs.model import PackPlan, PrintDocument
from downtime.paper.packs.policies import check_knows_who_is_there
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.whereabouts import Whereabouts
from downtime.paper.store import issued_forms
from downtime.pdf.flow_blocks import Block, Paragraph, Table

WARD_SETS = (PackKind.WARD, PackKind.SITE)
_SET_PARTS = (*WARD_SETS, PackKind.DELTA, PackKind.CONTINUED)
"""Packs in which a ward's set reached it."""
TAKE_OUT = "take-out"
"""What the ledger calls the list of recalled pages."""
_COLUMNS = (("Bed", 2), ("Patient", 5), ("Form", 5), ("Serial", 3), ("Out", 1))
_STEPS = (
    "These pages are void from now on. Take every one of them from the bedside and the notes, tick it"
    " off here, and hand them in together with this list.",
    "Has a dose been signed on an old chart? Copy its time to the new chart with a second person before"
    " the old one leaves the bedside.",
)


@dataclass(frozen=True, slots=True)
class EarlierSet:
    """What one person printed together and is out now."""

    ward: str
    printed: str
    """UTC as stored."""
    printed_by: str
    pages: int
    patients: int


def group_by_print(forms: Iterable[IssuedForm]) -> list[EarlierSet]:
    """Pages that are out, by ward and print, the newest print first."""
    groups: dict[tuple[str, str], list[IssuedForm]] = {}
    for form in forms:
        groups.setdefault((form.issued_at, form.ward), []).append(form)
    return [
        EarlierSet(
            ward,
            printed,
            group[0].issued_name,
            sum(form.pages for form in group),
            len({form.patient for form in group} - {""}),
        )
        for (printed, ward), group in sorted(groups.items(), reverse=True)
    ]


def find_ward_sets(db: Database, wards: Sequence[str], *, drill: bool) -> list[IssuedForm]:
    """Lists and patients' forms of ward packs that are out on these wards; no spares."""
    return list(issued_forms.fetch_out_of_wards(db, wards, _SET_PARTS, drill=drill))


def find_live_charts(
    db: Database, patients: Iterable[str], charts: Iterable[str], *, drill: bool
) -> list[IssuedForm]:
    """Charts of these kinds that are out for these patients."""
    return list(issued_forms.fetch_out_of_patients(db, patients, charts, drill=drill))


def settle_earlier_paper(context: PrintContext, plan: PackPlan, *, recall: bool) -> PackPlan:
    """The plan, which voids what it repeats; ConflictError unless that was said to be recalled."""
    earlier = _find_repeated(context, plan)
    if not earlier:
        return plan
    if not recall:
        raise _refuse(context, earlier)
    if plan.kind in WARD_SETS:
        check_knows_who_is_there(context.view.snapshot, earlier)
    where = Whereabouts(context)
    recalled = _list_recalled(plan, earlier, where)
    document = _take_out_document(context, plan.wards, recalled, where)
    return replace(
        plan,
        documents=[document, *plan.documents],
        recalls=tuple(form.serial for form in recalled),
    )


def _list_recalled(
    plan: PackPlan, earlier: Sequence[IssuedForm], where: Whereabouts
) -> list[IssuedForm]:
    """What the plan prints again, and lists of those who are gone.

    The chart of somebody who lies on another ward by now, or of whom nobody says where, is in use there.
    """
    subjects = {document.draft.subject for document in plan.documents}
    planned_ids = set[str]().union(*map(where.list_ids, subjects)) - {""}
    return [
        form
        for form in earlier
        if not form.patient
        or form.patient in planned_ids
        or (not form.returns and where.is_gone(form))
    ]


def _find_repeated(context: PrintContext, plan: PackPlan) -> list[IssuedForm]:
    db, drill = context.vault.db, context.is_drill
    if plan.kind in (PackKind.REPRINT, PackKind.CONTINUED):  # each sheet takes the place of one
        return []
    is_ward_set = plan.kind in WARD_SETS
    earlier = find_ward_sets(db, plan.wards, drill=drill) if is_ward_set else []
    earlier += _find_repeated_charts(context, plan)
    replaced = {serial for document in plan.documents for serial in document.draft.replaces}
    by_serial = {form.serial: form for form in earlier if form.serial not in replaced}
    return list(by_serial.values())


def _find_repeated_charts(context: PrintContext, plan: PackPlan) -> list[IssuedForm]:
    planned: dict[str, set[str]] = {}
    where = Whereabouts(context)
    for draft in (document.draft for document in plan.documents):
        if draft.subject.patient and draft.returns:
            planned.setdefault(draft.form, set()).update(where.list_ids(draft.subject))
    charts = [name for name in planned if holds_medicines(context.get_form(name)[0])]
    return [
        form
        for name in charts
        for form in find_live_charts(
            context.vault.db, planned[name], [name], drill=context.is_drill
        )
    ]


def _refuse(context: PrintContext, earlier: Sequence[IssuedForm]) -> ConflictError:
    last, *_ = group_by_print(earlier)
    time = display.format_moment(last.printed, context.zone)
    pages = sum(form.pages for form in earlier)
    return ConflictError(
        "pack.printed",
        f"Printed {time} by {last.printed_by}: {pages} pages of the same are out on"
        f" {last.ward or 'no ward'}.",
        "Print only the changes (--changes), or recall the old pages (--recall): they are void then,"
        " and a list names each to take out.",
    )


def describe_page(where: Whereabouts, form: IssuedForm) -> tuple[str, str, str, str]:
    """What finds a page that has to be taken out: bed, patient, form, serial."""
    serial = serials.format_serial(form.serial)
    if not form.patient:
        return "", "Ward", form.title, serial
    birth_date = form.subject.birth_date
    name = f"{form.patient_label}\n{display.format_day(birth_date)}"
    label = name if birth_date else form.patient_label
    return where.word_bed(form), label, form.title, serial


def _take_out_document(
    context: PrintContext,
    wards: Sequence[str],
    recalled: Sequence[IssuedForm],
    where: Whereabouts,
) -> PrintDocument:
    rows = [(*row, "") for row in sorted(describe_page(where, form) for form in recalled)]
    blocks: list[Block] = [Paragraph(step, bold=True) for step in _STEPS]
    ward = wards[0] if len(wards) == 1 else ""
    title = f"Pages to take out{f': {ward}' if ward else ''}"
    return context.list_document(
        TAKE_OUT, title, Subject(), ward, lambda: ({}, [*blocks, Table(_COLUMNS, rows)])
    )
