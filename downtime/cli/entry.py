"""What waits to be keyed, how many fields are wrong, and scans of forms."""

from dataclasses import asdict
from pathlib import Path

import click

from downtime.cli.app import Output, Session, command
from downtime.cli.options import WHY
from downtime.cli.program import entry
from downtime.entry import quality, queues, scans
from downtime.errors import NotFoundError
from downtime.outage import outages
from downtime.paper import serials


@command(entry, "queue", action="entry.queue")
def queue(session: Session) -> Output:
    """Count what waits to be keyed, keyed again, decided and compared, the most urgent first."""
    found = queues.lines(session.vault, session.settings)
    lines = [f"{n:>7}  {queues.QUEUES[name].lower()}" for name, n in queues.totals(found).items()]
    lines += [f"{line.n:>7}  {line.queue:<10} {line.title}, ward {line.ward}" for line in found]
    return Output([asdict(line) for line in found], lines)


@command(entry, "quality", action="entry.quality")
def show_quality(session: Session) -> Output:
    """Estimate the share of wrong fields of each form in the latest outage, with its 95 % interval."""
    latest = next(iter(outages.history(session.vault)), None)
    if latest is None:
        raise NotFoundError("outage.none", "There has been no outage.", "Nothing was keyed yet.")
    found = quality.estimates(session.vault, session.settings, latest.id)
    lines = [
        f"{e.form:<26} {e.errors} of {e.fields} fields wrong, at most {e.high:.1%};"
        f" critical {e.critical_errors} of {e.critical_fields};"
        f" {e.sample_percent:g} % are compared"
        for e in found
    ]
    return Output([asdict(e) for e in found], lines or ["No entry has been checked yet."])


@command(entry, "attach", action="entry.scan")
@click.argument("serial")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def attach(session: Session, serial: str, file: Path) -> Output:
    """Keep a scanned form (PDF, PNG, JPEG) beside its entry; the file itself may then be deleted."""
    kept = scans.attach(session.vault, session.settings, serial, file.read_bytes(), session.who)
    pages = f"{kept.pages} page{'s' if kept.pages > 1 else ''}"
    return Output(asdict(kept), [f"{serials.shown(kept.serial)}: {pages} kept."])


@command(entry, "detach", action="entry.scan")
@click.argument("serial")
@WHY
def detach(session: Session, serial: str, why: str) -> Output:
    """Take away a scan that was attached to the wrong form."""
    scans.detach(session.vault, serial, session.who, why)
    return Output({"serial": serials.parse(serial)}, ["Taken away."])
