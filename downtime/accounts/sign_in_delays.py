"""Failed sign-ins of this machine: each makes the next wait longer, up to a cap, never for good.

Counted for each account *and* each client from which it was tried: who tries a known name elsewhere
delays themselves, not its owner. A client is a network address, a session that is locked, or empty
for a terminal. Counted in `keys/failures.json`, because the vault is locked when it happens and a
restart must not forget; names are hashed there, and on a disk that takes nothing the counts are kept
in memory. An attempt counts before it is checked, so that many at once gain nothing; a good one takes
the count of its account and client away.
"""

import hashlib
import json
import threading
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from downtime.clock import from_text, to_text
from downtime.config import Home
from downtime.errors import LockedError
from downtime.settings import AccountsSettings
from downtime.vault.files import write_atomic

MAX_NAMES = 1000  # made-up names must not fill the disk; whoever made up most loses the oldest
TOO_EARLY = "signin.wait"
_writing = threading.Lock()


class _Failures(NamedTuple):
    """Attempts of one account from one client, the last one's time, and how many its owner heard of."""

    tries: int
    last: str
    reported: int = 0


Counts = dict[str, _Failures]
_unwritten: dict[Path, Counts] = {}
"""By file, of a disk that takes nothing."""


def count_attempt(
    home: Home, settings: AccountsSettings, now: datetime, username: str, client: str = ""
) -> None:
    """Count an attempt; LockedError says how long to wait when it comes too early."""
    key = _name_key(username, client)
    with _writing:
        counts = _read_counts(home)
        failures = counts.pop(key, _Failures(0, to_text(now)))
        wait = compute_delay(failures.tries, settings)
        waited = now - from_text(failures.last)
        if timedelta(0) <= waited < wait:
            raise _too_early_error(wait - waited)
        failures = failures._replace(last=to_text(now))
        if waited < timedelta(0) and wait:  # the clock went back: the wait begins again, once
            _write_counts(home, {**counts, key: failures})
            raise _too_early_error(wait)
        _write_counts(home, {**counts, key: failures._replace(tries=failures.tries + 1)})


def clear_failures(home: Home, username: str, client: str = "") -> int:
    """Take the count away after a good sign-in; how many failed before it, anywhere, unheard of."""
    key, account = _name_key(username, client), _hash(username)
    with _writing:
        counts = _read_counts(home)
        from_here = counts.pop(key, _Failures(1, ""))
        elsewhere = {name: f for name, f in counts.items() if name.startswith(account)}
        heard = {name: f._replace(reported=f.tries) for name, f in elsewhere.items()}
        _write_counts(home, counts | heard)
    return (
        from_here.tries
        - from_here.reported
        - 1
        + sum(f.tries - f.reported for f in elsewhere.values())
    )


def compute_delay(count: int, settings: AccountsSettings) -> timedelta:
    """The wait after `count` failures: none at first, then 1, 2, 4 … seconds up to the cap."""
    beyond = count - settings.failures_before_delay
    if beyond < 0:
        return timedelta(0)
    return timedelta(seconds=min(2 ** min(beyond, 30), settings.delay_cap_seconds))


def _too_early_error(wait: timedelta) -> LockedError:
    seconds = max(1, -(-wait // timedelta(seconds=1)))
    return LockedError(
        TOO_EARLY,
        "There were several failed sign-ins with this user name from here.",
        f"Wait {seconds} second{'s' if seconds > 1 else ''}, then try again.",
    )


def _name_key(username: str, client: str) -> str:
    return f"{_hash(username)}.{_hash(client)}"


def _hash(name: str) -> str:
    return hashlib.sha256(f"downtime-failures:{name}".encode()).hexdigest()[:32]


def _read_counts(home: Home) -> Counts:
    """An unreadable file counts as none: it must not keep everybody out."""
    path = _path(home)
    if path in _unwritten:
        return dict(_unwritten[path])
    try:
        rows = json.loads(path.read_text()).items()
        return {
            name: _Failures(int(n), str(at), *map(int, heard)) for name, (n, at, *heard) in rows
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write_counts(home: Home, counts: Counts) -> None:
    counts = _drop_surplus(counts)
    path = _path(home)
    try:
        write_atomic(path, json.dumps(counts).encode())
    except OSError:  # a full or read-only disk must not keep anybody out, nor let anybody guess
        _unwritten[path] = counts
    else:
        _unwritten.pop(path, None)


def _drop_surplus(counts: Counts) -> Counts:
    """Of the client with the most names the oldest go: nobody pushes out what others tried."""
    counts = dict(counts)
    while len(counts) > MAX_NAMES:
        clients = Counter(name.rpartition(".")[2] for name in counts)
        largest = max(clients, key=lambda client: clients[client])
        names = [name for name in counts if name.endswith(largest)]
        del counts[min(names, key=lambda name: counts[name].last)]
    return counts


def _path(home: Home) -> Path:
    return home.keys_folder / "failures.json"
