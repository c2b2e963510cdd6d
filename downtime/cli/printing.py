"""How commands that print deliver pages: to a file, to a print queue, or into the spool folder."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import click

from downtime.cli.options import NewFile
from downtime.cli.progress import show_progress
from downtime.cli.session import Output, Session, pick
from downtime.paper.packs.deliver import make_delivery
from downtime.paper.packs.model import Deliver, PackResult, PrintChannel
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.print_request import PrintRequest
from downtime.paper_settings import PrintingSettings
from downtime.vault.files import replace_atomically


class PrintDestination(NamedTuple):
    """Where pages go; at most one of the first three is given, else the queue of the settings."""

    out: Path | None
    printer: str
    spool: bool
    both_sides: bool | None = None
    """Whether the printer prints on both sides; None for what the settings say."""

    def is_two_sided(self, settings: PrintingSettings) -> bool:
        """Whether every form starts on a sheet of its own."""
        return settings.two_sided if self.both_sides is None else self.both_sides


_OUT = click.option(
    "--out",
    type=NewFile(),
    metavar="FILE",
    help="PDF to write. It holds patient data: carry it to the printer, then delete it.",
)
_PRINTER = click.option(
    "--printer",
    default="",
    metavar="QUEUE",
    help="Send it to this print queue; else to printing.queue.",
)
_SPOOL = click.option("--spool", is_flag=True, help="Put the PDF into the folder printing.folder.")
_TWO_SIDED = click.option(
    "--two-sided/--one-sided",
    "both_sides",
    default=None,
    help="For a two-sided printer: every form starts on a sheet of its own.",
)


def destination_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options `--out`, `--printer` and `--spool`, passed on as `destination`."""

    @wraps(function)
    def command(
        *arguments: Any,
        out: Path | None,
        printer: str,
        spool: bool,
        both_sides: bool | None = None,
        **options: Any,
    ) -> Any:
        destination = PrintDestination(out, printer, spool, both_sides)
        return function(*arguments, destination=destination, **options)

    return _OUT(_PRINTER(_SPOOL(command)))


def printer_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options `--out`, `--printer`, `--spool` and `--two-sided`, passed on as `destination`."""
    return _TWO_SIDED(destination_options(function))


def print_request(
    session: Session, request: PrintRequest, destination: PrintDestination, reason: str
) -> PackResult:
    """Print what was asked for; it counts as printed only once it was delivered."""
    vault = session.vault  # who may not unlock it hears of nothing else
    with (
        show_progress("Printing") as report,
        _open_destination(session, destination, request.two_sided) as (out, deliver),
    ):
        return print_pack(
            vault, session.settings, request, session.actor, reason, out,
            progress=report, deliver=deliver,
        )  # fmt: skip


@contextmanager
def _open_destination(
    session: Session, destination: PrintDestination, two_sided: bool
) -> Iterator[tuple[BinaryIO, Deliver | None]]:
    printing, out, queue = session.settings.printing, destination.out, destination.printer
    if sum((out is not None, bool(queue), destination.spool)) > 1:
        raise click.UsageError("Give one of --out, --printer and --spool.")
    if out is None:
        memory = BytesIO()
        channel = PrintChannel.FOLDER if destination.spool else PrintChannel.QUEUE
        yield memory, make_delivery(printing, channel, memory, two_sided=two_sided, queue=queue)
        return
    with ExitStack() as stack:
        file = stack.enter_context(replace_atomically(out))
        yield file, lambda name, pack: stack.close()


def result_output(result: PackResult, destination: PrintDestination) -> Output:
    """What was printed, and where it is."""
    where = f"in {destination.out}" if destination.out else "handed over"
    names = ("pages", "forms", "blank_forms", "file_name", "checksum", "notes")
    document = pick(result, *names, pack="id") | {"out": str(destination.out or "")}
    counts = f"{result.pages} pages ({result.forms} forms, {result.blank_forms} blank)"
    return Output(document, [f"{counts} {where}.", *result.notes])
