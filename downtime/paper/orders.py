"""What somebody asked to have printed, as data: kept with the pack, so that it can be printed anew."""

from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

import orjson

from downtime.errors import ConflictError, InputError
from downtime.paper.issue import Pack
from downtime.paper.labels import labels
from downtime.paper.labels.labels import Wanted
from downtime.paper.packs import pack
from downtime.paper.packs.delta import delta_pack
from downtime.paper.packs.job import HandOver, Options, Progress
from downtime.paper.packs.pack import PackResult
from downtime.paper.packs.reprint import reprint
from downtime.settings import Settings
from downtime.snapshot import load
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

WARDS, CHANGES, PATIENT, CLINIC, THEATRE, BLANK, AGAIN, LABELS = KINDS = (
    "wards", "changes", "patient", "clinic", "theatre", "blank", "again", "labels",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One of KINDS and what it needs; no patient is named but by an opaque id."""

    kind: str
    wards: tuple[str, ...] = ()
    """Empty for all of them; one for `changes`; one or none for `blank`."""
    patient: str = ""
    day: str = ""
    place: str = ""
    serial: str = ""
    forms: tuple[str, ...] | None = None
    """None for those of the form set."""
    copies: int | None = None
    """Of every spare or blank; None for what the form set says."""
    numbered: bool = False
    by_form: bool = False
    two_sided: bool = False
    label: str = ""
    """Kind of labels: for `patient`, of one or of a ward, as `wristband`, for the `stock` of forms."""
    sheet: str = ""
    start: int = 1

    def as_data(self) -> dict[str, Any]:
        """What `from_data` reads."""
        return asdict(self)


def from_data(data: dict[str, Any]) -> Order:
    """The order that `as_data` gave."""
    forms = data["forms"]
    given = {"wards": tuple(data["wards"]), "forms": None if forms is None else tuple(forms)}
    return Order(**{**data, **given})


def of_pack(found: Pack) -> Order:
    """What was asked for when a pack was printed; ConflictError when that was not kept."""
    if not found.request:
        raise ConflictError(
            "pack.no-order", f"What pack {found.id} was to hold was not kept.", "Print it by name."
        )
    return from_data(orjson.loads(found.request))


def produce(
    vault: Vault,
    settings: Settings,
    order: Order,
    who: Actor,
    why: str,
    out: BinaryIO,
    *,
    progress: Progress | None = None,
    hand_over: HandOver | None = None,
    job: str = "",
) -> PackResult:
    """Print what was asked for, from the present snapshot, into `out`; errors of the pack's kind."""
    options = Options(
        by_form=order.by_form,
        two_sided=order.two_sided,
        progress=progress,
        hand_over=hand_over,
        job=job,
        request=orjson.dumps(order.as_data()).decode(),
    )
    if order.kind == AGAIN:
        return reprint(vault, settings, order.serial, who, why, out, options=options)
    if order.kind == LABELS and order.label == labels.STOCK:
        return labels.stock_labels(
            vault, settings, order.forms or (), _wanted(order), who, why, out, options=options
        )
    if order.kind == BLANK:
        return pack.blank_forms(
            vault, settings, order.forms or (), order.copies or 1, who, why, out,
            ward="".join(order.wards), numbered=order.numbered, options=options,
        )  # fmt: skip
    return _from_snapshot(vault, settings, order, who, why, out, options)


def _from_snapshot(
    vault: Vault,
    settings: Settings,
    order: Order,
    who: Actor,
    why: str,
    out: BinaryIO,
    options: Options,
) -> PackResult:
    with closing(load.current(vault)) as snapshot:
        common = (vault, snapshot, settings)
        end = (who, why, out)
        if order.kind == PATIENT:
            return pack.patient_pack(*common, order.patient, order.forms, *end, options=options)
        if order.kind in (CLINIC, THEATRE):
            return pack.session_pack(
                *common, order.kind, order.day, order.place, *end,
                forms=order.forms, options=options,
            )  # fmt: skip
        if order.kind == CHANGES:
            return delta_pack(*common, order.wards[0], *end, forms=order.forms, options=options)
        if order.kind == WARDS:
            wards = order.wards or tuple(row.code for row in snapshot.wards())
            return pack.ward_pack(
                *common, wards, *end, forms=order.forms, blanks=order.copies, options=options
            )
        if order.kind == LABELS and order.label in labels.TITLES:
            wanted = _wanted(order)
            if order.patient:
                return labels.patient_labels(
                    *common, order.patient, order.label, wanted, *end, options=options
                )
            return labels.ward_labels(
                *common, order.wards, order.label, wanted, *end, options=options
            )
    raise InputError("order.kind", "That cannot be printed.", f"One of: {', '.join(KINDS)}.")


def _wanted(order: Order) -> Wanted:
    return Wanted(order.sheet, order.start, order.copies or 0)
