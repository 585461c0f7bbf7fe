"""Changes to a file of assets that a test makes, as a slip of the pen would."""

from collections.abc import Callable
from typing import Any

Mutation = Callable[[dict[str, Any]], None]


def set_value(*keys: Any, value: Any) -> Mutation:
    """Put a value where the keys lead."""

    def mutation(content: dict[str, Any]) -> None:
        place: Any = content
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return mutation
