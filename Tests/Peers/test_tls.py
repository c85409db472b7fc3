"""Python clients, curl and `martlet` itself against a gateway that listens with TLS, by HTTP/2 and by HTTP/1.1.

The certificates come from an authority made for the test. `httpx` and the official `openai` SDK bring HTTP/2
clients of their own; `h2` says single frames.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import h2.config
import h2.connection
import h2.errors
import h2.events
import httpx
import openai
from harness import GATEWAY_KEY, Authority, Martlet, binary_path, eventually
from openai import AsyncOpenAI, DefaultAsyncHttpxClient, DefaultHttpxClient, OpenAI
from scripted_upstream import ScriptedUpstream
from sdk_case import CANCEL_LIMIT_S, UPSTREAM_KEY, configuration, user

HEADERS = {"authorization": f"Bearer {GATEWAY_KEY}"}
SAID = "You said: one two three"


def words(chunks) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def data(lines) -> list[str]:
    return [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]


class TLSCase(unittest.TestCase):
    """One authority, one upstream and one gateway with TLS for all tests of a class."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="martlet-peers-tls-")))
        cls.authority = Authority(cls.folder / "authority")
        cls.upstream = cls.enterClassContext(ScriptedUpstream())
        keys = {"UPSTREAM_KEY": UPSTREAM_KEY, "REFUSED_KEY": "refused"}
        cls.martlet = cls.enterClassContext(
            Martlet(configuration(cls.upstream.base_url), keys, authority=cls.authority)
        )
        cls.api = f"{cls.martlet.url}/v1"

    def setUp(self) -> None:
        self.upstream.forget()

    def browser(self, http2: bool = True, authority: Authority | None = None) -> httpx.Client:
        """A plain httpx client that trusts the authority and presents the gateway's key."""
        context = (authority or self.authority).context
        client = httpx.Client(http2=http2, verify=context, headers=HEADERS, timeout=20)
        return self.enterContext(client)

    def body(self, model: str = "echo", text: str = "one two three", **more) -> dict:
        return {"model": model, "messages": user(text)} | more

    def chat(self, client: httpx.Client, model: str = "echo", **more) -> httpx.Response:
        return client.post(f"{self.api}/chat/completions", json=self.body(model, **more))

    def address(self, response: httpx.Response) -> tuple:
        """The client's end of the connection that an answer came on."""
        return response.extensions["network_stream"].get_extra_info("client_addr")


