"""What waits to be keyed, keyed again, decided or compared, in the order in which records need it.

A form is taken from a queue by one person, who then has it on the screen; it is free again when
they save it, let go of it, or stop for longer than the site allows (`entry.idle_minutes`).
Queues hold the paper of drills only while a drill's recovery is worked on, else real paper only.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from downtime.entry import confirm_policies, priority
from downtime.entry.claims import claim_free_form, current_claims
from downtime.entry.keying_policy import apply_policy
from downtime.entry.model import Claim, Task
from downtime.entry.paper_kind import PaperKind, find_other_kind, find_paper_kind
from downtime.entry.store import claims, entries, second_keyings
from downtime.entry.store.entries import WaitingCount
from downtime.errors import InputError
from downtime.paper import ledger
from downtime.paper.forms.load_form import parse_form
from downtime.paper.forms.model import KeyingPolicy
from downtime.paper.model import FormState
from downtime.paper.store import issued_forms, layouts
from downtime.settings import Settings
from downtime.vault.database import transaction
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

QUEUE_TITLES: Mapping[Task, str] = {
    Task.KEY: "To be keyed",
    Task.CONFIRM: "To be confirmed: implausible values",
    Task.KEY_AGAIN: "To be keyed a second time",
    Task.ADJUDICATE: "To be decided by a third person",
    Task.COMPARE: "To be compared with the paper",
    Task.CONFIRM_EMPTY: "Empty forms, to be confirmed",
}
_TRIES = 20
"""How many forms of a queue are looked at before it counts as having none for this person."""


@dataclass(frozen=True, slots=True)
class QueueLine:
    """How many forms of one kind and ward wait in one queue; `rank` is a place in priority.RANKS."""

    queue: Task
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

    queue: Task
    form: str = ""
    ward: str = ""

    @classmethod
    def parse(cls, queue: str, form: str = "", ward: str = "") -> "QueueFilter":
        """From the words of a page; InputError for a queue that there is not."""
        if queue not in tuple(QUEUE_TITLES):
            raise InputError("queue.unknown", "There is no such queue.", "Choose one of the list.")
        return cls(Task(queue), form, ward)


class _FormKind(NamedTuple):
    """What a queue needs to know of all forms of one name."""

    rank: int
    policy: KeyingPolicy


def count_queues(vault: Vault, settings: Settings) -> list[QueueLine]:
    """Every queue by kind of form and ward, the most urgent first."""
    return _count_lines(vault, settings, find_paper_kind(vault))


def count_other_kind(vault: Vault, settings: Settings) -> int:
    """How many forms wait that no queue holds now: of drills, or while a drill is worked on real ones."""
    return sum(line.n for line in _count_lines(vault, settings, find_other_kind(vault)))


def _count_lines(vault: Vault, settings: Settings, paper_kind: PaperKind) -> list[QueueLine]:
    kinds, titles = _read_kinds(vault, settings), ledger.form_titles(vault)
    lines = [
        QueueLine(task, kinds[form].rank, form, titles.get(form, form), ward, count)
        for task, form, ward, count in _count_waiting(vault, paper_kind)
        if form in kinds and not (task == Task.KEY and kinds[form].policy == KeyingPolicy.SCAN)
    ]
    order = list(QUEUE_TITLES)
    return sorted(
        lines, key=lambda line: (order.index(line.queue), line.rank, line.form, line.ward)
    )


def totals(lines: Sequence[QueueLine]) -> dict[Task, int]:
    """How many forms wait in each queue."""
    counted: Counter[Task] = Counter()
    for line in lines:
        counted[line.queue] += line.n
    return {task: counted[task] for task in QUEUE_TITLES}


def list_waiting(
    vault: Vault,
    settings: Settings,
    wanted: QueueFilter,
    actor: Actor,
    limit: int = 50,
    offset: int = 0,
) -> list[WaitingForm]:
    """The next forms of a queue in their order, those that somebody has among them."""
    claims_by_serial, titles = current_claims(vault), ledger.form_titles(vault)
    paper_kind = find_paper_kind(vault)
    serials: list[str] = []
    for names in _group_by_rank(vault, settings, wanted):
        if len(serials) >= offset + limit:
            break
        more = offset + limit - len(serials)
        serials += _find_next(vault, wanted, paper_kind, names, actor, (), more)
    return [
        _describe_waiting(vault, serial, titles, claims_by_serial)
        for serial in serials[offset : offset + limit]
    ]


def _describe_waiting(
    vault: Vault, serial: str, titles: Mapping[str, str], claims_by_serial: Mapping[str, Claim]
) -> WaitingForm:
    form, entry = ledger.get_form(vault, serial), entries.fetch_entry(vault.db, serial)
    return WaitingForm(
        serial,
        form.form,
        titles.get(form.form, form.form),
        form.ward,
        entry.event if entry else "",
        entry.transcriber_name if entry else "",
        claims_by_serial.get(serial),
    )


def count_left(vault: Vault, settings: Settings, wanted: QueueFilter, actor: Actor) -> int:
    """How many forms of a queue wait for this person, those that somebody has among them."""
    if wanted.queue == Task.KEY:
        lines = count_queues(vault, settings)
        return sum(
            line.n
            for line in lines
            if line.queue == Task.KEY
            and wanted.form in ("", line.form)
            and wanted.ward in ("", line.ward)
        )
    names = [name for group in _group_by_rank(vault, settings, wanted) for name in group]
    return entries.count_waiting_for(
        vault.db, wanted.queue, names, find_paper_kind(vault), ward=wanted.ward, not_by=actor.id
    )


def claim_next(
    vault: Vault, settings: Settings, wanted: QueueFilter, actor: Actor, skip: Collection[str] = ()
) -> str | None:
    """Claim the next form of a queue for somebody: its serial, or None when none is left for them.

    Nobody gets what another has on the screen, what they have skipped, or for a second or third
    look what they keyed themselves. Two people who ask at once get two forms.
    """
    with transaction(vault.db) as db:
        now, paper_kind = vault.clock(), find_paper_kind(vault)
        claimed = {
            claim.serial for claim in claims.fetch_all(db, vault.now()) if not claim.is_of(actor)
        }
        for names in _group_by_rank(vault, settings, wanted):
            without = {*claimed, *skip}
            for serial in _find_next(vault, wanted, paper_kind, names, actor, without, _TRIES):
                if wanted.queue == Task.ADJUDICATE and _is_second(vault, serial, actor):
                    continue
                if wanted.queue == Task.KEY_AGAIN and _has_confirmed(vault, serial, actor):
                    continue
                claim_free_form(db, serial, actor, now, settings.entry.idle_minutes)
                return serial
    return None


def _is_second(vault: Vault, serial: str, actor: Actor) -> bool:
    second = second_keyings.fetch(vault.db, serial)
    return second is not None and second.person == actor.id


def _has_confirmed(vault: Vault, serial: str, actor: Actor) -> bool:
    """Whether they confirmed values of it, and so have seen what is to be keyed blind."""
    entry = entries.fetch_entry(vault.db, serial)
    return entry is not None and not confirm_policies.is_blind(entry, actor)


def _find_next(
    vault: Vault,
    wanted: QueueFilter,
    kind: PaperKind,
    names: list[str],
    actor: Actor,
    without: Collection[str],
    limit: int,
) -> list[str]:
    if wanted.queue == Task.KEY:
        return issued_forms.fetch_serials(
            vault.db, FormState.RETURNED, names,
            drill=kind.is_drill, ward=wanted.ward, without=without, limit=limit,
        )  # fmt: skip
    not_by = "" if wanted.queue == Task.CONFIRM else actor.id
    waiting = entries.find_waiting(
        vault.db, wanted.queue, names, kind,
        ward=wanted.ward, without=without, not_by=not_by, limit=limit,
    )  # fmt: skip
    return [entry.serial for entry in waiting]


def _group_by_rank(vault: Vault, settings: Settings, wanted: QueueFilter) -> Iterator[list[str]]:
    """The names of forms of equal rank, the most urgent first."""
    kinds = _read_kinds(vault, settings)
    names = [
        name
        for name, kind in kinds.items()
        if wanted.form in ("", name)
        and not (wanted.queue == Task.KEY and kind.policy == KeyingPolicy.SCAN)
    ]
    names.sort(key=lambda name: (kinds[name].rank, name))
    for _, group in groupby(names, key=lambda name: kinds[name].rank):
        yield list(group)


def _count_waiting(vault: Vault, kind: PaperKind) -> Iterator[WaitingCount]:
    returned = issued_forms.count_by_form(vault.db, FormState.RETURNED, drill=kind.is_drill)
    for form, ward, count in returned:
        yield WaitingCount(Task.KEY, form, ward, count)
    yield from entries.count_waiting(vault.db, kind)


def _read_kinds(vault: Vault, settings: Settings) -> dict[str, _FormKind]:
    """Rank and policy of every form that was printed here, by its name."""
    newest = layouts.fetch_newest_layouts(vault.db)
    definitions = {
        name: parse_form(layouts.fetch_definition_text(vault.db, digest))
        for name, digest in newest.items()
    }
    return {
        name: _FormKind(priority.keying_rank(form, settings), apply_policy(form, settings).policy)
        for name, form in definitions.items()
    }
