"""A gateway under mixed load is killed with SIGKILL, again and again, and its ledger is compared with what clients got.

    KILL_ROUNDS   how often, default 4
    KILL_SEED     the seed of all that is random, default a new one, which is printed
"""

from __future__ import annotations

import http.client
import json
import os
import random
import tempfile
import threading
import time
import unittest
import uuid
from dataclasses import dataclass
from pathlib import Path

import ledger
from harness import GATEWAY_KEY, Martlet
from scripted_anthropic import ScriptedAnthropic
from scripted_ollama import ScriptedOllama
from scripted_upstream import ScriptedUpstream

ROUNDS = int(os.environ.get("KILL_ROUNDS", "4"))
CLIENTS = 12
CLAUDE_KEY = "sk-ant-scripted-killed"
PRICES = "input_price_per_mtok = 1.0\noutput_price_per_mtok = 3.0\n"


@dataclass
class Exchange:
    """What a client saw of one request whose answer began."""

    identifier: uuid.UUID
    model: str
    stream: bool
    status: int
    is_whole: bool = False
    output_tokens: int | None = None


class Client(threading.Thread):
    """Asks for one thing after another until the gateway is gone."""

    def __init__(self, martlet: Martlet, seed: int, models: list[str]) -> None:
        super().__init__(daemon=True)
        self.exchanges: list[Exchange] = []
        self.problem: Exception | None = None
        self._martlet = martlet
        self._random = random.Random(seed)
        self._models = models

    def run(self) -> None:
        try:
            connection = self._martlet.connect()
            while True:
                try:
                    keeps = self._ask(connection)
                except (OSError, http.client.HTTPException):
                    connection.close()
                    if self._martlet.is_killed:
                        return
                    connection = self._martlet.connect()
                    continue
                if not keeps:
                    connection.close()
                    connection = self._martlet.connect()
        except Exception as problem:  # a thread's error is told by the test
            self.problem = problem

    def _ask(self, connection: http.client.HTTPConnection) -> bool:
        """Sends one request and reads its answer; returns whether the connection can carry another one."""
        choose = self._random
        model, stream = choose.choice(self._models), choose.random() < 0.6
        words = " ".join(["word"] * choose.randint(1, 40))
        body: dict = {"model": model, "messages": [{"role": "user", "content": words}]}
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        headers = {"authorization": f"Bearer {GATEWAY_KEY}", "content-type": "application/json"}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        response = connection.getresponse()
        identifier = uuid.UUID(response.getheader("x-request-id"))
        exchange = Exchange(identifier, model, stream, response.status)
        self.exchanges.append(exchange)
        if stream and response.status == 200:
            leaves = choose.random() < 0.15
            text = b""
            while piece := response.read1(4096):
                text += piece
                if leaves and len(text) > 400:
                    return False  # cancelled in the middle
            self._read_stream(text, exchange)
        else:
            self._read_whole(response.read(), exchange)
        return not response.will_close

    @staticmethod
    def _read_whole(body: bytes, exchange: Exchange) -> None:
        if exchange.status == 200:
            exchange.output_tokens = json.loads(body)["usage"]["completion_tokens"]
        exchange.is_whole = True

    @staticmethod
    def _read_stream(text: bytes, exchange: Exchange) -> None:
        if not text.endswith(b"data: [DONE]\n\n"):
            return
        for line in text.split(b"\n"):
            if line.startswith(b"data: {") and (usage := json.loads(line[6:]).get("usage")):
                exchange.output_tokens = usage["completion_tokens"]
        exchange.is_whole = True


