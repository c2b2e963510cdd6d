"""The hospital of a simulated year: who lies where, and what its patient system sends of that."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

WARDS = ("W1", "W2", "W3")
BEDS = 12
PATIENTS = 10
"""On each ward at the beginning."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One patient in a bed."""

    number: str
    ward: str
    bed: str
    consultant: str
    visit: str


Beds = frozenset[Stay]


class Hospital:
    """Its true state, and the messages that it has not sent yet."""

    def __init__(self, chance: Random, begin: datetime) -> None:
        self._chance, self._patients, self._messages = chance, 0, 0
        self._stays: dict[str, Stay] = {}
        self.unsent: list[str] = []
        self.newest = begin
        """When the last message was made."""
        for ward in WARDS:
            for _ in range(PATIENTS):
                self._admit(ward, begin)

    @property
    def beds(self) -> Beds:
        """Who lies where now."""
        return frozenset(self._stays.values())

    def live(self, now: datetime) -> None:
        """A few things happen: doctors change, patients move, one goes and another comes."""
        for _ in range(self._chance.randint(0, 4)):
            self._hand_over(self._choose(), now)
        if self._chance.random() < 0.25:
            self._move(self._choose(), now)
        if self._chance.random() < 0.25:
            gone = self._choose()
            self._discharge(gone, now)
            self._admit(gone.ward, now)

    def empty_ward(self, ward: str, now: datetime) -> tuple[Stay, ...]:
        """Nearly all of a ward go home at once; who they were."""
        gone = sorted((stay for stay in self.beds if stay.ward == ward), key=lambda s: s.number)[1:]
        for stay in gone:
            self._discharge(stay, now)
        return tuple(gone)

    def cancel_discharges(self, gone: tuple[Stay, ...], now: datetime) -> None:
        """They never went."""
        for stay in gone:
            self._stays[stay.number] = stay
            self._send("A13", stay, now)

    def fill_ward(self, ward: str, now: datetime) -> None:
        """New patients come."""
        for _ in range(PATIENTS - sum(stay.ward == ward for stay in self.beds)):
            self._admit(ward, now)

    def take_messages(self) -> list[str]:
        """What is sent now."""
        messages, self.unsent = self.unsent, []
        return messages

    def _choose(self) -> Stay:
        return self._chance.choice(sorted(self.beds, key=lambda stay: stay.number))

    def _free_bed(self, ward: str) -> str:
        taken = {stay.bed for stay in self._stays.values() if stay.ward == ward}
        return next(str(n) for n in range(1, BEDS + PATIENTS) if str(n) not in taken)

    def _admit(self, ward: str, now: datetime) -> None:
        self._patients += 1
        number = f"H{self._patients:05}"
        stay = Stay(number, ward, self._free_bed(ward), "C1", f"V{number}")
        self._stays[number] = stay
        self._send("A01", stay, now)

    def _hand_over(self, stay: Stay, now: datetime) -> None:
        changed = Stay(stay.number, stay.ward, stay.bed, f"C{self._messages}", stay.visit)
        self._stays[stay.number] = changed
        self._send("A08", changed, now)

    def _move(self, stay: Stay, now: datetime) -> None:
        ward = self._chance.choice(WARDS)
        changed = Stay(stay.number, ward, self._free_bed(ward), stay.consultant, stay.visit)
        self._stays[stay.number] = changed
        self._send("A02", changed, now)

    def _discharge(self, stay: Stay, now: datetime) -> None:
        del self._stays[stay.number]
        self._send("A03", stay, now)

    def _send(self, event: str, stay: Stay, now: datetime) -> None:
        self._messages += 1
        self.newest = now
        moment = f"{now:%Y%m%d%H%M%S}+0000"  # whatever the season
        place = f"{stay.ward}^A^{stay.bed}"
        left = moment if event == "A03" else ""
        self.unsent.append(
            f"MSH|^~\\&|PAS|DEMO|||{moment}||ADT^{event}|{self._messages}|P|2.4\r"
            f"EVN|{event}|{moment}\r"
            f"PID|1||{stay.number}^^^DEMO^MR||Hill{stay.number}^Ann||19600101|F\r"
            f"PV1|1|I|{place}||||{stay.consultant}^Doctor{stay.consultant}||||||||||||"
            f"{stay.visit}|||||||||||||||||||||||||20260101080000|{left}\r"
        )
