"""While rules change, nobody sees a row that neither the old rules nor the new ones show."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboards.access import MANAGED, RowRule
from dashboards.row_level_security import RULES, Body, settle_rules, widen_rules

DATASETS = {"posts": 1, "costs": 2}
ROLES = {"Admin": 1, "creator": 2, "analyst": 3}
NAMES = ("credence: a", "credence: b")
CLAUSES = ("1 = 0", "n >= 5")
# What a rule withholds: of a dataset, from a role, by a clause.
Withheld = set[tuple[int, int, str]]


class Rules:
    """Superset's routes of rules, which keep what they held after each change."""

    def __init__(self, bodies: list[Body]) -> None:
        self.bodies = dict(enumerate(bodies))
        self.history = [self.withheld()]

    def listed(self, path: str, *, order: str) -> list[dict[str, int]]:
        assert (path, order) == (RULES, "name")
        return [{"id": number} for number in self.bodies]

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        number = int(path.removeprefix(RULES) or max(self.bodies, default=0) + 1)
        if method == "GET":
            found = self.bodies[number]
            return {"result": found | {key: _records(found[key]) for key in ("tables", "roles")}}
        if method == "DELETE":
            del self.bodies[number]
        else:
            self.bodies[number] = body
        self.history.append(self.withheld())
        return {}

    def withheld(self) -> Withheld:
        return {
            (table, role, clause)
            for body in self.bodies.values()
            for table in body["tables"]
            for role in ROLES.values()
            if (role in body["roles"]) == (body["filter_type"] == "Regular")
            for clause in body["clause"].strip("()").split(") AND (")
        }


def _records(numbers: list[int]) -> list[dict[str, int]]:
    return [{"id": number} for number in numbers]


def _some(names: tuple[str, ...]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(names))


RULE = st.builds(
    RowRule,
    name=st.sampled_from(NAMES),
    description=st.just(f"{MANAGED}why"),
    clause=st.sampled_from(CLAUSES),
    datasets=_some(tuple(DATASETS)),
    exempt=_some(tuple(ROLES)),
)
WRITTEN = st.lists(RULE, unique_by=lambda rule: rule.name)


def _in_superset(rule: RowRule, filter_type: str) -> Body:
    return {
        "name": rule.name,
        "description": rule.description,
        "filter_type": filter_type,
        "clause": rule.clause,
        "group_key": "",
        "tables": sorted(DATASETS[name] for name in rule.datasets),
        "roles": sorted(ROLES[name] for name in rule.exempt),
    }


@given(WRITTEN, WRITTEN, st.sampled_from(("Base", "Regular")))
def test_no_moment_protects_less_than_before_and_after(
    before: list[RowRule], wanted: list[RowRule], filter_type: str
) -> None:
    superset: Any = Rules([_in_superset(rule, filter_type) for rule in before])
    widen_rules(superset, wanted, DATASETS, ROLES)
    between = len(superset.history)
    settle_rules(superset, wanted, DATASETS, ROLES)
    first, last = superset.history[0], superset.history[-1]
    assert sorted(body["name"] for body in superset.bodies.values()) == sorted(
        rule.name for rule in wanted
    )
    assert last == Rules([_in_superset(rule, "Base") for rule in wanted]).withheld()
    assert all(first <= moment for moment in superset.history[:between])
    assert all(last <= moment for moment in superset.history[between - 1 :])


@given(WRITTEN, WRITTEN)
def test_a_deployment_that_was_cut_short_is_taken_up_again(
    before: list[RowRule], wanted: list[RowRule]
) -> None:
    superset: Any = Rules([_in_superset(rule, "Base") for rule in before])
    widen_rules(superset, wanted, DATASETS, ROLES)
    writes = len(superset.history)
    assert widen_rules(superset, wanted, DATASETS, ROLES) == []
    assert len(superset.history) == writes
    settle_rules(superset, wanted, DATASETS, ROLES)
    assert settle_rules(superset, wanted, DATASETS, ROLES) == []
