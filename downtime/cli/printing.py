"""How commands that print hand pages over: to a file, to a print queue, or into the spool folder."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import click

from downtime.cli.app import Output, Session
from downtime.cli.options import NewFile
from downtime.cli.progress import progress
from downtime.paper import print_requests
from downtime.paper.packs import deliver
from downtime.paper.packs.model import Deliver, PrintChannel
from downtime.paper.packs.pack import PackResult
from downtime.paper.print_requests import PrintRequest
from downtime.vault.files import replace_atomically


class Way(NamedTuple):
    """Where pages go; at most one of the three is given, else the queue of the settings."""

    out: Path | None
    printer: str
    spool: bool


def to_somewhere(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options `--out`, `--printer`, `--spool` and `--two-sided`, in this order."""
    two_sided = click.option(
        "--two-sided/--one-sided",
        "both_sides",
        default=None,
        help="For a two-sided printer: every form starts on a sheet of its own.",
    )
    return on_one_side(two_sided(function))


def on_one_side(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options `--out`, `--printer` and `--spool`, in this order."""
    for option in (
        click.option("--spool", is_flag=True, help="Put the PDF into the folder printing.folder."),
        click.option(
            "--printer",
            default="",
            metavar="QUEUE",
            help="Send it to this print queue; else to printing.queue.",
        ),
        click.option(
            "--out",
            type=NewFile(),
            metavar="FILE",
            help="PDF to write. It holds patient data: carry it to the printer, then delete it.",
        ),
    ):
        function = option(function)
    return function


def send(session: Session, order: PrintRequest, way: Way, reason: str) -> PackResult:
    """Print an order; it counts as printed only once it was handed over."""
    vault = session.vault  # who may not unlock it hears of nothing else
    with (
        progress("Printing") as tell,
        _opened(session, way, order.two_sided) as (out, hand_over),
    ):
        return print_requests.print_request(
            vault, session.settings, order, session.actor, reason, out,
            progress=tell, hand_over=hand_over,
        )  # fmt: skip


@contextmanager
def _opened(
    session: Session, way: Way, two_sided: bool
) -> Iterator[tuple[BinaryIO, Deliver | None]]:
    printing = session.settings.printing
    if sum((way.out is not None, bool(way.printer), way.spool)) > 1:
        raise click.UsageError("Give one of --out, --printer and --spool.")
    if way.out is None:
        memory = BytesIO()
        to = PrintChannel.FOLDER if way.spool else PrintChannel.QUEUE
        yield (
            memory,
            deliver.make_delivery(printing, to, memory, two_sided=two_sided, queue=way.printer),
        )
        return
    with ExitStack() as stack:
        file = stack.enter_context(replace_atomically(way.out))
        yield file, lambda name, pack: stack.close()


def two_sided(session: Session, given: bool | None) -> bool:
    """What was asked for, else what the settings say."""
    return session.settings.printing.two_sided if given is None else given


def answer(made: PackResult, way: Way) -> Output:
    """What was printed, and where it is."""
    where = f"in {way.out}" if way.out else "handed over"
    document = {
        "pack": made.id,
        "out": str(way.out or ""),
        "pages": made.pages,
        "forms": made.forms,
        "blank_forms": made.blank_forms,
        "file_name": made.file_name,
        "checksum": made.checksum,
    }
    return Output(
        document, [f"{made.pages} pages ({made.forms} forms, {made.blank_forms} blank) {where}."]
    )
