"""What the records of everybody share: named resources, and the FHIR servers on which patients lie."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson
import sqlite_utils

from downtime.feeds.named_resources import NAMED_RESOURCE, NamedResources
from downtime.snapshot import name_servers
from downtime.snapshot.mentions import Mention
from downtime.snapshot.store import publisher_state


@dataclass(frozen=True, slots=True)
class CommonKnowledge:
    """Read of a whole state, and given to those who settle a part of it."""

    resources: NamedResources
    servers: Mapping[str, str]
    """Authority of a Patient address to the server that it means."""
    digest: str
    """Another one as soon as anything of this differs."""

    def name_servers(self, mentions: Iterable[Mention]) -> list[Mention]:
        """The mentions, the authority of each Patient address being its server alone."""
        return name_servers.name_servers(list(mentions), self.servers)


def read_common_knowledge(db: sqlite_utils.Database) -> CommonKnowledge:
    """Of the whole state."""
    addressed = publisher_state.select_addressed_mentions(db)
    servers = name_servers.choose_servers(addressed)
    resources = NamedResources(name_servers.list_servers(addressed))
    seen = hashlib.sha256(orjson.dumps(sorted(servers.items())))
    for (_, source, key, _), state in publisher_state.iterate_states(db, NAMED_RESOURCE):
        if state.exists:
            resources.add(source, state.fields)
            content = [source, key, dict(state.fields)]
            seen.update(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))
    return CommonKnowledge(resources, servers, seen.hexdigest())
