"""The site's machines: begin the list, join it, add and revoke, and see what each may do."""

from collections.abc import Iterable
from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.options import REASON, EnumChoice, NewFile, out_option
from downtime.cli.program import fleet
from downtime.cli.session import Output, Session, command, pick, prompt_for
from downtime.cli.sticks import STICK, open_keys
from downtime.errors import NotFoundError
from downtime.fleet import (
    close_unheard,
    enrol_machine,
    join_requests,
    machine_list,
    revoke_machine,
    site_root,
)
from downtime.fleet.enrol_machine import Enrolment, JoinRequest
from downtime.fleet.revoke_machine import Exposure
from downtime.vault import device, machines
from downtime.vault.files import write_atomic
from downtime.vault.machines import Machine, MachineList
from downtime.vault.model import MachineRole

ROLES = click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=EnumChoice(MachineRole),
    help="What it may do; may be repeated.",
)
WARDS = click.option(
    "--ward",
    "wards",
    multiple=True,
    metavar="CODE",
    help="Ward whose snapshots are sealed to it; may be repeated. Without it the whole site's.",
)
CODE = click.option("--code", default="", help="The code on the other screen; else it is asked.")
REQUEST = click.argument("request")
LIST_OUT = click.option(
    "--out", type=NewFile(), metavar="FILE", help="Write the new list here too."
)


@command(fleet, "start", permission=Permission.DEVICE_MANAGE)
@ROLES
@WARDS
@STICK
@REASON
def start(
    session: Session,
    roles: tuple[MachineRole, ...],
    wards: tuple[str, ...],
    sticks: tuple[Path, ...],
    reason: str,
) -> Output:
    """Begin the site's list with this machine, and believe the root on the stick from now on."""
    roots = site_root.read_roots(sticks[0].parent if sticks[0].is_file() else sticks[0])
    card = device.read_own_card(session.home)
    machine = Machine(card, frozenset(map(MachineRole, roles)), wards)
    vault, actor = session.vault, session.actor
    (key, *_) = open_keys(sticks)
    started = machine_list.start_list(vault, session.settings, roots, key, machine, actor, reason)
    return Output(
        _list_document(started),
        [
            f"{card.name} ({card.code}) begins the list of {started.site}. Next: 'downtime fleet add'."
        ],
    )


@command(fleet, "join", permission=Permission.DEVICE_MANAGE)
@click.option(
    "--out",
    type=NewFile(),
    metavar="FILE",
    help="Write the request here, to be carried; needed where config.toml names no place.",
)
def join(session: Session, out: Path | None) -> Output:
    """Ask to be added to the site's list; shows the code that the administrator types in.

    The request is left at the places of config.toml, and in FILE.
    """
    if out is None and not join_requests.find_places(session.settings):
        raise click.UsageError("config.toml names no place: say with --out where to write.")
    content = enrol_machine.make_request(session.vault, session.settings)
    if out:
        write_atomic(out, content)
    own_code = device.read_own_code(session.home)
    faults = join_requests.leave_request(session.settings, content, own_code)
    reached = sorted(name for name, fault in faults.items() if not fault)
    code = enrol_machine.make_own_code(session.home)
    document = {"request": str(out) if out else None, "places": faults, "code": code}
    lines = [f"{name}: {fault or 'the request lies there.'}" for name, fault in faults.items()]
    if not (reached or out):
        lines.append("The request is nowhere. Write it to a file with --out and carry it.")
        return Output(document, lines, 1)
    if out:
        lines.append(f"Wrote {out}. It holds public keys only: carry it to an administrator.")
    lines += [
        f"Code of this machine: {code}",
        "Read it to the administrator, who types it in with"
        f" 'downtime fleet add {own_code if reached else 'FILE'}'.",
    ]
    return Output(document, lines)


@command(fleet, "requests", permission=Permission.DEVICE_MANAGE)
def requests(session: Session) -> Output:
    """Machines that ask at a place to be added. Only the code on their own screens shows who they are."""
    listing = join_requests.list_requests(session.settings)
    rows = [
        {"place": item.place, **pick(item.request.card, "code", "name")}
        for item in listing.requests
    ]
    lines = [f"{row['code']}  {row['name']}: at {row['place']}" for row in rows]
    return Output(
        {"requests": rows, "faults": listing.sentences},
        [*listing.sentences, *(lines or ["No machine asks at a place to be added."])],
    )


def _find_request(session: Session, request: str) -> JoinRequest:
    """From a file, or by a machine's code from the places."""
    if (path := Path(request)).is_file():
        with path.open("rb") as file:
            return enrol_machine.read_request(file.read(enrol_machine.MAX_REQUEST_BYTES + 1))
    return join_requests.list_requests(session.settings).find(request)


