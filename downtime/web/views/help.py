"""Help: one page for each role and for everybody; anybody reads them, before signing in too."""

from flask import Blueprint, Response, render_template, send_from_directory

from downtime.accounts.model import Permission
from downtime.config import data_folder
from downtime.errors import NotFoundError
from downtime.web import guides
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("help", __name__)


@blueprint.get("/help")
@require_permission(Permission.PUBLIC)
def show() -> ViewResponse:
    """All guides by whom they are for."""
    groups = [
        (title, [guides.read_guide(name) for name in names]) for title, names in guides.GROUPS
    ]
    return render_template("help/show.html", groups=groups)


@blueprint.get("/help/<name>")
@require_permission(Permission.PUBLIC)
def show_guide(name: str) -> ViewResponse:
    """One guide; NotFoundError when there is none of that name."""
    if name not in guides.NAMES:
        raise NotFoundError(
            "help.unknown", "There is no such guide.", "Open Help to see all of them."
        )
    return render_template("help/show_guide.html", guide=guides.read_guide(name))


@blueprint.get("/help/pictures/<name>")
@require_permission(Permission.PUBLIC)
def send_picture(name: str) -> Response:
    """A picture of the guides: of the invented hospital, never of patients here."""
    return send_from_directory(data_folder(guides.PICTURE_FOLDER), f"{name}.png")
