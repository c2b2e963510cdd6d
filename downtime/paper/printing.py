"""One printing from start to end: serials and ledger first, then the pages, then the page counts.

The ledger comes first, so that no page can ever exist which it does not know. When printing fails,
the pages that were not handed over are void, with that reason.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.config import Settings
from downtime.outage import outages
from downtime.outage.model import Outage
from downtime.paper import serials, store
from downtime.paper.definition import FormDefinition, definition
from downtime.paper.flow import Block
from downtime.paper.issue import ISSUED, VOID, Draft, Pack, Subject
from downtime.paper.layout import Layout, flow_digest, flow_layout, form_digest, form_layout
from downtime.paper.stamp import Imprint, Printer
from downtime.paper.writer import PdfWriter
from downtime.vault import device
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

Progress = Callable[[int, int], None]
"""Told how many of how many documents are printed; what it raises stops the printing."""
PRINTING, PRINTED, FAILED = "printing", "printed", "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """One form or list to print: its row in the ledger, and how it is drawn under its serial."""

    draft: Draft
    draw: Callable[[Printer, str], int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was printed: pages of each job in order, and all pages of the document."""

    pack: Pack
    serials: tuple[str, ...]
    pages: tuple[int, ...]
    total: int


class Press:
    """Everything that the jobs of one printing share."""

    def __init__(self, vault: Vault, settings: Settings, who: Actor, kind: str) -> None:
        self.vault, self.settings, self.who, self.kind = vault, settings, who, kind
        self.zone = ZoneInfo(settings.site.time_zone)
        self.mrn_name = settings.site.mrn_name
        self.device = device.public(vault.home).code
        self.outage: Outage | None = outages.current(vault)
        self.made = vault.clock()
        self._layouts: dict[str, tuple[FormDefinition, Layout]] = {}
        self._flowing: dict[bool, Layout] = {}

    @property
    def drill(self) -> bool:
        """Whether what is printed is for a drill."""
        return self.outage is not None and self.outage.drill

    def form(self, name: str) -> tuple[FormDefinition, Layout]:
        """A form and its layout, laid out now if this version was never printed here."""
        if name not in self._layouts:
            form = definition(name)
            kept = store.layout(self.vault.db, form_digest(form, self.mrn_name))
            self._layouts[name] = form, kept or form_layout(form, self.mrn_name)
        return self._layouts[name]

    def _flow(self, identity: bool) -> Layout:
        if identity not in self._flowing:
            kept = store.layout(self.vault.db, flow_digest(identity, self.mrn_name))
            self._flowing[identity] = kept or flow_layout(identity, self.mrn_name)
        return self._flowing[identity]

    def form_job(
        self,
        name: str,
        subject: Subject,
        ward: str,
        values: Callable[[FormDefinition], dict[str, str]],
    ) -> Job:
        """Print a form; `values` are asked for when its turn comes."""
        form, layout = self.form(name)
        labels = {item.link_id: item.text for item in form.fields()}
        return Job(
            _draft(layout, form.returns, subject, ward),
            lambda printer, serial: printer.form(layout, serial, values(form), labels),
        )

    def list_job(
        self,
        name: str,
        title: str,
        subject: Subject,
        ward: str,
        content: Callable[[], tuple[dict[str, str], Sequence[Block]]],
        *,
        front: bool = False,
    ) -> Job:
        """Print what flows; `content` (identity values, blocks) is asked for when its turn comes."""
        foot = f"{title}. A copy of what the systems said; it need not come back."
        layout = self._flow(bool(subject.patient))

        def draw(printer: Printer, serial: str) -> int:
            values, blocks = content()
            return printer.flowing(
                layout, serial, values, blocks, title=title, foot=foot, front=front
            )

        return Job(_listed(name, title, layout.digest, subject, ward), draw)

    def run(
        self,
        jobs: Sequence[Job],
        out: BinaryIO,
        *,
        title: str,
        wards: Sequence[str],
        snapshot: str,
        as_at: str,
        why: str,
        progress: Progress | None = None,
        last: Callable[[Outcome], Job] | None = None,
    ) -> Outcome:
        """Issue and print all jobs into `out`; `last` makes one more from what they gave."""
        pack, numbers = self._issue(jobs, wards, snapshot, why, extra=last is not None)
        printer = Printer(PdfWriter(out, title, self.made), self._imprint(pack, as_at))
        try:
            pages = []
            for done, (job, serial) in enumerate(zip(jobs, numbers, strict=False), 1):
                pages.append(job.draw(printer, serial))
                if progress is not None:
                    progress(done, len(jobs))
            outcome = Outcome(pack, numbers, tuple(pages), printer.pages)
            if last is not None:
                job = last(outcome)
                pages.append(job.draw(printer, numbers[-1]))
            printer.finish()
        except BaseException:
            self._void(pack)
            raise
        return self._finish(jobs, Outcome(pack, numbers, tuple(pages), printer.pages))

    def _issue(
        self, jobs: Sequence[Job], wards: Sequence[str], snapshot: str, why: str, *, extra: bool
    ) -> tuple[Pack, tuple[str, ...]]:
        """Take serials and write the ledger in one transaction; the cover's is the last one."""
        vault, outage = self.vault, self.outage
        with vault.change(self.who, "pack.print", target=",".join(wards), why=why) as db:
            pack = Pack(
                id=f"{self.device}-P{store.next_pack(db):05}",
                kind=self.kind,
                wards=tuple(wards),
                snapshot=snapshot,
                outage=outage.id if outage else "",
                drill=self.drill,
                issued_by=self.who.id,
                issued_name=self.who.name,
                issued_at=vault.now(),
                pages=0,
                state=PRINTING,
            )
            store.insert_pack(db, pack)
            for form, layout in self._layouts.values():
                store.insert_layout(db, layout, form.source, vault.now())
            for layout in self._flowing.values():
                store.insert_layout(db, layout, "", vault.now())
            drafts = [job.draft for job in jobs] + ([_cover(wards)] if extra else [])
            first = store.last_position(db) + 1
            rows = [
                (serials.serial(self.device, position), position, draft)
                for position, draft in enumerate(drafts, first)
            ]
            store.insert_forms(db, rows, pack, ISSUED)
        return pack, tuple(row[0] for row in rows)

    def _imprint(self, pack: Pack, as_at: str) -> Imprint:
        when = display.moment(pack.issued_at, self.zone)
        by = f"Printed {when} by {self.who.name} on {self.who.device}."
        source = f" Snapshot {pack.snapshot}." if pack.snapshot else ""
        return Imprint(
            site=self.settings.site.name,
            outage=self.outage.label if self.outage else "No outage declared",
            drill=self.drill,
            as_at=as_at,
            printed=f"{by} Pack {pack.id}.{source}",
            mrn_name=self.mrn_name,
        )

    def _void(self, pack: Pack) -> None:
        why = "Printing stopped; nothing was handed over."
        with self.vault.change(self.who, "pack.void", target=pack.id, why=why) as db:
            store.void_pack(db, pack.id, VOID, self.vault.now(), self.who.id, why)
            store.finish_pack(db, pack.id, FAILED, 0)

    def _finish(self, jobs: Sequence[Job], outcome: Outcome) -> Outcome:
        expected = [job.draft.pages for job in jobs] + [1]
        longer = [
            (serial, pages)
            for serial, pages, drafted in zip(
                outcome.serials, outcome.pages, expected, strict=False
            )
            if pages != drafted
        ]
        with self.vault.change(self.who, "pack.printed", target=outcome.pack.id) as db:
            store.set_pages(db, longer)
            store.finish_pack(db, outcome.pack.id, PRINTED, outcome.total)
        return outcome


def _draft(layout: Layout, returns: bool, subject: Subject, ward: str) -> Draft:
    return Draft(
        form=layout.form,
        version=layout.version,
        title=layout.title,
        layout=layout.digest,
        pages=len(layout.pages),
        returns=returns,
        subject=subject,
        ward=ward,
    )


def _listed(name: str, title: str, layout: str, subject: Subject, ward: str) -> Draft:
    return Draft(
        form=name,
        version="1",
        title=title,
        layout=layout,
        pages=1,
        returns=False,
        subject=subject,
        ward=ward,
    )


def _cover(wards: Sequence[str]) -> Draft:
    return _listed("cover", "Cover", "", Subject(), wards[0] if len(wards) == 1 else "")
