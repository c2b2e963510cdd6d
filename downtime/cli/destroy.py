"""Destroy the home of a machine that is given away, returned or scrapped."""

from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.options import REASON, NewFile
from downtime.cli.program import downtime
from downtime.cli.session import Output, Session, command, prompt_for
from downtime.errors import ConflictError
from downtime.sync import destroy_home
from downtime.vault import device
from downtime.vault.files import write_atomic


@command(downtime, "destroy", permission=Permission.HOME_DESTROY)
@click.option(
    "--proof",
    required=True,
    type=NewFile(),
    metavar="FILE",
    help="PDF to write, outside the home: what was destroyed, when, by whom. It names no patient.",
)
@click.option(
    "--give-up",
    is_flag=True,
    help="Although an outage is open, or something is merged nowhere: it is lost for good.",
)
@REASON
def destroy(session: Session, proof: Path, give_up: bool, reason: str) -> Output:
    """Destroy this machine's home for good: its keys first, then every file.

    Asks for the machine's code. Stop 'downtime serve' and other services before. It refuses while an outage
    is open or something done here was merged nowhere; with --give-up it asks for the code once more.
    """
    vault, settings = session.vault, session.settings
    proof = proof.absolute()
    if proof.is_relative_to(vault.home.path):
        raise ConflictError(
            "destroy.proof", "The proof would be destroyed with the home.", "Name a file elsewhere."
        )
    typed = prompt_for(f"Code of this machine, to destroy all that {vault.home.path} holds")
    unaccounted = destroy_home.check_can_destroy(vault, typed, give_up=give_up)
    for sentence in unaccounted:
        click.echo(f"LOST FOR GOOD: {sentence}", err=True)
    if unaccounted:
        typed = prompt_for(f"This is lost for good. {device.read_own_code(vault.home)} once more")
    done = destroy_home.destroy_home(
        vault, settings, typed, session.actor, reason, lambda pdf: write_atomic(proof, pdf),
        give_up=give_up,
    )  # fmt: skip
    remaining = done.erased.remaining if done.erased else ()
    document = {
        "device": done.card.code,
        "proof": str(proof),
        "lost": list(done.lost),
        "files": done.erased.files if done.erased else 0,
        "remaining": list(remaining),
    }
    lines = [
        f"Machine {done.card.code} is destroyed: keys first, then {document['files']} files. Proof: {proof}",
        *(f"COULD NOT BE REMOVED: {path}" for path in remaining),
        f"Next: 'downtime fleet revoke {done.card.code}' on another machine, with a stick of the root.",
    ]
    return Output(document, lines, 1 if remaining else 0)
