"""What must hold before an entry changes; every door comes through here, and each rule has a sentence.

The form's critical fields are keyed by two people before anything of it counts as verified; who
decides between them keyed neither; and nobody verifies what they keyed.
"""

from collections.abc import Container, Mapping, Sequence
from functools import partial

from downtime.entry import confirm_policies
from downtime.entry.facts import PERSON_CHECK
from downtime.entry.keyed_form import KeyedForm
from downtime.entry.model import (
    Emptiness,
    Entry,
    EntryState,
    RetiredWork,
    SecondKeying,
    Task,
    VerificationBasis,
    WorkKind,
)
from downtime.entry.page_ink import WHOLE_PAGE, InkPlace
from downtime.entry.validation import AnswerProblem, InvalidAnswersError
from downtime.errors import ConflictError, ForbiddenError, InputError
from downtime.paper import serials
from downtime.paper.forms.model import FormDefinition, KeyingPolicy
from downtime.paper.model import FormState, IssuedForm
from downtime.vault import policies as vault_policies
from downtime.vault.model import Actor

_OUT_OF_USE = (FormState.FILED, FormState.VOID, FormState.LOST)
_WITHOUT_COMPARISON = (
    VerificationBasis.UNSAMPLED,
    VerificationBasis.AGREED,
    VerificationBasis.READ,
)
_TASK_SENTENCES = {
    Task.CONFIRM: "be confirmed",
    Task.KEY_AGAIN: "be keyed a second time",
    Task.ADJUDICATE: "be decided upon",
    Task.CONFIRM_EMPTY: "be confirmed as empty",
}


check_reason = partial(vault_policies.check_reason, code="entry.reason")
"""The reason without spaces around it; InputError when there is none. A code of its own may be given."""


def can_key(form: IssuedForm, entry: Entry | None) -> bool:
    """Whether answers may be keyed: the form is in use, and not entered yet."""
    return form.state not in _OUT_OF_USE and (entry is None or entry.state == EntryState.DRAFT)


def check_can_key(form: IssuedForm, entry: Entry | None) -> None:
    """ConflictError once the form is entered, filed, void or declared lost."""
    if entry is not None and entry.state != EntryState.DRAFT:
        raise ConflictError(
            "entry.entered",
            f"Form {serials.format_serial(entry.serial)} is already entered.",
            "If it is wrong, send it back with a reason; then it can be keyed again.",
        )
    if form.state in _OUT_OF_USE:
        raise ConflictError(
            "entry.out-of-use",
            f"Form {serials.format_serial(form.serial)} is '{form.state}': nothing is keyed of it.",
            "If the paper has been found, check it in first; if not, take another form.",
        )


def is_person_checked(form: KeyedForm, answers: Mapping[str, str]) -> bool:
    """Whether somebody has said if the person it was printed for is the one on the paper, where it has one."""
    return not form.identity_known or bool(answers.get(PERSON_CHECK))


def check_person_checked(form: KeyedForm, answers: Mapping[str, str]) -> None:
    """InvalidAnswersError for who keys without saying whether the paper is the printed person's.

    What is imported or merged without that word is kept, and waits for somebody who looks at the paper.
    """
    if not is_person_checked(form, answers):
        sentence = "Say whether this person is the one on the paper."
        raise InvalidAnswersError([AnswerProblem(PERSON_CHECK, sentence)])


def check_is_other_person(entry: Entry, typists: Container[str], actor: Actor) -> None:
    """ForbiddenError for the one who keyed it, and for whoever typed a version that another took on.

    Who enters a colleague's draft may not have read the paper: so the colleague keyed it too.
    """
    if actor.id == entry.transcriber or actor.id in typists:
        raise ForbiddenError(
            "entry.own",
            "You keyed this form, so somebody else has to verify it.",
            "Ask a colleague to compare it with the paper.",
        )


def check_is_third_person(
    entry: Entry, typists: Container[str], second: SecondKeying | None, actor: Actor
) -> SecondKeying:
    """The second keying, for somebody who keyed neither; ForbiddenError for the two who did."""
    check_is_other_person(entry, typists, actor)
    if second is None or second.person == actor.id:
        raise ForbiddenError(
            "entry.own",
            "You keyed this form, so a third person has to decide.",
            "Ask a colleague who keyed neither.",
        )
    return second


def check_waits_for(entry: Entry | None, serial: str, task: Task) -> Entry:
    """The entry, if it waits for this; ConflictError."""
    if entry is None or entry.waits != task:
        raise ConflictError(
            "entry.waits",
            f"Form {serials.format_serial(serial)} does not wait to {_TASK_SENTENCES[task]}.",
            "Somebody may have done it meanwhile: take the next one.",
        )
    return entry


