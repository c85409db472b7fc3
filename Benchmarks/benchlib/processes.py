"""Child processes of a benchmark run: started pinned to a core, watched by pid, always ended."""

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import ssl
import subprocess
import time

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


class BenchError(Exception):
    """A measurement could not be made; the text says why."""


class Children:
    """Every process that this run started, so that none outlives it."""

    def __init__(self):
        self._all = []

    def start(self, arguments, core, **options):
        """Starts a program on one core. It gets SIGTERM should this process die without its clean-up."""

        def pin():
            os.sched_setaffinity(0, {core})
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

        child = subprocess.Popen(arguments, preexec_fn=pin, **options)
        self._all.append(child)
        return child

    def stop(self, child):
        """Ends one child and what it started: SIGTERM, and SIGKILL after three seconds."""
        pids = descendants(child.pid)
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(3)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        for pid in pids:
            if is_child_left(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        if child in self._all:
            self._all.remove(child)

    def stop_all(self):
        """Ends every child, the youngest first."""
        for child in reversed(list(self._all)):
            self.stop(child)


def descendants(pid):
    """The pids of the children of a process (nginx' workers), with the start times that tell them from reused pids."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return {int(text): start_time(int(text)) for text in file.read().split()}
    except OSError:
        return {}


def start_time(pid):
    """When a process started, in clock ticks since boot; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rsplit(")", 1)[1].split()[19])
    except (OSError, IndexError, ValueError):
        return None


def is_child_left(pid):
    """Whether the process still runs after its parent was told to end."""
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return False
        except OSError:
            return False
        time.sleep(0.02)
    return True


def cpu_us(pids):
    """User + system time of processes in microseconds.

    A process' CPU clock has the number that clock_getcpuclockid(3) makes of its pid. It is the utime + stime of
    /proc/PID/stat, all threads included, in nanoseconds instead of ticks of 10 ms.
    """
    total = 0
    for pid in pids:
        try:
            total += time.clock_gettime_ns((~pid << 3) | 2)
        except OSError as error:
            raise BenchError(f"process {pid} has ended") from error
    return total / 1000


def settled_cpu_us(pids, settle_s):
    """CPU time once the processes are quiet: work put off (a batch of records) belongs to what caused it."""
    time.sleep(settle_s)
    before, deadline = cpu_us(pids), time.monotonic() + 3
    while time.monotonic() < deadline:
        time.sleep(0.05)
        now = cpu_us(pids)
        if now - before < 500:
            return now
        before = now
    return before


def memory_kib(pids):
    """PSS and private dirty memory in KiB, from smaps_rollup."""
    totals = {"Rss": 0, "Pss": 0, "Pss_Anon": 0, "Pss_File": 0, "Private_Dirty": 0}
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                name, _, rest = line.partition(":")
                if name in totals:
                    totals[name] += int(rest.split()[0])
    return totals


def free_port():
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def request_status(port, method, path, body=b"", headers=(), timeout=5.0, root=None):
    """Sends one request on a connection of its own; answers the status and everything after the head.

    With a `root` file the connection speaks TLS and trusts that.
    """
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += list(headers)
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=timeout))
        if root:
            context = ssl.create_default_context(cafile=str(root))
            connection = stack.enter_context(context.wrap_socket(connection, server_hostname="localhost"))
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        answer = b""
        while part := connection.recv(1 << 20):
            answer += part
    head, _, rest = answer.partition(b"\r\n\r\n")
    fields = head.split(None, 2)
    if len(fields) < 2 or not fields[1].isdigit():
        raise BenchError(f"port {port} answered no HTTP")
    return int(fields[1]), rest


def read_line(child, timeout):
    """One line of a child's standard output (a pipe opened in binary, unbuffered), within a time limit."""
    line, deadline = b"", time.monotonic() + timeout
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([child.stdout], [], [], left)[0]:
            raise BenchError(f"{child.args[0]}: no answer within {timeout:g} s")
        byte = os.read(child.stdout.fileno(), 1)
        if not byte:
            raise BenchError(f"{child.args[0]} ended early, with {child.wait()}")
        line += byte
    return line.decode()


def read_json_line(child, timeout):
    """One line of a child's standard output, as JSON."""
    return json.loads(read_line(child, timeout))


def tail(path, lines=12):
    """The last lines of a log file."""
    try:
        with open(path, errors="replace") as file:
            return "".join(file.readlines()[-lines:])
    except OSError:
        return ""
