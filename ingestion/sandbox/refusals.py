"""How each platform refuses: its own error bodies, statuses and headers."""

import json
import uuid

from starlette.responses import JSONResponse, Response

USED_UP = 100
"""Percent, as Graph's usage headers give it."""


def throttled(platform: str, template: str, seconds: int) -> Response:
    """Too many calls; the next may come in ``seconds``."""
    if platform in ("instagram", "facebook"):
        answer = graph(4, 0, "(#4) Application request limit reached", status=403)
        usage = {"call_count": USED_UP, "total_cputime": 25, "total_time": 25}
        business = {
            **usage,
            "type": "instagram" if platform == "instagram" else "pages",
            "estimated_time_to_regain_access": -(-seconds // 60),
        }
        answer.headers["X-App-Usage"] = json.dumps(usage)
        answer.headers["X-Business-Use-Case-Usage"] = json.dumps({"1": [business]})
        return answer
    if platform == "youtube":
        answer = google(429, "rateLimitExceeded", "Quota exceeded for quota metric 'Queries'.")
    else:
        answer = tiktok(template, 429, "rate_limit_exceeded", 40100, "Too many calls in a minute.")
    answer.headers["Retry-After"] = str(seconds)
    return answer


def graph(code: int, subcode: int, message: str, status: int = 400, **more: object) -> Response:
    """An error of the Graph API."""
    error = {"message": message, "type": "OAuthException", "code": code}
    if subcode:
        error["error_subcode"] = subcode
    error |= {"is_transient": False, **more, "fbtrace_id": uuid.uuid4().hex[:11]}
    return JSONResponse({"error": error}, status)


def google(status: int, reason: str, message: str, name: str = "RESOURCE_EXHAUSTED") -> Response:
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
