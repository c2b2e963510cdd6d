"""What each kind of finding is called, and what to do about it: data quality in words. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from downtime.feeds.model import FindingKind, Outcome


class QualityAdvice(NamedTuple):
    """A kind of finding as people call it, and the next step."""

    title: str
    next_step: str


_LIST = "'downtime ingest list --outcome"
ADVICE: Mapping[FindingKind | Outcome, QualityAdvice] = {
    Outcome.REJECTED: QualityAdvice(
        "Messages rejected", f"See {_LIST} rejected', and have the sender correct them."
    ),
    Outcome.QUARANTINED: QualityAdvice(
        "Lists in quarantine", "Look at the list; release it, or have it sent again whole."
    ),
    Outcome.NOT_USED: QualityAdvice(
        "Messages not used", f"See {_LIST} not-used'; name in the profile what need not be used."
    ),
    Outcome.USED_IN_PART: QualityAdvice(
        "Messages used in part", f"See {_LIST} used-in-part', and what of them is not read."
    ),
    Outcome.NOT_YET_READ: QualityAdvice(
        "Messages not yet read", "They are kept, and read when nothing comes; wait, or build."
    ),
    FindingKind.NOT_READ: QualityAdvice(
        "Segments or fields not read", f"See {_LIST} used-in-part'."
    ),
    FindingKind.UNKNOWN_CODE: QualityAdvice(
        "Codes that are not known", "Add them to the code tables of the source's profile."
    ),
    FindingKind.UNKNOWN_STATUS: QualityAdvice(
        "Statuses that are not known", "Add them to the code tables of the source's profile."
    ),
    FindingKind.CHARACTER_SET: QualityAdvice(
        "Text in a character set that is not named", "Name the character set in the profile."
    ),
    FindingKind.TIME_UNREADABLE: QualityAdvice(
        "Times that cannot be read, or are not said",
        "Have the sender correct them; check the profile's time zone.",
    ),
    FindingKind.NUMBER_REUSED: QualityAdvice(
        "Numbers used twice",
        "Each patient and each order keeps its own record. Have the sender's numbers looked into.",
    ),
    FindingKind.NUMBER_DAMAGED: QualityAdvice(
        "Patient numbers that are damaged",
        "Have the list exported as text: a spreadsheet changes long numbers.",
    ),
    FindingKind.PATIENT_WITH_TWO_NUMBERS: QualityAdvice(
        "Two hospital numbers sent as one person",
        "They stay two patients. Have them merged, or the wrong number corrected.",
    ),
    FindingKind.MERGE_UNMATCHED: QualityAdvice(
        "Merges that found nobody",
        "Check the identifier types and authorities of the source's profile.",
    ),
    FindingKind.PATIENT_WITHOUT_NUMBER: QualityAdvice(
        "Patients without a number", "They are not told apart safely: have them registered."
    ),
    FindingKind.MOVED_AFTER_DISCHARGE: QualityAdvice(
        "Patients moved after their discharge",
        "Ask the ward where they are; have the discharge cancelled (A13), or the stay ended.",
    ),
    FindingKind.BED_WITH_TWO: QualityAdvice(
        "Beds with two patients", "Ask the ward who lies there, and have the other one moved."
    ),
    FindingKind.PATIENT_IN_TWO_BEDS: QualityAdvice(
        "Patients in two beds", "Ask both wards where the patient is; have the other stay ended."
    ),
    FindingKind.WARD_UNKNOWN: QualityAdvice(
        "Admitted, ward not known", "Find them: Beds shows who they are; have the place recorded."
    ),
    FindingKind.RECORD_WITHOUT_PATIENT: QualityAdvice(
        "Records without a patient", "Nobody sees them: have the sender name the patient."
    ),
    FindingKind.MEDICINE_UNNAMED: QualityAdvice(
        "Medicines without a name", "Send the Medication resources as well; ask the prescriber."
    ),
    FindingKind.REFERENCE_UNRESOLVED: QualityAdvice(
        "References to what was not sent", "Send the resources that are referred to as well."
    ),
    FindingKind.STAY_WITHOUT_END: QualityAdvice(
        "Stays that never end", "Check whether they were discharged, and have that recorded."
    ),
    FindingKind.ORDER_UNMAPPED: QualityAdvice(
        "Orders that are neither test nor alert", "Name their codes in the source's profile."
    ),
    FindingKind.RESULT_REOPENED: QualityAdvice(
        "Reports that were final and are less now", "Ask the laboratory which value holds."
    ),
    FindingKind.RESULT_WITHOUT_REQUEST: QualityAdvice(
        "Results without a request",
        "Who asked is known from the result only. Have orders sent as well, if a system has them.",
    ),
    FindingKind.RESULT_WITHDRAWN: QualityAdvice(
        "Results that a corrected report no longer holds",
        "They are marked, or replaced. Ask the laboratory whether they still hold.",
    ),
    FindingKind.TIME_IN_FUTURE: QualityAdvice(
        "Times in the future", "They are not believed. Have the sender's clock set right."
    ),
    FindingKind.REJECTED: QualityAdvice(
        "Messages rejected", f"See {_LIST} rejected', and have the sender correct them."
    ),
    FindingKind.LIST_IMPLAUSIBLE: QualityAdvice(
        "Lists that cannot be believed", "Look at the list; release it, or have it sent again."
    ),
    FindingKind.LIST_RELEASED: QualityAdvice(
        "Lists released from quarantine",
        "A person takes it upon them: ask them, should it be wrong.",
    ),
    FindingKind.MESSAGES_LOST: QualityAdvice(
        "Messages that the ledger has lost",
        "Put its days back from a backup; have sent again what came since the last build.",
    ),
}


def advise(kind: str) -> QualityAdvice:
    """The words for a kind; one that a newer publisher has found is called as it calls it."""
    known: Mapping[str, QualityAdvice] = {str(name): advice for name, advice in ADVICE.items()}
    return known.get(kind) or QualityAdvice(kind.replace("-", " ").capitalize(), "")
