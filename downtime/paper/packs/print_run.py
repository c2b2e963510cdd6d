"""One printing from start to end: serials and ledger first, then the pages, then handing over.

The ledger comes first, so that no page can ever exist which it does not know. When printing or
handing over fails, the pages are void, with that reason: nothing counts as printed that nobody got.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from downtime.clinical import display
from downtime.errors import UserError
from downtime.outage import outages
from downtime.outage.model import Outage
from downtime.paper import serials
from downtime.paper.forms.load_form import load_form
from downtime.paper.forms.model import FormDefinition
from downtime.paper.layout import crew
from downtime.paper.layout.lay_out_form import lay_out_form, layout_digest
from downtime.paper.layout.model import (
    FormSheet,
    Imprint,
    ListSheet,
    LooseSheet,
    PlainPagePrinter,
    PrintedSheet,
)
from downtime.paper.layout.stamp_pages import DocumentPrinter
from downtime.paper.layout.template_layout import FormLayout, flow_digest, flow_layout
from downtime.paper.model import (
    LIFECYCLE,
    AuditAction,
    FormDraft,
    FormState,
    Pack,
    PackState,
    Subject,
)
from downtime.paper.packs import content_recorder, pack_ledger
from downtime.paper.packs.model import DEFAULT_OPTIONS, PrintDocument, PrintOptions, PrintOutcome
from downtime.paper.store import issued_forms
from downtime.pdf.flow_blocks import Block, Paragraph
from downtime.pdf.writer import PdfWriter
from downtime.settings import Settings
from downtime.vault import device
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

STOPPED = "Printing stopped; nothing was handed over."


class PrintRun:
    """Everything that the jobs of one printing share."""

    def __init__(
        self,
        vault: Vault,
        settings: Settings,
        actor: Actor,
        kind: str,
        options: PrintOptions = DEFAULT_OPTIONS,
    ) -> None:
        self.vault, self.settings, self.actor, self.kind = vault, settings, actor, kind
        self.options = options
        self.zone = ZoneInfo(settings.site.time_zone)
        self.mrn_name = settings.site.mrn_name
        self.device = device.read_own_card(vault.home).code
        self.outage: Outage | None = outages.find_current(vault)
        self.made = vault.clock()
        self._layouts: dict[str, tuple[FormDefinition, FormLayout]] = {}
        self._flowing: dict[bool, FormLayout] = {}
        self._labels: dict[str, dict[str, str]] = {}

    @property
    def drill(self) -> bool:
        """Whether what is printed is for a drill."""
        return self.outage is not None and self.outage.drill

    def get_form(self, name: str) -> tuple[FormDefinition, FormLayout]:
        """A form and its layout, laid out now if this version was never printed here."""
        if name not in self._layouts:
            form = load_form(name, self.vault.home)
            digest = layout_digest(form, self.vault.home, self.mrn_name)
            kept = issued_forms.fetch_layout(self.vault.db, digest)
            self._layouts[name] = form, kept or lay_out_form(form, self.vault.home, self.settings)
        return self._layouts[name]

    def _get_list_layout(self, identity: bool) -> FormLayout:
        if identity not in self._flowing:
            kept = issued_forms.fetch_layout(self.vault.db, flow_digest(identity, self.mrn_name))
            self._flowing[identity] = kept or flow_layout(identity, self.mrn_name)
        return self._flowing[identity]

    def form_document(
        self,
        name: str,
        subject: Subject,
        ward: str,
        values: Callable[[FormDefinition], dict[str, str]],
    ) -> PrintDocument:
        """Print a form; `values` are asked for when its turn comes."""
        form, layout = self.get_form(name)
        return self.filled_document(form, layout, subject, ward, lambda: values(form))

    def filled_document(
        self,
        form: FormDefinition,
        layout: FormLayout,
        subject: Subject,
        ward: str,
        values: Callable[[], dict[str, str]],
        replaces: tuple[str, ...] = (),
    ) -> PrintDocument:
        """Print one version of a form on its own layout."""
        labels = self._labels.get(layout.digest)
        if labels is None:
            labels = {item.link_id: item.text for item in form.fields()}
            self._labels[layout.digest] = labels
        return PrintDocument(
            _draft(layout, form.returns, subject, ward, replaces),
            values,
            lambda serial, said: FormSheet(layout, serial, said, labels),
        )

    def list_document(
        self,
        name: str,
        title: str,
        subject: Subject,
        ward: str,
        content: Callable[[], tuple[dict[str, str], Sequence[Block]]],
        *,
        replaces: tuple[str, ...] = (),
    ) -> PrintDocument:
        """Print what flows; `content` (identity values, blocks) is asked for when its turn comes."""
        foot = f"{title}. A copy of what the systems said; it need not come back."
        layout = self._get_list_layout(bool(subject.patient))
        first = [_superseded(replaces)] if replaces else []

        def sheet(serial: str, said: Any) -> ListSheet:
            values, blocks = said
            return ListSheet(layout, serial, values, [*first, *blocks], title, foot)

        return PrintDocument(
            _listed(name, title, layout.digest, subject, ward, replaces), content, sheet
        )

    def loose_document(
        self,
        name: str,
        title: str,
        subject: Subject,
        ward: str,
        draw: Callable[[PlainPagePrinter, str], int],
    ) -> PrintDocument:
        """Print pages that have no layout, such as labels; they need not come back."""
        return PrintDocument(
            _listed(name, title, "", subject, ward),
            lambda: (),
            lambda serial, _: LooseSheet(serial, draw),
        )

    def run(
        self,
        jobs: Sequence[PrintDocument],
        out: BinaryIO,
        *,
        title: str,
        wards: Sequence[str],
        snapshot: str,
        as_at: str,
        reason: str,
        name: str = "",
        target: str = "",
        last: Callable[[PrintOutcome], PrintDocument] | None = None,
    ) -> PrintOutcome:
        """Issue and print all jobs into `out` and hand it over as `name`.

        `last` makes one more page, the cover, from what the others gave. `target` is what the audit
        names, when it is not the wards.
        """
        pack_ledger.void_interrupted(self.vault, self.settings)
        pack, numbers = self._issue(jobs, wards, snapshot, as_at, reason, target, last is not None)
        try:
            outcome = self._print(pack, numbers, jobs, out, title, last)
            if self.options.deliver is not None:
                self.options.deliver(name, pack.id)
        except BaseException as error:
            said = error.sentence if isinstance(error, UserError) else STOPPED
            pack_ledger.void_pack(self.vault, pack, self.actor, said)
            raise
        return self._finish(jobs, outcome)

    def _print(
        self,
        pack: Pack,
        numbers: tuple[str, ...],
        jobs: Sequence[PrintDocument],
        out: BinaryIO,
        title: str,
        last: Callable[[PrintOutcome], PrintDocument] | None,
    ) -> PrintOutcome:
        replaced = jobs[0].draft.replaces if len(jobs) == 1 else ()
        printer = DocumentPrinter(
            PdfWriter(out, title, self.made, tagged=self.settings.paper.tagged),
            self._imprint(pack, replaced),
        )
        recorder, progress = content_recorder.ContentRecorder(self.vault), self.options.progress
        pages: list[int] = []
        sheets = self._sheets(recorder, jobs, numbers)
        for count in crew.print_all(printer, sheets, len(jobs), self.settings.paper.processes):
            pages.append(count)
            if progress is not None:
                progress(len(pages), len(jobs))
        recorder.flush()
        empty = self._backs(pages[:-1])
        outcome = PrintOutcome(
            pack, numbers, tuple(pages), empty, printer.pages, recorder.checksum.hexdigest()
        )
        if last is not None:
            job = last(outcome)
            printer.document.write_in_front()
            sheet = job.sheet(numbers[-1], job.content())
            pages.append(printer.print(sheet, turned=self.options.two_sided))
            empty += self._backs(pages[-1:])
        printer.finish()
        return replace(outcome, pages=tuple(pages), blank_backs=empty, total=printer.pages)

    def _sheets(
        self,
        recorder: content_recorder.ContentRecorder,
        jobs: Sequence[PrintDocument],
        numbers: Sequence[str],
    ) -> Iterator[tuple[PrintedSheet, bool]]:
        """What the jobs say, as their turn comes, and whether the next begins on a sheet's front."""
        for number, (job, serial) in enumerate(zip(jobs, numbers, strict=False), 1):
            said = job.content()
            recorder.add(serial, job.draft, said)
            yield job.sheet(serial, said), self.options.two_sided and number < len(jobs)

    def _backs(self, pages: Sequence[int]) -> int:
        """How many backs of sheets are left blank after forms of so many pages."""
        return sum(count % 2 for count in pages) if self.options.two_sided else 0

    def _issue(
        self,
        jobs: Sequence[PrintDocument],
        wards: Sequence[str],
        snapshot: str,
        as_at: str,
        reason: str,
        target: str,
        extra: bool,
    ) -> tuple[Pack, tuple[str, ...]]:
        """Take serials and write the ledger in one transaction; the cover's is the last one."""
        vault, outage = self.vault, self.outage
        target = target or ",".join(wards)
        with vault.change(self.actor, AuditAction.PACK_PRINT, target=target, reason=reason) as db:
            pack = Pack(
                id=f"{self.device}-P{issued_forms.next_pack(db, self.device):05}",
                kind=self.kind,
                wards=tuple(wards),
                snapshot=snapshot,
                outage=outage.id if outage else "",
                drill=self.drill,
                issued_by=self.actor.id,
                issued_name=self.actor.name,
                issued_at=vault.now(),
                pages=0,
                state=PackState.PRINTING,
                as_at=as_at,
                request=self.options.request,
                job=self.options.job,
            )
            issued_forms.insert_pack(db, pack)
            for form, layout in self._layouts.values():
                issued_forms.insert_layout(db, layout, form.source, vault.now())
            for layout in self._flowing.values():
                issued_forms.insert_layout(db, layout, "", vault.now())
            drafts = [job.draft for job in jobs] + ([_cover(wards)] if extra else [])
            first = issued_forms.last_position(db, self.device) + 1
            rows = [
                (serials.make_serial(self.device, position), position, draft)
                for position, draft in enumerate(drafts, first)
            ]
            issued_forms.insert_forms(db, rows, pack, FormState.ISSUED)
        return pack, tuple(row[0] for row in rows)

    def _imprint(self, pack: Pack, replaced: tuple[str, ...]) -> Imprint:
        when = display.format_moment(pack.issued_at, self.zone)
        by = f"Printed {when} by {self.actor.name} on {self.actor.device}."
        source = f" Snapshot {pack.snapshot}." if pack.snapshot else ""
        source += f" Replaces {_shown(replaced)}." if replaced else ""
        return Imprint(
            site=self.settings.site.name,
            outage=self.outage.label if self.outage else "No outage declared",
            drill=self.drill,
            as_at=pack.as_at,
            printed=f"{by} Pack {pack.id}.{source}",
            mrn_name=self.mrn_name,
        )

    def _finish(self, jobs: Sequence[PrintDocument], outcome: PrintOutcome) -> PrintOutcome:
        expected = [job.draft.pages for job in jobs] + [1]
        longer = [
            (serial, pages)
            for serial, pages, drafted in zip(
                outcome.serials, outcome.pages, expected, strict=False
            )
            if pages != drafted
        ]
        with self.vault.change(self.actor, AuditAction.PACK_PRINTED, target=outcome.pack.id) as db:
            issued_forms.set_pages(db, longer)
            issued_forms.finish_pack(
                db, outcome.pack.id, PackState.PRINTED, outcome.total, outcome.checksum
            )
            for job, serial in zip(jobs, outcome.serials, strict=False):
                self._replace(db, job.draft.replaces, serial)
        return outcome

    def _replace(self, db: Database, old: tuple[str, ...], new: str) -> None:
        """What a page supersedes is void; one that was moved on meanwhile is left as it is."""
        for form in issued_forms.fetch_by_serials(db, old):
            if FormState.VOID in LIFECYCLE.moves[form.state]:
                reason = f"Superseded by {serials.format_serial(new)}."
                issued_forms.set_state(
                    db, form.serial, FormState.VOID, self.vault.now(), self.actor, reason
                )


def _draft(
    layout: FormLayout, returns: bool, subject: Subject, ward: str, replaces: tuple[str, ...]
) -> FormDraft:
    return FormDraft(
        form=layout.form,
        version=layout.version,
        title=layout.title,
        layout=layout.digest,
        pages=len(layout.pages),
        returns=returns,
        subject=subject,
        ward=ward,
        replaces=replaces,
    )


def _listed(
    name: str,
    title: str,
    layout: str,
    subject: Subject,
    ward: str,
    replaces: tuple[str, ...] = (),
) -> FormDraft:
    return FormDraft(
        form=name,
        version="1",
        title=title,
        layout=layout,
        pages=1,
        returns=False,
        subject=subject,
        ward=ward,
        replaces=replaces,
    )


def _cover(wards: Sequence[str]) -> FormDraft:
    return _listed("cover", "Cover", "", Subject(), wards[0] if len(wards) == 1 else "")


def _superseded(replaced: tuple[str, ...]) -> Paragraph:
    return Paragraph(f"Supersedes {_shown(replaced)}: take those pages out.", bold=True)


def _shown(numbers: tuple[str, ...]) -> str:
    return ", ".join(serials.format_serial(number) for number in numbers)