class Httpx(TLSCase):
    def test_alpn_decides_the_version(self) -> None:
        for http2, version in ((True, "HTTP/2"), (False, "HTTP/1.1")):
            with self.subTest(version=version):
                client = self.browser(http2)
                answer = self.chat(client)
                self.assertEqual((answer.status_code, answer.http_version), (200, version))
                self.assertEqual(answer.json()["choices"][0]["message"]["content"], SAID)
                with client.stream("POST", f"{self.api}/chat/completions", json=self.body(stream=True)) as stream:
                    events = data(stream.iter_lines())
                self.assertEqual((stream.status_code, stream.http_version), (200, version))
                self.assertEqual(events[-1], "[DONE]")
                pieces = [json.loads(event)["choices"][0]["delta"].get("content") or "" for event in events[:-1]]
                self.assertEqual("".join(pieces), SAID)

    def test_an_error_is_an_answer_like_any_other(self) -> None:
        client = self.browser()
        missing = self.chat(client, "no-such-model")
        self.assertEqual((missing.status_code, missing.http_version), (404, "HTTP/2"))
        self.assertEqual(missing.json()["error"]["code"], "model_not_found")
        failed = self.chat(client, "refuse-500")
        self.assertEqual(failed.status_code, 502)
        self.assertEqual(self.chat(client).status_code, 200)

    def test_a_client_that_leaves_ends_its_upstream_calls(self) -> None:
        # This client does not reset a stream that it leaves; closing its connection is what tells.
        for http2 in (True, False):
            with self.subTest(http2=http2):
                self.upstream.forget()
                client = httpx.Client(http2=http2, verify=self.authority.context, headers=HEADERS, timeout=20)
                body = self.body("endless", stream=True)
                with client.stream("POST", f"{self.api}/chat/completions", json=body) as stream:
                    text = ""
                    for piece in stream.iter_text():
                        text += piece
                        if text.count("word ") >= 3:
                            break
                    left = time.monotonic()
                client.close()
                received = self.upstream.only_request()
                self.assertTrue(received.reader_left.wait(CANCEL_LIMIT_S), "the upstream call was not cancelled")
                self.assertLess(received.left_at - left, CANCEL_LIMIT_S)

    def test_streams_of_one_connection_run_beside_each_other(self) -> None:
        async def one(client: httpx.AsyncClient, number: int) -> tuple[str, tuple]:
            body = self.body(text=f"request {number}", stream=number % 2 == 0)
            async with client.stream("POST", f"{self.api}/chat/completions", json=body) as answer:
                self.assertEqual((answer.status_code, answer.http_version), (200, "HTTP/2"))
                text = (await answer.aread()).decode()
            if number % 2 == 0:
                events = [json.loads(event) for event in data(text.splitlines())[:-1]]
                text = "".join(event["choices"][0]["delta"].get("content") or "" for event in events)
            else:
                text = json.loads(text)["choices"][0]["message"]["content"]
            return text, self.address(answer)

        async def all_at_once() -> list[tuple[str, tuple]]:
            limits = httpx.Limits(max_connections=1)
            options = {"http2": True, "verify": self.authority.context, "headers": HEADERS, "limits": limits}
            async with httpx.AsyncClient(timeout=20, **options) as client:
                request = client.build_request(
                    "POST", f"{self.api}/chat/completions", json=self.body("endless", stream=True)
                )
                # A stream without end is open all the while.
                endless = await client.send(request, stream=True)
                answers = await asyncio.gather(*(one(client, number) for number in range(24)))
                self.assertEqual(self.address(endless), answers[0][1])
                await endless.aclose()
                return answers

        answers = asyncio.run(all_at_once())
        self.assertEqual([text for text, _ in answers], [f"You said: request {number}" for number in range(24)])
        self.assertEqual(len({address for _, address in answers}), 1)

    def test_who_does_not_know_the_authority_sends_nothing(self) -> None:
        stranger = Authority(self.folder / "stranger")
        for authority in (stranger, None):
            context = ssl.create_default_context() if authority is None else authority.context
            for http2 in (True, False):
                with self.subTest(known=authority is None, http2=http2):
                    with httpx.Client(http2=http2, verify=context, headers=HEADERS) as client:
                        with self.assertRaisesRegex(httpx.ConnectError, "CERTIFICATE_VERIFY_FAILED"):
                            self.chat(client)
        self.assertEqual(self.upstream.received, [])
        self.assertEqual(self.chat(self.browser()).status_code, 200)

    def test_clear_text_gets_no_answer_of_http(self) -> None:
        with self.assertRaises(httpx.TransportError):
            httpx.get(f"http://localhost:{self.martlet.port}/live", timeout=5)


