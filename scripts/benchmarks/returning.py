"""Messages a second that are written for the recovered systems, on one core."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from downtime.config import Settings
from downtime.entry.facts import Fact, Person
from downtime.entry.model import VERIFIED, Entry
from downtime.paper.definitions.definition import definition
from downtime.reconcile import store
from downtime.reconcile.compare import Item
from downtime.reconcile.states import NEW, RETURN
from downtime.reconcile.store import Decided, ItemRow
from downtime.returns import fhir
from downtime.returns.fhir_about import Form
from downtime.returns.fhir_target import fhir_target

COUNT = 4_000
ROUNDS = 3
GOAL = 5_000
PHONED = {"value": "6.10", "units": "mmol/L", "reference_range": "3.5-5.3", "display": "Potassium"}
KEYED = {
    "author.name": "Sam Example",
    "author.role": "Staff nurse",
    "event.date": "2026-11-02",
    "event.time": "14:00",
    "department": "Blood sciences",
    "caller": "Jo Lab",
    "test:1": "Potassium",
    "value:1": "6.10",
    "units:1": "mmol/L",
    "read-back:1": "true",
}


def figures() -> list[dict[str, Any]]:
    """Bundles of a phoned result with its answers and provenance, per CPU-second; best of three."""
    settings = Settings()
    names = fhir_target(settings, "LIMS", {"url": "https://lims.example/fhir"})
    given = [(row(number), form(number)) for number in range(COUNT)]

    def write() -> Iterator[bytes]:
        for one, paper in given:
            yield fhir.bundle([one], paper, f"DT{one.digest[:18]}", settings, names)

    rate = max(per_second(write) for _ in range(ROUNDS))
    return [
        {
            "name": "FHIR bundles written",
            "value": rate,
            "unit": "messages/s",
            "compared_with": f"{size(write) // COUNT:,} bytes each",
            "goal": f"≥ {GOAL:,}",
            "ok": rate >= GOAL,
        }
    ]


def per_second(write: Callable[[], Iterator[bytes]]) -> float:
    """How many are written in a second of one core."""
    started = time.process_time()
    written = sum(1 for _ in write())
    return written / (time.process_time() - started)


def size(write: Callable[[], Iterator[bytes]]) -> int:
    """Bytes of all of them."""
    return sum(map(len, write()))


def row(number: int) -> ItemRow:
    """A phoned result that was decided to be returned."""
    person = Person(mrn=f"H{number}", family="Example", given=f"Ann{number}")
    fact = Fact(
        key=f"K7{number:06}X-result-1", type="Observation", system="LIMS", form="phoned-result",
        serial=f"K7{number:06}X", ward="A1", person=person, event="2026-11-02T14:00:00Z",
        entered="2026-11-03T09:00:00Z", author="Sam Example", author_role="Staff nurse",
        transcriber="u-1", fields=PHONED, notes=(("Read back", "yes"),),
    )  # fmt: skip
    decided = Decided(decision=RETURN, decided="2026-11-04T10:00:00Z", reason="not there")
    item = Item(fact, NEW, "", person=person)
    return ItemRow(item, "o-1", store.digest(fact), "s-1", "2026-11-04T09:00:00Z", decided)


def form(number: int) -> Form:
    """The verified form that it stands on."""
    entry = Entry(
        serial=f"K7{number:06}X", form="phoned-result", version="1", state=VERIFIED, outage="o-1",
        answers=KEYED, event="2026-11-02T14:00:00Z", author="Sam Example",
        author_role="Staff nurse", transcriber="u-1", transcriber_name="Ann Clerk",
        entered="2026-11-03T09:00:00Z", verifier="u-2", verifier_name="Ben Clerk",
        verified="2026-11-03T10:00:00Z",
    )  # fmt: skip
    return Form(entry, definition("phoned-result"))
