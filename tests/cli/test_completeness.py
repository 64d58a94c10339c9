"""What a verdict rests on, as people and programs are told it: in words, in JSON and CSV, in reports, and not at all where nobody wrote it down."""
import csv
import io
import json
import os
import sqlite3
import xml.etree.ElementTree as ET

import pytest

SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "accounts", "sample")


@pytest.fixture
def scanned(store, recording):
    """Item 12: three buckets, of which one was refused; the calls of item 13 are not recorded."""
    recording.bucket("acme-secret", None)
    assert store("scan", "-q", "--replay", recording, "--only", "12,13").returncode == 7
    return store


def shown(store, item, *more):
    done = store("check", "show", item, *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(store, *more):
    return {i["ItemId"]: i for i in json.loads(store("check", "results", "-o", "json", *more).stdout)["items"]}


def test_an_item_is_shown_with_what_was_read_for_it(scanned):
    lines = shown(scanned, 12, "-o", "text", "--lang", "en").splitlines()
    read, = [line for line in lines if line.startswith("Read: ")]
    missed, = [line for line in lines if line.startswith("Not read: ")]
    assert " calls in 1 region (1 with rows), " in read and " rows" in read and "Z" in read
    assert "no permission: oss:GetBucket" in missed and "(1 call in 1 region)" in missed and "does not depend" not in missed
    text = shown(scanned, 12, "-o", "text", "--lang", "zh")
    assert "已读取: " in text and "次调用" in text and "未读取: 无权限：" in text


def test_a_pass_says_what_it_rests_on(store, recording):
    """The policies of buckets are asked for, and count only where a parameter says so."""
    recording.bucket("acme-web", "private")
    assert store("scan", "-q", "--replay", recording, "--only", 12).returncode == 0
    text = shown(store, 12, "-o", "text", "--lang", "en")
    assert "Status: pass" in text and "Not read: failed: oss:GetBucketPolicy (2 calls in 1 region); the status does not depend on it\n" in text
    about = listed(store)[12]["Completeness"]
    assert about["Complete"] is False and about["NotRecorded"] == 2 and about["Read"] == about["Calls"] - 2 and about["Rows"] >= 4


def test_an_account_that_was_read_whole_says_so(local):
    items = json.loads(local("scan", "-q", "--replay", SAMPLE, "-o", "json").stdout)["items"]
    assert len(items) == 45
    for item in items:
        about = item["Completeness"]
        assert about["Complete"] and about["NotRead"] == [] and about["Read"] + about["NotActivated"] + about["NoRegion"] == about["Calls"] > 0, item
        assert about["CountedRows"] == about["TotalCount"] <= about["Rows"] and about["Pages"] > 0 == about["Reused"], item
        assert 0 < about["Oldest"] <= about["Newest"] and about["RegionsWithRows"] <= about["Regions"], item


def test_programs_get_the_same_everywhere(scanned):
    about = listed(scanned)[12]["Completeness"]
    assert about["Complete"] is False and about["Denied"] == sum(gap["Calls"] for gap in about["NotRead"] if gap["Why"] == "denied") > 0
    assert json.loads(shown(scanned, 12, "-o", "json"))["Completeness"] == about
    rows = {row["ItemId"]: row for row in csv.DictReader(io.StringIO(scanned("check", "results", "-o", "csv").stdout))}
    assert json.loads(rows["12"]["Completeness"]) == about
    rules = json.loads(scanned("check", "results", "-o", "sarif").stdout)["runs"][0]["tool"]["driver"]["rules"]
    assert {r["id"]: r["properties"]["completeness"] for r in rules}["12"] == about
    lines = [json.loads(line) for line in scanned("check", "results", "-o", "ocsf").stdout.splitlines()]
    assert all(line["unmapped"]["completeness"] == about for line in lines if line["compliance"]["control"] == "12")
    case = ET.fromstring(scanned("check", "results", "-o", "junit").stdout).find("testsuite")[0]
    assert case[-1].tag == "system-out" and case[-1].text.startswith("read: ") and "\nnot read: " in case[-1].text
    assert "Read: " in scanned("check", "results", "-o", "html", "--lang", "en").stdout
    assert "COMPLETENESS" not in scanned("check", "results", "-o", "table").stdout.upper()


def test_what_is_not_recorded_is_told_apart(scanned):
    about = listed(scanned)[13]["Completeness"]
    assert about["NotRecorded"] > 0 == about["Failed"] and {gap["Why"] for gap in about["NotRead"]} <= {"error", "not_collected"}


@pytest.mark.parametrize("kept", ["", "{", "[1]", "\x1b[2J"])
def test_results_without_it_show_nothing(scanned, kept):
    db = sqlite3.connect(scanned.url.removeprefix("sqlite:"))
    db.execute("update check_result set completeness = ?", (kept,))
    db.commit()
    db.close()
    assert listed(scanned)[12]["Completeness"] is None
    assert json.loads(shown(scanned, 12, "-o", "json"))["Completeness"] is None
    text = shown(scanned, 12, "-o", "text", "--lang", "en")
    assert "Status: failed" in text and "Read: " not in text
    for output in ("sarif", "ocsf", "junit", "html"):
        done = scanned("check", "results", "-o", output)
        assert done.returncode == 0 and "system-out" not in done.stdout and "\x1b" not in done.stdout, output
