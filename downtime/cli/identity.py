"""Who somebody on paper is: the work list, the candidates, and links that two people make."""

from contextlib import closing

import click

from downtime.accounts.model import Permission
from downtime.cli.app import Output, Session, command
from downtime.cli.options import REASON
from downtime.cli.program import identity
from downtime.errors import NotFoundError
from downtime.outage.model import Outage
from downtime.paper.serials import format_serial
from downtime.reconcile.identity import link_person, unidentified
from downtime.reconcile.identity.candidates import Candidate
from downtime.reconcile.identity.store import Link
from downtime.reconcile.identity.unidentified import (
    DONE,
    SETTLED,
    TO_CONFIRM,
    TO_LINK,
    UnidentifiedPerson,
)
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.settings import Settings
from downtime.vault.vault import Vault

FORM = click.argument("form", metavar="SERIAL")


@command(identity, "list", permission=Permission.IDENTITY_LIST)
@click.option(
    "--state",
    type=click.Choice([TO_LINK, TO_CONFIRM, DONE, SETTLED]),
    default=None,
    help="Only in this state.",
)
def list_(session: Session, state: str | None) -> Output:
    """Everybody on paper whom no exact number finds, the most urgent first; nobody is named."""
    listed = unidentified.list_unidentified(session.vault, session.settings, _outage(session))
    kept = [one for one in listed if state in (None, one.state)]
    return Output([_document(one) for one in kept], map(_line, kept) if kept else ["Nobody."])


@command(identity, "show", permission=Permission.IDENTITY_PROPOSE)
@FORM
def show(session: Session, form: str) -> Output:
    """The candidates for the person of a form, with the reasons."""
    person = _person(session, form)
    with closing(link_person.recovered(session.vault, _outage(session))) as snapshot:
        found = link_person.offer(snapshot, session.settings, person)
    lines = [f"{one.person.id}  {'; '.join(_words(one))}" for one in found.candidates]
    document = _document(person) | {
        "candidates": [
            {"patient": one.person.id, "points": one.points, "reasons": _words(one)}
            for one in found.candidates
        ]
    }
    return Output(document, [_line(person), *(lines or ["Nobody is like this person."])])


@command(identity, "exact", permission=Permission.IDENTITY_PROPOSE)
def exact(session: Session) -> Output:
    """Propose every link for which exactly one patient has the number and the date of birth."""
    done = link_person.propose_exact(
        session.vault, session.settings, _outage(session), session.actor
    )
    document = {"proposed": done.proposed, "left": done.left}
    return Output(document, [f"{done.proposed} proposed, {done.left} left to people."])


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
    link = link_person.propose(
        session.vault, session.settings, outage, form, patient, session.actor, reason, evidence
    )
    return _said(link)


@command(identity, "confirm", permission=Permission.IDENTITY_CONFIRM)
@FORM
@REASON
def confirm(session: Session, form: str, reason: str) -> Output:
    """Agree with the proposed link, as a second person."""
    person = _person(session, form)
    return _said(
        link_person.confirm(*_of(session), person.ref, _link(person), session.actor, reason)
    )


@command(identity, "reject", permission=Permission.IDENTITY_CONFIRM)
@FORM
@REASON
def reject(session: Session, form: str, reason: str) -> Output:
    """Refuse the proposed link."""
    person = _person(session, form)
    return _said(
        link_person.reject(*_of(session), person.ref, _link(person), session.actor, reason)
    )


@command(identity, "undo", permission=Permission.IDENTITY_UNDO)
@FORM
@REASON
def undo(session: Session, form: str, reason: str) -> Output:
    """Take a confirmed link back."""
    person = _person(session, form)
    return _said(link_person.undo(*_of(session), person.ref, _link(person), session.actor, reason))


def _outage(session: Session) -> Outage:
    return find_latest_outage(session.vault)


def _of(session: Session) -> tuple[Vault, Settings, Outage]:
    return session.vault, session.settings, _outage(session)


def _person(session: Session, form: str) -> UnidentifiedPerson:
    return unidentified.find_unidentified(session.vault, session.settings, _outage(session), form)


def _link(person: UnidentifiedPerson) -> str:
    if person.link is None:
        raise NotFoundError(
            "identity.none", "No link is proposed or in force.", "Propose one first."
        )
    return person.link.id


def _words(found: Candidate) -> list[str]:
    return [sign.words for sign in found.signs]


def _said(link: Link) -> Output:
    document = {"link": link.id, "state": link.state, "patient": link.person.id}
    return Output(document, [f"The link is {link.state}."])


def _document(one: UnidentifiedPerson) -> dict[str, object]:
    return {
        "ref": one.ref,
        "numbered": bool(one.number),
        "forms": list(one.serials),
        "kinds": list(one.forms),
        "wards": list(one.wards),
        "first": one.first,
        "last": one.last,
        "versions": len(one.papers),
        "state": one.state,
    }


def _line(one: UnidentifiedPerson) -> str:
    what = "downtime number" if one.number else "no number"
    wards = ", ".join(one.wards) or "no ward"
    return f"{format_serial(one.serials[0])}  {what:<15} {len(one.serials)} forms  {wards:<10} {one.state}"
