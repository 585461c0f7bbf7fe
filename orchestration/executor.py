"""How a run's steps start: each in a process of its own, forked from one that has loaded the graph.

Loading the graph takes seconds. A process that starts anew pays them for each step, a fork does
not. A run may ask for one process instead.
"""

from typing import Any

import dagster as dg

PRELOADED = ["orchestration.definitions", "ml.jobs"]
"""What nearly every step loads: the graph, and the models with their libraries.

None of it may load the engine (``chdb``), whose threads a fork does not have.
"""


def step_executor() -> dg.ExecutorDefinition:
    """Dagster's default executor, with forks unless a run's config says otherwise."""
    default = dg.multi_or_in_process_executor
    return default.configured(
        with_forks, name="steps", config_schema=default.config_schema.as_field()
    )


def with_forks(config: dict[str, Any]) -> dict[str, Any]:
    """An executor's config in which the steps of several processes are forked."""
    if "multiprocess" not in config:
        return config
    forks = {"start_method": {"forkserver": {"preload_modules": PRELOADED}}}
    return {"multiprocess": {**forks, **config["multiprocess"]}}
