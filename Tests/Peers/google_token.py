"""Google's token service for scripted servers: who has the refresh token gets an access token."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

TOKEN = "ya29.scripted-never-shown-to-clients"
REFRESH = "1//scripted-refresh-token"


def credential(root_url: str) -> str:
    """A file of credentials of the kind that `gcloud auth application-default login` writes."""
    return json.dumps(
        {
            "type": "authorized_user",
            "client_id": "scripted.apps.googleusercontent.com",
            "client_secret": "scripted-secret",
            "refresh_token": REFRESH,
            "token_uri": f"{root_url}/token",
        }
    )


class TokenService:
    """Answers `POST /token` before anything else of a handler."""

    def do_POST(self) -> None:
        if self.path != "/token":
            return super().do_POST()
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        if form.get("grant_type") != ["refresh_token"] or form.get("refresh_token") != [REFRESH]:
            return self._send(400, b'{"error":"invalid_grant"}')
        self._send(200, json.dumps({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"}).encode())
