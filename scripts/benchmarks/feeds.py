"""Messages a second that become clinical changes, beside programs that only parse.

The peers are hl7conv2 (Rust; bytes to JSON) and python-hl7 (parse alone), in the same run. Each round
has messages that none before it had; as in a hospital, a patient has several (`MESSAGES_A_PATIENT`).
"""

import io
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import hl7
import hl7conv2
import orjson

from downtime.accounts.homes import create_home, open_with_file
from downtime.clock import system_clock
from downtime.config import Home
from downtime.feeds.context import feed_context
from downtime.feeds.hl7.messages import read_hl7
from downtime.feeds.model import FeedMessage
from downtime.ingest import record_messages
from downtime.ingest.ledger import Ledger
from downtime.settings import Settings
from downtime.snapshot.garbage_collection import collect_garbage_seldom
from downtime.snapshot.state_files import open_state
from downtime.snapshot.update_state import update_state

_CONTEXT = feed_context(Settings())
COUNT = 4_000
ROUNDS = 5
STATE_COUNT = 10_000
MESSAGES_A_PATIENT = 10
GOAL_JSON = 1
"""Bytes to changes is to be as fast as hl7conv2 makes JSON of the same bytes."""
GOAL_PARSE = 5
"""… and so many times as fast as python-hl7 parses."""

ADT = (
    "MSH|^~\\&|PAS|DEMO|DOWNTIME|DEMO|20261102{time}||ADT^A01^ADT_A01|{number}|P|2.4",
    "EVN|A01|20261102{time}",
    "PID|1||{mrn}^^^DEMO^MR~{nhs}^^^NHS^NH||QUILL{name}^Ada^Mary^^Ms||19{year}0131|F|||"
    "1 Test Street^^Testford^^TE1 1ST||0123456789",
    "PD1||||G9999999^Example^Ann",
    "NK1|1|QUILL^Ben|SPO",
    "PV1|1|I|W{ward}^B1^{bed}^DEMO||||C1^Medic^Meera|||300|||||||||V{number}|||||||||||||||||||||||||"
    "20261102{time}",
    "AL1|1|DA|^Penicillin|SV|Rash",
)

ORU = (
    "MSH|^~\\&|LIMS|DEMO|DOWNTIME|DEMO|20261102{time}||ORU^R01^ORU_R01|{number}|P|2.4",
    "PID|1||{mrn}^^^DEMO^MR||QUILL{name}^Ada||19{year}0131|F",
    "PV1|1|I|W{ward}^B1^{bed}^DEMO",
    "ORC|RE|P{number}|F{number}",
    "OBR|1|P{number}|F{number}|UE^Urea and electrolytes^LOCAL|||20261102{time}|||||||||C1^Medic^Meera"
    "||||||20261102{time}||CH|F",
    *(
        f"OBX|{n}|NM|{code}^{name}^LOCAL||{value}|{units}|{limits}||||F|||20261102{{time}}"
        for n, (code, name, value, units, limits) in enumerate(
            (
                ("NA", "Sodium", "139", "mmol/L", "133-146"),
                ("K", "Potassium", "4.1", "mmol/L", "3.5-5.3"),
                ("UR", "Urea", "5.6", "mmol/L", "2.5-7.8"),
                ("CR", "Creatinine", "88", "umol/L", "45-84"),
                ("GFR", "Estimated GFR", "71", "mL/min", ""),
                ("CRP", "C-reactive protein", "12", "mg/L", "0-5"),
                ("ALB", "Albumin", "38", "g/L", "35-50"),
                ("CA", "Calcium", "2.31", "mmol/L", "2.20-2.60"),
            ),
            start=1,
        )
    ),
)


GOAL_STATE, GOAL_LEDGER = 0.4, 25
"""Bytes to the committed state, the ledger included: so many times hl7conv2's JSON; the ledger's part
of that time in percent, at most."""


def figures() -> list[dict[str, Any]]:
    """Messages per CPU-second, the best of several rounds."""
    return [*_figures("ADT", ADT), *_figures("ORU", ORU), *_state_figures()]


def _state_figures() -> Iterator[dict[str, Any]]:
    """A file of both kinds in turn into a new home, up to the commit of the state."""
    messages = [_message(ADT if n % 2 else ORU, n) for n in range(STATE_COUNT)]
    bare = _rate(_make_json, messages)
    with tempfile.TemporaryDirectory() as folder:
        total, ledger = _build_state(Path(folder), messages)
    rate, share = len(messages) / total, 100 * ledger / total
    yield {
        "name": "feeds: bytes to committed state", "value": round(rate), "unit": "messages/CPU-s",
        "compared_with": f"hl7conv2 to JSON {bare:,.0f}", "goal": f"≥ {GOAL_STATE} × hl7conv2",
        "ok": rate >= GOAL_STATE * bare,
    }  # fmt: skip
    yield {
        "name": "feeds: the ledger's part of that", "value": round(share), "unit": "%",
        "compared_with": f"{ledger / len(messages) * 1e6:.0f} of {total / len(messages) * 1e6:.0f} µs"
        " a message", "goal": f"≤ {GOAL_LEDGER} %", "ok": share <= GOAL_LEDGER,
    }  # fmt: skip


