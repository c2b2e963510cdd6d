"""The two sheets of a transfer summary and of a capacity sheet: the words, then the codes that hold them, signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from downtime.clinical import display
from downtime.paper import serials
from downtime.paper.layout.model import PlainPagePrinter
from downtime.paper.layout.stamp_pages import A4
from downtime.paper.model import PackKind, Subject, make_subject
from downtime.paper.mutual_aid.compose_document import compose_capacity, compose_transfer
from downtime.paper.mutual_aid.model import AidDocument, AidKind, AuditAction, make_blocks
from downtime.paper.mutual_aid.signed_codes import make_codes
from downtime.paper.packs.model import PackPlan, RequestKind
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest
from downtime.paper.packs.snapshot_pages import identity_values
from downtime.pdf.barcodes import qr_code_operators
from downtime.pdf.fit_text import TextLine
from downtime.pdf.flow_blocks import Block, Paragraph
from downtime.vault import device, sealing

TITLES = {AidKind.TRANSFER: "Transfer summary", AidKind.CAPACITY: "Capacity and divert sheet"}
_MM = 72 / 25.4
_CODE, _GAP, _MARGIN, _TOP = 54 * _MM, 8 * _MM, 20 * _MM, 60 * _MM
_ACROSS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferSheets(PrintRequest):
    """Print what another hospital needs of a patient, with the codes that its laptop reads."""

    kind: ClassVar[RequestKind] = RequestKind.TRANSFER
    title: ClassVar[str] = "Transfer summary"
    patient: str
    """The opaque id in the snapshot, or of somebody registered on the screen."""
    destination: str = ""
    contact: str = ""

    def plan(self, context: PrintContext) -> PackPlan:
        """NotFoundError when there is no such patient; InputError when allergies and alerts do not fit."""
        row = context.hospital.find_row(self.patient)
        document = compose_transfer(context, self.patient, self.destination, self.contact)
        values = identity_values(context.view, row)
        ward = row.encounter.ward if row.encounter else ""
        return _plan(context, document, make_subject(row.patient), values, ward, PackKind.TRANSFER)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacitySheet(PrintRequest):
    """Print what this hospital can take and what it diverts, with the codes that another's laptop reads."""

    kind: ClassVar[RequestKind] = RequestKind.CAPACITY
    title: ClassVar[str] = "Capacity and divert sheet"
    names_nobody = True
    destination: str = ""
    contact: str = ""

    def plan(self, context: PrintContext) -> PackPlan:
        """What the events say, and how many beds are empty."""
        document = compose_capacity(context, self.destination, self.contact)
        return _plan(context, document, Subject(), {}, "", PackKind.CAPACITY)


def _plan(
    context: PrintContext,
    document: AidDocument,
    subject: Subject,
    values: dict[str, str],
    ward: str,
    kind: PackKind,
) -> PackPlan:
    title, codes = TITLES[document.kind], _sign(context, document)
    blocks = [*_head_blocks(document, len(codes)), *make_blocks(document.lines)]
    identity = f"{subject.label}, " if subject.patient else ""
    draw = partial(_draw_codes, context, document, identity, codes)
    return context.snapshot_plan(
        kind,
        title,
        str(document.kind),
        [
            context.list_document(document.kind, title, subject, ward, lambda: (values, blocks)),
            context.loose_document(
                f"{document.kind}-codes", f"{title}: codes", subject, ward, draw
            ),
        ],
        [ward],
    )


def _sign(context: PrintContext, document: AidDocument) -> list[str]:
    """Signed by this machine, and noted in its audit."""
    this = device.load_device(context.vault)
    target = f"{document.kind} {document.destination}".strip()
    with context.vault.change(context.actor, AuditAction.AID_SIGN, target=target):
        return make_codes(document, sealing.key_id(this.card.public_key), this.sign)


def _head_blocks(document: AidDocument, count: int) -> list[Block]:
    destination = f"To: {document.destination}. " if document.destination else ""
    contact = f"Ask: {document.contact}. " if document.contact else ""
    return [
        Paragraph(f"From {document.hospital_name} ({document.hospital_code}).", bold=True, size=11),
        Paragraph(
            f"{destination}{contact}The {count} codes on the next sheet hold the same, signed."
        ),
    ]


def _draw_codes(
    context: PrintContext,
    document: AidDocument,
    identity: str,
    codes: Sequence[str],
    printer: PlainPagePrinter,
    serial: str,
) -> int:
    head = f"{TITLES[document.kind]}: codes. {serials.format_serial(serial)}"
    moment = display.format_moment(document.created, context.zone)
    texts = (
        f"{'DRILL. ' if document.is_drill else ''}{head}",
        f"{identity}from {document.hospital_name} ({document.hospital_code}), {moment}",
        f"On a laptop with Downtime: page Mutual aid, then scan all {len(codes)} codes in any order,",
        "or send a picture of this sheet. Nothing is looked up: the codes hold all of it, signed.",
    )
    lines = [
        TextLine(_MARGIN, A4[1] - (22 + 7 * n) * _MM, 13.0 if not n else 10.0, not n, text)
        for n, text in enumerate(texts)
    ]
    operators = []
    for number, code in enumerate(codes):
        x = _MARGIN + (number % _ACROSS) * (_CODE + _GAP)
        y = A4[1] - _TOP - _CODE - (number // _ACROSS) * (_CODE + 2 * _GAP)
        operators.append(qr_code_operators(code, x, y, _CODE, ec_level="M"))
        lines.append(TextLine(x, y - 10, 8.0, False, f"{number + 1} of {len(codes)}"))
    printer.print_plain_page(A4, lines, "".join(operators))
    return 1
