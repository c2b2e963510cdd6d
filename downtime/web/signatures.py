"""Who signed the form that was keyed last, and on which day: offered on the next one of the session.

A pile of paper has one author after another. What is carried over is shown as such, changes with one
key, and is kept in memory for the session alone.
"""

import orjson

from downtime.entry.facts import REASON_TEXTS
from downtime.entry.keyed_form import KeyedForm
from downtime.web import request_context

CARRIED = ("author.name", "author.role", "event.date")
_REMEMBERED = "signature"
_SERIAL = "serial"


def remember_signature(serial: str, answers: dict[str, str]) -> None:
    """Note the author and the day of a form that was entered; what cannot be read is not carried."""
    texts = {
        key: text for key in CARRIED if (text := answers.get(key, "")) and text not in REASON_TEXTS
    }
    texts = texts if "author.name" in texts else {}
    request_context.remember_text(
        _REMEMBERED, orjson.dumps({_SERIAL: serial, **texts}).decode() if texts else ""
    )


def carried_signature(form: KeyedForm) -> dict[str, str]:
    """What is offered on a form of which nobody has keyed anything; nothing on any other."""
    if form.entry is not None or not form.definition.sign_off:
        return {}
    return {key: text for key, text in _read().items() if key != _SERIAL}


def carried_from() -> str:
    """The serial of the form from which it is carried."""
    return _read().get(_SERIAL, "")


def _read() -> dict[str, str]:
    text = request_context.session_texts(_REMEMBERED)
    return dict(orjson.loads(text)) if text else {}
