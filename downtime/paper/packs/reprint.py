"""Print one form again: the same values under a new serial, and the old one is void."""

from dataclasses import dataclass
from typing import ClassVar

import orjson

from downtime.errors import ConflictError
from downtime.paper import ledger
from downtime.paper.model import PackKind
from downtime.paper.packs import pack_ledger
from downtime.paper.packs.model import PackPlan, RequestKind
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest
from downtime.paper.policies import check_can_reprint
from downtime.paper.store import form_contents, layouts


@dataclass(frozen=True, slots=True, kw_only=True)
class Reprint(PrintRequest):
    """Print a form that is still out again, as it was: version, values and age of the data.

    The old serial is void once the new page is delivered.
    """

    kind: ClassVar[RequestKind] = RequestKind.REPRINT
    title: ClassVar[str] = "Form printed again"
    serial: str

    def plan(self, context: PrintContext) -> PackPlan:
        """InputError without a reason or for a list; ConflictError when it is no longer out."""
        vault = context.vault
        old = ledger.get_form(vault, self.serial)
        check_can_reprint(old, context.reason)
        values = form_contents.fetch_content(vault.db, old.serial)
        layout = layouts.find_layout(vault.db, old.layout)
        if not values or layout is None:
            raise ConflictError(
                "reprint.not-kept",
                "What was printed on this form was not kept.",
                "Print the patient's pages, or a blank form, and void this one.",
            )
        document = context.form_document(
            ledger.get_printed_definition(vault, old),
            layout,
            old.subject,
            old.ward,
            lambda: orjson.loads(values),
            (old.serial,),
        )
        first_pack = pack_ledger.get_pack(vault, old.pack)
        return PackPlan(
            kind=PackKind.REPRINT,
            title="Downtime form, printed again",
            file_name=context.file_name(f"reprint_{old.serial}"),
            documents=[document],
            wards=[old.ward],
            snapshot=first_pack.snapshot,
            as_at=first_pack.as_at,
            audit_target=old.serial,
        )
