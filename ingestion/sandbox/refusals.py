"""How each platform refuses for reasons that lie outside its world: its own bodies and headers."""

import json
import math
import uuid
from collections.abc import Sequence
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from ingestion.sandbox import graph

GRAPH = ("instagram", "facebook")
BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def throttled(platform: str, template: str, seconds: float) -> Response:
    """Too many calls; the next may come in ``seconds``.

    Graph names minutes in its usage headers, here with a fraction, so that a test need not wait
    for a whole one; the others say it by ``Retry-After``.
    """
    if platform in GRAPH:
        error = graph.GraphError("(#4) Application request limit reached", 4, status=403)
        usage: dict[str, Any] = {"call_count": 100, "total_cputime": 25, "total_time": 25}
        business = {
            **usage,
            "type": "instagram" if platform == "instagram" else "pages",
            "estimated_time_to_regain_access": seconds / 60,
        }
        headers = {
            "X-App-Usage": json.dumps(usage),
            "X-Business-Use-Case-Usage": json.dumps({"1": [business]}),
        }
        return graph.answer(error.body(), error.status, headers)
    if platform == "youtube":
        answer = google(429, "rateLimitExceeded", "Too many requests.", "RESOURCE_EXHAUSTED")
    else:
        answer = tiktok(template, 429, "rate_limit_exceeded", 40100, "Too many calls in a minute.")
    answer.headers["Retry-After"] = str(math.ceil(seconds))
    return answer


def server_error(platform: str, template: str, form: int) -> Response:
    """The platform's own error of a server, or what stands before it, by ``form``."""
    if form % 3 == 0:
        return HTMLResponse(BAD_GATEWAY, 502)
    if form % 3 == 1:
        return Response(b"", 503)
    if platform in GRAPH:
        error = graph.GraphError("An unknown error has occurred.", 1, status=500)
        return graph.answer(error.body(), error.status)
    if platform == "youtube":
        return google(500, "backendError", "Backend Error", "INTERNAL")
    return tiktok(template, 500, "internal_error", 50000, "Something is wrong. Try again later.")


def bad_metric(platform: str, template: str, metrics: Sequence[str], dead: str) -> Response:
    """One of the ``metrics`` is not served, so none is."""
    if platform in GRAPH:
        living = ", ".join(metric for metric in metrics if metric != dead)
        place = metrics.index(dead)
        return _graph(f"(#100) metric[{place}] must be one of the following values: {living}", 100)
    if platform == "youtube":
        message = "The query is not supported. Check the documentation for the metrics it takes."
        return google(400, "badRequest", message, "INVALID_ARGUMENT")
    return tiktok(template, 400, "invalid_params", 40002, f"fields: {dead} is not supported")


def gone(platform: str, template: str, object_id: str) -> Response:
    """An object that was listed and is not there any more."""
    if platform in GRAPH:
        error = graph.not_found(object_id)
        return graph.answer(error.body(), error.status)
    if platform == "youtube":
        message = "The video identified by the videoId parameter could not be found."
        return google(404, "videoNotFound", message, "NOT_FOUND")
    return tiktok(template, 404, "resource_not_found", 40007, f"{object_id} does not exist")


def google(status: int, reason: str, message: str, name: str) -> Response:
    """An error of a Google API."""
    detail = {"message": message, "domain": "global", "reason": reason}
    error = {"code": status, "message": message, "errors": [detail], "status": name}
    return JSONResponse({"error": error}, status)


def tiktok(template: str, status: int, code: str, number: int, message: str) -> Response:
    """An error of TikTok: of the Accounts API with HTTP 200 and a number, else with a word."""
    log_id = uuid.uuid4().hex
    if "/open_api/" in template:
        body = {"code": number, "message": message, "request_id": log_id, "data": {}}
        return JSONResponse(body, 200)
    error = {"code": code, "message": message, "log_id": log_id}
    return JSONResponse({"data": {}, "error": error}, status)


def _graph(message: str, code: int) -> Response:
    error = graph.GraphError(message, code)
    return graph.answer(error.body(), error.status)
