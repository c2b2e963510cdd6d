"""What goes back to the recovered systems: export it, send what waits, settle what was refused."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from downtime.accounts.model import Permission
from downtime.cli.options import REASON, EnumChoice
from downtime.cli.program import returns
from downtime.cli.progress import show_progress
from downtime.cli.session import Output, Session, command, command_for_each, pick
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.returns import (
    check_targets,
    outbox,
    queue_messages,
    send_messages,
    take_back_message,
)
from downtime.returns import export_messages as export_use_case
from downtime.returns.channels import CHANNELS, EXPORT_FORMATS
from downtime.returns.model import STATE_TITLES, Message, MessageState, word_reason
from downtime.returns.policies import may_have_arrived
from downtime.returns.send_messages import SendingReport, describe_pause
from downtime.returns.store import outbox_messages, target_pauses


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
    zone = ZoneInfo(session.settings.site.time_zone)
    pauses = target_pauses.list_pauses(db, session.vault.now())
    lines, documents = [describe_pause(pause, zone) for pause in pauses], []
    for message in list(messages):
        waiting = []
        if message.state == MessageState.REFUSED:
            waiting = [row.key for row in take_back_message.list_waiting_behind(db, message)]
        title = STATE_TITLES[message.state]
        lines.append(f"{message.control_id}  {message.system:<10} {message.kind:<8} {title}")
        if message.state == MessageState.REFUSED and may_have_arrived(message):
            lines.append("    may have arrived: an attempt got no answer")
        lines += [f"    {key} of another form waits behind it" for key in waiting]
        documents.append({**_message_document(message), "behind": waiting})
    return Output(documents, lines or ["There are no messages."])


@command(returns, "check", permission=Permission.PUBLIC)
def check(session: Session) -> Output:
    """Check how each system is reached: every key of its table, its certificates, its token.

    Exit 1 when something is wrong; nothing is sent.
    """
    targets, faults = check_targets.check_targets(session.settings)
    lines = [f"{t.system}: {CHANNELS[t.channel].title}, as its table says." for t in targets]
    lines += [f"{session.home.config_file}: {fault.sentence} {fault.next_step}" for fault in faults]
    document = {
        "systems": [{"system": target.system, "channel": target.channel} for target in targets],
        "faults": [{"code": fault.code, "sentence": str(fault)} for fault in faults],
    }
    if not lines:
        lines = ["No system has a table of its own: messages for each are written to files."]
    return Output(document, lines, 1 if faults else 0)


def _messages_output(messages: list[Message]) -> Output:
    return Output.of_rows(
        messages, _message_document, lambda m: f"{m.control_id}: {STATE_TITLES[m.state]}"
    )


_NOT_THERE = click.option(
    "--not-there",
    is_flag=True,
    help="You looked in the system: what may have arrived is not there.",
)


def _settle(name: str) -> Callable[[Callable[..., Message]], click.Command]:
    """A command that settles refused messages, with a reason."""
    add = command_for_each(
        returns, name, Permission.RETURN_EXPORT, _messages_output, metavar="MESSAGE"
    )
    return lambda function: add(REASON(function))


@_settle("again")
@_NOT_THERE
def send_again(session: Session, message: str, reason: str, not_there: bool) -> Message:
    """Send refused messages once more, written anew where anything about them was put right."""
    return queue_messages.resend_message(
        session.vault, session.settings, message, session.actor, reason, is_absent=not_there
    )


@_settle("refused")
def refused(session: Session, message: str, reason: str) -> Message:
    """Say that a system did not take messages which were handed over as files."""
    return outbox.refuse_message(session.vault, message, session.actor, reason)


@_settle("resolve")
def resolve(session: Session, message: str, reason: str) -> Message:
    """Say that refused messages were put right by hand; those behind them go on."""
    return outbox.resolve_message(session.vault, message, session.actor, reason)


@_settle("take-back")
@_NOT_THERE
def take_back(session: Session, message: str, reason: str, not_there: bool) -> Message:
    """Take refused messages back: what they carry is decided anew, those behind them go on."""
    return take_back_message.take_back_message(
        session.vault, message, session.actor, reason, is_absent=not_there
    )


def _report_document(report: SendingReport) -> dict[str, object]:
    return {
        **pick(report, "committed", "refused", "waiting", taken="acknowledged", trouble="fault"),
        "queued": report.queued.items,
        "problems": [problem._asdict() for problem in report.queued.problems],
    }


def _message_document(message: Message) -> dict[str, object]:
    names = ("control_id", "system", "channel", "kind", "state", "attempts", "next_try", "items")
    return {
        **pick(message, *names),
        "answer": word_reason(message.answer),
        "reason": word_reason(message.reason),
        "may_have_arrived": may_have_arrived(message),
    }
