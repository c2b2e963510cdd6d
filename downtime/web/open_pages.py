"""The page that settles each open thing: its own, where it has one."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flask import url_for

from downtime.accounts.model import Permission
from downtime.reconcile.harm.model import FindingKind
from downtime.reconcile.identity.match_patient import SERIAL
from downtime.returns.statement.model import OpenKind
from downtime.returns.statement.open_things import OpenThing
from downtime.web.access_control import has_permission


class SolvingPage(NamedTuple):
    """Where a kind of thing is settled: endpoint, what it is asked with, who may open it."""

    endpoint: str
    permission: Permission
    arguments: Callable[[OpenThing], dict[str, Any]] = lambda _: {}


def _serial(thing: OpenThing) -> dict[str, Any]:
    return {"serial": thing.name.replace("-", "")}


def _item(thing: OpenThing) -> dict[str, Any]:
    return {"key": thing.name}


def _person(thing: OpenThing) -> dict[str, Any]:
    return {"ref": thing.name.removeprefix(SERIAL)}


def _finding(kind: FindingKind) -> SolvingPage:
    return SolvingPage(
        "harm.show", Permission.HARM_LIST, lambda thing: {"kind": kind, "only": thing.name}
    )


def _message(thing: OpenThing) -> dict[str, Any]:
    return {"only": thing.name}


_FORM = SolvingPage("ledger.form", Permission.LEDGER_VIEW, _serial)
_KEYING = SolvingPage("keying.form", Permission.ENTRY_KEY, _serial)
_ITEM = SolvingPage("comparison.show_item", Permission.RECONCILE_LIST, _item)
_PERSON = SolvingPage("identity.show_person", Permission.IDENTITY_PROPOSE, _person)
_EVENT = SolvingPage("events.show_event", Permission.EVENT_VIEW, lambda thing: {"ref": thing.name})
_COMPARISON = SolvingPage("comparison.show", Permission.RECONCILE_LIST)
_RETURNS = SolvingPage("returns.show", Permission.RETURN_EXPORT, _message)
_STATEMENT = SolvingPage("statement.show", Permission.STATEMENT_MAKE)
_PROOF = SolvingPage("signing.show_proof", Permission.STATEMENT_MAKE)
PAGES: Mapping[OpenKind, SolvingPage] = {
    OpenKind.SYSTEM_DOWN: SolvingPage("outages.show", Permission.OUTAGE_VIEW),
    OpenKind.LAPTOP_AWAITED: SolvingPage("laptops.show", Permission.SYNC_VIEW),
    OpenKind.NUMBER_TWICE: SolvingPage(
        "laptops.show", Permission.SYNC_VIEW, lambda _: {"_anchor": "given-twice"}
    ),
    OpenKind.FORM_OUT: _FORM,
    OpenKind.FORM_UNKEYED: _KEYING,
    OpenKind.FORM_UNFILED: _KEYING,
    OpenKind.FORM_UNVERIFIED: _KEYING,
    OpenKind.PAGE_UNFILED: SolvingPage(
        "scanning.show_page", Permission.ENTRY_SCAN, lambda thing: {"page_id": thing.name}
    ),
    OpenKind.PAGE_UNSCANNED: _KEYING,
    OpenKind.PAGE_LATE: _KEYING,
    OpenKind.QUERY_OPEN: SolvingPage(
        "questions.show_query", Permission.QUERY_LIST, lambda thing: {"query": thing.name}
    ),
    OpenKind.LINK_UNCONFIRMED: _PERSON,
    OpenKind.NUMBER_UNLINKED: _PERSON,
    OpenKind.NOT_COMPARED: _COMPARISON,
    OpenKind.NEWER_SNAPSHOT: _COMPARISON,
    OpenKind.NOT_RECOVERED: _ITEM,
    OpenKind.EVENT_NOT_COMPARED: _EVENT,
    OpenKind.RESULT_NOT_READ_BACK: _EVENT,
    OpenKind.UNIT_WITHOUT_FATE: _EVENT,
    OpenKind.UNMATCHED: _ITEM,
    OpenKind.UNDECIDED: _ITEM,
    OpenKind.NOT_SENT: SolvingPage("returns.show", Permission.RETURN_EXPORT),
    OpenKind.MESSAGE_QUEUED: _RETURNS,
    OpenKind.MESSAGE_SENDING: _RETURNS,
    OpenKind.MESSAGE_HELD: _RETURNS,
    OpenKind.MESSAGE_REFUSED: _RETURNS,
    OpenKind.HARM_NOT_REVIEWED: SolvingPage("harm.show", Permission.HARM_LIST),
    **{OpenKind.of_finding(kind): _finding(kind) for kind in FindingKind},
    OpenKind.PAPER_DIFFERS: _FORM,
    OpenKind.FACTS_DIFFER: _COMPARISON,
    OpenKind.RETURN_MISSING: _ITEM,
    OpenKind.MESSAGE_DIFFERS: _RETURNS,
    OpenKind.TICK_DIFFERS: SolvingPage("rekey_worklists.show", Permission.REKEY_LIST),
    OpenKind.ROWS_CHANGED: _PROOF,
    OpenKind.AUDIT_BROKEN: _PROOF,
    OpenKind.CLOCK_SET_BACK: _PROOF,
    OpenKind.HOME_PUT_BACK: _PROOF,
    OpenKind.ACCESS_UNREVIEWED: SolvingPage("break_glass.show", Permission.BREAK_GLASS_LIST),
}
"""One for each kind; a test holds that. Without one the statement says what there is."""


def find_address(thing: OpenThing) -> str:
    """The address of the page that settles a thing; empty for who may not open it."""
    page = PAGES.get(thing.kind, _STATEMENT)
    if not has_permission(page.permission):
        return ""
    return url_for(page.endpoint, **page.arguments(thing))
