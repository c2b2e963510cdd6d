"""The reasons that are stored of what another form says too. Pure."""

from downtime.reconcile.duplicates.model import DuplicateFinding, DuplicateKind, FormStatement
from downtime.reconcile.model import Decision, ItemState
from downtime.reconcile.reasons import ReasonCode, Reasons, make_reasons


def reasons_for_repeat(kind: DuplicateKind, other: FormStatement) -> Reasons:
    """A test or dose that another form says already."""
    values = _of_form(other.serial, is_returned=other.is_returned) | {"at": other.time}
    if kind == DuplicateKind.DOSE:
        dose = " ".join(filter(None, (other.fields.get("dosage", ""), other.outcome)))
        return make_reasons(ReasonCode.DOSE_ON_ANOTHER_FORM, **values, paper=dose)
    if other.has_sample_time:
        return make_reasons(ReasonCode.SAMPLE_ON_ANOTHER_FORM, **values)
    return make_reasons(ReasonCode.REQUEST_ON_ANOTHER_FORM, **values)


def reasons_for_represented(serial: str, system: str, state: str, decision: str) -> Reasons:
    """A unit of blood that the form of this serial, state and decision represents."""
    if decision == Decision.RETURNED:
        return make_reasons(ReasonCode.UNIT_RETURNED_BY_FORM, serial=serial)
    if decision == Decision.RESOLVED:
        return make_reasons(ReasonCode.UNIT_RESOLVED_BY_FORM, serial=serial)
    if state == ItemState.ALREADY_THERE:
        return make_reasons(ReasonCode.UNIT_EXISTS_BY_FORM, serial=serial, holder=system)
    return make_reasons(ReasonCode.UNIT_REPRESENTED_BY_FORM, serial=serial)


def reasons_for_contradiction(finding: DuplicateFinding, other: FormStatement) -> Reasons:
    """A unit of blood of which another form says something that cannot be the same event."""
    values = _of_form(other.serial, is_returned=other.is_returned)
    if finding.unit and finding.unit.is_component_open:
        medicine = other.fields.get("medicine", "")
        return make_reasons(ReasonCode.UNIT_COMPONENT_OPEN, **values, paper=medicine)
    patient = finding.statement.patient
    is_other_patient = patient and other.patient and patient != other.patient
    code = ReasonCode.UNIT_OF_ANOTHER_PATIENT if is_other_patient else ReasonCode.UNIT_CONTRADICTED
    return make_reasons(code, **values, paper=other.outcome)


def reasons_for_rival(serial: str) -> Reasons:
    """The same, of a form of which no more than its serial is known."""
    return make_reasons(ReasonCode.UNIT_CONTRADICTED, **_of_form(serial, is_returned=False))


def _of_form(serial: str, *, is_returned: bool) -> dict[str, str]:
    return {"serial": serial, "returned": "1" if is_returned else ""}
