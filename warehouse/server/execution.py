"""Running one statement on one handle, in a thread of its own, streaming both ways."""

import os
import re
import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import chdb

from warehouse.server import arrow_input
from warehouse.server.engine import QUERY_ID_SETTING, Engine, quote
from warehouse.server.errors import from_engine
from warehouse.server.exchange import ClientGoneError, Incoming, Outgoing
from warehouse.server.request import format_name
from warehouse.server.statement import Statement, tokens

DEFAULT_FORMAT = "TabSeparated"

# chdb gives a streamed result as one self-contained document per block. Only where a document
# has neither head nor foot are the blocks together what a server sends; every other format is
# written by the engine through a pipe.
_BLOCKWISE = frozenset(
    {
        "Native",
        "RowBinary",
        "TabSeparated",
        "TSV",
        "TabSeparatedRaw",
        "TSVRaw",
        "CSV",
        "JSONEachRow",
        "JSONLines",
        "NDJSON",
        "JSONCompactEachRow",
        "LineAsString",
    }
)
_PIPE_BYTES = 1024 * 1024

_ESCAPE = re.compile(rb"[\\'](?P<char>[\\'])")

# The two system tables whose query_id is the client's on a server.
_QUERY_TABLES = ("processes", "query_log")


class Execution:
    """One statement on its way through the engine.

    Args:
        engine: where it runs.
        handle: prepared with the request's settings, parameters and database.
        statement: what to run.
        default_format: the request's format for results without a FORMAT clause.
        incoming: the rest of the request body, for the data of an INSERT.
        outgoing: the response.
        extremes: whether the request asks for minima and maxima after the rows.
    """

    def __init__(
        self,
        engine: Engine,
        handle: Any,
        statement: Statement,
        default_format: str,
        incoming: Incoming,
        outgoing: Outgoing,
        extremes: bool = False,
    ) -> None:
        self._extremes = extremes
        self._engine = engine
        self._handle = handle
        self._statement = statement
        self._default_format = default_format or DEFAULT_FORMAT
        self._incoming = incoming
        self._out = outgoing

    def run(self) -> None:
        """Run to the end.

        Raises:
            ClickHouseError: what the engine or the statement's form gives rise to.
            ClientGoneError: the client left; the query has been stopped.
        """
        statement = self._statement
        if statement.kind == "insert_data":
            self._insert()
        elif statement.kind == "select":
            self._select(format_name(statement.format or self._default_format))
        elif statement.kind == "output":
            self._answer(format_name(statement.format or self._default_format))
        else:
            self._command()

    def _insert(self) -> None:
        statement = self._statement
        data_format = format_name(statement.format or "Values")
        data = self._data()
        if data_format == "Arrow":
            data_format, data = arrow_input.slices(data, self._engine.scratch)
        try:
            inserter = self._handle.send_insert(_text(statement.head), data_format)
        except (RuntimeError, chdb.ChdbError) as error:
            raise from_engine(error) from None
        try:
            for part in data:
                inserter.append(part)
            result = inserter.finish()
        except (RuntimeError, chdb.ChdbError) as error:
            raise from_engine(error) from None
        finally:
            inserter.cancel()
        summary = self._out.summary
        summary.written_rows = summary.read_rows = summary.result_rows = result.rows_written
        summary.written_bytes = summary.read_bytes = result.bytes_written

    def _data(self) -> Iterator[bytes]:
        if self._statement.data:
            yield self._statement.data
        for part in self._incoming:
            if self._out.gone.is_set():
                raise ClientGoneError
            yield part

    def _select(self, output: str) -> None:
        self._out.format = output
        text = _with_client_query_ids(self._statement.head)
        tail = self._statement.tail
        if output in _BLOCKWISE and not (self._extremes or _has_totals(text + tail)):
            self._stream_blocks(text + tail, output)
        else:
            self._stream_document(text, output, tail)

    def _stream_blocks(self, text: bytes, output: str) -> None:
        summary = self._out.summary

        def progress(values: dict[str, int]) -> None:
            summary.read_rows = values["read_rows"]
            summary.read_bytes = values["read_bytes"]

        # The blocks' own statistics leave out what the engine has read ahead.
        self._handle.set_progress_callback(progress)
        stream = None
        try:
            stream = self._handle.send_query(_text(text), output)
            while (block := stream.fetch()) is not None:
                summary.result_rows += block.rows_read()
                self._out.write(block.bytes())
        except (RuntimeError, chdb.ChdbError) as error:
            raise from_engine(error) from None
        finally:
            if stream is not None:
                stream.close()
            self._handle.set_progress_callback(None)

    def _stream_document(self, text: bytes, output: str, tail: bytes) -> None:
        """Let the engine write the format itself, into a pipe that is read as it fills."""
        output = format_name(output)
        read_end, write_end = os.pipe()
        failures: list[BaseException] = []
        reader = threading.Thread(target=self._drain, args=(read_end, failures))
        reader.start()
        clause = f"\nINTO OUTFILE '/proc/self/fd/{write_end}' TRUNCATE FORMAT {output}"
        try:
            result = self._engine.query(self._handle, text + clause.encode() + tail, output)
        finally:
            os.close(write_end)
            reader.join()
            os.close(read_end)
        if failures:
            raise failures[0]
        summary = self._out.summary
        summary.read_rows = result.storage_rows_read()
        summary.read_bytes = result.storage_bytes_read()
        summary.result_rows = result.rows_read()

    def _drain(self, descriptor: int, failures: list[BaseException]) -> None:
        while data := os.read(descriptor, _PIPE_BYTES):
            # After a failure the pipe is read on, so that the engine does not block on it.
            if not failures:
                try:
                    self._out.write(data)
                except BaseException as error:
                    failures.append(error)

    def _answer(self, output: str) -> None:
        statement = self._statement
        self._out.format = output
        text = statement.head + b"\n" + statement.tail
        if statement.verb == "KILL":
            text = self._with_engine_query_ids(text)
        result = self._engine.query(self._handle, _text(text), output)
        self._out.summary.result_rows = result.rows_read()
        self._out.summary.read_rows = result.storage_rows_read()
        self._out.summary.read_bytes = result.storage_bytes_read()
        self._out.write(result.bytes())

    def _command(self) -> None:
        result = self._engine.query(self._handle, _text(self._statement.text))
        summary = self._out.summary
        summary.read_rows = result.storage_rows_read()
        summary.read_bytes = result.storage_bytes_read()
        summary.written_rows = summary.result_rows = result.rows_written()
        summary.written_bytes = result.bytes_written()
        if data := result.bytes():
            self._out.format = DEFAULT_FORMAT
            self._out.write(data)

    def _with_engine_query_ids(self, text: bytes) -> bytes:
        """A KILL QUERY whose client query ids are the engine's own."""
        parts = []
        last = 0
        for token in tokens(text):
            if token.group != "string":
                continue
            literal = _ESCAPE.sub(rb"\g<char>", token.text[1:-1]).decode("utf-8", "replace")
            known = self._engine.engine_query_ids(literal)
            if known:
                parts.append(text[last : token.start] + quote(known[0]).encode())
                last = token.end
        return b"".join([*parts, text[last:]])


