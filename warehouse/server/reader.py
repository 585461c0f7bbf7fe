"""What the reader may do, enforced before the engine runs anything of it.

The engine runs every statement as its own default user, so the reader's limits are kept here.
A statement passes four gates, each built on the engine's own parser or analyzer:

1. It is one statement, rewritten by the engine's formatter: no comments, one way of quoting.
2. It is a SELECT, or one of a few ways to list and describe tables.
3. ``EXPLAIN AST`` names no table function, no forbidden function, and no table or database
   outside the reader's. This gate runs nothing: the analyzer would already evaluate scalar
   subqueries and fetch the schema of a table function.
4. ``EXPLAIN QUERY TREE`` resolves every name as the query itself will, and finds only tables of
   the reader's databases.
"""

import re
from collections.abc import Mapping
from typing import Any

from warehouse.server.engine import Engine, quote
from warehouse.server.errors import (
    ACCESS_DENIED,
    READONLY,
    SETTING_CONSTRAINT_VIOLATION,
    ClickHouseError,
)
from warehouse.server.statement import Statement, Token, parse, tokens

# What clients ask of a server before and beside a query. system.tables, columns and databases
# are filtered to the reader's own by the engine (see Guard.bind).
_SYSTEM_TABLES = frozenset(
    {
        "system.one",
        "system.settings",
        "system.databases",
        "system.tables",
        "system.columns",
        "system.functions",
        "system.data_type_families",
    }
)

# What clickhouse-connect, dbt and Superset send, and settings that shape a result. Named one by
# one: among their like are some that name a file to read or to write (output_format_schema).
_SETTINGS = frozenset(
    {
        "any_join_distinct_right_table_keys",
        "cast_string_to_dynamic_use_inference",
        "connect_timeout",
        "date_time_input_format",
        "date_time_output_format",
        "extremes",
        "final",
        "group_by_use_nulls",
        "join_algorithm",
        "join_use_nulls",
        "limit",
        "log_comment",
        "max_block_size",
        "max_bytes_to_read",
        "max_execution_time",
        "max_memory_usage",
        "max_query_size",
        "max_result_bytes",
        "max_result_rows",
        "max_rows_to_read",
        "max_threads",
        "mutations_sync",
        "offset",
        "output_format_always_write_decimal_point_in_float_and_decimal",
        "output_format_arrow_compression_method",
        "output_format_arrow_date_as_uint16",
        "output_format_arrow_fixed_string_as_fixed_byte_array",
        "output_format_arrow_low_cardinality_as_dictionary",
        "output_format_arrow_string_as_string",
        "output_format_arrow_unsupported_types_as_binary",
        "output_format_arrow_use_64_bit_indexes_for_dictionary",
        "output_format_arrow_use_signed_indexes_for_dictionary",
        "output_format_binary_encode_types_in_binary_format",
        "output_format_binary_write_json_as_string",
        "output_format_csv_crlf_end_of_line",
        "output_format_decimal_trailing_zeros",
        "output_format_float_precision",
        "output_format_json_array_of_rows",
        "output_format_json_escape_forward_slashes",
        "output_format_json_named_tuples_as_objects",
        "output_format_json_pretty_print",
        "output_format_json_quote_64bit_floats",
        "output_format_json_quote_64bit_integers",
        "output_format_json_quote_decimals",
        "output_format_json_quote_denormals",
        "output_format_json_validate_utf8",
        "output_format_native_encode_types_in_binary_format",
        "output_format_native_use_flattened_dynamic_and_json_serialization",
        "output_format_native_write_json_as_string",
        "output_format_parquet_compression_method",
        "output_format_parquet_string_as_string",
        "output_format_parquet_version",
        "output_format_pretty_color",
        "output_format_pretty_max_rows",
        "output_format_pretty_row_numbers",
        "output_format_tsv_crlf_end_of_line",
        "output_format_write_statistics",
        "prefer_column_name_to_alias",
        "read_overflow_mode",
        "receive_timeout",
        "result_overflow_mode",
        "send_timeout",
        "session_timezone",
        "timeout_overflow_mode",
        "transform_null_in",
    }
)