def check_can_verify(entry: Entry, typists: Container[str], actor: Actor) -> None:
    """ForbiddenError for who keyed it; ConflictError before two people keyed its critical fields, and
    while an implausible value is not confirmed.
    """
    check_is_other_person(entry, typists, actor)
    confirm_policies.check_is_confirmed(entry)
    if entry.waits == Task.KEY_AGAIN:
        raise ConflictError(
            "entry.second-keying",
            "Another person keys critical fields, or some of the others, of this form first, without"
            " seeing the entry.",
            "Key it a second time; what agrees, or was decided upon, can then be verified.",
        )
    if entry.waits == Task.ADJUDICATE:
        raise ConflictError(
            "entry.disputed",
            "Two people keyed this form differently.",
            "A third person decides between them first.",
        )
    if entry.waits == Task.CONFIRM_EMPTY:
        raise ConflictError(
            "entry.empty",
            "This form is said to be empty.",
            "Another person looks at the paper first, and confirms that it is.",
        )


class EmptyFormError(InputError):
    """Nothing is keyed of a form, and nobody says that it is empty."""


class UnseenInkError(InputError):
    """A scan shows ink that is not keyed, and nobody says that they looked at it."""


_WORK_SENTENCES = {
    WorkKind.DRAFT: "carries a draft that somebody keyed",
    WorkKind.SCAN: "carries a scan",
    WorkKind.OPEN: "is before somebody on the screen",
    WorkKind.CAME_BACK: "came back",
    WorkKind.IN_TRAY: "has a scanned page in the tray",
}


def check_can_retire(work: RetiredWork | None, actor: Actor, *, with_work: bool) -> None:
    """Whether a form may be taken out of use with the work that it carries.

    ConflictError unless that is meant (`with_work`); ForbiddenError for the one whose work it is.
    """
    if work is None:
        return
    sentence = f"Form {serials.format_serial(work.serial)} {_WORK_SENTENCES[work.kind]}"
    if not with_work:
        raise ConflictError(
            "entry.retire-work",
            f"{sentence}: that would disappear with it.",
            "Look at the form's own page, and take it out of use there (command: --with-work).",
        )
    if actor.id in work.people:
        raise ForbiddenError(
            "entry.retire-own",
            f"{sentence}, and that was you: so a second person takes it out of use.",
            "Ask a colleague to look at the paper.",
        )


def check_is_as_previewed(version: str, shown: str) -> None:
    """ConflictError unless a pile would be sorted, or taken out of use, just as its preview showed it."""
    if shown != version:
        raise ConflictError(
            "pile.changed",
            "These forms do not stand as they were shown: nothing was done.",
            "Look at them as they are now, then do it.",
        )


def can_verify(entry: Entry | None, typists: Container[str], actor: Actor) -> bool:
    """Whether this person may compare the entry with the paper now."""
    if entry is None or entry.waits != Task.COMPARE:
        return False
    return entry.transcriber != actor.id and actor.id not in typists


def is_verified_uncompared(entry: Entry) -> bool:
    """Whether it counts as verified although nobody compared all of it: that may still be done."""
    return entry.state == EntryState.VERIFIED and entry.basis in _WITHOUT_COMPARISON


def can_send_back(form: IssuedForm, entry: Entry | None) -> bool:
    """Whether an entry can become a draft again."""
    is_entered = entry is not None and entry.state != EntryState.DRAFT
    return is_entered and form.state not in _OUT_OF_USE


def can_file(form: IssuedForm, definition: FormDefinition, entry: Entry | None) -> bool:
    """Whether the paper can be filed: verified, or kept as a picture and not entered."""
    if form.state in _OUT_OF_USE:
        return False
    if entry is not None and entry.state == EntryState.VERIFIED:
        return True
    is_picture = definition.policy == KeyingPolicy.SCAN
    return is_picture and (entry is None or entry.state == EntryState.DRAFT)


def check_can_file(form: IssuedForm, definition: FormDefinition, entry: Entry | None) -> None:
    """ConflictError unless it is verified, or its policy keeps a picture of it; see `can_file`."""
    if form.state not in _OUT_OF_USE and not can_file(form, definition, entry):
        raise ConflictError(
            "entry.unverified",
            "This form is keyed by policy, and its entry is not verified yet.",
            "Key it and have it verified, then file the paper.",
        )


