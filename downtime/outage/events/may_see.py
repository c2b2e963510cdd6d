"""Whether somebody may see a patient, whatever limits them: their wards, or a break-glass access."""

from downtime.errors import ForbiddenError
from downtime.outage.events import guest_scope, ward_scope
from downtime.outage.events.hospital_now import HospitalNow
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def may_see(
    vault: Vault, settings: Settings, hospital: HospitalNow, actor: Actor, patient: str
) -> bool:
    """As recording an event about this patient would be allowed or refused."""
    try:
        guest_scope.check_people_of_event(vault, hospital, actor, (patient,))
        ward_scope.check_people_of_event(vault, settings, hospital, actor.id, (patient,))
    except ForbiddenError:
        return False
    return True
