"""What all documents of one pack share: who prints, the outage, the snapshot, and the layouts."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from downtime.clinical import display
from downtime.clinical.doses import TIME_CRITICAL
from downtime.clock import from_text
from downtime.errors import NotFoundError
from downtime.outage import outages
from downtime.outage.events.hospital_now import HospitalNow
from downtime.outage.model import Outage
from downtime.paper import serials
from downtime.paper.forms import form_sets
from downtime.paper.forms.form_approval import load_printable_forms, read_approval
from downtime.paper.forms.form_sets import FormSet
from downtime.paper.forms.load_form import load_form
from downtime.paper.forms.medicine_charts import list_signed_rows
from downtime.paper.forms.model import FormDefinition, SignedRows
from downtime.paper.layout.lay_out_form import lay_out_form, layout_digest
from downtime.paper.layout.model import (
    DRILL,
    FormLayout,
    FormSheet,
    ListSheet,
    LooseSheet,
    PlainPagePrinter,
)
from downtime.paper.layout.template_layout import flow_digest, flow_layout
from downtime.paper.model import FormDraft, PackKind, Subject
from downtime.paper.packs.model import PackPlan, PrintDocument, PrintOutcome
from downtime.paper.packs.snapshot_pages import SnapshotView, format_ages
from downtime.paper.packs.superseded_pages import (
    NO_SUCCESSION,
    KeptPage,
    Succession,
    list_deliveries,
)
from downtime.paper.policies import check_is_approved, is_approved
from downtime.paper.store import layouts
from downtime.pdf.flow_blocks import Block, Paragraph, flow_blocks
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.snapshot.freshness import find_stale_time
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault import device
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

_OUTAGES = "outage"


class PrintContext:
    """Makes the documents of one pack; close it to close the snapshot that it opened."""

    def __init__(
        self,
        vault: Vault,
        settings: Settings,
        actor: Actor,
        reason: str,
        snapshot: Snapshot | None = None,
    ) -> None:
        self.vault, self.settings, self.actor, self.reason = vault, settings, actor, reason
        self.zone = ZoneInfo(settings.site.time_zone)
        self.mrn_name = settings.site.mrn_name
        self.device = device.read_own_card(vault.home).code
        self.outage: Outage | None = outages.find_current(vault)
        self.printed_at = vault.clock()
        self.form_layouts: dict[str, tuple[FormDefinition, FormLayout]] = {}
        self.list_layouts: dict[bool, FormLayout] = {}
        self._snapshot = snapshot
        self._opened: list[Snapshot] = []
        self._withheld: dict[str, None] = {}
        self._approved: set[str] = set()
        """Digests of layouts that may be printed."""
        self._texts: dict[str, tuple[dict[str, str], list[SignedRows]]] = {}
        """By layout: the labels of a form's fields, and its rows that are signed."""
        self._records: dict[tuple[str, ...], str] = {}
        """By the types on a list: which of them the copy holds."""

    def close(self) -> None:
        """Close what was opened here, so not the caller's snapshot."""
        for snapshot in self._opened:
            snapshot.close()

    @cached_property
    def view(self) -> SnapshotView:
        """The snapshot that was named, else the one in use, as this pack shows it."""
        if self._snapshot is None:
            self._snapshot = local_snapshots.open_current_snapshot(self.vault)
            self._opened.append(self._snapshot)
        return self._view_snapshot(self._snapshot)

    def find_view(self, snapshot_id: str) -> SnapshotView | None:
        """The snapshot of an earlier print; None where it had none, or this machine has it no more."""
        if not snapshot_id or snapshot_id == self.view.snapshot.id:
            return self.view if snapshot_id else None
        try:
            self._opened.append(local_snapshots.open_snapshot(self.vault, snapshot_id))
        except NotFoundError:
            return None
        return self._view_snapshot(self._opened[-1])

    def _view_snapshot(self, snapshot: Snapshot) -> SnapshotView:
        days = self.settings.paper.summary_result_days
        stale = find_stale_time(self.printed_at, self.settings)
        critical = self.settings.paper.time_critical_medicines or TIME_CRITICAL
        names = tuple(self.settings.reconcile.medicine_names.items())
        return SnapshotView(
            snapshot, self.zone, self.printed_at, days, self.mrn_name, stale, critical, names
        )

    @cached_property
    def hospital(self) -> HospitalNow:
        """The same snapshot with what staff have said since."""
        return HospitalNow(self.vault, self.view.snapshot)

    @property
    def outage_label(self) -> str:
        """The outage as pages name it; where the vault is lost nobody knows of any."""
        if self.outage is not None:
            return self.outage.label
        is_lost = _OUTAGES in self.vault.partial_tables
        return "Outages not known" if is_lost else "No outage declared"

    @property
    def is_drill(self) -> bool:
        """Whether what is printed is for a drill."""
        return self.outage is not None and self.outage.drill

    def file_name(self, subject: str, view: SnapshotView | None = None) -> str:
        """It says ward, time of the data (or of printing) and DRILL; it never names a patient."""
        moment = from_text(view.snapshot.header.created) if view else self.printed_at
        time = f"{'as-at-' if view else ''}{moment.astimezone(self.zone):%Y-%m-%d-%H%M}"
        safe_name = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{subject}_{time}")
        return f"{DRILL}_{safe_name}.pdf" if self.is_drill else f"{safe_name}.pdf"

    def snapshot_plan(
        self,
        kind: PackKind,
        title: str,
        name: str,
        documents: Sequence[PrintDocument],
        wards: Sequence[str],
        cover: Callable[[PrintOutcome], PrintDocument] | None = None,
    ) -> PackPlan:
        """The plan of a pack from the snapshot; `name` begins the file's."""
        return PackPlan(
            kind=kind,
            title=title,
            file_name=self.file_name(name, self.view),
            documents=documents,
            wards=wards,
            snapshot=self.view.snapshot.id,
            as_at=format_ages(self.view),
            cover=cover,
        )

    @cached_property
    def forms(self) -> dict[str, FormDefinition]:
        """Every form that may be printed here, by name."""
        return load_printable_forms(self.vault.home)

    def get_ward_sets(self, wards: Iterable[str]) -> dict[str, FormSet]:
        """The form set of each ward; what it names and may not be printed is noted."""
        sets = form_sets.get_ward_sets(self.settings, wards, self.vault.home)
        self.note_withheld(sets.values())
        return sets

    def note_withheld(self, sets: Iterable[FormSet]) -> None:
        """Have it said that forms of these sets are left out."""
        self._withheld |= dict.fromkeys(title for form_set in sets for title in form_set.withheld)

    @property
    def form_notes(self) -> tuple[str, ...]:
        """What is to be said of the hospital's own forms: left out, or to be reviewed by now."""
        home, today = self.vault.home, self.printed_at.astimezone(self.zone).date()
        notes = [f"Left out, not approved by two people: {title}." for title in self._withheld]
        for form, _ in self.form_layouts.values():
            approval = read_approval(form, home) if form.background else None
            if approval and approval.is_review_due(today):
                day = display.format_day(approval.review)
                notes.append(
                    f"Its review was due on {day}, ask whether it still holds: {form.title}."
                )
        return tuple(notes)

    def _check_is_approved(self, form: FormDefinition, digest: str) -> None:
        if digest not in self._approved:
            check_is_approved(form, digest, self.vault.home, self.mrn_name)
            self._approved.add(digest)

    def can_print(self, form: FormDefinition, layout: FormLayout) -> bool:
        """Whether a form that was printed before may be printed still; if not, that is noted."""
        may_print = is_approved(form, layout.digest, self.vault.home, self.mrn_name)
        if not may_print:
            self._withheld[layout.title] = None
        return may_print

    def get_form(self, name: str) -> tuple[FormDefinition, FormLayout]:
        """A form and its layout, laid out now if this version was never printed here."""
        if name not in self.form_layouts:
            form = self.forms.get(name) or load_form(name, self.vault.home)
            digest = layout_digest(form, self.vault.home, self.mrn_name)
            self._check_is_approved(form, digest)
            stored = layouts.find_layout(self.vault.db, digest)
            layout = stored or lay_out_form(form, self.vault.home, self.settings)
            self.form_layouts[name] = form, layout
        return self.form_layouts[name]

    def _get_list_layout(self, identity: bool) -> FormLayout:
        if identity not in self.list_layouts:
            stored = layouts.find_layout(self.vault.db, flow_digest(identity, self.mrn_name))
            self.list_layouts[identity] = stored or flow_layout(identity, self.mrn_name)
        return self.list_layouts[identity]

    def count_list_pages(self, blocks: Sequence[Block], *, identity: bool) -> int:
        """How many pages a list with these blocks takes."""
        rectangles = self._get_list_layout(identity).pages[0]
        body = next(item for item in rectangles if item.key == "page.body")
        return len(flow_blocks(blocks, body.width, body.height))

    def form_document(
        self,
        form: FormDefinition,
        layout: FormLayout,
        subject: Subject,
        ward: str,
        values: Callable[[], dict[str, str]],
        replaces: tuple[str, ...] = (),
    ) -> PrintDocument:
        """One version of a form on its own layout; `values` are asked for when its turn to print comes.

        ConflictError for one that two people do not stand for, also where it was printed before.
        """
        self._check_is_approved(form, layout.digest)
        if (texts := self._texts.get(layout.digest)) is None:
            labels = {item.link_id: item.text for item in form.fields()}
            texts = self._texts[layout.digest] = labels, list_signed_rows(form)
        draft = FormDraft(
            form=layout.form,
            version=layout.version,
            title=layout.title,
            layout=layout.digest,
            pages=len(layout.pages),
            returns=form.returns,
            subject=subject,
            ward=ward,
            replaces=replaces,
        )
        return PrintDocument(
            draft, values, lambda serial, printed: FormSheet(layout, serial, printed, *texts)
        )

    def list_document(
        self,
        name: str,
        title: str,
        subject: Subject,
        ward: str,
        content: Callable[[], tuple[dict[str, str], Sequence[Block]]],
        *,
        types: tuple[str, ...] = (),
        succession: Succession = NO_SUCCESSION,
    ) -> PrintDocument:
        """A list whose content (identity values, blocks) flows over as many pages as it needs.

        `types` are those of the records on it, where a later page may take its place.
        """
        foot = f"{title}. A copy of what the systems said; it need not come back."
        layout = self._get_list_layout(bool(subject.patient))
        replaces = succession.replaced
        above = [_supersedes(replaces)] if replaces else []
        above += [_stays_valid(page, self.zone) for page in succession.kept_pages]

        def sheet(serial: str, printed: Any) -> ListSheet:
            values, blocks = printed
            return ListSheet(layout, serial, values, [*above, *blocks], title, foot)

        draft = list_draft(name, title, layout.digest, subject, ward, replaces)
        records = self._word_records(types) if types else ""
        return PrintDocument(
            draft, content, sheet, records=records, kept_pages=succession.kept_pages
        )

    def _word_records(self, types: tuple[str, ...]) -> str:
        if types not in self._records:
            deliveries = list_deliveries(self.view.snapshot, types)
            self._records[types] = orjson.dumps(deliveries).decode()
        return self._records[types]

    def loose_document(
        self,
        name: str,
        title: str,
        subject: Subject,
        ward: str,
        draw: Callable[[PlainPagePrinter, str], int],
    ) -> PrintDocument:
        """Pages that have no layout, such as labels; they need not come back."""
        return PrintDocument(
            list_draft(name, title, "", subject, ward),
            lambda: (),
            lambda serial, _: LooseSheet(serial, draw),
        )


def list_draft(
    name: str, title: str, layout: str, subject: Subject, ward: str, replaces: tuple[str, ...] = ()
) -> FormDraft:
    """The row in the ledger of something that need not come back."""
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


def _supersedes(replaced: tuple[str, ...]) -> Paragraph:
    pages = serials.format_serials(replaced)
    return Paragraph(f"Supersedes {pages}: take those pages out.", bold=True)


def _stays_valid(page: KeptPage, zone: ZoneInfo) -> Paragraph:
    form = page.form
    serial, printed = (
        serials.format_serial(form.serial),
        display.format_moment(form.issued_at, zone),
    )
    return Paragraph(
        f"KEEP {serial} (printed {printed}) WITH THIS PAGE. It stays valid for: {page.what_for}."
        " This page was printed without them.",
        bold=True,
        size=10.5,
    )