def _text(text: bytes) -> str | bytes:
    """Text where it is text: chdb takes bytes too, for parameters that are not UTF-8."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text


def _has_totals(text: bytes) -> bool:
    """Whether rows follow the result: WITH TOTALS, or minima and maxima."""
    lower = text.lower()
    if b"extremes" in lower:
        return True
    return b"totals" in lower and any(
        first.word == "WITH" and second.word == "TOTALS" for first, second in pairwise(tokens(text))
    )


def _with_client_query_ids(text: bytes) -> bytes:
    """A query whose system.processes and system.query_log show the clients' query ids."""
    if b"system" not in text.lower():
        return text
    found = list(tokens(text))
    parts = []
    last = 0
    for first, database, dot, table in zip(found, found[1:], found[2:], found[3:], strict=False):
        name = table.text.decode("latin-1").lower()
        if (
            first.word in ("FROM", "JOIN")
            and database.word == "SYSTEM"
            and dot.text == b"."
            and name in _QUERY_TABLES
        ):
            parts.append(text[last : database.start] + _query_table(name).encode())
            last = table.end
    return b"".join([*parts, text[last:]])


def _query_table(name: str) -> str:
    client = f"Settings[{quote(QUERY_ID_SETTING)}]"
    settings = f"mapFilter((k, v) -> k != {quote(QUERY_ID_SETTING)}, Settings) AS Settings"
    ids = ", ".join(
        f"if({client} = '', {column}, {client}) AS {column}"
        for column in ("query_id", "initial_query_id")
    )
    return f"(SELECT * REPLACE ({ids}, {settings}) FROM system.{name})"  # noqa: S608
