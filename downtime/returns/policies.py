"""What may be done with a returned message, a line of a worklist or a statement, and by whom.

`check_…` raises the user's error with its sentence; `can_…` is its yes/no twin. Use cases call
these, so that they hold on screens, on the command line and in programs alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TypeGuard

from downtime.accounts import permissions
from downtime.accounts.model import Permission, Person
from downtime.clinical.identifiers import fold_number
from downtime.errors import ConflictError, ForbiddenError, InputError, refusal_of
from downtime.outage.model import Outage
from downtime.returns.model import (
    LEAD_TITLES,
    Channel,
    Lead,
    Message,
    MessageState,
    NumberClaim,
    Signature,
    Tick,
)
from downtime.settings import Settings
from downtime.vault import policies as vault_policies
from downtime.vault.model import Actor

MAX_TICK_NUMBER = 60
"""Longest number of a live system that a tick takes."""
SIGN_PERMISSIONS = {
    Lead.WARD: Permission.STATEMENT_SIGN_WARD,
    Lead.RECORDS: Permission.STATEMENT_SIGN_RECORDS,
    Lead.SAFETY: Permission.STATEMENT_SIGN_SAFETY,
}


def check_not_drill(outage: Outage) -> None:
    """ConflictError when the outage is a drill."""
    if outage.drill:
        raise ConflictError(
            "return.drill",
            f"{outage.label} is a drill: nothing of it goes to a live system.",
            "Look at the decisions on the screen instead.",
        )


SHOWN_DIGITS = 16
"""How many digits of a digest a command shows, and asks for."""

check_reason = partial(vault_policies.check_reason, code="return.reason")
"""The reason without spaces around it; InputError when there is none."""


def check_awaits_answer(message: Message, *, system: str) -> None:
    """ConflictError unless a message was handed over to this system and has no final answer."""
    if (message.state, message.system) != (MessageState.SENT, system):
        raise ConflictError(
            "return.not-waiting",
            f"Message {message.control_id} does not wait for an answer of {system}.",
            "See the list of messages.",
        )


def may_have_arrived(message: Message) -> bool:
    """Whether an attempt got no answer, so that the receiver may have it whatever it said since."""
    return message.unanswered > 0


def check_absence_known(message: Message, *, is_absent: bool) -> None:
    """ConflictError for what may have arrived, until somebody looked and says that it is not there.

    Decided or sent anew otherwise, it would be in the live system twice.
    """
    if may_have_arrived(message) and not is_absent:
        raise ConflictError(
            "return.may-have-arrived",
            f"Message {message.control_id} may have arrived in {message.system}: an attempt to send"
            " it got no answer.",
            f"Look for it in {message.system}. If it is not there, say so; if it is, mark it as"
            " corrected by hand.",
        )


def check_can_take_back(message: Message) -> None:
    """ConflictError for a message that was not refused, or that carries no compared items."""
    if message.state != MessageState.REFUSED or not message.compared:
        raise ConflictError(
            "return.not-refused",
            f"Message {message.control_id} was not refused, or carries nothing of a form.",
            "Only what a system certainly did not take can be taken back.",
        )


def check_can_send_again(message: Message, first_refused: Message | None) -> None:
    """ConflictError while an earlier message of the same patient is refused and not settled."""
    if message.state == MessageState.HELD:
        name = first_refused.control_id if first_refused else "before it"
        raise ConflictError(
            "return.held",
            f"Message {message.control_id} waits for message {name} of the same patient.",
            "Settle that one: this one then goes by itself.",
        )


def had_no_effect(message: Message) -> bool:
    """Whether the receiver certainly has not taken a message in: another may take its place."""
    waiting = message.state == MessageState.QUEUED and not message.attempts
    is_stopped = message.state in (MessageState.HELD, MessageState.REFUSED)
    return waiting or (is_stopped and not may_have_arrived(message))


def check_is_worklist_line(message: Message) -> None:
    """ConflictError for an item that went out as a message: nobody is to key it as well."""
    if message.channel != Channel.WORKLIST:
        raise ConflictError(
            "rekey.message",
            "This item went out as a message: the receiver's answer says whether it arrived.",
            "Do not key it as well.",
        )


def check_not_ticked(message: Message, tick: Tick | None) -> None:
    """ConflictError when a line was ticked already: two people keyed it, so one entry is double."""
    if message.state == MessageState.ACKNOWLEDGED:
        raise ConflictError(
            "rekey.ticked",
            f"This line was ticked already by {tick.ticked_by_name if tick else 'somebody'}.",
            "If you keyed it too, it is in the live system twice: remove one of the two there.",
        )


def is_claimed(claim: NumberClaim | None, number: str) -> TypeGuard[NumberClaim]:
    """Whether somebody has typed this number for a line already; spaces, hyphens and case do not count."""
    return claim is not None and fold_number(claim.number) == fold_number(number)


def check_can_confirm_number(claim: NumberClaim | None, number: str, actor: Actor) -> None:
    """ForbiddenError for who typed the same number first: two people say that it is two patients'."""
    if is_claimed(claim, number) and not claim.confirmed and claim.claimed_by == actor.id:
        raise ForbiddenError(
            "rekey.second",
            "You typed this number already, and another patient has it too: somebody else types it.",
            "Ask a colleague to look in the live system, or type the right number.",
        )


