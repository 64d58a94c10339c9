"""Answers that are none, clocks that are off, keys that end: what can be read is read, what cannot is said, and nothing passes by it."""
import collections
import http.server
import json
import os
import socket
import threading

import pytest
import reading

RESOURCES, REGIONS = 200, 2
READ_TIMEOUT_S = 3
TRIES = 6  # Of one call.
OSS_ERROR = '<?xml version="1.0"?><Error><Code>{}</Code><Message>no</Message></Error>'


@pytest.fixture(scope="module")
def world(stand_in):
    from conftest import Cloud
    cloud = Cloud(stand_in, resources=RESOURCES, regions=REGIONS)
    yield cloud
    cloud.stop()


class Clean:
    """An undisturbed run."""

    def __init__(self, cloud, path):
        # The report on credentials is made once, and asked for again by every run.
        assert cloud.merlon(["collect", "-o", f"{path}.first", "--no-pacing"], profile="ak", proxy=True).returncode == 0
        assert reading.collect(cloud, path).returncode == 0
        self.path, self.rows, self.findings = path, reading.rows(path), reading.findings(cloud, path)


@pytest.fixture(scope="module")
def clean(world, tmp_path_factory):
    world.reset()
    return Clean(world, tmp_path_factory.mktemp("clean") / "clean.db")


@pytest.fixture
def calm(world, clean):
    """A cloud that does what it should, again."""
    world.reset()
    return world


def on(call, do, **more):
    product, action = call.split(":")
    return {"match": {"product": product, "action": action}, "do": do, **more}


def no_secret(cloud, folder, *texts):
    secrets = [s.encode() for s in cloud.secrets()]
    for place, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(place, name), "rb") as f:
                texts += (f.read(),)
    for text in texts:
        text = text if isinstance(text, bytes) else text.encode()
        assert [s for s in secrets if s in text] == []


# ---- answers that are none ----
# Each call answers in its own wrong way; the word is in the record of the call.
SPOILT = [
    ("rds:DescribeDBInstanceSSL", {"do": "html"}, "failed", ""),
    ("rds:DescribeDBInstanceTDE", {"do": "redirect"}, "failed", ""),
    ("rds:DescribeDBInstanceIPArrayList", {"do": "redirect", "status": 307}, "failed", ""),
    ("rds:DescribeBackupPolicy", {"do": "empty"}, "failed", ""),
    ("vpc:DescribeEipAddresses", {"do": "error200"}, "failed", "InternalError"),
    ("ecs:DescribeSecurityGroups", {"do": "error200", "code": "Forbidden.RAM"}, "denied", "Forbidden.RAM"),
    ("kvstore:DescribeSecurityIps", {"do": "error200", "code": "Throttling.User"}, "throttled", "Throttling.User"),
    ("oss:GetBucketReferer", {"do": "body", "body": OSS_ERROR.format("ServiceUnavailable")}, "throttled", "ServiceUnavailable"),
    ("oss:GetPublicAccessBlock", {"do": "body", "body": OSS_ERROR.format("QpsLimitExceeded")}, "throttled", "QpsLimitExceeded"),
    ("oss:GetBucketEncryption", {"do": "malformed"}, "failed", ""),
    ("polardb:DescribeDBClusterAccessWhitelist", {"do": "malformed"}, "failed", ""),
    ("cdn:DescribeUserDomains", {"do": "status", "status": 418, "code": "IAmATeapot"}, "failed", "IAmATeapot"),
    ("ecs:DescribeDisks", {"do": "body", "body": '["a list", "where an object should be"]'}, "failed", ""),
    ("dds:DescribeDBInstances", {"do": "body", "body": '{"RequestId":"1","TotalCount":1,"DBInstances":{"DBInstance":"x"}}'}, "failed", ""),
    ("ims:GetAccountMFAInfo", {"do": "body", "body": '{"AccountMFAInfo":["MFA"]}'}, "failed", ""),
    ("gpdb:DescribeDBInstances", {"do": "body", "body": '{"RequestId":"1"}'}, "failed", ""),
    ("cms:DescribeMonitoringAgentHosts", {"do": "body", "body": "null"}, "failed", ""),
    ("rds:DescribeDBInstanceNetInfo", {"do": "drop"}, "failed", ""),
    ("oss:GetBucketReplication", {"do": "reset"}, "failed", ""),
    ("slb:DescribeAccessControlListAttribute", {"do": "truncate"}, "failed", ""),
    ("oss:GetBucketPolicy", {"do": "truncate"}, "failed", ""),
    ("ecs:DescribeAutoSnapshotPolicyEx", {"do": "hang"}, "failed", "time"),
    ("kvstore:DescribeAuditLogConfig", {"do": "status", "status": 500}, "failed", "InternalError"),
    ("actiontrail:DescribeTrails", {"do": "throttle", "retry_after_ms": 100}, "throttled", "Throttling"),
]
NO_HOST = "ddoscoo"


