"""A clerk at a browser, as far as a server sees one: signs in, opens a form, saves it."""

import http.client
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

from downtime.accounts import totp

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Clerk:
    """One session over one kept connection; `milliseconds` is what each save took."""

    port: int
    username: str
    password: str
    secret: str
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    milliseconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def get(self, path: str) -> tuple[int, str, str]:
        """Status, where it leads to, and the page."""
        return self._ask("GET", path, None)

    def post(self, path: str, fields: dict[str, str]) -> tuple[int, str, str]:
        """The same of what a form sent."""
        return self._ask("POST", path, urlencode({"csrf_token": self.token, **fields}))

    def save(self, path: str, fields: dict[str, str]) -> tuple[int, str, str]:
        """The same, timed."""
        started = time.perf_counter()
        answer = self.post(path, fields)
        self.milliseconds.append((time.perf_counter() - started) * 1000)
        return answer

    def sign_in(self) -> None:
        """With password and one-time code; RuntimeError when the server refuses."""
        self.read_token("/sign-in")
        code = totp.make_code(self.secret, datetime.now(UTC))
        fields = {"username": self.username, "password": self.password, "code": code}
        status, _, page = self.post("/sign-in", fields)
        if status != 303:
            raise RuntimeError(f"sign-in of {self.username}: {status} {page[:200]}")

    def read_token(self, path: str) -> str:
        """Open a page and keep its token; the page."""
        _, _, page = self.get(path)
        if match := _TOKEN.search(page):
            self.token = match[1]
        return page

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, str, str]:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if body is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Sec-Fetch-Site": "same-origin",
            }
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        page = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.getheader("Location") or "", page
