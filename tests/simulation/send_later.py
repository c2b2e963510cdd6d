"""Systems that were down send what happened meanwhile only when they are back: its times stay, the sending is late."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

MSH_7 = re.compile(r"(?<![^\r\n])(MSH\|(?:[^|]*\|){5})(\d{12,14})")
LAST_UPDATED = re.compile(r'("lastUpdated":\s*")([^"]+)(")')
LOCAL = ZoneInfo("Europe/London")


def send_later(feeds: Path, since: datetime, delay: timedelta) -> None:
    """Date everything that was sent after `since` later by `delay`, in its own order."""

    def shift_message(match: re.Match[str]) -> str:
        digits = match[2]
        form = "%Y%m%d%H%M" if len(digits) == 12 else "%Y%m%d%H%M%S"
        at = datetime.strptime(digits, form).replace(tzinfo=LOCAL)
        return match[1] + ((at + delay).strftime(form) if at > since else digits)

    def shift_resource(match: re.Match[str]) -> str:
        at = datetime.fromisoformat(match[2])
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return match[1] + ((at + delay).isoformat() if at > since else match[2]) + match[3]

    for path in sorted(feeds.rglob("*.hl7")):
        _rewrite(path, MSH_7, shift_message)
    for pattern in ("*.json", "*.ndjson"):
        for path in sorted(feeds.rglob(pattern)):
            _rewrite(path, LAST_UPDATED, shift_resource)


def _rewrite(path: Path, pattern: re.Pattern[str], shift: Callable[[re.Match[str]], str]) -> None:
    content = path.read_bytes().decode("latin-1")  # byte for byte, whatever the character set
    path.write_bytes(pattern.sub(shift, content).encode("latin-1"))
