"""The SQL of numbers that were typed for two patients and wait for a second person (`rekey_claim`)."""

from sqlite_utils import Database

from downtime.clinical.identifiers import fold_number
from downtime.returns.model import Message, NumberClaim


def fetch_claims(db: Database, outage: str) -> dict[str, NumberClaim]:
    """The claims of an outage's lines, confirmed ones too, by control ID."""
    rows = db.query(
        "SELECT c.* FROM rekey_claim AS c JOIN outbox AS o ON o.control_id = c.control_id"
        " WHERE o.outage = ?",
        [outage],
    )
    return {row["control_id"]: NumberClaim(**row) for row in rows}


def find_lines_with_number(db: Database, message: Message, number: str) -> list[str]:
    """Control IDs of ticked lines of other patients that have this number of the same system."""
    query = (
        "SELECT o.control_id, t.number FROM rekey_tick AS t"
        " JOIN outbox AS o ON o.control_id = t.control_id"
        " WHERE t.unticked = '' AND o.system = ? AND o.order_key <> ? ORDER BY t.ticked"
    )
    rows = db.execute(query, [message.system, message.order_key])
    return [line for line, ticked in rows if fold_number(ticked) == fold_number(number)]


def save_claim(db: Database, claim: NumberClaim) -> None:
    """Keep what somebody typed, or that a second person confirmed it."""
    columns = NumberClaim._fields
    places = ", ".join("?" * len(columns))
    db.execute(
        f"INSERT OR REPLACE INTO rekey_claim ({', '.join(columns)}) VALUES ({places})", list(claim)
    )


def delete_claim(db: Database, control_id: str) -> None:
    """Forget a claim: another number was typed, or the tick was taken back."""
    db.execute("DELETE FROM rekey_claim WHERE control_id = ?", [control_id])
