"""What a break-glass access needs, who may review it, and that every one is reviewed."""

from downtime.access_settings import BreakGlassSettings
from downtime.accounts.break_glass.model import AccessDraft, AccessState, BreakGlassAccess, WardCode
from downtime.accounts.policies import check_name
from downtime.errors import ConflictError, ForbiddenError, InputError, LockedError, NotFoundError
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason

MOST_TEXT = 80


def check_draft(draft: AccessDraft, settings: BreakGlassSettings) -> None:
    """InputError for what is missing, too long a time, or a PIN that is too short."""
    check_name(draft.name)
    _check_text(draft.employer, "The employer (agency, trust)")
    _check_text(draft.registration, "The registration or staff number")
    check_reason(draft.reason, "break-glass.reason", "Say in a few words why it cannot wait.")
    if bool(draft.ward) == bool(draft.patient):
        raise InputError(
            "break-glass.scope",
            "It is not said for which ward or which patient.",
            "Choose one ward, or begin at one patient.",
        )
    if not 1 <= draft.minutes <= settings.minutes:
        raise InputError(
            "break-glass.minutes",
            f"An access lasts 1 to {settings.minutes} minutes.",
            "Choose a shorter time; it can be started anew.",
        )
    if len(draft.pin) < settings.pin_length:
        raise InputError(
            "break-glass.pin",
            f"The PIN has {settings.pin_length} characters or more.",
            "The person who works under it chooses it, and tells nobody.",
        )


def _check_text(text: str, what: str) -> None:
    if not (2 <= len(text.strip()) <= MOST_TEXT and text.isprintable()):
        raise InputError(
            "break-glass.text", f"{what} is missing, or too long.", "Write it as on their badge."
        )


def check_running(access: BreakGlassAccess | None, now: str) -> BreakGlassAccess:
    """LockedError unless an access holds now."""
    if access is None or not access.is_running(now):
        raise LockedError(
            "break-glass.over",
            "There is no running break-glass access of that name.",
            "Let somebody who is signed in start one, or open the ward's sealed code.",
        )
    return access


def check_can_record(access: BreakGlassAccess) -> None:
    """ForbiddenError for an access by a sealed code, for which nobody who is known here answers."""
    if access.reads_only:
        raise ForbiddenError(
            "break-glass.reads",
            "A sealed code opens the ward for reading and printing; nothing is recorded on the screen.",
            "Write it on a paper form. Somebody with an account can let you in to record.",
        )


def check_code(code: WardCode | None) -> WardCode:
    """LockedError unless the envelope of this label was not opened before."""
    if code is None or not code.is_open:
        raise refused_code_error()
    return code


def refused_code_error() -> LockedError:
    """The one sentence for every sealed code that opens nothing."""
    return LockedError(
        "break-glass.code",
        "The label or the code is not right, or the code was used before.",
        "Compare both with the paper. Each code opens once; an administrator makes new ones.",
    )


def check_can_review(access: BreakGlassAccess | None, actor: Actor, now: str) -> BreakGlassAccess:
    """NotFoundError, ConflictError while it runs or once it was reviewed, ForbiddenError for who let them in."""
    if access is None:
        raise NotFoundError(
            "break-glass.unknown", "There is no such access.", "See the list of accesses."
        )
    state = access.find_state(now)
    if state is AccessState.REVIEWED:
        raise ConflictError(
            "break-glass.reviewed",
            f"{access.reviewed_name} has reviewed it already.",
            "What was said of it stays on record.",
        )
    if state is AccessState.RUNNING:
        raise ConflictError(
            "break-glass.running",
            "This access still runs: more may be done under it.",
            "End it first, or wait until its time is over.",
        )
    if actor.id in (access.sponsor, access.person):
        raise ForbiddenError(
            "break-glass.own",
            "You let this person in, so somebody else reviews it.",
            "Ask another of the site team or a records supervisor.",
        )
    return access
