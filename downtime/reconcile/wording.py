"""The sentences of the comparison, made of stored reasons when somebody reads them. Pure.

A place of a sentence is `{name}`, `{name:kind}` or `{name|text when it is empty}`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.paper.serials import format_serial
from downtime.reconcile.model import Item, ItemState
from downtime.reconcile.reasons import Code, Reasons

STATE_TITLES: Mapping[ItemState, str] = {
    ItemState.ALREADY_THERE: "Already in the system",
    ItemState.NEW: "New",
    ItemState.NEWER_LIVE: "System has newer data",
    ItemState.CONFLICT: "Conflict",
    ItemState.UNMATCHED: "Unmatched",
    ItemState.NOT_COMPARED: "Filed, not returned",
    ItemState.ON_ANOTHER_FORM: "On another form",
}
"""What people call the states of an item."""

SENTENCES: Mapping[Code, str] = {
    Code.STORED_TEXT: "{text}",
    Code.LINKED_BY_FORM: "Downtime number {number} is linked by another form.",
    Code.LINKED_BY_DECISION: "Linked to this patient by decision.",
    Code.LINKED_PATIENT_GONE: "The patient it was linked to is not to be found any more.",
    Code.NUMBERS_OF_SEVERAL: "{numbers:and} belong to different patients in the recovered system.",
    Code.NO_NUMBER: "The form carries no number of the patient.",
    Code.NUMBER_UNKNOWN: "No patient in the recovered system has this {numbers:or}.",
    Code.NUMBER_OF_ANOTHER: "A number on this form belongs to another patient.",
    Code.BORN_ANOTHER_DAY: "The form says born {paper:day}, the recovered system {live:day}.",
    Code.SETTLE_PERSON: "Settle who it is first, then compare again.",
    Code.REGISTERS_NUMBER: "Returning it registers the patient under the downtime number and admits"
    " them.",
    Code.REGISTERS_PATIENT: "Returning it registers the patient and admits them.",
    Code.SENT_WITH_ADMISSION: "It goes out with the admission on the same form.",
    Code.FILED: "Policy: this form is filed as a document, not returned as data.",
    Code.NOT_DELIVERED: "No recovered system tells {records} here, so {system} may hold it or not:"
    " look there.",
    Code.CORRECTED_SINCE_RETURN: "Returned before the entry was corrected.",
    Code.WITHDRAWN_SINCE_RETURN: "Returned, but the entry no longer says so: correct it in the live"
    " system.",
    Code.NO_REQUEST: "{system} has no such request.",
    Code.OLDER_REQUEST: "An older one for the same test, from before the outage, is still open"
    " there.",
    Code.REQUEST_CANCELLED: "{system} has this request of {at:moment} and has cancelled it.",
    Code.REQUEST_EXISTS: "{system} has it as {number} of {at:moment} ({stage|requested}).",
    Code.NO_VALUE: "{system} has no such value near that time.",
    Code.SAME_VALUE: "{system} has the same value of {at:moment}.",
    Code.VALUE_CORRECTED: "{system} says {live} of {at:moment}, corrected there since; paper says"
    " {paper}.",
    Code.VALUE_DIFFERS: "Paper says {paper}; {system} says {live} of {at:moment}.",
    Code.PHONED_DIFFERS: "Phoned {paper}; {system} says {live} of {at:moment}.",
    Code.PHONED_AMENDED: "Phoned {paper}; {system} says {live} of {at:moment}, amended since.",
    Code.UNITS_DIFFER: "The units differ and cannot be converted.",
    Code.CLINICIAN_REVIEWS: "Have a clinician review it.",
    Code.NO_STAY: "{system} has no stay of this patient near that time.",
    Code.ADMISSION_CANCELLED: "{system} cancelled this admission of {at:moment}.",
    Code.STAY_DISCHARGED: "{system} has this stay of {at:moment}, discharged {ended:moment}.",
    Code.STAY_EXISTS: "{system} has this stay on {ward} from {at:moment}.",
    Code.STAY_MOVED: "{system} has this stay of {at:moment} and now shows the patient on {ward}.",
    Code.OLDER_STAY: "{system} has had this patient on {ward} since {at:moment}, before the outage:"
    " a second admission would be a second stay.",
    Code.ADMISSION_FIRST: "{system} has no stay of this patient at that time: its admission goes"
    " first.",
    Code.STAY_CANCELLED: "{system} has cancelled this stay.",
    Code.STAY_ENDED: "{system} has this stay as discharged {at:moment}.",
    Code.ON_WARD: "{system} shows the patient on {ward}.",
    Code.STILL_ON_WARD: "{system} still shows the patient on {ward}.",
    Code.NOT_DISCHARGED: "{system} still has the patient on {ward}.",
    Code.MOVED_SINCE: "{system} has moved the patient to {ward} since; paper says {paper}.",
    Code.MOVED_FROM_ELSEWHERE: "Paper says moved from {prior} to {paper}; {system} shows the patient"
    " on {ward}.",
    Code.MOVED_AFTER_DISCHARGE: "{system} has the patient on {ward} since {at:moment}, after the"
    " discharge on paper.",
    Code.DISCHARGE_DIFFERS: "{system} says discharged {at:moment}; paper says {paper:moment}.",
    Code.CAME_WITHOUT_APPOINTMENT: "{system} has no such appointment: the patient came without"
    " one.",
    Code.NO_APPOINTMENT: "{system} has no such appointment to mark as '{paper:visit}'.",
    Code.APPOINTMENT_MOVED: "{system} has moved this appointment to {at:moment} since.",
    Code.APPOINTMENT_SAYS_SO: "{system} says {live:visit} too.",
    Code.APPOINTMENT_STILL_SAYS: "{system} still says {live:visit}.",
    Code.APPOINTMENT_DIFFERS: "Paper says {paper:visit}; {system} says {live:visit} since.",
    Code.APPOINTMENT_CHANGED: "{system} has changed this appointment since: {at:moment},"
    " {live:visit}.",
    Code.NEW_DATE_EXISTS: "{system} has the new date {at:moment}.",
    Code.NEW_DATE_AND_OLD: "{system} has the new date {at:moment}, and the old one still stands.",
    Code.NO_NEW_DATE: "{system} has cancelled it and has no new date.",
    Code.OLD_DATE_STANDS: "{system} still has the old date and not the new one, {at:moment}.",
    Code.DEMOGRAPHICS_AGREE: "{system} holds what paper says of the patient.",
    Code.DEMOGRAPHICS_DIFFER: "Paper and {system} differ in {fields:details}: make sure that it is"
    " one person.",
    Code.DEMOGRAPHICS_CHANGED: "{system} has changed {fields:details} since the outage began.",
    Code.DEMOGRAPHICS_MISSING: "{system} does not hold {fields:details} as paper says.",
    Code.ALLERGY_CALLED_WRONG: "Paper says that a recorded allergy is wrong; {system} lists"
    " {live:list|none}.",
    Code.ALLERGIES_LISTED: "{system} lists {live:list|none}.",
    Code.NO_ALLERGIES_AGREED: "{system} says no known allergies too.",
    Code.NO_ALLERGIES_DENIED: "{system} says no known allergies; paper says {paper}.",
    Code.NO_ALLERGIES_RECORDED: "Paper says no known allergies; {system} lists {live:list|none}.",
    Code.ALLERGIES_NOT_RECORDED: "{system} has nothing recorded about allergies.",
    Code.SEVERITY_DIFFERS: "Paper says {paper}; {system} says {live}.",
    Code.ALLERGY_ENDED: "{system} has {substance} as {live}, changed since the outage began.",
    Code.ALLERGY_NOT_ACTIVE: "{system} has {substance} as {live}; paper says it stands.",
    Code.NO_ALERT: "{system} has no such alert.",
    Code.ALERT_EXISTS: "{system} has this alert since {at:moment}.",
    Code.ALERT_ENDED: "{system} has ended this alert since.",
    Code.NO_DOSE: "{system} has no such dose near that time.",
    Code.DOSE_EXISTS: "{system} has this dose of {at:moment}.",
    Code.DOSE_DIFFERS: "Paper says {paper}; {system} says {live} of {at:moment}.",
    Code.DOSE_STATUS_DIFFERS: "Paper says {paper:plain}; {system} says {live:plain} of"
    " {at:moment}.",
    Code.NO_UNIT: "{system} has no such unit near that time.",
    Code.OTHER_COMPONENTS: "It has another component of this donation, {live:components}.",
    Code.COMPONENT_DIFFERS: "{system} has this donation number with {live:components}; paper says"
    " {paper:components}.",
    Code.UNIT_EXISTS: "{system} has this unit as {live}.",
    Code.UNIT_DIFFERS: "{system} has this unit as {live|not settled}; paper says {paper|nothing}.",
    Code.SAMPLE_ON_ANOTHER_FORM: "Form {serial:form} asks for the same, sample taken {at:moment}:"
    " leave this one unless both are wanted.",
    Code.REQUEST_ON_ANOTHER_FORM: "Form {serial:form} asks for the same, asked for {at:moment}:"
    " leave this one unless both are wanted.",
    Code.DOSE_ON_ANOTHER_FORM: "Form {serial:form} says {paper|the same} at {at:moment}: leave this"
    " one unless there were two doses.",
    Code.UNIT_RETURNED_BY_FORM: "The same unit is on form {serial:serial}, which was returned"
    " already: nothing to decide here.",
    Code.UNIT_RESOLVED_BY_FORM: "The same unit is on form {serial:serial}, which was done by hand"
    " elsewhere: nothing to decide here.",
    Code.UNIT_EXISTS_BY_FORM: "The same unit is on form {serial:serial}, which {holder} has"
    " already: nothing to decide here.",
    Code.UNIT_REPRESENTED_BY_FORM: "The same unit is on form {serial:serial}, which is the one that"
    " is returned: nothing to decide here.",
    Code.UNIT_CONTRADICTED: "Form {serial:form} has this unit {paper:as|too}: return one of the two"
    " at most.",
    Code.UNIT_OF_ANOTHER_PATIENT: "Form {serial:form} has this unit {paper:as|too}, for another"
    " patient: return one of the two at most.",
    Code.UNIT_COMPONENT_OPEN: "Form {serial:form} has this donation number"
    " {paper:with|without a component}: return both only if they are two components, so two units.",
    Code.RESULT_EXISTS: "{system} has had the result since {at:moment}.",
    Code.TEST_CANCELLED: "{system} has cancelled it.",
    Code.RESULT_PHONED: "The result was phoned {at:moment}; {system} does not have it yet.",
    Code.TEST_REQUESTED_AGAIN: "Asked for again on paper ({forms:serials}).",
    Code.NO_RESULT_OF_SAMPLE: "The sample was taken and there is no result: it may have to be taken"
    " again.",
    Code.NO_SAMPLE: "No sample was taken and there is no result.",
    Code.NO_ANSWER: "No answer.",
    Code.REQUEST_TIME_UNKNOWN: "Not known when it was asked for.",
    Code.ANSWER_TIME: "{minutes:duration} from request to answer.",
    Code.TEST_REQUESTED_TWICE: "Asked for on form {serial:serial} and also by {requests:others}.",
    Code.VISIT_BOOKED_AGAIN: "Booked again for {at:moment}.",
    Code.VISIT_NOT_BOOKED: "Put off, and not booked again.",
    Code.VISIT_NOT_KNOWN: "Still shown as booked: nobody said whether it took place.",
}
"""One for each code; `{system}` is the system to which the item belongs."""

_DETAILS = {
    "family": "surname",
    "given": "given names",
    "prefix": "title",
    "birth_date": "date of birth",
    "nhs_number": "NHS number",
    "general_practitioner": "general practitioner",
}
_VISITS = {"fulfilled": "seen", "noshow": "did not come"}
_PLACE = re.compile(r"\{(\w+)(?::(\w+))?(?:\|([^}]*))?\}")


def explain(item: Item, zone: ZoneInfo) -> str:
    """Why an item is in its state, in sentences; times in this zone."""
    return word_reasons(item.reasons, item.fact.system, zone)


def word_reasons(reasons: Reasons, system: str, zone: ZoneInfo) -> str:
    """Reasons about what one system holds, as sentences."""
    return " ".join(
        _fill(SENTENCES[code], {"system": system, **values}, zone) for code, values in reasons
    )


def _fill(sentence: str, values: Mapping[str, str], zone: ZoneInfo) -> str:
    def word(place: re.Match[str]) -> str:
        name, kind, when_empty = place.groups()
        text = values.get(name, "")
        if not text and when_empty is not None:
            return when_empty
        if kind == "moment":
            return _word_moment(text, zone)
        if kind == "form":
            return f"{format_serial(text)}{', returned already,' if values.get('returned') else ''}"
        if kind == "others":
            return ", ".join(_word_others(values, zone))
        return _KINDS[kind](text) if kind else text

    return _PLACE.sub(word, sentence)


def _word_moment(text: str, zone: ZoneInfo) -> str:
    return (display.format_moment(text, zone) if text else "") or "an unknown time"


def _word_others(values: Mapping[str, str], zone: ZoneInfo) -> Iterator[str]:
    """Other forms, and requests in the system: each by its number and time, parted by a tab."""
    yield from (f"form {format_serial(serial)}" for serial in values["forms"].split("\n") if serial)
    for request in filter(None, values["requests"].split("\n")):
        number, at = request.split("\t")
        yield f"{values['system']} {number} of {display.format_moment(at, zone)}"


_KINDS: Mapping[str, Callable[[str], str]] = {
    "and": lambda text: " and ".join(text.split("\n")),
    "as": "as {}".format,
    "components": lambda text: ", ".join(map(_quoted, text.split("\n"))),
    "day": display.format_day,
    "details": lambda text: " and ".join(_DETAILS.get(name, name) for name in text.split("\n")),
    "duration": lambda text: display.format_duration(timedelta(minutes=int(text))),
    "list": lambda text: ", ".join(text.split("\n")),
    "or": lambda text: " or ".join(text.split("\n")),
    "plain": lambda text: text.replace("-", " "),
    "serial": format_serial,
    "serials": lambda text: ", ".join(map(format_serial, text.split("\n"))),
    "visit": lambda status: _VISITS.get(status, status),
    "with": "with '{}'".format,
}
"""How a value is worded that is more than its own text."""


def _quoted(component: str) -> str:
    return f"'{component}'" if component else "no component"
