"""Unmatched: who needs linking, whom they may be, and two people who decide it."""

from collections import Counter
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.clinical import display
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.outage.model import Outage
from downtime.paper.serials import format_serials
from downtime.reconcile import assign_owner
from downtime.reconcile.identity import link_person, links
from downtime.reconcile.identity.candidates import Candidate
from downtime.reconcile.identity.model import CURRENT, LinkState
from downtime.reconcile.identity.signs import SignKind
from downtime.reconcile.identity.unidentified import (
    PersonState,
    UnidentifiedPerson,
    find_unidentified,
    list_unidentified,
)
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.policies import confirmation_refusal
from downtime.settings import Settings
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.vault import Vault
from downtime.web import request_context
from downtime.web.listing import cut_page, has_words, searched_text, table_response
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.view_permissions import require_permission
from downtime.web.views.ledger import titles
from downtime.web.views.owners import owner_card

blueprint = Blueprint("identity", __name__)
SEARCH = "identity"
STATES = {
    PersonState.TO_LINK: "To link",
    PersonState.TO_CONFIRM: "For a second person",
    PersonState.LINKED: "Linked",
    PersonState.SETTLED: "Decided without a link",
}
COLOURS = {
    PersonState.TO_LINK: "tag-red",
    PersonState.TO_CONFIRM: "tag-amber",
    PersonState.LINKED: "tag-green",
    PersonState.SETTLED: "tag-grey",
}
OPEN = (PersonState.TO_LINK, PersonState.TO_CONFIRM)
SIGN_COLOURS = {
    SignKind.SAME: "tag-green",
    SignKind.SLIP: "tag-amber",
    SignKind.DIFFERS: "tag-red",
}


@blueprint.get("/identity")
@require_permission(Permission.IDENTITY_LIST)
def show() -> ViewResponse:
    """The work list: the most urgent first."""
    try:
        people = _list_people(find_latest_outage(request_context.vault()))
    except NotFoundError:
        people = []
    state, text = request.args.get("state", ""), searched_text(SEARCH)
    names = Counter(map(_name, people))
    rows = [person for person in people if person.state in ([state] if state else OPEN)]
    return render_template(
        "identity/show.html",
        listing=cut_page([person for person in rows if _has(person, text)]),
        text=text,
        counts=Counter(person.state for person in people),
        namesake={person.key for person in people if _name(person) and names[_name(person)] > 1},
        state=state,
        states=STATES,
        colours=COLOURS,
        titles=titles(),
    )


def _has(person: UnidentifiedPerson, text: str) -> bool:
    """Whether somebody is searched for: by name, number, ward or serial."""
    stated = [value for identity in person.stated_identities for value in identity if value]
    return not text or has_words(text, person.key, *person.serials, *person.wards, *stated)


@blueprint.get("/identity.<file_kind>")
@require_permission(Permission.IDENTITY_LIST)
def download(file_kind: str) -> ViewResponse:
    """The list for a spreadsheet; nobody is named, only their forms."""
    zone = ZoneInfo(request_context.settings().site.time_zone)
    state, names = request.args.get("state", ""), titles()
    rows = [
        (
            format_serials(person.serials), ", ".join(names.get(f, f) for f in person.forms),
            ", ".join(person.wards), display.format_moment(person.first, zone),
            display.format_moment(person.last, zone), STATES[person.state],
        )
        for person in _list_people(find_latest_outage(request_context.vault()))
        if person.state in ([state] if state else OPEN)
    ]  # fmt: skip
    head = ("Serials", "Forms", "Wards", "First seen", "Last seen", "State")
    return table_response(file_kind, "unmatched", head, rows)


@blueprint.post("/identity/exact")
@require_permission(Permission.IDENTITY_PROPOSE)
def exact() -> ViewResponse:
    """Let the program propose every link by exact number and date of birth."""
    outage = find_latest_outage(request_context.vault())
    proposals = link_person.propose_exact(
        request_context.vault(), request_context.settings(), outage, request_context.actor()
    )
    flash(
        f"{proposals.proposed} proposed by exact number and date of birth;"
        f" {proposals.to_people} remain."
    )
    return redirect(url_for("identity.show"), 303)


@blueprint.get("/identity/<ref>")
@require_permission(Permission.IDENTITY_PROPOSE)
def show_person(ref: str) -> ViewResponse:
    """One person: what paper says on the left, who it may be on the right."""
    vault, settings, outage = _context()
    person = find_unidentified(vault, settings, outage, ref)
    typed = request_context.session_texts(f"identity {person.ref}")
    snapshot, absent = _recovered(outage)
    offer = chosen = None
    if snapshot and person.link:
        chosen = _chosen(snapshot, person)
    elif snapshot:
        offer = link_person.find_candidates_for(snapshot, settings, person, typed)
    return render_template(
        "identity/show_person.html",
        person=person,
        typed=typed,
        absent=absent,
        offer=offer,
        chosen=chosen,
        refusal=confirmation_refusal(person.link, request_context.person().id, person.keyed_by),
        ended=[link for link in person.links if link.state not in CURRENT],
        states=STATES,
        colours=COLOURS,
        marks=SIGN_COLOURS,
        titles=titles(),
        **owner_card(assign_owner.owner_of_person(vault, person.key)),
    )


