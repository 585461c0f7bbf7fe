"""docker-compose.yml names only what exists: commands, files, ports, variables, services."""

import ast
import importlib.util
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingestion.sandbox.environment import environment

ROOT = Path(__file__).resolve().parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}


def dockerfile(service: dict[str, Any]) -> Path:
    return ROOT / service["build"]["context"] / service["build"]["dockerfile"]


def test_there_are_services_of_ours() -> None:
    assert {"schema", "code", "webserver", "daemon", "sandbox"} <= set(OURS)


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_by_version(name: str) -> None:
    tag = SERVICES[name]["image"].rpartition(":")[2]
    assert re.search(r"\d+\.\d+", tag), SERVICES[name]["image"]


@pytest.mark.parametrize("name", OURS)
def test_dockerfile_copies_what_exists_from_a_pinned_base(name: str) -> None:
    lines = dockerfile(OURS[name]).read_text().splitlines()
    base = next(line for line in lines if line.startswith("FROM "))
    assert re.search(r":\d+\.\d+\.\d+", base), base
    sources = [line.split()[1] for line in lines if line.startswith("COPY ")]
    assert sources
    missing = [source for source in sources if not (ROOT / source).exists()]
    assert not missing


@pytest.mark.parametrize("name", OURS)
def test_command_and_its_files_exist(name: str) -> None:
    command: list[str] = OURS[name]["command"]
    if command[:2] == ["python", "-m"]:
        assert importlib.util.find_spec(command[2])
    elif command[0] == "python":
        assert f"/{command[1]} ./" in dockerfile(OURS[name]).read_text()
    else:
        assert command[0] in {"dagster", "dagster-webserver", "dagster-daemon"}
    for option, value in itertools.pairwise(command):
        if option == "--workspace":
            assert (ROOT / value).is_file()
        if option == "--module-name":
            assert importlib.util.find_spec(value)


@pytest.mark.parametrize("name", SERVICES)
def test_dependencies_and_volumes_are_declared(name: str) -> None:
    service = SERVICES[name]
    for other, condition in service.get("depends_on", {}).items():
        assert other in SERVICES
        if condition["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
    sources = {volume.split(":")[0] for volume in service.get("volumes", [])}
    files = {source for source in sources if source.startswith("./")}
    assert all((ROOT / file).is_file() for file in files)
    assert sources - files <= set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_bound_to_this_machine_alone(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_every_published_port_is_one_the_service_listens_on() -> None:
    for service in OURS.values():
        for port in service.get("ports", []):
            assert port.rpartition(":")[2] in service["command"]


def test_every_variable_is_in_the_example() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    used = set(re.findall(r"\$\{([A-Z_]+)", text))
    assert used
    assert used <= set(variables_of_the_example())


def test_the_header_sets_what_exists() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    named = dict(re.findall(r"^#   ([A-Z_]+)=(.*)", text, re.MULTILINE))
    assert named == environment("http://sandbox:8081")
    assert set(named) <= set(variables_of_the_example())
    assert {name for name in named if f"${{{name}:" not in text} == set()


def test_superset_is_given_every_setting_of_the_login_at_a_provider() -> None:
    given = set(SERVICES["superset"]["environment"])
    names = {name for name in variables_of_the_example() if name.startswith("SUPERSET_OIDC_")}
    assert names
    assert names <= given


def test_supersets_image_holds_what_its_configuration_imports() -> None:
    folder = ROOT / "dashboards"
    copied = re.findall(r"^COPY dashboards/(\w+)\.py ", (folder / "Dockerfile").read_text(), re.M)
    modules = {file.stem for file in folder.glob("*.py")}
    for name in copied:
        source = ast.parse((folder / f"{name}.py").read_text())
        froms = {node.module for node in ast.walk(source) if isinstance(node, ast.ImportFrom)}
        assert froms & modules <= set(copied), name
    assert {"bootstrap", "superset_config", "oidc_login"} <= set(copied)


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert not re.findall(r"\$\{[A-Z_]*PASSWORD:-[^}]", text)


def variables_of_the_example() -> Iterator[str]:
    for line in (ROOT / ".env.example").read_text().splitlines():
        found = re.match(r"#?\s?([A-Z][A-Z_]+)=", line)
        if found:
            yield found.group(1)
