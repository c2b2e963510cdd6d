"""Print a pack: plan it, give serials and write the ledger, print the pages, deliver them.

The ledger comes first, so that no page can ever exist which it does not know. When printing or
delivery fails, the pages are void, with that reason: nothing counts as printed that nobody got.

While the vault takes nothing, pages are emergency copies and say so: their serials come from a block
that is named at random for each pack, so that none ever comes twice, and the ledger's rows wait in
memory until the vault takes them.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import BinaryIO

import orjson
from sqlite_utils import Database

from downtime.clinical import display
from downtime.errors import UserError
from downtime.paper import serials
from downtime.paper.layout.model import Imprint, PrintedSheet
from downtime.paper.layout.print_sheets import print_sheets
from downtime.paper.layout.stamp_pages import DocumentPrinter
from downtime.paper.model import (
    OUT,
    AuditAction,
    FormDraft,
    FormState,
    Pack,
    PackKind,
    PackState,
    Subject,
)
from downtime.paper.packs import pack_ledger
from downtime.paper.packs.content_recorder import ContentRecorder
from downtime.paper.packs.earlier_paper import settle_earlier_paper
from downtime.paper.packs.guest_prints import check_guest_prints
from downtime.paper.packs.model import (
    Deliver,
    PackPlan,
    PackResult,
    PrintDocument,
    PrintOutcome,
    Progress,
)
from downtime.paper.packs.print_context import PrintContext, list_draft
from downtime.paper.packs.print_queue import StoppedMidwayError
from downtime.paper.packs.print_request import PrintRequest
from downtime.paper.packs.ward_prints import check_ward_prints
from downtime.paper.serials import make_serial
from downtime.paper.store import form_contents, issued_forms, layouts, packs, page_counts
from downtime.paper.stored_reasons import ProgramReason, store_reason
from downtime.paper.take_serials import take_serials
from downtime.pdf.writer import PdfWriter
from downtime.settings import Settings
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.database import let_others_write
from downtime.vault.model import Actor
from downtime.vault.raise_marks import choose_ranges
from downtime.vault.vault import Vault
from downtime.vault.write_access import ReadOnlyError

SLICE = 2000
"""Forms that are written in one transaction: who opens a patient meanwhile waits for so many, not for a site's."""
EMERGENCY = "EMERGENCY COPY: not in the ledger yet. "
"""At the begin of the line that says by whom each page was printed: the end of a long one is cut off."""


def print_pack(
    vault: Vault,
    settings: Settings,
    request: PrintRequest,
    actor: Actor,
    reason: str,
    out: BinaryIO,
    *,
    snapshot: Snapshot | None = None,
    progress: Progress | None = None,
    deliver: Deliver | None = None,
    job: str = "",
) -> PackResult:
    """Print what was asked for into `out` and deliver it; errors are those of the request's kind.

    The data is that of `snapshot`, else of the one in use. The PDF is never kept on disk.
    """
    with closing(PrintContext(vault, settings, actor, reason, snapshot)) as context:
        check_guest_prints(context, request)
        check_ward_prints(context, request)
        plan = settle_earlier_paper(context, request.plan(context), recall=request.recall)
        pack_ledger.void_interrupted(vault, settings)
        issue = _Issue(context, plan, orjson.dumps(request.to_json()).decode(), job)
        pack, numbers = issue.write()
        printing = _Printing(context, plan, pack, numbers, request.two_sided, issue.is_emergency)
        recorder = ContentRecorder(vault)
        try:
            outcome = printing.print(out, recorder, progress)
            if deliver is not None:
                deliver(plan.file_name, pack.id)
        except StoppedMidwayError:  # some pages came out: the ledger knows all, and print goes on
            _finish(context, plan, outcome, recorder.unwritten)
            raise
        except BaseException as error:
            stopped = store_reason(ProgramReason.STOPPED)
            failure = error.sentence if isinstance(error, UserError) else stopped
            pack_ledger.void_pack(vault, pack, actor, failure)
            raise
        _finish(context, plan, outcome, recorder.unwritten)
        return _count_result(plan, outcome, context.form_notes)


