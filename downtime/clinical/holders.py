"""Which systems hold records of a type at a site: its owner, and departments that hold some too.

One that sent none is unavailable, whatever the others sent: that the laboratory has no result does
not mean that radiology has none.
"""

from collections.abc import Iterable, Mapping

from downtime.clinical.record_types import RECORD_TYPES, find_owner

RADIOLOGY_NAMES = frozenset({"radiology", "ris", "imaging"})
"""What sites call the system of the imaging department, case-blind."""
THEATRE_NAMES = frozenset({"theatres", "theatre", "theaters", "operating theatres"})
_SHARES: Mapping[str, frozenset[str]] = {
    "ServiceRequest": RADIOLOGY_NAMES,
    "DiagnosticReport": RADIOLOGY_NAMES,
    "Appointment": THEATRE_NAMES,
}


def list_holders(
    names: Iterable[str],
    owners: Mapping[str, str] | None = None,
    configured: Mapping[str, tuple[str, ...]] | None = None,
) -> dict[str, tuple[str, ...]]:
    """Type of record to the systems that hold it.

    `names` are the site's systems, `owners` its `systems.records`; what is `configured`
    (`systems.holders`) counts instead.
    """
    systems, holders = tuple(names), {}
    for name in RECORD_TYPES:
        shares = [s for s in systems if s.casefold() in _SHARES.get(name, ())]
        usual = tuple(dict.fromkeys([find_owner(owners or {}, name), *shares]))
        holders[name] = (configured or {}).get(name) or usual
    return holders
