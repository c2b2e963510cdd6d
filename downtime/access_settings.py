"""Settings of the web app, and of access for people without an account."""

from dataclasses import dataclass

from downtime.setting_fields import setting


@dataclass(frozen=True, slots=True)
class BreakGlassSettings:
    minutes: int = setting(
        240,
        "An access for somebody without an account lasts at most so long; it can be started anew.",
    )
    pin_length: int = setting(6, "Shortest PIN with which such a person unlocks the screen again.")


@dataclass(frozen=True, slots=True)
class TlsSettings:
    port: int = setting(443, "Port on which the front answers browsers.")
    certificate_days: int = setting(
        397, "A certificate that the site's authority issues for a machine's pages holds so long."
    )
    authority_days: int = setting(3650, "The site's authority itself holds so long.")
    warning_days: int = setting(
        30, "So long before a certificate ends everybody who signs in is told."
    )
    header_seconds: int = setting(
        5,
        "The front drops a connection whose handshake or request line is not whole after this long.",
    )
    body_seconds: int = setting(
        5, "The front drops a request of whose body nothing came for this long."
    )
    tries_per_minute: int = setting(
        30, "Sign-ins of one address that the front lets through in a minute."
    )


@dataclass(frozen=True, slots=True)
class WebSettings:
    host: str = setting("127.0.0.1", "Address on which the web app listens.")
    port: int = setting(8400, "Port on which the web app listens.")
    plain_http_on_network: bool = setting(
        False,
        "Pages may leave this machine unencrypted: for a network that is encrypted by other means."
        " Without it the app listens on this machine alone.",
    )
    socket: str = setting(
        "",
        "Unix socket on which the app listens, in place of address and port, for a front that encrypts"
        " (docs/tls.md): who asks is then whom the front names.",
    )
    trusted_front: bool = setting(
        False,
        "A front on this machine passes requests on to host and port, and says who asks in"
        " X-Forwarded-For and X-Forwarded-Proto. Only with a loopback address; a socket needs no word.",
    )
    trusted_hosts: tuple[str, ...] = setting(
        ("127.0.0.1", "localhost"),
        "Host names that are answered, beside those of the machine's certificate; any other is refused.",
    )
    threads: int = setting(8, "Pages that are made at once.")
    stranger_threads: int = setting(
        3, "Of these, so many at most are for browsers in which nobody is signed in."
    )
    strangers_waiting: int = setting(
        100, "Requests of such browsers that wait for their turn; more are answered 'try again'."
    )
    connections: int = setting(500, "Connections at once; further ones wait until one is closed.")
    client_connections: int = setting(
        200, "Requests at once that the front (docs/tls.md) lets through from one address."
    )
    idle_seconds: int = setting(
        30, "A connection on which nothing comes is closed after this long."
    )
    max_stranger_bytes: int = setting(
        65_536, "Longest body that is read of a browser in which nobody is signed in."
    )
    nhs_theme: bool = setting(
        False,
        "Pages in the colours of NHS services, for their sites; no logo and no font of theirs comes along.",
    )
    scanner_prefix: str = setting(
        "",
        "What the ward's scanners are set to type before a code, for example `~~`: then a hospital"
        " number without a check digit opens its patient. Needed for scanners slower than 60 ms a key.",
    )
    max_upload_bytes: int = setting(33_554_432, "Largest upload that is read.")
    max_bundle_upload_bytes: int = setting(
        134_217_728,
        "Largest sealed bundle that is sent from a browser: some 150 forms with scans, any number"
        " without. A larger one is taken from the folder or with a command.",
    )
