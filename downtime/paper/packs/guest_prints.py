"""What somebody let in by break-glass may print, whichever door they use: pages of their ward or patient alone."""

from downtime.accounts.break_glass.policies import check_running
from downtime.accounts.break_glass.review_access import find_access_of
from downtime.outage.events import guest_scope
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest


def check_guest_prints(context: PrintContext, request: PrintRequest) -> None:
    """ForbiddenError when a guest prints anything beyond their access; LockedError once that is over."""
    access = find_access_of(context.vault, context.actor.id)
    if access is None:
        return
    check_running(access, context.vault.now())
    scope = request.scope
    if scope.patient:
        guest_scope.check_patient(access, context.hospital, scope.patient)
    elif scope.wards:
        for ward in scope.wards:
            guest_scope.check_ward(access, ward)
    else:
        raise guest_scope.make_refusal(access)