class Frames(TLSCase):
    """The `h2` package, which says every frame itself."""

    def setUp(self) -> None:
        super().setUp()
        context = self.authority.context
        context.set_alpn_protocols(["h2"])
        plain = self.enterContext(socket.create_connection(("127.0.0.1", self.martlet.port), timeout=20))
        self.connection = self.enterContext(context.wrap_socket(plain, server_hostname="localhost"))
        self.assertEqual(self.connection.selected_alpn_protocol(), "h2")
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self.h2.initiate_connection()
        self.flush()
        self.bodies: dict[int, bytes] = {}
        self.statuses: dict[int, int] = {}
        self.ended: set[int] = set()

    def flush(self) -> None:
        self.connection.sendall(self.h2.data_to_send())

    def ask(self, body: dict) -> int:
        """Sends a chat request and returns its stream's number."""
        stream, content = self.h2.get_next_available_stream_id(), json.dumps(body).encode()
        fields = {
            ":method": "POST", ":scheme": "https", ":authority": "localhost", ":path": "/v1/chat/completions",
            "content-type": "application/json", "content-length": str(len(content)), **HEADERS,
        }
        self.h2.send_headers(stream, list(fields.items()))
        self.h2.send_data(stream, content, end_stream=True)
        self.flush()
        return stream

    def until(self, is_met) -> None:
        """Reads frames until a condition is met; the socket's time limit ends a wait that never is."""
        while not is_met():
            data = self.connection.recv(65536)
            self.assertTrue(data, "the connection ended")
            for event in self.h2.receive_data(data):
                match event:
                    case h2.events.ResponseReceived():
                        self.statuses[event.stream_id] = int(dict(event.headers)[b":status"])
                    case h2.events.DataReceived():
                        self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
                        self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    case h2.events.StreamEnded():
                        self.ended.add(event.stream_id)
            self.flush()

    def test_a_stream_that_is_reset_ends_its_upstream_call_and_nothing_else(self) -> None:
        left, kept = (self.ask(self.body("endless", stream=True)) for _ in range(2))
        self.until(lambda: all(self.bodies.get(stream, b"").count(b"word ") >= 3 for stream in (left, kept)))
        self.h2.reset_stream(left, h2.errors.ErrorCodes.CANCEL)
        self.flush()
        at = time.monotonic()
        calls = self.upstream.received
        self.assertEqual(len(calls), 2)
        self.assertTrue(eventually(lambda: any(call.reader_left.is_set() for call in calls), CANCEL_LIMIT_S))
        [gone] = [call for call in calls if call.reader_left.is_set()]
        self.assertLess(gone.left_at - at, CANCEL_LIMIT_S)
        before = len(self.bodies[kept])
        asked = self.ask(self.body())
        self.until(lambda: asked in self.ended and len(self.bodies[kept]) > before)
        self.assertEqual(self.statuses[asked], 200)
        self.assertIn(SAID.encode(), self.bodies[asked])
        self.assertEqual([call.reader_left.is_set() for call in calls].count(True), 1)

    def test_a_connection_that_ends_takes_its_streams_along(self) -> None:
        streams = [self.ask(self.body("endless", stream=True)) for _ in range(3)]
        self.until(lambda: all(b"word " in self.bodies.get(stream, b"") for stream in streams))
        self.connection.close()
        for call in self.upstream.received:
            self.assertTrue(call.reader_left.wait(CANCEL_LIMIT_S), "the upstream call was not cancelled")


