"""What the command line tests share: a private home, a fake cloud that records, and the canary credentials.

MERLON names the binary (default: build/merlon under the current folder). Only loopback, bounded time.
"""
import json
import os
import subprocess
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

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


def item(item_id, **more):
    """A check item as DescribeRiskCheckResult lists it."""
    return dict({
        "ItemId": item_id, "TaskId": 7, "CheckTime": 1767323045000, "AffectedCount": 2, "RemainingTime": 0, "Sort": item_id,
        "Status": "failed", "RiskLevel": "high", "Title": f"Item {item_id}", "RiskAssertType": "OSS", "Type": "Data security",
        "StartStatus": "enabled", "RepairStatus": "disabled", "RiskItemResources": [
            {"ResourceName": "suggestion", "ContentResource": {"type": "text", "value": "Mend it."}}]}, **more)


def resource(result_id, name, **more):
    return dict({"id": result_id, "region": "cn-hangzhou", "name": name, "value": "public-read", "status": "failed"}, **more)


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


def listen(handler):
    """A server on loopback, in threads of its own, and its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}"


class Cloud:
    """A cloud with risk events and check items. `script` holds answers for the next calls; after them it behaves."""

    def __init__(self):
        self.calls, self.script, self.events, self.shape = [], [], [], "plain"
        self.items, self.resources = [], {}  # resources: item id -> rows
        self.retired = None  # the code that the older check actions answer with
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

        self.server, self.url = listen(Handler)

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
        if self.retired and call.action.startswith("DescribeRiskCheck"):
            return error(self.retired, 404)
        sas = {"DescribeRiskCheckResult": self.sas_items, "DescribeRiskCheckItemResult": self.sas_rows,
               "ListCheckResult": self.sas_checks, "ListCheckInstanceResult": self.sas_instances,
               "ModifyRiskCheckStatus": self.sas_mark, "ModifyRiskSingleResultStatus": self.sas_mark_rows,
               "StartBaselineSecurityCheck": self.sas_start}
        return sas[call.action](call) if call.action in sas else error("InvalidAction.NotFound", 404)

    @staticmethod
    def part(call, rows):
        page, size = int(call.params["CurrentPage"]), int(call.params["PageSize"])
        return rows[(page - 1) * size:page * size]

    def chosen(self, call, name):
        ids = [int(v) for k, v in call.params.items() if k.startswith(name + ".")]
        return [i for i in self.items if not ids or i["ItemId"] in ids]

    def sas_items(self, call):
        rows = self.chosen(call, "ItemIds")
        return Answer(200, {"List": self.part(call, rows), "TotalCount": len(rows), "RequestId": "R-%d" % len(self.calls)})

    def sas_rows(self, call):
        rows = self.resources.get(int(call.params["ItemId"]), [])
        part = self.part(call, rows)
        grid = {"columns": [{"key": "RegionId"}, {"key": "BucketName"}, {"key": "VulValue"}],
                "resultStatus": [{"id": r["id"], "status": r["status"]} for r in part],
                "values": [{"RegionId": {"value": r["region"]}, "BucketName": {"value": r["name"]}, "VulValue": {"value": r["value"]}}
                           for r in part]}
        return Answer(200, {"RequestId": "R-2", "PageContentResource": {"TotalCount": len(rows), "ContentResource": grid}})

    NEWER = {"pass": "PASS", "failed": "NOT_PASS", "waiting": "NOT_CHECK", "running": "CHECKING", "ignored": "WHITELIST"}

    def sas_checks(self, call):
        rows = self.chosen(call, "CheckIds")
        checks = [{"CheckId": r["ItemId"], "CheckShowName": r["Title"], "InstanceType": r["RiskAssertType"], "TaskId": r["TaskId"],
                   "RiskLevel": r["RiskLevel"].upper(), "Status": self.NEWER.get(r["Status"], r["Status"]),
                   "LastCheckTime": r["CheckTime"], "CheckPolicies": [{"SectionShowName": "Storage"}]} for r in self.part(call, rows)]
        return Answer(200, {"Checks": checks, "PageInfo": {"TotalCount": len(rows), "CurrentPage": 1}, "RequestId": "R-3"})

    def sas_instances(self, call):
        rows = self.resources.get(int(call.params["CheckId"]), [])
        data = [{"Id": r["id"], "InstanceId": r["name"], "RegionId": r["region"], "Status": self.NEWER[r["status"]],
                 "StatusMessage": r["value"]} for r in self.part(call, rows)]
        return Answer(200, {"BasicData": data, "PageInfo": {"TotalCount": len(rows)}, "RequestId": "R-4"})

    def sas_mark(self, call):
        for i in self.items:
            if str(i["ItemId"]) == call.params["ItemId"]:
                i["Status"] = "ignored" if call.params["Status"] == "ignored" else "failed"
        return Answer(200, {"RequestId": "W-1"})

    def sas_mark_rows(self, call):
        for rows in self.resources.values():
            for r in rows:
                if str(r["id"]) == call.params["Ids.1"]:
                    r["status"] = call.params["Status"]
        return Answer(200, {"RequestId": "W-2"})

    def sas_start(self, call):
        for i in self.items:
            i["CheckTime"] += 60000
        return Answer(200, {"RequestId": "W-3"})

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


ACCOUNT = "1234567890123456"


def quoted(part):
    """A part of a recording's path (docs/replay.md)."""
    text = "".join(chr(b) if chr(b).isascii() and (chr(b).isalnum() or chr(b) in "_-.") else "%%%02X" % b for b in part.encode())
    return "%2E" + text[1:] if text.startswith(".") else text


