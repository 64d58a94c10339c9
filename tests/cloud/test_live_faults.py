"""What a live run makes of a cloud that throttles, fails, lies or ends credentials: it asks again where that may help, and never
takes for read what was not."""
import os
import sqlite3
import subprocess

import pytest

from conftest import BINARY

LISTS = ("ecs", "DescribeInstances")


class Run:
    """One `merlon collect` and its snapshot."""

    def __init__(self, cloud, tmp_path, *args, profile="ak", **options):
        self.path = str(tmp_path / "live.db")
        self.done = cloud.merlon(["collect", "-o", self.path, "--log-level", "debug", *args], profile=profile, **options)
        self.text = self.done.stdout + self.done.stderr

    def rows(self, sql, *params):
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True) as db:
            return db.execute(sql, params).fetchall()

    def outcomes(self, product, action):
        return {region: (outcome, code, message) for region, outcome, code, message in self.rows(
            "select region, outcome, code, message from collect_call where call = ?", f"{product}:{action}")}

    def unread(self):
        return self.rows("select call, region, key, outcome, message from collect_call where outcome in ('failed', 'throttled', 'denied')")


@pytest.fixture
def clean(cloud):
    """What was seen by no client of ours is seen by none afterwards."""
    yield cloud
    assert cloud.violations() == []


def expected(run):
    """An override of all hosts hides the regions of calls that name none: a trail's status is not found."""
    return [row for row in run.unread() if not row[0].startswith("actiontrail:")]


def test_a_throttled_call_waits_for_as_long_as_it_is_told(clean, tmp_path):
    clean.faults({"match": {"product": "ecs", "action": "DescribeInstances"}, "times": 1, "do": "throttle", "retry_after_ms": 1500})
    run = Run(clean, tmp_path)
    assert expected(run) == [], run.text[-2000:]
    first = next(c for c in clean.calls(product="ecs", action="DescribeInstances") if c["status"] != 200)
    again = [c for c in clean.calls(product="ecs", action="DescribeInstances", region=first["region"]) if c["time_ms"] > first["time_ms"]]
    assert again[0]["status"] == 200 and again[0]["time_ms"] - first["time_ms"] >= 1490


def test_what_stays_throttled_is_not_read(clean, tmp_path):
    clean.faults({"match": {"product": "ecs", "action": "DescribeInstances"}, "do": "throttle", "retry_after_ms": 5})
    run = Run(clean, tmp_path)
    assert run.done.returncode == 7
    outcomes = run.outcomes("ecs", "DescribeInstances")
    assert outcomes and all(o[0] == "throttled" for o in outcomes.values())
    calls = clean.calls(product="ecs", action="DescribeInstances")
    assert 2 <= len(calls) / len(outcomes) <= 8
    assert run.rows("select count(*) from ecs_instance") == [(0,)]


def test_a_cloud_that_fails_everywhere_is_not_stormed(clean, tmp_path):
    clean.faults({"match": {"product": "rds"}, "do": "status", "status": 500, "code": "InternalError"},
                 {"match": {"product": "slb"}, "do": "status", "status": 500, "code": "InternalError"},
                 {"match": {"product": "oss"}, "do": "status", "status": 500, "code": "InternalError"},
                 {"match": {"product": "vpc"}, "do": "status", "status": 500, "code": "InternalError"})
    run = Run(clean, tmp_path, "--no-pacing")
    assert run.done.returncode == 7
    calls = clean.calls()
    failed = sum(c["status"] == 500 for c in calls)
    kinds = run.rows("select count(*) from collect_call where call like 'rds:%' or call like 'slb:%' or call like 'oss:%' or call like 'vpc:%'")
    assert failed <= kinds[0][0] + 100 + len(calls) // 10 + 1, "more retries than the budget has"


@pytest.mark.parametrize("do", ["drop", "reset", "truncate"])
def test_a_connection_that_ends_is_tried_again(cloud, tmp_path, do):
    cloud.faults({"match": {"product": "ecs", "action": "DescribeDisks"}, "times": 2, "do": do})
    run = Run(cloud, tmp_path)
    assert expected(run) == [], run.text[-2000:]
    assert all(o[0] == "ok" for o in run.outcomes("ecs", "DescribeDisks").values())
    # The library sends a request once more when a connection that was kept had been closed; the cloud then asks for a new nonce.
    assert set(cloud.violations()) <= {"a nonce was used twice"}


