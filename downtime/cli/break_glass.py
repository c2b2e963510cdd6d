"""Break-glass on the command line: the accesses and their review, and the sealed codes of wards."""

from typing import Any

import click

from downtime.accounts.break_glass import review_access, ward_codes
from downtime.accounts.break_glass.model import BreakGlassAccess, ReviewVerdict, WardCode
from downtime.accounts.model import Permission
from downtime.cli.options import REASON, EnumChoice
from downtime.cli.program import break_glass
from downtime.cli.session import Output, Session, command, pick

ACCESS = click.argument("access_id", metavar="ACCESS")


@command(break_glass, "list", permission=Permission.BREAK_GLASS_LIST)
def list_(session: Session) -> Output:
    """Everybody who was let in without an account; exit code 1 while one waits for a review."""
    accesses, now = review_access.list_accesses(session.vault), session.vault.now()
    waiting = review_access.count_unreviewed(session.vault)
    return Output.of_rows(
        accesses,
        lambda access: _document(access, now),
        lambda access: _line(access, now),
        "Nobody was let in without an account.",
        1 if waiting else 0,
    )


@command(break_glass, "end", permission=Permission.BREAK_GLASS_START)
@ACCESS
@REASON
def end(session: Session, access_id: str, reason: str) -> Output:
    """End an access before its time."""
    return _output(
        session, review_access.end_access(session.vault, access_id, session.actor, reason)
    )


@command(break_glass, "review", permission=Permission.BREAK_GLASS_REVIEW)
@ACCESS
@click.option("--verdict", required=True, type=EnumChoice(ReviewVerdict), help="What came of it.")
@REASON
def review(session: Session, access_id: str, verdict: str, reason: str) -> Output:
    """Say whether an access was justified; never by whoever let that person in."""
    reviewed = review_access.review_access(
        session.vault, access_id, ReviewVerdict(verdict), session.actor, reason
    )
    return _output(session, reviewed)


@command(break_glass, "create-code", permission=Permission.PERSON_MANAGE)
@click.argument("ward")
@REASON
def create_code(session: Session, ward: str, reason: str) -> Output:
    """Make the sealed code of a ward; it is shown once, and opens once."""
    new = ward_codes.create_ward_code(session.vault, session.settings, ward, session.actor, reason)
    label = new.ward_code.label
    return Output(
        {"label": label, "code": new.secret},
        [
            f"Envelope {label}: {new.secret}",
            "Seal it with the label outside; it is not shown again.",
        ],
    )


@command(break_glass, "codes", permission=Permission.PERSON_MANAGE)
def codes(session: Session) -> Output:
    """The sealed codes of wards, opened ones too; the codes themselves are kept nowhere."""
    return Output.of_rows(
        ward_codes.list_ward_codes(session.vault),
        lambda code: pick(code, "label", "ward", "created", "used", "access", "withdrawn"),
        lambda code: f"{code.label:<12} {_word_code(code)}",
        "None was made.",
    )


@command(break_glass, "withdraw-code", permission=Permission.PERSON_MANAGE)
@click.argument("label")
@REASON
def withdraw_code(session: Session, label: str, reason: str) -> Output:
    """Let a code open nothing any more: its envelope is lost."""
    ward_codes.withdraw_ward_code(session.vault, label, session.actor, reason)
    return Output({"label": label, "withdrawn": True}, [f"{label} opens nothing any more."])


def _output(session: Session, access: BreakGlassAccess) -> Output:
    now = session.vault.now()
    return Output(_document(access, now), [_line(access, now)])


def _document(access: BreakGlassAccess, now: str) -> dict[str, Any]:
    names = (
        "id", "name", "employer", "registration", "reason", "ward", "started", "over_at", "let_in_by",
        "device", "verdict", "reviewed", "reviewed_name", "note",
    )  # fmt: skip
    return pick(access, *names) | {"state": access.find_state(now)}


def _line(access: BreakGlassAccess, now: str) -> str:
    scope = f"ward {access.ward}" if access.ward else "one patient"
    return (
        f"{access.id}  {access.find_state(now):<15} {access.label}, {scope}, until {access.over_at}"
    )


def _word_code(code: WardCode) -> str:
    if code.used:
        return f"opened {code.used}"
    return f"withdrawn {code.withdrawn}" if code.withdrawn else "sealed"
