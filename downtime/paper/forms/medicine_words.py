"""What paper says beside a medicine: that it is time-critical, its last dose, when the next may be due."""

from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.doses import MedicineRow

NOT_CERTAIN = "if not given already"
"""Stands with the time of a dose that may have been given under another name."""


def word_doses(row: MedicineRow, zone: ZoneInfo, copied: str, unavailable: str) -> str:
    """`TIME-CRITICAL. 02-Jan-2026 14:00, 500 mg; next about 02-Jan-2026 22:00`, in one box."""
    due = word_next_due(row, zone, copied)
    texts = (word_last_dose(row, zone, unavailable), due and f"next {due}")
    critical = "TIME-CRITICAL. " if row.is_time_critical else ""
    return critical + "; ".join(filter(None, texts))


def word_last_dose(row: MedicineRow, zone: ZoneInfo, unavailable: str) -> str:
    """The last dose as sent, after those that may have been of it; that none was, or which systems
    (`EPR unavailable`) sent none at all.
    """
    doubts = [f"ASK FIRST. {display.describe_possible_dose(d, zone)}" for d in row.possible]
    last = ""
    if row.last is not None:
        last = f"{'Before it: ' * bool(doubts)}{display.describe_dose(row.last, zone)}"
    elif unavailable:
        last = f"Doses not known: {unavailable}"
    elif not doubts:
        last = "No dose was sent"
    return "\n".join(filter(None, [*doubts, last]))


def word_next_due(row: MedicineRow, zone: ZoneInfo, copied: str) -> str:
    """`about 02-Jan-2026 22:00`, or `was due …` before the copy; empty where nothing says when."""
    if not row.next_due:
        return ""
    time = display.format_moment(row.next_due, zone)
    text = f"was due {time}" if row.next_due < copied else f"about {time}"
    return f"{text} {NOT_CERTAIN}" if row.possible else text
