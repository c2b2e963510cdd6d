"""Writes appointments as they are told: SIU messages of the PAS."""

from datetime import date, timedelta

from downtime.demo.appointments import Booking, Slot, find_attendee, visit_reason
from downtime.demo.tables import SPECIALTIES
from downtime.demo.writers.hl7 import header, moment, parts, segment, text
from downtime.demo.writers.identity import doctor, pid

_STATUS = {"S12": "Booked", "S13": "Booked", "S14": "Complete", "S15": "Cancelled", "S26": "Noshow"}
_MINUTES = 15


def siu(booking: Booking, control: str, seed: int, size: str, today: date) -> list[str]:
    """The segments of one SIU message; `today` is the day by which ages are reckoned."""
    slot = booking.slot
    start = moment(slot.start)
    end = moment(slot.start + timedelta(minutes=_MINUTES))
    appointment_reason = text(visit_reason(slot, seed))
    return [
        header("PAS", "ALL", f"SIU^{booking.event}^SIU_S12", control, booking.sent),
        segment(
            "SCH",
            {
                1: f"A{slot.number:07}",
                2: f"A{slot.number:07}",
                6: parts(booking.event, "Appointment"),
                7: f"^{appointment_reason}",
                9: str(_MINUTES),
                10: "min",
                11: f"^^{_MINUTES}^{start}^{end}",
                16: parts("BOOKING", "Office", "Booking"),
                20: parts("BOOKING", "Office", "Booking"),
                25: _STATUS[booking.event],
            },
        ),
        pid(find_attendee(slot, seed, size, today)),
        _pv1(slot),
        "RGS|1|A",
        f"AIS|1|A|{slot.code}^{appointment_reason}|{start}|||{_MINUTES}|min",
        f"AIL|1|A|{parts(slot.code, *[''] * 7, slot.name)}|{parts('C', 'Clinic')}||{start}|||{_MINUTES}|min",
        f"AIP|1|A|{doctor(slot.doctor)}|{parts('D', 'Doctor')}||{start}|||{_MINUTES}|min",
    ]


def _pv1(slot: Slot) -> str:
    code, specialty = SPECIALTIES[slot.clinic.specialty]
    return segment(
        "PV1",
        {1: "1", 2: "O", 3: parts(slot.code), 7: doctor(slot.doctor), 10: parts(code, specialty)},
    )
