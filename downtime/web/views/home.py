"""The first page: what a person's role works with most."""

from flask import Blueprint, redirect, url_for

from downtime.accounts.model import Permission
from downtime.web import guest_access, navigation
from downtime.web.access_control import has_permission
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission
from downtime.web.views import guidance

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@require_permission(Permission.SESSION_OWN)
def start() -> ViewResponse:
    """Go to the first page of the menu; while systems are down, first to what has to be done."""
    if guidance.is_unseen():
        return redirect(url_for("guidance.show"), 303)
    if access := guest_access.current_access():
        if access.ward:
            return redirect(url_for("beds.board", ward=access.ward), 303)
        return redirect(url_for("patient.show", patient_id=access.patient), 303)
    return redirect(url_for(navigation.start_endpoint(has_permission)), 303)
