"""The sheet between two wards of a pile: whose pages follow, so that they can be parted and carried."""

from downtime.clinical import display
from downtime.paper.model import Subject
from downtime.paper.packs.model import PrintDocument
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.superseded_pages import Succession
from downtime.pdf.flow_blocks import Block, Heading, Paragraph, Table

SEPARATOR = "ward-separator"
"""What the ledger calls it."""
NO_WARD = "No ward recorded"
_COLUMNS = (("Bed", 3), ("Patient", 6), ("Born", 3), ("Number", 3))
_STEP = "Carry these pages to this ward, up to the next sheet like this one."


def separator_document(
    context: PrintContext, ward: str, replaces: tuple[str, ...] = ()
) -> PrintDocument:
    """The ward in large letters, and its patients in the order in which their pages follow."""
    return context.list_document(
        SEPARATOR,
        f"Pages of {ward or NO_WARD}",
        Subject(),
        ward,
        lambda: ({}, _blocks(context, ward)),
        succession=Succession(replaces),
    )


def name_ward(context: PrintContext, ward: str) -> str:
    """`A1 Acute Medical Unit`, as far as a system names it."""
    names = {row.code: row.name for row in context.view.snapshot.list_wards()}
    name = names.get(ward, ward)
    return (ward if name == ward else f"{ward} {name}") or NO_WARD


def _blocks(context: PrintContext, ward: str) -> list[Block]:
    rows = [
        (
            row.encounter.bed if row.encounter and row.encounter.bed else "No bed recorded",
            display.format_name(row.patient),
            display.format_day(row.patient.birth_date),
            row.patient.mrn,
        )
        for row in context.hospital.list_stays(ward)
    ]
    return [
        Paragraph(name_ward(context, ward), bold=True, size=30),
        Paragraph(_STEP, bold=True),
        Heading(f"{len(rows)} patients, in this order"),
        Table(_COLUMNS, rows),
    ]