class Killed(unittest.TestCase):
    def setUp(self) -> None:
        self.openai = self.enterContext(ScriptedUpstream())
        self.claude = self.enterContext(ScriptedAnthropic(CLAUDE_KEY))
        self.ollama = self.enterContext(ScriptedOllama())
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="martlet-peers-kill-")))
        self.seed = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(2**32))
        print(f"kill test seed {self.seed}", flush=True)

    def configuration(self) -> tuple[str, list[str]]:
        """The gateway's file, and the models to ask for, each as often as it shall be asked."""
        accounts = {
            "openai": ("openai_compatible", self.openai.base_url, "none"),
            "claude": ("anthropic", self.claude.base_url, "env::CLAUDE_KEY"),
            "ollama": ("ollama", f"{self.ollama.base_url}/v1", "none"),
        }
        parts = ["version = 1", "[reliability]", "retry = { enabled = false }"]
        # Streams are cut on purpose: a breaker would refuse what comes after five of them.
        parts.append("circuit_breaker = { enabled = false }")
        models = []
        for account, (kind, base_url, key) in accounts.items():
            parts.append(f'[gateway.providers.{account}]\ntype = "{kind}"\nbase_url = "{base_url}"')
            parts.append(f'api_key_location = "{key}"')
            for model, weight in (("echo", 6), ("endless", 1), ("cut", 1), ("refuse-400", 1)):
                parts.append(f'[models."{account}/{model}"]\nrouting = ["{account}"]\n{PRICES}')
                parts.append(f'[models."{account}/{model}".providers.{account}]\nmodel_name = "{model}"')
                models += [f"{account}/{model}"] * weight
        return "\n".join(parts) + "\n", models

    def test_an_answer_that_a_client_has_is_in_the_ledger_once_and_an_interrupted_one_says_so(self) -> None:
        choose = random.Random(self.seed)
        text, models = self.configuration()
        env = {"CLAUDE_KEY": CLAUDE_KEY}
        exchanges: list[Exchange] = []
        for number in range(ROUNDS):
            with Martlet(text, env, folder=self.folder) as martlet:
                clients = [Client(martlet, choose.getrandbits(64), models) for _ in range(CLIENTS)]
                for client in clients:
                    client.start()
                time.sleep(choose.uniform(0.05, 1.5))
                martlet.kill()
                for client in clients:
                    client.join(30)
                    self.assertFalse(client.is_alive(), "a client hangs")
                    if client.problem:
                        raise client.problem
                    exchanges += client.exchanges
            if number % 10 == 9 or number == ROUNDS - 1:
                self.check(text, env, exchanges)
        whole = [exchange for exchange in exchanges if exchange.is_whole and exchange.status == 200]
        kinds = {(exchange.model.split("/")[0], exchange.stream) for exchange in whole}
        self.assertEqual(len(kinds), 6, "each dialect answered, in streams and whole")
        print(f"{ROUNDS} kills, {len(exchanges)} answers begun, {len(whole)} received whole", flush=True)

    def check(self, text: str, env: dict[str, str], exchanges: list[Exchange]) -> None:
        """Starts once more, which recovers what the last kill left, ends in order, and reads the ledger."""
        with Martlet(text, env, folder=self.folder):
            pass
        database = self.folder / "data" / "martlet.db"
        rows = ledger.records(database)
        for exchange in exchanges:
            with self.subTest(exchange=exchange):
                self.check_exchange(exchange, rows.get(exchange.identifier))
        states = [row.state for row in rows.values()]
        self.assertGreater(states.count("interrupted"), 0, "no kill met a running request")
        # What an upstream was sent was noted before; a kill may come between the two.
        asked = sum(len(upstream.received) for upstream in (self.openai, self.claude, self.ollama))
        self.assertGreaterEqual(len(rows), asked)
        self.assertLessEqual(len(rows), asked + CLIENTS * ROUNDS)
        self.assert_sums_agree(rows, ledger.sums(database))

    def check_exchange(self, exchange: Exchange, row: ledger.Record | None) -> None:
        self.assertIsNotNone(row, "a request whose answer began is not in the ledger")
        self.assertEqual((row.model, row.streamed, row.attempts), (exchange.model, exchange.stream, 1))
        if exchange.is_whole and exchange.status == 200:
            self.assertEqual((row.state, row.estimated), ("settled", False))
            self.assertEqual(row.output_tokens, exchange.output_tokens)
        elif exchange.is_whole:
            self.assertEqual((row.state, row.status), ("failed", exchange.status))
        elif exchange.model.endswith("/endless"):
            self.assertIn(row.state, ("interrupted", "cancelled"))
            self.assertTrue(row.estimated)

    def assert_sums_agree(self, rows: dict[uuid.UUID, ledger.Record], sums: dict[str, int]) -> None:
        records = rows.values()
        counted = {"settled": "succeeded", "failed": "failed", "cancelled": "cancelled", "interrupted": "interrupted"}
        expected = {name: sum(record.state == state for record in records) for state, name in counted.items()}
        expected |= {
            "requests": len(rows),
            "attempts": sum(record.attempts for record in records),
            "input_tokens": sum(record.input_tokens for record in records),
            "output_tokens": sum(record.output_tokens for record in records),
            "cost_nano_usd": sum(record.cost_nano_usd or 0 for record in records),
        }
        self.assertEqual(sums, expected)


if __name__ == "__main__":
    unittest.main()
