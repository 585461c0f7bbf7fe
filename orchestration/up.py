"""``make up``: keep every UI running on what the last demo built, or on one's own warehouse.

A warehouse with a demo's marker gets the sandbox of its world beside it; one without (real data)
gets the platforms that the settings name.
"""

import socket
import time
from contextlib import ExitStack

from rich.console import Console

from dashboards.settings import DashboardsSettings
from orchestration.demo import run_command
from orchestration.services import Launched, Service, launched
from orchestration.settings import OrchestrationSettings
from orchestration.stage import (
    Folders,
    dagster_environment,
    folders,
    module,
    sandbox_service,
    warehouse_environment,
    warehouse_service,
    world_environment,
)
from orchestration.world import read_world
from warehouse.errors import UserError
from warehouse.settings import WarehouseSettings

WATCH_SECONDS = 0.5


def serve() -> None:
    """Start warehouse, sandbox, Dagster and Superset, deploy the dashboards, serve until Ctrl-C.

    Raises UserError when a port is busy, when nothing was built yet, or when a service ends.
    """
    console = Console(highlight=False)
    at = folders()
    if not at.warehouse.exists():
        raise UserError(f"{at.warehouse}: nothing built yet. Run make demo first.")
    with ExitStack() as stack:
        services = start(stack, at, console)
        console.print("Everything is up. Ctrl-C stops it.")
        try:
            watch(services)
        except KeyboardInterrupt:
            console.print("Stopping ...")
            for service in services[1:]:
                # together, and the warehouse that they may still ask after them
                service.process.terminate()


def start(stack: ExitStack, at: Folders, console: Console) -> list[Launched]:
    """Launch every service, say each as it is ready, deploy the dashboards."""
    settings, dashboards = OrchestrationSettings(), DashboardsSettings()
    world = read_world(at.warehouse)
    warehouse_port = WarehouseSettings().port
    for name, port in {
        "CLICKHOUSE_PORT": warehouse_port,
        "SANDBOX_PORT": settings.sandbox_port,
        "DAGSTER_PORT": settings.dagster_port,
        "SUPERSET_PORT": dashboards.port,
    }.items():
        refuse_busy(name, port)

    def launch(service: Service) -> Launched:
        return stack.enter_context(launched(service, at.logs))

    warehouse = launch(warehouse_service(at.warehouse, warehouse_port))
    env = {**warehouse_environment(warehouse, at.warehouse), **dagster_environment(at)}
    services = [warehouse]
    superset = launch(superset_service(dashboards.port, env))
    if world:
        sandbox = launch(sandbox_service(world, settings.sandbox_port))
        env |= world_environment(world, sandbox, at.connections)
        services.append(sandbox)
    services += [launch(dagster_service(settings.dagster_port, env)), superset]
    for service in services:
        console.print(f"{service.name:<10} {service.url}", soft_wrap=True)
    run_command(module("dashboards", "deploy"), env)
    console.print(f"{'overview':<10} {superset.url}/superset/dashboard/overview/", soft_wrap=True)
    return services


def dagster_service(port: int, env: dict[str, str]) -> Service:
    """Dagster's webserver, daemon and code location."""
    command = module("dagster", "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port))
    health = f"http://127.0.0.1:{port}/server_info"
    return Service("dagster", command, env=env, health_url=health, ready_seconds=180)


def superset_service(port: int, env: dict[str, str]) -> Service:
    """Superset, in its own environment."""
    command = module("dashboards", "serve", "--port", str(port))
    return Service("superset", command, env=env, ready_seconds=300)


def refuse_busy(setting: str, port: int) -> None:
    """Raise UserError where another program listens on a port that a service needs."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UserError(
                f"port {port}: already in use. Stop the other program or set {setting}."
            ) from error


def watch(services: list[Launched]) -> None:
    """Return never: raise UserError as soon as a service has ended."""
    while True:
        for service in services:
            service.check_alive()
        time.sleep(WATCH_SECONDS)
