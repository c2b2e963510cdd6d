"""The programs of others that check and receive what goes out as FHIR (tests/peers)."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

PEERS = Path(__file__).parents[2] / "peers"
JSON = {"Content-Type": "application/fhir+json"}


class Server:
    """The running FHIR server of somebody else."""

    def __init__(self, port: int, token: str = "") -> None:
        self.url = f"http://127.0.0.1:{port}/fhir"
        self.client = httpx.Client(
            headers=JSON | ({"Authorization": f"Bearer {token}"} if token else {})
        )

    def post(self, content: bytes | str, path: str = "") -> httpx.Response:
        return self.client.post(self.url + path, content=content)

    def add_patient(self, system: str, value: str) -> None:
        patient = {"resourceType": "Patient", "identifier": [{"system": system, "value": value}]}
        assert self.post(json.dumps(patient), "/Patient").status_code == 201

    def held(self, kind: str) -> list[dict]:
        found = self.client.get(f"{self.url}/{kind}", params={"_count": "1000"}).json()
        return [entry["resource"] for entry in found.get("entry", [])]


@contextmanager
def server(token: str = "", *words: str) -> Iterator[Server]:
    """Medplum's router with its memory repository, on a port of this machine.

    `words` say who may have the token (tests/peers/fhir-server.mjs).
    """
    process = subprocess.Popen(
        ["node", "fhir-server.mjs", *([token] if token else []), *words],
        cwd=PEERS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=quiet(),
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        assert line.strip().isdigit(), f"run scripts/peers: {process.stderr.read()[-500:]}"
        yield Server(int(line), token)
    finally:
        process.kill()
        process.communicate()


def wrong(bundles: list[bytes]) -> list[list[str]]:
    """What the npm package `fhir` finds wrong in each bundle."""
    done = subprocess.run(
        ["node", "fhir-validate.mjs"],
        cwd=PEERS, input=b"\n".join(bundles), capture_output=True, check=False, env=quiet(),
    )  # fmt: skip
    assert done.returncode == 0, f"run scripts/peers: {done.stderr.decode()[-500:]}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def quiet() -> dict[str, str]:
    """The environment, without warnings of Node itself among what it says."""
    return {**os.environ, "NODE_NO_WARNINGS": "1"}
