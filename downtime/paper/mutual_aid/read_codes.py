"""Read the codes of a sheet from a picture or PDF of it, in a process with limits."""

from typing import Any

import orjson

from downtime.errors import InputError
from downtime.processes import sandbox
from downtime.settings import EntrySettings

_MODULE = "downtime.paper.mutual_aid.read_codes_child"


def read_codes(content: bytes, settings: EntrySettings) -> list[str]:
    """The texts of the square codes on all its pages; InputError when it cannot be opened."""
    if len(content) > settings.scan_max_bytes:
        raise _unusable("it is too large (entry.scan_max_bytes)")
    limits = settings.scan_memory_bytes, settings.scan_seconds
    try:
        lines = sandbox.read_lines(_MODULE, [], *limits, content=content or b" ")
        answer: Any = orjson.loads(b"".join(lines))
    except (sandbox.SandboxError, orjson.JSONDecodeError):
        raise _unusable("it is damaged, or asks for too much") from None
    if "error" in answer:
        raise _unusable(answer["error"])
    return list(map(str, answer["codes"]))


def _unusable(reason: str) -> InputError:
    return InputError(
        "aid.picture",
        f"This file cannot be read: {reason}.",
        "Send a PDF, PNG or JPEG of the sheet with codes, or scan the codes one by one.",
    )