def _build_state(folder: Path, messages: list[str]) -> tuple[float, float]:
    """CPU-seconds of all, and of what the ledger does beside reading the messages."""
    file, home = folder / "feed.hl7", Home(folder / "home")
    file.write_text("\r".join(messages), newline="")
    create_home(home, system_clock, unlock_file=folder / "unlock", settings_text="")
    vault = open_with_file(home, Settings(), system_clock, folder / "unlock").vault
    with closing(vault), Ledger(vault, Settings()) as ledger, _timing_ledger() as spent:
        started = time.process_time()
        with open_state(vault, home.state_file) as db, collect_garbage_seldom():
            intake = update_state(vault, Settings(), ledger, db, [file])
        total = time.process_time() - started
    if intake.accepted != len(messages):
        raise RuntimeError(f"{len(messages) - intake.accepted} messages were not used")
    return total, spent[0]


@contextmanager
def _timing_ledger() -> Iterator[list[float]]:
    """CPU-seconds of keeping what has been read."""
    spent, keep = [0.0], record_messages.record_read

    def keep_timed(*arguments: Any) -> Any:
        started = time.process_time()
        try:
            return keep(*arguments)
        finally:
            spent[0] += time.process_time() - started

    record_messages.record_read = keep_timed
    try:
        yield spent
    finally:
        record_messages.record_read = keep


def _figures(name: str, template: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    rates: dict[Callable[[list[str]], int], float] = {}
    for turn in range(ROUNDS):
        first = turn * COUNT
        messages = [_message(template, number) for number in range(first, first + COUNT)]
        for work in (_read_changes, _make_json, _parse, _split_all):
            rates[work] = max(rates.get(work, 0.0), _rate(work, messages))
    ours, json, parsed = rates[_read_changes], rates[_make_json], rates[_parse]
    yield {
        "name": f"feeds {name}: bytes to changes",
        "value": round(ours),
        "unit": "messages/CPU-s",
        "compared_with": f"hl7conv2 to JSON {json:,.0f}; python-hl7 parse alone {parsed:,.0f}; "
        f"bare splitting {rates[_split_all]:,.0f}",
        "goal": f"≥ {GOAL_JSON:g} × hl7conv2, ≥ {GOAL_PARSE:g} × python-hl7",
        "ok": ours >= GOAL_JSON * json and ours >= GOAL_PARSE * parsed,
    }


def _message(template: tuple[str, ...], number: int) -> str:
    values = {
        "number": number,
        "mrn": 100_000 + number // MESSAGES_A_PATIENT,
        "nhs": "9990000018",
        "time": f"{number % 24:02}{number % 60:02}00",
        "year": 30 + number // MESSAGES_A_PATIENT % 60,
        "name": number // MESSAGES_A_PATIENT,
        "ward": number % 40,
        "bed": number % 25,
    }
    return "\r".join(template).format(**values)


def _read_changes(messages: list[str]) -> int:
    """Ours: the bytes of a feed to the changes of all its messages."""
    stream = io.BytesIO("\r".join(messages).encode())
    items = read_hl7(stream, "feed.hl7", _CONTEXT)
    return sum(isinstance(item, FeedMessage) and bool(item.content) for item in items)


def _make_json(messages: list[str]) -> int:
    """hl7conv2: bytes to JSON, written by the fastest writer that there is."""
    data = (message.encode() for message in messages)
    return sum(1 for text in data if orjson.dumps(hl7conv2.Hl7Json(text.decode()).hl7_json))


def _parse(messages: list[str]) -> int:
    return sum(1 for message in messages if hl7.parse(message))


def _split_all(messages: list[str]) -> int:
    return sum(1 for message in messages if _split(message))


def _split(message: str) -> list[list[list[str]]]:
    """What any reader in Python must do at least: lines, fields, components."""
    lines = message.split("\r")
    return [[field.split("^") for field in line.split("|")] for line in lines]


def _rate(work: Callable[[list[str]], int], messages: list[str]) -> float:
    """Messages per CPU-second; a reader that loses messages has no rate."""
    started = time.process_time()
    done = work(messages)
    seconds = time.process_time() - started
    if done != len(messages):
        raise RuntimeError(f"{len(messages) - done} of {len(messages)} messages were not read")
    return done / seconds
