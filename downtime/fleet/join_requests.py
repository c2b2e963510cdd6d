"""Requests to join that machines leave at places, and the list that goes there for them.

Whoever can write at a place can leave anything there. Only what a machine has signed is shown, of a
limited size and number, and nothing of it is believed before a person has typed in the code that
stands on that machine's own screen.
"""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice

from downtime.config import Home
from downtime.errors import InputError, NotFoundError, UserError
from downtime.fleet.enrol_machine import MAX_REQUEST_BYTES, JoinRequest, make_code, read_request
from downtime.fleet.exchange_list import exchange_list
from downtime.fleet.model import Direction
from downtime.fleet.outbox import MACHINES
from downtime.fleet.places import Place, read_places
from downtime.fleet.reach_places import describe_fault, visit_places
from downtime.fleet.run_state import PlaceState
from downtime.settings import Settings
from downtime.transport.carrier import PacedCarrier
from downtime.transport.pace import Pace
from downtime.vault import device, machines
from downtime.vault.device import CODE_ALPHABET, DeviceCard
from downtime.vault.signed_list import MAX_BYTES

FOLDER = "requests"
MOST_NAMES = 10_000
"""More names than that are not looked through."""
MOST_REQUESTS = 100
"""More than that are not read at a place."""
_NAME = re.compile(rf"[{CODE_ALPHABET}]{{2}}\.json")


@dataclass(frozen=True, slots=True)
class PlacedRequest:
    """A request that lies at a place; its signature holds, and that is all that is known of it."""

    place: str
    request: JoinRequest


@dataclass(slots=True)
class FoundRequests:
    """What lies at the places, and a sentence for each thing that could not be used."""

    requests: list[PlacedRequest] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)

    def find(self, code: str) -> JoinRequest:
        """The request of a machine by its two-character code.

        NotFoundError when there is none, InputError when several machines ask with that code.
        """
        wanted = code.strip().upper()
        listing = {item.request.card: item.request for item in self.requests
                 if item.request.card.code == wanted}  # fmt: skip
        if not listing:
            raise NotFoundError(
                "machines.no-request",
                " ".join([f"No request of a machine {wanted} lies at a place.", *self.sentences]),
                "Run 'downtime fleet join' there again, or carry its request as a file.",
            )
        if len(listing) > 1:
            raise InputError(
                "machines.two-requests",
                f"Two machines ask to join with the code {wanted}.",
                "Carry the request of the right one as a file.",
            )
        return next(iter(listing.values()))


def find_places(settings: Settings) -> dict[str, Place]:
    """All places of this machine, whichever way snapshots go there."""
    return {
        name: place
        for direction in Direction
        for name, place in read_places(settings, direction).items()
    }


def leave_request(settings: Settings, content: bytes, code: str) -> dict[str, str]:
    """Leave this machine's request at every place; why it could not be left, by place, '' for well."""
    return _visit(settings, lambda _, carrier: carrier.replace_file(_file_name(code), content))


def list_requests(settings: Settings) -> FoundRequests:
    """What lies at the places; anything broken is named and left out."""
    listing = FoundRequests()
    faults = _visit(settings, lambda name, carrier: _read_place(listing, name, carrier))
    listing.sentences += [f"{name}: {fault}" for name, fault in sorted(faults.items()) if fault]
    listing.requests.sort(key=lambda item: (item.request.card.code, item.place))
    return listing


def remove_request(settings: Settings, card: DeviceCard) -> None:
    """Take away a request that was answered; another machine's of the same name stays."""

    def remove(_: str, carrier: PacedCarrier) -> None:
        name = _file_name(card.code)
        with suppress(FileNotFoundError, UserError):
            if _read_request(carrier, name).card == card:
                carrier.remove_file(name)

    _visit(settings, remove)


def carry_list(home: Home, settings: Settings) -> dict[str, str]:
    """Bring the list of machines to every place at once; why not, by place, '' for well."""

    def exchange(_: str, carrier: PacedCarrier) -> None:
        exchange_list(home, carrier)

    return _visit(settings, exchange)


def fetch_list(home: Home, settings: Settings, code: str) -> bytes:
    """The newest list at the places that the typed code stands for; NotFoundError.

    Where the code fits none, any of them is given, so that whoever typed it hears why.
    """
    contents: set[bytes] = set()

    def read(_: str, carrier: PacedCarrier) -> None:
        file = carrier.read_small(MACHINES, MAX_BYTES)
        contents.add(file.content if file else b"")

    faults = _visit(settings, read)
    offered = list(_parse_lists(contents))
    if not offered:
        reasons = [f"{name}: {fault}" for name, fault in sorted(faults.items()) if fault]
        raise NotFoundError(
            "machines.no-list",
            " ".join(["There is no list of machines at a place of this machine.", *reasons]),
            "Wait until the administrator has added it, or take the list as a file.",
        )
    card = device.read_own_card(home)
    plain = code.upper().translate(_SEPARATORS)

    def rank(listed: machines.MachineList) -> tuple[bool, tuple[int, int]]:
        fits = make_code(card, listed.signed.first_pin).translate(_SEPARATORS) == plain
        return fits, listed.signed.rank

    return max(offered, key=rank).signed.data


_SEPARATORS = str.maketrans("", "", " -")


def _parse_lists(contents: Iterable[bytes]) -> Iterable[machines.MachineList]:
    for content in contents:
        with suppress(UserError):
            yield machines.parse_list(content)


def _read_place(listing: FoundRequests, place: str, carrier: PacedCarrier) -> None:
    names = {
        name for name in islice(carrier.list_names(FOLDER), MOST_NAMES) if _NAME.fullmatch(name)
    }
    if len(names) > MOST_REQUESTS:
        listing.sentences.append(f"{place}: more than {MOST_REQUESTS} requests lie there.")
    for name in sorted(names)[:MOST_REQUESTS]:
        try:
            request = _read_request(carrier, f"{FOLDER}/{name}")
        except FileNotFoundError:
            continue
        except (OSError, UserError):
            listing.sentences.append(f"{place}: {name} is no machine's request; it is left out.")
        else:
            listing.requests.append(PlacedRequest(place, request))


def _read_request(carrier: PacedCarrier, name: str) -> JoinRequest:
    """InputError when it is none, or another machine's than its name says."""
    file = carrier.read_small(name, MAX_REQUEST_BYTES)
    request = read_request(file.content if file else b"")
    if _file_name(request.card.code) != name:
        raise InputError("machines.request", "It is another machine's.", "Ask who left it there.")
    return request


def _file_name(code: str) -> str:
    return f"{FOLDER}/{code}.json"


def _visit(settings: Settings, visit: Callable[[str, PacedCarrier], None]) -> dict[str, str]:
    places = find_places(settings)
    states = {name: PlaceState() for name in places}
    fleet = settings.fleet
    hasty = replace(fleet, place_seconds=min(fleet.place_seconds, fleet.join_seconds))
    errors = visit_places(places, states, hasty, Pace(fleet.max_bytes_per_second), visit)
    return {name: describe_fault(error) if error else "" for name, error in errors.items()}