class OpenAISDK(TLSCase):
    def sdk(self, http2: bool = True, **options) -> OpenAI:
        http_client = DefaultHttpxClient(http2=http2, verify=self.authority.context)
        client = OpenAI(base_url=self.api, api_key=GATEWAY_KEY, timeout=20, http_client=http_client, **options)
        return self.enterContext(client)

    def test_chat_and_stream(self) -> None:
        for http2, version in ((True, "HTTP/2"), (False, "HTTP/1.1")):
            with self.subTest(version=version):
                client = self.sdk(http2)
                raw = client.chat.completions.with_raw_response.create(**self.body())
                self.assertEqual(raw.http_response.http_version, version)
                self.assertEqual(raw.parse().choices[0].message.content, SAID)
                stream = client.chat.completions.create(
                    **self.body(), stream=True, stream_options={"include_usage": True}
                )
                chunks = list(stream)
                self.assertEqual(words(chunks), SAID)
                self.assertEqual(
                    chunks[-1].usage.model_dump(exclude_none=True), self.upstream.received[-1].usage
                )

    def test_errors_are_the_ones_the_sdk_knows(self) -> None:
        client = self.sdk(max_retries=0)
        with self.assertRaises(openai.NotFoundError) as missing:
            client.chat.completions.create(**self.body("no-such-model"))
        self.assertEqual(missing.exception.code, "model_not_found")
        with self.assertRaises(openai.RateLimitError):
            client.chat.completions.create(**self.body("refuse-429"))
        with self.assertRaises(openai.APIError) as cut:
            list(client.chat.completions.create(**self.body("cut"), stream=True))
        self.assertEqual(cut.exception.code, "stream_interrupted")

    def test_a_client_that_is_closed_ends_its_upstream_call(self) -> None:
        client = self.sdk()
        stream = client.chat.completions.create(**self.body("endless"), stream=True)
        for number, _ in enumerate(stream):
            if number == 3:
                break
        left = time.monotonic()
        client.close()
        received = self.upstream.only_request()
        self.assertTrue(received.reader_left.wait(CANCEL_LIMIT_S), "the upstream call was not cancelled")
        self.assertLess(received.left_at - left, CANCEL_LIMIT_S)

    def test_the_async_client_runs_requests_side_by_side(self) -> None:
        async def ask(client: AsyncOpenAI, number: int) -> tuple[str, str]:
            body = self.body(text=f"request {number}")
            whole = await client.chat.completions.create(**body)
            stream = await client.chat.completions.create(**body, stream=True)
            return whole.choices[0].message.content, words([chunk async for chunk in stream])

        async def ask_all() -> list[tuple[str, str]]:
            http_client = DefaultAsyncHttpxClient(http2=True, verify=self.authority.context)
            client = AsyncOpenAI(base_url=self.api, api_key=GATEWAY_KEY, timeout=20, http_client=http_client)
            async with client:
                return await asyncio.gather(*(ask(client, number) for number in range(32)))

        expected = [(f"You said: request {number}",) * 2 for number in range(32)]
        self.assertEqual(asyncio.run(ask_all()), expected)

    def test_a_wrong_authority_is_a_connection_error(self) -> None:
        http_client = DefaultHttpxClient(http2=True, verify=Authority(self.folder / "other").context)
        client = OpenAI(base_url=self.api, api_key=GATEWAY_KEY, http_client=http_client, max_retries=0)
        with client, self.assertRaises(openai.APIConnectionError):
            client.chat.completions.create(**self.body())
        self.assertEqual(self.upstream.received, [])


