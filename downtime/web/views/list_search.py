"""What a list is searched for: posted, so that no name stands in an address."""

from flask import Blueprint, redirect, request

from downtime.accounts.model import Permission
from downtime.errors import InputError
from downtime.web.listing import remember_search
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("list_search", __name__)


@blueprint.post("/lists/<name>/search")
@require_permission(Permission.SESSION_OWN)
def search(name: str) -> ViewResponse:
    """Go back to the list, which then shows what holds these words."""
    back, text = request.form.get("back", ""), request.form.get("text", "")
    if not _is_page_here(back):
        raise InputError("list.back", "That list is not known.", "Open it from the menu.")
    searched = remember_search(name, text)
    if not text.strip():
        return redirect(back, 303)
    return redirect(f"{back}{'&' if '?' in back else '?'}{searched}=1", 303)


def _is_page_here(address: str) -> bool:
    """Browsers drop a tab or a line break, and read `\\` as `/`: then the rest is another's address."""
    is_path = address.startswith("/") and not address.startswith("//")
    return is_path and address.isprintable() and "\\" not in address
