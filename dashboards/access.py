"""Which rows a role sees of each dataset: the row level security that ``access.yaml`` amounts to.

Superset's *base* rules hold for everyone but the roles that they name. Every dataset has one, so
a role, a user or a guest that nobody thought of sees no row; what a role may see is an exemption.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dashboards.assets import Access, Assets, DatasetAsset

# Superset's own: it administers, and ``deploy`` runs every chart as its user.
ADMINISTRATOR = "Admin"
# What a visitor of an embedded page is (superset_config.py says so to Superset).
GUEST_ROLE = "creator"
# By these words a rule of ours is known from one that somebody made in Superset.
MANAGED = "dashboards/assets/access.yaml: "


@dataclass(frozen=True)
class RowRule:
    """A base rule: ``datasets`` show the rows that meet ``clause``, and all to ``exempt`` roles."""

    name: str
    description: str
    clause: str
    datasets: frozenset[str]
    exempt: frozenset[str]


def row_rules(assets: Assets) -> list[RowRule]:
    """Every rule of the datasets, by name; each dataset is under one at least."""
    return sorted(_rules(assets), key=lambda rule: rule.name)


def has_own_rows(dataset: DatasetAsset, access: Access) -> bool:
    """Whether a dataset says of each row whose it is."""
    return dataset.column(access.own_rows) is not None


def _rules(assets: Assets) -> Iterator[RowRule]:
    access = assets.access
    see_all = _roles(access, "all") | {ADMINISTRATOR}
    own = {slug for slug, item in assets.datasets.items() if has_own_rows(item, access)}
    shared = access.shared_rows.keys() & assets.datasets.keys()
    yield from _rule(
        "own rows",
        "A user sees the rows of the creator whose id is its name.",
        # where_in quotes the name: it is what an identity provider or a guest token says
        f"{access.own_rows} IN {{{{ [current_username()] | where_in }}}}",
        own,
        see_all,
    )
    yield from _rule(
        "no rows",
        "What is not a creator's own and not shared is for the roles that see everything.",
        "1 = 0",
        assets.datasets.keys() - own - shared,
        see_all,
    )
    yield from _rule(
        "no shared rows",
        "Figures over many accounts are for the roles that are written down.",
        "1 = 0",
        shared,
        see_all | _roles(access, "own"),
    )
    for slug in sorted(shared):
        yield from _rule(
            f"shared rows of {slug}",
            "A figure over few accounts would give away those of one.",
            access.shared_rows[slug],
            {slug},
            see_all,
        )


def _rule(
    name: str, description: str, clause: str, datasets: Iterable[str], exempt: Iterable[str]
) -> Iterator[RowRule]:
    if slugs := frozenset(datasets):
        yield RowRule(
            f"credence: {name}", f"{MANAGED}{description}", clause, slugs, frozenset(exempt)
        )


def _roles(access: Access, rows: str) -> set[str]:
    return {name for name, role in access.roles.items() if role.rows == rows}
