"""``make up``: keep every UI running on what the last demo built, or on one's own warehouse.

A warehouse with a demo's marker gets the sandbox of its world beside it; one without (real data)
gets the platforms that the settings name.
"""

import socket
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from dashboards.settings import DashboardsSettings
from ingestion.connections.database import parse_url, sqlite_file
from ingestion.settings import IngestionSettings
from orchestration.dagster_run import end_lost_runs
from orchestration.demo import run_command
from orchestration.services import Launched, Service, launched
from orchestration.settings import PROJECT_ROOT, OrchestrationSettings
from orchestration.stage import (
    Folders,
    alone_on,
    dagster_environment,
    data_folder,
    logs_folder,
    module,
    sandbox_service,
    warehouse_environment,
    warehouse_path,
    warehouse_service,
    world_environment,
)
from orchestration.world import World, read_world, recover
from warehouse.errors import UserError
from warehouse.settings import WarehouseSettings

WATCH_SECONDS = 0.5


def serve() -> None:
    """Start warehouse, sandbox, Dagster and Superset, deploy the dashboards, serve until Ctrl-C.

    Raises UserError when a port is busy, when nothing was built yet, or when a service ends.
    """
    console = Console(highlight=False)
    path = warehouse_path()
    with alone_on(path), ExitStack() as stack:
        recover(path)
        refuse_nothing_to_show(path)
        services = start(stack, path, console)
        console.print("Everything is up. Ctrl-C stops it.")
        try:
            watch(services)
        except KeyboardInterrupt:
            console.print("Stopping ...")
            for service in services[1:]:
                # together, and the warehouse that they may still ask after them
                service.process.terminate()


def refuse_nothing_to_show(path: Path) -> None:
    """Raise UserError where there is neither a warehouse nor an account to fill one with."""
    file = sqlite_file(parse_url(IngestionSettings().database_url))
    if not path.exists() and file and not (PROJECT_ROOT / file).exists():
        raise UserError(
            f"{path}: nothing built yet. Run make demo first, or connect accounts "
            "(python -m ingestion connections add --help)."
        )


def start(stack: ExitStack, path: Path, console: Console) -> list[Launched]:
    """Launch every service, say each as it is ready, deploy the dashboards."""
    settings, dashboards = OrchestrationSettings(), DashboardsSettings()
    world = read_world(path)
    refuse_busy("CLICKHOUSE_PORT", WarehouseSettings().port)
    if world:
        refuse_busy("SANDBOX_PORT", settings.sandbox_port)
    refuse_busy("DAGSTER_PORT", settings.dagster_port)
    refuse_busy("SUPERSET_URL", dashboards.port)

    def launch(service: Service) -> Launched:
        return stack.enter_context(launched(service, logs_folder()))

    warehouse = launch(warehouse_service(path, WarehouseSettings().port))
    env = warehouse_environment(warehouse, path) | superset_environment(world, dashboards)
    services = [warehouse]
    superset = launch(superset_service(dashboards.port, env))
    if world:
        at = Folders.of_demo(path, logs_folder())
        sandbox = launch(sandbox_service(world, settings.sandbox_port))
        env |= dagster_environment(at.dagster_home) | world_environment(world, sandbox, at)
        services.append(sandbox)
    else:
        env |= dagster_environment(data_folder() / "dagster")
    # what an older version has made is brought up to date
    run_command(module("warehouse", "schema"), env)
    end_lost_runs(env["DAGSTER_HOME"], lambda line: console.print(line, soft_wrap=True))
    services += [launch(dagster_service(settings.dagster_port, env)), superset]
    for service in services:
        console.print(f"{service.name:<10} {service.url}", soft_wrap=True)
    deployed = deploy_dashboards(superset, env, console)
    if deployed and world:
        # the passwords of new users stand here once, and in files of their owner's from then on
        console.print("\nUsers of the demo, by role:")
        console.print(run_command(module("dashboards", "demo-users"), env), soft_wrap=True)
    if dashboards.password is None:
        kept = dashboards.home / "admin_password"
        console.print(f"Superset's user is {dashboards.user}, the password is in {kept}")
    return services


def deploy_dashboards(superset: Launched, env: dict[str, str], console: Console) -> bool:
    """Deploy what is written down; a warehouse without marts yet is told, not an end."""
    try:
        run_command(module("dashboards", "deploy"), env)
    except UserError as error:
        console.print(f"dashboards not deployed: {escape(str(error))}", soft_wrap=True)
        return False
    console.print(f"dashboards {superset.url}/dashboard/list/", soft_wrap=True)
    return True


def superset_environment(world: World | None, dashboards: DashboardsSettings) -> dict[str, str]:
    """The Superset that runs here; a demo's keeps its metadata and its users here too."""
    here = {"SUPERSET_URL": f"http://127.0.0.1:{dashboards.port}"}
    if world:
        own = DashboardsSettings.model_construct(home=dashboards.home)
        here["SUPERSET_METADATA_URL"] = own.superset_metadata_url()
        here["SUPERSET_OIDC_ISSUER"] = ""
    return here


def dagster_service(port: int, env: dict[str, str]) -> Service:
    """Dagster's webserver, daemon and code location."""
    workspace = str(PROJECT_ROOT / "workspace.yaml")
    command = module("dagster", "dev", "-w", workspace, "-h", "127.0.0.1", "-p", str(port))
    return Service(
        "dagster",
        command,
        env=env,
        health_url=f"http://127.0.0.1:{port}/server_info",
        cwd=Path(env["DAGSTER_HOME"]),
        ready_seconds=180,
    )


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
