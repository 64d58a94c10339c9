"""What the command line tests share: a private home, a fake cloud that records, and the canary credentials.

MERLON names the binary (default: build/merlon under the current folder). Only loopback, bounded time.
"""
import json
import os
import subprocess
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

BINARY = os.path.abspath(os.environ.get("MERLON", "build/merlon"))
CANARY_ID = "LTAI5tCANARYCANARYCANARY"
CANARY_SECRET = "CanarySecretCanarySecret012345"


def event(risk_id, **more):
    base = {
        "RiskId": risk_id, "RuleId": 7, "RuleName": "nightly_mysqldump", "RuleCategoryId": 11,
        "RuleCategoryName": "Database Dump Attack", "WarnLevel": 3, "WarnLevelName": "High Risk", "ProductCode": "RDS",
        "AlarmSource": "DSC", "AlertFrequency": "1/day", "AlarmCount": 20, "TotalAlarmCount": 20, "InstanceCount": 2,
        "TotalInstanceCount": 2, "ClientIpCount": 1, "TotalClientIpCount": 1, "UserNameCount": 1, "TotalUserNameCount": 1,
        "FirstAlarmTime": 1767323045000, "LastAlarmTime": 1767323045000, "HandleStatus": "UNPROCESSED",
        "HandleMarkTime": 0, "SupportAi": False,
    }
    return dict(base, **more)


class Call:
    """One request as it arrived."""

    def __init__(self, headers, params):
        self.headers, self.params = headers, params
        self.action = headers.get("x-acs-action")


class Answer:
    """What to send back: a status, a body and headers; None as body hangs up after reading the request."""

    def __init__(self, status, body, headers=None):
        self.status, self.body, self.headers = status, body, headers or {}


def error(code, status=400, message="refused", **headers):
    return Answer(status, {"RequestId": "E-1", "HostId": "x", "Code": code, "Message": message},
                  {k.replace("_", "-"): str(v) for k, v in headers.items()})


class Cloud:
    """A cloud with risk events. `script` holds answers for the next calls; after them it behaves."""

    def __init__(self):
        self.calls, self.script, self.events, self.shape = [], [], [], "plain"
        self.change = None  # called with (cloud, call) before each answer
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                query = urllib.parse.urlsplit(self.path).query
                call = Call(self.headers, dict(urllib.parse.parse_qsl(query, keep_blank_values=True)))
                cloud.calls.append(call)
                answer = cloud.answer(call)
                if answer.body is None:
                    self.close_connection = True
                    return
                body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
                self.send_response(answer.status)
                for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, call):
        if self.change:
            self.change(self, call)
        if self.script:
            step = self.script.pop(0)
            return step(self, call) if callable(step) else step
        return self.behave(call)

    def behave(self, call):
        if call.action == "DescribeRiskRules":
            return Answer(200, self.page(call))
        if call.action == "PreHandleAuditRisk":
            for e in self.events:
                if str(e["RiskId"]) == call.params["RiskId"]:
                    e["HandleStatus"] = "PROCESSED"
            return Answer(200, {"RequestId": "C34D813F-A234-5D66-842D-504D84D5C680", "Success": True})
        return error("InvalidAction.NotFound", 404)

    def page(self, call):
        items = [e for e in self.events if e["HandleStatus"] == call.params["HandleStatus"]]
        page, size = int(call.params["CurrentPage"]), int(call.params["PageSize"])
        body = {"TotalCount": len(items), "CurrentPage": page, "PageSize": size,
                "Items": items[(page - 1) * size:page * size], "RequestId": "R-%d" % len(self.calls)}
        if self.shape == "data":
            return {"code": 200, "success": True, "requestId": body.pop("RequestId"), "data": body}
        return body

    def actions(self):
        return [c.action for c in self.calls]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Runner:
    def __init__(self, home, cloud):
        self.home, self.cloud = home, cloud
        self.config = os.path.join(home, ".aliyun", "config.json")

    def profile(self, mode="AK", name="test", **more):
        os.makedirs(os.path.dirname(self.config), exist_ok=True)
        row = {"name": name, "mode": mode, "access_key_id": CANARY_ID, "access_key_secret": CANARY_SECRET,
               "region_id": "cn-hangzhou", **more}
        with open(self.config, "w") as f:
            json.dump({"current": name, "profiles": [row]}, f)
        os.chmod(self.config, 0o600)
        return self

    def env(self, **more):
        drop = ("ALIBABA", "ALICLOUD", "MERLON_", "XDG_", "LC_", "LANG", "SSL_CERT", "CURL_CA")
        full = {k: v for k, v in os.environ.items() if not k.startswith(drop) and not k.lower().endswith("_proxy")}
        full.update(HOME=self.home, LANG="C.UTF-8", NO_COLOR="1")
        full.update(more)
        return full

    def __call__(self, *args, stdin="", env=None, endpoint=True, timeout=60):
        head = ["--endpoint", self.cloud.url] if endpoint and self.cloud else []
        return subprocess.run([BINARY, *head, *map(str, args)], input=stdin, capture_output=True, encoding="utf-8",
                              env=self.env(**(env or {})), timeout=timeout)

    def journal(self):
        path = os.path.join(self.home, ".local/state/merlon/handled.jsonl")
        if not os.path.exists(path):
            return []
        with open(path) as f:
            return [json.loads(line) for line in f]


@pytest.fixture
def cloud():
    c = Cloud()
    yield c
    c.close()


@pytest.fixture
def merlon(tmp_path, cloud):
    return Runner(str(tmp_path), cloud).profile()
