"""What waits to be keyed, keyed again, decided or compared, in the order in which records need it.

A form is taken from a queue by one person, who then has it on the screen; it is free again when
they save it, let go of it, or stop for longer than the site allows (`entry.idle_minutes`).
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from downtime.entry import claims, keying_policy, priority
from downtime.entry.claims import Claim
from downtime.entry.keying_policy import SCAN
from downtime.entry.model import Task
from downtime.entry.store import checks, entries
from downtime.errors import InputError
from downtime.paper import ledger
from downtime.paper.forms.load_form import parse_form
from downtime.paper.forms.model import FormDefinition
from downtime.paper.model import FormState
from downtime.paper.store import issued_forms as paper_store
from downtime.paper.store import layouts
from downtime.settings import Settings
from downtime.vault.database import transaction
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

QUEUE_TITLES: Mapping[str, str] = {
    Task.KEY: "To be keyed",
    Task.KEY_AGAIN: "To be keyed a second time",
    Task.ADJUDICATE: "To be decided by a third person",
    Task.COMPARE: "To be compared with the paper",
}
_TRIES = 20
"""How many forms of a queue are looked at before it counts as having none for this person."""


@dataclass(frozen=True, slots=True)
class QueueLine:
    """How many forms of one kind and ward wait in one queue; `rank` is a place in priority.RANKS."""

    queue: str
    rank: int
    form: str
    title: str
    ward: str
    n: int


@dataclass(frozen=True, slots=True)
class WaitingForm:
    """One form that waits, and who has it just now, if anybody."""

    serial: str
    form: str
    title: str
    ward: str
    event: str
    keyed_by: str
    claim: Claim | None


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which forms of a queue somebody works through; empty words let all through."""

    queue: str
    form: str = ""
    ward: str = ""

    def __post_init__(self) -> None:
        if self.queue not in QUEUE_TITLES:
            raise InputError("queue.unknown", "There is no such queue.", "Choose one of the list.")


def count_queues(vault: Vault, settings: Settings) -> list[QueueLine]:
    """Every queue by kind of form and ward, the most urgent first."""
    ranks, titles = _ranks(vault, settings), ledger.form_titles(vault)
    found = [
        QueueLine(queue, ranks[form][0], form, titles.get(form, form), ward, n)
        for queue, form, ward, n in _counted(vault)
        if form in ranks and not (queue == Task.KEY and ranks[form][1] == SCAN)
    ]
    order = list(QUEUE_TITLES)
    return sorted(
        found, key=lambda line: (order.index(line.queue), line.rank, line.form, line.ward)
    )


def totals(found: Sequence[QueueLine]) -> dict[str, int]:
    """How many forms wait in each queue."""
    counted: Counter[str] = Counter()
    for line in found:
        counted[line.queue] += line.n
    return {queue: counted[queue] for queue in QUEUE_TITLES}


def listed(
    vault: Vault, settings: Settings, wanted: QueueFilter, actor: Actor, limit: int = 50
) -> list[WaitingForm]:
    """The next forms of a queue in their order, those that somebody has among them."""
    held, titles = claims.current_claims(vault), ledger.form_titles(vault)
    found: list[WaitingForm] = []
    for forms in _groups(vault, settings, wanted):
        for serial in _next(vault, wanted, forms, actor, (), limit - len(found)):
            form = ledger.get_form(vault, serial)
            entry = entries.fetch(vault.db, serial)
            title = titles.get(form.form, form.form)
            event, by = (entry.event, entry.transcriber_name) if entry else ("", "")
            found.append(
                WaitingForm(serial, form.form, title, form.ward, event, by, held.get(serial))
            )
        if len(found) >= limit:
            break
    return found


def take(
    vault: Vault, settings: Settings, wanted: QueueFilter, actor: Actor, skip: Collection[str] = ()
) -> str | None:
    """Claim the next form of a queue for somebody: its serial, or None when none is left for them.

    Nobody gets what another has on the screen, what they have skipped, or for a second or third
    look what they keyed themselves. Two people who ask at once get two forms.
    """
    with transaction(vault.db) as db:
        now = vault.clock()
        held = {
            row["serial"]
            for row in checks.fetch_claims(db, vault.now())
            if row["person"] != actor.id
        }
        for forms in _groups(vault, settings, wanted):
            for serial in _next(vault, wanted, forms, actor, {*held, *skip}, _TRIES):
                if wanted.queue == Task.ADJUDICATE and _is_second(vault, serial, actor):
                    continue
                claims.claim_free_form(db, serial, actor, now, settings.entry.idle_minutes)
                return serial
    return None


def _is_second(vault: Vault, serial: str, actor: Actor) -> bool:
    second = checks.fetch_second(vault.db, serial)
    return second is not None and second.person == actor.id


def _next(
    vault: Vault,
    wanted: QueueFilter,
    forms: list[str],
    actor: Actor,
    without: Collection[str],
    limit: int,
) -> list[str]:
    if wanted.queue == Task.KEY:
        return paper_store.fetch_serials(
            vault.db, FormState.RETURNED, forms, ward=wanted.ward, without=without, limit=limit
        )
    waiting = entries.find_waiting(
        vault.db, wanted.queue, forms,
        ward=wanted.ward, without=without, not_by=actor.id, limit=limit,
    )  # fmt: skip
    return [entry.serial for entry in waiting]


def _groups(vault: Vault, settings: Settings, wanted: QueueFilter) -> Iterator[list[str]]:
    """The names of forms of equal rank, the most urgent first."""
    ranks = _ranks(vault, settings)
    names = [
        name
        for name, (_, policy) in ranks.items()
        if wanted.form in ("", name) and not (wanted.queue == Task.KEY and policy == SCAN)
    ]
    names.sort(key=lambda name: (ranks[name][0], name))
    for _, group in groupby(names, key=lambda name: ranks[name][0]):
        yield list(group)


def _counted(vault: Vault) -> Iterator[tuple[str, str, str, int]]:
    for form, ward, n in paper_store.count_by_form(vault.db, FormState.RETURNED):
        yield Task.KEY, form, ward, n
    yield from entries.count_waiting(vault.db)


def _ranks(vault: Vault, settings: Settings) -> dict[str, tuple[int, str]]:
    """Rank and policy of every form that was printed here, by its name."""
    newest = layouts.fetch_newest_layouts(vault.db)
    made = {name: _definition(vault, digest) for name, digest in newest.items()}
    return {
        name: (
            priority.keying_rank(form, settings),
            keying_policy.apply_policy(form, settings).policy,
        )
        for name, form in made.items()
    }


def _definition(vault: Vault, digest: str) -> FormDefinition:
    return parse_form(layouts.fetch_definition_text(vault.db, digest))