@blueprint.post("/identity/<ref>")
@require_permission(Permission.IDENTITY_PROPOSE)
def look(ref: str) -> ViewResponse:
    """Look for a name or number too; it is kept for this session and stands in no address."""
    request_context.remember_text(f"identity {ref}", request.form.get("typed", "").strip()[:100])
    return redirect(url_for("identity.show_person", ref=ref), 303)


@blueprint.post("/identity/<ref>/propose")
@require_permission(Permission.IDENTITY_PROPOSE)
def propose(ref: str) -> ViewResponse:
    """Propose one of the candidates, and go to the next person to link."""
    patient = request.form.get("patient", "")
    if not patient:
        raise InputError("identity.none", "No patient was chosen.", "Go back and choose one.")
    evidence = request.form.get("evidence", "")[:200]
    outage = find_latest_outage(request_context.vault())
    link_person.propose_for_person(
        request_context.vault(),
        request_context.settings(),
        outage,
        ref,
        patient,
        request_context.actor(),
        required_reason(),
        evidence,
    )
    flash("Proposed. A second person must confirm it.")
    return _next(outage, PersonState.TO_LINK)


@blueprint.post("/identity/<ref>/<link_id>/confirm")
@require_permission(Permission.IDENTITY_CONFIRM)
def confirm(ref: str, link_id: str) -> ViewResponse:
    """Agree with a proposed link, and go to the next one that waits."""
    vault, settings, outage = _context()
    reason = required_reason()
    link = link_person.confirm_for_person(
        vault, settings, outage, ref, link_id, request_context.actor(), reason
    )
    if link.state == LinkState.CONFIRMED:
        flash("Linked: the next comparison uses it.")
    else:
        flash("Agreed. One more person must confirm it.")
    return _next(outage, PersonState.TO_CONFIRM)


@blueprint.post("/identity/<ref>/<link_id>/reject")
@require_permission(Permission.IDENTITY_CONFIRM)
def reject(ref: str, link_id: str) -> ViewResponse:
    """Refuse a proposed link: the person is to be linked again."""
    vault, settings, outage = _context()
    person = find_unidentified(vault, settings, outage, ref)
    links.reject_link(vault, person.key, link_id, request_context.actor(), required_reason())
    flash("Rejected. Another patient can be proposed.")
    return redirect(url_for("identity.show_person", ref=ref), 303)


@blueprint.post("/identity/<ref>/<link_id>/undo")
@require_permission(Permission.IDENTITY_UNDO)
def undo(ref: str, link_id: str) -> ViewResponse:
    """Take a confirmed link back; other systems are told to keep the two apart."""
    vault, settings, outage = _context()
    person = find_unidentified(vault, settings, outage, ref)
    links.undo_link(vault, person.key, link_id, request_context.actor(), required_reason())
    flash("Undone. Compare again; systems that were told are listed for correction.")
    return redirect(url_for("identity.show"), 303)


def _context() -> tuple[Vault, Settings, Outage]:
    vault = request_context.vault()
    return vault, request_context.settings(), find_latest_outage(vault)


def _list_people(outage: Outage) -> list[UnidentifiedPerson]:
    return list_unidentified(request_context.vault(), request_context.settings(), outage)


def _next(outage: Outage, state: PersonState) -> ViewResponse:
    """The next person in a state whom this account may deal with, else the work list."""
    account = request_context.person().id
    for person in _list_people(outage):
        is_refused = state == PersonState.TO_CONFIRM and confirmation_refusal(
            person.link, account, person.keyed_by
        )
        if person.state == state and not is_refused:
            return redirect(url_for("identity.show_person", ref=person.ref), 303)
    return redirect(url_for("identity.show"), 303)


def _name(person: UnidentifiedPerson) -> str:
    first = person.stated_identities[0]
    return f"{first.family}|{first.given}".casefold().strip("|")


def _recovered(outage: Outage) -> tuple[Snapshot | None, ConflictError | NotFoundError | None]:
    try:
        snapshot = link_person.open_recovered_snapshot(request_context.vault(), outage)
    except (ConflictError, NotFoundError) as error:
        return None, error
    request_context.close_after_request(snapshot)
    return snapshot, None


def _chosen(snapshot: Snapshot, person: UnidentifiedPerson) -> Candidate | None:
    """The linked patient as the system has them now; None when they are gone."""
    if person.link is None:
        return None
    try:
        return link_person.get_chosen_candidate(
            snapshot, request_context.settings(), person, person.link.person.id
        )
    except NotFoundError:
        return None
