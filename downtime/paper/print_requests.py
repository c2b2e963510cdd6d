"""Every kind of print request, and how each is read back from the JSON that is kept of it."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import orjson

from downtime.errors import ConflictError, InputError
from downtime.paper.labels.bedside_labels import NewbornBands, SpecimenLabels
from downtime.paper.labels.model import LabelKind
from downtime.paper.labels.print_labels import PatientLabels, StockLabels, WardLabels
from downtime.paper.model import Pack
from downtime.paper.mutual_aid.aid_sheets import CapacitySheet, TransferSheets
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.continue_print import ContinuedPrint
from downtime.paper.packs.event_log import EventLog
from downtime.paper.packs.medicines_due import MedicinesDue
from downtime.paper.packs.model import RequestKind
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.print_request import PrintRequest
from downtime.paper.packs.reprint import Reprint
from downtime.paper.packs.session_pack import ClinicPack, TheatrePack
from downtime.paper.packs.shift_handover import ShiftHandover
from downtime.paper.packs.ward_changes import WardChanges
from downtime.paper.packs.ward_pack import WardPack
from downtime.paper.readiness.proof_page import ProofPage
from downtime.paper.shelf.binder_pages import BinderPages

REQUESTS: Mapping[RequestKind, type[PrintRequest]] = {
    request.kind: request
    for request in (
        WardPack, WardChanges, PatientPack, ClinicPack, TheatrePack, BlankForms, Reprint,
        PatientLabels, ProofPage, ShiftHandover, MedicinesDue, BinderPages,
        TransferSheets, CapacitySheet, EventLog, ContinuedPrint,
    )
}  # fmt: skip
"""The class of each kind; labels are told apart by what they are for."""
_LABELS: Mapping[LabelKind, type[PrintRequest]] = {
    LabelKind.STOCK: StockLabels,
    LabelKind.SPECIMEN: SpecimenLabels,
    LabelKind.NEWBORN: NewbornBands,
}


def read_request(data: Mapping[str, Any]) -> PrintRequest:
    """The request that `to_json` gave, by this version of the program or an earlier one."""
    data = _upgrade(data)
    request = _find_class(data)
    names = {field.name for field in fields(request)}
    values = {name: value for name, value in data.items() if name in names}
    values |= {name: tuple(v) for name, v in values.items() if isinstance(v, list)}
    return request(**values)


def get_pack_request(pack: Pack) -> PrintRequest:
    """What was asked for when a pack was printed; ConflictError when that was not kept."""
    if not pack.request:
        raise ConflictError(
            "pack.no-order", f"What pack {pack.id} was to hold was not kept.", "Print it by name."
        )
    return read_request(orjson.loads(pack.request))


def _find_class(data: Mapping[str, Any]) -> type[PrintRequest]:
    if data["kind"] not in list(RequestKind):
        kinds = ", ".join(RequestKind)
        raise InputError("order.kind", "That cannot be printed.", f"One of: {kinds}.")
    kind = RequestKind(data["kind"])
    if kind != RequestKind.LABELS:
        return REQUESTS[kind]
    if special := _LABELS.get(LabelKind(data["label"])):
        return special
    return PatientLabels if data.get("patient") else WardLabels


def _upgrade(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Before there was a class for each kind, one record had the keys of all of them."""
    if "place" not in data:
        return data
    kind = data["kind"]
    copies = data["copies"]
    return {
        **data,
        "ward": "".join(data["wards"]),
        "location": data["place"],
        "forms": () if data["forms"] is None and kind == RequestKind.BLANK else data["forms"],
        "blanks": copies,
        "copies": copies or (0 if kind == RequestKind.LABELS else 1),
    }
