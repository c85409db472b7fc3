"""What is measured: the upstream itself (direct), nginx, BareRelay and Martlet, each on a port of 127.0.0.1."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from .certificates import Certificates
from .processes import BenchError, descendants, free_port, read_line, request_status, tail

KEY = "bench-key-0123456789abcdef"
BENCHMARKS = Path(__file__).resolve().parent.parent

# Names that clients ask for and the upstream model each becomes: the gateway has to rewrite the member.
KINDS = ("json", "burst-100", "burst-1000", "burstnull-100", "paced-75-1000000", "hold")
# Those of an upstream that speaks Anthropic's format.
CLAUDE_KINDS = ("claude-100", "claude-json")
# Those of an upstream that speaks Bedrock's Converse.
BEDROCK_KINDS = ("bedrock-100", "bedrock-json")

# What nginx gets for a variant. One cipher suite for all, the quickest on processors with AES instructions.
NGINX_TO_TLS = """
            proxy_ssl_trusted_certificate {made.root};
            proxy_ssl_verify on;
            proxy_ssl_name localhost;
            proxy_ssl_server_name on;
            proxy_ssl_protocols TLSv1.3;"""
NGINX_LISTENS = """
            ssl_certificate {made.certificate};
            ssl_certificate_key {made.key};
            ssl_protocols TLSv1.3;
            ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;"""


class Target:
    """One running proxy, or none (direct)."""

    def __init__(self, name, port, child=None, log=None, settle_s=0.1, secure=False):
        self.name, self.port, self.child, self.log, self.settle_s = name, port, child, log, settle_s
        self.secure = secure  # whether it listens with TLS

    @property
    def pids(self):
        """The process and its workers."""
        return [self.child.pid, *descendants(self.child.pid)] if self.child else []


class Bench:
    """The compiled tools, the cores and the running upstream of one run."""

    def __init__(self, children, temp, build, options):
        self.children, self.temp, self.options = children, Path(temp), options
        self.load, self.upstream_binary = compile_tools(Path(build))
        self.upstream, self.upstream_port = self.start_upstream()
        self._count = 0
        self._variants = {}
        self._certificates = self._front_port = None

    def start_upstream(self):
        """Starts a mock upstream; answers it and its port."""
        child = self.children.start(
            [self.upstream_binary, "--port", "0"], self.options.upstream_core, stdout=subprocess.PIPE, bufsize=0)
        return child, int(read_line(child, 5).rsplit(":", 1)[1])

    @property
    def certificates(self):
        """Made when first needed: for the listeners of proxies, and for the upstream behind TLS."""
        if self._certificates is None:
            self._certificates = Certificates(self.directory("certificates"))
        return self._certificates

    @property
    def front_port(self):
        """The mock upstream behind TLS: nginx in front of it, on the upstream's core, started when first needed."""
        if self._front_port is None:
            directory, port = self.directory("front"), free_port()
            child, log = self._start_nginx(directory, "front.conf.in", self.options.upstream_core, {"PORT": port})
            self.wait_ready(Target("the TLS front", port, child, log, secure=True))
            self._front_port = port
        return self._front_port

    def lacks(self, programs):
        """Which of these programs beside the proxies is missing."""
        paths = {"nginx": self.options.nginx, "h2load": shutil.which("h2load") or ""}
        return [name for name in programs if not os.access(paths[name], os.X_OK)]

    def variant(self, target, via):
        """A target as a lane needs it: itself, or one that speaks TLS to the upstream or HTTP/2 with clients."""
        if not via:
            return target
        if (target.name, via) not in self._variants:
            self._variants[target.name, via] = self._make_variant(target, via)
        return self._variants[target.name, via]

    def _make_variant(self, target, via):
        start = {"nginx": self._nginx, "martlet": self._martlet}[target.name]
        made = start(10, None, via)
        self.wait_ready(made, kind=f"{via}-json" if via == "tls" else "lane-json")
        return made

    def directory(self, name):
        """A new directory of the run; readable for nginx' worker, which gives up root."""
        self._count += 1
        path = self.temp / f"{name}-{self._count}"
        path.mkdir()
        path.chmod(0o755)
        return path

    def start(self, name, models=10, data=None, pause=0.02):
        """Starts a proxy by name and waits until it answers a request through to the upstream."""
        if name == "direct":
            return Target("direct", self.upstream_port)
        target = {"nginx": self._nginx, "bare": self._bare, "martlet": self._martlet}[name](models, data)
        try:
            self.wait_ready(target, pause=pause)
        except BenchError:
            self.children.stop(target.child)
            raise
        return target

    def wait_ready(self, target, timeout=20.0, pause=0.02, kind="lane-json"):
        """Waits for the first 200 to a chat request."""
        prefix, kind = kind.split("-")
        body = self.body(kind, 1024, prefix).read_bytes()
        deadline, last = time.monotonic() + timeout, "no connection"
        while time.monotonic() < deadline:
            if target.child.poll() is not None:
                raise BenchError(f"{target.name} ended with {target.child.returncode}:\n{tail(target.log)}")
            try:
                status, rest = request_status(
                    target.port, "POST", "/v1/chat/completions", body, [f"Authorization: Bearer {KEY}"], 2,
                    self.certificates.root if target.secure else None)
                if status == 200:
                    return
                last = f"{status} {rest[:300].decode(errors='replace')}"
            except (OSError, BenchError) as error:
                last = str(error)
            time.sleep(pause)
        raise BenchError(f"{target.name} did not answer 200 within {timeout:g} s: {last}\n{tail(target.log)}")

    def lane_body(self, lane):
        """The file with the request body of a lane."""
        return self.body(lane.kind, lane.size, "tls" if lane.via == "tls" else "lane")

    def body(self, kind, size, prefix="lane"):
        """The file with the request body for a kind of answer; the model is called `PREFIX-KIND`."""
        from .bodies import chat_body

        path = self.temp / f"{prefix}-{kind}-{size}.json"
        if not path.exists():
            members = {}
            if not kind.endswith("json"):
                members = {"stream": True, "stream_options": {"include_usage": True}}
            if kind == "hold":
                members["user"] = "bench-00000000"
            path.write_bytes(chat_body(size, f"{prefix}-{kind}", **members))
        return path

    def _start_nginx(self, directory, template, core, values):
        text = (BENCHMARKS / template).read_text()
        values = {"TEMP": directory, "UPSTREAM_PORT": self.upstream_port, **values}
        if "@CERTIFICATE@" in text or "@ROOT@" in text:
            made = self.certificates
            values |= {"ROOT": made.root, "CERTIFICATE": made.certificate, "KEY": made.key}
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        config, log = directory / "nginx.conf", directory / "error.log"
        config.write_text(text)
        child = self.children.start(
            [self.options.nginx, "-p", str(directory), "-c", str(config)], core,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(directory / "stderr.log", "wb"))
        return child, log

    def _nginx(self, _models, _data, via=""):
        directory, port = self.directory("nginx"), free_port()
        values = {
            "PORT": port, "LISTEN": "", "SECURE": "",
            "PASS": "http://mock", "SERVER": f"127.0.0.1:{self.upstream_port}",
        }
        if via == "tls":
            values["PASS"], values["SERVER"] = "https://mock", f"127.0.0.1:{self.front_port}"
            values["SECURE"] = NGINX_TO_TLS
        elif via == "h2":
            values["LISTEN"], values["SECURE"] = " ssl http2", NGINX_LISTENS
        values["SECURE"] = values["SECURE"].format(made=self.certificates) if via else ""
        child, log = self._start_nginx(directory, "nginx.conf.in", self.options.proxy_core, values)
        return Target("nginx", port, child, log, secure=via == "h2")

    def _bare(self, _models, _data):
        directory, port = self.directory("bare"), free_port()
        log = directory / "stderr.log"
        child = self.children.start(
            [self.options.bare, str(port), str(self.upstream_port)], self.options.proxy_core,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(log, "wb"))
        return Target("bare", port, child, log)

    def start_martlet(self, more):
        """Starts a gateway with the models of the lanes and more configuration, and waits for its first answer."""
        target = self._run_martlet(martlet_config(self.upstream_port, 10) + more)
        try:
            self.wait_ready(target)
        except BenchError:
            self.children.stop(target.child)
            raise
        return target

    def _martlet(self, models, data, via=""):
        text = martlet_config(self.upstream_port, models)
        if via == "tls":
            text += secure_account(self.front_port, self.certificates)
        elif via == "h2":
            made = self.certificates
            text += f'\n[server.tls]\ncert = "{made.certificate}"\nkey = "{made.key}"\n'
        return self._run_martlet(text, data, secure=via == "h2")

    def _run_martlet(self, text, data=None, secure=False):
        directory, port = self.directory("martlet"), free_port()
        config, log = directory / "martlet.toml", directory / "stderr.log"
        config.write_text(text)
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(directory),
            "GATEWAY_API_KEY": KEY,
            "MARTLET_DATA_DIR": str(data or directory / "data"),
        }
        child = self.children.start(
            [self.options.martlet, "serve", "--config", str(config), "--bind", f"127.0.0.1:{port}"],
            self.options.proxy_core, env=environment, cwd=directory, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=open(log, "wb"))
        # Records are put into the store some time after their request: that time belongs to the figure.
        return Target("martlet", port, child, log, settle_s=1.5, secure=secure)


