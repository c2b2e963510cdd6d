"""Take in what another hospital sent: only what a partner has signed, once; and whom a summary became here."""

from downtime.errors import ConflictError, NotFoundError, UntrustedError
from downtime.outage import outages
from downtime.outage.events.store import fetch_event
from downtime.paper.mutual_aid import store
from downtime.paper.mutual_aid.model import AidKind, AuditAction, ReceivedDocument
from downtime.paper.mutual_aid.partners import find_machine
from downtime.paper.mutual_aid.signed_codes import CodeParts, open_codes, read_key_id
from downtime.vault.machines import list_machines
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def receive_document(vault: Vault, parts: CodeParts, actor: Actor) -> ReceivedDocument:
    """Keep the document in the codes of a sheet; the same sheet again changes nothing.

    InputError while codes are missing; UntrustedError when no partner signed it, it was altered, or it
    names another hospital than the one whose key made it.
    """
    key_id = read_key_id(parts)
    if any(machine.key_id == key_id for machine in list_machines(vault.home)):
        raise ConflictError(
            "aid.own",
            "This sheet is of this hospital.",
            "Find the patient here, by name or number.",
        )
    machine = find_machine(vault, key_id)
    verified = open_codes(parts, machine.key)
    if verified.document.hospital_code != machine.partner.code:
        raise UntrustedError(
            "aid.hospital",
            f"{machine.partner.name} signed this in the name of another hospital.",
            "Do not use it; telephone them, and tell security.",
        )
    if known := store.find_received(vault.db, verified.id):
        return known
    with vault.change(actor, AuditAction.AID_RECEIVE, target=f"{verified.id[:16]}") as db:
        store.insert_received(db, verified, machine.partner.id, vault.now(), actor.id, actor.name)
    return get_received(vault, verified.id)


def get_received(vault: Vault, document_id: str) -> ReceivedDocument:
    """NotFoundError when there is none."""
    received = store.find_received(vault.db, document_id)
    if received is None:
        raise NotFoundError(
            "aid.unknown", "There is no such document.", "See what was received, on Mutual aid."
        )
    return received


def list_transfers(vault: Vault) -> list[ReceivedDocument]:
    """The summaries that were received, the newest first."""
    return store.fetch_received(vault.db, AidKind.TRANSFER)


def list_capacity(vault: Vault) -> list[ReceivedDocument]:
    """What each other hospital said last of itself; in a drill beside what it said in earnest."""
    newest: dict[tuple[str, bool], ReceivedDocument] = {}
    for received in store.fetch_received(vault.db, AidKind.CAPACITY):
        document = received.document
        newest.setdefault((document.hospital_code, document.is_drill), received)
    return sorted(newest.values(), key=lambda received: received.document.is_drill)


def check_can_register(vault: Vault, received: ReceivedDocument) -> None:
    """ConflictError when somebody was registered from it, or one of a drill is for a real patient."""
    if received.arrival:
        raise ConflictError(
            "aid.registered",
            "This patient was registered from this summary already.",
            "Open the patient, by name or downtime number.",
        )
    current = outages.find_current(vault)
    if current and current.drill != received.document.is_drill:
        word = "a drill" if received.document.is_drill else "a real patient"
        raise ConflictError(
            "aid.drill",
            f"This summary is of {word}, and what is going on here is not.",
            "Keep drills and real patients apart.",
        )


def link_arrival(vault: Vault, document_id: str, arrival: str, actor: Actor) -> None:
    """Note whom a summary became: somebody who arrived here. NotFoundError, ConflictError."""
    received = get_received(vault, document_id)
    check_can_register(vault, received)
    if fetch_event(vault.db, arrival) is None:
        raise NotFoundError("event.unknown", "There is no such event.", "See the list of events.")
    target = f"{document_id[:16]} {arrival}"
    with vault.change(actor, AuditAction.AID_LINK, target=target) as db:
        store.set_arrival(db, document_id, arrival)


def list_of_arrival(vault: Vault, arrival: str) -> list[ReceivedDocument]:
    """The summaries with which somebody came who was registered here."""
    return store.fetch_of_arrival(vault.db, arrival)
