"""A platform whose answers are given: what stands where the network would be."""

import io
import json
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import BaseAdapter

from ingestion.http import ApiClient
from ingestion.settings import IngestionSettings

SECRET = "act.very-secret"
OK = (200, {"data": {"user": {}}, "error": {"code": "ok", "message": "", "log_id": "1"}})
Answer = tuple[int, Any] | Exception


class Scripted(BaseAdapter):
    """Stands where the network would be: gives the answers in turn, the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.answers, self.requests = list(answers), list[requests.PreparedRequest]()

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        response = requests.Response()
        response.status_code, body = answer
        text = body if isinstance(body, str) else json.dumps(body)
        response.raw = io.BytesIO(text.encode())
        response.request, response.url = request, request.url or ""
        response.headers["content-type"] = (
            "text/html" if isinstance(body, str) else "application/json"
        )
        return response

    def close(self) -> None: ...


def settings(**values: Any) -> IngestionSettings:
    return IngestionSettings(_env_file=None, request_attempts=3, request_backoff=0, **values)


def scripted(
    make: Callable[[IngestionSettings], ApiClient], *answers: Answer
) -> tuple[ApiClient, Scripted]:
    client, adapter = make(settings()), Scripted(*answers)
    client._adapter = adapter  # type: ignore[assignment]
    return client, adapter


def call(client: ApiClient) -> dict[str, Any]:
    return client.call(
        "GET", "/v2/user/info/", "ann", {"Authorization": f"Bearer {SECRET}"}, {"fields": "open_id"}
    )


def tiktok_error(code: str, status: int = 200) -> Answer:
    return status, {"data": {}, "error": {"code": code, "message": f"It is {code}.", "log_id": "1"}}


def youtube_error(
    reason: str, status: int = 403, message: str = "No.", detail: str | None = None
) -> Answer:
    """An error with ``reason``; ``detail`` is the reason that Google gives beside it."""
    error: dict[str, Any] = {"code": status, "message": message}
    error["errors"] = [{"domain": "youtube", "reason": reason, "message": message}]
    if detail:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "reason": detail, "domain": "googleapis.com"}]
    return status, {"error": error}