def martlet_config(upstream_port, models):
    """A configuration with one account, the models of the lanes, and fillers up to the wanted number of models."""
    parts = [
        "version = 1\n\n[gateway.providers.bench]\n"
        'type = "openai_compatible"\n'
        f'base_url = "http://127.0.0.1:{upstream_port}/v1"\n'
        'api_key_location = "none"\n',
        '\n[gateway.providers.claude]\ntype = "anthropic"\n'
        f'base_url = "http://127.0.0.1:{upstream_port}/v1"\n'
        'api_key_location = "none"\n',
        '\n[gateway.providers.bedrock]\ntype = "aws_bedrock"\nregion = "us-east-1"\n'
        f'base_url = "http://127.0.0.1:{upstream_port}"\n'
        'api_key_location = "none"\n',
    ]
    names = [(f"lane-{kind}", f"bench-{kind}") for kind in KINDS + CLAUDE_KINDS + BEDROCK_KINDS]
    names += [(f"filler-{index:05}", "bench-json") for index in range(max(0, models - len(names)))]
    for name, upstream in names:
        account = next((account for account in ("claude", "bedrock") if f"-{account}-" in name), "bench")
        parts.append(
            f'\n[models.{name}]\nrouting = ["{account}"]\n'
            "input_price_per_mtok = 3\noutput_price_per_mtok = 15\n"
            f'\n[models.{name}.providers.{account}]\nmodel_name = "{upstream}"\n'
        )
    return "".join(parts)


