"""The sandbox's secrets: TikTok tokens derived from the world's seed, and one YouTube API key.

They open nothing but a sandbox. Deriving them lets ``connections`` write a file that a server
started later, with the same seed, accepts.
"""

import hashlib

DEFAULT_API_KEY = "sandbox-api-key"
CLIENT_KEY = "sandbox-client-key"
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105  # pragma: allowlist secret


def access_token(seed: int, open_id: str) -> str:
    """The TikTok access token of an account in the world with this seed."""
    return "act.sandbox." + _digest("access", seed, open_id)


def refresh_token(seed: int, open_id: str) -> str:
    """The TikTok refresh token of an account in the world with this seed."""
    return "rft.sandbox." + _digest("refresh", seed, open_id)


def _digest(purpose: str, seed: int, open_id: str) -> str:
    return hashlib.sha256(f"{purpose}:{seed}:{open_id}".encode()).hexdigest()[:40]
