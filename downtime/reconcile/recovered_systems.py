"""Which systems of an outage a snapshot does not show recovered: nothing newer than their return came. Pure."""

from collections.abc import Iterable, Mapping

from downtime.outage.model import Outage, SystemOutage
from downtime.snapshot.header import SystemTime


def find_unrecovered(outage: Outage, systems: Iterable[SystemTime]) -> Mapping[str, str]:
    """Systems that sent nothing newer than their own return, each with the time of its newest data.

    A system that nobody has called back yet has to be newer than its loss. One that the snapshot does
    not know is unavailable there, record by record.
    """
    newest = {system.name: system.newest for system in systems}
    return {
        name: newest[name]
        for name in outage.system_names
        if name in newest and newest[name] <= _get_return(outage.systems, name)
    }


def _get_return(failures: Iterable[SystemOutage], name: str) -> str:
    return max(failed.ended or failed.declared for failed in failures if failed.name == name)