@pytest.fixture(scope="module")
def spoilt(world, clean, tmp_path_factory):
    """All of them in one run."""
    folder = tmp_path_factory.mktemp("spoilt")
    world.reset()
    world.faults({"match": {"product": NO_HOST}, "do": "nxdomain"}, *(on(call, **fault) for call, fault, _, _ in SPOILT))
    done = reading.collect(world, folder / "spoilt.db", "--save-raw", folder / "raw", "--log-level", "debug",
                           "--read-timeout", READ_TIMEOUT_S, ends=(7,), timeout=300)
    return world, folder, done, world.violations(), world.calls()


@pytest.mark.parametrize("call, fault, outcome, word", SPOILT, ids=[f"{c} {f['do']}" for c, f, _, _ in SPOILT])
def test_an_answer_that_is_none_is_not_read(spoilt, call, fault, outcome, word):
    _, folder, _, _, calls = spoilt
    assert any(c.get("fault") == fault["do"] and f"{c['product']}:{c['action']}" == call for c in calls)
    found, message = reading.outcomes(folder / "spoilt.db", call)
    assert found == {outcome}, (found, message)
    assert message and word in message


def test_answers_that_are_none_cost_only_themselves(spoilt, clean):
    _, folder, _, _, _ = spoilt
    unread = reading.unread(folder / "spoilt.db")
    assert {call for call in unread if not call.startswith(NO_HOST)} == {call for call, _, _, _ in SPOILT}


def test_a_host_that_does_not_resolve_is_not_taken_for_a_product_that_is_not_there(spoilt):
    _, folder, _, _, _ = spoilt
    found, message = reading.outcomes(folder / "spoilt.db", "ddoscoo:DescribeInstances")
    assert found == {"failed"} and message


def test_a_call_is_asked_again_only_so_often(spoilt):
    _, _, done, _, calls = spoilt
    asked = collections.Counter((c["product"], c["action"], c.get("region"), c.get("params")) for c in calls if c.get("fault"))
    assert max(n for (product, action, _, _), n in asked.items() if action == "DescribeTrails") in range(2, TRIES + 1)
    assert "throttled" in done.stderr


def test_answers_that_are_none_give_no_wrong_verdict(spoilt, clean):
    cloud, folder, _, _, _ = spoilt
    found = reading.findings(cloud, folder / "spoilt.db")
    assert reading.wrong_answers(clean.findings, found) == []
    assert len(reading.doubts(found)) > len(reading.doubts(clean.findings))


def test_a_redirect_is_not_followed(spoilt):
    _, _, _, violations, calls = spoilt
    assert [v for v in violations if "redirect" in v] == []
    assert not [c for c in calls if c.get("fault") == "redirect" and not c["authorized"]]


def test_the_recording_of_spoilt_answers_gives_the_same_verdicts(spoilt, clean):
    cloud, folder, _, _, _ = spoilt
    done = cloud.merlon(["check", "run", "--replay", folder / "raw", "-o", "jsonl"])
    assert done.returncode in reading.ENDS, done.stderr[-2000:]
    replayed = [json.loads(line) for line in done.stdout.splitlines()]
    assert reading.verdicts(replayed) == reading.verdicts(reading.findings(cloud, folder / "spoilt.db"))


def test_no_secret_is_in_anything_that_is_written(spoilt):
    cloud, folder, done, _, _ = spoilt
    assert "DEBUG" in done.stderr.upper() or "DescribeRegions" in done.stderr
    no_secret(cloud, folder, done.stdout, done.stderr)


def test_a_redirect_to_another_host_is_not_followed(calm, tmp_path):
    seen = []

    class Target(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.path)
            self.send_error(404)
        do_POST = do_GET

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Target)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    class Redirect(Target):
        def do_GET(self):
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{server.server_port}/there")
            self.send_header("Content-Length", "0")
            self.end_headers()
        do_POST = do_GET

    first = http.server.HTTPServer(("127.0.0.1", 0), Redirect)
    threading.Thread(target=first.serve_forever, daemon=True).start()
    try:
        done = calm.merlon(["collect", "-o", tmp_path / "a.db", "--endpoint-override", f"Ecs=http://127.0.0.1:{first.server_port}",
                            "--no-pacing"], profile="ak")
    finally:
        for s in (server, first):
            s.shutdown()
            s.server_close()
    assert done.returncode == 7 and seen == []
    assert "failed" in reading.outcomes(tmp_path / "a.db", "ecs:DescribeRegions")[0]


