"""Reasons that the program gives itself: kept as facts, worded when they are read.

A fact stands where people's own reasons stand, as `=superseded K7000042X`. Text of any other form is
a person's reason, a printer's answer, or a sentence of an earlier version, and is shown as it is.
"""

from enum import StrEnum

from downtime.paper.serials import format_serial


class ProgramReason(StrEnum):
    """Why the program voided a form or gave up a pack."""

    SUPERSEDED = "superseded"
    """A newer page, named by its serial, took the place of this one."""
    RECALLED = "recalled"
    """A pack, named by its id, was printed anew, and its older pages were taken out."""
    REPEATED = "repeated"
    """A pack, named by its id, was printed anew instead."""
    INTERRUPTED = "interrupted"
    """The program stopped while it was printing."""
    STOPPED = "stopped"
    """Printing was stopped, or broke off by a fault."""
    CANCELLED = "cancelled"
    """The job was stopped before anybody fetched its pages."""


_SENTENCES = {
    ProgramReason.SUPERSEDED: "Superseded by {}.",
    ProgramReason.RECALLED: "Recalled: printed anew as {}.",
    ProgramReason.REPEATED: "Printed anew as {}.",
    ProgramReason.INTERRUPTED: "The program stopped while it was printing this.",
    ProgramReason.STOPPED: "Printing stopped; nothing was handed over.",
    ProgramReason.CANCELLED: "The job was stopped; nothing was handed over.",
}


def store_reason(reason: ProgramReason, target: str = "") -> str:
    """The text that is kept; `target` is the serial or pack that a reason names."""
    return f"={reason} {target}".rstrip()


def parse_reason(text: str) -> tuple[ProgramReason | None, str]:
    """A kept reason of the program's own, and what it names; None for people's words."""
    name, _, target = text.removeprefix("=").partition(" ")
    if not text.startswith("=") or name not in list(ProgramReason):
        return None, ""
    return ProgramReason(name), target


def word_reason(text: str) -> str:
    """A kept reason as people read it."""
    reason, target = parse_reason(text)
    if reason is None:
        return text
    named = format_serial(target) if reason == ProgramReason.SUPERSEDED else target
    return _SENTENCES[reason].format(named)
