"""What failures cost: the time and the CPU of a failover, the load on a provider that is down, and how soon a healed
one is asked again."""

import contextlib
import http.client
import json
import socket
import threading
import time
from dataclasses import replace

from .lanes import Lane, run_load
from .processes import BenchError, cpu_us, request_status, settled_cpu_us
from .targets import KEY

# How the first target fails.
FAILURES = ("refuses", "answers 503", "hangs up")
RATE = 200
OFFERED = 200            # requests a second during an outage
HEALING_EVERY_S = 0.02   # between two requests while a target is waited for
PAUSES_S = (5, 10, 20)   # of the circuit breaker, by default
JITTER = 1.2

CPU = Lane("failover", "failover", "json", "json", 1024, 32, 10000)
PACE = Lane("failover", "failover", "rate", "json", 1024, 16, 1000, extra=("--rate", str(RATE)))


def account(name, port):
    """One account at a port of this machine."""
    return (f'\n[gateway.providers.{name}]\ntype = "openai_compatible"\nbase_url = "http://127.0.0.1:{port}/v1"\n'
            'api_key_location = "none"\n')


def model(name, *accounts):
    """A model whose targets are accounts, in this order."""
    targets = ", ".join(f'"{place}"' for place in accounts)
    text = f"\n[models.{name}-json]\nrouting = [{targets}]\ninput_price_per_mtok = 3\noutput_price_per_mtok = 15\n"
    for place in accounts:
        text += f'\n[models.{name}-json.providers.{place}]\nmodel_name = "bench-json"\n'
    return text


def tell(port, path):
    """Tells a mock upstream to be sick or well, or to forget its counters."""
    status, body = request_status(port, "GET", path)
    if status != 200:
        raise BenchError(f"the mock upstream answers {status} to {path}")
    return json.loads(body)


class LaneOf:
    """A gateway of its own, with upstreams that can be sick, while the `with` block lasts."""

    def __init__(self, bench, sick, config):
        self._bench, self._count, self._config = bench, sick, config
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        with self._stack:
            self.ports = []
            for _ in range(self._count):
                child, port = self._bench.start_upstream()
                self._stack.callback(self._bench.children.stop, child)
                self.ports.append(port)
            self.target = self._bench.start_martlet(self._config(self.ports))
            self._stack.callback(self._bench.children.stop, self.target.child)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()


# Failover


