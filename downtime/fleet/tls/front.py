"""The front that encrypts pages on their way to other machines: nginx, configured from our settings.

Every server of Python's that was tried stood still under connections that ask nothing; nginx is made for
them. Its file is `nginx.conf` beside this module, with our words in place of `@name`.
"""

from importlib.resources import files
from string import Template

from downtime.config import Home
from downtime.errors import ConflictError
from downtime.fleet.tls.server_certificate import (
    certificate_path,
    key_path,
    require_certificate,
)
from downtime.settings import Settings


class _FrontTemplate(Template):
    """nginx has names with `$` of its own; a location's `@name` is left as it stands."""

    delimiter = "@"


def write_front(home: Home, settings: Settings) -> str:
    """The text of nginx's configuration; NotFoundError without a certificate, ConflictError without a way in."""
    certificate, web, tls = require_certificate(home), settings.web, settings.tls
    return _FrontTemplate(files(__package__).joinpath("nginx.conf").read_text("utf-8")).substitute(
        host=certificate.names[0],
        names=" ".join(certificate.names),
        port=tls.port,
        certificate=_quote(str(certificate_path(home))),
        key=_quote(str(key_path(home))),
        upstream=_find_upstream(settings),
        header_seconds=tls.header_seconds,
        body_seconds=tls.body_seconds,
        tries=tls.tries_per_minute,
        idle_seconds=web.idle_seconds,
        client_connections=web.client_connections,
        max_bytes=max(web.max_upload_bytes, web.max_bundle_upload_bytes),
        starting="@starting",
        long="@long",
        stranger="@stranger",
        too_long="@too_long",
        too_many="@too_many",
    )


def _find_upstream(settings: Settings) -> str:
    web = settings.web
    if web.socket:
        return _quote(f"http://unix:{web.socket}:")
    if web.trusted_front:
        return f"http://{web.host}:{web.port}"
    raise ConflictError(
        "tls.no-way",
        "The app does not listen for a front yet: it would take everybody for the front itself.",
        'Set socket = "/run/downtime/web.sock" under [web] in config.toml.',
    )


def _quote(text: str) -> str:
    """A word of nginx's configuration."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
