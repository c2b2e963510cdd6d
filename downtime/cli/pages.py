"""Kept pictures of scanned pages: make them small, and destroy them when their time is over."""

from collections.abc import Iterator
from dataclasses import asdict

import click

from downtime.accounts.model import Permission
from downtime.cli.options import REASON
from downtime.cli.program import pages
from downtime.cli.session import Output, Session, command
from downtime.entry.recode_scans import recode_scans
from downtime.paper import serials
from downtime.returns.retention import destroy_pages
from downtime.returns.retention.destroy_pages import DuePages
from downtime.returns.retention.model import Destruction, KeptPage

OUTAGE = click.option(
    "--outage", default="", metavar="ID", help="Its number; else that of the last outage."
)


@command(pages, "recode", permission=Permission.ENTRY_SCAN)
def recode(session: Session) -> Output:
    """Make the pictures of all pages small that were read; 'downtime serve' does it when idle."""
    report = recode_scans(session.vault, session.settings, session.actor)
    before, after = report.bytes_before // 1000, report.bytes_after // 1000
    line = f"{report.pages} pages: {before:,} kB before, {after:,} kB now."
    return Output(report._asdict(), [line if report.pages else "No page waits."])


@command(pages, "due", permission=Permission.PAGES_LIST)
@OUTAGE
def due(session: Session, outage: str) -> Output:
    """List the kept pages of an outage whose time is over, or say why there are none yet.

    Look through it before you sign: records of children, of births and of research are kept longer.
    """
    listed = destroy_pages.list_due_pages(session.vault, session.settings, outage)
    document = {
        "outage": listed.statement.outage,
        "pages_sha256": listed.digest,
        "pages": [asdict(page) for page in listed.pages],
    }
    return Output(document, list(_list_lines(listed)))


def _list_lines(listed: DuePages) -> Iterator[str]:
    yield f"{len(listed.pages)} pages of {listed.statement.outage}, list {listed.digest[:12]}."
    yield from map(_describe_page, listed.pages)


def _describe_page(page: KeptPage) -> str:
    name = (
        f"{serials.format_serial(page.serial)} page {page.page}" if page.serial else page.box_page
    )
    return f"  {name}  {page.sha256[:12]}"


@command(pages, "propose", permission=Permission.PAGES_DESTROY)
@OUTAGE
@REASON
def propose(session: Session, outage: str, reason: str) -> Output:
    """Sign the list of 'pages due' first; nothing is destroyed before another person signs it."""
    proposed = destroy_pages.propose_destruction(
        session.vault, session.settings, session.actor, reason, outage
    )
    return _show(proposed, "Another person signs it with 'downtime pages destroy'.")


@command(pages, "destroy", permission=Permission.PAGES_DESTROY)
@OUTAGE
@REASON
def destroy(session: Session, outage: str, reason: str) -> Output:
    """Sign the list that another person proposed: its pictures are destroyed, for ever."""
    destroyed = destroy_pages.destroy_pages(
        session.vault, session.settings, session.actor, reason, outage
    )
    return _show(destroyed, "Serials, page numbers and digests remain, and what was keyed.")


def _show(destruction: Destruction, sentence: str) -> Output:
    counted = f"{destruction.pages} pages of {destruction.outage} {destruction.state}"
    line = f"{counted}, list {destruction.pages_sha256[:12]}. {sentence}"
    return Output(asdict(destruction), [line])
