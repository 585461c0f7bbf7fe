"""``python -m orchestration.job_process``: loads the graph, then executes the job it is asked for.

What is asked is one line of JSON on standard input, a :class:`Question`; it may come long after the
process was started, so that loading, which takes seconds, costs no time of its own. The exit code
is 1 where the run failed.
"""

import importlib
import multiprocessing
import multiprocessing.forkserver
import sys

import dagster as dg
from pydantic import BaseModel

from orchestration.executor import PRELOADED

# what Dagster loads before them, whatever is asked of it
EXECUTOR = "dagster._core.executor.multiprocess"


class Question(BaseModel):
    """A job by its name, with the run's tags and config."""

    job: str
    tags: dict[str, str] = {}
    config: dict[str, object] = {}


def main() -> int:
    """Load, wait for the question, execute it in the instance at ``DAGSTER_HOME``."""
    # the steps are forked from this server: a run that finds it running takes it as it is
    multiprocessing.set_forkserver_preload([EXECUTOR, *PRELOADED])
    multiprocessing.forkserver.ensure_running()
    importlib.import_module("orchestration.definitions")
    with dg.DagsterInstance.get() as instance:
        asked = sys.stdin.readline()
        if not asked:
            return 0
        return 0 if execute(Question.model_validate_json(asked), instance) else 1


def execute(question: Question, instance: dg.DagsterInstance) -> bool:
    """Whether the run of a job succeeded."""
    job = dg.build_reconstructable_job("orchestration.definitions", "job_named", (question.job,))
    with dg.execute_job(
        job,
        instance=instance,
        tags=question.tags,
        run_config=question.config,
        raise_on_error=False,
    ) as result:
        return result.success


if __name__ == "__main__":
    sys.exit(main())
