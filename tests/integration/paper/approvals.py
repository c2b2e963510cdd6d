"""Two people who stand for a form on the hospital's own PDF."""

from dataclasses import replace

from downtime.paper.approve_form import approve_form, propose_form


def approve_own_form(vault, settings, name, author, review="2026-12-31"):
    """Approved as its files are now, by the author and by somebody else."""
    proposal = propose_form(vault, name, author)
    second = replace(author, id=f"{author.id}-second", name="Second Person")
    return approve_form(
        vault, settings, name, proposal.digest, review, second, "Chart group, 3 November"
    )
