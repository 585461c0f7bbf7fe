"""What a statement is, as far as the HTTP interface has to know it before the engine runs it.

ClickHouse's own parser decides everything else: this lexer only finds the verb, the trailing
``FORMAT`` clause, a second statement, and the place where the data of an ``INSERT`` begins.
Statements are bytes: binary parameters need not be UTF-8.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from warehouse.server.errors import (
    INTO_OUTFILE_NOT_ALLOWED,
    NOT_IMPLEMENTED,
    SYNTAX_ERROR,
    ClickHouseError,
)

# What is opened and never closed takes the rest of the text, as in the engine's own lexer; a
# search for its end from every place inside it would take quadratic time.
_TOKEN = re.compile(
    rb"""
      (?P<space>\s++)
    | (?P<comment>--[^\n]*+|\#[\ !][^\n]*+|/\*.*?\*/)
    | (?P<string>'(?:[^'\\]++|\\.|'')*+')
    | (?P<quoted>`(?:[^`\\]++|\\.|``)*+`|"(?:[^"\\]++|\\.|"")*+")
    | (?P<unclosed>(?:['"`]|/\*).*+)
    | (?P<heredoc>\$\w{0,64}+\$)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*+)
    | (?P<number>[0-9][0-9A-Za-z_.]*+)
    | (?P<other>.)
    """,
    re.DOTALL | re.VERBOSE,
)
_MAX_UNCLOSED_HEREDOCS = 100

Kind = Literal["select", "output", "insert_data", "insert_select", "command"]

_SELECTS = {"SELECT", "WITH", "FROM", "(", "VALUES"}
_OUTPUTS = {"SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN", "CHECK", "KILL", "BACKUP", "RESTORE"}


@dataclass(frozen=True)
class Token:
    """A significant piece of a statement (no spaces, no comments)."""

    group: str
    text: bytes
    start: int
    end: int

    @property
    def word(self) -> str:
        """The keyword in upper case; empty for what is not a bare word."""
        return self.text.decode("ascii").upper() if self.group == "word" else ""


@dataclass(frozen=True)
class Statement:
    """A statement and its anatomy.

    ``head`` is the text before the trailing ``FORMAT`` clause and ``tail`` what follows it (a
    ``SETTINGS`` clause). For ``insert_data`` the head is the ``INSERT`` without format and data,
    ``format`` the input format, and ``data`` the bytes that already stood in the statement.
    """

    kind: Kind
    verb: str
    text: bytes
    head: bytes
    tail: bytes = b""
    format: str | None = None
    data: bytes = b""

    def words(self) -> set[str]:
        """The bare words of the statement as they are written."""
        return {token.text.decode() for token in tokens(self.text) if token.group == "word"}

    def placeholders(self) -> set[str]:
        """The names of its query parameters, ``{name:Type}``."""
        found = list(tokens(self.head))
        return {
            name.text.decode()
            for brace, name, colon in zip(found, found[1:], found[2:], strict=False)
            if brace.text == b"{" and name.group == "word" and colon.text == b":"
        }

    @property
    def has_result(self) -> bool:
        """Whether the engine answers with rows in a format."""
        return self.kind in ("select", "output")


def tokens(text: bytes, start: int = 0) -> Iterator[Token]:
    """Cut a statement into its significant tokens.

    Raises:
        ClickHouseError: more heredocs without an end than a statement can have.
    """
    unclosed = 0
    position = start
    while match := _TOKEN.match(text, position):
        group = match.lastgroup or "other"
        position = match.end()
        if group == "heredoc":
            end = text.find(match.group(), position)
            if end >= 0:
                position = end + len(match.group())
            else:
                unclosed += 1
                group, position = "other", match.start() + 1
            if unclosed > _MAX_UNCLOSED_HEREDOCS:
                raise ClickHouseError(SYNTAX_ERROR, "Syntax error: heredocs are not closed")
        if group not in ("space", "comment"):
            yield Token(group, text[match.start() : position], match.start(), position)


def starts_insert(prefix: bytes) -> bool:
    """Whether a statement that begins like this may carry data after it."""
    first = next(tokens(prefix), None)
    return first is not None and first.word in ("INSERT", "WITH")


def parse(text: bytes) -> Statement:
    """Find a statement's kind, format and data.

    Raises:
        ClickHouseError: empty, more than one statement, or a clause that only a client can run
            (``INTO OUTFILE``, ``FROM INFILE``).
    """
    stream = tokens(text)
    first = next(stream, None)
    if first is None:
        raise ClickHouseError(SYNTAX_ERROR, "Empty query")
    if first.word == "INSERT":
        return _parse_insert(text, list(_until_data(stream)))
    found = _single([first, *stream])
    verb = first.word or first.text.decode("latin-1")
    if verb == "WITH" and _main_verb(found) == "INSERT":
        return Statement("insert_select", "INSERT", text, text)
    kind: Kind = "select" if verb in _SELECTS else "output" if verb in _OUTPUTS else "command"
    if kind == "command":
        return Statement(kind, verb, text, text)
    for token, following in pairwise(found):
        if token.word == "INTO" and following.word == "OUTFILE":
            raise ClickHouseError(INTO_OUTFILE_NOT_ALLOWED, "INTO OUTFILE is not allowed")
    end = found[-1].end
    clause = _trailing_format(found)
    if clause is None:
        return Statement(kind, verb, text, text[:end])
    keyword, name = clause
    return Statement(
        kind,
        verb,
        text,
        head=text[: keyword.start],
        tail=text[name.end : end],
        format=name.text.decode("ascii"),
    )


def _single(found: list[Token]) -> list[Token]:
    """The tokens without their closing semicolons; two statements are one too many."""
    while found and found[-1].text == b";":
        found.pop()
    if not found:
        raise ClickHouseError(SYNTAX_ERROR, "Empty query")
    for token in found:
        if token.text == b";":
            raise ClickHouseError(
                SYNTAX_ERROR,
                f"Syntax error (Multi-statements are not allowed): failed at position "
                f"{token.start + 1} (end of query)",
            )
    return found


def _main_verb(found: list[Token]) -> str:
    depth = 0
    for token in found:
        if token.text in (b"(", b"[", b"{"):
            depth += 1
        elif token.text in (b")", b"]", b"}"):
            depth -= 1
        elif depth == 0 and token.word in ("SELECT", "INSERT"):
            return token.word
    return "SELECT"


def _trailing_format(found: list[Token]) -> tuple[Token, Token] | None:
    for index in range(len(found) - 2, 0, -1):
        if found[index].word == "FORMAT" and found[index + 1].group == "word":
            rest = found[index + 2 : index + 3]
            if not rest or rest[0].word == "SETTINGS":
                return found[index], found[index + 1]
    return None


def _until_data(stream: Iterator[Token]) -> Iterator[Token]:
    """The tokens of an INSERT up to the clause after which its data stands."""
    depth = 0
    for position, token in enumerate(stream):
        yield token
        if token.text == b"(":
            depth += 1
        elif token.text == b")":
            depth -= 1
        elif depth == 0 and position >= 1 and token.word == "VALUES":
            return
        elif depth == 0 and position >= 1 and token.word == "FORMAT":
            name = next(stream, None)
            if name is not None:
                yield name
            return


def _parse_insert(text: bytes, found: list[Token]) -> Statement:
    previous: Token | None = None
    depth = 0
    for position, token in enumerate(found):
        opens_query = previous is not None and previous.text == b"(" and depth == 1
        if (depth == 0 or opens_query) and position >= 1 and token.word in ("SELECT", "WITH"):
            _single([*tokens(text)])
            return Statement("insert_select", "INSERT", text, text)
        if depth == 0 and token.word == "INFILE":
            raise ClickHouseError(
                NOT_IMPLEMENTED,
                "FROM INFILE reads a file of the client: send its bytes as the request body",
            )
        depth += (token.text == b"(") - (token.text == b")")
        previous = token
    last = found[-1] if found else None
    if last is not None and last.word == "VALUES":
        return Statement(
            "insert_data",
            "INSERT",
            text,
            text[: last.start],
            format="Values",
            data=text[last.end :],
        )
    if len(found) >= 2 and found[-2].word == "FORMAT" and last is not None:
        data = re.sub(rb"\A[ \t\f]*;?[ \t\f]*\r?\n?", b"", text[last.end :], count=1)
        return Statement(
            "insert_data",
            "INSERT",
            text,
            text[: found[-2].start],
            format=last.text.decode("ascii", "replace"),
            data=data,
        )
    # A bare "INSERT INTO t": its data is Values in the body, as on a server.
    return Statement("insert_data", "INSERT", text, text.rstrip().rstrip(b";"), format=None)
