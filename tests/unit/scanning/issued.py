"""A row of the ledger and a page of the tray, as the rules of scanning are asked about them."""

from downtime.paper.model import FormState, IssuedForm
from downtime.paper.serials import make_serial
from downtime.scanning.model import BatchPage, PageOutcome

SERIAL = make_serial("K7", 42)
OUTAGE = "o-1"


def issued(state=FormState.ISSUED, outage=OUTAGE, pages=3) -> IssuedForm:
    """A form of three pages."""
    columns = dict.fromkeys(IssuedForm.__dataclass_fields__, "")
    return IssuedForm(
        **columns | {"serial": SERIAL, "state": state, "outage": outage, "pages": pages}
    )


def tray_page(outcome=PageOutcome.UNREADABLE, **fields) -> BatchPage:
    """A page whose code could not be read."""
    columns = {
        name: field.default if isinstance(field.default, (str, int)) else ""
        for name, field in BatchPage.__dataclass_fields__.items()
    }
    return BatchPage(**columns | {"outcome": outcome, "picture_sha256": "4f"} | fields)
