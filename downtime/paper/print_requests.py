"""What somebody asked to have printed, as data: kept with the pack, so that it can be printed anew."""

from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

import orjson

from downtime.errors import ConflictError, InputError
from downtime.paper.labels import print_labels
from downtime.paper.labels.print_labels import LabelOptions
from downtime.paper.model import Pack
from downtime.paper.packs import pack
from downtime.paper.packs.model import Deliver, PrintOptions, Progress
from downtime.paper.packs.pack import PackResult
from downtime.paper.packs.reprint import print_again
from downtime.paper.packs.ward_changes import print_ward_changes
from downtime.settings import Settings
from downtime.snapshot import load_bundle
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

WARDS, CHANGES, PATIENT, CLINIC, THEATRE, BLANK, AGAIN, LABELS = KINDS = (
    "wards", "changes", "patient", "clinic", "theatre", "blank", "again", "labels",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintRequest:
    """One of KINDS and what it needs; no patient is named but by an opaque id."""

    kind: str
    wards: tuple[str, ...] = ()
    """Empty for all of them; one for `changes`; one or none for `blank`."""
    patient: str = ""
    day: str = ""
    location: str = ""
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

    def to_json(self) -> dict[str, Any]:
        """What `from_data` reads."""
        return asdict(self)


def from_json(data: dict[str, Any]) -> PrintRequest:
    """The order that `as_data` gave."""
    forms = data["forms"]
    given = {"wards": tuple(data["wards"]), "forms": None if forms is None else tuple(forms)}
    return PrintRequest(**{**data, **given})


def get_pack_request(found: Pack) -> PrintRequest:
    """What was asked for when a pack was printed; ConflictError when that was not kept."""
    if not found.request:
        raise ConflictError(
            "pack.no-order", f"What pack {found.id} was to hold was not kept.", "Print it by name."
        )
    return from_json(orjson.loads(found.request))


def print_request(
    vault: Vault,
    settings: Settings,
    order: PrintRequest,
    actor: Actor,
    reason: str,
    out: BinaryIO,
    *,
    progress: Progress | None = None,
    hand_over: Deliver | None = None,
    job: str = "",
) -> PackResult:
    """Print what was asked for, from the present snapshot, into `out`; errors of the pack's kind."""
    options = PrintOptions(
        by_form=order.by_form,
        two_sided=order.two_sided,
        progress=progress,
        deliver=hand_over,
        job=job,
        request=orjson.dumps(order.to_json()).decode(),
    )
    if order.kind == AGAIN:
        return print_again(vault, settings, order.serial, actor, reason, out, options=options)
    if order.kind == LABELS and order.label == print_labels.STOCK:
        return print_labels.print_stock_labels(
            vault, settings, order.forms or (), _wanted(order), actor, reason, out, options=options
        )
    if order.kind == BLANK:
        return pack.blank_forms(
            vault, settings, order.forms or (), order.copies or 1, actor, reason, out,
            ward="".join(order.wards), numbered=order.numbered, options=options,
        )  # fmt: skip
    return _from_snapshot(vault, settings, order, actor, reason, out, options)


def _from_snapshot(
    vault: Vault,
    settings: Settings,
    order: PrintRequest,
    actor: Actor,
    reason: str,
    out: BinaryIO,
    options: PrintOptions,
) -> PackResult:
    with closing(load_bundle.open_current_snapshot(vault)) as snapshot:
        common = (vault, snapshot, settings)
        end = (actor, reason, out)
        if order.kind == PATIENT:
            return pack.patient_pack(*common, order.patient, order.forms, *end, options=options)
        if order.kind in (CLINIC, THEATRE):
            return pack.session_pack(
                *common, order.kind, order.day, order.location, *end,
                forms=order.forms, options=options,
            )  # fmt: skip
        if order.kind == CHANGES:
            return print_ward_changes(
                *common, order.wards[0], *end, forms=order.forms, options=options
            )
        if order.kind == WARDS:
            wards = order.wards or tuple(row.code for row in snapshot.list_wards())
            return pack.ward_pack(
                *common, wards, *end, forms=order.forms, blanks=order.copies, options=options
            )
        if order.kind == LABELS and order.label in print_labels.TITLES:
            wanted = _wanted(order)
            if order.patient:
                return print_labels.print_patient_labels(
                    *common, order.patient, order.label, wanted, *end, options=options
                )
            return print_labels.print_ward_labels(
                *common, order.wards, order.label, wanted, *end, options=options
            )
    raise InputError("order.kind", "That cannot be printed.", f"One of: {', '.join(KINDS)}.")


def _wanted(order: PrintRequest) -> LabelOptions:
    return LabelOptions(order.sheet, order.start, order.copies or 0)
