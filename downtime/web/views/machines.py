"""The list of machines: beginning and joining it, adding, replacing and revoking others with a stick."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.errors import InputError
from downtime.fleet import (
    enrol_machine,
    join_requests,
    machine_list,
    revoke_machine,
    site_keys,
    site_root,
)
from downtime.fleet.enrol_machine import Enrolment, JoinRequest
from downtime.fleet.join_requests import FoundRequests
from downtime.fleet.revoke_machine import Exposure
from downtime.fleet.site_keys import SiteKey
from downtime.settings import Settings
from downtime.vault import device, machines
from downtime.vault.machines import Machine, MachineList
from downtime.vault.model import MachineRole
from downtime.vault.signed_list import MAX_BYTES
from downtime.web import request_context
from downtime.web.responses import ViewResponse, file_response, required_reason
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("machines", __name__)
MACHINES_A_PAGE = 12
"""So many lines stand on a laptop's screen below what is said of this machine."""


@blueprint.get("/machines")
@require_permission(Permission.DEVICE_MANAGE)
def show() -> ViewResponse:
    """The machines of the site, and what can be changed."""
    home, now = request_context.app_state().home, request_context.vault().clock()
    listed = machines.read_list(home)
    wanted = request.args.get("find", "").strip()
    matching = _find_machines(listed, wanted)
    page = _read_page_number(len(matching))
    return render_template(
        "machines/show.html",
        wanted=wanted,
        matching=len(matching),
        shown=matching[(page - 1) * MACHINES_A_PAGE : page * MACHINES_A_PAGE],
        page_number=page,
        page_count=_count_pages(len(matching)),
        own=machines.read_own_machine(home),
        own_code=enrol_machine.make_own_code(home),
        places=sorted(join_requests.find_places(request_context.settings())),
        listing=_look_at_places(),
        machine_list=listed,
        warnings=machine_list.list_warnings(home, request_context.settings(), now),
        roles=[{"value": role, "text": role.display_name.capitalize()} for role in MachineRole],
    )


def _find_machines(listed: MachineList | None, wanted: str) -> list[Machine]:
    """Those whose code, name, role, ward or state holds what was typed, those still believed first."""
    terms = wanted.casefold().split()
    matching = [
        machine
        for machine in (listed.machines if listed else ())
        if all(term in _describe(machine) for term in terms)
    ]
    return sorted(matching, key=lambda machine: (bool(machine.revoked), machine.code))


def _describe(machine: Machine) -> str:
    state = "revoked" if machine.revoked else "believed"
    wards = "whole site" if machine.reads_site else " ".join(machine.wards)
    return f"{machine.code} {machine.name} {machine.role_names} {wards} {state}".casefold()


