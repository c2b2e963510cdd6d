"""The approval of a form on the hospital's own PDF: by whom, until when, and of exactly which form.

It lies beside the form's file as `NAME.approval.json`, signed by the publisher at which it was given, so
that it goes where the form's files are copied to and holds on every machine of the site. It names the
SHA-256 of definition and PDF together: a form that was changed in either is another form, whoever
changed it and however.
"""

import hashlib
import json
from base64 import b64decode
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature

from downtime.config import Home
from downtime.errors import UntrustedError
from downtime.paper.forms.background import find_background
from downtime.paper.forms.load_form import load_forms
from downtime.paper.forms.model import FormDefinition
from downtime.vault import device, machines, sealing
from downtime.vault.files import write_atomic
from downtime.vault.model import MachineRole
from downtime.vault.slots import to_canonical_json
from downtime.vault.vault import Vault

FORMAT = "downtime-form-approval/1"
DIGITS = 16
"""So many of a form's SHA-256 are shown to people who compare what was approved, and stand in the audit."""
_MAX_BYTES = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class FormApproval:
    """Who made a form, and who approved it: empty until a second person has. Times are stored text."""

    form: str
    version: str
    digest: str
    """Of definition and PDF, as `find_form_digest`."""
    author: str
    author_name: str
    authored: str
    approver: str = ""
    approver_name: str = ""
    approved: str = ""
    review: str = ""
    """The last day before its owner looks at it again, an ISO date in the site's calendar."""

    @property
    def is_approved(self) -> bool:
        """Whether two people stand for it."""
        return bool(self.approver) and self.approver != self.author

    def is_review_due(self, today: date) -> bool:
        """Whether its owner should have looked at it again."""
        return bool(self.review) and self.review < today.isoformat()


def find_form_digest(form: FormDefinition, home: Home) -> str:
    """What two people approve: the definition and the PDF under it; NotFoundError without the PDF."""
    content = find_background(form, home).read_bytes()
    parts = form.digest, hashlib.sha256(content).hexdigest()
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def write_approval(vault: Vault, approval: FormApproval) -> None:
    """Keep it beside the form, signed by this machine."""
    card = device.read_own_card(vault.home)
    content = {
        "downtime": FORMAT,
        **asdict(approval),
        "key": sealing.key_id(card.public_key),
    }
    signature = device.load_device(vault).sign(to_canonical_json(content))
    text = json.dumps({**content, "signature": signature}, indent=1)
    write_atomic(_path(vault.home, approval.form), text.encode())


def read_approval(form: FormDefinition, home: Home) -> FormApproval | None:
    """What stands for the form as it is now; None when nothing does, or nothing that can be believed."""
    try:
        content = _path(home, form.name).read_bytes()
    except OSError:
        return None
    try:
        approval = _verify(content, home)
    except (UntrustedError, InvalidSignature, ValueError, KeyError, TypeError):
        return None
    is_same = approval.form == form.name and approval.digest == find_form_digest(form, home)
    return approval if is_same else None


def _verify(content: bytes, home: Home) -> FormApproval:
    if len(content) > _MAX_BYTES:
        raise ValueError("too long")
    document: dict[str, Any] = json.loads(content)
    signature = b64decode(document.pop("signature"))
    machine = machines.check_role(home, str(document["key"]), MachineRole.PUBLISHER)
    machine.card.public_key.verify(signature, to_canonical_json(document))
    if document.pop("downtime") != FORMAT:
        raise ValueError("another format")
    del document["key"]
    return FormApproval(**{name: str(value) for name, value in document.items()})


def _path(home: Home, name: str) -> Path:
    return home.forms_folder / f"{name}.approval.json"


def is_withheld(form: FormDefinition, home: Home) -> bool:
    """Whether nobody may be given this form: it stands on the hospital's own PDF, and two people did not
    approve it as it is."""
    if not form.background:
        return False
    approval = read_approval(form, home)
    return approval is None or not approval.is_approved


def load_printable_forms(home: Home) -> dict[str, FormDefinition]:
    """The forms that may be printed, by name: the installation's stands in for a withheld one of its name."""
    forms = {}
    for name, form in load_forms(home).items():
        printable = load_forms().get(name) if is_withheld(form, home) else form
        if printable is not None:
            forms[name] = printable
    return forms
