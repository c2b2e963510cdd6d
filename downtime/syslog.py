"""Send security events to a hospital's syslog, as RFC 5424 writes them.

One event is one datagram: `<PRI>1 TIME HOST downtime PID EVENT [downtime@32473 name="code" …]`. The
number is the one that RFC 5612 keeps for examples: this program has none of its own.
"""

import logging
import os
import socket
from datetime import UTC, datetime
from logging.handlers import SysLogHandler
from urllib.parse import urlsplit

from downtime.errors import InputError
from downtime.fleet_settings import MonitoringSettings
from downtime.security_events import LOGGER, describe_record

STRUCTURE = "downtime@32473"
_PORT = 514


class SecurityFormatter(logging.Formatter):
    """What follows the priority: header, structured facts, no free text."""

    def format(self, record: logging.LogRecord) -> str:
        """One event."""
        event, facts = describe_record(record)
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        host = socket.gethostname()[:255] or "-"
        fields = "".join(f' {name}="{code}"' for name, code in sorted(facts.items()))
        stamp = time.replace("+00:00", "Z")
        return f"1 {stamp} {host} downtime {os.getpid()} {event} [{STRUCTURE}{fields}]"


class SecurityHandler(SysLogHandler):
    """A receiver that is away costs its events, and stops nobody's work."""

    append_nul = False

    def handleError(self, record: logging.LogRecord) -> None:
        """Nothing: what was reported is in the audit as well."""


def start_syslog(settings: MonitoringSettings) -> None:
    """Send events to where the settings say from now on, and only there.

    InputError when the address is none.
    """
    logger = logging.getLogger(LOGGER)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    address = parse_address(settings.syslog)
    logger.addHandler(_open_handler(address) if address else logging.NullHandler())


def _open_handler(address: str | tuple[str, int]) -> logging.Handler:
    facility = SysLogHandler.LOG_AUTHPRIV
    try:
        handler = SecurityHandler(address, facility)
    except OSError:  # no such host, or nobody listens at that socket
        return logging.NullHandler()
    handler.setFormatter(SecurityFormatter())
    return handler


def parse_address(text: str) -> str | tuple[str, int] | None:
    """Where `udp://host:port` or `unix:/path` leads; None for an empty text; InputError."""
    if not text:
        return None
    parts = urlsplit(text)
    try:
        port = parts.port or _PORT
    except ValueError:
        port = 0
    if parts.scheme == "unix" and parts.path.startswith("/"):
        return parts.path
    if parts.scheme == "udp" and parts.hostname and port and not parts.path:
        return parts.hostname, port
    raise InputError(
        "syslog.address",
        "The setting 'monitoring.syslog' is no address.",
        "Write udp://HOST:514 or unix:/dev/log, or leave it empty.",
    )
