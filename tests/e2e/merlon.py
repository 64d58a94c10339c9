"""A Merlon of one's own: a private folder, store and credential file, the command line, and a server on a loopback port.

Everything that is started here has a time limit and is stopped by its process id.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

ACCOUNT = "1234567890123456"
RUN_S, READY_S, STOP_S = 120, 20, 20
# What the caller's environment could change: credentials, settings, language, proxies, trust.
DROPPED = ("ALIBABA", "ALICLOUD", "MERLON_", "OSS_", "XDG_", "LC_", "LANG", "SSL_CERT", "REQUESTS_CA")


def binary():
    path = os.environ.get("MERLON")
    if not path:
        raise RuntimeError("MERLON must name the merlon binary (tools/run-interop and tools/run-e2e set it)")
    return os.path.abspath(path)


class Merlon:
    def __init__(self, folder=None):
        self.folder = folder or tempfile.mkdtemp(prefix="merlon-test-")
        self.database = os.path.join(self.folder, "merlon.db")
        self.store = "sqlite:" + self.database
        self.config = os.path.join(self.folder, ".aliyun", "config.json")  # where the official clients look, too
        self.processes = []

    def environment(self, **more):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(DROPPED) and not k.lower().endswith("_proxy")}
        return dict(kept, HOME=self.folder, ALIBABA_CLOUD_CONFIG_FILE=self.config, ALIBABA_CLOUD_ECS_METADATA_DISABLED="true",
                    NO_COLOR="1", LANG="C.UTF-8", **more)

    # -- the command line -----------------------------------------------------------------------------------
    def run(self, *args, ok=(0,)):
        done = subprocess.run([binary(), *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True,
                              encoding="utf-8", errors="replace", env=self.environment(), timeout=RUN_S)
        assert done.returncode in ok, f"merlon {args}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def local(self, *args, **kw):
        """A command on the store itself."""
        return self.run(*args, "--store", self.store, "--account", ACCOUNT, **kw)

    def init(self):
        self.local("admin", "init", "--user", "admin", "--write-profile", self.config, "--profile-name", "admin")
        return self

    def add_user(self, name, policy):
        self.local("admin", "user", "add", name, "--policy", policy, "--write-profile", self.config, "--profile-name", name)

    def key(self, profile="admin"):
        with open(self.config, encoding="utf-8") as f:
            for entry in json.load(f)["profiles"]:
                if entry["name"] == profile:
                    return entry["access_key_id"], entry["access_key_secret"]
        raise AssertionError(f"no profile {profile}")

    def detect_args(self, *files, time_zone="UTC", **options):
        more = [part for name, value in options.items() for part in ("--" + name.replace("_", "-"), str(value))]
        return ["detect", "--store", self.store, "--account", ACCOUNT, "--format", "mariadb-server-audit", "--product", "RDS",
                "--time-zone", time_zone, *more, *map(str, files)]

    def detect(self, *files, ok=(0,), **options):
        return self.run(*self.detect_args(*files, **options), ok=ok)

    def events(self, status="all"):
        listed = json.loads(self.local("-o", "json", "risk", "list", "--status", status).stdout)
        assert listed["total"] == len(listed["items"]) and not listed["incomplete"]
        return listed["items"]

    # -- processes ------------------------------------------------------------------------------------------
    def spawn(self, args, **kw):
        process = subprocess.Popen([binary(), *map(str, args)], stdin=subprocess.DEVNULL, env=self.environment(), **kw)
        self.processes.append(process)
        return process

    def serve(self, *args):
        """Starts a server on a free loopback port and returns its port once it is ready."""
        log_path = os.path.join(self.folder, f"serve-{len(self.processes)}.log")
        with open(log_path, "w", encoding="utf-8") as log:
            server = self.spawn(["serve", "--store", self.store, "--listen", "127.0.0.1:0", *args], stdout=log, stderr=log)
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline and server.poll() is None:
            with open(log_path, encoding="utf-8") as log:
                ready = re.search(r"^https?://127\.0\.0\.1:(\d+)$", log.read(), re.M)
            if ready:
                return int(ready.group(1))
            time.sleep(0.02)
        with open(log_path, encoding="utf-8") as log:
            raise AssertionError("the server did not become ready:\n" + log.read())

    def stop(self):
        slow = [p for p in self.processes if not stop_process(p)]
        self.processes.clear()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert not slow, f"{len(slow)} processes did not end within {STOP_S} s of SIGTERM"


def stop_process(process):
    """Ends one process that we started; false if it had to be killed."""
    if process.poll() is not None:
        return True
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
        return True
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
