"""ClickHouse's errors as its HTTP interface shows them: code, status and body.

Codes and names: ClickHouse ``src/Common/ErrorCodes.cpp``; statuses:
``exceptionCodeToHTTPStatus`` in ``src/Server/HTTP``.
"""

import re

SYNTAX_ERROR = 62
UNKNOWN_FORMAT = 73
UNKNOWN_SETTING = 115
UNKNOWN_QUERY_PARAMETER = 456
READONLY = 164
REQUIRED_PASSWORD = 194
AUTHENTICATION_FAILED = 516
ACCESS_DENIED = 497
NOT_IMPLEMENTED = 48
TOO_MANY_SIMULTANEOUS_QUERIES = 202
QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING = 216
SESSION_NOT_FOUND = 372
SESSION_IS_LOCKED = 373
INVALID_SESSION_TIMEOUT = 374
INTO_OUTFILE_NOT_ALLOWED = 358
INCORRECT_DATA = 117
UNKNOWN_COMPRESSION_METHOD = 89
CANNOT_DECOMPRESS = 271
BAD_REQUEST_PARAMETER = 36
QUERY_WAS_CANCELLED = 394
SETTING_CONSTRAINT_VIOLATION = 452
SOCKET_TIMEOUT = 209
USER_SESSION_LIMIT_EXCEEDED = 700
STD_EXCEPTION = 1001

_NAMES = {
    SYNTAX_ERROR: "SYNTAX_ERROR",
    UNKNOWN_FORMAT: "UNKNOWN_FORMAT",
    UNKNOWN_SETTING: "UNKNOWN_SETTING",
    UNKNOWN_QUERY_PARAMETER: "UNKNOWN_QUERY_PARAMETER",
    READONLY: "READONLY",
    REQUIRED_PASSWORD: "REQUIRED_PASSWORD",
    AUTHENTICATION_FAILED: "AUTHENTICATION_FAILED",
    ACCESS_DENIED: "ACCESS_DENIED",
    NOT_IMPLEMENTED: "NOT_IMPLEMENTED",
    TOO_MANY_SIMULTANEOUS_QUERIES: "TOO_MANY_SIMULTANEOUS_QUERIES",
    QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING: "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING",
    SESSION_NOT_FOUND: "SESSION_NOT_FOUND",
    SESSION_IS_LOCKED: "SESSION_IS_LOCKED",
    INVALID_SESSION_TIMEOUT: "INVALID_SESSION_TIMEOUT",
    INCORRECT_DATA: "INCORRECT_DATA",
    INTO_OUTFILE_NOT_ALLOWED: "INTO_OUTFILE_NOT_ALLOWED",
    UNKNOWN_COMPRESSION_METHOD: "UNKNOWN_COMPRESSION_METHOD",
    CANNOT_DECOMPRESS: "CANNOT_DECOMPRESS",
    BAD_REQUEST_PARAMETER: "BAD_ARGUMENTS",
    QUERY_WAS_CANCELLED: "QUERY_WAS_CANCELLED",
    SETTING_CONSTRAINT_VIOLATION: "SETTING_CONSTRAINT_VIOLATION",
    SOCKET_TIMEOUT: "SOCKET_TIMEOUT",
    USER_SESSION_LIMIT_EXCEEDED: "USER_SESSION_LIMIT_EXCEEDED",
    STD_EXCEPTION: "STD_EXCEPTION",
}

# The engine's codes by the status that the real server answers with; all others are 500.
_STATUS_BY_CODES = {
    401: {194},
    403: {516, 192, 193, 164, 497, 511},
    400: {
        6,
        25,
        26,
        27,
        36,
        38,
        41,
        43,
        53,
        62,
        69,
        72,
        117,
        167,
        168,
        271,
        321,
        427,
        441,
        456,
        42,
    },
    404: {16, 44, 46, 47, 50, 56, 60, 63, 71, 73, 78, 81, 107, 115, 372},
    408: {159},
    411: {381},
    413: {577},
    429: {202},
    501: {48},
    503: {76, 439},
}
_STATUS = {code: status for status, codes in _STATUS_BY_CODES.items() for code in codes}

_CODE = re.compile(r"Code: (\d+)\. ")


class ClickHouseError(Exception):
    """An error with ClickHouse's code, raised by the engine or by the server in its place."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status that a ClickHouse server gives to this code."""
        return _STATUS.get(self.code, 500)

    def body(self, version: str) -> bytes:
        """The text of the response, as a server of this version words it."""
        name = _NAMES.get(self.code)
        suffix = f" ({name})" if name and not self.message.endswith(f"({name})") else ""
        text = f"Code: {self.code}. DB::Exception: {self.message}{suffix} (version {version})\n"
        return text.encode("utf-8", "replace")


def from_engine(error: BaseException) -> ClickHouseError:
    """Read the code and the message out of an error that chdb raised as text."""
    text = str(error)
    match = _CODE.search(text)
    if match is None:
        return ClickHouseError(STD_EXCEPTION, text or type(error).__name__)
    message = text[match.end() :].strip()
    return ClickHouseError(int(match.group(1)), message.removeprefix("DB::Exception: "))