# ---- connections that end ----
def test_connections_that_end_now_and_then_cost_nothing(calm, clean, tmp_path):
    calm.faults(*({"match": {"product": p}, "do": do, "times": 2} for p, do in
                  (("rds", "drop"), ("ecs", "reset"), ("oss", "truncate"), ("slb", "drop"))),
                {"match": {"product": "vpc"}, "do": "status", "status": 503, "times": 1})
    assert reading.collect(calm, tmp_path / "a.db").returncode == 0
    assert reading.differences(clean.rows, reading.rows(tmp_path / "a.db")) == {}


# ---- certificates ----
def nothing_was_read(cloud, done, folder):
    assert done.returncode in (1, 6), (done.returncode, done.stderr)
    assert "certificate" in done.stderr
    assert cloud.calls() == []
    no_secret(cloud, folder, done.stdout, done.stderr)


def test_a_certificate_for_another_name_is_refused_before_anything_is_sent(start_cloud, tmp_path):
    cloud = start_cloud(resources=100, certificate="other")
    for proxy in (False, True):
        nothing_was_read(cloud, cloud.merlon(["collect", "-o", tmp_path / f"{proxy}.db"], profile="ak", proxy=proxy), tmp_path)


def test_a_certificate_of_an_unknown_authority_is_refused_before_anything_is_sent(calm, start_cloud, tmp_path):
    other = start_cloud(resources=100)
    right, calm.ca = calm.ca, other.ca
    try:
        done = calm.merlon(["collect", "-o", tmp_path / "a.db"], profile="ak", proxy=True)
    finally:
        calm.ca = right
    nothing_was_read(calm, done, tmp_path)


# ---- clocks ----
@pytest.mark.parametrize("offset, said", [("20m", "behind"), ("-20m", "ahead")])
@pytest.mark.parametrize("profile", ["ak", "role"])
def test_a_clock_twenty_minutes_off_is_said_and_made_up_for(calm, clean, tmp_path, offset, said, profile):
    calm.clock(offset)
    try:
        done = reading.collect(calm, tmp_path / "a.db", ends=(0,), profile=profile)
    finally:
        calm.clock("0s")
    line = next(text for text in done.stderr.splitlines() if "clock" in text)
    assert said in line
    measured = line.split("clock is ")[1].split(" " + said)[0].split()
    seconds = sum(int(n) * {"h": 3600, "min": 60, "s": 1}[unit] for n, unit in zip(measured[::2], measured[1::2]))
    assert abs(seconds - 1200) <= 5, line
    assert done.stderr.count("clock is") == 1
    if profile == "ak":
        assert reading.differences(clean.rows, reading.rows(tmp_path / "a.db")) == {}


# ---- keys that end ----
RENEWABLE = ["role", "ecs", "chain", "oidc", "uri"]


@pytest.mark.parametrize("profile", RENEWABLE)
def test_a_session_that_ends_in_the_middle_is_renewed(calm, clean, tmp_path, profile):
    calm.faults({"match": {"product": "rds", "nth": 5}, "do": "expire"}, {"match": {"product": "oss", "nth": 9}, "do": "expire"})
    done = reading.collect(calm, tmp_path / "a.db", ends=(0,), profile=profile)
    assert {c["fault"] for c in calm.calls() if c.get("fault")} == {"expire"}
    assert "renewed" in done.stderr
    lost = reading.differences(clean.rows, reading.rows(tmp_path / "a.db"))
    assert set(lost) <= {"account", "collect_call"}, lost
    assert reading.unread(tmp_path / "a.db") == set()
    no_secret(calm, tmp_path, done.stdout, done.stderr)


def test_a_session_that_cannot_be_renewed_ends_the_run_which_can_be_gone_on_with(world, clean, start_cloud, tmp_path):
    cloud = start_cloud(resources=RESOURCES, regions=REGIONS)
    path = tmp_path / "a.db"
    cloud.faults({"match": {"product": "rds", "nth": 5}, "do": "expire"})
    done = reading.collect(cloud, path, profile="sts", ends=(4,))
    assert "merlon collect --resume" in done.stderr
    assert 0 < len(reading.records(path)) < len(reading.records(clean.path))
    read = {key for key, record in reading.records(path).items() if record[0] in reading.READ}
    no_secret(cloud, tmp_path, done.stdout, done.stderr)
    cloud.reset()
    done = cloud.merlon(["collect", "--resume", path, "--no-pacing"], profile="ak", proxy=True)
    assert done.returncode == 0, done.stderr
    assert reading.unread(path) == set() and read <= set(reading.records(path))
    lost = reading.differences(clean.rows, reading.rows(path))
    assert set(lost) <= {"account", "collect_call", "ims_credential_report"}, lost