def _answer_request(session: Session, request: JoinRequest) -> list[str]:
    """The list goes to the places at once, and the request away; what could not be done there."""
    faults = join_requests.carry_list(session.home, session.settings)
    join_requests.remove_request(session.settings, request.card)
    return [f"{name}: {fault or 'the list lies there.'}" for name, fault in faults.items()]


@command(fleet, "add", permission=Permission.DEVICE_MANAGE)
@REQUEST
@ROLES
@WARDS
@STICK
@CODE
@LIST_OUT
@REASON
def add(
    session: Session,
    request: str,
    roles: tuple[MachineRole, ...],
    wards: tuple[str, ...],
    sticks: tuple[Path, ...],
    code: str,
    out: Path | None,
    reason: str,
) -> Output:
    """Add a machine by its request, once the code on its screen was typed in; signs the next list.

    REQUEST is its file, or the machine's two characters where the request lies at a place
    ('downtime fleet requests'). The list goes to the places at once.
    """
    vault, actor = session.vault, session.actor
    asking = _find_request(session, request)
    code = code or prompt_for(f"Code on the screen of {asking.card.name} ({asking.card.code})")
    enrol_machine.check_code(code, asking.code)
    (key, *_) = open_keys(sticks)
    enrolment = enrol_machine.add_machine(
        vault,
        session.settings,
        asking,
        code,
        frozenset(map(MachineRole, roles)),
        wards,
        key,
        actor,
        reason,
    )
    write_list(enrolment.machine_list, out)
    carried = _answer_request(session, asking)
    return Output(_enrolment_document(enrolment), [*carried, *_enrolment_lines(enrolment)])


def _enrolment_document(enrolment: Enrolment) -> dict[str, object]:
    return {**_machine_document(enrolment.machine), "confirm": enrolment.code}


def _enrolment_lines(enrolment: Enrolment) -> list[str]:
    machine = enrolment.machine
    return [
        f"{machine.name} ({machine.code}) is on the list, number {enrolment.machine_list.version}.",
        f"Code for its screen: {enrolment.code}",
        "Read it to whoever is there, who types it in with 'downtime fleet accept'. A machine that"
        " reaches no place needs the list as a file: --out, or 'downtime fleet export'.",
    ]


@command(fleet, "accept", permission=Permission.DEVICE_MANAGE)
@click.argument("place", required=False, type=click.Path(exists=True, path_type=Path))
@CODE
def accept(session: Session, place: Path | None, code: str) -> Output:
    """Believe the site's root and its list from now on.

    PLACE is the list, or the folder it lies in; without it the list is taken from the places of
    config.toml. The administrator who added this machine reads the code from their screen.
    """
    vault, actor = session.vault, session.actor
    code = code or prompt_for("Code on the administrator's screen")
    data = (
        find_list(place).read_bytes()
        if place
        else join_requests.fetch_list(session.home, session.settings, code)
    )
    accepted = enrol_machine.accept_list(vault, session.settings, data, code, actor)
    this_machine = machines.read_own_machine(session.home)
    join_requests.remove_request(session.settings, this_machine.card)
    return Output(
        _list_document(accepted),
        [
            f"This machine is one of {len(accepted.machines)} of {accepted.site}.",
            describe_machine(this_machine),
        ],
    )


def find_list(place: Path) -> Path:
    """The list in a folder of bundles, at a place, or the file itself; NotFoundError."""
    candidates = (
        place,
        place / machine_list.FILE_NAME,
        place / "machines" / machine_list.FILE_NAME,
    )
    for path in candidates:
        if path.is_file():
            return path
    raise NotFoundError(
        "machines.no-list",
        f"There is no list of machines in {place.name or place}.",
        "Name the file that 'downtime fleet add --out' or 'downtime fleet export' wrote.",
    )


@command(fleet, "update", permission=Permission.SNAPSHOT_LOAD, works_locked=True)
@click.argument("place", type=click.Path(exists=True, path_type=Path))
def update(session: Session, place: Path) -> Output:
    """Take a newer list by hand: PLACE is the list, or the folder it lies in. Nobody need sign in."""
    received = machine_list.receive_list(session.home, find_list(place).read_bytes())
    version = received.machine_list.version
    return Output(
        {"version": version, "new": received.is_new},
        [f"List number {version} is {'in use now' if received.is_new else 'in use already'}."],
    )


@command(fleet, "export", permission=Permission.DEVICE_MANAGE)
@out_option("File to write: the list, for a machine that no place reaches.")
def export(session: Session, out: Path) -> Output:
    """Write the list of machines to a file."""
    listed = machine_list.require_list(session.home)
    write_list(listed, out)
    return Output(
        _list_document(listed), [f"Wrote list number {listed.version} to {out}: public keys only."]
    )