class _Issue:
    """The pack, and its rows in the ledger; the cover's is the last one."""

    def __init__(self, context: PrintContext, plan: PackPlan, request: str, job: str) -> None:
        self._context, self._plan, self._request, self._job = context, plan, request, job
        self._drafts = _list_drafts(plan)
        self.is_emergency = False

    def write(self) -> tuple[Pack, tuple[str, ...]]:
        """Take serials and write the ledger, all of it before anything is printed."""
        context = self._context
        target = self._plan.audit_target or ",".join(self._plan.wards)
        note = {"target": target, "reason": context.reason}
        try:
            pack, numbered = self._write_slices(note)
        except ReadOnlyError as error:
            if not error.reason.lets_print:
                raise
            self.is_emergency = True
            pack, numbered = self._number_emergency()
            context.vault.queue(
                context.actor,
                AuditAction.PACK_PRINT,
                lambda db: self._insert_emergency(db, pack, numbered),
                **note,
            )
        return pack, tuple(serial for serial, _ in numbered)

    def _write_slices(self, note: dict[str, str]) -> tuple[Pack, list[tuple[str, int]]]:
        """Slices of forms, each with its audit entry; of a pack that cannot be issued whole all are void."""
        context, numbered = self._context, list[tuple[str, int]]()
        pack: Pack | None = None
        try:
            while pack is None or len(numbered) < len(self._drafts):
                drafts = self._drafts[len(numbered) : len(numbered) + SLICE]
                with context.vault.change(context.actor, AuditAction.PACK_PRINT, **note) as db:
                    begun = pack or self._insert_pack(db)
                    taken = take_serials(context.vault, db, context.device, len(drafts))
                    _insert_drafts(db, begun, taken, drafts)
                pack, numbered = begun, numbered + taken
                let_others_write()
        except BaseException:
            if pack is not None:
                stopped = store_reason(ProgramReason.STOPPED)
                pack_ledger.void_pack(context.vault, pack, context.actor, stopped)
            raise
        return pack, numbered

    def _insert_pack(self, db: Database) -> Pack:
        pack = self._make_pack(f"P{packs.next_pack_number(db, self._context.device):05}")
        self._insert(db, pack)
        return pack

    def _number_emergency(self) -> tuple[Pack, list[tuple[str, int]]]:
        ranges = choose_ranges(len(self._drafts))
        return self._make_pack(f"P{ranges[0].block}"), [
            (make_serial(self._context.device, number, block), 0)
            for block, first, size in ranges
            for number in range(first, first + size)
        ]

    def _insert_emergency(
        self, db: Database, pack: Pack, numbered: Sequence[tuple[str, int]]
    ) -> None:
        """Their place in the order of issue is known only when they are written."""
        first = issued_forms.last_position(db, self._context.device) + 1
        places = [(serial, first + place) for place, (serial, _) in enumerate(numbered)]
        self._insert(db, pack)
        _insert_drafts(db, pack, places, self._drafts)

    def _make_pack(self, number: str) -> Pack:
        context, plan = self._context, self._plan
        return Pack(
            id=f"{context.device}-{number}",
            kind=plan.kind,
            wards=tuple(plan.wards),
            snapshot=plan.snapshot,
            outage=context.outage.id if context.outage else "",
            drill=context.is_drill,
            issued_by=context.actor.id,
            issued_name=context.actor.name,
            issued_at=context.vault.now(),
            pages=0,
            state=PackState.PRINTING,
            as_at=plan.as_at,
            request=self._request,
            job=self._job,
        )

    def _insert(self, db: Database, pack: Pack) -> None:
        packs.insert_pack(db, pack)
        for form, layout in self._context.form_layouts.values():
            layouts.insert_layout(db, layout, form.source, pack.issued_at)
        for layout in self._context.list_layouts.values():
            layouts.insert_layout(db, layout, "", pack.issued_at)


def _insert_drafts(
    db: Database, pack: Pack, numbered: Sequence[tuple[str, int]], drafts: Sequence[FormDraft]
) -> None:
    rows = zip(numbered, drafts, strict=True)
    issued_forms.insert_forms(db, ((*place, draft) for place, draft in rows), pack)


def _list_drafts(plan: PackPlan) -> list[FormDraft]:
    drafts = [document.draft for document in plan.documents]
    if plan.cover is not None:
        ward = plan.wards[0] if len(plan.wards) == 1 else ""
        drafts.append(list_draft("cover", "Cover", "", Subject(), ward))
    return drafts


