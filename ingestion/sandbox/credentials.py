"""The sandbox's secrets: tokens derived from the world's seed, and the keys of one application.

They open nothing but a sandbox. Deriving them lets ``connections`` hand out tokens that a server
started later, with the same seed, accepts; the number at the end counts how often a token has been
renewed, so that a server which was restarted still knows one of a later number.
"""

import hashlib

DEFAULT_API_KEY = "sandbox-api-key"
CLIENT_KEY = "sandbox-client-key"
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105  # pragma: allowlist secret


def token(prefix: str, seed: int, platform: str, account_id: str, number: int) -> str:
    """An account's token in the world with this seed, renewed ``number`` times."""
    text = f"{prefix}:{seed}:{platform}:{account_id}"
    return f"{prefix}{hashlib.sha256(text.encode()).hexdigest()[:40]}.{number}"
