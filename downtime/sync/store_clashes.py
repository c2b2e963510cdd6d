"""The SQL of serials and downtime numbers that were given out a second time."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateNumber:
    """The second thing under one number, and what a person says became of it. Times are UTC."""

    number: str
    """A serial as it is printed, or a downtime number."""
    digest: str
    """What tells the second thing from a third one under the number; empty where nobody noted it."""
    device: str
    """The laptop that gave it out again, or the name of its second past: `K7-41`."""
    what: str
    """The form, its ward and who printed it; no patient is named."""
    taken: str
    settled: str = ""
    settled_by: str = ""
    settled_name: str = ""
    why: str = ""

    @property
    def sentence(self) -> str:
        """What is known of it, for a person."""
        return f"{self.number} was given out twice. The second one, by {self.device}: {self.what}."


def save_duplicate_numbers(db: Database, found: Iterable[DuplicateNumber]) -> None:
    """Note each once, however often it is brought; what was settled stays so."""
    db.table("handed_over_clash").insert_all((asdict(one) for one in found), ignore=True)


def fetch_duplicate_numbers(db: Database) -> list[DuplicateNumber]:
    """All that were found, settled or not, oldest first."""
    rows = db.query("SELECT * FROM handed_over_clash ORDER BY taken, number, digest")
    return [DuplicateNumber(**row) for row in rows]


def settle_duplicate_number(
    db: Database, number: str, reason: str, at: str, who: tuple[str, str]
) -> int:
    """Say what became of what is open under a number; how many were open. `who` is id and name."""
    done = db.conn.execute(
        "UPDATE handed_over_clash SET settled = ?, settled_by = ?, settled_name = ?, why = ?"
        " WHERE number = ? AND settled = ''",
        [at, *who, reason, number],
    )
    return int(done.rowcount)
