"""What does not fit into its field: words in its place that say where it is, and the pages that hold it whole.

Nothing is printed in part: half a dose, or half a list of allergies, reads like a whole one. An order of
which something does not fit is not signed in its row but where all of it can be read.
"""

from collections.abc import Mapping, Sequence

from downtime.paper.forms.model import SignedRows
from downtime.paper.layout.page_fields import label_key
from downtime.pdf.flow_blocks import Block, Heading, Table

_ALLERGIES = "Known allergies"
"""Begins a list of them, which is named by its heading and count where it stands elsewhere."""
_URGENT = ("TIME-CRITICAL", "NOT GIVEN")
"""What of a text about doses is said in its field, wherever the rest of it stands."""
_SIGNING_HEIGHT = 34.0
"""Points of a row to sign in."""
Wordings = tuple[str, ...]
"""The same, from long to short: the first that fits is printed."""


def find_split_orders(
    overflowing: Sequence[str], values: Mapping[str, str], signed: Sequence[SignedRows]
) -> dict[str, list[str]]:
    """The orders of which something did not fit: every printed key of the row, by its signature's."""
    orders: dict[str, list[str]] = {}
    for rows in signed:
        for key in overflowing:
            link_id, colon, row = key.partition(":")
            if colon and link_id in rows.fields:
                keys = [f"{field}:{row}" for field in rows.fields]
                orders[f"{rows.signature}:{row}"] = [key for key in keys if key in values]
    return orders


def overflow_blocks(
    overflowing: Sequence[str],
    orders: Mapping[str, Sequence[str]],
    values: Mapping[str, str],
    labels: Mapping[str, str],
) -> list[Block]:
    """Orders whole, with room to sign each; then the other values, each with the label of its field."""
    blocks: list[Block] = []
    if orders:
        rows = [_order_row(signature, keys, values, labels) for signature, keys in orders.items()]
        columns = (("Row", 0.7), ("The order in full", 4.0), ("PRESCRIBER signs: name, time", 2.0))
        blocks += [
            Heading("What did not fit into its box: valid only when signed here"),
            Table(columns, rows, row_height=_SIGNING_HEIGHT),
        ]
    in_orders = {key for keys in orders.values() for key in keys}
    if others := [key for key in dict.fromkeys(overflowing) if key not in in_orders]:
        blocks += [
            Heading("What did not fit into its field, in full"),
            Table(
                (("Field", 1.0), ("In full", 3.0)),
                [(label_key(labels, key), values[key]) for key in others],
            ),
        ]
    return blocks


def _order_row(
    signature: str, keys: Sequence[str], values: Mapping[str, str], labels: Mapping[str, str]
) -> tuple[str, str, str]:
    lines = [f"{labels.get(key.partition(':')[0], key)}: {values[key]}" for key in keys]
    return signature.partition(":")[2], "\n".join(lines), ""


def list_references(
    overflowing: Sequence[str],
    orders: Mapping[str, Sequence[str]],
    values: Mapping[str, str],
    where: str,
) -> dict[str, Wordings]:
    """What stands in place of each value, and in the fields that are not to be signed.

    `where` is `page 2`, `pages 2 to 3` or `below`.
    """
    in_orders = {key for keys in orders.values() for key in keys}
    references = {}
    for key in overflowing:
        wordings: Wordings = (f"See {where}", where)
        if key in in_orders:
            wordings = (f"See {where}, sign there", f"See {where}", where)
        elif values[key].startswith(_ALLERGIES):
            heading = values[key].partition(":")[0]
            wordings = (f"{heading}: see {where}", *wordings)
        elif urgent := [phrase for phrase in _URGENT if phrase in values[key]]:
            wordings = tuple(f"{', '.join(urgent)}: {text}" for text in wordings)
        references[key] = wordings
    for signature in orders:
        references[signature] = (f"Not here: sign on {where}", f"Sign on {where}", where)
    return references