# What a query of the reader's may take. A client may ask for less, never for more or for no limit.
MAX_MEMORY_BYTES = 2 * 1024**3
MAX_SECONDS = 300
MAX_QUERY_BYTES = 1024 * 1024
_CEILINGS = {
    "max_memory_usage": MAX_MEMORY_BYTES,
    "max_execution_time": MAX_SECONDS,
    "max_query_size": MAX_QUERY_BYTES,
}
_NUMBER = re.compile(r"\A[0-9]{1,18}(?:\.[0-9]{1,9})?\Z")

_FORBIDDEN_CATEGORIES = (
    "AI",
    "Dictionary",
    "Embedded Dictionary",
    "Internal",
    "Introspection",
    "Machine Learning",
)
_FORBIDDEN_FUNCTIONS = frozenset(
    {
        "buildid",
        "chdb",
        "currentrequesturl",
        "file",
        "filesystemavailable",
        "filesystemcapacity",
        "filesystemunreserved",
        "generateserialid",
        "getclienthttpheader",
        "getmacro",
        "getmergetreesetting",
        "getserverport",
        "getserversetting",
        "getsetting",
        "getsettingordefault",
        "hascolumnintable",
        "joinget",
        "joingetornull",
        "serveruuid",
        "showcertificate",
        "sleep",
        "sleepeachrow",
        "tcpport",
        "transactionid",
        "transactionlatestsnapshot",
        "transactionoldestsnapshot",
        "zookeepersessionuptime",
    }
)
_FORBIDDEN_NODES = ("Alter", "Create", "Drop", "Explain", "Insert", "Kill", "Rename", "System")

_NAME = r"(?:`(?:[^`\\])+`|[A-Za-z_][A-Za-z0-9_]*)"
_PATTERN = r"(?: (?:NOT )?I?LIKE '(?:[^'\\]|\\.)*')?(?: LIMIT [0-9]+)?"
_LISTINGS = re.compile(rf"\ASHOW (?:FULL )?(?:DATABASES|TABLES){_PATTERN}\Z")
_TABLE_STATEMENTS = (
    re.compile(rf"\ASHOW (?:FULL )?TABLES FROM (?P<database>{_NAME}){_PATTERN}\Z"),
    re.compile(
        r"\A(?:DESCRIBE TABLE|EXISTS(?: TEMPORARY)? (?:TABLE|VIEW)|SHOW CREATE (?:TABLE|VIEW)) "
        rf"(?:(?P<database>{_NAME})\.)?(?P<table>{_NAME})\Z"
    ),
    re.compile(rf"\A(?:EXISTS|SHOW CREATE) DATABASE (?P<database>{_NAME})\Z"),
)

_AST_LINE = re.compile(r"\A(?P<indent> *)(?P<kind>\S+)(?: (?P<rest>.*))?\Z", re.DOTALL)
_AST_SUFFIX = re.compile(r"(?: \(alias .*\))?(?: \(children [0-9]+\))?\Z", re.DOTALL)
_TREE_TABLE = re.compile(r"^ *TABLE id: .*?\btable_name: ([^,\n]+)", re.MULTILINE)
_TREE_FUNCTION = re.compile(r"^ *FUNCTION id: .*?\bfunction_name: ([^,\n]+)", re.MULTILINE)
_TREE_TABLE_FUNCTION = re.compile(r"^ *TABLE_FUNCTION id: ", re.MULTILINE)
_HINT = re.compile(r"\.? Maybe you meant[^.]*(?:\.[^.]*)?\.?")


def _denied(what: str) -> ClickHouseError:
    return ClickHouseError(ACCESS_DENIED, f"reader: Not enough privileges: {what}")


