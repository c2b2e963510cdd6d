"""What lies on the wards already: two live sets of a patient's charts are two sets of doses.

Before the same is printed once more, somebody says what becomes of the first: only its changes are
printed, or it is recalled. Recalled pages are void once the new ones are delivered, and a list names
each of them, so that people take them out. Spares stay: their downtime numbers may be in use.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import orjson
from sqlite_utils import Database

from downtime.clinical import display
from downtime.clinical.model import MedicationRequest
from downtime.clock import from_text, to_text
from downtime.errors import ConflictError
from downtime.paper import serials
from downtime.paper.forms.medicine_charts import holds_medicines, names_medicines
from downtime.paper.model import IssuedForm, PackKind, Subject
from downtime.paper.packs.documents import BED_LIST, SUMMARY
from downtime.paper.packs.medicines_due import MEDICINES_DUE
from downtime.paper.packs.model import PackPlan, PrintDocument
from downtime.paper.packs.policies import check_copy_has, check_knows_who_is_there
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.superseded_pages import (
    ON_BED_LIST,
    ON_MEDICINES_DUE,
    ON_SUMMARY,
    KeptPage,
    find_superseded,
)
from downtime.paper.packs.whereabouts import Whereabouts
from downtime.paper.store import form_contents, issued_forms, packs
from downtime.paper.stored_reasons import ProgramReason, parse_reason
from downtime.pdf.flow_blocks import Block, Paragraph, Table

WARD_SETS = (PackKind.WARD, PackKind.SITE)
_SET_PARTS = (*WARD_SETS, PackKind.DELTA, PackKind.CONTINUED)
"""Packs in which a ward's set reached it."""
TAKE_OUT = "take-out"
"""What the ledger calls the list of recalled pages."""
_OVERLAP = timedelta(minutes=10)
"""What became void while a ward's last list was printed stands on the next one too."""
_LISTS = {SUMMARY: ON_SUMMARY, BED_LIST: ON_BED_LIST, MEDICINES_DUE: ON_MEDICINES_DUE}
"""What stands on the lists of a set."""
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
    earlier = find_repeated(context, plan)
    if not earlier:
        return plan
    if not recall:
        raise _refuse(context, earlier)
    if plan.kind in WARD_SETS:
        check_knows_who_is_there(context.view.snapshot, earlier)
    where = Whereabouts(context)
    recalled = _list_recalled(plan, earlier, where)
    check_copy_has(_list_irreplaceable(context, recalled))
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


def _list_irreplaceable(context: PrintContext, recalled: Sequence[IssuedForm]) -> list[KeptPage]:
    """Lists and charts with records that the copy in use lacks."""
    db, snapshot = context.vault.db, context.view.snapshot
    pages: list[KeptPage] = []
    for name, types in _LISTS.items():
        of_kind = [form for form in recalled if form.form == name]
        contents = form_contents.fetch_list_contents(db, name, drill=context.is_drill)
        pages += find_superseded(snapshot, types, of_kind, contents).kept_pages
    medicines = snapshot.find_availability(MedicationRequest.__name__)
    if medicines.is_delivered:
        return pages
    lost = tuple((MedicationRequest.__name__, system) for system in medicines.unavailable)
    charts = [form for form in recalled if form.returns and form.patient]
    return pages + [KeptPage(form, lost) for form in charts if _names_medicines(context, form)]


def _names_medicines(context: PrintContext, form: IssuedForm) -> bool:
    content = form_contents.fetch_content(context.vault.db, form.serial)
    definition, _ = context.get_form(form.form)
    return names_medicines(definition, orjson.loads(content) if content else ())


def find_repeated(context: PrintContext, plan: PackPlan) -> list[IssuedForm]:
    """Pages that are out and that a plan prints once more."""
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


def describe_page(where: Whereabouts, form: IssuedForm, ward: str) -> tuple[str, str, str, str]:
    """What finds a page that has to be taken out: bed, patient, form, serial.

    The bed is that of the patient; before it stands the ward on which the page lies, where that is not
    the `ward` whose list this is.
    """
    serial = serials.format_serial(form.serial)
    lies_on = form.ward if form.ward != ward else ""
    if not form.patient:
        return lies_on, "Ward", form.title, serial
    birth_date = form.subject.birth_date
    name = f"{form.patient_label}\n{display.format_day(birth_date)}"
    label = name if birth_date else form.patient_label
    return ": ".join(filter(None, (lies_on, where.word_bed(form)))), label, form.title, serial


def list_void_elsewhere(context: PrintContext, wards: Sequence[str]) -> list[IssuedForm]:
    """Pages on these wards for which another ward's print stands since their own last one.

    That ward's list named them to people who do not walk here.
    """
    db, drill = context.vault.db, context.is_drill
    bed_lists = issued_forms.fetch_standing_prints(db, BED_LIST, drill=drill)
    printed = {form.ward: form.issued_at for form in bed_lists if form.ward in wards}
    if not printed:
        return []
    since = {ward: to_text(from_text(time) - _OVERLAP) for ward, time in printed.items()}
    void = issued_forms.fetch_void_of_wards(db, since, min(since.values()), drill=drill)
    return [
        form
        for form in void
        if form.changed_at >= since[form.ward] and _is_void_elsewhere(db, form)
    ]


def _is_void_elsewhere(db: Database, form: IssuedForm) -> bool:
    """Whether what a page became void for was printed for another ward alone."""
    reason, target = parse_reason(form.reason)
    if reason == ProgramReason.SUPERSEDED:
        newer = issued_forms.find_form(db, target)
        return newer is not None and newer.ward != form.ward
    if reason == ProgramReason.RECALLED:
        pack = packs.find_pack(db, target)
        return pack is not None and form.ward not in pack.wards
    return False


def _take_out_document(
    context: PrintContext,
    wards: Sequence[str],
    recalled: Sequence[IssuedForm],
    where: Whereabouts,
) -> PrintDocument:
    ward = wards[0] if len(wards) == 1 else ""
    forms = [*recalled, *list_void_elsewhere(context, wards)]
    rows = [(*row, "") for row in sorted(describe_page(where, form, ward) for form in forms)]
    blocks: list[Block] = [Paragraph(step, bold=True) for step in _STEPS]
    title = f"Pages to take out{f': {ward}' if ward else ''}"
    return context.list_document(
        TAKE_OUT, title, Subject(), ward, lambda: ({}, [*blocks, Table(_COLUMNS, rows)])
    )
