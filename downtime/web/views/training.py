"""Lessons of five minutes, how far the one who is signed in has come, and who has practised what on which ward."""

from flask import Blueprint, current_app, render_template

from downtime.accounts.model import Permission
from downtime.outage import outages
from downtime.paper.drills.training import (
    LESSON_MINUTES,
    list_practised,
    list_training,
    read_lessons,
)
from downtime.web import request_context
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("training", __name__)
_DEMONSTRATION = "demonstration"
"""The pages that a demonstration adds: there everything is practice."""


@blueprint.get("/training")
@require_permission(Permission.OUTAGE_VIEW)
def show() -> ViewResponse:
    """What can be practised in a drill, and who did."""
    vault, current = request_context.vault(), outages.find_current(request_context.vault())
    is_demonstration = _DEMONSTRATION in current_app.blueprints
    is_practice = current is not None and (current.drill or is_demonstration)
    lessons = read_lessons(vault.home)
    return render_template(
        "training/show.html",
        lessons=lessons,
        minutes=LESSON_MINUTES,
        is_practice=is_practice,
        done=list_practised(vault, current if is_practice else None, request_context.person().name),
        titles={lesson.goal: lesson.title for lesson in lessons},
        wards=list_training(vault, counts_all=is_demonstration),
    )
