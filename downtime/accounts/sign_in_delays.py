"""Failed sign-ins of this machine: each makes the next wait longer, up to a cap, never for good.

Counted in `keys/failures.json`, because the vault is locked when it happens and a restart must not
forget. User names are hashed there. An attempt counts before it is checked, so that many at once
gain nothing; a good one takes its account's count away.
"""

import hashlib
import json
import threading
from datetime import datetime, timedelta
from pathlib import Path

from downtime.clock import from_text, to_text
from downtime.config import Home
from downtime.errors import LockedError
from downtime.settings import AccountsSettings
from downtime.vault.files import write_atomic

MAX_NAMES = 1000  # made-up names must not fill the disk; the newest are kept
_writing = threading.Lock()

Counts = dict[str, tuple[int, str]]


def count_attempt(home: Home, settings: AccountsSettings, now: datetime, username: str) -> None:
    """Count an attempt; LockedError says how long to wait when it comes too early."""
    with _writing:
        counts = _read_counts(home)
        count, last = counts.pop(_hash_username(username), (0, to_text(now)))
        wait = compute_delay(count, settings)
        waited = now - from_text(last)
        if timedelta(0) <= waited < wait:
            raise _too_early_error(wait - waited)
        if waited < timedelta(0) and wait:  # the clock went back: the wait begins again, once
            _write_counts(home, {**counts, _hash_username(username): (count, to_text(now))})
            raise _too_early_error(wait)
        _write_counts(home, {**counts, _hash_username(username): (count + 1, to_text(now))})


def clear_failures(home: Home, username: str) -> int:
    """Take an account's count away after a good sign-in; how many failed before it."""
    with _writing:
        counts = _read_counts(home)
        count, _ = counts.pop(_hash_username(username), (1, ""))
        _write_counts(home, counts)
    return count - 1


def compute_delay(count: int, settings: AccountsSettings) -> timedelta:
    """The wait after `count` failures: none at first, then 1, 2, 4 … seconds up to the cap."""
    beyond = count - settings.failures_before_delay
    if beyond < 0:
        return timedelta(0)
    return timedelta(seconds=min(2 ** min(beyond, 30), settings.delay_cap_seconds))


def _too_early_error(wait: timedelta) -> LockedError:
    seconds = max(1, -(-wait // timedelta(seconds=1)))
    return LockedError(
        "signin.wait",
        "There were several failed sign-ins with this user name on this machine.",
        f"Wait {seconds} second{'s' if seconds > 1 else ''}, then try again.",
    )


def _hash_username(username: str) -> str:
    return hashlib.sha256(f"downtime-failures:{username}".encode()).hexdigest()[:32]


def _read_counts(home: Home) -> Counts:
    """An unreadable file counts as none: it must not keep everybody out."""
    try:
        return {name: (int(n), str(at)) for name, (n, at) in json.loads(_read_text(home)).items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _read_text(home: Home) -> str:
    path = _path(home)
    return path.read_text() if path.exists() else "{}"


def _write_counts(home: Home, counts: Counts) -> None:
    newest = sorted(counts.items(), key=lambda item: item[1][1])[-MAX_NAMES:]
    write_atomic(_path(home), json.dumps(dict(newest)).encode())


def _path(home: Home) -> Path:
    return home.keys_folder / "failures.json"
