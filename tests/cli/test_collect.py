"""`collect`: a snapshot from a recording, and what it never does to a file that is there."""
import json
import os
import sqlite3
import subprocess

import pytest

from conftest import ACCOUNT, BINARY, CANARY_ID, CANARY_SECRET


@pytest.fixture
def snapshot(local, recording, tmp_path):
    done = local("collect", "-q", "--replay", recording, "-o", tmp_path / "account.db")
    assert done.returncode == 7, done.stderr  # what was not recorded was not read
    return str(tmp_path / "account.db")


def test_a_snapshot_is_private_and_can_be_judged_as_often_as_wanted(local, snapshot):
    assert os.stat(snapshot).st_mode & 0o077 == 0
    for command, extra in ((("check", "run"), ()), (("scan",), ()), (("scan",), ("--account", ACCOUNT))):
        done = local(*command, "--snapshot", snapshot, "--only", 12, *extra)
        assert done.returncode == 0, done.stderr
        assert "acme-web" in done.stdout or json.loads(done.stdout)["items"][0]["AffectedCount"] == 1
    assert local("scan", "--snapshot", snapshot, "--only", "12", "--account", "99").returncode == 1
    assert local.left() == []


@pytest.mark.parametrize("place", ["before", "after"])
def test_the_output_option_may_stand_anywhere(local, recording, tmp_path, place):
    path = tmp_path / "x.db"
    args = ["collect", "--replay", recording]
    done = local(*(["-o", path] + args if place == "before" else args + ["-o", path]))
    assert done.returncode == 7 and path.exists() and "calls" in done.stderr
    rows = {r["Product"]: r for r in json.loads(done.stdout)["items"]}
    assert rows["oss"]["Rows"] > 1 and rows["ecs"]["Failed"] > 0  # what was not recorded was not read


def test_a_file_that_is_there_stays_as_it_is(local, recording, snapshot, tmp_path):
    foreign = tmp_path / "foreign.db"
    sqlite3.connect(foreign).executescript("create table t(a); insert into t values (1);")
    (tmp_path / "notes.txt").write_text("mine\n")
    os.mkfifo(tmp_path / "fifo")
    os.symlink(tmp_path / "notes.txt", tmp_path / "link")
    for name in ("foreign.db", "notes.txt", "fifo", "link", "account.db", "."):
        path = tmp_path / name
        before = path.read_bytes() if path.is_file() else None
        done = local("collect", "--replay", recording, "-o", path, timeout=20)
        assert done.returncode == 1 and str(path) in done.stderr and done.stdout == "", (name, done.stderr)
        assert before is None or path.read_bytes() == before
    # One without a byte is what a run leaves that was killed at once.
    (tmp_path / "empty").write_text("")
    assert local("collect", "--replay", recording, "-o", tmp_path / "empty").returncode == 7
    assert json.loads(local("query", "select count(*) as n from oss_bucket", "--snapshot", tmp_path / "empty").stdout)["items"][0]["n"] != "0"


def test_a_finished_snapshot_says_what_to_do(local, recording, snapshot):
    done = local("collect", "--replay", recording, "-o", snapshot)
    assert done.returncode == 1 and "another name" in done.stderr


@pytest.mark.parametrize("args, says", [
    (("collect",), "--output"), (("collect", "--replay", "x"), "--output"), (("collect", "-o", "x", "--resume", "y"), "--resume"),
    (("collect", "-o", "x", "--replay", "y", "--save-raw", "z"), "--save-raw"), (("collect", "-o", "x", "--replay", "y", "--since", "z"), "--since"),
    (("collect", "-o", "x", "--max-concurrency", "0"), "256"), (("collect", "-o", "x", "--max-concurrency", "257"), "256"),
    (("collect", "-o", "x", "--endpoint-override", "http://example.com"), "--endpoint-override"),
    (("collect", "-o", "x", "--endpoint-override", "Ecs=https://h/path"), "--endpoint-override"),
    (("collect", "-o", "x", "--endpoint-type", "lan"), "public or vpc"), (("collect", "-o", "x", "--role", "reader"), "acs:ram::"),
    (("collect", "-o", "x", "--format", "xml"), "--format"), (("collect", "--accounts", "x"), "--output"),
    (("collect", "-o", "x", "--accounts", "y", "--resource-directory", "z"), "one of them"),
    (("collect", "-o", "x", "--accounts", "y", "--save-raw", "z"), "--save-raw"), (("collect", "-o", "x", "--accounts", "y", "--resume", "z"), "--resume"),
    (("collect", "--snapshot", "x", "-o", "y"), "no option"), (("collect", "-o"), "needs a value"), (("collect", "x"), "too many")])
