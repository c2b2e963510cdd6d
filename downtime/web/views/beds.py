"""Beds: choose a ward, then its board."""

from flask import Blueprint, render_template, request

from downtime.accounts.model import Permission
from downtime.errors import NotFoundError
from downtime.snapshot.bed_board import find_beds_with_two
from downtime.web import request_context
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("beds", __name__)


@blueprint.get("/beds")
@require_permission(Permission.BED_LIST)
def wards() -> ViewResponse:
    """All wards with how many patients and empty beds they have."""
    snapshot = request_context.snapshot_or_none()
    if snapshot is None:
        return render_template("beds/wards.html", wards=[])
    return render_template(
        "beds/wards.html",
        wards=snapshot.list_wards(),
        counts=snapshot.count_board(),
        stay_systems=snapshot.list_sources("Encounter"),
        bed_systems=snapshot.list_sources("Location"),
        beds=snapshot.find_availability("Location"),
    )


@blueprint.get("/beds/ward-not-known")
@require_permission(Permission.BED_LIST)
def ward_unknown() -> ViewResponse:
    """Everybody who is in hospital and of whom no system said on which ward."""
    rows = request_context.snapshot().list_inpatients("")
    return render_template("beds/ward_unknown.html", rows=rows)


@blueprint.get("/beds/ward")
@require_permission(Permission.BED_LIST)
def board() -> ViewResponse:
    """One ward, bed by bed; its code is any text (`MAU/SAU`), so no part of the path."""
    snapshot, ward = request_context.snapshot(), request.args.get("ward", "")
    ward_row = next((row for row in snapshot.list_wards() if row.code == ward), None)
    if ward_row is None:
        raise NotFoundError(
            "ward.missing", "This snapshot has no such ward.", "Choose one of the list."
        )
    now = request_context.hospital_now().read_ward(ward)
    rows = now.rows
    return render_template(
        "beds/board.html",
        ward=ward_row,
        rows=rows,
        now=now,
        counts=snapshot.count_board(),
        beds_with_two=find_beds_with_two(rows),
        stays=snapshot.find_availability("Encounter"),
        beds=snapshot.find_availability("Location"),
    )
