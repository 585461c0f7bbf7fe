"""What the server reads out of a statement before the engine sees it."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.server.errors import ClickHouseError
from warehouse.server.statement import parse, tokens


@pytest.mark.parametrize(
    ("text", "kind", "verb"),
    [
        ("SELECT 1", "select", "SELECT"),
        ("  -- c\n/* ; */ select 1 ;", "select", "SELECT"),
        ("(SELECT 1) UNION ALL (SELECT 2)", "select", "("),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "select", "WITH"),
        ("WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", "insert_select", "INSERT"),
        ("FROM t SELECT a", "select", "FROM"),
        ("SHOW TABLES", "output", "SHOW"),
        ("DESC t", "output", "DESC"),
        ("KILL QUERY WHERE 1", "output", "KILL"),
        ("CREATE TABLE t (a Int8) ENGINE = Memory", "command", "CREATE"),
        ("SET a = 1", "command", "SET"),
        ("INSERT INTO t SELECT 1", "insert_select", "INSERT"),
        ("INSERT INTO t (a) (SELECT 1)", "insert_select", "INSERT"),
        ("INSERT INTO t VALUES (1)", "insert_data", "INSERT"),
        ("INSERT INTO t FORMAT CSV\n1", "insert_data", "INSERT"),
    ],
)
def test_kinds(text: str, kind: str, verb: str) -> None:
    found = parse(text.encode())
    assert (found.kind, found.verb) == (kind, verb)


@pytest.mark.parametrize(
    ("text", "head", "output", "tail"),
    [
        ("SELECT 1 FORMAT JSON", "SELECT 1 ", "JSON", ""),
        ("SELECT 1 FORMAT JSON ;\n", "SELECT 1 ", "JSON", ""),
        ("SELECT 1 format JSON -- end", "SELECT 1 ", "JSON", ""),
        ("SELECT 1 FORMAT JSON SETTINGS a = 1", "SELECT 1 ", "JSON", " SETTINGS a = 1"),
        ("SELECT 1 AS format", "SELECT 1 AS format", None, ""),
        ("SELECT format FROM t", "SELECT format FROM t", None, ""),
        ("SELECT ' FORMAT JSON'", "SELECT ' FORMAT JSON'", None, ""),
        ("SELECT 1 -- FORMAT JSON", "SELECT 1", None, ""),
    ],
)
def test_trailing_format(text: str, head: str, output: str | None, tail: str) -> None:
    found = parse(text.encode())
    assert (found.head, found.format, found.tail) == (head.encode(), output, tail.encode())


@pytest.mark.parametrize(
    ("text", "head", "data_format", "data"),
    [
        (b"INSERT INTO t FORMAT Native\n\x00\xff", b"INSERT INTO t ", "Native", b"\x00\xff"),
        (b"INSERT INTO t FORMAT CSV  \r\n1,2", b"INSERT INTO t ", "CSV", b"1,2"),
        (b"INSERT INTO t FORMAT CSV;\n1", b"INSERT INTO t ", "CSV", b"1"),
        (
            b"INSERT INTO t (a, `FORMAT`) VALUES (1);",
            b"INSERT INTO t (a, `FORMAT`) ",
            "Values",
            b" (1);",
        ),
        (b"INSERT INTO values VALUES (1)", b"INSERT INTO ", "Values", b" VALUES (1)"),
        (
            b"INSERT INTO t SETTINGS a = 1 FORMAT TSV\n",
            b"INSERT INTO t SETTINGS a = 1 ",
            "TSV",
            b"",
        ),
        (b"INSERT INTO t VALUES ('; SELECT 1')", b"INSERT INTO t ", "Values", b" ('; SELECT 1')"),
    ],
)
def test_insert_and_its_data(text: bytes, head: bytes, data_format: str, data: bytes) -> None:
    found = parse(text)
    assert found.kind == "insert_data"
    assert (found.head, found.format, found.data) == (head, data_format, data)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 62),
        (" ; ", 62),
        ("-- nothing", 62),
        ("SELECT 1; SELECT 2", 62),
        ("SELECT 1;\n/* c */ DROP TABLE t", 62),
        ("INSERT INTO t SELECT 1; DROP TABLE t", 62),
        ("SELECT 1 INTO OUTFILE 'x'", 358),
        ("INSERT INTO t FROM INFILE 'x' FORMAT CSV", 48),
    ],
)
def test_refused(text: str, code: int) -> None:
    with pytest.raises(ClickHouseError) as caught:
        parse(text.encode())
    assert caught.value.code == code


@pytest.mark.parametrize(
    "literal",
    [
        "'a;b'",
        "'it\\'s; x'",
        "'it''s; x'",
        '"a;b"',
        "`a;b`",
        "$$a;b$$",
        "$x$ ; $$ $x$",
        "/* ; */ 1",
    ],
)
def test_a_semicolon_inside_is_no_end(literal: str) -> None:
    assert parse(f"SELECT {literal}".encode()).kind == "select"


@given(st.binary(max_size=200))
def test_tokens_cover_only_what_is_there(text: bytes) -> None:
    end = 0
    for token in tokens(text):
        assert token.start >= end
        assert text[token.start : token.end] == token.text != b""
        end = token.end


def test_placeholders() -> None:
    found = parse(b"SELECT {a:String}, '{b:String}', {c : UInt8}, {'d': 1}")
    assert found.placeholders() == {"a", "c"}


@pytest.mark.parametrize("piece", ["$a{n}$", "/*", "\\'", "\\`", "'' '", "$", "{n}/*$$x"])
def test_what_is_never_closed_takes_no_quadratic_time(piece: str) -> None:
    text = "SELECT " + "".join(piece.replace("{n}", str(n)) for n in range(60_000)) + "'"
    started = time.process_time()
    with contextlib.suppress(ClickHouseError):
        list(tokens(text.encode()))
    assert time.process_time() - started < 5


def test_a_second_statement_is_seen_behind_an_open_heredoc() -> None:
    with pytest.raises(ClickHouseError, match="Multi-statements"):
        parse(b"SELECT 1 $x$; SELECT 2")
