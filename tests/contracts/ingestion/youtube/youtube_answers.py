"""The sandbox's YouTube, asked, and Google's own descriptions that its answers are held against."""

import json
import re
from datetime import date, datetime
from importlib.resources import files
from typing import Any

from starlette.testclient import TestClient

from ingestion.sandbox import credentials
from ingestion.sandbox.tokens import TokenBook

LAST_DAY = date(2026, 11, 20)

AT = {"X-Sandbox-Date": str(LAST_DAY)}

KEY = {"X-Goog-Api-Key": credentials.DEFAULT_API_KEY, **AT}

DATA, REPORTS = "/youtube/youtube/v3", "/youtube/v2/reports"

MANY = ",".join(map(str, range(51)))


def owner(tokens: TokenBook, channel: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.issued('youtube', channel).access_token}", **AT}


def description(name: str) -> dict[str, Any]:
    folder = files("googleapiclient.discovery_cache") / "documents"
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return found


def check(value: Any, schema: dict[str, Any], document: dict[str, Any], at: str) -> int:
    """Fail where ``value`` is not what the schema says; gives how many leaves were looked at."""
    if "$ref" in schema:
        return check(value, document["schemas"][schema["$ref"]], document, at)
    kind = schema.get("type")
    if kind == "object":
        assert isinstance(value, dict), at
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        seen = 0
        for name, one in value.items():
            assert name in known or others, f"{at}.{name} is not in the description"
            seen += check(one, known.get(name, others), document, f"{at}.{name}")
        return seen
    if kind == "array":
        assert isinstance(value, list), at
        return sum(check(one, schema["items"], document, f"{at}[]") for one in value)
    form = schema.get("format")
    if kind == "boolean":
        assert isinstance(value, bool), at
    elif kind == "integer":
        assert isinstance(value, int), at
        assert not isinstance(value, bool), at
    elif kind == "string":
        assert isinstance(value, str), at
        assert value in schema.get("enum", [value]), f"{at}: {value}"
        if form in ("uint64", "int64"):
            assert value.isdecimal(), at
        elif form in ("date-time", "google-datetime"):
            assert datetime.fromisoformat(value).tzinfo, at
        elif form == "google-duration":
            assert re.fullmatch(r"\d+(\.\d+)?s", value), at
    else:
        assert kind == "any", f"{at}: {kind}"
        assert isinstance(value, str | int | float), at
    return 1


def ask(api: TestClient, path: str, headers: dict[str, str] = KEY, **params: Any) -> dict[str, Any]:
    answer = api.get(path, headers=headers, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def walk(api: TestClient, path: str, **params: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    token = None
    while True:
        body = ask(api, f"{DATA}/{path}", **params | ({"pageToken": token} if token else {}))
        items += body["items"]
        token = body.get("nextPageToken")
        if token is None:
            return items


def uploads(api: TestClient, channel: str) -> list[str]:
    items = walk(
        api, "playlistItems", part="contentDetails", playlistId=f"UU{channel[2:]}", maxResults=50
    )
    return [item["contentDetails"]["videoId"] for item in items]


def method(document: dict[str, Any], resource: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["resources"][resource]["methods"][name]
    return found


def talked_about(api: TestClient, channels: list[str]) -> list[dict[str, Any]]:
    """Videos with comments."""
    found = []
    for channel in channels:
        ids = ",".join(uploads(api, channel)[:50])
        videos = walk(api, "videos", part="id,statistics", id=ids)
        found += [v for v in videos if int(v["statistics"].get("commentCount", 0)) > 5]
    return found
