"""Forms that were keyed on two machines: both are kept until a person says which one counts."""

from dataclasses import dataclass, replace

from sqlite_utils import Database

from downtime.entry import carried, store, store_carried
from downtime.entry.carried import Elsewhere
from downtime.entry.model import COMPARE, DRAFT, ENTERED, VERIFIED, Entry
from downtime.errors import ForbiddenError, InputError, NotFoundError
from downtime.paper import ledger, serials
from downtime.paper.issue import KEYED, RETURNED
from downtime.paper.issue import VERIFIED as FORM_VERIFIED
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

HERE, THERE = "here", "there"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An entry here, and another of the same form on a laptop."""

    here: Entry
    there: Elsewhere

    @property
    def serial(self) -> str:
        return self.here.serial


def duplicates(db: Database) -> list[Duplicate]:
    """Every form with an entry elsewhere that is neither the one here nor what it came from."""
    found = [carried.read(*row) for row in store_carried.unlike(db)]
    pairs = ((store.fetch(db, said.serial), said) for said in found)
    return [Duplicate(here, said) for here, said in pairs if here and not _known(db, here, said)]


def _known(db: Database, here: Entry, said: Elsewhere) -> bool:
    """Whether what was keyed there is what is here, or what was here before it was corrected."""
    there = said.entry
    if (there.transcriber, dict(there.answers)) == (here.transcriber, dict(here.answers)):
        return True
    return any(
        (there.transcriber, dict(there.answers)) == (past["transcriber"], past["answers"])
        for past in store.past(db, here.serial)
    )


def find(vault: Vault, serial: str, device: str) -> Duplicate:
    """The two entries of a form; NotFoundError when there is no second one, or it is settled."""
    return _pair(vault.db, serials.parse(serial), device)


def settle(vault: Vault, serial: str, device: str, keep: str, who: Actor, why: str) -> Entry:
    """Say which of two entries counts: `here`, or `there` on the laptop `device`.

    The other one is kept with what the form said before. What is taken over is verified anew.
    InputError without a reason; ForbiddenError for whoever keyed one of them; NotFoundError.
    """
    if keep not in (HERE, THERE) or not why.strip():
        raise InputError("entry.reason", "A reason is needed.", "Say in a few words why.")
    number = serials.parse(serial)
    target = f"{number}: {device}"
    with vault.change(who, f"entry.keep-{keep}", target=target, why=why.strip()) as db:
        pair = _pair(db, number, device)
        if who.id in (pair.here.transcriber, pair.there.entry.transcriber):
            raise ForbiddenError(
                "entry.own", "You keyed one of the two.", "Ask a colleague to settle it."
            )
        store_carried.settle(db, number, device, pair.there.digest)
        loser = pair.there.entry if keep == HERE else pair.here
        store.keep_past(db, loser, vault.now(), who.id, why.strip())
        entry = pair.here if keep == HERE else _take(db, pair, vault.now())
        _put_right(vault, db, entry, who, why.strip())
        return entry


def _pair(db: Database, serial: str, device: str) -> Duplicate:
    for pair in duplicates(db):
        if (pair.serial, pair.there.device) == (serial, device):
            return pair
    raise NotFoundError(
        "entry.no-duplicate", "This form has no second entry.", "See the list of duplicates."
    )


def _take(db: Database, pair: Duplicate, now: str) -> Entry:
    there = pair.there.entry
    draft = there.state == DRAFT
    entry = replace(
        there,
        state=DRAFT if draft else ENTERED,
        outage=pair.here.outage,
        waits="" if draft else COMPARE,
        sampled=1,
        basis="",
        verifier="",
        verifier_name="",
        verified="",
        changed=now,
        corrections=pair.here.corrections + 1,
    )
    carried.put(db, replace(pair.there, entry=entry, second=None), entry.outage)
    return entry


def _put_right(vault: Vault, db: Database, entry: Entry, who: Actor, why: str) -> None:
    """Let the ledger say of the form what its entry says."""
    wanted = {DRAFT: RETURNED, ENTERED: KEYED, VERIFIED: FORM_VERIFIED}[entry.state]
    now, steps = vault.now(), (RETURNED, KEYED, FORM_VERIFIED)
    state = ledger.issued(vault, entry.serial).state
    if state == wanted or state not in steps:
        return
    for step in steps[: steps.index(wanted) + 1]:
        if step != ledger.issued(vault, entry.serial).state:
            ledger.move(db, entry.serial, step, now, who, why)
