"""Look at what hospital systems sent, without keeping any of it."""

from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.program import feeds
from downtime.cli.session import Output, Session, command
from downtime.feeds.check_feeds import check_feeds


@command(feeds, "check", permission=Permission.PUBLIC)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def check(session: Session, paths: tuple[Path, ...]) -> Output:
    """Read files and folders of messages; say what is accepted, and why the rest is not.

    Nothing is kept and nothing is unlocked. A home's settings (table mappings, names of systems)
    are used where there is one.
    """
    report = check_feeds(paths, session.settings_or_default)
    lines = [
        f"{report.messages} messages: {report.accepted} accepted, {len(report.rejected)} rejected"
        f" in {report.seconds:.1f} s.",
        *(f"  {name:<20} {count:>8}" for name, count in sorted(report.records.items())),
        *(
            f"  accepted, nothing in it is used: {count} {kind}"
            for kind, count in sorted(report.ignored.items())
        ),
        *(
            f"  {reject.position.file} message {reject.position.number}"
            f"{' ' + reject.segment if reject.segment else ''}: {reject.reason}"
            for reject in report.rejected
        ),
    ]
    return Output(report.as_json(), lines)