class Commands(TLSCase):
    def run_command(self, command: list[str], env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder)} | (env or {})
        return subprocess.run(
            command, env=env, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )

    def curl(self, *options: str, body: dict, root: Path | None = None) -> subprocess.CompletedProcess:
        command = ["curl", "--silent", "--show-error", "--max-time", "20", "--cacert", str(root or self.authority.root)]
        command += ["--write-out", "\n%{http_version} %{http_code}", "--header", f"authorization: Bearer {GATEWAY_KEY}"]
        command += ["--json", json.dumps(body), *options, f"{self.api}/chat/completions"]
        return self.run_command(command)

    def test_curl_speaks_both_versions(self) -> None:
        for option, version in (("--http2", "2"), ("--http1.1", "1.1"), ("--no-alpn", "1.1")):
            with self.subTest(option=option):
                whole = self.curl(option, body=self.body())
                self.assertEqual(whole.stdout.splitlines()[-1], f"{version} 200", whole.stderr)
                self.assertIn(SAID, whole.stdout)
                stream = self.curl(option, "--no-buffer", body=self.body(stream=True))
                self.assertEqual(stream.stdout.splitlines()[-1], f"{version} 200", stream.stderr)
                self.assertIn("data: [DONE]", stream.stdout)

    def test_curl_that_is_cut_off_ends_the_upstream_call(self) -> None:
        for option in ("--http2", "--http1.1"):
            with self.subTest(option=option):
                self.upstream.forget()
                left = self.curl(option, "--max-time", "0.7", body=self.body("endless", stream=True))
                self.assertEqual(left.returncode, 28)
                self.assertIn('"word "', left.stdout)
                self.assertTrue(self.upstream.only_request().reader_left.wait(CANCEL_LIMIT_S))

    def test_curl_refuses_a_stranger(self) -> None:
        refused = self.curl("--http2", body=self.body(), root=Authority(self.folder / "curl-stranger").root)
        self.assertEqual(refused.returncode, 60)
        self.assertEqual(self.upstream.received, [])

    def martlet_command(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
        return self.run_command([str(binary_path()), *arguments], env)

    def test_the_command_line_trusts_the_file_it_is_given(self) -> None:
        root, url = str(self.authority.root), ["--url", self.martlet.url]
        flag = self.martlet_command("status", *url, "--ca-file", root)
        self.assertEqual(flag.returncode, 0, flag.stderr)
        for variable in ("MARTLET_CA_FILE", "SSL_CERT_FILE"):
            with self.subTest(variable=variable):
                done = self.martlet_command("status", *url, env={variable: root})
                self.assertEqual(done.returncode, 0, done.stderr)
        unknown = self.martlet_command("status", *url)
        self.assertEqual(unknown.returncode, 3)
        self.assertIn("its certificate is not trusted; --ca-file", unknown.stderr)
        broken = self.martlet_command("status", *url, "--ca-file", str(self.folder / "nothing.pem"))
        self.assertEqual(broken.returncode, 64)
        self.assertIn("nothing.pem cannot be read", broken.stderr)

    def test_the_command_line_chats(self) -> None:
        env = {
            "MARTLET_BASE_URL": self.api,
            "MARTLET_CA_FILE": str(self.authority.root),
            "MARTLET_API_KEY": GATEWAY_KEY,
        }
        for more in ([], ["--stream"]):
            with self.subTest(more=more):
                done = self.martlet_command("ai", "chat", "echo", "--prompt", "one two three", *more, env=env)
                self.assertEqual((done.returncode, done.stdout.strip()), (0, SAID), done.stderr)

    def test_the_doctor_finds_a_gateway_with_tls(self) -> None:
        config = str(self.martlet.folder / "peer.toml")
        env = {"UPSTREAM_KEY": UPSTREAM_KEY, "REFUSED_KEY": "refused", "ADMIN_KEY": "an-admin-key-0123456789"}
        options = ["--config", config, "--data-dir", str(self.martlet.folder / "data")]
        done = self.martlet_command(
            "ai", "doctor", "--json", *options, "--url", self.martlet.url, "--ca-file", str(self.authority.root), env=env
        )
        checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
        self.assertEqual(checks["running gateway"]["status"], "ok", checks["running gateway"])


class Renewal(TLSCase):
    def serial(self) -> str:
        """The number of the certificate that a new connection is shown."""
        with socket.create_connection(("127.0.0.1", self.martlet.port), timeout=20) as plain:
            with self.authority.context.wrap_socket(plain, server_hostname="localhost") as connection:
                return connection.getpeercert()["serialNumber"]

    def reloads(self, result: str) -> int:
        page = self.martlet.request("GET", "/metrics").body.decode()
        found = re.findall(rf'^gateway_config_reloads_total{{result="{result}"}} (\S+)$', page, re.MULTILINE)
        return int(float(found[0]))

    def test_sighup_reads_the_files_again_and_refuses_broken_ones(self) -> None:
        client = self.browser()
        connection = self.address(self.chat(client))
        first = self.serial()
        good = self.martlet.key.read_text()
        self.martlet.key.write_text("no key\n")
        self.martlet.process.send_signal(signal.SIGHUP)
        self.assertTrue(eventually(lambda: self.reloads("refused") == 1))
        self.assertEqual(self.serial(), first)
        self.assertTrue(any("server.tls.key" in line for line in list(self.martlet.process.lines)))

        self.martlet.key.write_text(good)
        self.authority.issue()
        self.martlet.process.send_signal(signal.SIGHUP)
        self.assertTrue(eventually(lambda: self.reloads("accepted") == 1))
        self.assertNotEqual(self.serial(), first)
        again = self.chat(client)
        self.assertEqual((again.status_code, self.address(again)), (200, connection), "an open connection stays")


if __name__ == "__main__":
    unittest.main()
