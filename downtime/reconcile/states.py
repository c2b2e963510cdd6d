"""The states that the comparison gives, and what may be decided about each: two tables."""

from downtime.vault.lifecycle import Lifecycle

ALREADY_THERE = "already-there"
NEW = "new"
NEWER_LIVE = "newer-live"
CONFLICT = "conflict"
UNMATCHED = "unmatched"
HELD = "held"
ON_ANOTHER_FORM = "on-another-form"

OPEN = "open"
PROPOSED = "proposed"
"""Not a decision: what a list is narrowed by to the open items that wait for a second person."""
RETURN = "return"
LEAVE = "leave"
RESOLVED = "resolved-elsewhere"
RETURNED = "returned"

DECISIONS = Lifecycle(
    "decision",
    {
        OPEN: (RETURN, LEAVE, RESOLVED),
        RETURN: (OPEN, RETURNED),  # taken back before it went out; or exported
        LEAVE: (OPEN,),
        RESOLVED: (OPEN,),
        RETURNED: (OPEN,),  # by a new comparison, or taken back after its message was refused
    },
)

ALLOWED: dict[str, tuple[str, ...]] = {
    ALREADY_THERE: (),
    NEW: (RETURN, LEAVE, RESOLVED),
    NEWER_LIVE: (LEAVE, RESOLVED),
    CONFLICT: (RETURN, LEAVE, RESOLVED),
    UNMATCHED: (LEAVE, RESOLVED),
    HELD: (),
    ON_ANOTHER_FORM: (),
}
"""Comparison state to the decisions it allows; an empty row needs none and is settled."""

FILED = ("Document", "Patient")
"""Types that are settled when they are held: filed, or sent with the admission of the same form.

Data of any other type is held because its system does not tell what it holds; a person decides.
"""

REGISTERS = ("Encounter",)
"""Types that may be returned although the patient is unmatched: they register the patient."""


def allowed(state: str, kind: str, event: str = "") -> tuple[str, ...]:
    """The decisions that an item of this state, record type and movement allows."""
    if state == UNMATCHED and kind in REGISTERS and event in ("admit", ""):
        return (RETURN, *ALLOWED[state])
    if state == HELD and kind not in FILED:
        return ALLOWED[NEW]
    return ALLOWED[state]
