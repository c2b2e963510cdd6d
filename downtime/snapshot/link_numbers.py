"""By which numbers people may turn out to be one: pure.

Two mentions with one link number are settled together. It may be the same for two people, which
costs a little; it must never differ for one. The state keeps link numbers: whoever changes them raises
`publisher_state.VERSION` too.
"""

from downtime.clinical.identifiers import MRN, Identifier
from downtime.snapshot.mentions import WEAK_TYPES, strip_details
from downtime.snapshot.name_servers import FHIR


def link_number(identifier: Identifier) -> str:
    """An identifier without what was sent beside it, and without the server that it may lie on."""
    if identifier.type == FHIR:
        return f"{FHIR}||{identifier.value}"
    if identifier.type in WEAK_TYPES:
        return str(strip_details(identifier))
    if identifier.type == MRN:  # two that differ by leading zeros are looked at beside each other
        return str(identifier._replace(value=identifier.value.lstrip("0")))
    return str(identifier)
