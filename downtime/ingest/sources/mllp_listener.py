"""Listens for senders of HL7 v2 over MLLP: many at once, each in its bounds, with TLS where set.

A message is answered when it is on the disk (`intake`). One that could not be kept is not answered:
its line breaks, and the sender has it still.
"""

import asyncio
import ipaddress
import itertools
import secrets
import socket
import ssl
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from downtime.clock import Clock
from downtime.errors import InputError
from downtime.feeds.file_format import FileFormat
from downtime.ingest.model import RawMessage, RecordedMessage
from downtime.ingest.sources import acknowledgements
from downtime.ingest.sources.acknowledgements import MessageHeader, Verdict
from downtime.ingest.sources.health import SourceHealth
from downtime.ingest.sources.intake import Intake, NotKept, OnRecorded
from downtime.ingest.sources.mllp_connection import MllpConnection
from downtime.ingest.sources.mllp_frames import Frame
from downtime.ingest.sources.mllp_settings import MllpSettings

BACKLOG = 128
MAX_WAITING_BYTES = 67_108_864
"""While so much waits for the disk, nothing more is read."""
CHECK_SECONDS = 0.5
HANDSHAKE_SECONDS = 10.0
_NO_DESCRIPTOR_SECONDS = 1.0


class MllpListener:
    """One listening port and who is connected to it."""

    def __init__(
        self,
        name: str,
        settings: MllpSettings,
        max_message_bytes: int,
        intake: Intake,
        health: SourceHealth,
        clock: Clock,
    ) -> None:
        self.name = name
        self.settings = settings
        self.max_message_bytes = max_message_bytes
        self.port = 0
        self._intake = intake
        self._health = health
        self._clock = clock
        self._networks = settings.networks()
        self._tls = build_tls_context(settings) if settings.certificate_file else None
        self._connections: dict[MllpConnection, str] = {}
        self._connecting: dict[MllpConnection, str] = {}
        self._greetings: set[asyncio.Task[None]] = set()
        self._large: set[MllpConnection] = set()
        self._large_waiting: deque[MllpConnection] = deque()
        self._stamp = b""
        """The time to half a second, as MSH-7 has it."""
        self._received = itertools.count(1)
        self._numbers = itertools.count(1)
        self._run_id = secrets.token_hex(3).upper()

    async def run(self, on_ready: Callable[[int], None] = lambda port: None) -> None:
        """Listen until cancelled; then answer what was read, and close. OSError, InputError."""
        with _open_socket(self.settings) as listening:
            self.port = listening.getsockname()[1]
            on_ready(self.port)
            checking = asyncio.create_task(self._check_times())
            try:
                await self._accept(listening)
            finally:
                checking.cancel()
                listening.close()
                await self._stop()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                line, address = await loop.sock_accept(listening)
            except OSError:  # out of descriptors, or the sender is gone already
                await asyncio.sleep(_NO_DESCRIPTOR_SECONDS)
                continue
            sender = str(address[0])
            if not self._may_connect(sender):
                line.close()
                continue
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = MllpConnection(self, sender)
            self._connecting[connection] = sender
            task = asyncio.create_task(self._connect(line, connection))
            self._greetings.add(task)
            task.add_done_callback(self._greetings.discard)

    async def _connect(self, line: socket.socket, connection: MllpConnection) -> None:
        timeout = HANDSHAKE_SECONDS if self._tls else None
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection,
                line,
                ssl=self._tls,
                ssl_handshake_timeout=timeout,
            )
        except OSError as error:
            self._health.note_fault(f"A sender could not connect ({_fault_text(error)}).")
        finally:
            self._connecting.pop(connection, None)

    def _may_connect(self, sender: str) -> bool:
        """Whether there is room for one more from this address; makes room by closing an idle one."""
        address = ipaddress.ip_address(sender.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        if self._networks and not any(mapped in network for network in self._networks):
            self._health.note_fault("A sender was turned away: its address is not in 'senders'.")
            return False
        present = [*self._connections.values(), *self._connecting.values()]
        settings = self.settings
        if present.count(sender) >= settings.connections_per_sender:
            return self._close_idlest(sender)
        return len(present) < settings.connections or self._close_idlest()

    def _close_idlest(self, sender: str = "") -> bool:
        """Close the connection (of that address) that has been silent for longest; False if none is."""
        idle = [
            connection
            for connection, address in self._connections.items()
            if connection.is_idle and address == (sender or address)
        ]
        if not idle:
            self._health.note_fault("A sender was turned away: too many are connected.")
            return False
        longest = min(idle, key=lambda connection: connection.heard_at)
        self.forget(longest)
        longest.abort()
        return True

    async def _check_times(self) -> None:
        while True:
            self._stamp = self._clock().strftime("%Y%m%d%H%M%S+0000").encode()
            await asyncio.sleep(CHECK_SECONDS)
            for connection in list(self._connections):
                connection.check_time()

    async def _stop(self) -> None:
        for task in list(self._greetings):
            task.cancel()
        for connection in list(self._connections):
            connection.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                while self._connections:
                    await asyncio.sleep(0.01)
        for connection in list(self._connections):
            connection.abort()

    # What connections need (`Lines`).

    @property
    def is_full(self) -> bool:
        """Whether so much waits for the disk that nothing more is read."""
        return self._intake.waiting_bytes > MAX_WAITING_BYTES

    def submit(self, content: bytes, sender: str, on_recorded: OnRecorded) -> None:
        """Have a message kept."""

        def note(result: RecordedMessage | NotKept) -> None:
            if isinstance(result, RecordedMessage):
                self._health.note_message(result)
            on_recorded(result)

        raw = RawMessage(self.name, FileFormat.HL7, sender, next(self._received), content)
        self._intake.submit(raw, note)

    def submit_refused(self, frame: Frame, sender: str, on_recorded: OnRecorded) -> None:
        """Have kept what fits of a message that is not read."""
        file_format = FileFormat.CUT if frame.is_too_long else FileFormat.HL7
        number = next(self._received)
        raw = RawMessage(self.name, file_format, sender, number, frame.content)
        self._intake.submit(raw, on_recorded)

    def take_large_place(self, connection: MllpConnection) -> bool:
        """One of the few places; else it is given when one is free, in the order of asking."""
        if connection in self._large:
            return True
        if len(self._large) < self.settings.large_messages:
            self._large.add(connection)
            return True
        if connection not in self._large_waiting:
            self._large_waiting.append(connection)
        return False

    def leave_large_place(self, connection: MllpConnection) -> None:
        """Give the place to the next that waits."""
        with suppress(ValueError):
            self._large_waiting.remove(connection)
        if connection not in self._large:
            return
        self._large.remove(connection)
        if self._large_waiting:
            successor = self._large_waiting.popleft()
            self._large.add(successor)
            successor.continue_large()

    def count_refused(self, verdict: Verdict) -> None:
        """A message was refused unread."""
        self._health.note_refused(verdict.text)

    def write_answers(self, header: MessageHeader, verdict: Verdict) -> list[bytes]:
        """The answers to a message, under a number of ours."""
        number = f"DT{self._run_id}{next(self._numbers):08}"
        return acknowledgements.write_answers(header, verdict, self._stamp, number)

    def remember(self, connection: MllpConnection) -> None:
        """It is connected."""
        self._connecting.pop(connection, None)
        self._connections[connection] = connection.sender

    def forget(self, connection: MllpConnection) -> None:
        """It is closed."""
        self._connections.pop(connection, None)
        self.leave_large_place(connection)


def build_tls_context(settings: MllpSettings) -> ssl.SSLContext:
    """TLS with our certificate, and a sender's own where it is asked for; InputError."""
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(settings.certificate_file)
        if settings.client_ca_file:
            context.load_verify_locations(settings.client_ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError):
        raise InputError(
            "source.certificate",
            "A certificate file of a listener cannot be read.",
            "Name PEM files that this user may read in certificate_file and client_ca_file.",
        ) from None
    return context


def _open_socket(settings: MllpSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    listening.setblocking(False)
    return listening


def _fault_text(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return getattr(error, "reason", None) or error.strerror or type(error).__name__
