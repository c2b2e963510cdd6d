"""Why an item is as it is when another form says the same: the reasons of each case. Pure."""

from downtime.clinical.recognition import DuplicateKind
from downtime.reconcile.duplicates.model import DuplicateFinding, FormStatement
from downtime.reconcile.duplicates.relations import list_differences
from downtime.reconcile.model import Decision, ItemState
from downtime.reconcile.reasons import ReasonCode, Reasons, make_reasons
from downtime.reconcile.rules.verdict import fold_text


def reasons_for_repeat(
    kind: DuplicateKind, statement: FormStatement, other: FormStatement
) -> Reasons:
    """A test or dose that another form says already."""
    values = _of_form(other.serial, is_returned=other.is_returned) | {"at": other.time}
    if kind == DuplicateKind.DOSE:
        names = [form.fields.get("medicine", "") for form in (statement, other)]
        medicine = "" if fold_text(names[0]) == fold_text(names[1]) else names[1]
        paper = _join(medicine, other.fields.get("dosage", ""), other.outcome)
        return make_reasons(ReasonCode.DOSE_ON_ANOTHER_FORM, **values, paper=paper)
    if kind == DuplicateKind.RESULT:
        return make_reasons(ReasonCode.RESULT_ON_ANOTHER_FORM, **values)
    if other.has_own_time:
        return make_reasons(ReasonCode.SAMPLE_ON_ANOTHER_FORM, **values)
    return make_reasons(ReasonCode.REQUEST_ON_ANOTHER_FORM, **values)


def reasons_for_represented(
    kind: str, serial: str, system: str, state: str, decision: str
) -> Reasons:
    """A thing that the form of this serial, state and decision represents."""
    values = {"serial": serial} | ({} if kind == DuplicateKind.UNIT else {"kind": kind})
    if decision == Decision.RETURNED:
        return make_reasons(ReasonCode.UNIT_RETURNED_BY_FORM, **values)
    if decision == Decision.RESOLVED:
        return make_reasons(ReasonCode.UNIT_RESOLVED_BY_FORM, **values)
    if state == ItemState.ALREADY_THERE:
        return make_reasons(ReasonCode.UNIT_EXISTS_BY_FORM, **values, holder=system)
    return make_reasons(ReasonCode.UNIT_REPRESENTED_BY_FORM, **values)


def reasons_for_contradiction(finding: DuplicateFinding, other: FormStatement) -> Reasons:
    """A thing of which another form says what cannot be the same event."""
    values = _of_form(other.serial, is_returned=other.is_returned)
    statement = finding.statement
    if finding.duplicate_key.kind != DuplicateKind.UNIT:
        paper = describe_difference(statement, other)
        return make_reasons(ReasonCode.DIFFERS_ON_ANOTHER_FORM, **values, paper=paper)
    if finding.unit and finding.unit.is_component_open:
        medicine = other.fields.get("medicine", "")
        return make_reasons(ReasonCode.UNIT_COMPONENT_OPEN, **values, paper=medicine)
    is_other = are_of_two_patients(statement.patient, other.patient)
    code = ReasonCode.UNIT_OF_ANOTHER_PATIENT if is_other else ReasonCode.UNIT_CONTRADICTED
    return make_reasons(code, **values, paper=other.outcome)


def reasons_for_doubtful_patient(other: FormStatement) -> Reasons:
    """A thing that another form says of whom this one names by number, and perhaps wrongly."""
    return make_reasons(ReasonCode.PERSON_BEFORE_DUPLICATE, serial=other.serial)


def reasons_for_rival(
    kind: str, serial: str, *, is_returned: bool, of_another_patient: bool
) -> Reasons:
    """The same, of a form of which no more than its serial is known."""
    code = ReasonCode.DIFFERS_ON_ANOTHER_FORM
    if kind == DuplicateKind.UNIT:
        code = (
            ReasonCode.UNIT_OF_ANOTHER_PATIENT
            if of_another_patient
            else ReasonCode.UNIT_CONTRADICTED
        )
    return make_reasons(code, **_of_form(serial, is_returned=is_returned))


def are_of_two_patients(patient: str, other: str) -> bool:
    """Whether both are known, and two."""
    return bool(patient and other and patient != other)


def describe_difference(statement: FormStatement, other: FormStatement) -> str:
    """What the other form says of that in which they differ, in its own words."""
    if other.fields.get("none_known"):
        return "no known allergies"
    names = list_differences(statement, other) or list_differences(other, statement)
    names = names or ["substance"]
    if "value" in names:
        return _join(other.fields.get("value", ""), other.fields.get("units", ""))
    return ", ".join(filter(None, (other.fields.get(name, "") for name in names)))


def _join(*parts: str) -> str:
    return " ".join(filter(None, parts))


def _of_form(serial: str, *, is_returned: bool) -> dict[str, str]:
    return {"serial": serial, "returned": "1" if is_returned else ""}
