"""Where pages go: to the screen, to a print queue, or into a folder that a printer program watches.

A PDF goes to `lp` on its standard input, complete or not at all; it is never a file in between.
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from downtime.errors import InputError, UserError
from downtime.paper.packs.model import Deliver, PrintChannel
from downtime.processes.program import ProgramError, run_program
from downtime.settings import PrintingSettings
from downtime.vault.files import write_atomic

DELIVERED_WORDS = {
    PrintChannel.SCREEN: "shown on the screen",
    PrintChannel.QUEUE: "sent to the printer",
    PrintChannel.FOLDER: "put into the folder",
}
_MOST_SAID = 200


def list_channels(printing: PrintingSettings) -> list[str]:
    """The ways that this home has."""
    return [
        PrintChannel.SCREEN,
        *([PrintChannel.QUEUE] if printing.queue else []),
        *([PrintChannel.FOLDER] if printing.folder else []),
    ]


def make_delivery(
    printing: PrintingSettings, to: str, out: BytesIO, *, two_sided: bool, queue: str = ""
) -> Deliver | None:
    """What hands the complete PDF in `out` over; None for the screen, which fetches it itself.

    InputError when the way is not set up. What is handed over raises `printer.…` when it is refused.
    """
    found: dict[str, Callable[[], Deliver | None]] = {
        PrintChannel.SCREEN: lambda: None,
        PrintChannel.QUEUE: lambda: _to_queue(printing, queue or printing.queue, out, two_sided),
        PrintChannel.FOLDER: lambda: _to_folder(printing, out),
    }
    if to not in found:
        raise InputError("printer.way", f"There is no way '{to}' to print.", "Choose another way.")
    return found[to]()


def _to_queue(printing: PrintingSettings, queue: str, out: BytesIO, two_sided: bool) -> Deliver:
    if not queue:
        raise InputError(
            "printer.none", "No print queue is set.", "Name one, or set printing.queue."
        )

    def hand_over(name: str, pack: str) -> None:
        command = lp_command(printing, queue, f"{pack} {name}", two_sided=two_sided)
        try:
            run_program(command, out.getvalue(), printing.seconds)
        except FileNotFoundError:
            raise UserError(
                "printer.no-lp", "This computer has no 'lp' to print with.", "Install CUPS."
            ) from None
        except TimeoutError:
            raise _refused(queue, "no answer") from None
        except ProgramError as error:
            raise _refused(queue, str(error)) from None

    return hand_over


def lp_command(printing: PrintingSettings, queue: str, title: str, *, two_sided: bool) -> list[str]:
    """The command that takes a PDF on its standard input; options as CUPS names them."""
    media = f"media=A4,{printing.tray}" if printing.tray else "media=A4"
    sides = "two-sided-long-edge" if two_sided else "one-sided"
    return [
        "lp", "-d", queue, "-n", str(printing.copies), "-t", title, "-o", media,
        "-o", f"sides={sides}",
    ]  # fmt: skip


def _refused(queue: str, said: str) -> UserError:
    reason = said[:_MOST_SAID].rstrip(". ") or "no reason given"
    return UserError(
        "printer.refused",
        f"The print queue '{queue}' did not take the pages: {reason}.",
        "See to the printer, then print the failed pack again.",
    )


def _to_folder(printing: PrintingSettings, out: BytesIO) -> Deliver:
    folder = Path(printing.folder)
    if not printing.folder or not folder.is_dir():
        raise InputError(
            "printer.folder", "There is no folder to print into.", "Set printing.folder to one."
        )
    return lambda name, pack: write_atomic(folder / f"{pack}_{name}", out.getvalue())