# ---- permissions ----
def test_without_any_permission_nothing_passes(calm, clean, tmp_path):
    calm.faults(*({"match": {"product": p}, "do": "deny"} for p in {c.split(":")[0] for c, _, _ in reading.records(clean.path)} - {"sts"}))
    reading.collect(calm, tmp_path / "a.db", ends=(7,))
    found = reading.findings(calm, tmp_path / "a.db")
    assert {f["Verdict"] for f in found} == {"unknown"}
    assert {f["ItemId"] for f in clean.findings} <= set(reading.doubts(found))


def test_credentials_that_may_not_even_be_named_are_said(calm, tmp_path):
    calm.faults({"match": {}, "do": "deny"})
    done = reading.collect(calm, tmp_path / "a.db", ends=(5,))
    assert "GetCallerIdentity" in done.stderr and "merlon collect --resume" in done.stderr


# A public ACL fails where nobody can say whether something makes it harmless (docs of item 12).
ALARMS_KEPT = {"oss:GetBucketInfo": (12,)}
DENIED = [
    "ecs:DescribeSecurityGroupAttribute", "ecs:DescribeRegions", "ecs:DescribeInstances", "oss:ListBuckets", "oss:GetBucketInfo",
    "rds:DescribeDBInstances", "rds:DescribeDBInstanceIPArrayList", "slb:DescribeLoadBalancers", "vpc:DescribeEipAddresses",
    "actiontrail:DescribeTrails",
]


@pytest.mark.parametrize("call", DENIED)
def test_one_permission_that_is_missing_is_named_and_nothing_passes_by_it(calm, clean, tmp_path, call):
    calm.faults(on(call, "deny"))
    reading.collect(calm, tmp_path / "a.db", ends=(7,))
    assert reading.outcomes(tmp_path / "a.db", call)[0] == {"denied"}
    assert call.endswith("DescribeRegions") or reading.unread(tmp_path / "a.db") == {call}
    found = reading.findings(calm, tmp_path / "a.db")
    assert reading.wrong_answers(clean.findings, found, ALARMS_KEPT.get(call, ())) == []
    with reading.opened(tmp_path / "a.db") as db:
        ram = db.execute("SELECT ram_action FROM plan_call WHERE call = ?", (call,)).fetchone()[0]
    db.close()
    assert any(ram in text for text in reading.doubts(found).values()), ram


# ---- for ever ----
def test_a_cloud_that_always_throttles_is_not_asked_for_ever(calm, clean, tmp_path):
    calm.faults(*({"match": {"product": p}, "do": "throttle", "retry_after_ms": 0} for p in ("oss", "rds", "kvstore", "ecs")),
                {"match": {"product": "vpc"}, "do": "throttle", "retry_after_ms": 0})
    reading.collect(calm, tmp_path / "a.db", ends=(7,), timeout=300)
    throttled = [c for c in calm.calls() if c.get("fault") == "throttle"]
    refused = [r for r in reading.records(tmp_path / "a.db").values() if r[0] == "throttled"]
    assert refused and len(throttled) <= len(refused) + 100 + len(calm.calls()) / 10
    assert reading.wrong_answers(clean.findings, reading.findings(calm, tmp_path / "a.db")) == []


# ---- no way there ----
def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_a_proxy_that_is_not_there_is_said(calm, tmp_path):
    done = calm.merlon(["collect", "-o", tmp_path / "a.db"], profile="ak", proxy=True,
                       env={"HTTPS_PROXY": f"http://127.0.0.1:{closed_port()}"})
    assert done.returncode == 6 and "no connection" in done.stderr, done.stderr
    assert calm.calls() == []


def test_an_endpoint_that_is_not_there_is_said(calm, tmp_path):
    done = calm.merlon(["collect", "-o", tmp_path / "a.db", "--endpoint-override", f"http://127.0.0.1:{closed_port()}"],
                       profile="ak", proxy=True)
    assert done.returncode == 6, done.stderr
    assert "127.0.0.1" in done.stderr
    no_secret(calm, tmp_path, done.stdout, done.stderr)


def test_keys_that_are_not_known_are_said(calm, tmp_path):
    home = tmp_path / "home"
    (home / ".aliyun").mkdir(parents=True)
    profile = dict(calm.profile("ak"), access_key_id="LTAI5tCANARYCANARY0001")
    (home / ".aliyun" / "config.json").write_text(json.dumps({"current": "ak", "profiles": [profile]}))
    os.chmod(home / ".aliyun" / "config.json", 0o600)
    done = calm.merlon(["collect", "-o", tmp_path / "a.db"], profile="ak", proxy=True, env={"HOME": str(home)})
    assert done.returncode == 4, done.stderr
    assert "CANARY0001" not in done.stderr and profile["access_key_secret"] not in done.stderr + done.stdout
