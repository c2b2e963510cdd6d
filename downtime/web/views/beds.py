"""Beds: choose a ward, then its board."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.clock import to_text
from downtime.errors import NotFoundError
from downtime.outage.events.hospital_now import WardNow
from downtime.snapshot.bed_board import FREE, BedRow, WardRow, find_beds_with_two
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.snapshot.ward_facts import (
    BedFilter,
    WardFacts,
    is_isolation,
    list_unsent,
    read_ward_facts,
    word_count,
)
from downtime.web import my_ward, request_context
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("beds", __name__)
FILTER_WORDS: dict[BedFilter, str] = {
    BedFilter.ALL: "All beds",
    BedFilter.EMPTY: "Empty",
    BedFilter.CLOSED: "Closed",
    BedFilter.LEAVING: "Expected to leave",
    BedFilter.TESTS: "Tests outstanding",
    BedFilter.ALERTS: "Alerts",
    BedFilter.ISOLATION: "Isolation",
    BedFilter.NEWS2: "NEWS2 5 or more",
    BedFilter.BOARDERS: "Boarders",
    BedFilter.DUE: "Due today",
}
ALWAYS_OFFERED = frozenset(BedFilter) - {BedFilter.ISOLATION, BedFilter.NEWS2, BedFilter.BOARDERS}
"""Filters that stand above a board also where they leave nobody."""


@blueprint.get("/beds")
@require_permission(Permission.BED_LIST)
def wards() -> ViewResponse:
    """All wards with how many patients and empty beds they have."""
    snapshot = request_context.snapshot_or_none()
    if snapshot is None:
        return render_template("beds/wards.html", wards=[], mine="")
    today = _find_today()
    return render_template(
        "beds/wards.html",
        wards=request_context.hospital_now().count_wards(),
        mine=my_ward.read_my_ward(request_context.app_state().home),
        counts=request_context.hospital_now().count_board(),
        leaving=request_context.hospital_now().count_leaving(today.end),
        expected=snapshot.count_expected(*today),
        has_planned_stays=snapshot.has_planned_stays,
        has_expected_ends=snapshot.has_expected_ends,
        stays=snapshot.find_availability("Encounter"),
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


@blueprint.post("/beds/my-ward")
@require_permission(Permission.BED_LIST)
def remember() -> ViewResponse:
    """This laptop stands on that ward: its board is one press away for whoever uses it."""
    ward = find_ward(request.form.get("ward", "")).code
    my_ward.save_my_ward(request_context.app_state().home, ward)
    return redirect(url_for("beds.board", ward=ward), 303)


@blueprint.get("/beds/corridor")
@require_permission(Permission.BED_LIST)
def corridor() -> ViewResponse:
    """A ward for a screen that everybody can see: beds and numbers, nothing of any patient."""
    snapshot, ward = request_context.snapshot(), request.args.get("ward") or find_my_ward()
    if not ward:
        return choose_ward("beds.corridor", "For the corridor")
    return render_template(
        "beds/corridor.html",
        ward=find_ward(ward),
        rows=request_context.hospital_now().read_ward(ward).rows,
        free=FREE,
        beds=snapshot.find_availability("Location"),
        stays=snapshot.find_availability("Encounter"),
    )


@blueprint.get("/beds/ward")
@require_permission(Permission.BED_LIST)
def board() -> ViewResponse:
    """One ward, bed by bed; its code is any text (`MAU/SAU`), so no part of the path."""
    snapshot, ward = request_context.snapshot(), request.args.get("ward", "")
    ward_row = find_ward(ward)
    now = request_context.hospital_now().read_ward(ward)
    rows = now.rows
    facts = _read_facts(snapshot, ward, now)
    wanted = _wanted()
    return render_template(
        "beds/board.html",
        ward=ward_row,
        rows=[row for row in rows if wanted in facts.find_filters(row)],
        now=now,
        facts=facts,
        expected=snapshot.list_expected(ward, *_find_today()),
        wanted=wanted,
        filters=_count_filters(snapshot, facts, rows),
        unsent=list_unsent(snapshot),
        filter_words=FILTER_WORDS,
        always_offered=ALWAYS_OFFERED,
        is_isolation=is_isolation,
        is_mine=ward == my_ward.read_my_ward(request_context.app_state().home),
        counts=request_context.hospital_now().count_board(),
        beds_with_two=find_beds_with_two(rows),
        stays=snapshot.find_availability("Encounter"),
        beds=snapshot.find_availability("Location"),
    )


def find_my_ward() -> str:
    """The ward of this laptop, if the snapshot still has it; else empty."""
    mine = my_ward.read_my_ward(request_context.app_state().home)
    return mine if request_context.hospital_now().find_ward(mine) else ""


def choose_ward(endpoint: str, title: str) -> str:
    """The wards, each with the page of it that was asked for without naming one."""
    wards = request_context.hospital_now().count_wards()
    return render_template("beds/choose_ward.html", wards=wards, endpoint=endpoint, title=title)


def find_ward(ward: str) -> WardRow:
    """The ward as staff say it is now; NotFoundError if this snapshot has none of that code."""
    request_context.snapshot()  # else says why there is none
    row = request_context.hospital_now().find_ward(ward)
    if row is None:
        raise NotFoundError(
            "ward.missing", "This snapshot has no such ward.", "Choose one of the list."
        )
    return row


def _read_facts(snapshot: Snapshot, ward: str, now: WardNow) -> WardFacts:
    zone = ZoneInfo(request_context.settings().site.time_zone)
    today = request_context.now().astimezone(zone).date().isoformat()
    patients = (row.patient.id for row in now.rows if row.patient)
    moved = [
        key
        for key, change in now.changes.items()
        if change.before is None or change.before.ward != ward
    ]
    specialties = tuple(request_context.settings().site.ward_specialties.get(ward, ()))
    return read_ward_facts(snapshot, ward, patients, today, zone, specialties, moved)


class Day(NamedTuple):
    """The midnights between which a day of the site lies, as UTC text."""

    start: str
    end: str


def _find_today() -> Day:
    zone = ZoneInfo(request_context.settings().site.time_zone)
    today = request_context.now().astimezone(zone).date()
    midnights = (datetime.combine(today + timedelta(days=n), time(), zone) for n in (0, 1))
    return Day(*map(to_text, midnights))


def _wanted() -> BedFilter:
    wanted = request.args.get("show", BedFilter.ALL)
    return BedFilter(wanted) if wanted in set(BedFilter) else BedFilter.ALL


class FilterCount(NamedTuple):
    """How many rows a filter leaves, in words where that is not known."""

    name: BedFilter
    number: int
    text: str


def _count_filters(
    snapshot: Snapshot, facts: WardFacts, rows: Sequence[BedRow]
) -> list[FilterCount]:
    counts = Counter(name for row in rows for name in facts.find_filters(row))
    return [
        FilterCount(name, counts[name], word_count(snapshot, name, counts[name]))
        for name in BedFilter
    ]
