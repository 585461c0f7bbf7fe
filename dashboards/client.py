"""A session with Superset's REST API: signs in with superset-client, speaks in assets' uuids.

superset-client brings the token, its refresh and the CSRF header; the routes that it lacks or
gets wrong (import of assets, chart data) are asked through its session.
"""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import requests
from supersetapiclient.client import SupersetClient

from dashboards.settings import DashboardsSettings
from dashboards.transport import safe_transport
from warehouse.errors import UserError

TIMEOUT_SECONDS = 120
# the most that Superset gives at once
PAGE_SIZE = 100
# what the listing of a kind may be ordered by, and few records share
NAMES = {
    "chart": "slice_name",
    "dashboard": "dashboard_title",
    "database": "database_name",
    "dataset": "table_name",
}


@dataclass(frozen=True)
class ChartData:
    """What a chart's query gave: its rows, and the error in Superset's words where it failed."""

    rows: list[dict[str, Any]]
    error: str | None = None


class Superset:
    """The routes of Superset's API that this project uses."""

    def __init__(self, client: SupersetClient, url: str) -> None:
        self._client = client
        self._url = url

    def import_bundle(self, bundle: bytes, passwords: Mapping[str, str]) -> None:
        """Overwrite every asset that the bundle names.

        :raises UserError: where Superset refuses it; the cause stands in Superset's log alone.
        """
        response = self._client.post(
            f"{self._url}/api/v1/assets/import/",
            files={"bundle": ("credence.zip", io.BytesIO(bundle), "application/zip")},
            data={"passwords": json.dumps(passwords)},
            timeout=TIMEOUT_SECONDS,
        )
        # Without a CSRF token the answer is 200 and a page of HTML: the status proves nothing.
        if _json(response) != {"message": "OK"}:
            raise UserError(
                f"superset: the import was refused (HTTP {response.status_code}: "
                f"{_message(response)}). The cause is in Superset's log."
            )

    def chart_data(self, chart: UUID) -> ChartData:
        """Run a chart's own query, past the cache."""
        found = self._get(f"/api/v1/chart/{chart}")
        if found.status_code == 404:
            return ChartData([], "the chart is not in Superset")
        response = self._get(f"/api/v1/chart/{found.json()['result']['id']}/data/?force=true")
        if response.status_code != 200:
            return ChartData([], _message(response))
        results = response.json()["result"]
        failed = next((result["error"] for result in results if result.get("error")), None)
        return ChartData([row for result in results for row in result["data"] or []], failed)

    def refresh_dataset(self, dataset: UUID) -> list[str]:
        """Read a dataset's columns anew from the warehouse; returns their names."""
        number = self._get(f"/api/v1/dataset/{dataset}").json()["result"]["id"]
        response = self._client.put(
            f"{self._url}/api/v1/dataset/{number}/refresh", timeout=TIMEOUT_SECONDS
        )
        if response.status_code != 200:
            raise UserError(f"superset: dataset {dataset}: {_message(response)}")
        columns = self._get(f"/api/v1/dataset/{number}").json()["result"]["columns"]
        return [column["column_name"] for column in columns]

    def listed(self, path: str, columns: Iterable[str] = (), *, order: str) -> list[dict[str, Any]]:
        """Every record of a listing, as far as the signed-in user sees it, all pages of it.

        ``order`` is a column that Superset lets this listing be ordered by: without one PostgreSQL
        gives each page in an order of its own, so that records are missed.

        :raises UserError: where records are missed, which may be when others are written meanwhile.
        """
        shown = f"columns:!({','.join(columns)})," if columns else ""
        shown += f"order_column:{order},order_direction:asc,"
        found: list[dict[str, Any]] = []
        while True:
            page = len(found) // PAGE_SIZE
            answer = self.ask("GET", f"{path}?q=({shown}page:{page},page_size:{PAGE_SIZE})")
            found += answer["result"]
            if len(found) >= answer["count"] or not answer["result"]:
                break
        different = len({record["id"] for record in found})
        if different < answer["count"]:
            raise UserError(
                f"superset: {path}: {different} of {answer['count']} records were given. "
                "Others are written at the same time: try again."
            )
        return found

    def ids(self, kind: str) -> dict[str, int]:
        """Superset's own number of each asset of a kind (as in :meth:`count`) by its uuid."""
        records = self.listed(f"/api/v1/{kind}/", ("id", "uuid"), order=NAMES[kind])
        return {record["uuid"]: record["id"] for record in records}

    def find(self, path: str) -> dict[str, Any] | None:
        """Like :meth:`ask` with GET, but None where there is nothing (404)."""
        return None if self._get(path).status_code == 404 else self.ask("GET", path)

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Ask a route for its JSON; :class:`UserError` has Superset's words where it refuses."""
        response = self._client.session.request(
            method, f"{self._url}{path}", json=body, timeout=TIMEOUT_SECONDS
        )
        content = _json(response)
        if response.status_code >= 400 or not isinstance(content, dict):
            where = path.partition("?")[0]
            raise UserError(
                f"superset: {method} {where}: HTTP {response.status_code}: {_message(response)}"
            )
        return content

    def accepts(self, user: str, password: str) -> bool:
        """Whether a user may sign in with a password."""
        body = {"username": user, "password": password, "provider": "db", "refresh": False}
        response = requests.post(
            f"{self._url}/api/v1/security/login", json=body, timeout=TIMEOUT_SECONDS
        )
        return response.status_code == 200

    def count(self, kind: str) -> int:
        """How many assets of a kind (``chart``, ``dataset``, ``dashboard``, ``database``) exist."""
        number: int = self._get(f"/api/v1/{kind}/").json()["count"]
        return number

    def export(self) -> dict[str, bytes]:
        """Every asset as Superset writes it down, by path below the export's root folder."""
        import zipfile

        response = self._get("/api/v1/assets/export/")
        with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
            return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}

    def _get(self, path: str) -> requests.Response:
        response: requests.Response = self._client.get(
            f"{self._url}{path}", timeout=TIMEOUT_SECONDS
        )
        return response


@contextmanager
def session(settings: DashboardsSettings) -> Iterator[Superset]:
    """A signed-in session.

    :raises UserError: where Superset does not answer, refuses the password, or would be sent the
        password over plain http beyond this machine.
    """
    url = settings.url.rstrip("/")
    with safe_transport(url, settings.password_hosts()):
        client = SupersetClient(url, settings.user, settings.admin_password())
        try:
            client.session  # noqa: B018 - signing in happens on first use
        except requests.HTTPError as error:
            status = error.response.status_code if error.response is not None else "?"
            if status == 401:
                raise UserError(
                    f"superset: {url}: password of {settings.user!r} was refused. "
                    "Set SUPERSET_USER and SUPERSET_PASSWORD, or restart Superset: it takes the "
                    "password of the settings."
                ) from None
            raise UserError(f"superset: {url}: signing in failed (HTTP {status}).") from None
        except (requests.RequestException, ValueError):
            raise UserError(
                f"superset: {url} does not answer. Start it with `python -m dashboards serve`, "
                "or set SUPERSET_URL."
            ) from None
        try:
            yield Superset(client, url)
        except requests.RequestException as error:
            raise UserError(f"superset: {url}: {type(error).__name__} in the middle.") from None


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _message(response: requests.Response) -> str:
    """Superset's own words for an error, on one line and bounded."""
    content = _json(response)
    if isinstance(content, dict):
        errors = content.get("errors") or []
        first = errors[0].get("message") if errors and isinstance(errors[0], dict) else None
        text = str(first or content.get("message") or content)
    else:
        text = "no JSON in the answer"
    return " ".join(text.split())[:400]
