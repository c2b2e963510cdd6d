"""The pack of blank forms, each with a serial of its own."""

from dataclasses import dataclass
from typing import ClassVar

from downtime.paper.model import PackKind
from downtime.paper.packs import documents
from downtime.paper.packs.model import PackPlan, RequestKind
from downtime.paper.packs.policies import check_blank_copies
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest
from downtime.paper.packs.ward_pack import issue_numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class BlankForms(PrintRequest):
    """Print blank forms; with `numbered`, each set is for one new patient with a downtime number."""

    kind: ClassVar[RequestKind] = RequestKind.BLANK
    title: ClassVar[str] = "Blank forms"
    names_nobody = True
    forms: tuple[str, ...]
    copies: int = 1
    ward: str = ""
    numbered: bool = False

    def plan(self, context: PrintContext) -> PackPlan:
        """InputError without a form, or for too many copies."""
        check_blank_copies(self.forms, self.copies)
        is_numbered = self.numbered and any(
            context.get_form(name)[0].identity for name in self.forms
        )
        numbers = issue_numbers(context, self.copies) if is_numbered else [""] * self.copies
        return PackPlan(
            kind=PackKind.BLANK,
            title="Blank downtime forms",
            file_name=context.file_name("blank"),
            documents=[
                documents.blank_document(context, name, self.ward, number)
                for number in numbers
                for name in self.forms
            ],
            wards=[self.ward],
            as_at="Blank form: filled in by hand.",
        )