def failover(bench, rounds, amount):
    """What a failed first target adds to a request that the second one answers: median time at a steady rate, CPU time
    of the gateway under load. Breakers are off, and the first target is not asked twice."""
    # Bound and not listened on: connections are refused for as long as it is kept.
    with socket.socket() as refusing:
        refusing.bind(("127.0.0.1", 0))

        def config(ports):
            parts = ["\n[reliability.circuit_breaker]\nenabled = false\n\n[reliability.retry]\nnum_retries = 0\n"]
            parts += [account(f"first{index}", port) for index, port in enumerate(ports)]
            parts.append(account("refusing", refusing.getsockname()[1]))
            firsts = {"healthy": "first0", "refuses": "refusing", "answers 503": "first1", "hangs up": "first2"}
            parts += [model(kind.replace(" ", "-"), first, "bench") for kind, first in firsts.items()]
            return "".join(parts)

        with LaneOf(bench, 3, config) as lane:
            tell(lane.ports[1], "/__sick/503")
            tell(lane.ports[2], "/__sick/drop")
            kinds = ["healthy", *FAILURES]
            for kind in kinds:  # connections and pages are there before the first round
                _failover_run(bench, lane, kind, CPU, max(50, amount // 20))
            measured = {kind: [] for kind in kinds}
            for index in range(rounds):
                for position in range(len(kinds)):
                    kind = kinds[(index + position) % len(kinds)]
                    paced = _failover_run(bench, lane, kind, PACE, max(100, amount // 10))
                    loaded = _failover_run(bench, lane, kind, CPU, amount)
                    measured[kind].append((paced["p50_us"], loaded["cpu_us"]))
    base = measured["healthy"]
    return {
        kind: {
            "added_p50_us": [one[0] - plain[0] for one, plain in zip(measured[kind], base)],
            "added_cpu_us": [one[1] - plain[1] for one, plain in zip(measured[kind], base)],
        }
        for kind in FAILURES
    }


def _failover_run(bench, lane, kind, load, amount):
    """One run; it counts only if every request was answered, by the target it should be."""
    ports = [bench.upstream_port, *lane.ports]
    for port in ports:
        tell(port, "/__reset")
    before = cpu_us(lane.target.pids)
    result = _send(bench, lane.target, kind, load, amount)
    cpu = settled_cpu_us(lane.target.pids, lane.target.settle_s) - before
    seen = [tell(port, "/__stats")["requests"] for port in ports]
    expected = {
        "healthy": [0, amount, 0, 0], "refuses": [amount, 0, 0, 0], "answers 503": [amount, 0, amount, 0],
        "hangs up": [amount, 0, 0, amount],
    }[kind]
    wrong = [name for name in ("errors", "non_200", "timed_out") if result[name]]
    if wrong or result["requests"] != amount or seen != expected:
        raise BenchError(f"failover, first target {kind}: {wrong}, {result['requests']} of {amount} answered, the "
                         f"upstreams saw {seen} instead of {expected}. {result['message']}")
    return {"p50_us": result["p50_us"], "cpu_us": cpu / amount}


def _send(bench, target, kind, load, amount):
    """Runs the load generator with the model of that kind."""
    body = bench.body("json", load.size, kind.replace(" ", "-"))
    return run_load(bench, replace(load, name=f"{load.name} ({kind})"), target, amount, body=body)


# Load during an outage


def outage(bench, seconds):
    """Requests that a target gets while it is down, as a multiple of those that callers make: with circuit breakers and
    without, alone and with a healthy second target. Retries are as they are by default."""
    figures = {}
    for breaker in ("on", "off"):
        def config(ports, breaker=breaker):
            switch = f"\n[reliability.circuit_breaker]\nenabled = {'true' if breaker == 'on' else 'false'}\n"
            names = ("alone", "helped")
            accounts = [account(f"sick{index}", port) for index, port in enumerate(ports)]
            return switch + "".join(accounts) + model(names[0], "sick0") + model(names[1], "sick1", "bench")

        with LaneOf(bench, 2, config) as lane:
            for index, kind in enumerate(("alone", "helped")):
                figures[f"{kind}, breaker {breaker}"] = _outage_run(bench, lane, kind, lane.ports[index], seconds)
    return figures


def _outage_run(bench, lane, kind, sick, seconds):
    tell(sick, "/__sick/503")
    tell(sick, "/__reset")
    tell(bench.upstream_port, "/__reset")
    amount = OFFERED * seconds
    # A request that is tried twice takes a quarter of a second, so there are many at once.
    load = Lane("outage", "outage", "rate", "json", 1024, 256, amount,
                extra=("--rate", str(OFFERED), "--max-failures", str(amount + 1)))
    result = _send(bench, lane.target, kind, load, amount)
    asked, helper = (tell(port, "/__stats")["requests"] for port in (sick, bench.upstream_port))
    failed = amount if kind == "alone" else 0
    helped = 0 if kind == "alone" else amount
    if result["errors"] or result["timed_out"] or result["non_200"] != failed or helper != helped or not asked:
        raise BenchError(f"outage ({kind}): {result['errors']} errors, {result['non_200']} instead of {failed} answers "
                         f"that are not 200, the second target saw {helper} instead of {helped}, the first {asked}")
    return {"multiple": asked / amount, "asked": asked, "offered": amount, "p50_us": result["p50_us"]}


# Healing


def healing(bench, pauses=PAUSES_S):
    """Seconds from the moment a target heals until it answers a request again, when it heals right after its circuit
    opened for the first, second … time: the longest that callers go elsewhere without a reason. All at once."""
    def config(ports):
        return "".join(account(f"sick{index}", port) + model(f"heals{index}", f"sick{index}", "bench")
                       for index, port in enumerate(ports))

    figures, failures = {}, []

    def wait(lane, index):
        try:
            figures[str(pauses[index])] = _heal(lane, index)
        except (BenchError, OSError, http.client.HTTPException) as error:
            failures.append(f"healing after a pause of {pauses[index]} s: {error}")

    with LaneOf(bench, len(pauses), config) as lane:
        threads = [threading.Thread(target=wait, args=(lane, index)) for index in range(len(pauses))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if failures:
        raise BenchError("; ".join(failures))
    return figures


def _heal(lane, index):
    """Fails until the circuit has opened `index + 1` times, heals, and waits for the first answer."""
    sick = lane.ports[index]
    tell(sick, "/__sick/503")
    body = json.dumps({"model": f"heals{index}-json", "messages": [{"role": "user", "content": "hi"}]})
    fields = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", lane.target.port, timeout=10)
    # Five failures open the circuit; each try that fails opens it again.
    failures, healed, gives_up = 5 + index, None, time.monotonic() + sum(PAUSES_S) * 2
    try:
        while time.monotonic() < gives_up:
            connection.request("POST", "/v1/chat/completions", body, fields)
            answer = connection.getresponse()
            answer.read()
            now = time.monotonic()
            if answer.status != 200:
                raise BenchError(f"a request was answered {answer.status} although the second target is well")
            if answer.headers["x-provider"] == f"sick{index}":
                if healed is None:
                    raise BenchError("a sick target answered")
                return {"seconds": now - healed}
            if healed is None and tell(sick, "/__stats")["requests"] >= failures:
                tell(sick, "/__well")
                healed = time.monotonic()
            time.sleep(HEALING_EVERY_S)
    finally:
        connection.close()
    raise BenchError("the target was not asked again")
