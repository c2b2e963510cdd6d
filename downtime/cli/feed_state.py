"""Show the state that feeds would give, without building anything of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from downtime.accounts.model import Permission
from downtime.cli.feeds import NOTHING_USED
from downtime.cli.program import feeds
from downtime.cli.session import Output, Session, command
from downtime.clinical.record_types import RECORD_TYPES
from downtime.snapshot.preview_state import StatePreview, preview_state


@command(feeds, "read", permission=Permission.PUBLIC)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def read(session: Session, paths: tuple[Path, ...]) -> Output:
    """Read files and folders of messages; show the state that they would give.

    Shows patients: where the output goes, their data goes. Nothing is kept and nothing is unlocked.
    A home's settings (table mappings, names of systems) are used where there is one.
    Ends with 1 when nothing at all can be used.
    """
    preview = preview_state(paths, session.settings_or_default, session.clock())
    document = preview.as_json()
    return Output(document, _describe_preview(preview, document), int(not preview.used))


def _describe_preview(preview: StatePreview, document: dict[str, Any]) -> Iterator[str]:
    for name, records in document["records"].items():
        if records:
            yield f"{RECORD_TYPES[name].title} ({name}): {len(records)}"
            yield from (f"  {_describe_record(record)}" for record in records)
    yield f"Findings: {len(preview.findings)}"
    for item in document["findings"]:
        yield f"  {item['kind']}: {_locate(item)}{item['text']}"
    yield f"Rejected: {len(preview.rejected)}"
    for item in document["rejected"]:
        yield f"  {_locate(item)}{item['reason']}"
    if not preview.used:
        yield NOTHING_USED


def _describe_record(record: dict[str, Any]) -> str:
    """What is known of it, field by field; ids that mean nothing are left out."""
    values = {name: value for name, value in record.items() if value and name != "id"}
    return ", ".join(f"{name}={_describe_value(value)}" for name, value in values.items())


def _describe_value(value: Any) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _locate(item: dict[str, Any]) -> str:
    place = f"{item['file']} message {item['number']}" if item["file"] else item.get("source", "")
    return f"{' '.join(part for part in (place, item['segment']) if part)}: "
