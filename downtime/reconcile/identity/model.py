"""Links between paper and recovered patients, and what other systems must be told of them. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from downtime.entry.facts import PaperPerson
from downtime.vault.lifecycle import Lifecycle


class LinkState(StrEnum):
    """From a proposal to its end."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNDONE = "undone"


LIFECYCLE = Lifecycle(
    "identity-link",
    {
        LinkState.PROPOSED: (LinkState.CONFIRMED, LinkState.REJECTED),
        # Both identifiers stay; downstream is told to separate them.
        LinkState.CONFIRMED: (LinkState.UNDONE,),
        LinkState.REJECTED: (),
        LinkState.UNDONE: (),
    },
)

CURRENT = (LinkState.PROPOSED, LinkState.CONFIRMED)
"""A link that is proposed or in force: of one number there is one at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link from proposal to end. `id` is opaque and fit for an address; times UTC as stored.

    `key` is a downtime number, or `serial:SERIAL` for a form without a usable number. `person` is
    the patient of the recovered system, `paper` what the forms said when the link was proposed.
    A `proposed_by` that is empty means that the program found it.
    """

    id: str
    outage: str
    key: str
    state: LinkState
    exact: bool
    """Whether an exact identifier and the date of birth agreed."""
    snapshot: str
    person: PaperPerson
    paper: tuple[PaperPerson, ...]
    proposed: str
    proposed_by: str
    proposed_by_name: str
    reason: str
    evidence: str = ""
    """What else proves it, where nothing but name, birth and gender agree."""
    confirmed: str = ""
    confirmed_by: str = ""
    confirmed_by_name: str = ""
    confirmed_reason: str = ""
    ended: str = ""
    """When it was rejected or undone."""
    ended_by: str = ""
    ended_by_name: str = ""
    ended_reason: str = ""


class MergeState(StrEnum):
    """What is told to other systems about a downtime number."""

    LINKED = "linked"
    UNLINKED = "unlinked"


@dataclass(frozen=True, slots=True)
class Merge:
    """What the other systems must be told about one downtime number.

    `linked`: `downtime` was merged into `survivor` (HL7 v2 ADT^A40: `survivor` in PID, the downtime
    number in MRG-1; FHIR: Patient.link `replaces`). `unlinked`: that was wrong and is taken back.
    HL7 v2 has no message that receivers act upon for this, so it goes to people as an item of a
    worklist. `id` names the link and stays the same: a pair (`id`, `state`) is sent once.
    """

    number: str
    survivor: PaperPerson
    downtime: PaperPerson
    state: MergeState
    decided: str
    decided_by_name: str
    id: str
