"""Superset's rules of row level security, changed without a moment of less protection.

Rules are records of their own, and two cannot be changed at once. So a change comes in two steps:
:func:`widen_rules` makes every rule hold where it did and where it will, :func:`settle_rules`
takes away what is written down no more. In between a user may see less than before and after,
never more.

A rule here is one as Superset takes it: ``tables`` and ``roles`` are sorted numbers.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from dashboards.access import MANAGED, RowRule
from dashboards.client import Superset

RULES = "/api/v1/rowlevelsecurity/"
Body: TypeAlias = dict[str, Any]


def widen_rules(
    superset: Superset,
    rules: Iterable[RowRule],
    datasets: Mapping[str, int],
    roles: Mapping[str, int],
) -> list[str]:
    """Make the rules that are missing, and have each of the others hold as before and as wanted.

    ``datasets`` and ``roles`` are Superset's numbers by slug and by name. Returns a line per new
    rule: what was widened is settled, and told, later.
    """
    present, changes = _present(superset), []
    for rule in rules:
        wanted, found = _body(rule, datasets, roles), present.get(rule.name)
        if found is None:
            superset.ask("POST", RULES, wanted)
            changes.append(f"rule {rule.name}: created")
            continue
        number, now = found
        if now not in (wanted, both := widened(now, wanted)):
            superset.ask("PUT", f"{RULES}{number}", both)
    return changes


def settle_rules(
    superset: Superset,
    rules: Iterable[RowRule],
    datasets: Mapping[str, int],
    roles: Mapping[str, int],
) -> list[str]:
    """Bring every rule to what is written down, and remove those of ours that are not."""
    return list(_settle(superset, rules, datasets, roles))


def widened(now: Body, wanted: Body) -> Body:
    """A rule that withholds every row which one of two rules withholds from a role."""
    # a rule of type Regular, which somebody made of ours by hand, names those whom it holds for
    spared = now["roles"] if now["filter_type"] == wanted["filter_type"] else []
    clause, both = wanted["clause"], f"({now['clause']}) AND ({wanted['clause']})"
    return wanted | {
        "clause": now["clause"] if _holds(clause, now["clause"]) else both,
        "tables": sorted({*wanted["tables"], *now["tables"]}),
        "roles": sorted({*wanted["roles"]} & {*spared}),
    }


def _holds(clause: str, found: str) -> bool:
    """Whether a condition has another in it, from a deployment that was cut short."""
    return found == clause or found.endswith(f") AND ({clause})")


def _settle(
    superset: Superset,
    rules: Iterable[RowRule],
    datasets: Mapping[str, int],
    roles: Mapping[str, int],
) -> Iterator[str]:
    present = _present(superset)
    for rule in rules:
        wanted = _body(rule, datasets, roles)
        number, now = present.pop(rule.name)
        if now != wanted:
            superset.ask("PUT", f"{RULES}{number}", wanted)
            yield f"rule {rule.name}: updated"
    for name, (number, now) in present.items():
        if now["description"].startswith(MANAGED):
            superset.ask("DELETE", f"{RULES}{number}")
            yield f"rule {name}: removed"


def _present(superset: Superset) -> dict[str, tuple[int, Body]]:
    """The number and the content of every rule in Superset by its name."""
    # the listing leaves out the description, by which our rules are known
    return {
        rule["name"]: (item["id"], _shown(rule))
        for item in superset.listed(RULES, order="name")
        for rule in [superset.ask("GET", f"{RULES}{item['id']}")["result"]]
    }


def _body(rule: RowRule, datasets: Mapping[str, int], roles: Mapping[str, int]) -> Body:
    return {
        "name": rule.name,
        "description": rule.description,
        "filter_type": "Base",
        "clause": rule.clause,
        "group_key": "",
        "tables": sorted(datasets[slug] for slug in rule.datasets),
        "roles": sorted(roles[name] for name in rule.exempt),
    }


def _shown(rule: Mapping[str, Any]) -> Body:
    """A rule as Superset gives it out, in the form in which it takes one."""
    return {
        "name": rule["name"],
        "description": rule["description"] or "",
        "filter_type": rule["filter_type"],
        "clause": rule["clause"],
        "group_key": rule["group_key"] or "",
        "tables": sorted(table["id"] for table in rule["tables"]),
        "roles": sorted(role["id"] for role in rule["roles"]),
    }
