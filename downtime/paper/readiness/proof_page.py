"""The proof page of a round: what was found, printed where packs are printed, with a code to read back."""

from dataclasses import dataclass
from typing import ClassVar

from downtime.clinical import display
from downtime.errors import NotFoundError
from downtime.paper.model import PackKind, Subject
from downtime.paper.packs.model import PackPlan, RequestKind
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest
from downtime.paper.readiness.check_readiness import PROOF, find_latest
from downtime.paper.readiness.model import CHECK_TITLES, Check, ReadinessRound
from downtime.pdf.flow_blocks import Block, Paragraph, Table

_TITLE = "Readiness of this laptop"
_COLUMNS = (("What", 4), ("Found", 7), ("Wrong", 7))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofPage(PrintRequest):
    """Print the latest round of readiness; its serial proves that the printer prints."""

    kind: ClassVar[RequestKind] = RequestKind.READINESS
    title: ClassVar[str] = "Proof of readiness"
    names_nobody = True
    round: str

    def plan(self, context: PrintContext) -> PackPlan:
        """NotFoundError when another round was made since."""
        latest = find_latest(context.vault)
        if latest is None or latest.id != self.round:
            raise NotFoundError(
                "readiness.round", "Another round was made since.", "Print the page of that one."
            )
        blocks = _list_blocks(context, latest)
        document = context.list_document(PROOF, _TITLE, Subject(), "", lambda: ({}, blocks))
        return PackPlan(
            kind=PackKind.READINESS,
            title=_TITLE,
            file_name=context.file_name(PROOF),
            documents=[document],
        )


def _list_blocks(context: PrintContext, round_: ReadinessRound) -> list[Block]:
    time = display.format_moment(round_.at, context.zone)
    verdict = "NOT READY" if round_.faults else "Nothing is wrong"
    return [
        Paragraph(f"{verdict}. Looked at {time} by {round_.person_name}.", bold=True, size=12),
        Paragraph("Read the code at the top of this page back on the laptop, then keep the page."),
        Table(_COLUMNS, [_describe(check) for check in round_.checks]),
    ]


def _describe(check: Check) -> tuple[str, str, str]:
    return CHECK_TITLES[check.kind], check.finding, check.fault