@pytest.mark.parametrize("do, more, says", [
    ("html", {}, "page"), ("redirect", {}, "without an error code"), ("empty", {}, "empty"), ("malformed", {}, "cannot be read"),
    ("error200", {"code": "InternalError"}, ""), ("truncate", {}, "")])
def test_an_answer_that_is_none_is_not_read(clean, tmp_path, do, more, says):
    clean.faults({"match": {"product": "ecs", "action": "DescribeInstances"}, "do": do, **more})
    run = Run(clean, tmp_path)
    assert run.done.returncode == 7
    outcomes = run.outcomes("ecs", "DescribeInstances")
    assert outcomes and all(o[0] == "failed" and says in o[2] for o in outcomes.values()), outcomes
    assert run.rows("select count(*) from ecs_instance") == [(0,)]


def test_credentials_that_end_in_the_middle_are_renewed(clean, tmp_path):
    clean.faults({"match": {"product": "rds", "nth": 2}, "times": 1, "do": "expire"},
                 {"match": {"product": "oss", "nth": 3}, "times": 1, "do": "expire"})
    run = Run(clean, tmp_path, profile="role")
    assert expected(run) == [], run.text[-2000:]
    refused = [c for c in clean.calls() if "SecurityToken" in c.get("code", "")]
    assert refused and len(refused) < 100
    assert len(clean.calls(action="AssumeRole")) >= 2


def test_credentials_that_cannot_be_renewed_end_the_run_and_it_goes_on(start_cloud, tmp_path):
    own = start_cloud(accounts=1)
    own.faults({"match": {"product": "rds", "nth": 2}, "times": 1, "do": "expire"})
    run = Run(own, tmp_path, profile="sts")
    assert run.done.returncode == 4, run.text[-2000:]
    assert "gone on with" in run.done.stderr
    done = own.merlon(["collect", "--resume", run.path], profile="ak")
    assert done.returncode in (0, 7), done.stderr[-2000:]
    assert expected(run) == []


@pytest.mark.parametrize("offset, says", [("20m", "20 min"), ("-20m", "ahead of")])
def test_a_clock_that_is_off_is_told_of_and_mended(clean, tmp_path, offset, says):
    clean.clock(offset)
    run = Run(clean, tmp_path)
    clean.clock("0s")
    assert expected(run) == [], run.text[-2000:]
    assert says in run.done.stderr and run.done.stderr.count("this machine's clock is") == 1


def test_a_key_that_is_not_known_ends_the_run(clean, tmp_path):
    env = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "TESTCANARYKEYID0001", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "TESTCANARYSECRET0001"}
    run = Run(clean, tmp_path, profile=None, env=env)
    assert run.done.returncode == 4 and "InvalidAccessKeyId" in run.done.stderr
    assert "CANARY" not in run.text and len(clean.calls()) == 1


def test_a_certificate_that_nobody_vouches_for_sends_nothing(clean, tmp_path):
    args = ["collect", "-o", str(tmp_path / "a.db"), "--endpoint-override", clean.url, "--profile", "ak"]
    done = subprocess.run([BINARY, *args], capture_output=True, encoding="utf-8", env=clean.env(), timeout=60)
    assert done.returncode not in (0, 7) and "certificate" in done.stderr and "--cacert" in done.stderr
    assert clean.calls() == []


def test_a_name_that_a_proxy_does_not_know_is_no_region_without_the_product(clean, tmp_path):
    clean.faults({"match": {"product": "gpdb", "action": "DescribeDBInstances"}, "do": "nxdomain"})
    run = Run(clean, tmp_path, proxy=True)
    assert run.done.returncode == 7
    outcomes = run.outcomes("gpdb", "DescribeDBInstances")
    assert outcomes and all(o[0] == "failed" for o in outcomes.values()), outcomes


def test_no_secret_leaves(clean, tmp_path):
    raw = tmp_path / "raw"
    run = Run(clean, tmp_path, "--save-raw", raw, profile="role")
    kept = run.text.encode()
    for folder, _, names in os.walk(tmp_path):
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                kept += f.read()
    assert "Authorization" not in run.text and "DescribeInstances" in run.done.stderr
    assert [s for s in clean.secrets() if s.encode() in kept] == []
