"""Devices: this laptop's card, and the machines whose bundles it believes."""

import json
from hashlib import sha256

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.errors import InputError
from downtime.vault import device
from downtime.vault.device import DeviceCard
from downtime.web import request_context
from downtime.web.responses import ViewResponse, file_response, required_reason
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("devices", __name__)
CARD_BYTES = 10_000


def fingerprint(card: DeviceCard) -> str:
    """Twenty characters of the SHA-256 of both public keys, to be read out on the telephone."""
    digest = sha256(f"{card.recipient}|{card.verify_key}".encode()).hexdigest().upper()
    return " ".join(digest[i : i + 4] for i in range(0, 20, 4))


@blueprint.get("/devices")
@require_permission(Permission.DEVICE_MANAGE)
def show() -> ViewResponse:
    """This laptop and the trusted ones."""
    home = request_context.app_state().home
    return render_template(
        "devices/show.html",
        own=device.read_own_card(home),
        trusted=device.read_trusted_cards(home),
        fingerprint=fingerprint,
    )


@blueprint.get("/devices/card")
@require_permission(Permission.DEVICE_MANAGE)
def card() -> ViewResponse:
    """This laptop's card as a file, to carry to the publisher."""
    content = json.dumps(device.export_card(request_context.vault()), indent=1).encode()
    code = device.read_own_card(request_context.app_state().home).code
    return file_response(content, "application/json", f"device-{code}.json")


@blueprint.post("/devices/trust")
@require_permission(Permission.DEVICE_MANAGE)
def trust() -> ViewResponse:
    """Believe another machine's bundles from now on."""
    upload = request.files.get("card")
    try:
        document = json.loads(upload.read(CARD_BYTES)) if upload else None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise InputError("device.card", "That is not a device card.", "Choose the file it saved.")
    trusted = device.trust_card(
        request_context.vault(), document, request_context.actor(), required_reason()
    )
    flash(f"Device {trusted.code}, {trusted.name}, is trusted.")
    return redirect(url_for("devices.show"), 303)


@blueprint.post("/devices/distrust")
@require_permission(Permission.DEVICE_MANAGE)
def distrust() -> ViewResponse:
    """Believe it no longer."""
    code = request.form.get("code", "")
    device.distrust_device(
        request_context.vault(), code, request_context.actor(), required_reason()
    )
    flash(f"Device {code} is no longer trusted.")
    return redirect(url_for("devices.show"), 303)
