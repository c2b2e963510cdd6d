"""A list of kept pages whose time is over: who proposed it, who agreed, and what remains of each page."""

from dataclasses import dataclass
from enum import StrEnum


class DestructionState(StrEnum):
    """How far a list has come."""

    PROPOSED = "proposed"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True, order=True)
class KeptPage:
    """One picture: of a form's page, or of a page of a box that lies with no form (`box_page`)."""

    serial: str
    page: int
    box_page: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Destruction:
    """One list; times are UTC as stored, empty for what has not happened."""

    id: int
    outage: str
    state: DestructionState
    pages: int
    pages_sha256: str
    """Of the list itself: both people have to have seen the same."""
    statement_sha256: str
    signed: str
    """When the last of the leads signed the statement."""
    proposed_by: str
    proposed_name: str
    proposed_at: str
    proposed_reason: str
    destroyed_by: str = ""
    destroyed_name: str = ""
    destroyed_at: str = ""
    destroyed_reason: str = ""