@dataclass(frozen=True, slots=True)
class _Printing:
    """The pages of one issued pack."""

    context: PrintContext
    plan: PackPlan
    pack: Pack
    serials: tuple[str, ...]
    two_sided: bool
    is_emergency: bool

    def print(
        self, out: BinaryIO, recorder: ContentRecorder, progress: Progress | None
    ) -> PrintOutcome:
        """Print every document, and the cover in front of them."""
        paper, documents = self.context.settings.paper, self.plan.documents
        writer = PdfWriter(out, self.plan.title, self.context.printed_at, tagged=paper.tagged)
        printer = DocumentPrinter(writer, self._make_imprint())
        pages: list[int] = []
        sheets = self._fill_sheets(recorder)
        for count in print_sheets(printer, sheets, len(documents), paper.processes):
            pages.append(count)
            if progress is not None:
                progress(len(pages), len(documents))
        recorder.flush()
        outcome = PrintOutcome(
            pack=self.pack,
            documents=documents,
            serials=self.serials,
            pages=tuple(pages),
            blank_backs=self._count_backs(pages[:-1]),
            two_sided=self.two_sided,
            total=printer.pages,
            checksum=recorder.checksum.hexdigest(),
        )
        if self.plan.cover is not None:
            outcome = self._print_cover(printer, self.plan.cover(outcome), outcome)
        printer.finish()
        return replace(outcome, total=printer.pages)

    def _print_cover(
        self, printer: DocumentPrinter, cover: PrintDocument, outcome: PrintOutcome
    ) -> PrintOutcome:
        printer.document.write_in_front()
        sheet = cover.sheet(self.serials[-1], cover.content())
        count = printer.print(sheet, blank_back=self.two_sided)
        backs = outcome.blank_backs + self._count_backs([count])
        return replace(outcome, pages=(*outcome.pages, count), blank_backs=backs)

    def _fill_sheets(self, recorder: ContentRecorder) -> Iterator[tuple[PrintedSheet, bool]]:
        """Each document's sheet when its turn comes, and whether the next begins on a front."""
        documents = self.plan.documents
        numbered = zip(documents, self.serials, strict=False)
        for number, (document, serial) in enumerate(numbered, 1):
            content = document.content()
            recorder.add(serial, document, content)
            yield document.sheet(serial, content), self.two_sided and number < len(documents)

    def _count_backs(self, pages: Sequence[int]) -> int:
        """How many backs of sheets are left blank after forms of so many pages."""
        return sum(count % 2 for count in pages) if self.two_sided else 0

    def _make_imprint(self) -> Imprint:
        context, pack, documents = self.context, self.pack, self.plan.documents
        replaced = documents[0].draft.replaces if len(documents) == 1 else ()
        time = display.format_moment(pack.issued_at, context.zone)
        of_forms = "Forms: snapshot" if pack.kind == PackKind.CONTINUED else "Snapshot"
        origin = f" {of_forms} {pack.snapshot}." if pack.snapshot else ""
        origin += f" Replaces {serials.format_serials(replaced)}." if replaced else ""
        notice = EMERGENCY if self.is_emergency else ""
        actor = context.actor
        return Imprint(
            site=context.settings.site.name,
            outage=context.outage_label,
            drill=context.is_drill,
            as_at=pack.as_at,
            printed=f"{notice}Printed {time} by {actor.name} on {actor.device}. Pack {pack.id}.{origin}",
            mrn_name=context.mrn_name,
        )


def _finish(
    context: PrintContext,
    plan: PackPlan,
    outcome: PrintOutcome,
    unwritten: Sequence[tuple[str, str, str]],
) -> None:
    """Write down the true page counts; void what the new pages supersede."""
    drafted = [document.draft.pages for document in plan.documents] + [1]
    printed = zip(outcome.serials, outcome.pages, drafted, strict=False)
    corrected = [(serial, pages) for serial, pages, expected in printed if pages != expected]

    def write(db: Database) -> None:
        form_contents.insert_contents(db, unwritten)
        page_counts.set_page_counts(db, corrected)
        packs.finish_pack(db, outcome.pack.id, outcome.total, outcome.checksum)
        for document, serial in zip(plan.documents, outcome.serials, strict=False):
            if replaced := document.draft.replaces:
                _void_earlier(context, db, replaced, store_reason(ProgramReason.SUPERSEDED, serial))
        recalled = store_reason(ProgramReason.RECALLED, outcome.pack.id)
        _void_earlier(context, db, plan.recalls, recalled)

    target = outcome.pack.id
    context.vault.record(context.actor, AuditAction.PACK_PRINTED, write, target=target)


def _void_earlier(context: PrintContext, db: Database, earlier: Sequence[str], reason: str) -> None:
    """One that was moved on meanwhile is left as it is."""
    now = context.vault.now()
    for form in list(issued_forms.fetch_by_serials(db, earlier)):
        if form.state in OUT:  # what came back is voided by two people, if at all
            issued_forms.set_state(db, form.serial, FormState.VOID, now, context.actor, reason)


def _count_result(plan: PackPlan, outcome: PrintOutcome, notes: tuple[str, ...]) -> PackResult:
    returning = [document for document in plan.documents if document.draft.returns]
    blanks = sum(document.is_blank for document in returning)
    return PackResult(
        id=outcome.pack.id,
        pages=outcome.total,
        forms=len(returning) - blanks,
        blank_forms=blanks,
        file_name=plan.file_name,
        checksum=outcome.checksum,
        notes=notes,
    )