def test_usage(local, args, says):
    done = local(*args)
    assert done.returncode == 2 and says in done.stderr and done.stdout == ""


def test_the_plan_and_its_policy_read_only(local):
    calls = json.loads(local("collect", "--plan").stdout)["items"]
    policy = json.loads(local("collect", "--policy").stdout)
    actions = {a for s in policy["Statement"] for a in s["Action"]}
    assert len(calls) > 40 and {c["RamAction"] for c in calls} - {""} <= actions and policy["Version"] == "1"
    verbs = ("Describe", "Get", "List", "Query", "Check", "Generate")
    assert all(a.split(":")[1].startswith(verbs) for a in actions), actions
    assert local("collect", "--plan", "-o", "csv").stdout.startswith("Call,")
    assert local("-o", "csv", "collect", "--plan").stdout.startswith("Call,")
    assert local("collect", "--plan", "-o", "xml").returncode == 2


def test_a_full_disk_leaves_an_error_and_no_whole_snapshot(local, recording, tmp_path):
    path = tmp_path / "big.db"
    done = subprocess.run(["sh", "-c", 'ulimit -f 20; exec "$0" collect --replay "$1" -o "$2"', BINARY, str(recording), str(path)],
                          capture_output=True, text=True, env=local.env(), timeout=60)
    assert done.returncode == 1 and "disk" in done.stderr
    assert not path.exists() or local("check", "run", "--snapshot", path, "--only", "12").returncode != 0


def test_credentials_are_not_read_by_a_replay(local, recording, tmp_path):
    local.profile()
    done = local("collect", "--replay", recording, "-o", tmp_path / "x.db", "--log-level", "debug")
    text = (done.stdout + done.stderr).encode() + (tmp_path / "x.db").read_bytes()
    assert CANARY_ID.encode() not in text and CANARY_SECRET.encode() not in text


def test_what_is_not_finished_is_gone_on_with_and_nothing_else(local, recording, snapshot, tmp_path):
    for path, says in ((snapshot, "finished"), (tmp_path / "none.db", "does not exist"), (str(recording), "")):
        done = local("collect", "--replay", recording, "--resume", path)
        assert done.returncode in (1, 9) and says in done.stderr and done.stdout == "", done.stderr


def test_without_credentials_no_file_is_made(local, tmp_path):
    done = local("collect", "-o", tmp_path / "x.db", env={"ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"})
    assert done.returncode == 4 and not (tmp_path / "x.db").exists() and done.stdout == ""


def test_without_a_network_no_file_is_made(local, tmp_path):
    local.profile()
    done = local("collect", "-o", tmp_path / "x.db", "--endpoint-override", "https://127.0.0.1:1")
    assert done.returncode == 6 and "127.0.0.1:1" in done.stderr and not (tmp_path / "x.db").exists() and done.stdout == ""


@pytest.mark.parametrize("text, says", [("accounts: [{id: x}]", "a.yaml:1:"), ("nothing", "a.yaml"), (None, "a.yaml")])
def test_a_wrong_file_of_accounts_is_named(local, tmp_path, text, says):
    if text:
        (tmp_path / "a.yaml").write_text(text)
    done = local("collect", "--accounts", tmp_path / "a.yaml", "-o", tmp_path / "out")
    assert done.returncode == 3 and says in done.stderr and done.stdout == "" and not (tmp_path / "out").exists()
