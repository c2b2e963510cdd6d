"""A hospital behind its front: nginx with our configuration, the app on a Unix socket, a certificate."""

import shutil
import ssl
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from downtime.fleet.tls.front import write_front
from downtime.fleet.tls.server_certificate import issue_certificate
from downtime.fleet.tls.site_authority import (
    CERTIFICATE_NAME,
    SiteAuthority,
    create_authority,
    open_authority,
)
from downtime.vault.model import Actor
from downtime.web.server import listen
from tests.integration.servers import free_port, nginx

DOMAIN = "hospital.example"
NAME = f"ward-a.{DOMAIN}"
PASSPHRASE = "a stick in the safe of the site"
ADMINISTRATOR = Actor("u-admin", "First Administrator", "K7")
LASTING = "certificate_days = 36500\nauthority_days = 36500\n"
"""Of the hospital's clock, which stands in a year of its own, and of the client's, which does not."""


class _ByName(httpx.HTTPTransport):
    """Asks for the front by its name, which no name server here knows."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["sni_hostname"] = NAME
        return super().handle_request(request)


@dataclass
class Fronted:
    """Where it answers, and what a browser has to know of it."""

    hospital: object
    folder: Path
    port: int
    authority: SiteAuthority
    process: object = None

    @property
    def authority_file(self) -> Path:
        return self.folder / CERTIFICATE_NAME

    @property
    def address(self) -> str:
        return f"https://{NAME}:{self.port}"

    def client(self, local_address: str = "127.0.0.1", **headers: str) -> httpx.Client:
        """Somebody who trusts the site's authority, and goes to the front under its name."""
        trust = ssl.create_default_context(cafile=self.authority_file)
        transport = _ByName(verify=trust, local_address=local_address)
        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}",
            transport=transport,
            headers={"Host": f"{NAME}:{self.port}", "Sec-Fetch-Site": "same-origin"} | headers,
            timeout=60,
        )

    def issue(self) -> None:
        """A certificate for the pages, new each time."""
        vault = self.hospital.open().vault
        issue_certificate(
            vault, self.hospital.settings, self.authority, [NAME], ADMINISTRATOR, "for a test"
        )
        vault.close()


@contextmanager
def fronted(hospital, web: str = "", tls: str = "", serves: bool = True):
    """The hospital served through its front; without `serves` only the front is there."""
    folder = Path(tempfile.mkdtemp(prefix="front"))  # a socket's path has 107 characters at most
    port = free_port()
    socket = folder / "web.sock"
    with hospital.home.config_file.open("a") as file:
        file.write(f'\n[web]\nsocket = "{socket}"\n{web}[tls]\nport = {port}\n{LASTING}{tls}')
    create_authority(folder, [DOMAIN], PASSPHRASE, hospital.settings, datetime.now(UTC))
    front = Fronted(hospital, folder, port, open_authority(folder, PASSPHRASE))
    front.issue()
    hospital.__post_init__()
    server = None
    if serves:
        server = listen(hospital.app, hospital.settings, "", 0, str(socket))
        threading.Thread(target=server.run, daemon=True).start()
    configuration = folder / "downtime.conf"
    configuration.write_text(write_front(hospital.home, hospital.settings))
    try:
        with nginx(folder, configuration, port) as front.process:
            yield front
    finally:
        if server:
            server.trigger.pull_trigger(server.close)
        shutil.rmtree(folder)
