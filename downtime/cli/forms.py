"""The forms of this installation, and where each issued one is."""

import click

from downtime.cli.app import Output, Session, command, group
from downtime.paper import definition, ledger, serials
from downtime.paper.issue import Issued

forms = group("forms", "The paper forms of this installation.")
ledger_group = group("ledger", "Where each issued form is.")

WHY = click.option("--why", required=True, help="Reason, kept with the form.")


@command(forms, "list", action="form.list")
def list_(session: Session) -> Output:
    """Every form, what it is for and how it is keyed back."""
    found = sorted(definition.definitions().values(), key=lambda form: form.name)
    lines = [f"{form.name:<24} v{form.version:<4} {form.policy:<5} {form.title}" for form in found]
    return Output(
        [
            {
                "name": form.name,
                "version": form.version,
                "title": form.title,
                "purpose": form.purpose,
                "policy": form.policy,
                "record": form.record,
                "system": form.system,
                "fields": len(form.fields()),
            }
            for form in found
        ],
        lines,
    )


@command(ledger_group, "show", action="ledger.view")
@click.argument("serial")
def show(session: Session, serial: str) -> Output:
    """Say what a serial is and where its paper is."""
    return _answer(ledger.issued(session.vault, serial))


@command(ledger_group, "returned", action="ledger.move")
@click.argument("serial")
def returned(session: Session, serial: str) -> Output:
    """Book a form as come back."""
    return _answer(ledger.returned(session.vault, serial, session.who))


@command(ledger_group, "void", action="ledger.move")
@click.argument("serial")
@WHY
def void(session: Session, serial: str, why: str) -> Output:
    """Void a form that was spoilt or never used."""
    return _answer(ledger.void(session.vault, serial, session.who, why))


@command(ledger_group, "lost", action="ledger.move")
@click.argument("serial")
@WHY
def lost(session: Session, serial: str, why: str) -> Output:
    """Declare a form lost."""
    return _answer(ledger.lost(session.vault, serial, session.who, why))


def _answer(form: Issued) -> Output:
    document = {
        "serial": form.serial,
        "form": form.form,
        "version": form.version,
        "ward": form.ward,
        "pack": form.pack,
        "state": form.state,
    }
    line = f"{serials.shown(form.serial)}  {form.form}  {form.ward or 'no ward'}: {form.state}"
    return Output(document, [line])
