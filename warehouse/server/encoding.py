"""Content encodings of request and response bodies, as streams.

clickhouse-connect compresses an insert block by block, so a body is a sequence of many
concatenated frames: every decoder here goes on after the end of a frame.
"""

import zlib
from typing import Protocol

import lz4.frame
import zstandard

from warehouse.server.errors import (
    CANNOT_DECOMPRESS,
    UNKNOWN_COMPRESSION_METHOD,
    ClickHouseError,
)


class Decoder(Protocol):
    """Turns a compressed stream into plain bytes, chunk by chunk."""

    def decode(self, data: bytes) -> bytes:
        """The plain bytes that this chunk completes."""

    def finish(self) -> None:
        """Raise ClickHouseError when the stream ends inside a frame."""


class Encoder(Protocol):
    """Turns plain bytes into a compressed stream, chunk by chunk."""

    def encode(self, data: bytes) -> bytes:
        """The compressed bytes that this chunk completes."""

    def finish(self) -> bytes:
        """The end of the stream."""


class _Frame(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes | None: ...
    def decompress(self, data: bytes) -> bytes: ...


class _ZlibFrame:
    def __init__(self, wbits: int) -> None:
        self._inner = zlib.decompressobj(wbits)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes) -> bytes:
        return self._inner.decompress(data)


def _new_frame(encoding: str) -> _Frame:
    if encoding == "lz4":
        return lz4.frame.LZ4FrameDecompressor()
    if encoding == "zstd":
        return zstandard.ZstdDecompressor().decompressobj()
    return _ZlibFrame(zlib.MAX_WBITS | 16 if encoding == "gzip" else zlib.MAX_WBITS)


class FrameDecoder:
    """Decodes any number of concatenated frames of one encoding."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._frame: _Frame | None = None

    def decode(self, data: bytes) -> bytes:
        """The plain bytes of this chunk, over frame ends."""
        parts = []
        while data:
            if self._frame is None:
                self._frame = _new_frame(self._encoding)
            try:
                parts.append(self._frame.decompress(data))
            except (RuntimeError, zlib.error, zstandard.ZstdError, EOFError) as error:
                raise ClickHouseError(
                    CANNOT_DECOMPRESS, f"The body is not valid {self._encoding}: {error}"
                ) from error
            if not self._frame.eof:
                break
            data = self._frame.unused_data or b""
            self._frame = None
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def finish(self) -> None:
        """Raise ClickHouseError for a truncated body."""
        if self._frame is not None:
            raise ClickHouseError(
                CANNOT_DECOMPRESS, f"The {self._encoding} body ends in the middle of a frame"
            )


class PlainDecoder:
    """The body as it is."""

    def decode(self, data: bytes) -> bytes:
        """The chunk itself."""
        return data

    def finish(self) -> None:
        """Any end is a good end."""


_REQUEST_ENCODINGS = {
    "lz4": "lz4",
    "zstd": "zstd",
    "gzip": "gzip",
    "gz": "gzip",
    "x-gzip": "gzip",
    "deflate": "deflate",
}


def decoder(content_encoding: str) -> Decoder:
    """The decoder for a request's Content-Encoding.

    Raises:
        ClickHouseError: an encoding that the server does not read.
    """
    name = content_encoding.strip().lower()
    if name in ("", "identity"):
        return PlainDecoder()
    if name not in _REQUEST_ENCODINGS:
        raise ClickHouseError(
            UNKNOWN_COMPRESSION_METHOD,
            f"Unknown Content-Encoding '{content_encoding}': "
            "send lz4, zstd, gzip, deflate or no encoding",
        )
    return FrameDecoder(_REQUEST_ENCODINGS[name])


class _Lz4Encoder:
    """One frame for the whole response: clients stop at the end of the first."""

    def __init__(self) -> None:
        self._inner = lz4.frame.LZ4FrameCompressor(
            block_size=lz4.frame.BLOCKSIZE_MAX1MB, auto_flush=True
        )
        self._begun = False

    def encode(self, data: bytes) -> bytes:
        head = b"" if self._begun else self._inner.begin()
        self._begun = True
        return head + self._inner.compress(data)

    def finish(self) -> bytes:
        return self._inner.flush() if self._begun else b""


class _ZstdEncoder:
    def __init__(self) -> None:
        self._inner = zstandard.ZstdCompressor(level=1).compressobj()

    def encode(self, data: bytes) -> bytes:
        return self._inner.compress(data)

    def finish(self) -> bytes:
        return self._inner.flush()


class _ZlibEncoder:
    def __init__(self, wbits: int) -> None:
        self._inner = zlib.compressobj(3, zlib.DEFLATED, wbits)

    def encode(self, data: bytes) -> bytes:
        return self._inner.compress(data)

    def finish(self) -> bytes:
        return self._inner.flush()


def negotiate(accept_encoding: str) -> str | None:
    """The encoding of a response by its Accept-Encoding header; None for plain."""
    offered = set()
    for part in accept_encoding.lower().split(","):
        name, _, weight = part.strip().partition(";")
        if weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            offered.add(name.strip())
    for name in ("lz4", "zstd", "gzip", "deflate"):
        if name in offered:
            return name
    return None


def encoder(encoding: str) -> Encoder:
    """The encoder for a negotiated response encoding."""
    if encoding == "lz4":
        return _Lz4Encoder()
    if encoding == "zstd":
        return _ZstdEncoder()
    return _ZlibEncoder(zlib.MAX_WBITS | 16 if encoding == "gzip" else zlib.MAX_WBITS)
