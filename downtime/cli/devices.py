"""Let machines know each other: show this one's card, trust another's."""

from pathlib import Path

import orjson

from downtime.accounts.model import Permission
from downtime.cli.options import FILE, OPTIONAL_REASON, out_option
from downtime.cli.program import devices
from downtime.cli.session import Output, Session, command
from downtime.errors import InputError
from downtime.vault import device


@command(devices, "card", permission=Permission.DEVICE_MANAGE)
@out_option("File to write.")
def card(session: Session, out: Path) -> Output:
    """Write this machine's public card, to be trusted on other machines."""
    document = device.export_card(session.vault)
    out.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    return Output(document, [f"Wrote {out}. It holds public keys only."])


@command(devices, "trust", permission=Permission.DEVICE_MANAGE)
@FILE
@OPTIONAL_REASON
def trust(session: Session, file: Path, reason: str) -> Output:
    """Trust another machine: seal bundles to it, and believe those that it publishes."""
    try:
        document = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        raise InputError(
            "device.card",
            f"{file.name} is not a device card.",
            "Make one with 'downtime device card'.",
        ) from None
    trusted = device.trust_card(session.vault, document, session.actor, reason)
    return Output(document, [f"This machine now trusts {trusted.name} ({trusted.code})."])
