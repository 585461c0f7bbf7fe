"""The measurements on one running Superset: its start, its deployments, its dashboards."""

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import psutil

from benchmarks.dashboards.page import Answer, Browser, Chart
from benchmarks.dashboards.statements import Work, forget, now, work_since
from benchmarks.post_days.report import Report
from benchmarks.warehouse import Server
from dashboards.deploy import deploy, failures
from dashboards.settings import DashboardsSettings
from warehouse.client import connect

ROUNDS = 3
MOST_SECONDS, MOST_START_SECONDS = 2.0, 300.0


@dataclass(frozen=True)
class Opening:
    """A dashboard opened once: its charts' answers, the engine's work by chart, and the seconds of
    the processor that Superset took."""

    answers: Sequence[Answer]
    work: dict[str, Work]
    superset_cpu_seconds: float

    @property
    def seconds(self) -> float:
        """Seconds until the last answer."""
        return max(answer.answered_at for answer in self.answers)

    @property
    def engine_cpu_seconds(self) -> float:
        """Seconds of the processor that the engine took, opening connections included."""
        return sum(work.cpu_seconds for work in self.work.values())

    def answer(self, chart: Chart) -> Answer:
        """One chart's answer."""
        return next(answer for answer in self.answers if answer.chart == chart)


class Bench:
    """A warehouse and a Superset that :meth:`boot` starts."""

    def __init__(self, server: Server, settings: DashboardsSettings, report: Report) -> None:
        self._server, self._settings, self._report = server, settings, report
        self._client = connect("owner", server.settings)
        self._start_seconds: dict[str, float] = {}

    @contextmanager
    def boot(self, superset: AbstractContextManager[str]) -> Iterator[None]:
        """Start Superset from an empty home, and time it until its login page answers."""
        began = time.perf_counter()
        with superset as url:
            self._start_seconds["boot and migration"] = time.perf_counter() - began
            self._settings = self._settings.model_copy(update={"url": url})
            yield

    def deployments(self) -> None:
        """Deploy twice: the second must find nothing to change."""
        deployed = []
        for name in ("deployment", "second deployment"):
            began = time.perf_counter()
            deployed.append(deploy(self._settings, self._server.settings))
            self._start_seconds[name] = time.perf_counter() - began
        for failed in failures(deployed[1].charts):
            self._report.figure(failed.title, str(failed.error), "an answer", False)
        first, second = (len(deployment.changes) for deployment in deployed)
        whole = sum(self._start_seconds.values())
        self._report.figure(
            ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self._start_seconds.items()),
            f"{whole:.0f} s",
            f"<= {MOST_START_SECONDS:.0f} s",
            whole <= MOST_START_SECONDS,
        )
        self._report.figure(
            f"... changes by the second deployment ({first} by the first)",
            str(second),
            "0",
            second == 0,
        )

    def dashboards(self) -> None:
        """Open every dashboard cold and warm, in turns."""
        browser = Browser.sign_in(self._settings.url, self._settings)
        pages = browser.pages()
        cold: dict[str, list[Opening]] = {slug: [] for slug in pages}
        warm: dict[str, list[Opening]] = {slug: [] for slug in pages}
        before = os.getloadavg()[0]
        for _ in range(ROUNDS):
            for slug, charts in pages.items():
                forget(self._client, self._server.settings.database("marts"))
                cold[slug].append(self._open(browser, charts))
                warm[slug].append(self._open(browser, charts))
        self._report.figure(
            "load average before and after the dashboards",
            f"{before:.1f}, {os.getloadavg()[0]:.1f}",
        )
        for slug, charts in pages.items():
            self._dashboard(slug, charts, cold[slug], warm[slug])

    def _dashboard(
        self, slug: str, charts: Sequence[Chart], cold: list[Opening], warm: list[Opening]
    ) -> None:
        for answer in cold[0].answers:
            if answer.error is not None:
                self._report.figure(
                    f"{slug}, {answer.chart.slug}", answer.error, "an answer", False
                )
        slowest = max(opening.seconds for opening in cold)
        usual = _median([opening.seconds for opening in cold])
        again = _median([opening.seconds for opening in warm])
        superset = _median([opening.superset_cpu_seconds for opening in cold])
        engine = _median([opening.engine_cpu_seconds for opening in cold])
        self._report.figure(
            f"{slug}: {len(charts)} charts, slowest of {len(cold)} cold (median {usual:.2f} s, warm"
            f" {again:.2f} s; of CPU: Superset {superset:.2f} s, engine {engine:.2f} s)",
            f"{slowest:.2f} s",
            f"<= {MOST_SECONDS:g} s",
            slowest <= MOST_SECONDS,
        )
        slowest_first = sorted(
            charts,
            key=lambda chart: _median([it.answer(chart).seconds for it in cold]),
            reverse=True,
        )
        self._report.detail(
            f"{slug}: medians of {len(cold)}, slowest chart first",
            (
                *("chart", "seconds", "warm", "in the engine", "warm", "of CPU"),
                *("queries", "rows read", "MB read", "rows"),
            ),
            (_row(chart, cold, warm) for chart in slowest_first),
        )

    def _open(self, browser: Browser, charts: Sequence[Chart]) -> Opening:
        start, used = now(self._client), self._superset_cpu_seconds()
        answers = browser.open(charts)
        used = self._superset_cpu_seconds() - used
        work = work_since(self._client, start)
        return Opening(answers, work, used)

    def _superset_cpu_seconds(self) -> float:
        """Seconds of the processor that Superset's processes have taken so far."""
        ours = psutil.Process().children(recursive=True)
        engine = {self._server.process.pid}
        engine |= {child.pid for child in self._server.process.children(recursive=True)}
        times = [process.cpu_times() for process in ours if process.pid not in engine]
        return sum(time.user + time.system for time in times)


def _row(chart: Chart, cold: list[Opening], warm: list[Opening]) -> tuple[object, ...]:
    work = [opening.work.get(chart.uuid, Work()) for opening in cold]
    return (
        chart.slug,
        _median([opening.answer(chart).seconds for opening in cold]),
        _median([opening.answer(chart).seconds for opening in warm]),
        _median([it.seconds for it in work]),
        _median([opening.work.get(chart.uuid, Work()).seconds for opening in warm]),
        _median([it.cpu_seconds for it in work]),
        work[-1].queries,
        work[-1].read_rows,
        work[-1].read_bytes / 1e6,
        cold[-1].answer(chart).rows,
    )


def _median(values: Sequence[float]) -> float:
    return float(statistics.median(values))