def check_emptiness(serial: str, *, is_empty: bool, says_empty: bool) -> None:
    """Whoever keys says that a form is empty, and of no other one; EmptyFormError, InputError."""
    form = serials.format_serial(serial)
    if is_empty and not says_empty:
        raise EmptyFormError(
            "entry.empty",
            f"Nothing is keyed of form {form} beyond what was printed on it.",
            "Key what the paper says. If nobody wrote an answer on it, say that it is empty.",
        )
    if says_empty and not is_empty:
        raise InputError(
            "entry.not-empty",
            f"Form {form} has an answer, so it is not empty.",
            "Take the answer away if the paper has none, or enter the form without calling it empty.",
        )


def check_ink_was_looked_at(
    serial: str, unkeyed: Sequence[InkPlace], looked_at: Container[str]
) -> None:
    """UnseenInkError while nobody has looked at ink of the scan that is not keyed, or at a page not measured."""
    unseen = [place for place in unkeyed if place.name not in looked_at]
    if unseen:
        raise UnseenInkError(
            "entry.ink",
            f"The scan of form {serials.format_serial(serial)} {_word_unseen(unseen)}.",
            "Look at each: key what is written, or say that it is keyed elsewhere or means nothing.",
        )


def _word_unseen(unseen: Sequence[InkPlace]) -> str:
    pages = [str(place.page) for place in unseen if place.place == WHOLE_PAGE]
    count = len(unseen) - len(pages)
    places = f"{count} places" if count > 1 else "one place"
    ink = [f"shows ink in {places} that is not keyed"] if count else []
    whole = [f"was not measured on page {', '.join(pages)}"] if pages else []
    return " and ".join(ink + whole)


def check_can_confirm_empty(
    entry: Entry | None, serial: str, typists: Container[str], actor: Actor
) -> Entry:
    """The entry, for somebody who did not key it, if it waits to be confirmed as empty."""
    entry = check_waits_for(entry, serial, Task.CONFIRM_EMPTY)
    check_is_other_person(entry, typists, actor)
    return entry


def find_first_task(entry: Entry, *, is_critical: bool) -> Task:
    """What a second person does first of an entry that is not verified."""
    if entry.emptiness == Emptiness.DECLARED:
        return Task.CONFIRM_EMPTY
    return Task.KEY_AGAIN if is_critical or entry.sample_keys else Task.COMPARE


def has_enough_people(
    entry: Entry, second: SecondKeying | None, *, is_critical: bool, is_empty: bool = False
) -> bool:
    """Whether an entry names everybody whom its state needs, and waits for whom it still needs.

    Another machine may say what it likes.

    `is_critical`: the form has critical fields. An entry that is verified, or whose critical fields
    count as certain, was keyed by two people, decided upon by a third where they differed, and
    compared by somebody who did not key it. `is_empty`: it says nothing beyond what was printed, as
    somebody who did not key it has to confirm before all else. What a scanner read counts on the machine
    that has the scan, whose site lets it, and on no other one.
    """
    if entry.state == EntryState.DRAFT:
        return True
    if is_empty != (entry.emptiness != Emptiness.NONE):
        return False
    if entry.second_reading or entry.basis == VerificationBasis.READ:
        return False
    is_confirmed = entry.emptiness == Emptiness.CONFIRMED
    if is_confirmed and entry.confirmer in ("", entry.transcriber):
        return False
    if is_empty and not is_confirmed:
        return entry.state == EntryState.ENTERED and entry.waits == Task.CONFIRM_EMPTY
    if entry.basis == VerificationBasis.EMPTY:
        return is_confirmed and not is_critical
    if entry.state == EntryState.ENTERED:
        return entry.waits in (Task.CONFIRM, find_first_task(entry, is_critical=is_critical))
    is_keyed_twice = second and second.keyed and second.person != entry.transcriber
    if entry.state == EntryState.ADJUDICATING:
        return bool(is_keyed_twice) and entry.waits == Task.ADJUDICATE
    is_verified = entry.state == EntryState.VERIFIED
    if is_verified and entry.basis == VerificationBasis.UNSAMPLED:
        return not is_critical
    if is_verified and entry.verifier in ("", entry.transcriber):
        return False
    says_twice = entry.basis in (VerificationBasis.AGREED, VerificationBasis.ADJUDICATED)
    if not (is_critical or says_twice or entry.sample_keys):
        return True
    if second is None or not is_keyed_twice:
        return False
    return entry.basis != VerificationBasis.ADJUDICATED or entry.verifier != second.person
