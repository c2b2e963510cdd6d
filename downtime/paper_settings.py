"""What a hospital may set about its paper: what is printed, on what, and how it leaves."""

from dataclasses import dataclass
from typing import Any

from downtime.setting_fields import setting


@dataclass(frozen=True, slots=True)
class PaperSettings:
    sets: dict[str, Any] = setting(
        {}, "Forms in a pack by type of ward, instead of the set of that name in `forms/sets.toml`."
    )
    ward_types: dict[str, Any] = setting(
        {}, "Type of a ward, theatre or clinic by its code; a ward that is not named is `adult`."
    )
    tagged: bool = setting(
        True, "Pages say to screen readers what is on them; without, files are a quarter smaller."
    )
    processes: int = setting(
        0, "Processes that print a large pack at once; 0 for as many as the machine has cores."
    )
    time_critical_medicines: tuple[str, ...] = setting(
        (),
        "Medicines of which a late dose can harm, by beginnings of words: first on lists and charts."
        " Empty for those of `clinical/time_critical.toml`.",
    )
    medicines_due_hours: int = setting(
        4, "The list of medicines due on a ward looks so many hours ahead."
    )
    summary_result_days: int = setting(3, "Results of this many days are in a printed summary.")
    label_sheet: str = setting("L7160", "Sheet of labels that is offered first (Avery number).")
    specimen_tubes: dict[str, Any] = setting(
        {},
        "Containers for which specimen labels are printed, in the laboratory's own words (name, colour):"
        " `tests`, what goes into it, and `labels`, how many. Never one for transfusion.",
    )
    label_offset_x_mm: float = setting(0.0, "Labels are printed so much further to the right.")
    label_offset_y_mm: float = setting(0.0, "Labels are printed so much further down.")
    background_max_bytes: int = setting(
        33_554_432, "Largest PDF that is taken as a form's background."
    )
    background_memory_bytes: int = setting(
        1_073_741_824, "Memory of the child that opens a background."
    )
    background_seconds: int = setting(60, "Time limit of the child that opens a background.")
    downtime_number_block: int = setting(1000, "Downtime numbers reserved for one laptop.")
    block_warning_percent: int = setting(
        20, "A laptop warns when so much of its downtime numbers or serials is left."
    )
    job_result_hours: int = setting(12, "A finished pack can be fetched again for this long.")


@dataclass(frozen=True, slots=True)
class PrintingSettings:
    queue: str = setting("", "Print queue (of `lp`) that is offered first; empty for none.")
    copies: int = setting(
        1, "Copies that a queue prints. All carry the same serials: the ledger expects one of each."
    )
    two_sided: bool = setting(
        False, "Print on both sides; every form starts on a sheet of its own."
    )
    tray: str = setting("", "Paper tray as the queue names it; empty for its own choice.")
    folder: str = setting(
        "", "Folder that takes packs as PDF for a printer program. They hold patient data."
    )
    seconds: int = setting(300, "A queue that has not taken a pack after so long has failed.")
    follow_seconds: int = setting(
        15, "A queue that stops within this time after it took a pack has failed; 0 to ask nothing."
    )
    ahead_hours: int = setting(
        24, "Packs printed this long before a planned downtime are offered as part of its outage."
    )
    interrupted_minutes: int = setting(
        30, "A pack still printing after this long was broken off, and its forms are void."
    )
