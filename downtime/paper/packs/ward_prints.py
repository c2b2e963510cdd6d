"""What somebody prints whose account is limited to wards, whichever door they use."""

from downtime.outage.events import ward_scope
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest


def check_ward_prints(context: PrintContext, request: PrintRequest) -> None:
    """ForbiddenError for pages of anybody who is not on this person's wards."""
    scope = ward_scope.find_scope(context.vault, context.settings, context.actor.id)
    if scope is None or request.names_nobody:
        return
    asked = request.scope
    if asked.patient:
        ward_scope.check_patient(scope, context.hospital, asked.patient)
    elif asked.wards:
        for ward in asked.wards:
            ward_scope.check_ward(scope, ward)
    else:
        raise ward_scope.make_refusal(scope)
