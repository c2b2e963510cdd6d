"""The story's machines: a publisher and a laptop are set up, and a snapshot goes from one to the other."""

from pathlib import Path

import orjson

from downtime import config
from downtime.accounts import homes
from downtime.accounts.sign_in import SignedIn
from downtime.config import Home
from downtime.demo.context import Story
from downtime.demo.feeds import write_feeds
from downtime.demo.settings import settings_text
from downtime.demo.staff import WHY, Staff
from downtime.fleet import enrol_machine, machine_list, site_keys, site_root
from downtime.fleet.fetch_snapshot import AtPlace
from downtime.fleet.heartbeat_exchange import HeartbeatExchange
from downtime.fleet.machine_state import note_machine_state
from downtime.fleet.publish_everywhere import publish_everywhere
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.fleet.receipt_exchange import ReceiptExchange
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.fleet.site_root import NewStick
from downtime.outage.outages import list_down_systems
from downtime.transport.folder_address import FolderAddress, FolderKind
from downtime.transport.open_carrier import open_carrier
from downtime.transport.pace import Pace
from downtime.vault import device
from downtime.vault.machines import Machine
from downtime.vault.model import Actor, MachineRole
from downtime.vault.vault import Vault

PLACE = "bundles"
"""The folder of the demonstration that stands for the hospital's share."""

_RETURNS = "\n[returns.targets.EPR]\nallergies = false\n"
"""The EPR takes no allergies by message: they are keyed by hand from a worklist."""


def prepare(story: Story) -> SignedIn:
    """Homes of one site, and accounts for the staff; the publisher."""
    with story.step(
        "prepare", "A publisher in the hospital's network and a laptop for the wards are set up."
    ):
        laptop = _machine(story, story.home, "ward laptop", story.unlock_file)
        (story.folder / PLACE).mkdir(parents=True)
        hospital = Home(story.folder / "publisher")
        publisher = _machine(story, hospital, "publisher", hospital.path / "publisher.unlock")
        story.laptop, story.settings = laptop.vault, config.load_settings(story.home.config_file)
        story.staff = Staff.arrive(laptop.vault, story.settings, laptop.actor, story.folder)
        _join_site(story, publisher, laptop)
        story.report("The site's root signs the list of both: the laptop opens what is published.")
    return publisher


def _join_site(story: Story, publisher: SignedIn, laptop: SignedIn) -> None:
    """Three sticks with the root's keys; the publisher begins the list, and the laptop joins."""
    settings = story.settings
    sticks = [
        NewStick(story.folder / f"stick-{number}", f"demonstration stick {number}")
        for number in (1, 2, 3)
    ]
    for stick in sticks:
        stick.folder.mkdir()
    site = settings.site.code
    roots = site_root.create_root(site, sticks, 2, settings, story.clock)
    (path, *_) = site_keys.find_key_files([sticks[0].folder])
    key = site_keys.open_site_key(path, sticks[0].passphrase)
    roles = frozenset({MachineRole.PUBLISHER})
    first = Machine(device.read_own_card(publisher.vault.home), roles)
    machine_list.start_list(publisher.vault, settings, roots, key, first, publisher.actor, WHY)
    request = enrol_machine.read_request(enrol_machine.make_request(laptop.vault, settings))
    roles = frozenset({MachineRole.WARD_LAPTOP, MachineRole.RECORDS_STATION})
    enrolment = enrol_machine.add_machine(
        publisher.vault, settings, request, request.code, roles, (), key, publisher.actor, WHY
    )
    data = enrolment.machine_list.signed.data
    enrol_machine.accept_list(laptop.vault, settings, data, enrolment.code, laptop.actor)


def _machine(story: Story, home: Home, name: str, unlock_file: Path) -> SignedIn:
    homes.create_home(
        home,
        story.clock,
        device_name=name,
        administrator="install",
        unlock_file=unlock_file,
        settings_text=settings_text(story.size) + _RETURNS + _describe_place(story),
    )
    return homes.open_with_file(
        home, config.load_settings(home.config_file), story.clock, unlock_file
    )


def _describe_place(story: Story) -> str:
    """The share between the machines, as a table of config.toml."""
    path = orjson.dumps(str(story.folder / PLACE)).decode()
    return f'\n[fleet.places.share]\nkind = "folder"\npath = {path}\n'


def deliver(story: Story, publisher: SignedIn, phase: str) -> None:
    """What the systems send (`phase` as in `feeds`) reaches the laptop as a sealed snapshot."""
    feeds, place = story.folder / "feeds" / phase, story.folder / PLACE
    outbox = publisher.vault.home.outbox_folder
    with story.step(f"feeds_{phase}", "The hospital's systems send what they know."):
        written = write_feeds(feeds, story.size, story.seed, phase, story.plan.start)
        story.report(
            f"{written.inpatients} inpatients on {written.wards} wards, {written.requests} requests,"
            f" {written.appointments} appointments in {len(written.files)} files."
        )
    with story.step(f"build_{phase}", "The publisher reads them and seals a snapshot."):
        built = publish_snapshot(
            publisher.vault, story.settings, [feeds], outbox, publisher.actor, WHY
        )
        exchange_heartbeats(story, publisher)
        bundle = place / built.require_bundle().name
        story.report(
            f"{built.accepted} of {built.messages} messages accepted; "
            f"{len(built.rejected)} rejected, each with its file, place and reason."
        )
        for reject in built.rejected:
            story.report(
                f"  {Path(reject.position.file).name} {reject.position.number}: {reject.reason}"
            )
    with story.step(f"load_{phase}", "The laptop checks the seal, opens it, and puts it in use."):
        received = receive_snapshot(
            story.laptop, story.settings, bundle, story.staff.actors["site"], WHY
        )
        info = received.require_info()
        story.report(
            f"Snapshot {info.header.sequence}, {sum(info.header.counts.values())} records."
        )
    story.facts[f"snapshot_{phase}"] = {
        "id": info.id,
        "bundle": str(bundle),
        "messages": built.messages,
        "accepted": built.accepted,
        "rejected": len(built.rejected),
        "records": info.header.counts,
    }


def exchange_heartbeats(story: Story, publisher: SignedIn) -> None:
    """The publisher leaves at the share what it published, and both machines say there how they do."""
    vault, settings = publisher.vault, story.settings
    publish_everywhere(vault, settings, publisher.actor, Pace(), builds=False, down={})
    address = FolderAddress(kind=FolderKind.LOCAL, path=str(story.folder / PLACE))
    with open_carrier(address, Pace()) as carrier:
        for exchange in (
            *_list_exchanges(story, vault, publisher.actor),
            *_list_exchanges(story, story.laptop, story.staff.actors["site"]),
        ):
            exchange(carrier)


def _list_exchanges(story: Story, vault: Vault, actor: Actor) -> tuple[AtPlace, ...]:
    def note() -> None:
        note_machine_state(vault, story.settings, list_down_systems(vault))

    return (
        HeartbeatExchange(vault.home, story.settings, story.clock, note),
        ReceiptExchange(vault.home, story.settings, vault, actor),
    )
