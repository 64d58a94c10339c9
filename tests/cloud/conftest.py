"""A stand-in cloud for a test: started on loopback, ended by its process id.

MERLON names the binary (default: build/merlon under the current folder), MERLON_CLOUD the stand-in; without
the latter it is built here, and the tests are skipped where Go is not installed.
"""
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request

import pytest

BINARY = os.path.abspath(os.environ.get("MERLON", "build/merlon"))
HERE = os.path.dirname(os.path.abspath(__file__))
START_S, LIFETIME_S = 30, 900


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory):
    """The program."""
    given = os.environ.get("MERLON_CLOUD")
    if given:
        return os.path.abspath(given)
    if not shutil.which("go"):
        pytest.skip("Go is not installed")
    path = str(tmp_path_factory.mktemp("bin") / "stand-in-cloud")
    env = dict(os.environ, GOFLAGS="-mod=mod", GOPROXY="off", CGO_ENABLED="0")
    subprocess.run(["go", "build", "-trimpath", "-buildvcs=false", "-o", path, "."], cwd=HERE, env=env, check=True)
    return path


class Cloud:
    """One running stand-in. Options are those of the program: Cloud(program, accounts=3, latency="50ms")."""

    def __init__(self, program, **options):
        self.folder = tempfile.mkdtemp(prefix="merlon-cloud-")
        args = [program, "-dir", self.folder, "-lifetime", f"{LIFETIME_S}s", "-parent-stdin"]
        for name, value in options.items():
            value = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
            args.append(f"-{name.replace('_', '-')}={value}")
        self.process = subprocess.Popen(args, stdin=subprocess.PIPE)
        ready = os.path.join(self.folder, "ready.json")
        end = time.monotonic() + START_S
        while not os.path.exists(ready):
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError("the stand-in cloud did not start")
            time.sleep(0.01)
        self.__dict__.update(self.load("ready.json"))

    def load(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as f:
            return json.load(f)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdin.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- the port of the tests ----
    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(self.control + path, data=data), timeout=30) as answer:
            return answer.read().decode()

    def calls(self, **match):
        """The calls so far, those with the given fields: calls(product="ecs", code="Throttling.User")."""
        rows = [json.loads(line) for line in self.ask("/calls").splitlines()]
        return [r for r in rows if all(r.get(name) == value for name, value in match.items())]

    def counts(self):
        return json.loads(self.ask("/counts"))

    def violations(self):
        """What no client should have sent."""
        return [v["what"] for v in json.loads(self.ask("/violations"))]

    def faults(self, *rules):
        """Replaces all faults: faults({"match": {"action": "DescribeDisks"}, "do": "throttle", "times": 3})."""
        self.ask("/faults", list(rules))

    def rates(self, **rates):
        """Calls a second, by "product:Action", "product:*" or "*"; none: no limits."""
        self.ask("/rates", rates)

    def expire(self):
        return json.loads(self.ask("/expire", {}))["expired"]

    def rotate(self):
        self.ask("/rotate", {})

    def clock(self, offset):
        """How far its clock is ahead of this machine's, "20m" or "-1h"."""
        self.ask(f"/clock?offset={offset}", {})

    def reset(self):
        """No calls, violations or faults; rates begin anew. Keys and accounts stay."""
        self.ask("/reset", {})

    # ---- the accounts ----
    def account(self, which=0):
        return self.load("accounts.json")[which]

    def home(self, which=0):
        return self.account(which)["home"]

    def profile(self, name, which=0):
        with open(os.path.join(self.home(which), ".aliyun", "config.json"), encoding="utf-8") as f:
            return next(p for p in json.load(f)["profiles"] if p["name"] == name)

    def secrets(self):
        """Whatever must not be seen in any output."""
        return [value for account in self.load("accounts.json") for value in account["secrets"].values()]

    # ---- the command line ----
    def env(self, account=0, proxy=False, **more):
        drop = ("ALIBABA", "ALICLOUD", "MERLON_", "XDG_", "LC_", "LANG", "SSL_CERT", "CURL_CA", "OSS_")
        full = {k: v for k, v in os.environ.items() if not k.startswith(drop) and not k.lower().endswith("_proxy")}
        full.update(HOME=self.home(account), LANG="C.UTF-8", NO_COLOR="1")
        if proxy:
            full.update(HTTPS_PROXY=self.proxy)
        full.update({k: v for k, v in more.items() if v is not None})
        return full

    def command(self, args, profile=None, proxy=False):
        """The stand-in by --endpoint-override, or, with proxy, by the real hosts' names."""
        head = [BINARY, *map(str, args), "--cacert", self.ca, "--endpoint-override", f"EcsMetadata={self.metadata}"]
        if not proxy:
            head += ["--endpoint-override", self.url]
        return head + (["--profile", profile] if profile else [])

    def merlon(self, args, profile=None, proxy=False, account=0, env=None, stdin="", timeout=120, cwd=None):
        """Runs it to its end."""
        return subprocess.run(self.command(args, profile, proxy), input=stdin, capture_output=True, encoding="utf-8",
                              env=self.env(account, proxy, **(env or {})), timeout=timeout, cwd=cwd)

    def start_merlon(self, args, profile=None, proxy=False, account=0, env=None, cwd=None):
        """Starts it; whoever does so ends it, by its process id."""
        return subprocess.Popen(self.command(args, profile, proxy), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, encoding="utf-8", env=self.env(account, proxy, **(env or {})), cwd=cwd)


@pytest.fixture(scope="session")
def shared_cloud(stand_in):
    c = Cloud(stand_in, accounts=2)
    yield c
    c.stop()


@pytest.fixture
def cloud(shared_cloud):
    """Two small accounts without limits or faults; what a test sets is undone before the next."""
    shared_cloud.reset()
    shared_cloud.rates()
    return shared_cloud


@pytest.fixture
def start_cloud(stand_in):
    """Starts clouds of one's own: start_cloud(resources=5000, latency="50ms", rates="documented")."""
    started = []

    def start(**options):
        started.append(Cloud(stand_in, **options))
        return started[-1]

    yield start
    for c in started:
        c.stop()
