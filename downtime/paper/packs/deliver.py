"""Where pages go: to the screen, to a print queue, or into a folder that a printer program watches.

A PDF goes to `lp` on its standard input, complete or not at all; it is never a file in between.
"""

from io import BytesIO
from pathlib import Path

from downtime.errors import InputError
from downtime.paper.packs.model import Deliver, PrintChannel
from downtime.paper.packs.print_queue import send_to_queue
from downtime.paper_settings import PrintingSettings
from downtime.vault.files import write_atomic

DELIVERED_WORDS = {
    PrintChannel.SCREEN: "shown on the screen",
    PrintChannel.QUEUE: "sent to the printer",
    PrintChannel.FOLDER: "put into the folder",
}


def list_channels(printing: PrintingSettings) -> list[PrintChannel]:
    """The channels that this home has."""
    channels = [PrintChannel.SCREEN]
    channels += [PrintChannel.QUEUE] if printing.queue else []
    return [*channels, PrintChannel.FOLDER] if printing.folder else channels


def check_channel(printing: PrintingSettings, channel: str) -> None:
    """InputError unless this home has that channel."""
    if channel not in list_channels(printing):
        raise InputError("printer.way", "This laptop cannot print that way.", "Choose another way.")


def make_delivery(
    printing: PrintingSettings,
    channel: PrintChannel,
    out: BytesIO,
    *,
    two_sided: bool,
    queue: str = "",
) -> Deliver | None:
    """What delivers the complete PDF in `out`; None for the screen, which fetches it itself.

    InputError when the channel is not set up. Delivery raises `printer.…` when it is refused.
    """
    if channel == PrintChannel.QUEUE:
        return _make_queue_delivery(printing, queue or printing.queue, out, two_sided)
    return _make_folder_delivery(printing, out) if channel == PrintChannel.FOLDER else None


def _make_queue_delivery(
    printing: PrintingSettings, queue: str, out: BytesIO, two_sided: bool
) -> Deliver:
    if not queue:
        raise InputError(
            "printer.none", "No print queue is set.", "Name one, or set printing.queue."
        )

    return lambda name, pack: send_to_queue(
        printing, queue, f"{pack} {name}", out.getvalue(), two_sided=two_sided
    )


def _make_folder_delivery(printing: PrintingSettings, out: BytesIO) -> Deliver:
    folder = Path(printing.folder)
    if not printing.folder or not folder.is_dir():
        raise InputError(
            "printer.folder", "There is no folder to print into.", "Set printing.folder to one."
        )
    return lambda name, pack: write_atomic(folder / f"{pack}_{name}", out.getvalue())
