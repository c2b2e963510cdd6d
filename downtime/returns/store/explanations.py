"""The SQL of what two people said of a problem (`statement_explanation`)."""

from sqlite_utils import Database

from downtime.returns.statement.closing_model import Explanation
from downtime.vault.database import build_record, insert_record


def fetch_explanations(db: Database, outage: str) -> dict[str, Explanation]:
    """All of an outage, by the problem's id."""
    rows = db.query("SELECT * FROM statement_explanation WHERE outage = ? ORDER BY at", [outage])
    return {row["id"]: build_record(Explanation, row) for row in rows}


def insert_explanation(db: Database, explanation: Explanation) -> None:
    """What the first person says."""
    insert_record(db, "statement_explanation", explanation)


def save_second(db: Database, explanation: Explanation) -> None:
    """What the second person says."""
    db.conn.execute(
        "UPDATE statement_explanation SET second = ?, second_name = ?, second_at = ?,"
        " second_reason = ? WHERE outage = ? AND id = ?",
        [
            explanation.second,
            explanation.second_name,
            explanation.second_at,
            explanation.second_reason,
            explanation.outage,
            explanation.id,
        ],
    )
