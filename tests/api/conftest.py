"""What the API tests share: a private Merlon with two accounts, a server of it on loopback, and raw sockets to speak to it.

MERLON names the binary (default: build/merlon under the current folder). Requests are signed here, by hand, so that a test can
send what no SDK would. Everything started is ended by its process id, and every wait is bounded.
"""
import base64
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.parse
import uuid

import pytest

BINARY = os.path.abspath(os.environ.get("MERLON", "build/merlon"))
ACCOUNT, OTHER_ACCOUNT = "1234567890123456", "6543210987654321"
READY_S, ANSWER_S, STOP_S = 30, 30, 20
LOG_LINE = "20260102 03:04:05,db1,%s,10.0.0.9,%d,%d,QUERY,shop,'%s',0\n"


def quote(text):
    return urllib.parse.quote(text, safe="-_.~")


def query_of(pairs):
    return "&".join(f"{quote(k)}={quote(v)}" for k, v in pairs)


def utc(offset_s=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset_s))


class Key:
    def __init__(self, access_key_id, secret):
        self.id, self.secret = access_key_id, secret


class Reply:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        self.raw, self.status = raw, int(lines[0].split()[1]) if raw else 0
        self.headers = [tuple(part.strip() for part in line.decode("latin-1").split(":", 1)) for line in lines[1:]]

    def header(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json.get("Code")


class Server:
    """A server process, and requests to it."""

    def __init__(self, merlon, *args, listen="127.0.0.1:0", limits=None):
        self.merlon = merlon
        self.log_path = os.path.join(merlon.home, f"serve-{len(merlon.servers)}.log")
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--store", merlon.store, "--listen", listen, *map(str, args)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=merlon.env(), preexec_fn=limits)
        merlon.servers.append(self)
        deadline = time.monotonic() + READY_S
        found = None
        while not found and time.monotonic() < deadline and self.process.poll() is None:
            time.sleep(0.02)
            found = re.search(r"^https?://\S+:(\d+)$", self.log(), re.M)
        assert found, "the server did not become ready:\n" + self.log()
        self.port = int(found.group(1))
        self.host = f"127.0.0.1:{self.port}"

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="surrogateescape") as f:
            return f.read()

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    # -- the wire -------------------------------------------------------------------------------------------
    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), ANSWER_S)

    def send(self, raw, half_close=False):
        """Sends bytes, reads until the server closes (requests say `Connection: close`)."""
        with self.connect() as s:
            try:
                s.sendall(raw)
                if half_close:
                    s.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # An answer may have come before the end of the request.
            return Reply(read_all(s))

    def get(self, path):
        return self.send(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n".encode())

    # -- signature version 1 --------------------------------------------------------------------------------
    def v1_params(self, key, action, params=(), method="GET", **change):
        common = {"Action": action, "Version": "2019-01-03", "Format": "JSON", "AccessKeyId": key.id, "SignatureMethod": "HMAC-SHA1",
                  "SignatureVersion": "1.0", "SignatureNonce": uuid.uuid4().hex, "Timestamp": utc(), **change}
        pairs = [(k, v) for k, v in common.items() if v is not None] + list(params)
        text = "&".join(f"{quote(k)}={quote(v)}" for k, v in sorted(pairs, key=lambda p: (p[0].encode(), p[1].encode())))
        mac = hmac.new((key.secret + "&").encode(), f"{method}&%2F&{quote(text)}".encode(), hashlib.sha1)
        return pairs + [("Signature", base64.b64encode(mac.digest()).decode())]

    def v1(self, key, action, params=(), headers=(), body=b"", target=None, method="GET", **change):
        pairs = self.v1_params(key, action, params, method, **change)
        return self.send(self.request(method, target or "/?" + query_of(pairs), headers, body))

    def request(self, method, target, headers=(), body=b""):
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host}", "Connection: close"]
        lines += [f"{k}: {v}" for k, v in headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body

    # -- signature version 3 --------------------------------------------------------------------------------
    def v3_headers(self, key, action, query="", body=b"", method="POST", extra=(), signed_extra=True, **change):
        headers = {"host": self.host, "x-acs-action": action, "x-acs-version": "2019-01-03", "x-acs-date": utc(),
                   "x-acs-signature-nonce": uuid.uuid4().hex, "x-acs-content-sha256": hashlib.sha256(body).hexdigest(), **change}
        headers = [(k, v) for k, v in headers.items() if v is not None]
        signed = sorted(headers + (list(extra) if signed_extra else []))
        names = ";".join(dict.fromkeys(k.lower() for k, _ in signed))
        canonical_headers = ""
        for name in dict.fromkeys(k.lower() for k, _ in signed):
            canonical_headers += name + ":" + ",".join(sorted(v.strip() for k, v in signed if k.lower() == name)) + "\n"
        pairs = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))
        canonical = "\n".join([method, "/", query_of(pairs), canonical_headers, names, hashlib.sha256(body).hexdigest()])
        to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode("latin-1")).hexdigest()
        mac = hmac.new(key.secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        authorization = f"ACS3-HMAC-SHA256 Credential={key.id},SignedHeaders={names},Signature={mac}"
        return [p for p in headers + list(extra) if p[0] != "host"] + [("Authorization", authorization)]

    def v3(self, key, action, params=(), body=b"", content_type=None, method="POST", **change):
        query = query_of(params)
        headers = self.v3_headers(key, action, query, body, method, **change)
        if content_type:
            headers.append(("Content-Type", content_type))
        return self.send(self.request(method, "/" + ("?" + query if query else ""), headers, body))

    def list(self, key, **params):
        return self.v3(key, "DescribeRiskRules", sorted(params.items()))

    def handle(self, key, risk_id, detail="checked", **more):
        content = json.dumps({"HandleMethod": 0, "HandleDetail": detail})
        return self.v3(key, "PreHandleAuditRisk", [("RiskId", str(risk_id)), ("HandleInfoList.1.HandleType", "Manual"),
                                                   ("HandleInfoList.1.HandleContent", content)], **more)


def read_all(s):
    raw = b""
    try:
        while True:
            part = s.recv(65536)
            if not part:
                return raw
            raw += part
    except ConnectionResetError:
        return raw


class Merlon:
    """A store of one's own with users, and the command line on it."""

    def __init__(self, home):
        self.home, self.servers = home, []
        self.database = os.path.join(home, "merlon.db")
        self.store = "sqlite:" + self.database

    def env(self, **more):
        drop = ("ALIBABA", "ALICLOUD", "MERLON_", "XDG_", "LC_", "LANG")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(drop) and not k.lower().endswith("_proxy")}
        return dict(kept, HOME=self.home, LANG="C.UTF-8", NO_COLOR="1", **more)

    def run(self, *args, ok=(0,), **kw):
        done = subprocess.run([BINARY, *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
                              errors="surrogateescape", env=self.env(), timeout=120, **kw)
        assert done.returncode in ok, f"merlon {args}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def local(self, *args, account=ACCOUNT, **kw):
        return self.run(*args, "--store", self.store, "--account", account, **kw)

    def _key(self, name):
        path = os.path.join(self.home, name + ".json")
        with open(path, encoding="utf-8") as f:
            profile = json.load(f)["profiles"][-1]
        return Key(profile["access_key_id"], profile["access_key_secret"])

    def init(self, account, name):
        self.local("admin", "init", "--user", name, "--write-profile", os.path.join(self.home, name + ".json"), account=account)
        return self._key(name)

    def user(self, name, policy, account=ACCOUNT):
        self.local("admin", "user", "add", name, "--policy", policy, "--write-profile", os.path.join(self.home, name + ".json"),
                   account=account)
        return self._key(name)

    def detect(self, text, account=ACCOUNT, name="audit.log", ok=(0,), **options):
        path = os.path.join(self.home, name)
        with open(path, "ab") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        more = [part for key, value in options.items() for part in ("--" + key.replace("_", "-"), str(value))]
        return self.local("detect", "--format", "mariadb-server-audit", "--product", "RDS", "--time-zone", "UTC", *more, path,
                          account=account, ok=ok)


def dump_lines(table="orders", user="eve"):
    """What the built-in rule of database dumps finds."""
    return "".join(LOG_LINE % (user, 7, n, f"SELECT /*!40001 SQL_NO_CACHE */ * FROM `{table}`") for n in range(3))


@pytest.fixture
def merlon(tmp_path):
    m = Merlon(str(tmp_path))
    m.admin = m.init(ACCOUNT, "admin")
    yield m
    for server in m.servers:
        server.stop()


@pytest.fixture
def server(merlon):
    return Server(merlon)
