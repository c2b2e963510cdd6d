"""The headers of every answer: nothing is stored, framed, sniffed or fetched from elsewhere.

Source: OWASP ASVS 5.0 chapters 3 and 14. A PDF is shown by the browser's own viewer, which brings
its own styles.
"""

import secrets

from flask import Flask, Response, g, request

_PAGE_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_PDF_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; object-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def script_nonce() -> str:
    """This answer's nonce, for its script elements."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def init_security_headers(app: Flask) -> None:
    """Put the headers on every answer of the app."""

    @app.after_request
    def add(response: Response) -> Response:
        policy = _PDF_POLICY if response.mimetype == "application/pdf" else _PAGE_POLICY
        response.headers["Content-Security-Policy"] = policy.format(nonce=script_nonce())
        response.headers.update(_HEADERS)
        if request.endpoint != "assets.send_asset":
            response.headers["Cache-Control"] = "no-store"
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response
