"""An account that is read live is judged as its recording is, item by item, and as a judge says who knows neither the catalogue nor
the product.

The account is read through the proxy, by the names of the real hosts, so that each region and site is asked where it is.
"""
import collections
import json
import os
import sys
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "oracle"))

RESOURCES, REGIONS = 1000, 4
ITEMS = 45
ENOUGH = 36     # Of the items, so many have a resource that passes, and so many one that fails.
ENDS = (0, 7)   # 7: not all could be read.


def lines(done):
    assert done.returncode in ENDS, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def verdicts(rows):
    """What is said of each resource."""
    return sorted((r["ItemId"], r["RegionId"], r["ResourceId"], r["Verdict"], r["Value"], r["NotAssessed"]) for r in rows)


def items(rows):
    """What is said of each item, apart from the time."""
    return sorted((r["ItemId"], r["Status"], r["AffectedCount"], r.get("NotAssessed", "")) for r in rows)


class Read:
    """One account, read once: its snapshot and its recording."""

    def __init__(self, cloud, folder):
        self.cloud, self.snapshot, self.recording = cloud, folder / "live.db", folder / "recording"
        self.done = self.merlon("collect", "-o", self.snapshot, "--save-raw", self.recording, "--no-pacing")
        assert self.done.returncode in ENDS, self.done.stderr[-3000:]

    def merlon(self, *args):
        return self.cloud.merlon(args, profile="ak", proxy=True, timeout=300)

    def judged(self, source, *more):
        place = self.snapshot if source == "--snapshot" else self.recording
        return lines(self.merlon("check", "run", source, place, "-o", "jsonl", *more))


@pytest.fixture(scope="module")
def world(stand_in):
    from conftest import Cloud
    cloud = Cloud(stand_in, resources=RESOURCES, regions=REGIONS)
    yield cloud
    cloud.stop()


@pytest.fixture(scope="module")
def read(world, tmp_path_factory):
    return Read(world, tmp_path_factory.mktemp("read"))


def test_nothing_is_asked_that_the_cloud_does_not_know(read):
    assert read.cloud.violations() == []


def test_the_account_is_read_whole(read):
    assert read.done.returncode == 0, read.done.stderr[-3000:]


def test_the_recording_gives_the_same_verdicts(read):
    live = verdicts(read.judged("--snapshot"))
    assert len(live) > RESOURCES / 2
    assert live == verdicts(read.judged("--replay"))


def test_a_scan_of_the_cloud_is_a_scan_of_its_recording(read, tmp_path):
    again = tmp_path / "again"
    live = lines(read.merlon("scan", "-o", "jsonl", "--save-raw", again, "--no-pacing"))
    assert len(live) == ITEMS
    assert items(live) == items(lines(read.merlon("scan", "--replay", again, "-o", "jsonl")))
    assert items(live) == items(lines(read.merlon("scan", "--replay", read.recording, "-o", "jsonl")))


def test_most_items_have_what_passes_and_what_fails(read):
    found = collections.defaultdict(set)
    for row in read.judged("--snapshot"):
        if row["ResourceId"]:
            found[row["Verdict"]].add(row["ItemId"])
    assert len(found["pass"]) >= ENOUGH and len(found["fail"]) >= ENOUGH, found


def told(rows):
    """Rows and doubts as the oracle compares them."""
    by_item, doubts = collections.defaultdict(dict), {}
    for row in rows:
        if row["ResourceId"] == "":
            doubts[row["ItemId"]] = row["Value"]
        else:
            by_item[row["ItemId"]]["" if row["RegionId"] == "global" else row["RegionId"], row["ResourceId"]] = (row["Verdict"], row["Value"])
    return by_item, doubts


def differences(read, monkeypatch):
    import judge
    import judge_iam
    import oracle
    from recording import Recording

    for module in (judge, judge_iam):
        monkeypatch.setattr(module, "ACCOUNT", read.cloud.account()["id"])
    findings = judge.judge(Recording.read(str(read.recording)), time.time())
    rows, doubts = told(read.judged("--snapshot"))
    assert len(findings) == ITEMS
    return [line for item in findings for line in oracle.differences(findings[item], rows[item], doubts, item)]


def test_an_independent_judge_agrees(read, monkeypatch):
    assert differences(read, monkeypatch) == []


# ---- an account of which not all may be read ----

DENIED = ["DescribeDBInstanceSSL", "DescribeSecurityIps", "ListScanRule", "DescribeDisks", "GetBucketEncryption", "DescribeWebRules",
          "ListRealtimeLogDelivery", "DescribeDBClusterAuditLogCollector"]


@pytest.fixture(scope="module")
def half(world, read, tmp_path_factory):
    world.faults(*({"match": {"action": action}, "do": "deny"} for action in DENIED))
    yield Read(world, tmp_path_factory.mktemp("half"))
    world.faults()


def test_what_was_refused_is_refused_in_the_recording(half):
    assert half.done.returncode == 7
    live = verdicts(half.judged("--snapshot"))
    assert live == verdicts(half.judged("--replay"))


def test_a_refusal_makes_no_verdict_better(read, half):
    whole = {row[:3]: row[3] for row in verdicts(read.judged("--snapshot"))}
    for row in verdicts(half.judged("--snapshot")):
        if row[2] and row[3] != "unknown":
            assert whole.get(row[:3]) == row[3], row


def test_an_independent_judge_agrees_about_the_rest(half, monkeypatch):
    assert differences(half, monkeypatch) == []


# ---- an account of which some answers are spoilt ----

SPOILT = ["html", "redirect", "error200", "malformed", "truncate", "empty"]
PRODUCTS = ["cas", "cdn", "cms", "cr", "ddoscoo", "dds", "ecs", "gpdb", "ims", "kvstore", "oss", "polardb", "rds", "sas", "slb", "vpc", "waf"]


@pytest.fixture(scope="module")
def spoilt(world, read, tmp_path_factory):
    world.faults(*({"match": {"product": product, "probability": 0.01}, "do": what} for product in PRODUCTS for what in SPOILT))
    yield Read(world, tmp_path_factory.mktemp("spoilt"))
    world.faults()


def test_spoilt_answers_are_spoilt_in_the_recording(spoilt):
    assert spoilt.done.returncode == 7
    assert verdicts(spoilt.judged("--snapshot")) == verdicts(spoilt.judged("--replay"))


def test_a_spoilt_answer_makes_no_verdict_wrong(read, spoilt):
    whole = {row[:3]: row[3] for row in verdicts(read.judged("--snapshot"))}
    rows = [row for row in verdicts(spoilt.judged("--snapshot")) if row[2] and row[3] != "unknown"]
    assert len(rows) > len(whole) / 5
    assert [row for row in rows if whole.get(row[:3]) != row[3]] == []
