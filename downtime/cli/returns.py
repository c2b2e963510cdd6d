"""What goes back to the recovered systems: export it, send what waits, settle what was refused."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.app import Output, Session, command, each
from downtime.cli.options import WHY
from downtime.cli.program import returns
from downtime.cli.progress import progress
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import StoredItem
from downtime.returns import check_targets, outbox, queue_messages, send_messages, take_back_message
from downtime.returns import export_messages as exporting
from downtime.returns.model import CHANNELS, LIFECYCLE, STATE_TITLES, Message, MessageState
from downtime.returns.send_messages import SendingReport
from downtime.returns.store import outbox_messages

MESSAGES = click.argument("numbers", nargs=-1, required=True, metavar="MESSAGE...")


@command(returns, "export", permission=Permission.RETURN_EXPORT)
@click.option(
    "--format",
    "format_name",
    required=True,
    type=click.Choice(["hl7v2", "worklist"]),
    help="Messages for systems, or lists for people.",
)
@click.option(
    "--to",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write to.",
)
def export(session: Session, format_name: str, to: Path) -> Output:
    """Write what was decided to return; nothing goes out twice."""
    done = exporting.export_messages(
        session.vault, session.settings, format_name, to, session.actor
    )
    document = {
        "files": [str(file) for file in done.files],
        "messages": done.messages,
        "already": done.already,
        "waiting": list(done.outdated),
    }
    return Output(document, [done.sentence, *map(str, done.files)])


@command(returns, "send", permission=Permission.RETURN_EXPORT)
@click.option("--to", "system", required=True, metavar="SYSTEM", help="System to send to.")
@click.option("--watch", is_flag=True, help="Go on until stopped, with what is decided meanwhile.")
def send(session: Session, system: str, watch: bool) -> Output:
    """Send what was decided to a system that takes messages over the network.

    Exit 1 when something was refused, or the receiver could not be reached; what waits is kept.
    """
    vault = session.vault
    with _stopping() as stopping, progress("Sending") as tell:
        done = send_messages.send_messages(
            vault, session.settings, system, session.actor,
            pause=stopping.wait, watch=watch, progress=tell,
        )  # fmt: skip
    return Output(_result(done), [done.sentence], 1 if done.refused or done.fault else 0)


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Set by an interrupt or by `kill`: the message in hand is finished first."""
    stopping = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stopping.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@command(returns, "list", permission=Permission.RETURN_EXPORT)
@click.option("--system", default="", metavar="SYSTEM", help="Only messages for this system.")
@click.option(
    "--state", type=click.Choice(list(LIFECYCLE.moves)), default=None, help="Only in this state."
)
def list_(session: Session, system: str, state: str | None) -> Output:
    """The messages of the latest outage: how far each has come, and why."""
    outage = find_latest_outage(session.vault)
    found = list(
        outbox_messages.list_messages(session.vault.db, outage.id, system=system, state=state or "")
    )
    lines, documents = [], []
    for one in found:
        behind = [row.key for row in _behind(session, one)]
        lines.append(f"{one.control_id}  {one.system:<10} {one.kind:<8} {STATE_TITLES[one.state]}")
        lines += [f"    {key} of another form waits behind it" for key in behind]
        documents.append({**_document(one), "behind": behind})
    return Output(documents, lines or ["There are no messages."])


def _behind(session: Session, one: Message) -> list[StoredItem]:
    """What other forms say of the same, while it waits for a person."""
    return (
        take_back_message.list_waiting_behind(session.vault.db, one)
        if one.state == MessageState.REFUSED
        else []
    )


@command(returns, "check", permission=Permission.PUBLIC)
def check(session: Session) -> Output:
    """Check how each system is told: every key of its table, its certificates, its token.

    Exit 1 when something is wrong; nothing is sent.
    """
    good, faults = check_targets.check_targets(session.settings)
    told = [f"{one.system}: {CHANNELS[one.channel]}, as its table says." for one in good]
    wrong = [f"{session.home.config}: {one.sentence} {one.next_step}" for one in faults]
    document = {
        "systems": [{"system": one.system, "channel": one.channel} for one in good],
        "faults": [{"code": one.code, "sentence": str(one)} for one in faults],
    }
    usual = ["No system has a table of its own: each is told by files."]
    return Output(document, (told + wrong) or usual, 1 if faults else 0)


@command(returns, "again", permission=Permission.RETURN_EXPORT)
@MESSAGES
@WHY
def again(session: Session, numbers: tuple[str, ...], reason: str) -> Output:
    """Send refused messages once more, written anew where anything about them was put right."""
    made = each(
        numbers,
        lambda n: queue_messages.resend_message(
            session.vault, session.settings, n, session.actor, reason
        ),
    )
    return _messages(made)


@command(returns, "refused", permission=Permission.RETURN_EXPORT)
@MESSAGES
@WHY
def refused(session: Session, numbers: tuple[str, ...], reason: str) -> Output:
    """Say that a system did not take messages which were handed over as files."""
    return _messages(
        each(numbers, lambda n: outbox.refuse_message(session.vault, n, session.actor, reason)),
    )


@command(returns, "resolve", permission=Permission.RETURN_EXPORT)
@MESSAGES
@WHY
def resolve(session: Session, numbers: tuple[str, ...], reason: str) -> Output:
    """Say that refused messages were put right by hand; those behind them go on."""
    return _messages(
        each(numbers, lambda n: outbox.resolve_message(session.vault, n, session.actor, reason)),
    )


@command(returns, "take-back", permission=Permission.RETURN_EXPORT)
@MESSAGES
@WHY
def take_back(session: Session, numbers: tuple[str, ...], reason: str) -> Output:
    """Take refused messages back: what they carry is decided anew, those behind them go on."""
    return _messages(
        each(
            numbers,
            lambda n: take_back_message.take_back_message(session.vault, n, session.actor, reason),
        ),
    )


def _messages(made: list[Message]) -> Output:
    return Output(
        [_document(one) for one in made],
        [f"{one.control_id}: {STATE_TITLES[one.state]}" for one in made],
    )


def _result(done: SendingReport) -> dict[str, object]:
    return {
        "queued": done.queued.items,
        "taken": done.acknowledged,
        "committed": done.committed,
        "refused": done.refused,
        "waiting": done.waiting,
        "problems": [
            {"item": item, "sentence": sentence} for item, sentence in done.queued.problems
        ],
        "trouble": done.fault,
    }


def _document(one: Message) -> dict[str, object]:
    return {
        "control_id": one.control_id,
        "system": one.system,
        "channel": one.channel,
        "kind": one.kind,
        "state": one.state,
        "attempts": one.attempts,
        "next_try": one.next_try,
        "answer": one.answer,
        "reason": one.reason,
        "items": list(one.items),
    }
