"""Kept pictures of scanned pages: make them small, and destroy them when their time is over."""

from downtime.accounts.model import Permission
from downtime.cli.program import pages
from downtime.cli.session import Output, Session, command
from downtime.entry.recode_scans import recode_scans


@command(pages, "recode", permission=Permission.ENTRY_SCAN)
def recode(session: Session) -> Output:
    """Make the pictures of all pages small that were read; 'downtime serve' does it when idle."""
    report = recode_scans(session.vault, session.settings, session.actor)
    before, after = report.bytes_before // 1000, report.bytes_after // 1000
    line = f"{report.pages} pages: {before:,} kB before, {after:,} kB now."
    return Output(report._asdict(), [line if report.pages else "No page waits."])
