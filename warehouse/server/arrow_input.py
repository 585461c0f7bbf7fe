"""An Arrow file as a stream of small record batches.

The engine reads an Arrow file (``FORMAT Arrow``, what clickhouse-connect's ``insert_arrow``
sends) as a whole, and a record batch as one block, however large. Here a large file goes to disk
as it arrives and comes back in slices, so that memory holds one column of one batch at most.
"""

import io
import mmap
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import pyarrow as pa

from warehouse.server.errors import INCORRECT_DATA, ClickHouseError

_SLICE_ROWS = 65_536
# Up to this size a file goes to the engine as it is: that is faster.
_SMALL_BYTES = 128 * 1024 * 1024
# Above this size a batch is taken apart into columns on disk.
_LARGE_BYTES = 64 * 1024 * 1024
_FORGET_EVERY = 8
_MAGIC = b"ARROW1"


class _Collector(io.RawIOBase):
    """A file whose written bytes can be taken out again."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(memoryview(data))  # type: ignore[arg-type]
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


class _Mapped:
    """A file in memory that the kernel may drop again."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        file = stack.enter_context(path.open("rb"))
        self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def reader(self, columns: list[int] | None = None) -> pa.ipc.RecordBatchFileReader:
        options = pa.ipc.IpcReadOptions(included_fields=columns)
        return pa.ipc.open_file(pa.py_buffer(self._map), options=options)

    def forget(self) -> None:
        """Drop the pages that have been read."""
        self._map.madvise(mmap.MADV_DONTNEED)


def slices(data: Iterator[bytes], scratch: Path) -> tuple[str, Iterator[bytes]]:
    """Turn a large Arrow file into ArrowStream bytes of at most 65,536 rows a batch.

    Args:
        data: the file as it arrives.
        scratch: folder for temporary files.

    Returns:
        The format and the bytes to insert: a small file, or what is none, goes on as it came.
    """
    head: list[bytes] = []
    size = 0
    for part in data:
        head.append(part)
        size += len(part)
        if size > _SMALL_BYTES:
            break
    whole = size <= _SMALL_BYTES
    if whole or not b"".join(head[: len(_MAGIC)]).startswith(_MAGIC):
        return "Arrow", chain(head, data)
    return "ArrowStream", _stream(chain(head, data), scratch)


def _stream(data: Iterator[bytes], scratch: Path) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory(dir=scratch, prefix="arrow-") as name, ExitStack() as stack:
        folder = Path(name)
        body = folder / "body.arrow"
        with body.open("wb") as file:
            for part in data:
                file.write(part)
        try:
            mapped = _Mapped(body, stack)
            source = mapped.reader()
            sink = _Collector()
            with pa.ipc.new_stream(pa.PythonFile(sink, "w"), source.schema) as writer:
                yield sink.take()
                for index in range(source.num_record_batches):
                    for batch in _batches(mapped, index, body.stat().st_size, folder, stack):
                        writer.write_batch(batch)
                        yield sink.take()
            yield sink.take()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise ClickHouseError(
                INCORRECT_DATA, f"The Arrow file cannot be read: {str(error).splitlines()[0]}"
            ) from None


def _batches(
    mapped: _Mapped, index: int, size: int, folder: Path, stack: ExitStack
) -> Iterator[pa.RecordBatch]:
    schema = mapped.reader().schema
    if size < _LARGE_BYTES or not len(schema):
        yield from _sliced(mapped.reader().get_batch(index))
        return
    if mapped.reader([0]).get_batch(index).num_rows <= 4 * _SLICE_ROWS:
        yield from _sliced(mapped.reader().get_batch(index))
        mapped.forget()
        return
    columns = [_column(mapped, index, k, folder, stack) for k in range(len(schema))]
    arrays = [column.reader().get_batch(0).column(0) for column in columns]
    for number, batch in enumerate(_sliced(pa.RecordBatch.from_arrays(arrays, schema=schema))):
        yield batch
        if number % _FORGET_EVERY == 0:
            for column in columns:
                column.forget()


def _column(mapped: _Mapped, index: int, k: int, folder: Path, stack: ExitStack) -> _Mapped:
    """One column of a batch, plain on disk."""
    path = folder / f"column-{index}-{k}.arrow"
    batch = mapped.reader([k]).get_batch(index)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)
    mapped.forget()
    return _Mapped(path, stack)


def _sliced(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for start in range(0, batch.num_rows, _SLICE_ROWS):
        yield batch.slice(start, _SLICE_ROWS)
