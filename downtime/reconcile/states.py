"""The states that the comparison gives, and what may be decided about each: two tables."""

from downtime.vault.lifecycle import Lifecycle

ALREADY_THERE = "already-there"
NEW = "new"
NEWER_LIVE = "newer-live"
CONFLICT = "conflict"
UNMATCHED = "unmatched"
HELD = "held"

OPEN = "open"
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
        RETURNED: (OPEN,),  # only a new comparison reopens what went out
    },
)

ALLOWED: dict[str, tuple[str, ...]] = {
    ALREADY_THERE: (),
    NEW: (RETURN, LEAVE, RESOLVED),
    NEWER_LIVE: (LEAVE, RESOLVED),
    CONFLICT: (RETURN, LEAVE, RESOLVED),
    UNMATCHED: (LEAVE, RESOLVED),
    HELD: (),
}
"""Comparison state to the decisions it allows; an empty row needs none and is settled."""

REGISTERS = ("Encounter",)
"""Types that may be returned although the patient is unmatched: they register the patient."""

SETTLED = tuple(state for state, allowed in ALLOWED.items() if not allowed)
"""States that leave nothing to decide."""


def allowed(state: str, kind: str) -> tuple[str, ...]:
    """The decisions that an item of this state and record type allows."""
    if state == UNMATCHED and kind in REGISTERS:
        return (RETURN, *ALLOWED[state])
    return ALLOWED[state]
