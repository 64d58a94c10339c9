"""The accounts under examples/accounts: the generator writes them, the plan is answered in full, and what is refused never passes."""
import collections
import filecmp
import ipaddress
import json
import os
import re
import subprocess
import sys

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ACCOUNTS = os.path.join(ROOT, "examples", "accounts")
ITEMS = {*range(1, 9), *range(12, 29), *range(30, 45), 46, 47, 48, 50, 51}
ONE_ROW = {1, 3, 13, 48}   # about the account: one row, one verdict
ADDRESSES = [ipaddress.ip_network(n) for n in (
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.1", "192.168.0.0/16", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


def files(folder):
    return sorted(os.path.relpath(os.path.join(where, name), folder) for where, _, names in os.walk(folder) for name in names)


def judge(merlon, name, *more, ok):
    done = merlon("check", "run", "--replay", os.path.join(ACCOUNTS, name), "-o", "json", *more, endpoint=False)
    assert done.returncode == ok, done.stderr
    return json.loads(done.stdout)["items"], done.stderr


def calls(merlon, name, tmp_path):
    snapshot = str(tmp_path / "snapshot.db")
    done = merlon("collect", "--replay", os.path.join(ACCOUNTS, name), "--output", snapshot, endpoint=False)
    assert done.returncode in (0, 7), done.stderr
    done = merlon("query", "--snapshot", snapshot, "-o", "jsonl",
                  "select call, region, key, outcome, message, pages from collect_call", endpoint=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def by_item(rows):
    items = collections.defaultdict(dict)
    for row in rows:
        items[row["ItemId"]][row["RegionId"], row["ResourceId"]] = row
    return items


def test_the_generator_writes_what_is_there(tmp_path):
    subprocess.run([sys.executable, os.path.join(ROOT, "tools", "sample-account"), str(tmp_path)], check=True, timeout=60)
    names = files(ACCOUNTS)
    assert files(str(tmp_path)) == names and len(names) > 300
    assert filecmp.cmpfiles(ACCOUNTS, str(tmp_path), names, shallow=False) == (names, [], [])


def test_the_accounts_hold_nothing_real():
    for name in files(ACCOUNTS):
        with open(os.path.join(ACCOUNTS, name), encoding="utf-8") as f:
            text = f.read()
        assert "LTAI" not in text and "PRIVATE KEY" not in text and "Secret" not in text, name
        for address in re.findall(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])", text):
            assert any(ipaddress.ip_address(address) in n for n in ADDRESSES) or address in ("0.0.0.0", "128.0.0.0"), (name, address)


def test_every_item_finds_something_in_the_sample(merlon):
    rows, note = judge(merlon, "sample", ok=0)
    items = by_item(rows)
    assert set(items) == ITEMS and "0 not assessed" in note
    for item, found in items.items():
        verdicts = {row["Verdict"] for row in found.values()}
        assert verdicts <= {"pass", "fail", "not_applicable"}, item
        assert len(found) == 1 if item in ONE_ROW else {"pass", "fail"} <= verdicts, (item, verdicts)
        assert all(row["Value"] for row in found.values() if row["Verdict"] == "fail"), item
    assert {items[i][place]["Verdict"] for i in ONE_ROW for place in items[i]} == {"pass", "fail"}
    assert sum(row["Verdict"] == "not_applicable" for row in rows) > 20
    assert len({(row["RegionId"], row["ResourceId"]) for row in rows}) >= 120


@pytest.mark.parametrize("name", ["sample", "denied"])
def test_every_answer_is_asked_for_and_every_call_answered(merlon, name, tmp_path):
    made = calls(merlon, name, tmp_path)
    assert not [c for c in made if c["message"] == "not recorded"]
    assert sum(int(c["pages"]) for c in made) == len(files(os.path.join(ACCOUNTS, name))) - 1   # all but recording.json
    assert not [c for c in made if c["outcome"] not in ("ok", "absent", "not_applicable", "not_activated", "denied")]
    assert {c["outcome"] for c in made} >= ({"denied"} if name == "denied" else {"ok", "absent"})
    assert (name == "denied") == any(c["outcome"] == "denied" for c in made)


def test_a_refused_call_never_makes_a_pass(merlon):
    whole, part = by_item(judge(merlon, "sample", ok=0)[0]), by_item(judge(merlon, "denied", ok=7)[0])
    assert set(part) <= ITEMS
    unknown = [row for rows in part.values() for row in rows.values() if row["Verdict"] == "unknown"]
    assert len(unknown) > 10 and all(row["Value"].startswith("no permission: ") and row["NotAssessed"] for row in unknown), unknown
    # The permission that is missing for the bucket itself, whatever was refused for another one.
    assert {row["Value"] for row in part[16].values() if row["Verdict"] == "unknown"} == {"no permission: oss:GetBucketInfo"}
    for item, rows in part.items():
        for place, row in rows.items():
            assert row["Verdict"] == "unknown" or row["Verdict"] == whole[item][place]["Verdict"], row


def test_an_item_with_a_hole_is_not_assessed(merlon, tmp_path):
    status = {}
    for name in ("sample", "denied"):
        where = ("--store", f"sqlite:{tmp_path}/{name}.db", "--account", "1234567890123456")
        assert merlon("admin", "init", *where, "--user", "admin", "--write-profile", str(tmp_path / f"{name}.json"),
                      "--profile-name", "admin",
                      endpoint=False).returncode == 0
        assert merlon("scan", *where, "--replay", os.path.join(ACCOUNTS, name), endpoint=False).returncode == (7
                                                                                                               if name == "denied" else 0)
        done = merlon("check", "results", *where, "-o", "json", endpoint=False)
        status[name] = {i["ItemId"]: i for i in json.loads(done.stdout)["items"]}
        assert set(status[name]) >= ITEMS
    passed = {name: {i for i, row in rows.items() if row["Status"] == "pass"} for name, rows in status.items()}
    assert passed["sample"] == {1, 3} and passed["denied"] <= passed["sample"]
    waiting = {i: row["NotAssessed"] for i, row in status["denied"].items() if row["Status"] == "waiting"}
    assert {13, 22, 46, 47} <= set(waiting) and all("no permission: " in reason for reason in waiting.values()), waiting
