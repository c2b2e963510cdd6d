"""What was printed under each serial, kept encrypted: for a reprint, a later delta, and the checksum.

The checksum of a printing is the SHA-256 over, in order, each serial, a line feed, its values and
blocks as JSON with sorted keys, and a line feed. The cover, which shows it, is not in it.
"""

import hashlib
from typing import Any

import orjson

from downtime.paper.packs.model import PrintDocument
from downtime.paper.store import form_contents
from downtime.vault.database import transaction
from downtime.vault.vault import Vault
from downtime.vault.write_access import ReadOnlyError

CHUNK = 500
"""Forms that are written down together: memory stays flat however long a printing is."""
SHORT = 16


class ContentRecorder:
    """Records the content of each form as it is printed."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._rows: list[tuple[str, str, str]] = []
        self.unwritten: list[tuple[str, str, str]] = []
        """What the vault did not take, to be written when it does again."""
        self.checksum = hashlib.sha256()

    def add(self, serial: str, document: PrintDocument, content: Any) -> None:
        """Note one form; a list is never printed again: of it, its digest and which records its copy held."""
        draft = document.draft
        body = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        self.checksum.update(b"%b\n%b\n" % (serial.encode(), body))
        if draft.returns or draft.subject.patient or document.records:
            values = body.decode() if draft.returns else document.records
            self._rows.append((serial, hashlib.sha256(body).hexdigest(), values))
        if len(self._rows) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Write down what is not written yet; what the vault does not take waits."""
        try:
            with transaction(self._vault.db) as db:
                form_contents.insert_contents(db, self._rows)
        except ReadOnlyError as error:
            if not error.reason.lets_print:
                raise
            self.unwritten += self._rows
        self._rows.clear()


def content_digest(content: Any) -> str:
    """What `add` keeps as the digest of a page with this content."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def format_checksum(checksum: str) -> str:
    """The first 16 hexadecimal digits in groups of four, as the cover shows them."""
    digits = checksum[:SHORT].upper()
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))
