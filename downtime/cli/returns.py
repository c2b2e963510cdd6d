"""What goes back to the recovered systems: export it, send what waits, settle what was refused."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.options import REASON, EnumChoice
from downtime.cli.program import returns
from downtime.cli.progress import show_progress
from downtime.cli.session import Output, Session, command
from downtime.errors import apply_to_each
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.returns import channels, outbox, queue_messages, send_messages
from downtime.returns import export_messages as export_use_case
from downtime.returns.channels import CHANNELS, EXPORT_FORMATS
from downtime.returns.model import STATE_TITLES, Message, MessageState, word_reason
from downtime.returns.send_messages import SendingReport
from downtime.returns.store import outbox_messages

MESSAGES = click.argument("control_ids", nargs=-1, required=True, metavar="MESSAGE...")


@command(returns, "export", permission=Permission.RETURN_EXPORT)
@click.option(
    "--format",
    "format_name",
    required=True,
    type=click.Choice(list(EXPORT_FORMATS)),
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
    result = export_use_case.export_messages(
        session.vault, session.settings, format_name, to, session.actor
    )
    document = {
        "files": [str(file) for file in result.files],
        "messages": result.items,
        "already": result.already,
        "waiting": list(result.outdated),
    }
    return Output(document, [result.sentence, *map(str, result.files)])


@command(returns, "send", permission=Permission.RETURN_EXPORT)
@click.option("--to", "system", required=True, metavar="SYSTEM", help="System to send to.")
@click.option("--watch", is_flag=True, help="Go on until stopped, with what is decided meanwhile.")
def send(session: Session, system: str, watch: bool) -> Output:
    """Send what was decided to a system that takes messages over the network.

    Exit 1 when something was refused, or the receiver could not be reached; what waits is kept.
    """
    with _stop_on_signal() as stopping, show_progress("Sending") as report_progress:
        report = send_messages.send_messages(
            session.vault,
            session.settings,
            system,
            session.actor,
            pause=stopping.wait,
            watch=watch,
            progress=report_progress,
        )
    exit_code = 1 if report.refused or report.fault else 0
    return Output(_report_document(report), [report.sentence], exit_code)


@contextmanager
def _stop_on_signal() -> Iterator[threading.Event]:
    """Set by an interrupt or by `kill`: the message that is being sent is finished first."""
    stopping = threading.Event()
    handlers = {
        number: signal.signal(number, lambda *_: stopping.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stopping
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@command(returns, "list", permission=Permission.RETURN_EXPORT)
@click.option("--system", default="", metavar="SYSTEM", help="Only messages for this system.")
@click.option("--state", type=EnumChoice(MessageState), default=None, help="Only in this state.")
def list_(session: Session, system: str, state: MessageState | None) -> Output:
    """The messages of the latest outage: how far each has come, and why."""
    db = session.vault.db
    messages = outbox_messages.list_messages(
        db,
        find_latest_outage(session.vault).id,
        system=system,
        state=state,
    )
    lines, documents = [], []
    for message in list(messages):
        waiting = []
        if message.state == MessageState.REFUSED:
            waiting = [row.key for row in queue_messages.list_waiting_behind(db, message)]
        title = STATE_TITLES[message.state]
        lines.append(f"{message.control_id}  {message.system:<10} {message.kind:<8} {title}")
        lines += [f"    {key} of another form waits behind it" for key in waiting]
        documents.append({**_message_document(message), "behind": waiting})
    return Output(documents, lines or ["There are no messages."])


@command(returns, "check", permission=Permission.PUBLIC)
def check(session: Session) -> Output:
    """Check how each system is reached: every key of its table, its certificates, its token.

    Exit 1 when something is wrong; nothing is sent.
    """
    targets, faults = channels.check_targets(session.settings)
    lines = [f"{t.system}: {CHANNELS[t.channel].title}, as its table says." for t in targets]
    lines += [f"{session.home.config_file}: {fault.sentence} {fault.next_step}" for fault in faults]
    document = {
        "systems": [{"system": target.system, "channel": target.channel} for target in targets],
        "faults": [{"code": fault.code, "sentence": str(fault)} for fault in faults],
    }
    if not lines:
        lines = ["No system has a table of its own: messages for each are written to files."]
    return Output(document, lines, 1 if faults else 0)


@command(returns, "again", permission=Permission.RETURN_EXPORT)
@MESSAGES
@REASON
def send_again(session: Session, control_ids: tuple[str, ...], reason: str) -> Output:
    """Send refused messages once more, written anew where anything about them was put right."""

    def resend(control_id: str) -> Message:
        return queue_messages.resend_message(
            session.vault, session.settings, control_id, session.actor, reason
        )

    return _messages_output(apply_to_each(control_ids, resend))


@command(returns, "refused", permission=Permission.RETURN_EXPORT)
@MESSAGES
@REASON
def refused(session: Session, control_ids: tuple[str, ...], reason: str) -> Output:
    """Say that a system did not take messages which were handed over as files."""
    return _messages_output(
        apply_to_each(
            control_ids, lambda n: outbox.refuse_message(session.vault, n, session.actor, reason)
        )
    )


@command(returns, "resolve", permission=Permission.RETURN_EXPORT)
@MESSAGES
@REASON
def resolve(session: Session, control_ids: tuple[str, ...], reason: str) -> Output:
    """Say that refused messages were put right by hand; those behind them go on."""
    return _messages_output(
        apply_to_each(
            control_ids, lambda n: outbox.resolve_message(session.vault, n, session.actor, reason)
        )
    )


@command(returns, "take-back", permission=Permission.RETURN_EXPORT)
@MESSAGES
@REASON
def take_back(session: Session, control_ids: tuple[str, ...], reason: str) -> Output:
    """Take refused messages back: what they carry is decided anew, those behind them go on."""

    def take_back(control_id: str) -> Message:
        return queue_messages.take_back_message(session.vault, control_id, session.actor, reason)

    return _messages_output(apply_to_each(control_ids, take_back))


def _messages_output(messages: list[Message]) -> Output:
    return Output(
        [_message_document(message) for message in messages],
        [f"{message.control_id}: {STATE_TITLES[message.state]}" for message in messages],
    )


def _report_document(report: SendingReport) -> dict[str, object]:
    return {
        "queued": report.queued.items,
        "taken": report.acknowledged,
        "committed": report.committed,
        "refused": report.refused,
        "waiting": report.waiting,
        "problems": [problem._asdict() for problem in report.queued.problems],
        "trouble": report.fault,
    }


def _message_document(message: Message) -> dict[str, object]:
    return {
        "control_id": message.control_id,
        "system": message.system,
        "channel": message.channel,
        "kind": message.kind,
        "state": message.state,
        "attempts": message.attempts,
        "next_try": message.next_try,
        "answer": word_reason(message.answer),
        "reason": word_reason(message.reason),
        "items": list(message.items),
    }
