"""Dashboards in another application's pages: which one, and the token that its visitor gets.

The application's server asks for a token in the name of a creator that it has signed in, and hands
it to the page, which passes it into Superset's frame. The token holds for five minutes and one
dashboard. Its visitor has the role ``creator`` and, by the row level security of that role, sees
the rows of the creator that the token names.

Source: https://superset.apache.org/docs/configuration/networking-settings (embedding)
"""

from dashboards.client import Superset
from warehouse.errors import UserError


def embedded_uuid(superset: Superset, dashboard: str) -> str:
    """The uuid under which ``<superset>/embedded/<uuid>`` shows a dashboard.

    :raises UserError: where the dashboard is not embedded.
    """
    found = superset.find(f"/api/v1/dashboard/{dashboard}/embedded")
    if found is None:
        raise UserError(
            f"superset: dashboard {dashboard!r} is not embedded. Set SUPERSET_EMBED_ORIGINS, start "
            "Superset again and deploy."
        )
    return str(found["result"]["uuid"])


def guest_token(superset: Superset, creator_id: str, dashboard_uuid: str) -> str:
    """A token with which a page shows an embedded dashboard to a creator.

    :raises UserError: for an empty ``creator_id``, or where Superset refuses.
    """
    if not creator_id:
        raise UserError("embedding: the creator's id is empty.")
    body = {
        "user": {"username": creator_id},
        "resources": [{"type": "dashboard", "id": dashboard_uuid}],
        # the rules of the role hold; a token may add to them and never take away
        "rls": [],
    }
    return str(superset.ask("POST", "/api/v1/security/guest_token/", body)["token"])
