"""Bearer tokens by OAuth2 client credentials: signed as SMART backend services do, or by a secret.

Each request signs a new assertion with a `jti` of its own: servers refuse one that they have seen.
"""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from downtime.errors import InputError, LockedError
from downtime.ingest.sources.fhir_settings import FhirSettings
from downtime.transport.credentials import read_secret_bytes, read_secret_file

ASSERTION_SECONDS = 240
"""SMART allows five minutes at most."""
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_RENEW_SECONDS = 30.0
_DEFAULT_SECONDS = 300.0


@dataclass(slots=True)
class TokenKeeper:
    """The token of one server, renewed before it ends."""

    source: FhirSettings
    http: httpx.Client
    timer: Callable[[], float] = time.monotonic
    _token: str = ""
    _ends: float = 0.0

    def authorization(self) -> dict[str, str]:
        """The header; none where no token is set. InputError, LockedError, httpx.HTTPError."""
        if self.source.token_file:
            return {"Authorization": f"Bearer {read_secret_file(self.source.token_file)}"}
        if not self.source.token_url:
            return {}
        if not self._token or self.timer() > self._ends - _RENEW_SECONDS:
            self._token, seconds = self._request()
            self._ends = self.timer() + seconds
        return {"Authorization": f"Bearer {self._token}"}

    def discard(self) -> bool:
        """The server no longer takes it; whether there is a way to get another."""
        self._token = ""
        return bool(self.source.token_url)

    def _request(self) -> tuple[str, float]:
        source = self.source
        form = {"grant_type": "client_credentials", "scope": source.scope}
        basic: httpx.BasicAuth | None = None
        if source.key_file:
            form["client_assertion_type"] = _ASSERTION_TYPE
            form["client_assertion"] = sign_assertion(source)
        else:
            basic = httpx.BasicAuth(source.client_id, read_secret_file(source.secret_file))
        answer = self.http.post(
            source.token_url,
            data=form,
            auth=basic or httpx.USE_CLIENT_DEFAULT,
            headers={"Accept": "application/json"},
        )
        try:
            values = answer.json() if answer.is_success else {}
            token = str(values["access_token"])
            return token, float(values.get("expires_in", _DEFAULT_SECONDS))
        except (KeyError, TypeError, ValueError):
            raise LockedError(
                "source.token",
                f"The server gives us no token (status {answer.status_code}).",
                "Check client_id, scope and key_file or secret_file, and that it knows our key.",
            ) from None


def sign_assertion(source: FhirSettings) -> str:
    """A signed statement of who we are, good once and for some minutes; InputError."""
    content = read_secret_bytes(source.key_file)
    now = int(time.time())
    claims = {
        "iss": source.client_id,
        "sub": source.client_id,
        "aud": source.token_url,
        "jti": secrets.token_urlsafe(24),
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
    }
    try:
        key = _import_key(content, source.algorithm)
        header = {"alg": source.algorithm, "typ": "JWT", "kid": source.key_id or key.kid or ""}
        return jwt.encode(
            {name: value for name, value in header.items() if value},
            claims,
            key,
            algorithms=[source.algorithm],
        )
    except (JoseError, ValueError, TypeError, KeyError):
        raise InputError(
            "source.key",
            f"The key file of a FHIR server holds no private key for {source.algorithm}.",
            "Name a private key as JWK or PEM in key_file.",
        ) from None


def _import_key(content: bytes, algorithm: str) -> RSAKey | ECKey:
    if content.lstrip().startswith(b"{"):
        key = import_key(json.loads(content))
        if not isinstance(key, RSAKey | ECKey):
            raise ValueError(algorithm)
        return key
    return RSAKey.import_key(content) if algorithm.startswith("RS") else ECKey.import_key(content)
