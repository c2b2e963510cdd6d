"""Messages a second that become clinical changes, beside python-hl7 and beside bare splitting."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hl7

from downtime.feeds.model import FeedMessage
from downtime.feeds.read_feeds import read_feeds
from downtime.settings import Settings

COUNT = 4_000
ROUNDS = 3
GOAL_RATIO = 2
"""Reading to the end (records, identities, times) is to be twice as fast as python-hl7 parses."""

ADT = (
    "MSH|^~\\&|PAS|DEMO|DOWNTIME|DEMO|20261102{time}||ADT^A01^ADT_A01|{number}|P|2.4",
    "EVN|A01|20261102{time}",
    "PID|1||{mrn}^^^DEMO^MR~{nhs}^^^NHS^NH||QUILL{number}^Ada^Mary^^Ms||19{year}0131|F|||"
    "1 Test Street^^Testford^^TE1 1ST||0123456789",
    "PD1||||G9999999^Example^Ann",
    "NK1|1|QUILL^Ben|SPO",
    "PV1|1|I|W{ward}^B1^{bed}^DEMO||||C1^Medic^Meera|||300|||||||||V{number}|||||||||||||||||||||||||"
    "20261102{time}",
    "AL1|1|DA|^Penicillin|SV|Rash",
)

ORU = (
    "MSH|^~\\&|LIMS|DEMO|DOWNTIME|DEMO|20261102{time}||ORU^R01^ORU_R01|{number}|P|2.4",
    "PID|1||{mrn}^^^DEMO^MR||QUILL{number}^Ada||19{year}0131|F",
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


def figures() -> list[dict[str, Any]]:
    """Messages per CPU-second, the best of three rounds."""
    return [*_figures("ADT", ADT), *_figures("ORU", ORU)]


def _figures(name: str, template: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    messages = [_message(template, number) for number in range(COUNT)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.hl7"
        path.write_text("\r".join(messages))
        ours = _rate(lambda: _accepted(path))
    other = _rate(lambda: sum(1 for message in messages if hl7.parse(message)))
    limit = _rate(lambda: sum(1 for message in messages if _split(message)))
    yield {
        "name": f"feeds {name}: read into records",
        "value": round(ours),
        "unit": "messages/CPU-s",
        "compared_with": f"python-hl7 parse alone {other:,.0f}; bare splitting {limit:,.0f}",
        "goal": f"≥ {GOAL_RATIO:g} × python-hl7",
        "ok": ours >= GOAL_RATIO * other,
    }


def _message(template: tuple[str, ...], number: int) -> str:
    values = {
        "number": number,
        "mrn": 100_000 + number,
        "nhs": "9990000018",
        "time": f"{number % 24:02}{number % 60:02}00",
        "year": 30 + number % 60,
        "ward": number % 40,
        "bed": number % 25,
    }
    return "\r".join(template).format(**values)


def _accepted(path: Path) -> int:
    return sum(isinstance(item, FeedMessage) for item in read_feeds([path], Settings()))


def _split(message: str) -> list[list[list[str]]]:
    """What any reader in Python must do at least: lines, fields, components."""
    lines = message.split("\r")
    return [[field.split("^") for field in line.split("|")] for line in lines]


def _rate(work: Callable[[], int]) -> float:
    """Messages per CPU-second; a reader that loses messages has no rate."""
    best = 0.0
    for _ in range(ROUNDS):
        started = time.process_time()
        done = work()
        best = max(best, done / (time.process_time() - started))
        if done != COUNT:
            raise RuntimeError(f"{COUNT - done} of {COUNT} messages were not read")
    return best