def is_number_confirmed(claim: NumberClaim | None, number: str, actor: Actor) -> bool:
    """Whether this person is the second one who typed the number for a line."""
    return is_claimed(claim, number) and claim.claimed_by != actor.id


def check_tick_number(number: str) -> None:
    """InputError for a number that no live system gives."""
    if len(number) > MAX_TICK_NUMBER or not number.isprintable():
        raise InputError(
            "rekey.number",
            f"The number is longer than {MAX_TICK_NUMBER} characters or cannot be printed.",
            "Write the number that the live system shows.",
        )


def check_can_close_alone(
    outage: Outage, open_kinds: Mapping[str, int], unsigned: Sequence[Lead]
) -> None:
    """ConflictError while anything is open, or a lead has not signed; never for a drill."""
    if outage.drill or not (open_kinds or unsigned):
        return
    count = sum(open_kinds.values())
    what = [f"{count} {'thing is' if count == 1 else 'things are'} open"] * bool(open_kinds)
    what += [f"{LEAD_TITLES[lead].lower()} has not signed" for lead in unsigned]
    raise ConflictError(
        "closing.incomplete",
        f"{outage.label} is not complete and signed: {', '.join(what)}.",
        "Settle and sign it; or one person proposes to close it all the same, and another closes it.",
    )


def check_can_propose(
    *, is_program: bool, proposed_by: str = "", actor_id: str = "", is_as_proposed: bool = True
) -> None:
    """Who may close books with things open: two people who saw the same, never a program.

    ForbiddenError for a program and for who proposed it; ConflictError when anything has changed since.
    """
    if is_program:
        raise ForbiddenError(
            "closing.program",
            "A service account closes no books in which things are open.",
            "Two people close them.",
        )
    if proposed_by and proposed_by == actor_id:
        raise ForbiddenError(
            "closing.own",
            "You proposed to close these books, so another person has to close them.",
            "Ask a colleague to look at what is open.",
        )
    if not is_as_proposed:
        raise ConflictError(
            "closing.changed",
            "The books are not as they were when closing was proposed: something was settled, or came up.",
            "Propose it anew: both people have to have seen the same.",
        )


def check_can_explain(*, first: str, actor_id: str, is_program: bool) -> None:
    """ForbiddenError for a program, and for the second word of who said the first."""
    if is_program:
        raise ForbiddenError(
            "explain.program",
            "A service account explains nothing.",
            "Two people say what happened.",
        )
    if first == actor_id:
        raise ForbiddenError(
            "explain.own",
            "You said what happened, so another person has to look as well.",
            "Ask a colleague.",
        )


def check_can_sign(settings: Settings, lead: Lead, person: Person) -> None:
    """ForbiddenError unless this person may sign as this lead."""
    named = settings.returns.safety_leads
    if lead == Lead.SAFETY and named:
        if person.username not in named:
            raise ForbiddenError(
                "statement.safety",
                "You are not one of this hospital's clinical safety leads.",
                "Ask one of them; the setting returns.safety_leads names them.",
            )
        return
    permissions.check_can(person, SIGN_PERMISSIONS[lead])


def can_sign(settings: Settings, lead: Lead, person: Person) -> bool:
    """Whether this person may sign as this lead."""
    return not refusal_of(check_can_sign, settings, lead, person)


def check_is_shown(digest: str, shown: str | None) -> None:
    """ConflictError for facts of another digest than those that somebody saw; None: nothing showed any.

    A page that names no digest has shown none, so nothing is signed or closed from it. At a command the first
    digits are enough.
    """
    if shown is not None and shown not in (digest, digest[:SHOWN_DIGITS]):
        raise ConflictError(
            "statement.changed",
            "The statement reads otherwise than it did on your page: something was written since.",
            "Look at it as it is now, then sign or close.",
        )


def check_not_signed(
    signatures: Iterable[Signature], digest: str, lead: Lead, person_id: str
) -> None:
    """Of the facts with this digest: ConflictError when this lead has signed them already,
    ForbiddenError when this person has, as another lead: three people sign, nobody for two.
    """
    for signature in signatures:
        if signature.facts_sha256 != digest:
            continue
        if signature.role == lead:
            raise ConflictError(
                "statement.signed",
                f"The {LEAD_TITLES[lead].lower()} has already signed this statement.",
                "It needs to be signed again only when its facts change.",
            )
        if signature.person == person_id:
            raise ForbiddenError(
                "statement.second",
                f"You have signed this statement as {LEAD_TITLES[signature.role].lower()}.",
                "Each lead signs in person.",
            )