def _count_pages(count: int) -> int:
    return max(1, -(-count // MACHINES_A_PAGE))


def _read_page_number(count: int) -> int:
    """The page that is asked for, or the nearest one that there is."""
    number = request.args.get("page", "1")
    return min(max(1, int(number)), _count_pages(count)) if number.isdecimal() else 1


def _look_at_places() -> FoundRequests | None:
    """Requests that lie at the places, once somebody has asked for them: a place may be slow."""
    is_wanted = "look" in request.args
    return join_requests.list_requests(request_context.settings()) if is_wanted else None


@blueprint.post("/machines/join")
@require_permission(Permission.DEVICE_MANAGE)
def join() -> ViewResponse:
    """Leave this machine's request at the places, where an administrator finds it."""
    vault, settings = request_context.vault(), request_context.settings()
    content = enrol_machine.make_request(vault, settings)
    own_code = device.read_own_code(request_context.app_state().home)
    _flash_places(join_requests.leave_request(settings, content, own_code), "the request")
    return redirect(url_for("machines.show"), 303)


def _flash_places(faults: Mapping[str, str], what: str) -> None:
    for name, fault in sorted(faults.items()):
        flash(f"{name}: {fault or f'{what} lies there.'}")


@blueprint.post("/machines/start")
@require_permission(Permission.DEVICE_MANAGE)
def start() -> ViewResponse:
    """Begin the site's list with this machine, and believe the root on the stick from now on."""
    vault, settings = request_context.vault(), request_context.settings()
    content = _read_upload("root", "the site's root")
    roots = site_root.parse_roots(content, request.files["root"].filename or "the root")
    machine = Machine(device.read_own_card(vault.home), _read_roles(), _read_wards())
    started = machine_list.start_list(
        vault,
        settings,
        roots,
        _unlock_stick(),
        machine,
        request_context.actor(),
        required_reason(),
    )
    flash(f"This machine begins the list of {started.site}. Add the others below.")
    return redirect(url_for("machines.show"), 303)


def _read_roles() -> frozenset[MachineRole]:
    return frozenset(role for role in MachineRole if role in request.form.getlist("roles"))


def _read_wards() -> tuple[str, ...]:
    return tuple(request.form.get("wards", "").replace(",", " ").split())


@blueprint.get("/machines/request")
@require_permission(Permission.DEVICE_MANAGE)
def save_request() -> ViewResponse:
    """This machine's request to join, to carry to an administrator of the site."""
    content = enrol_machine.make_request(request_context.vault(), request_context.settings())
    code = device.read_own_code(request_context.app_state().home)
    return file_response(content, "application/json", f"join-{code}.json")


@blueprint.get("/machines/list")
@require_permission(Permission.DEVICE_MANAGE)
def save_list() -> ViewResponse:
    """The list as a file, to carry to a machine that no place reaches."""
    listed = machine_list.require_list(request_context.app_state().home)
    return file_response(listed.signed.data, "application/json", machine_list.FILE_NAME)


@blueprint.post("/machines/accept")
@require_permission(Permission.DEVICE_MANAGE)
def accept() -> ViewResponse:
    """Believe the site's root and its list from now on, once the code was typed in."""
    vault, settings = request_context.vault(), request_context.settings()
    code = request.form.get("code", "")
    data = (
        _read_upload("list", "the list of machines")
        if _has_upload("list") or not join_requests.find_places(settings)
        else join_requests.fetch_list(vault.home, settings, code)
    )
    accepted = enrol_machine.accept_list(vault, settings, data, code, request_context.actor())
    join_requests.remove_request(settings, device.read_own_card(vault.home))
    flash(f"This machine is one of {len(accepted.machines)} of {accepted.site}.")
    return redirect(url_for("machines.show"), 303)


@blueprint.post("/machines/update")
@require_permission(Permission.DEVICE_MANAGE)
def update() -> ViewResponse:
    """Take a newer list by hand."""
    data = _read_upload("list", "the list of machines")
    received = machine_list.receive_list(request_context.app_state().home, data)
    state = "is in use now" if received.is_new else "is in use already"
    flash(f"List number {received.machine_list.version} {state}.")
    return redirect(url_for("machines.show"), 303)


@blueprint.post("/machines/add")
@require_permission(Permission.DEVICE_MANAGE)
def add() -> ViewResponse:
    """Add a machine by its request; the answer shows the code for its screen."""
    vault, settings = request_context.vault(), request_context.settings()
    asking = _find_request(settings)
    enrolment = enrol_machine.add_machine(
        vault,
        settings,
        asking,
        request.form.get("code", ""),
        _read_roles(),
        _read_wards(),
        _unlock_stick(),
        request_context.actor(),
        required_reason(),
    )
    return _answer(asking, enrolment)


def _answer(asking: JoinRequest, enrolment: Enrolment, exposure: Exposure | None = None) -> str:
    """The list goes to the places at once and the request away; the page shows the second code."""
    home, settings = request_context.app_state().home, request_context.settings()
    faults = join_requests.carry_list(home, settings)
    join_requests.remove_request(settings, asking.card)
    return render_template(
        "machines/add.html", enrolment=enrolment, faults=faults, exposure=exposure
    )


def _find_request(settings: Settings) -> JoinRequest:
    """The request that was chosen of those at the places, else the file."""
    if chosen := request.form.get("asking", ""):
        return join_requests.list_requests(settings).find(chosen)
    return enrol_machine.read_request(_read_upload("request", "the machine's request"))


@blueprint.post("/machines/revoke")
@require_permission(Permission.DEVICE_MANAGE)
def revoke() -> ViewResponse:
    """Believe a machine no longer; the answer shows what it could read."""
    exposure = revoke_machine.revoke_machine(
        request_context.vault(),
        request_context.settings(),
        request.form.get("machine", ""),
        _unlock_stick(),
        request_context.actor(),
        required_reason(),
    )
    return render_template("machines/revoke.html", exposure=exposure)


@blueprint.post("/machines/replace")
@require_permission(Permission.DEVICE_MANAGE)
def replace() -> ViewResponse:
    """Revoke a machine and give its roles and wards to another; shows what it could read and the code."""
    vault, settings = request_context.vault(), request_context.settings()
    asking = _find_request(settings)
    exposure, enrolment = revoke_machine.replace_machine(
        vault,
        settings,
        request.form.get("machine", ""),
        asking,
        request.form.get("code", ""),
        _unlock_stick(),
        request_context.actor(),
        required_reason(),
    )
    return _answer(asking, enrolment, exposure)


def _unlock_stick() -> SiteKey:
    """The key whose file and passphrase a form sent; neither is kept."""
    content = _read_upload("stick", "the key on the stick")
    name = request.files["stick"].filename or "the key"
    return site_keys.unlock_site_key(content, name, request.form.get("passphrase", ""))


def _has_upload(name: str) -> bool:
    upload = request.files.get(name)
    return bool(upload and upload.filename)


def _read_upload(name: str, what: str) -> bytes:
    upload = request.files.get(name)
    if not upload or not upload.filename:
        raise InputError("web.file", f"No file was chosen for {what}.", "Go back and choose it.")
    content: bytes = upload.read(MAX_BYTES + 1)
    return content
