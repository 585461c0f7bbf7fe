"""What is known of a creator, of a connected account, and of the tokens that open it."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr

Text = Annotated[str, Field(min_length=1)]
Status = Literal["active", "revoked", "broken"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Creator(_Record):
    """A person; ``creator_id`` is ours and stands in every account-grain table."""

    creator_id: Text
    display_name: Text
    created_at: AwareDatetime


class Connection(_Record):
    """A creator's account on a platform.

    ``account_id`` is the platform's own: TikTok's open_id, YouTube's channel id. ``scopes`` are
    what the creator has granted, as far as it is known.
    """

    connection_id: Text
    creator_id: Text
    platform: Text
    account_id: Text
    handle: str
    connected_at: AwareDatetime
    status: Status = "active"
    """``active``: read by every run; ``broken``: the platform refuses its tokens for good, the
    creator has to connect again; ``revoked``: ended by us, its tokens are deleted."""
    scopes: tuple[str, ...] = ()
    reason: str | None = None
    """Why a broken connection is broken, in one line."""


class Tokens(_Record):
    """What opens an account. An expiry that the platform has not told is None."""

    access_token: SecretStr
    refresh_token: SecretStr | None = None
    access_expires_at: AwareDatetime | None = None
    refresh_expires_at: AwareDatetime | None = None
