"""A session with Superset's own pages, signed in as its page of login does it."""

import re

import requests


class Pages:
    """What a person's browser may ask; routes of pages take no token of the API."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self.session = requests.Session()
        page = self.session.get(f"{url}/login/", timeout=60).text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found is not None, "the page of login has no token"
        self.session.headers.update({"X-CSRFToken": found.group(1), "Referer": url})
        login = {"username": user, "password": password, "csrf_token": found.group(1)}
        self.session.post(f"{url}/login/", data=login, timeout=60)
        assert self.ask("GET", "/api/v1/me/").json()["result"]["username"] == user

    def ask(self, method: str, path: str, body: object = None) -> requests.Response:
        """The answer of a route, of whatever kind it is."""
        return self.session.request(method, f"{self.url}{path}", json=body, timeout=60)

    def download(self, path: str, form_data: str) -> requests.Response:
        """The answer to a form, as which pages ask for a file."""
        return self.session.post(f"{self.url}{path}", data={"form_data": form_data}, timeout=60)
