"""Raw messages in small space: several that came together are compressed as one block.

zstd with a dictionary that is trained on the day's own messages, kept in the day's file and removed
with it: it holds pieces of messages. A message that came alone takes about 280 bytes so.
"""

from collections.abc import Iterable, Iterator, Sequence

import zstandard

LEVEL = 3
DICTIONARY_BYTES = 112_640
BLOCK_MESSAGES = 64
BLOCK_BYTES = 262_144
_LENGTH = 4


class Packer:
    """Compresses and unpacks; one thread at a time."""

    def __init__(self, dictionary: bytes = b"") -> None:
        trained = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
        if trained:
            # Once for each dictionary: a second time crashes the process (zstandard 0.25).
            trained.precompute_compress(level=LEVEL)
        self.has_dictionary = trained is not None
        self._compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=trained)
        self._unpackers = {0: zstandard.ZstdDecompressor()}
        if trained:
            self._unpackers[trained.dict_id()] = zstandard.ZstdDecompressor(dict_data=trained)

    def pack(self, messages: Sequence[bytes]) -> bytes:
        """One block of these messages."""
        parts = [part for data in messages for part in (len(data).to_bytes(_LENGTH), data)]
        return self._compressor.compress(b"".join(parts))

    def unpack(self, block: bytes) -> Iterator[bytes]:
        """The messages of a block, in order."""
        content, place = self.unpack_single(block), 0
        while place < len(content):
            start = place + _LENGTH
            place = start + int.from_bytes(content[place:start])
            yield content[start:place]

    def pack_single(self, data: bytes) -> bytes:
        """One document."""
        return self._compressor.compress(data)

    def unpack_single(self, packed: bytes) -> bytes:
        """What `pack_single` was given, or the content of a block; KeyError without its dictionary."""
        return self._unpackers[zstandard.get_frame_parameters(packed).dict_id].decompress(packed)


def train_dictionary(messages: Sequence[bytes]) -> bytes:
    """A dictionary of what these messages have in common; empty when they have too little."""
    try:
        return zstandard.train_dictionary(DICTIONARY_BYTES, list(messages), level=LEVEL).as_bytes()
    except zstandard.ZstdError:
        return b""


def split_blocks(messages: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Groups that are compressed together: small enough that one message is found quickly."""
    block: list[bytes] = []
    size = 0
    for data in messages:
        block.append(data)
        size += len(data)
        if len(block) >= BLOCK_MESSAGES or size >= BLOCK_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block
