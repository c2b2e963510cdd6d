"""Whether a form says anything beyond what was printed on it.

Who it is about and who signed it is no answer, nor is a dash, nor a word that was printed. What is
there and cannot be read is one.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

import orjson

from downtime.clinical import display
from downtime.entry.facts import AbsentReason
from downtime.entry.keyed_form import KeyedForm
from downtime.paper.forms.model import IDENTITY, SIGN_OFF, FieldType, FormItem, KeyingPolicy
from downtime.paper.forms.record_fields import PERSON_PREFIX
from downtime.paper.store import form_contents
from downtime.vault.vault import Vault

_FRAME = frozenset(item.link_id for item in (*IDENTITY, *SIGN_OFF))
_STROKES = re.compile(r"[\s\-‐-―−_.·:,;/\\~]*")
"""What people put into a box to say that nothing stands there; a plus sign is an answer."""
_PLAIN = re.compile(r"[\W_]+")
_SAYS_NOTHING = frozenset(
    ("na", "notapplicable", "blank", "empty", "unused", "notused", "nothing", "nothingwritten", "notwritten",
     "notcompleted", "seepaper")
)  # fmt: skip
"""Words in free text that are typed to get past a form of which nothing is keyed; `none` is an answer."""


def is_empty(vault: Vault, form: KeyedForm, answers: Mapping[str, str]) -> bool:
    """Whether these answers say nothing beyond what was printed on the form."""
    content = form_contents.fetch_content(vault.db, form.issued.serial)
    return not has_answers(form, answers, orjson.loads(content) if content else {})


def has_critical_answers(vault: Vault, form: KeyedForm, answers: Mapping[str, str]) -> bool:
    """Whether two people key fields of a form that says this; of an empty one only those it fills."""
    keys = replace(form, entry=None).critical_keys
    if is_empty(vault, form, answers):
        return any(answers.get(key) for key in keys)
    return bool(keys)


def has_answers(form: KeyedForm, answers: Mapping[str, str], printed: Mapping[str, str]) -> bool:
    """The opposite, with what was printed; a form of which nothing more is keyed is never empty."""
    items = {
        key: item
        for item in form.definition.fields()
        if item.keyed and not _is_frame(form, item)
        for key in item.answer_keys()
    }
    if form.definition.policy == KeyingPolicy.SCAN or not items:
        return True
    return any(
        _is_answer(items[key], text) and not _is_as_printed(items[key], text, printed.get(key, ""))
        for key, text in answers.items()
        if key in items
    )


def _is_frame(form: KeyedForm, item: FormItem) -> bool:
    """Whether it says who the form is about or who signed it; on a list, people are what it says."""
    is_person = item.maps.startswith(PERSON_PREFIX) and not item.repeated
    return item.link_id in _FRAME or (is_person and bool(form.definition.identity))


def _is_answer(item: FormItem, text: str) -> bool:
    if text == AbsentReason.NOT_WRITTEN or _STROKES.fullmatch(text):
        return False
    is_free = item.type in (FieldType.STRING, FieldType.TEXT)
    return not is_free or _PLAIN.sub("", text).casefold() not in _SAYS_NOTHING


def _is_as_printed(item: FormItem, text: str, printed: str) -> bool:
    """Whether an answer is the printed word, which has its day and time as people read them."""
    versions = [text]
    if item.type == FieldType.DATE:
        versions.append(display.format_day(text))
    elif item.type == FieldType.DATE_TIME:
        versions.append(text[11:])
    plain = _PLAIN.sub("", printed).casefold()
    return bool(plain) and any(_PLAIN.sub("", v).casefold() == plain for v in versions)
