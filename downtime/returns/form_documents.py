"""What a filed form goes out as: its scan, else its answers as they were keyed."""

from typing import NamedTuple

from downtime.entry import scans
from downtime.entry.facts import REASON_TEXTS
from downtime.entry.model import Entry
from downtime.entry.store import entries as entry_store
from downtime.paper import ledger
from downtime.paper.forms.field_types import FIELD_TYPES
from downtime.paper.forms.model import SIGN_OFF, FormDefinition, FormItem
from downtime.paper.ledger import get_printed_definition
from downtime.returns.profiles import Target
from downtime.vault.vault import Vault

_SIGN_OFF = frozenset(item.link_id for item in SIGN_OFF)


class FormAnswer(NamedTuple):
    """One answer of a form: its key, the question as printed, and the answer in the form's words."""

    key: str
    question: str
    answer: str


def has_document(vault: Vault, serial: str) -> bool:
    """Whether there is anything to send of a filed form: pages, or more than its sign-off keyed."""
    if scans.find_scan(vault, serial) is not None:
        return True
    entry = entry_store.fetch_entry(vault.db, serial)
    return entry is not None and any(
        answer and key.partition(":")[0] not in _SIGN_OFF for key, answer in entry.answers.items()
    )


def find_document_address(target: Target, serial: str) -> str:
    """The page of this station that shows a form's scan; empty where the scan itself is sent."""
    base = target.document_address.rstrip("/")
    return f"{base}/key/{serial}" if base else ""


def read_form_answers(vault: Vault, serial: str) -> list[FormAnswer]:
    """The answers of a form that was keyed, in reading order, worded as the form words them."""
    entry = entry_store.fetch_entry(vault.db, serial)
    if entry is None:
        return []
    return list_form_answers(entry, get_printed_definition(vault, ledger.get_form(vault, serial)))


def list_form_answers(entry: Entry, definition: FormDefinition) -> list[FormAnswer]:
    """The same of an entry and the definition it was printed from."""
    items = {
        key: item
        for item in (*definition.identity, *definition.fields())
        for key in item.answer_keys()
    }
    return [
        FormAnswer(key, item.text or item.link_id, _word_answer(item, answer))
        for key, item in items.items()
        if (answer := entry.answers.get(key, ""))
    ]


def _word_answer(item: FormItem, answer: str) -> str:
    return REASON_TEXTS.get(answer) or FIELD_TYPES[item.type].word(item, answer)
