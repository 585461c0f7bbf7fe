"""Bodies are decoded over frame ends, however they are cut."""

import gzip
import zlib
from collections.abc import Callable

import lz4.frame
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from warehouse.server.encoding import decoder, encoder, negotiate
from warehouse.server.errors import ClickHouseError

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "lz4": lz4.frame.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
}


@pytest.mark.parametrize("encoding", sorted(COMPRESS))
@given(
    parts=st.lists(st.binary(max_size=300), max_size=6), cut=st.integers(min_value=1, max_value=64)
)
def test_concatenated_frames_in_any_pieces(encoding: str, parts: list[bytes], cut: int) -> None:
    body = b"".join(COMPRESS[encoding](part) for part in parts)
    found = decoder(encoding)
    plain = b"".join(found.decode(body[start : start + cut]) for start in range(0, len(body), cut))
    found.finish()
    assert plain == b"".join(parts)


@pytest.mark.parametrize("encoding", sorted(COMPRESS))
def test_a_truncated_frame_is_an_error(encoding: str) -> None:
    found = decoder(encoding)
    found.decode(COMPRESS[encoding](b"x" * 1000)[:-3])
    with pytest.raises(ClickHouseError) as caught:
        found.finish()
    assert caught.value.code == 271


@pytest.mark.parametrize("encoding", sorted(COMPRESS))
def test_a_response_is_one_frame(encoding: str) -> None:
    found = encoder(encoding)
    body = found.encode(b"a" * 100_000) + found.encode(b"b" * 10) + found.finish()
    first: Callable[[bytes], bytes] = {
        "lz4": lambda data: lz4.frame.LZ4FrameDecompressor().decompress(data),
        "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
        "gzip": gzip.decompress,
        "deflate": zlib.decompress,
    }[encoding]
    assert first(body) == b"a" * 100_000 + b"b" * 10


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", None),
        ("identity", None),
        ("br", None),
        ("gzip, deflate", "gzip"),
        ("gzip;q=0, deflate;q=0.5", "deflate"),
        ("lz4,zstd,gzip,deflate", "lz4"),
        ("ZSTD", "zstd"),
    ],
)
def test_negotiation(accepted: str, chosen: str | None) -> None:
    assert negotiate(accepted) == chosen


def test_unknown_encoding() -> None:
    with pytest.raises(ClickHouseError) as caught:
        decoder("snappy")
    assert caught.value.code == 89
