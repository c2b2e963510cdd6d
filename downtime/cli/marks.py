"""High-water marks: how far this machine has come, and what was found when its home was opened."""

from downtime.accounts.model import Permission
from downtime.cli.options import REASON
from downtime.cli.program import mark_commands
from downtime.cli.session import Output, Session, command
from downtime.vault import copied_home, marks


@command(mark_commands, "show", permission=Permission.AUDIT_VERIFY)
def show(session: Session) -> Output:
    """Show the last numbers given out, and whether this home was copied or put back."""
    current = marks.read_marks(session.vault.home)
    sentences = copied_home.list_sentences(session.vault)
    if current is None:
        return Output({"marks": None, "found": sentences}, [*sentences, "There are no marks yet."])
    document = {"marks": current.to_json(), "found": sentences}
    blocks = [
        f"{name.replace('-', ' ')}s: {row.used} used of {f'block {row.block}' if row.block else 'the first block'}"
        for name, row in sorted(current.numbers.items())
    ]
    snapshot = (
        f"last snapshot published: {current.snapshot.sequence} of epoch {current.snapshot.epoch}"
    )
    audit = f"audit entries, when the file was written: {current.audit.entries}"
    return Output(document, [*sentences, *blocks, snapshot, audit])


@command(mark_commands, "read", permission=Permission.DEVICE_MANAGE)
@REASON
def read(session: Session, reason: str) -> Output:
    """Say what happened to a home that was copied or put back; it is shown no more."""
    count = copied_home.confirm_reading(session.vault, session.actor, reason)
    return Output({"read": count}, ["Kept in the audit; it is shown no more."])
