"""Destroy a machine's home, unless something of it is known nowhere else; a proof says what there was."""

from collections.abc import Callable
from dataclasses import dataclass

from downtime.errors import ConflictError, InputError
from downtime.outage import outages
from downtime.pdf.templates import render_pdf
from downtime.settings import Settings
from downtime.sync.model import AuditAction
from downtime.vault import device
from downtime.vault.checkpoint import make_checkpoint
from downtime.vault.device import DeviceCard
from downtime.vault.erase_home import ErasedHome, erase_home
from downtime.vault.model import Actor, Checkpoint
from downtime.vault.policies import check_reason
from downtime.vault.store import audit_chain
from downtime.vault.vault import Vault

_KNOWN_ELSEWHERE = frozenset(
    {
        "backup", "handover", "home", "ingest", "job", "machine", "marks", "person", "quarantine",
        "readiness", "receipt", "root", "session", "snapshot", "tls", "vault",
    }
)  # fmt: skip
"""Families of audit actions that write nothing of patients or paper here that is not held elsewhere, too."""


@dataclass(frozen=True, slots=True)
class Destruction:
    """What a proof says; `checkpoint` signs the audit up to the entry of the destruction itself."""

    card: DeviceCard
    site: str
    actor: Actor
    reason: str
    begun: str
    checkpoint: Checkpoint | None
    lost: tuple[str, ...]
    """What was known nowhere else, and was given up."""
    erased: ErasedHome | None = None
    """None while it is not done."""
    finished: str = ""


def find_unaccounted(vault: Vault) -> list[str]:
    """A sentence for each thing that would be lost: open outages, and what no records station has merged.

    Once a records station has merged everything an outage is open there, not here, unless paper is still written.
    """
    merged = _find_merged(vault)
    actions = [a for a in audit_chain.list_actions(vault.db) if _writes_here_alone(a)]
    unsent = sum(
        number > merged
        for action in actions
        for number in audit_chain.list_numbers_of(vault.db, action)
    )
    sentences = [
        f"{outage.label} is not closed: its forms are not all accounted for."
        for outage in outages.list_unclosed(vault)
        if outage.down or unsent or not merged
    ]
    if unsent:
        sentences.append(
            f"{unsent} things that were done on this machine are in no bundle that a records station has"
            " merged."
        )
    return sentences


def _find_merged(vault: Vault) -> int:
    """Up to which entry of the audit a records station has merged what is here."""
    entries = audit_chain.find_entries_of(vault.db, [AuditAction.HANDOVER_MERGED])
    return max((int(entry.target.split()[1]) for entry in entries), default=0)


def _writes_here_alone(action: str) -> bool:
    return action.partition(".")[0] not in _KNOWN_ELSEWHERE


def check_can_destroy(vault: Vault, typed_code: str, *, give_up: bool) -> list[str]:
    """What will be lost; ConflictError where that is something and nobody gave it up."""
    code = device.read_own_code(vault.home)
    if typed_code.strip().upper() != code:
        raise InputError(
            "destroy.code",
            f"This machine is {code}, not {typed_code.strip() or 'nothing'}.",
            "Type the code of the machine that is to be destroyed, or go to that machine.",
        )
    unaccounted = find_unaccounted(vault)
    if unaccounted and not give_up:
        raise ConflictError(
            "destroy.unaccounted",
            " ".join(unaccounted),
            "Run 'downtime sync export --to FOLDER', have it merged, and export once more into that folder to"
            " take the receipt. To lose it all the same: --give-up.",
        )
    return unaccounted


def destroy_home(
    vault: Vault,
    settings: Settings,
    typed_code: str,
    actor: Actor,
    reason: str,
    write_proof: Callable[[bytes], None],
    *,
    give_up: bool = False,
) -> Destruction:
    """Close the vault, destroy its keys, then all of its home. `write_proof` takes a PDF, twice: before, so that
    it is known to have a place, and after. Nothing is destroyed when the first one cannot be written."""
    reason = check_reason(reason)
    lost = tuple(check_can_destroy(vault, typed_code, give_up=give_up))
    card, begun = device.read_own_card(vault.home), vault.now()
    with vault.change(actor, AuditAction.HOME_DESTROY, target=card.code, reason=reason):
        pass
    site = f"{settings.site.name} ({settings.site.code})"
    destruction = Destruction(card, site, actor, reason, begun, make_checkpoint(vault), lost)
    write_proof(_draw_proof(destruction))
    home, clock = vault.home, vault.now
    vault.close()
    destruction = _finish(destruction, erase_home(home), clock())
    write_proof(_draw_proof(destruction))
    return destruction


def _finish(begun: Destruction, erased: ErasedHome, at: str) -> Destruction:
    return Destruction(
        begun.card, begun.site, begun.actor, begun.reason, begun.begun, begun.checkpoint, begun.lost,
        erased, at,
    )  # fmt: skip


_REMAINS = (
    (
        "Unlock files",
        "Files that --unlock-file names lie outside the home. They open nothing now: delete them.",
    ),
    (
        "Backups",
        "A backup opens with its own keys. Destroy those of this machine that nobody needs.",
    ),
    ("Other machines", "Snapshots of the site, and what was merged at the records station."),
    (
        "List of machines",
        "Take the machine off it: 'downtime fleet revoke CODE' with a stick of the root.",
    ),
    ("Paper, and files that were exported or printed", "Nothing of it was touched."),
    (
        "The disk",
        "A disk may keep old copies of overwritten blocks. Where it was not encrypted as a whole, have it destroyed.",
    ),
)


def _draw_proof(destruction: Destruction) -> bytes:
    erased, point = destruction.erased, destruction.checkpoint
    outcome = (
        "BEGUN, NOT FINISHED: if this is all there is, the destruction was interrupted"
        if erased is None
        else "DESTROYED, but for the files below"
        if erased.remaining
        else "DESTROYED"
    )
    done = (
        (
            ("Keys, overwritten and removed first", ", ".join(erased.key_files)),
            ("Files removed", f"{erased.files}, together {erased.bytes:,} bytes"),
            ("Finished (UTC)", destruction.finished),
            *(("Could not be removed", path) for path in erased.remaining),
        )
        if erased
        else ()
    )
    chain = (
        (
            ("Entries", str(point.count)),
            ("Head", point.head),
            ("Signed at (UTC)", point.at),
            ("Signature of the machine", point.signature),
            ("Fingerprint of the machine", destruction.card.fingerprint),
        )
        if point
        else (("Entries", "none"),)
    )
    lost = tuple(("Given up", sentence) for sentence in destruction.lost)
    return render_pdf(
        "sheet.html",
        title="Proof of destruction",
        site=destruction.site,
        facts=(
            ("Outcome", outcome),
            ("Machine", f"{destruction.card.code}, {destruction.card.name}"),
            ("By", f"{destruction.actor.name} ({destruction.actor.id})"),
            ("Reason", destruction.reason),
            ("Begun (UTC)", destruction.begun),
        ),
        blanks=("Serial number of the computer",),
        tables=(
            ("What was destroyed", done or (("Nothing yet", ""),)),
            (
                "What was known nowhere else",
                lost
                or (
                    (
                        "Nothing",
                        "Every outage is closed, and a records station has merged all paper.",
                    ),
                ),
            ),
            ("Its audit, as it ended", chain),
            ("What remains elsewhere", _REMAINS),
        ),
        signature="Witness, date",
    )
