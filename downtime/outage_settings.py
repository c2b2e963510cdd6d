"""Settings of readiness and endurance, of the reference shelf, and of what is recorded during an outage."""

from dataclasses import dataclass

from downtime.setting_fields import setting


@dataclass(frozen=True, slots=True)
class EventsSettings:
    earliest_hours_before_outage: int = setting(
        24, "Events that happened this long before an outage began can still be recorded."
    )
    read_back_minutes: int = setting(
        15, "A phoned result that nobody has read back after this long stands first and in red."
    )
    critical_values: tuple[str, ...] = setting(
        (
            "potassium < 2.5", "potassium > 6.5", "sodium < 120", "sodium > 160", "glucose < 2.5",
            "glucose > 25", "haemoglobin < 70", "platelets < 30", "lactate > 4", "troponin > 52",
        ),
        "Phoned results that are marked as critical: test, < or >, number, in the laboratory's units.",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReadinessSettings:
    shift_hours: int = setting(
        12, "A ward laptop that nobody found ready for this long alarms on every page; 0 for never."
    )
    battery_percent: int = setting(60, "A laptop whose battery holds less is not ready.")
    sheets: int = setting(500, "Sheets of paper that have to lie at the printer.")


@dataclass(frozen=True, slots=True)
class EnduranceSettings:
    sheets_per_patient_day: float = setting(
        10.0, "Sheets of paper that one patient needs in a day, until an outage has lasted a day."
    )
    label_sheets_per_patient_day: float = setting(
        0.2, "Sheets of labels that one patient needs in a day, until an outage has lasted a day."
    )
    new_patients_per_day: int = setting(
        20, "New patients who need a downtime number in a day, until an outage has lasted a day."
    )
    minutes_per_form: float = setting(3.0, "Minutes that one form takes to key and to check.")
    keying_hours_per_day: float = setting(
        60.0, "Hours that all who key together work in a day; 0 when nobody is planned for it."
    )


@dataclass(frozen=True, slots=True)
class ShelfSettings:
    max_document_bytes: int = setting(
        33_554_432, "Largest PDF or telephone book that goes on the reference shelf."
    )
    max_pages: int = setting(200, "Most pages of a PDF of the shelf.")
    max_lines: int = setting(20_000, "Most lines of a telephone book.")
    max_bundle_bytes: int = setting(
        268_435_456, "Largest sealed shelf that a laptop takes from a place."
    )
    memory_bytes: int = setting(1_073_741_824, "Memory of the child that opens a document.")
    seconds: int = setting(120, "Time limit of the child that opens a document.")
    review_warning_days: int = setting(
        30, "Documents whose review or end comes within this many days are named."
    )
