"""Who somebody on paper is: the work list, the candidates, and links that two people make."""

from contextlib import closing

import click

from downtime.accounts.model import Permission
from downtime.cli.options import REASON
from downtime.cli.program import identity
from downtime.cli.session import Output, Session, command
from downtime.errors import NotFoundError
from downtime.outage.model import Outage
from downtime.paper.serials import format_serial
from downtime.reconcile.identity import link_person, links
from downtime.reconcile.identity.candidates import Candidate
from downtime.reconcile.identity.model import Link
from downtime.reconcile.identity.unidentified import (
    PersonState,
    UnidentifiedPerson,
    find_unidentified,
    list_unidentified,
)
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.settings import Settings
from downtime.vault.vault import Vault

FORM = click.argument("form", metavar="SERIAL")


@command(identity, "list", permission=Permission.IDENTITY_LIST)
@click.option(
    "--state",
    type=click.Choice([state.value for state in PersonState]),
    default=None,
    help="Only in this state.",
)
def list_(session: Session, state: str | None) -> Output:
    """Everybody on paper whom no exact number finds, the most urgent first; nobody is named."""
    people = [
        person
        for person in list_unidentified(session.vault, session.settings, _outage(session))
        if state in (None, person.state)
    ]
    lines = [_line(person) for person in people]
    return Output([_document(person) for person in people], lines or ["Nobody."])


@command(identity, "show", permission=Permission.IDENTITY_PROPOSE)
@FORM
def show(session: Session, form: str) -> Output:
    """The candidates for the person of a form, with the reasons."""
    person = _person(session, form)
    with closing(link_person.open_recovered_snapshot(session.vault, _outage(session))) as snapshot:
        offer = link_person.find_candidates_for(snapshot, session.settings, person)
    lines = [f"{c.person.id}  {'; '.join(_reasons(c))}" for c in offer.candidates]
    document = _document(person) | {
        "candidates": [
            {"patient": c.person.id, "bits": c.bits, "reasons": _reasons(c)}
            for c in offer.candidates
        ]
    }
    return Output(document, [_line(person), *(lines or ["Nobody is like this person."])])


@command(identity, "exact", permission=Permission.IDENTITY_PROPOSE)
def exact(session: Session) -> Output:
    """Propose every link for which exactly one patient has the number and the date of birth."""
    proposals = link_person.propose_exact(
        session.vault, session.settings, _outage(session), session.actor
    )
    document = {"proposed": proposals.proposed, "left": proposals.to_people}
    return Output(
        document, [f"{proposals.proposed} proposed, {proposals.to_people} left to people."]
    )


@command(identity, "propose", permission=Permission.IDENTITY_PROPOSE)
@FORM
@click.argument("patient", metavar="PATIENT")
@REASON
@click.option(
    "--evidence", default="", help="Other evidence, if only name and date of birth agree."
)
def propose(session: Session, form: str, patient: str, reason: str, evidence: str) -> Output:
    """Propose that the person of a form is a patient, by the id that 'identity show' gives."""
    outage = _outage(session)
    link = link_person.propose_for_person(
        session.vault, session.settings, outage, form, patient, session.actor, reason, evidence
    )
    return _link_output(link)


@command(identity, "confirm", permission=Permission.IDENTITY_CONFIRM)
@FORM
@REASON
def confirm(session: Session, form: str, reason: str) -> Output:
    """Agree with the proposed link, as a second person."""
    person = _person(session, form)
    link_id = _link_id(person)
    return _link_output(
        link_person.confirm_for_person(
            *_context(session), person.ref, link_id, session.actor, reason
        )
    )


@command(identity, "reject", permission=Permission.IDENTITY_CONFIRM)
@FORM
@REASON
def reject(session: Session, form: str, reason: str) -> Output:
    """Refuse the proposed link."""
    person = _person(session, form)
    link = links.reject_link(session.vault, person.key, _link_id(person), session.actor, reason)
    return _link_output(link)


@command(identity, "undo", permission=Permission.IDENTITY_UNDO)
@FORM
@REASON
def undo(session: Session, form: str, reason: str) -> Output:
    """Take a confirmed link back."""
    person = _person(session, form)
    link = links.undo_link(session.vault, person.key, _link_id(person), session.actor, reason)
    return _link_output(link)


def _outage(session: Session) -> Outage:
    return find_latest_outage(session.vault)


def _context(session: Session) -> tuple[Vault, Settings, Outage]:
    return session.vault, session.settings, _outage(session)


def _person(session: Session, form: str) -> UnidentifiedPerson:
    return find_unidentified(session.vault, session.settings, _outage(session), form)


def _link_id(person: UnidentifiedPerson) -> str:
    if person.link is None:
        raise NotFoundError(
            "identity.none", "No link is proposed or in force.", "Propose one first."
        )
    return person.link.id


def _reasons(candidate: Candidate) -> list[str]:
    return [sign.text for sign in candidate.signs]


def _link_output(link: Link) -> Output:
    document = {"link": link.id, "state": link.state, "patient": link.person.id}
    return Output(document, [f"The link is {link.state}."])


def _document(person: UnidentifiedPerson) -> dict[str, object]:
    return {
        "ref": person.ref,
        "numbered": bool(person.number),
        "forms": list(person.serials),
        "kinds": list(person.forms),
        "wards": list(person.wards),
        "first": person.first,
        "last": person.last,
        "versions": len(person.stated_identities),
        "state": person.state,
    }


def _line(person: UnidentifiedPerson) -> str:
    number = "downtime number" if person.number else "no number"
    wards = ", ".join(person.wards) or "no ward"
    serial, forms = format_serial(person.serials[0]), len(person.serials)
    return f"{serial}  {number:<15} {forms} forms  {wards:<10} {person.state}"
