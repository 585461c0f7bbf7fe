"""Login to Superset at an OpenID Connect provider, and which of its groups is which role.

Part of Superset's configuration, read in Superset's own environment where ``SUPERSET_OIDC_ISSUER``
is set; :mod:`dashboards.settings` lists the variables. A user is registered at the first login.
Roles are given anew at each login, by the provider's word alone: who is in no group that the
settings name has the role Public, as anybody who has not signed in, and sees nothing.

An account is either the provider's or has a password (the administrator's, an embedder's, a
demo's): a person whose name at the provider is that of an account with a password is refused.
"""

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

NAME = "oidc"
SCOPES = "openid profile email"
TIMEOUT_SECONDS = 10
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# In place of a password's hash: no password fits it, and the account is known as the provider's.
NO_PASSWORD = "account of the OpenID Connect provider"  # noqa: S105 - a mark
log = logging.getLogger(__name__)


def oidc_config(environment: Mapping[str, str]) -> dict[str, Any]:
    """What Superset's configuration says besides where a provider is named; else nothing.

    :raises ValueError: where a variable is missing or malformed; the message names it.
    """
    issuer = environment.get("SUPERSET_OIDC_ISSUER", "")
    if not issuer:
        return {}
    require_sound(environment)
    remote = {
        "client_id": environment["SUPERSET_OIDC_CLIENT_ID"],
        "client_secret": environment["SUPERSET_OIDC_CLIENT_SECRET"],
        "server_metadata_url": discovery_url(issuer),
        "client_kwargs": {
            "scope": environment.get("SUPERSET_OIDC_SCOPES") or SCOPES,
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_SECONDS,
        },
    }
    return {
        "AUTH_TYPE": 4,  # flask_appbuilder.const.AUTH_OAUTH
        "OAUTH_PROVIDERS": [
            {"name": NAME, "icon": "fa-key", "token_key": "access_token", "remote_app": remote}
        ],
        "AUTH_ROLES_MAPPING": roles_of_groups(environment.get("SUPERSET_OIDC_ROLES", "")),
        # names that differ in case may be two persons to the provider
        "AUTH_USERNAME_CI": False,
        # deployments go on signing in with a password, at the API
        "AUTH_API_LOGIN_ALLOW_MULTIPLE_PROVIDERS": True,
        "CUSTOM_SECURITY_MANAGER": _security_manager(
            username_claim=environment.get("SUPERSET_OIDC_USERNAME_CLAIM") or "preferred_username",
            roles_claim=environment.get("SUPERSET_OIDC_ROLES_CLAIM") or "groups",
            administrator=environment.get("SUPERSET_ADMIN_USER", ""),
        ),
    }


def require_sound(environment: Mapping[str, str]) -> None:
    """Raise ValueError, which names the variable, where one is missing or malformed."""
    for name in ("SUPERSET_OIDC_CLIENT_ID", "SUPERSET_OIDC_CLIENT_SECRET"):
        if not environment.get(name):
            raise ValueError(f"{name}: is not set, though SUPERSET_OIDC_ISSUER is.")
    discovery_url(environment["SUPERSET_OIDC_ISSUER"])
    roles_of_groups(environment.get("SUPERSET_OIDC_ROLES", ""))


def discovery_url(issuer: str) -> str:
    """Where a provider describes itself; its words are trusted, so plain http is for this machine.

    :raises ValueError: where the issuer is no https address.
    """
    parts = urlsplit(issuer)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not safe or not parts.hostname:
        raise ValueError(f"SUPERSET_OIDC_ISSUER: {issuer!r} is not an https:// address.")
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def roles_of_groups(written: str) -> dict[str, list[str]]:
    """``group=role,group=role`` as the roles of each group.

    :raises ValueError: where a pair is malformed.
    """
    roles: dict[str, list[str]] = {}
    for pair in filter(None, (part.strip() for part in written.split(","))):
        group, equals, role = (word.strip() for word in pair.rpartition("="))
        if not (group and equals and role):
            raise ValueError(
                f"SUPERSET_OIDC_ROLES: {pair!r} is not group=role. "
                "Write e.g. bi-team=analyst,platform=Admin."
            )
        roles.setdefault(group, []).append(role)
    return roles


def userinfo_of(
    claims: Mapping[str, Any], username_claim: str, roles_claim: str, administrator: str
) -> dict[str, Any]:
    """A user as Superset keeps it, out of the claims that the provider answers for.

    Empty, which refuses the login, where no name is given, or the administrator's: that account is
    the settings', signs in with a password and is no person's.
    """
    username = claims.get(username_claim)
    if not isinstance(username, str) or not username.strip():
        return {}
    if username.casefold() == administrator.casefold():
        return {}
    groups = claims.get(roles_claim) or []
    return {
        "username": username,
        "first_name": str(claims.get("given_name") or claims.get("name") or username),
        "last_name": str(claims.get("family_name") or "-"),
        "email": str(claims.get("email") or f"{username}@email.notfound"),
        "role_keys": [groups] if isinstance(groups, str) else [str(group) for group in groups],
    }


def _security_manager(username_claim: str, roles_claim: str, administrator: str) -> Any:
    # Superset's own environment has it, the project's has not
    from superset.security import SupersetSecurityManager

    class OidcSecurityManager(SupersetSecurityManager):
        """Superset's, which knows some providers by name, for any provider by its claims."""

        def get_oauth_user_info(self, provider: str, resp: dict[str, Any]) -> dict[str, Any]:
            """The user that the verified ID token speaks of."""
            claims = dict(resp["userinfo"])
            if not {username_claim, roles_claim} <= set(claims):
                remote = self.oauth_remotes[provider]
                if "userinfo_endpoint" in remote.load_server_metadata():
                    more = remote.userinfo(token=resp)
                    # of another subject they would be another person's claims
                    if more.get("sub") == claims["sub"]:
                        claims = {**more, **claims}
            return userinfo_of(claims, username_claim, roles_claim, administrator)

        def auth_user_oauth(self, userinfo: dict[str, Any]) -> Any:
            """Register or find the user and set the roles; None refuses.

            A name of an account with a password is refused in words, with 403.
            Superset's own way needs its self-registration open and a role for everyone.
            """
            username = userinfo.get("username")
            if not username:
                return None
            # Superset fails for a person without any role, so that nobody's stands in
            nobody = self.find_role(self.auth_role_public)
            roles = list(self.get_roles_from_keys(userinfo["role_keys"])) or [nobody]
            user = self.find_user(username=username)
            if user is None:
                user = self.add_user(
                    username=username,
                    first_name=userinfo["first_name"],
                    last_name=userinfo["last_name"],
                    email=userinfo["email"],
                    role=roles,
                    hashed_password=NO_PASSWORD,
                )
            elif user.password != NO_PASSWORD:
                _refuse(username)
            if not user or not user.is_active:
                return None
            user.roles = roles
            self.update_user_auth_stat(user)
            return user

    return OidcSecurityManager


def _refuse(username: str) -> None:
    """End the request with the reason: Superset's page of login has no place for one."""
    from flask import abort

    reason = (
        f"{username!r} is an account with a password, and no person of the provider. "
        "Change the name at the provider, or remove the account (Settings > List Users)."
    )
    log.warning("login at the provider was refused: %s", reason)
    abort(403, reason)