def write_list(listed: MachineList, out: Path | None) -> None:
    """Write a list into the file that was named, to be carried by hand."""
    if out:
        write_atomic(out, listed.signed.data)


@command(fleet, "list", permission=Permission.DEVICE_MANAGE)
def list_(session: Session) -> Output:
    """Every machine of the site, what each may do, and those that were revoked.

    How each of them does is shown by 'downtime status', and on the page Fleet.
    """
    home, now = session.vault.home, session.clock()
    listed, own_card = machines.read_list(home), device.read_own_card(home)
    if listed is None:
        (this_machine,) = machines.list_machines(home)
        return Output(
            {"site": None, "machines": [_machine_document(this_machine)]},
            [
                f"{this_machine.name} ({this_machine.code}) belongs to no site yet: it believes only itself."
            ],
        )
    warnings = machine_list.list_warnings(home, session.settings, now)
    return Output(
        {**_list_document(listed), "warnings": warnings},
        [
            *warnings,
            f"List number {listed.version} of {listed.site}, signed {listed.issued[:16]} (UTC).",
            *(
                describe_machine(machine) + " (this machine)" * (machine.card == own_card)
                for machine in listed.machines
            ),
        ],
    )


@command(fleet, "revoke", permission=Permission.DEVICE_MANAGE)
@click.argument("machine")
@STICK
@LIST_OUT
@REASON
def revoke(
    session: Session, machine: str, sticks: tuple[Path, ...], out: Path | None, reason: str
) -> Output:
    """Believe a lost or stolen machine no longer, anywhere, and say what it could read."""
    vault, actor = session.vault, session.actor
    revoke_machine.find_machine(machine_list.require_list(session.home).machines, machine)
    (key, *_) = open_keys(sticks)
    exposure = revoke_machine.revoke_machine(vault, session.settings, machine, key, actor, reason)
    write_list(machine_list.require_list(session.home), out)
    return Output(_exposure_document(exposure), exposure.sentences)


@command(fleet, "replace", permission=Permission.DEVICE_MANAGE)
@click.argument("machine")
@REQUEST
@STICK
@CODE
@LIST_OUT
@REASON
def replace(
    session: Session,
    machine: str,
    request: str,
    sticks: tuple[Path, ...],
    code: str,
    out: Path | None,
    reason: str,
) -> Output:
    """Revoke a machine and give its roles and wards to another.

    REQUEST is the other's file, or its two characters where the request lies at a place.
    """
    vault, actor = session.vault, session.actor
    asking = _find_request(session, request)
    code = code or prompt_for(f"Code on the screen of {asking.card.name} ({asking.card.code})")
    enrol_machine.check_code(code, asking.code)
    (key, *_) = open_keys(sticks)
    exposure, enrolment = revoke_machine.replace_machine(
        vault, session.settings, machine, asking, code, key, actor, reason
    )
    write_list(enrolment.machine_list, out)
    document = {**_exposure_document(exposure), "replacement": _enrolment_document(enrolment)}
    carried = _answer_request(session, asking)
    return Output(document, [*exposure.sentences, *carried, *_enrolment_lines(enrolment)])


@command(fleet, "open", permission=Permission.SNAPSHOT_LOAD)
@REASON
def open_(session: Session, reason: str) -> Output:
    """Open snapshots that were closed because nothing was heard for long, with a reason."""
    vault, settings = session.vault, session.settings
    silence = close_unheard.break_glass(vault, settings, session.actor, reason)
    open_until = silence.kept_until if silence else ""
    return Output(
        {"open_until": open_until}, ["The snapshots are open. Connect this machine soon."]
    )


def describe_machine(machine: Machine) -> str:
    """A machine in one line."""
    if machine.revoked:
        return f"{machine.code}  {machine.name}: revoked {machine.revoked[:16]}, {machine.reason}"
    wards = f"wards {', '.join(machine.wards)}" if machine.wards else "whole site"
    return f"{machine.code}  {machine.name}: {machine.role_names}; {wards}"


def _machine_document(machine: Machine) -> dict[str, object]:
    wards: Iterable[str] = machine.wards
    return {
        **pick(machine, "code", "name", "added", "revoked", "reason"),
        "roles": sorted(machine.roles),
        "wards": sorted(wards),
    }


def _list_document(listed: MachineList) -> dict[str, object]:
    return {
        **pick(listed, "site", "version", "issued"),
        "expires": listed.expires.isoformat(),
        "machines": [_machine_document(machine) for machine in listed.machines],
    }


def _exposure_document(exposure: Exposure) -> dict[str, object]:
    return {**_machine_document(exposure.machine), "snapshots": list(exposure.snapshots)}
