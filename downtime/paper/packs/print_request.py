"""What somebody asks to have printed: the base of one class for each kind of pack."""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, NamedTuple

from downtime.paper.packs.model import PackPlan, RequestKind
from downtime.paper.packs.print_context import PrintContext


class PrintScope(NamedTuple):
    """Of which wards, or of which patient alone, the pages of a request are."""

    wards: tuple[str, ...] = ()
    patient: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintRequest(ABC):
    """A request is kept as JSON with its job and its pack, so that it can be printed anew.

    It names no patient but by an opaque id.
    """

    kind: ClassVar[RequestKind]
    title: ClassVar[str]
    """What lists of jobs call it."""
    names_nobody: ClassVar[bool] = False
    """Whether no page of it is about a patient or says who lies where."""
    by_form: bool = False
    """All sheets of one form together, instead of all sheets of one patient."""
    two_sided: bool = False
    """Every form starts on the front of a sheet: none is ever carried away on another's back."""
    recall: bool = False
    """Void what was printed of the same before; without it what is out already is not printed again."""

    @property
    def scope(self) -> PrintScope:
        """Neither wards nor a patient where it is of more, or of nobody."""
        return PrintScope()

    @abstractmethod
    def plan(self, context: PrintContext) -> PackPlan:
        """Fetch the data and lay out what the pack will hold; a UserError when it cannot be."""

    def to_json(self) -> dict[str, Any]:
        """What `print_requests.read_request` reads."""
        return {"kind": self.kind, **asdict(self)}
