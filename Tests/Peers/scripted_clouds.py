"""The services by which clouds give credentials, on one loopback port: as strict as the real ones, and counting.

    PUT, GET /latest/…                  instance metadata of AWS, version 2: a session first, then the role, then its keys
    GET /container                      a container's keys, for the right authorization token
    POST /                              STS: AssumeRole by botocore's judgement, and with a web identity; GetCallerIdentity
    POST /sts                           Google's tokens for those of other providers
    GET /subject                        such a token
    POST /v1/…:generateAccessToken      tokens of a service account, for whoever may act as it
    POST /token                         Google's tokens: for an assertion that google-auth accepts, or a refresh token
    GET /computeMetadata/…              Google's metadata server
    GET /federation/credentials         keys of a role, for the token of a sign-on
    POST /token as JSON                 a new token of a sign-on
    POST /TENANT/oauth2/v2.0/token      Entra ID's tokens
"""

from __future__ import annotations

import datetime
import json
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler
from unittest import mock

import botocore.auth
import google.auth.jwt
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from scripted_server import ScriptedServer

REGION = "eu-central-1"
SOURCE_KEYS = ("AKIDSOURCE", "source/secret")
ROLE = "gateway-role"
SESSION = "imds-session-1"
CONTAINER_TOKEN = "container-token-1"
WEB_TOKEN = "web.identity.token"
EMAIL = "gateway@project.iam.gserviceaccount.com"
KEY_ID = "key-1"
REFRESH = "1//refresh+token/="
CLIENT = ("client-id-1", "client~secret+1")
TENANT = "tenant-1"
SIGN_ON = {"clientId": "sso-client", "clientSecret": "sso/secret", "refreshToken": "sso-refresh"}
SIGN_ON_TOKENS = ("sso-token-1", "sso-token-2")
# Assertions are for Google's public address, wherever they are sent.
AUDIENCE = "https://oauth2.googleapis.com/token"
ACCOUNT = "arn:aws:sts::123456789012:assumed-role/gateway-role/i-1"


