"""What a platform's refusal comes to: each class is one thing that a reader can do about it."""

from warehouse.errors import UnavailableError, UserError


class ApiError(UserError):
    """A platform's refusal, in one line; ``code`` is the platform's word for it."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class AccountError(ApiError):
    """One account, or one stream of it, cannot be read; the others can."""


class DeadTokenError(AccountError):
    """The account's access token opens nothing any more."""


class PermissionMissingError(AccountError):
    """The account has not granted what the stream needs, or the platform withholds it."""


class GoneError(AccountError):
    """One object is not there, or shows nothing: it is skipped."""


class BadMetricError(AccountError):
    """One of the metrics asked for is not served; the platform refuses the whole batch."""


class TooMuchDataError(AccountError):
    """The page asked for is too large for the platform."""


class PlatformError(ApiError):
    """Nothing can be read from the platform."""


class UnreachableError(PlatformError, UnavailableError):
    """The platform does not answer at all."""


class ThrottledError(PlatformError, UnavailableError):
    """The platform wants calls to stop for longer than a run waits."""
