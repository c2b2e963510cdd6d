"""Beds: choose a ward, then its board."""

from flask import Blueprint, render_template

from downtime.errors import NotFoundError
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer

beds = Blueprint("beds", __name__)


@beds.get("/beds")
@action("bed.list")
def wards() -> Answer:
    """All wards with how many patients and empty beds they have."""
    snapshot = current.snapshot_or_none()
    return render_template("wards.html", wards=snapshot.wards() if snapshot else [])


@beds.get("/beds/<ward>")
@action("bed.list")
def board(ward: str) -> Answer:
    """One ward, bed by bed."""
    snapshot = current.snapshot()
    found = next((row for row in snapshot.wards() if row.code == ward), None)
    if found is None:
        raise NotFoundError(
            "ward.missing", "This snapshot has no such ward.", "Choose one of the list."
        )
    return render_template("beds.html", ward=found, rows=snapshot.beds(ward))