def secure_account(front_port, certificates):
    """An account behind TLS, and its models."""
    parts = [
        '\n[gateway.providers.secure]\ntype = "openai_compatible"\n'
        f'base_url = "https://localhost:{front_port}/v1"\napi_key_location = "none"\n'
        f'tls = {{ ca_file = "{certificates.root}" }}\n'
    ]
    for kind in KINDS:
        parts.append(
            f'\n[models.tls-{kind}]\nrouting = ["secure"]\ninput_price_per_mtok = 3\noutput_price_per_mtok = 15\n'
            f'\n[models.tls-{kind}.providers.secure]\nmodel_name = "bench-{kind}"\n'
        )
    return "".join(parts)


def compile_tools(build):
    """Compiles the load generator and the mock upstream where their sources are newer; answers their paths."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        raise BenchError("no C compiler found (cc, gcc or clang)")
    build.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in ("load", "upstream"):
        source, binary = BENCHMARKS / name / f"{name}.c", build / f"bench-{name}"
        newest = max(file.stat().st_mtime for file in [source, *BENCHMARKS.glob("*/*.h")])
        if not binary.exists() or binary.stat().st_mtime < newest:
            command = [compiler, "-O2", "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", str(binary), str(source)]
            result = subprocess.run(command, capture_output=True, text=True)
            if result.returncode:
                raise BenchError(f"{' '.join(command)}\n{result.stderr}")
        paths.append(str(binary))
    return paths