class Recording:
    """Recorded answers about buckets; every other call is not recorded."""

    def __init__(self, folder, account=ACCOUNT):
        self.folder, self.buckets = folder, {}
        self.put("recording.json", json.dumps({"format": 1, "account": account, "recorded": "2026-11-22T00:00:00Z"}))
        self.put("sts/GetCallerIdentity/_/_.1.json", json.dumps({"AccountId": account}))
        self.put("oss/GetPublicAccessBlock/_/_.1.xml", "<C><BlockPublicAccess>false</BlockPublicAccess></C>")
        self.bucket("acme-web", "public-read").bucket("acme-private", "private")

    def put(self, path, text):
        full = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(text)

    def remove(self, path):
        os.unlink(os.path.join(self.folder, path))

    def bucket(self, name, acl, region="cn-hangzhou"):
        """acl None: the call for it is refused."""
        self.buckets[name] = region
        listed = "".join(f"<Bucket><Name>{escape(n)}</Name><Region>{r}</Region></Bucket>" for n, r in self.buckets.items())
        self.put("oss/ListBuckets/_/_.1.xml", f"<R><IsTruncated>false</IsTruncated><Buckets>{listed}</Buckets></R>")
        path = f"oss/GetBucketInfo/{region}/{quoted(name)}.1"
        if acl is None:
            if os.path.exists(os.path.join(self.folder, path + ".xml")):
                self.remove(path + ".xml")
            for action in ("GetBucketInfo", "GetBucketAcl"):
                self.put(f"oss/{action}/{region}/{quoted(name)}.1.403.xml", "<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
        else:
            self.put(path + ".xml", f"<I><Bucket><AccessControlList><Grant>{acl}</Grant></AccessControlList>"
                                    "<BlockPublicAccess>false</BlockPublicAccess></Bucket></I>")
        return self

    def __str__(self):
        return self.folder


@pytest.fixture
def recording(tmp_path):
    return Recording(str(tmp_path / "recording"))


class Store:
    """A store with one account and without an endpoint."""

    def __init__(self, home):
        self.url, self.run = f"sqlite:{home}/store.db", Runner(home, None)
        done = self.run("admin", "init", "--store", self.url, "--account", ACCOUNT, "--user", "ops", "--seal-key", f"{home}/seal",
                        "--write-profile", f"{home}/profiles.json")
        assert done.returncode == 0, done.stderr

    def __call__(self, *args, **more):
        return self.run(*args, "--store", self.url, "--account", ACCOUNT, **more)


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path))


@pytest.fixture
def local(tmp_path):
    """The command line without an endpoint and without a store, its temporary files in a folder of its own."""
    os.makedirs(tmp_path / "tmp")
    run = Runner(str(tmp_path), None)
    plain = run.env
    run.env = lambda **more: plain(TMPDIR=str(tmp_path / "tmp"), **more)
    run.left = lambda: os.listdir(tmp_path / "tmp")
    return run


@pytest.fixture
def cloud():
    c = Cloud()
    yield c
    c.close()


@pytest.fixture
def merlon(tmp_path, cloud):
    return Runner(str(tmp_path), cloud).profile()
