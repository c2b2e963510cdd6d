"""A bucket, by botocore: each call is one request, so that what a pull costs can be counted."""

import itertools
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from downtime.transport.carrier import SmallFile
from downtime.transport.credentials import read_secret_file
from downtime.transport.folder_address import USUAL_REGION, FolderAddress

_NOT_MODIFIED = "304"
_TRIES = 2
_creating = threading.Lock()


class S3Carrier:
    """A folder of a bucket. What is put there appears whole or not at all."""

    block_bytes = 8 << 20

    def __init__(self, address: FolderAddress) -> None:
        self._bucket, _, folder = address.path.strip("/").partition("/")
        self._prefix = f"{folder}/" if folder else ""
        self._client = _create_client(_options(address))

    def read_small(self, name: str, limit: int, known: str) -> SmallFile | None:
        """A file; None when its ETag is still the known one: then no byte of it is sent."""
        condition = {"IfNoneMatch": known} if known else {}
        try:
            answer = self._client.get_object(**self._at(name), **condition)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == _NOT_MODIFIED:
                return None
            raise
        with answer["Body"] as body:
            return SmallFile(body.read(limit + 1), str(answer.get("ETag", "")))

    def read_block(self, name: str, offset: int, size: int) -> bytes:
        """A part of a file."""
        answer = self._client.get_object(
            **self._at(name), Range=f"bytes={offset}-{offset + size - 1}"
        )
        with answer["Body"] as body:
            content: bytes = body.read(size)
            return content

    def find_size(self, name: str) -> int | None:
        """How long a file is; None when there is none."""
        try:
            return int(self._client.head_object(**self._at(name))["ContentLength"])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey"):
                return None
            raise

    def write_file(self, name: str, blocks: Iterable[bytes]) -> None:
        """Write a file of one block in one request, a longer one in parts."""
        remaining = iter(blocks)
        first = list(itertools.islice(remaining, 2))
        if len(first) < 2:
            self.replace_file(name, b"".join(first))
        else:
            self._write_parts(name, itertools.chain(first, remaining))

    def _write_parts(self, name: str, blocks: Iterable[bytes]) -> None:
        upload = {**self._at(name)}
        upload["UploadId"] = self._client.create_multipart_upload(**upload)["UploadId"]
        try:
            parts = [
                {"PartNumber": number, "ETag": self._write_part(upload, number, block)}
                for number, block in enumerate(blocks, 1)
            ]
            self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        except BaseException:
            with suppress(Exception):
                self._client.abort_multipart_upload(**upload)
            raise

    def _write_part(self, upload: Mapping[str, Any], number: int, block: bytes) -> str:
        answer = self._client.upload_part(**upload, PartNumber=number, Body=block)
        return str(answer["ETag"])

    def replace_file(self, name: str, content: bytes) -> None:
        """Write a small file in the place of an older one."""
        self._client.put_object(**self._at(name), Body=content)

    def list_names(self, folder: str) -> Iterator[str]:
        """The names in a folder, a thousand a request."""
        prefix = self._prefix + (f"{folder}/" if folder else "")
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, Delimiter="/"
        )
        for page in pages:
            yield from (str(row["Key"])[len(prefix) :] for row in page.get("Contents", ()))

    def remove_file(self, name: str) -> None:
        """Remove a file, which may be gone already."""
        self._client.delete_object(**self._at(name))

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + name}


def _create_client(options: Mapping[str, Any]) -> Any:
    """By one session of the process: each of its own would read the service's model again (0.15 s)."""
    with _creating:
        return _find_session().create_client("s3", **options)


@cache
def _find_session() -> Any:
    return botocore.session.Session()


def _options(address: FolderAddress) -> Mapping[str, Any]:
    secret = read_secret_file(address.password_file) if address.password_file else None
    return {
        "aws_access_key_id": address.user or None,
        "aws_secret_access_key": secret,
        "endpoint_url": address.endpoint or None,
        "region_name": address.region or USUAL_REGION,
        "verify": address.ca_file or None,
        "config": Config(
            connect_timeout=address.connect_seconds,
            read_timeout=3 * address.connect_seconds,
            retries={"total_max_attempts": _TRIES},
            # Servers that are not Amazon's know no other checksums; ours is the signed hash.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    }
