"""The audit chain: walked through, and signed as it is."""

from downtime.accounts.model import Permission
from downtime.cli.program import audit
from downtime.cli.session import Output, Session, command, pick
from downtime.errors import NotFoundError
from downtime.vault import checkpoint


@command(audit, "verify", permission=Permission.AUDIT_VERIFY)
def verify(session: Session) -> Output:
    """Walk the whole chain and its checkpoints; exit 1 and the first bad number if one fails."""
    report = checkpoint.verify_checkpoints(session.vault)
    document = pick(report, "entries", "head", "first_bad", "checkpoints", "problems")
    good = f"{report.entries} entries and {report.checkpoints} checkpoints hold; head {report.head[:16]}."
    return Output(document, report.problems or [good], 0 if report.is_sound else 1)


@command(audit, "checkpoint", permission=Permission.AUDIT_VERIFY)
def make(session: Session) -> Output:
    """Sign the chain as it is now; print the line and keep it off this machine."""
    latest_checkpoint = checkpoint.make_checkpoint(session.vault)
    if latest_checkpoint is None:
        raise NotFoundError("audit.empty", "The chain is empty.", "Nothing needs signing yet.")
    return Output(latest_checkpoint.as_json(), [latest_checkpoint.short_text])
