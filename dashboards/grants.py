"""Applies ``access.yaml`` to a running Superset: roles, row level security, dashboards' roles.

Superset's bundle has none of these. Everything is compared first and written only where it
differs, so that a second time changes nothing; what was changed is returned in words.

In two steps, between which a deployment imports the charts: :func:`withhold` needs the datasets
alone and takes rows away, :func:`grant` gives. So nobody sees a row in between that the files of
neither before nor after show.
"""

from collections.abc import Iterator, Mapping, Sequence

from dashboards.access import ADMINISTRATOR, row_rules
from dashboards.assets import Assets, Role, asset_uuid
from dashboards.client import Superset
from dashboards.row_level_security import settle_rules, widen_rules
from warehouse.errors import UserError

ROLES = "/api/v1/security/roles/"
# a Superset whose users sign in at a provider has none of these
VIEWS_OF_PASSWORDS = ("ResetMyPasswordView", "UserDBModelView")


def withhold(superset: Superset, assets: Assets) -> list[str]:
    """Have every dataset under its rules, and no rule weaker than it was; a line per new rule.

    :raises UserError: where Superset refuses.
    """
    roles, changes = _ensure_roles(superset, assets)
    rules, ids = row_rules(assets), _ids(superset, assets)
    return changes + widen_rules(superset, rules, ids, roles)


def grant(superset: Superset, assets: Assets, origins: Sequence[str] = ()) -> list[str]:
    """Give every role what it may do and see, after :func:`withhold`; a line per change.

    Rules that were widened are brought to their own measure last, when no role has more to read
    than is written down. ``origins`` are the pages that may embed; without one nothing can be
    embedded.

    :raises UserError: for a permission that Superset does not know, or where it refuses.
    """
    ids, known = _ids(superset, assets), _permissions(superset)
    roles, changes = _ensure_roles(superset, assets)
    for name, role in assets.access.roles.items():
        wanted = _wanted(name, role, assets, ids, known)
        changes += _apply_permissions(superset, name, roles[name], wanted)
    changes += _apply_dashboard_roles(superset, assets, roles)
    changes += _apply_embedding(superset, assets, sorted(origins))
    return changes + settle_rules(superset, row_rules(assets), ids, roles)


def _ids(superset: Superset, assets: Assets) -> Mapping[str, int]:
    found = superset.ids("dataset")
    return {slug: found[str(asset_uuid("datasets", slug))] for slug in assets.datasets}


def _ensure_roles(superset: Superset, assets: Assets) -> tuple[dict[str, int], list[str]]:
    """The number of every role in Superset, those of ours made where they are missing."""
    roles = {role["name"]: role["id"] for role in superset.listed(ROLES, order="id")}
    changes = []
    for name in assets.access.roles:
        if name not in roles:
            roles[name] = superset.ask("POST", ROLES, {"name": name})["id"]
            changes.append(f"role {name}: created")
    return roles, changes


def _permissions(superset: Superset) -> dict[tuple[str, str], int]:
    """The number of every permission by its name and what it is for."""
    return {
        (item["permission"]["name"], item["view_menu"]["name"]): item["id"]
        for item in superset.listed("/api/v1/security/permissions-resources/", order="id")
    }


def _wanted(
    name: str,
    role: Role,
    assets: Assets,
    ids: Mapping[str, int],
    known: Mapping[tuple[str, str], int],
) -> set[int]:
    """The numbers of all permissions of a role, access to its datasets among them."""
    wanted = set()
    for words in (words for part in role.permissions for words in assets.access.permissions[part]):
        permission, _, subject = words.partition(" on ")
        if (permission, subject) not in known:
            if subject in VIEWS_OF_PASSWORDS:
                continue
            raise UserError(
                f"access.yaml: role {name}: Superset has no permission {words!r}. Take its name "
                "from Settings > List Roles."
            )
        wanted.add(known[(permission, subject)])
    granted = ids if role.datasets == "all" else role.datasets
    # a dataset stands in Superset's permissions as [database].[table](id:number)
    endings = {f"(id:{ids[slug]})" for slug in granted}
    return wanted | {
        number
        for (permission, subject), number in known.items()
        if permission == "datasource_access" and f"({subject.rpartition('(')[2]}" in endings
    }


def _apply_permissions(superset: Superset, name: str, role: int, wanted: set[int]) -> list[str]:
    present = {item["id"] for item in superset.ask("GET", f"{ROLES}{role}/permissions/")["result"]}
    if present == wanted:
        return []
    body = {"permission_view_menu_ids": sorted(wanted)}
    superset.ask("POST", f"{ROLES}{role}/permissions", body)
    given, taken = len(wanted - present), len(present - wanted)
    return [f"role {name}: {given} permissions given, {taken} taken"]


def _apply_dashboard_roles(
    superset: Superset, assets: Assets, roles: Mapping[str, int]
) -> list[str]:
    return [
        change
        for slug in assets.dashboards
        for change in _apply_roles_of(superset, slug, assets, roles)
    ]


def _apply_roles_of(
    superset: Superset, slug: str, assets: Assets, roles: Mapping[str, int]
) -> Iterator[str]:
    names = [name for name, role in assets.access.roles.items() if slug in role.dashboards]
    found = superset.ask("GET", f"/api/v1/dashboard/{slug}")["result"]
    # Without a role the dashboard would open to all who may read one of its datasets.
    wanted = {roles[name] for name in names} or {roles[ADMINISTRATOR]}
    if {role["id"] for role in found["roles"]} != wanted:
        superset.ask("PUT", f"/api/v1/dashboard/{found['id']}", {"roles": sorted(wanted)})
        yield f"dashboard {slug}: open to {', '.join(names) or 'administrators'}"


def _apply_embedding(superset: Superset, assets: Assets, origins: list[str]) -> list[str]:
    changes = []
    for slug in assets.dashboards:
        wanted = origins if slug in assets.access.embedded else []
        route = f"/api/v1/dashboard/{slug}/embedded"
        found = superset.find(route)
        allowed = sorted(found["result"]["allowed_domains"]) if found else []
        if allowed == wanted:
            continue
        if wanted:
            superset.ask("POST", route, {"allowed_domains": wanted})
        else:
            superset.ask("DELETE", route)
        changes.append(f"dashboard {slug}: embedded in {', '.join(wanted) or 'no page'}")
    return changes