class Clouds:
    """Runs the services for as long as the `with` block lasts."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.seen: list[str] = []
        self.problems: list[str] = []
        # What was asked of the services that exchange tokens: path, what shows who asks, and the body's members.
        self.exchanges: list[tuple[str, str, dict]] = []
        self.given = 0
        self.lifetime_s = 3600
        self.is_down = False
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = serialization.Encoding.PEM
        self.private_pem = key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        self.public_pem = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        self._server = ScriptedServer(_Handler)
        self._server.clouds = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Clouds:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def service_account(self) -> dict:
        return {
            "type": "service_account",
            "project_id": "project",
            "private_key_id": KEY_ID,
            "private_key": self.private_pem,
            "client_email": EMAIL,
            "client_id": "1",
            "token_uri": f"{self.url}/token",
        }

    def impersonation_url(self, email: str = EMAIL) -> str:
        return f"{self.url}/v1/projects/-/serviceAccounts/{email}:generateAccessToken"

    @property
    def user(self) -> dict:
        return {
            "type": "authorized_user",
            "client_id": CLIENT[0],
            "client_secret": CLIENT[1],
            "refresh_token": REFRESH,
            "token_uri": f"{self.url}/token",
        }

    def count(self, what: str) -> int:
        with self.lock:
            return sum(1 for one in self.seen if one == what)

    def secret_of(self, key: str) -> str:
        """The secret of an access key that was given."""
        return f"secret/of+{key}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    @property
    def clouds(self) -> Clouds:
        return self.server.clouds  # type: ignore[attr-defined]

    def do_PUT(self) -> None:
        ttl = self.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        if self.path != "/latest/api/token" or not ttl.isdigit():
            return self._problem(f"PUT {self.path} {ttl!r}")
        self._note("session")
        self._answer(200, SESSION, "text/plain")

    def do_GET(self) -> None:
        roles = "/latest/meta-data/iam/security-credentials/"
        if self.path.startswith(roles):
            if self.headers.get("x-aws-ec2-metadata-token") != SESSION:
                return self._problem("instance metadata without its session", 401)
            if self.path == roles:
                return self._answer(200, ROLE, "text/plain")
            if self.path != roles + ROLE:
                return self._problem(self.path, 404)
            return self._aws("instance")
        if self.path == "/container":
            if self.headers.get("authorization") != CONTAINER_TOKEN:
                return self._problem("a container without its token", 401)
            return self._aws("container")
        if self.path == "/subject":
            if self.headers.get("x-subject") != "mine":
                return self._problem("a subject token without its field", 403)
            self._note("subject")
            return self._json(200, {"id_token": WEB_TOKEN})
        if self.path.startswith("/federation/credentials?"):
            return self._portal(dict(urllib.parse.parse_qsl(self.path.split("?", 1)[1], strict_parsing=True)))
        if self.path.startswith("/computeMetadata/v1/instance/service-accounts/default/token?scopes="):
            if self.headers.get("metadata-flavor") != "Google":
                return self._problem("the metadata server without its mark", 403)
            return self._token("metadata", {"Metadata-Flavor": "Google"})
        self._problem(self.path, 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        if self.path == "/token" and self.headers.get("content-type") == "application/json":
            return self._new_sign_on(json.loads(body))
        if self.path.endswith(":generateAccessToken"):
            return self._impersonated(json.loads(body))
        # botocore adds a charset.
        if self.headers.get("content-type", "").split(";")[0] != "application/x-www-form-urlencoded":
            return self._problem(f"content-type {self.headers.get('content-type')}")
        form = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
        if self.clouds.is_down:
            self._note("down")
            return self._json(503, {"error": "temporarily_unavailable"})
        if self.path == "/sts":
            return self._exchanged(form)
        if self.path == "/token":
            return self._google(form)
        if self.path == f"/{TENANT}/oauth2/v2.0/token":
            wanted = {"grant_type": "client_credentials", "client_id": CLIENT[0], "client_secret": CLIENT[1]}
            if not wanted.keys() <= form.keys() or not form.get("scope", "").endswith("/.default"):
                return self._problem(f"Entra: {form}")
            if form["client_secret"] != CLIENT[1]:
                return self._json(401, {"error": "invalid_client", "error_description": "AADSTS7000215: Wrong secret."})
            return self._token("entra")
        if self.path == "/":
            return self._sts(form, body)
        self._problem(self.path, 404)

    def _sts(self, form: dict, body: str) -> None:
        if form.get("Version") != "2011-06-15":
            return self._problem(f"STS: {form}")
        if form["Action"] == "GetCallerIdentity":
            if not self.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
                return self._xml(403, "<Error><Code>MissingAuthenticationToken</Code></Error>")
            if "Credential=REFUSED/" in self.headers["authorization"]:
                return self._xml(403, "<Error><Code>InvalidClientTokenId</Code></Error>")
            self._note("identity")
            return self._xml(200, f"<GetCallerIdentityResult><Arn>{ACCOUNT}</Arn></GetCallerIdentityResult>")
        if form["Action"] == "AssumeRole":
            if problem := self._signature_problem(body):
                return self._problem(problem, 403)
            if form["ExternalId"] != "ext 1" or form["RoleSessionName"] != "martlet":
                return self._problem(f"STS: {form}")
            return self._role_keys("role")
        if form["Action"] != "AssumeRoleWithWebIdentity" or form["WebIdentityToken"] != WEB_TOKEN:
            return self._problem(f"STS: {form}")
        self._role_keys("web")

    def _signature_problem(self, body: str) -> str | None:
        """Lets botocore sign a call to STS by the keys it should be from."""
        request = AWSRequest("POST", f"{self.clouds.url}/", data=body)
        request.headers["content-type"] = self.headers["content-type"]
        then = datetime.datetime.strptime(self.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
        with mock.patch.object(botocore.auth, "get_current_datetime", lambda: then):
            SigV4Auth(Credentials(*SOURCE_KEYS), "sts", REGION).add_auth(request)
        if self.headers["authorization"] == request.headers["Authorization"]:
            return None
        return f"STS: {self.headers['authorization']} is not {request.headers['Authorization']}"

    def _role_keys(self, what: str) -> None:
        key, expires = self._next_key(what)
        action = "AssumeRole" if what == "role" else "AssumeRoleWithWebIdentity"
        self._answer(
            200,
            f"<{action}Response><{action}Result><Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>"
            f"{self.clouds.secret_of(key)}</SecretAccessKey><SessionToken>session-of-{key}</SessionToken>"
            f"<Expiration>{expires}</Expiration></Credentials></{action}Result></{action}Response>",
            "text/xml",
        )

    def _portal(self, query: dict) -> None:
        if self.headers.get("x-amz-sso_bearer_token") not in SIGN_ON_TOKENS or query.keys() != {"role_name", "account_id"}:
            return self._json(401, {"message": "Session token not found or invalid"})
        self._note("portal")
        # The same for everybody who asks: two readers of one profile are compared by it.
        key = f"AKIA{query['account_id']}{query['role_name'].upper()}"
        end = int((time.time() + self.clouds.lifetime_s) * 1000)
        names = ("accessKeyId", "secretAccessKey", "sessionToken", "expiration")
        values = (key, self.clouds.secret_of(key), f"session-of-{key}", end)
        self._json(200, {"roleCredentials": dict(zip(names, values, strict=True))})

    def _new_sign_on(self, body: dict) -> None:
        if body != SIGN_ON | {"grantType": "refresh_token"}:
            return self._problem(f"sign-on: {body}")
        self._note("sign-on")
        new = {"accessToken": SIGN_ON_TOKENS[1], "tokenType": "Bearer", "expiresIn": 3600, "refreshToken": "next"}
        self._json(200, new)

    def _exchanged(self, form: dict) -> None:
        self._keep(form)
        if form.get("subject_token") != WEB_TOKEN:
            return self._json(400, {"error": "invalid_grant", "error_description": "Bad subject token."})
        self._token("exchange")

    def _impersonated(self, body: dict) -> None:
        self._keep({name: value for name, value in body.items() if value is not None})
        if not self.headers.get("authorization", "").startswith("Bearer ya29.token-"):
            return self._json(403, {"error": {"code": 403, "message": "Permission denied"}})
        with self.clouds.lock:
            self.clouds.seen.append("impersonated")
            self.clouds.given += 1
            token = f"ya29.token-{self.clouds.given}"
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.clouds.lifetime_s)
        self._json(200, {"accessToken": token, "expireTime": end.strftime("%Y-%m-%dT%H:%M:%SZ")})

    def _keep(self, body: dict) -> None:
        who = self.headers.get("authorization", "")
        who = who if who.startswith("Basic") else who.split("-")[0]
        with self.clouds.lock:
            self.clouds.exchanges.append((self.path, who, body))

    def _google(self, form: dict) -> None:
        if form["grant_type"] == "refresh_token":
            if (form["client_id"], form["client_secret"], form["refresh_token"]) != (*CLIENT, REFRESH):
                return self._json(400, {"error": "invalid_grant", "error_description": "Bad Request"})
            return self._token("user")
        if form["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return self._problem(f"Google: {form}")
        try:
            # Google's own library judges signature, key id, audience and times.
            certificates = {KEY_ID: self.clouds.public_pem}
            claims = google.auth.jwt.decode(form["assertion"], certificates, audience=AUDIENCE)
        except Exception as error:
            with self.clouds.lock:
                self.clouds.problems.append(f"assertion: {error}")
            return self._json(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        scopes = ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/iam")
        if claims["iss"] != EMAIL or claims["scope"] not in scopes or claims["exp"] - claims["iat"] > 3600:
            return self._problem(f"claims: {claims}")
        self._token("assertion")

    # Answers

    def _next_key(self, what: str) -> tuple[str, str]:
        clouds = self.clouds
        with clouds.lock:
            clouds.seen.append(what)
            clouds.given += 1
            key = f"AKIAGIVEN{clouds.given}"
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=clouds.lifetime_s)
        return key, end.strftime("%Y-%m-%dT%H:%M:%SZ")

    def _aws(self, what: str) -> None:
        key, expires = self._next_key(what)
        secret = self.clouds.secret_of(key)
        answer = {"AccessKeyId": key, "SecretAccessKey": secret, "Token": f"session-of-{key}", "Expiration": expires}
        self._json(200, answer | ({"Code": "Success", "Type": "AWS-HMAC"} if what == "instance" else {}))

    def _token(self, what: str, fields: dict | None = None) -> None:
        # A real service takes its time, in which others ask.
        time.sleep(0.05)
        with self.clouds.lock:
            self.clouds.seen.append(what)
            self.clouds.given += 1
            token = f"ya29.token-{self.clouds.given}"
        answer = {"access_token": token, "expires_in": self.clouds.lifetime_s, "token_type": "Bearer"}
        self._json(200, answer, fields)

    def _note(self, what: str) -> None:
        with self.clouds.lock:
            self.clouds.seen.append(what)

    def _problem(self, text: str, status: int = 400) -> None:
        with self.clouds.lock:
            self.clouds.problems.append(text)
        self._json(status, {"error": "invalid_request"})

    def _json(self, status: int, answer: dict, fields: dict | None = None) -> None:
        self._answer(status, json.dumps(answer), "application/json", fields)

    def _xml(self, status: int, text: str) -> None:
        self._answer(status, f"<Answer>{text}</Answer>", "text/xml")

    def _answer(self, status: int, text: str, kind: str, fields: dict | None = None) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in (fields or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