class Guard:
    """Keeps the reader inside the databases that it may read.

    Args:
        engine: whose parser and analyzer decide.
        databases: the databases that the reader may read; the first is its current one.
    """

    def __init__(self, engine: Engine, databases: tuple[str, ...]) -> None:
        self._engine = engine
        self._databases = databases
        handle = engine.open()
        try:
            self._forbidden = self._forbidden_functions(handle)
            rows = engine.rows(handle, "SELECT name FROM system.settings")
            self._known_settings = {str(row["name"]) for row in rows} | {"profile"}
        finally:
            handle.close()

    def _forbidden_functions(self, handle: Any) -> frozenset[str]:
        rows = self._engine.rows(
            handle,
            "SELECT lower(name) AS name, lower(alias_to) AS target, categories FROM "
            "system.functions",
        )
        forbidden = set(_FORBIDDEN_FUNCTIONS)
        for row in rows:
            kinds = [part.strip() for part in re.split(r"[,;]", str(row["categories"]))]
            if any(kind in _FORBIDDEN_CATEGORIES for kind in kinds):
                forbidden.add(str(row["name"]))
        # caseWithExpression and its like are what the parser makes of ordinary syntax.
        forbidden -= {"casewithexpression", "nested", "_cast"}
        forbidden |= {str(row["name"]) for row in rows if row["target"] in forbidden}
        return frozenset(forbidden)

    def bind(self, handle: Any) -> None:
        """Limit a new handle for the reader, for as long as it lives."""
        listed = ", ".join(quote(name) for name in self._databases)
        filters = ", ".join(
            f"{quote(table)}: {quote(f'{column} IN ({listed})')}"
            for table, column in (
                ("system.databases", "name"),
                ("system.tables", "database"),
                ("system.columns", "database"),
            )
        )
        self._engine.query(handle, f"SET additional_table_filters = {{{filters}}}")
        present = self._engine.rows(handle, "SELECT name FROM system.databases ORDER BY name")
        names = {str(row["name"]) for row in present}
        for name in self._databases:
            if name in names:
                self._engine.use(handle, name)
                break
        self._engine.query(
            handle,
            f"SET max_memory_usage = {MAX_MEMORY_BYTES}, max_execution_time = {MAX_SECONDS}, "
            "readonly = 2",
        )

    def check_settings(self, settings: Mapping[str, str]) -> None:
        """Refuse a setting that the reader may not change.

        Raises:
            ClickHouseError: 164, as a server in readonly mode answers; 452 for a limit beyond
                the reader's own.
        """
        for name, value in settings.items():
            if name not in _SETTINGS:
                raise ClickHouseError(
                    READONLY, f"reader: Cannot modify '{name}' setting in readonly mode"
                )

            ceiling = _CEILINGS.get(name)
            if ceiling and not (_NUMBER.match(value) and 0 < float(value) <= ceiling):
                raise ClickHouseError(
                    SETTING_CONSTRAINT_VIOLATION,
                    f"reader: Setting {name} must be a number above 0 and at most {ceiling}",
                )

    def check_database(self, database: str) -> None:
        """Refuse a current database that the reader may not read.

        Raises:
            ClickHouseError: 497.
        """
        if database and database not in self._databases:
            raise _denied(f"database {database} is not among {', '.join(self._databases)}")

    def check(self, handle: Any, statement: Statement) -> Statement:
        """The statement to run in the reader's name: the engine's own wording of it.

        Args:
            handle: bound, and prepared with the request's parameters.
            statement: what the client sent.

        Raises:
            ClickHouseError: 164 or 497 for everything that is not a read of allowed tables; the
                engine's own error for what it cannot read at all.
        """
        if not statement.has_result or statement.verb in ("KILL", "BACKUP", "RESTORE"):
            raise ClickHouseError(READONLY, "reader: Cannot execute query in readonly mode")
        canonical = parse(self._canonical(handle, statement).encode())
        found = list(tokens(canonical.text))
        self._check_words(found)
        if canonical.kind == "select":
            # Without the FORMAT clause: EXPLAIN would take it for its own.
            body = canonical.head + canonical.tail
            self._check_ast(handle, body)
            self._check_tree(handle, body)
        else:
            self._check_listing(canonical)
        return canonical

    def _canonical(self, handle: Any, statement: Statement) -> str:
        try:
            text = statement.text.decode()
        except UnicodeDecodeError:
            raise _denied("the statement is not UTF-8") from None
        rows = self._engine.rows(handle, f"SELECT formatQuerySingleLine({quote(text)}) AS text")
        return str(rows[0]["text"]).strip()

    def _check_words(self, found: list[Token]) -> None:
        in_settings = False
        for position, token in enumerate(found):
            if token.group == "quoted" and re.search(rb"[\x00-\x1f\\]", token.text):
                raise _denied("quoted names with escapes")
            if in_settings and token.group in ("word", "quoted"):
                name = token.text.decode("utf-8", "replace").strip('`"')
                if name in self._known_settings:
                    # What follows "name =": a limit is taken as a plain number alone.
                    value = b"".join(later.text for later in found[position + 2 : position + 3])
                    self.check_settings({name: value.decode("utf-8", "replace")})
            in_settings = in_settings or token.word == "SETTINGS"

    def _check_listing(self, statement: Statement) -> None:
        if statement.tail.strip():
            raise _denied("SETTINGS beside a listing")
        text = statement.head.decode().strip()
        if _LISTINGS.match(text):
            return
        for pattern in _TABLE_STATEMENTS:
            match = pattern.match(text)
            if match:
                database = (match.group("database") or "").strip("`")
                if database not in ("", *self._databases):
                    raise _denied(f"database {database}")
                return
        raise _denied(f"{statement.verb} in this form")

    def _check_ast(self, handle: Any, text: bytes) -> None:
        dotted = set()
        parent_kinds: list[tuple[int, str]] = []
        for line in self._explain(handle, b"EXPLAIN AST " + text).split("\n"):
            match = _AST_LINE.match(line)
            if match is None:
                continue
            depth, kind = len(match["indent"]), match["kind"]
            name = _AST_SUFFIX.sub("", match["rest"] or "")
            while parent_kinds and parent_kinds[-1][0] >= depth:
                parent_kinds.pop()
            parent = parent_kinds[-1][1] if parent_kinds else ""
            parent_kinds.append((depth, kind))
            if kind == "TableIdentifier":
                self._check_table(name)
            elif kind == "Function":
                if parent == "TableExpression":
                    raise _denied(f"table function {name}")
                self._check_function(name)
            elif kind == "Identifier" and "." in name:
                dotted.add(name)
            elif kind.startswith(_FORBIDDEN_NODES):
                raise _denied(kind)
        self._check_identifiers(dotted)

    def _check_identifiers(self, dotted: set[str]) -> None:
        """``x IN raw.t`` reads a table by what looks like a column: no name may begin with the
        name of a database that is not the reader's."""
        suspects = {name for name in dotted if name.split(".", 1)[0] not in self._databases}
        if not suspects:
            return
        handle = self._engine.open()
        try:
            rows = self._engine.rows(handle, "SELECT name FROM system.databases")
        finally:
            handle.close()
        databases = {str(row["name"]) for row in rows}
        for name in sorted(suspects):
            if name.split(".", 1)[0] in databases:
                self._check_table(name)

    def _check_table(self, name: str) -> None:
        database, dot, _ = name.partition(".")
        if dot and database not in self._databases and name not in _SYSTEM_TABLES:
            raise _denied(f"it is necessary to have the grant SELECT ON {name}")

    def _check_function(self, name: str) -> None:
        if name.lower() in self._forbidden:
            raise _denied(f"function {name}")

    def _check_tree(self, handle: Any, text: bytes) -> None:
        tree = self._explain(handle, b"EXPLAIN QUERY TREE " + text)
        if _TREE_TABLE_FUNCTION.search(tree):
            raise _denied("table functions")
        for name in _TREE_TABLE.findall(tree):
            self._check_table(name if "." in name else f"?.{name}")
        for name in _TREE_FUNCTION.findall(tree):
            self._check_function(name)

    def _explain(self, handle: Any, text: bytes) -> str:
        try:
            return str(self._engine.query(handle, text, "TSVRaw").bytes().decode())
        except ClickHouseError as error:
            # The engine's suggestions name tables that the reader must not know of.
            raise ClickHouseError(error.code, _HINT.sub("", error.message)) from None
