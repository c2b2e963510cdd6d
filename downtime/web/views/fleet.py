"""Fleet: every machine of the site with what it last said of itself, the stale ones first."""

from flask import Blueprint, render_template

from downtime.accounts.model import Permission
from downtime.fleet import machine_list
from downtime.fleet.device_condition import PrinterState
from downtime.fleet.fleet_status import count_levels, list_fleet
from downtime.fleet.heartbeat_exchange import collects_heartbeats
from downtime.fleet.machine_alarms import MachineLevel
from downtime.web import request_context
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("fleet", __name__)

LEVEL_TITLES = {
    MachineLevel.STALE: "Stale",
    MachineLevel.EMPTY: "No data",
    MachineLevel.SILENT: "Silent",
    MachineLevel.TROUBLE: "Needs a hand",
    MachineLevel.WELL: "Well",
}
LEVEL_COLOURS = {
    MachineLevel.STALE: "red",
    MachineLevel.EMPTY: "red",
    MachineLevel.SILENT: "amber",
    MachineLevel.TROUBLE: "amber",
    MachineLevel.WELL: "green",
}
PRINTER_TITLES = {
    PrinterState.READY: "Ready",
    PrinterState.STOPPED: "Stopped",
    PrinterState.NONE: "No queue",
    PrinterState.UNKNOWN: "Unknown",
}


@blueprint.get("/fleet")
@require_permission(Permission.FLEET_VIEW)
def show() -> ViewResponse:
    """All machines, worst first."""
    state = request_context.app_state()
    statuses = list_fleet(state.home, state.settings, state.clock)
    now = request_context.now()
    return render_template(
        "fleet/show.html",
        statuses=statuses,
        counts=count_levels(statuses),
        titles=LEVEL_TITLES,
        colours=LEVEL_COLOURS,
        printers=PRINTER_TITLES,
        warnings=machine_list.list_warnings(state.home, state.settings, now),
        settings=state.settings,
        collects=collects_heartbeats(state.home),
    )
