"""Users of Superset, and those of the demo: one for each kind of person.

In production people sign in through the identity provider; users made here are for a demo and for
programs, such as the application that embeds dashboards.
"""

from dataclasses import dataclass
from typing import Literal

from dashboards.client import Superset
from dashboards.grants import ROLES
from dashboards.settings import DashboardsSettings
from warehouse.client import connect
from warehouse.errors import UserError
from warehouse.settings import WarehouseSettings

USERS = "/api/v1/security/users/"
DEMO_ROLES = ("analyst", "underwriter", "creator")


@dataclass(frozen=True)
class RoleUser:
    """The user that a role has by the settings, and what may be told of its ``password``.

    That is the password itself where it was generated and given now, else where it is kept.
    """

    name: str
    role: str
    password: str


def ensure_user(
    superset: Superset, name: str, role: str, password: str
) -> Literal["created", "updated", "unchanged"]:
    """Make sure that a user of one role exists and signs in with a password.

    :raises UserError: where the role is not in Superset: deploy the dashboards first.
    """
    roles = {found["name"]: found["id"] for found in superset.listed(ROLES, order="id")}
    if role not in roles:
        raise UserError(
            f"superset: role {role!r} is missing. Deploy the dashboards first "
            "(python -m dashboards deploy)."
        )
    users = superset.listed(USERS, order="id")
    found = next((user for user in users if user["username"] == name), None)
    if found is None:
        person = {"first_name": role.capitalize(), "last_name": name, "email": f"{name}@localhost"}
        login = {"username": name, "password": password, "active": True, "roles": [roles[role]]}
        superset.ask("POST", USERS, person | login)
        return "created"
    changed: dict[str, object] = {}
    if [item["id"] for item in found["roles"]] != [roles[role]]:
        changed["roles"] = [roles[role]]
    if not superset.accepts(name, password):
        changed["password"] = password
    if not changed:
        return "unchanged"
    superset.ask("PUT", f"{USERS}{found['id']}", changed)
    return "updated"


def ensure_role_user(
    superset: Superset, settings: DashboardsSettings, role: str, name: str
) -> RoleUser:
    """The user of a role, with the password of the settings or a generated one."""
    password = settings.role_password(role, create=True)
    done = ensure_user(superset, name, role, password)
    file = settings.generated_password(role)
    if file is None:
        return RoleUser(name, role, f"password of SUPERSET_{role.upper()}_PASSWORD")
    return RoleUser(name, role, f"password in {file}" if done == "unchanged" else password)


def ensure_demo_users(
    superset: Superset, settings: DashboardsSettings, warehouse: WarehouseSettings
) -> list[RoleUser]:
    """One user per role; the creator's name is the id of a creator of the warehouse.

    :raises UserError: where the warehouse knows no creator, or not the one of the settings.
    """
    names = {"creator": demo_creator(settings.demo_creator, warehouse)}
    return [
        ensure_role_user(superset, settings, role, names.get(role, role)) for role in DEMO_ROLES
    ]


def demo_creator(wanted: str, warehouse: WarehouseSettings) -> str:
    """The id of the creator that the settings name, else of the one with the most accounts."""
    mart = f"{warehouse.database('marts')}.mart_engagement__account"
    with connect("reader", warehouse) as client:
        found = client.query(
            f"SELECT creator_id FROM {mart} "  # noqa: S608
            "WHERE creator_id IS NOT NULL "
            "AND ({wanted:String} = '' OR creator_id = {wanted:String}) "
            "GROUP BY creator_id "
            "ORDER BY count() DESC, sum(follower_count) DESC, creator_id LIMIT 1",
            parameters={"wanted": wanted},
        ).result_rows
    if not found:
        raise UserError(
            f"SUPERSET_DEMO_CREATOR: {wanted!r} has no account in {mart}. Leave it empty."
            if wanted
            else f"warehouse: {mart} has no creator. Build the marts first: make demo."
        )
    return str(found[0][0])
