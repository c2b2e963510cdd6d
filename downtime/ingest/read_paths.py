"""What the ledger would keep of some files and read of them, kept nowhere: for who looks before a build."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from downtime.clock import Clock, to_text
from downtime.feeds.context import feed_context
from downtime.feeds.read_feeds import find_files
from downtime.ingest import policies
from downtime.ingest.believed_times import believe_times
from downtime.ingest.model import FILES, RawMessage, RecordedMessage
from downtime.ingest.read_raw import read_raw
from downtime.ingest.split_file import split_file
from downtime.settings import Settings


def read_paths(
    paths: Iterable[Path], settings: Settings, clock: Clock
) -> Iterator[RecordedMessage]:
    """Every message of every file, in order, as received now; NotFoundError when a path is not there.

    What is the same as one before it is `repeated`, by the rule of the ledger: a build takes it once.
    """
    context, received = feed_context(settings), to_text(clock())
    seen: set[tuple[int, bytes]] = set()
    arrival = 0
    for path in find_files(paths):
        for part in split_file(path, FILES, settings):
            if isinstance(part, RawMessage):
                items = read_raw(part, context, clock)
                name = policies.read_stamp(part), policies.fingerprint(part)
            else:
                items, name = [part], None
            is_repeated = name in seen
            for item in items:
                arrival += 1
                position = item.position._replace(arrival=arrival)
                believed = believe_times(replace(item, position=position), received)
                yield RecordedMessage(arrival, believed, received, repeated=is_repeated)
            if name is not None:
                seen.add(name)
