"""Many messages in a row: a listener needs no more memory for the last of them than for the first.

For a night, a million: `NIGHT=1 scripts/test tests/integration/ingest/test_flat_memory.py`.
"""

import json
import signal
import subprocess
import sys
from pathlib import Path

from downtime.clock import system_clock
from tests.night import IS_NIGHT, by_night

from .hospital_day import Service, publisher

SENDERS = Path(__file__).parents[3] / "scripts/benchmarks/_mllp_senders.py"
MESSAGES = by_night(1_000_000, 6_000)
ROUNDS = 10
PEAK_MB = 180
GROWTH_MB = 5
"""From half way on."""


def test_a_listeners_memory_does_not_grow_with_what_has_come(tmp_path, capsys):
    share, peaks = MESSAGES // ROUNDS, []
    with publisher(tmp_path / "home", "small", system_clock) as owner:
        service = Service(owner)
        for turn in range(ROUNDS):
            words = [service.port, 20, share, 1 + turn * share]
            done = subprocess.run(
                [sys.executable, SENDERS, *map(str, words)],
                capture_output=True, check=True, text=True,
            )  # fmt: skip
            assert json.loads(done.stdout)["taken"] == share
            peaks.append(service.read_peak_memory())
            if IS_NIGHT:
                with capsys.disabled():
                    sys.stderr.write(f"\n{(turn + 1) * share:>9,} messages: peak {peaks[-1]} MB")
        service.end(signal.SIGTERM)
    assert peaks[-1] < PEAK_MB
    assert peaks[-1] - peaks[ROUNDS // 2 - 1] < GROWTH_MB
