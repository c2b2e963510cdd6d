"""What was tried, and what came of it: the table that `scripts/faults` prints."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.faults.examine import Finding, Harm


@dataclass(slots=True)
class Row:
    """One thing that was tried many times."""

    name: str
    rounds: int = 0
    broken_off: int | None = None
    """Rounds in which the fault hit: the step did not come to its end, or the content was refused."""
    harms: Counter[Harm] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def note(self, findings: Iterable[Finding], *, hit: bool = False) -> None:
        """One round and what it led to."""
        self.rounds += 1
        self.broken_off = (self.broken_off or 0) + hit
        for finding in findings:
            self.harms[finding.harm] += 1
            self.findings.append(
                f"{self.name}, round {self.rounds}: {finding.harm}: {finding.text}"
            )

    def as_json(self) -> dict[str, object]:
        """As `scripts/faults --json` has it: `doubled` counts two moments, or one number, mixed into one."""
        return {
            "name": self.name,
            "tried": self.rounds,
            "lost": self.harms[Harm.LOST],
            "doubled": self.harms[Harm.MIXED],
            "ok": not self.findings,
        }


def format_table(rows: Iterable[Row]) -> str:
    """As Markdown."""
    lines = [
        "| what | rounds | hit | " + " | ".join(Harm) + " |",
        "|---|---" + "|---" * (len(Harm) + 1) + "|",
    ]
    for row in rows:
        harms = " | ".join(str(row.harms[harm]) for harm in Harm)
        lines.append(f"| {row.name} | {row.rounds:,} | {row.broken_off or 0:,} | {harms} |")
    return "\n".join(lines)
