"""Draft what config.toml needs to know of a source: the mapping of a table, the profile of a sender."""

from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.program import feeds, ingest
from downtime.cli.session import Output, Session, command
from downtime.errors import InputError
from downtime.feeds.context import feed_context
from downtime.feeds.draft_mapping import draft_mapping, write_mapping
from downtime.feeds.draft_profile import sample_sources, write_profiles
from downtime.feeds.read_feeds import find_files
from downtime.feeds.tables.sample_rows import read_sample_rows

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_PATH = click.Path(exists=True, path_type=Path)


@command(feeds, "map", permission=Permission.PUBLIC)
@click.argument("file", type=_FILE)
def map_table(session: Session, file: Path) -> Output:
    """Draft the mapping of a table (CSV, XLSX, XLS, ODS) for config.toml, and say what is unsure.

    Nothing of the rows is shown but the codes of short columns. Nothing is kept.
    """
    settings = session.settings_or_default
    rows = read_sample_rows(file, settings)
    draft = draft_mapping(file.name, rows, session.clock().date())
    if draft is None:
        raise InputError(
            "feeds.no-header",
            f"No row of {file.name} holds a title that is known.",
            "A table needs a row of titles, such as MRN, Ward or Date, within its first twenty rows.",
        )
    text = write_mapping(draft)
    remarks = [f"{column.title}: {column.remark}" for column in draft.columns if column.remark]
    return Output({"toml": text, "unsure": [*draft.remarks, *remarks]}, text.splitlines())


@command(ingest, "profile", permission=Permission.PUBLIC)
@click.argument("paths", nargs=-1, required=True, type=_PATH)
def draft_profiles(session: Session, paths: tuple[Path, ...]) -> Output:
    """Draft the profile of each sender from sample messages, for config.toml; say what is unsure.

    Numbers, names and texts of patients are not shown. Nothing is kept.
    """
    context = feed_context(session.settings_or_default)
    samples = sample_sources(find_files(paths), context, session.clock)
    if not samples:
        raise InputError(
            "ingest.no-sample",
            "There are no messages in these files.",
            "Name files of HL7 v2 messages or FHIR resources; a table needs 'downtime feeds map'.",
        )
    text = write_profiles(samples, context)
    return Output({"toml": text, "sources": sorted(samples)}, text.splitlines())
