"""What paper says beside a medicine: that it is time-critical, its last dose, when the next may be due."""

from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.doses import MedicineRow

NOT_CERTAIN = "if not given already"
"""Stands with the time of a dose that may have been given under another name."""


def word_doses(row: MedicineRow, zone: ZoneInfo, copied: str, unavailable: str) -> str:
    """`TIME-CRITICAL. 02-Jan-2026 14:00, 500 mg; next about 02-Jan-2026 22:00`, in one box.

    Where a later dose may have been of it: `ASK FIRST: see above; 02-Jan-2026 14:00, 500 mg`; the chart
    names that dose above its medicines.
    """
    due = word_next_due(row, zone, copied)
    texts = (_word_last(row, zone, unavailable), due and f"next {due}")
    if row.possible:
        texts = ("ASK FIRST: see above", texts[0])
    critical = "TIME-CRITICAL. " if row.is_time_critical else ""
    return critical + "; ".join(filter(None, texts))


def word_last_dose(row: MedicineRow, zone: ZoneInfo, unavailable: str) -> str:
    """The last dose as sent, after those that may have been of it; that none was, or which systems
    (`EPR unavailable`) sent none at all.
    """
    questions = [f"ASK FIRST. {display.describe_possible_dose(d, zone)}" for d in row.possible]
    last = _word_last(row, zone, unavailable)
    before = "Before it: " if questions and row.last else ""
    return "\n".join(filter(None, [*questions, f"{before}{last}"]))


def _word_last(row: MedicineRow, zone: ZoneInfo, unavailable: str) -> str:
    """The last dose that is certainly of it, and the last given where it was not; empty where the only ones
    are in doubt.
    """
    if row.last is not None:
        text = display.describe_dose(row.last, zone)
        if row.given_before is None:
            return text
        return f"{text}; given {display.describe_dose(row.given_before, zone)}"
    if unavailable:
        return f"Doses not known: {unavailable}"
    return "" if row.possible else "No dose was sent"


def word_next_due(row: MedicineRow, zone: ZoneInfo, copied: str) -> str:
    """`about 02-Jan-2026 22:00`, or `was due …` before the copy; empty where nothing says when."""
    if not row.next_due:
        return ""
    time = display.format_moment(row.next_due, zone)
    text = f"was due {time}" if row.next_due < copied else f"about {time}"
    return f"{text} {NOT_CERTAIN}" if row.possible else text
