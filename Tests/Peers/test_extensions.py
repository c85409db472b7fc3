"""The example of a gateway with rules of its own, by real HTTP: a veto, a region, and a line for each cost."""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path
from urllib.parse import urlsplit

from harness import ADMIN_KEY, GATEWAY_KEY, REPOSITORY, Child, Martlet, eventually
from scripted_upstream import ScriptedUpstream


def example_path() -> Path:
    path = Path(os.environ.get("MARTLET_EXAMPLE_BIN", REPOSITORY / ".build/debug/PolicyGateway")).resolve()
    assert path.exists(), f"{path} does not exist: run scripts/examples.sh, or set MARTLET_EXAMPLE_BIN"
    return path


class PolicyGateway(Martlet):
    """Runs the example instead of `martlet serve`: it takes no arguments, and finds its files by MARTLET_CONFIG."""

    def __enter__(self) -> PolicyGateway:
        self._temporary = tempfile.TemporaryDirectory(prefix="martlet-example-")
        self.folder = Path(self._temporary.name)
        config = self.folder / "martlet.toml"
        config.write_text(self._config + '\n[server]\nbind = "127.0.0.1:0"\n')
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GATEWAY_API_KEY": GATEWAY_KEY,
            "ADMIN_KEY": ADMIN_KEY,
            "MARTLET_CONFIG": str(config),
            "MARTLET_DATA_DIR": str(self.folder / "data"),
        } | self._extra_env
        self.process = Child([str(example_path())], env=env, cwd=self.folder)
        self.port = urlsplit(self.process.wait_for("the line 'listening on'", self._listening_on)).port
        self.process.wait_for("GET /health with 200", self._healthy)
        return self

    def lines(self, count: int) -> list[str]:
        """What it printed, once there is so much."""
        assert eventually(lambda: len(self.process.stdout) >= count), self.process.stdout
        return list(self.process.stdout)


def configuration(base_url: str) -> str:
    parts = []
    for name, region in (("virginia", "us-east-1"), ("frankfurt", "eu-central-1")):
        parts += [
            f"[gateway.providers.{name}]", 'type = "openai_compatible"', f'base_url = "{base_url}"',
            'api_key_location = "none"', f'region = "{region}"',
        ]
    for model, accounts in (("echo", ("virginia", "frankfurt")), ("overseas", ("virginia",))):
        routing = ", ".join(f'"{account}"' for account in accounts)
        parts += [f"[models.{model}]", f"routing = [{routing}]"]
        parts += ["input_price_per_mtok = 100", "output_price_per_mtok = 100"]
        for account in accounts:
            parts += [f"[models.{model}.providers.{account}]", 'model_name = "echo"']
    return "\n".join(parts) + "\n"


class Extensions(unittest.TestCase):
    def setUp(self) -> None:
        self.upstream = self.enterContext(ScriptedUpstream())

    def start(self, **env: str) -> PolicyGateway:
        return self.enterContext(PolicyGateway(configuration(self.upstream.base_url), env))

    def ask(self, gateway: PolicyGateway, model: str = "echo", **more):
        body = {"model": model, "messages": [{"role": "user", "content": "Hello there."}]} | more
        return gateway.request("POST", "/v1/chat/completions", body)

    def test_requests_go_to_the_account_in_europe_and_a_model_without_one_is_refused(self) -> None:
        gateway = self.start()
        answer = self.ask(gateway)
        self.assertEqual((answer.status, answer.headers["x-provider"]), (200, "frankfurt"), answer)
        refused = self.ask(gateway, "overseas")
        self.assertEqual((refused.status, refused.json["error"]["code"]), (403, "forbidden"), refused)
        self.assertIn("not served in Europe", refused.json["error"]["message"])
        self.assertEqual(len(self.upstream.received), 1)

    def test_a_key_that_has_spent_its_budget_is_refused_until_midnight(self) -> None:
        # Some ten tokens at 100 dollars a million: a request costs a little over a tenth of a cent.
        gateway = self.start(DAILY_QUOTA_USD="0.0015")
        statuses = []
        for number in range(1, 6):
            answer = self.ask(gateway)
            statuses.append(answer.status)
            gateway.lines(number)
        self.assertEqual(statuses[0], 200)
        self.assertEqual(statuses[-1], 429, statuses)
        self.assertEqual(answer.json["error"]["code"], "quota_exceeded")
        self.assertEqual(answer.json["error"]["type"], "insufficient_quota")
        self.assertEqual(answer.headers["x-should-retry"], "false")
        self.assertTrue(0 < int(answer.headers["retry-after"]) <= 86_400, answer)
        self.assertEqual(len(self.upstream.received), statuses.count(200))

    def test_each_end_is_told_with_the_cost_that_the_ledger_has(self) -> None:
        gateway = self.start()
        self.assertEqual(self.ask(gateway).status, 200)
        self.assertEqual(self.ask(gateway, stream=True).status, 200)
        self.assertEqual(self.ask(gateway, "nothing-of-the-kind").status, 404)
        lines = gateway.lines(2)
        self.assertEqual(len(lines), 2, lines)
        for line in lines:
            self.assertRegex(
                line, r"^settled [0-9a-f-]{36} key=static model=echo provider=frankfurt cost=\$0\.00\d{7}$"
            )
        told = sum(round(float(line.rsplit("$", 1)[1]) * 1e9) for line in lines)
        usage = gateway.request("GET", "/admin/usage", key=ADMIN_KEY)
        self.assertEqual(usage.json["totals"]["cost_nano_usd"], told, usage)

    def test_what_was_settled_before_the_end_is_told(self) -> None:
        gateway = self.start()
        for _ in range(20):
            self.assertEqual(self.ask(gateway).status, 200)
        self.assertEqual(gateway.process.stop(), 0)
        gateway.is_killed = True
        self.assertEqual(len(gateway.process.stdout), 20, gateway.process.stdout)
