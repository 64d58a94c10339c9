"""The commands that read the live cloud, as a user meets them: collect, scan, many accounts, auth, doctor."""
import json
import os
import signal
import sqlite3
import stat
import subprocess
import time

from conftest import BINARY

ENDS = (0, 7)
DIRECTORY_ROLE = "ResourceDirectoryAccountAccessRole"


def rows(done):
    return json.loads(done.stdout)["items"]


def account_of(path):
    return sqlite3.connect(path).execute("select value from meta where name = 'account_id'").fetchone()[0]


# ---- collect and scan ----
def test_one_account_is_read_and_told_by_product(cloud, tmp_path):
    done = cloud.merlon(["collect", "-o", tmp_path / "a.db", "--no-pacing"], profile="ak")
    assert done.returncode in ENDS, done.stderr
    products = {r["Product"]: r for r in rows(done)}
    assert products["ecs"]["Read"] > 0 and products["ecs"]["Rows"] > 0 and cloud.violations() == []
    assert all(r["Calls"] == r["Read"] + r["Denied"] + r["Throttled"] + r["NotActivated"] + r["Failed"] for r in products.values())
    assert "profile ak (AK" in done.stderr and "calls" in done.stderr and account_of(tmp_path / "a.db") == cloud.account()["id"]
    assert stat.S_IMODE(os.stat(tmp_path / "a.db").st_mode) == 0o600
    assert not any(secret in done.stdout + done.stderr for secret in cloud.secrets())


def test_what_is_refused_is_named_with_its_ram_action(cloud, tmp_path):
    cloud.faults({"match": {"action": "DescribeDisks"}, "do": "deny"})
    done = cloud.merlon(["collect", "-o", tmp_path / "a.db", "--no-pacing"], profile="ak")
    ecs = {r["Product"]: r for r in rows(done)}["ecs"]
    assert done.returncode == 7 and ecs["Denied"] > 0 and "ecs:DescribeDisks" in ecs["MissingRamActions"]


def test_a_scan_tells_on_stderr_what_was_not_read(cloud):
    cloud.faults({"match": {"action": "DescribeDisks"}, "do": "deny"})
    done = cloud.merlon(["scan", "--no-pacing"], profile="role")
    assert done.returncode == 7 and "ecs:DescribeDisks" in done.stderr and len(rows(done)) > 30
    assert "PRODUCT" not in cloud.merlon(["scan", "--no-pacing", "-q"], profile="role").stderr


def test_a_file_of_another_account_is_not_gone_on_with(cloud, tmp_path):
    path = tmp_path / "a.db"
    run = cloud.start_merlon(["collect", "-o", path, "--max-concurrency", "1"], profile="ak")
    end = time.monotonic() + 30
    while len(cloud.calls()) < 10 and time.monotonic() < end:
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=30)
    assert run.returncode == 130 and f"merlon collect --resume {path}" in err and json.loads(out)["incomplete"] is True
    before = path.read_bytes()
    done = cloud.merlon(["collect", "--resume", path], profile="ak", account=1)
    assert done.returncode == 1 and "account" in done.stderr and done.stdout == ""
    done = cloud.merlon(["collect", "--resume", path, "--no-pacing"], profile="ak")
    assert done.returncode in ENDS and account_of(path) == cloud.account()["id"] and len(before) > 0
    assert cloud.merlon(["collect", "--resume", path], profile="ak").returncode == 1


def test_a_cloud_that_falls_silent_ends_a_run_that_can_be_gone_on_with(start_cloud, tmp_path):
    cloud, path = start_cloud(resources=1500), tmp_path / "a.db"
    run = cloud.start_merlon(["collect", "-o", path], profile="ak")
    end = time.monotonic() + 30
    while len(cloud.calls()) < 150 and time.monotonic() < end:
        time.sleep(0.05)
    cloud.faults({"match": {}, "do": "drop"})
    out, err = run.communicate(timeout=90)
    assert run.returncode == 6 and "does not answer any more" in err and f"merlon collect --resume {path}" in err, err[-2000:]
    cloud.faults()
    done = cloud.merlon(["collect", "--resume", path, "--no-pacing"], profile="ak", timeout=120)
    assert done.returncode in ENDS, done.stderr[-2000:]
    with sqlite3.connect(path) as db:
        bad = db.execute("select call, code from collect_call where outcome = 'failed' and call != 'actiontrail:GetTrailStatus'").fetchall()
    assert bad == []


def test_what_an_earlier_snapshot_saves_is_said(cloud, tmp_path):
    done = cloud.merlon(["collect", "-o", tmp_path / "a.db", "--no-pacing"], profile="ak")
    again = cloud.merlon(["collect", "-o", tmp_path / "b.db", "--no-pacing", "--since", tmp_path / "a.db"], profile="ak")
    assert again.returncode == done.returncode and "none of the 115 calls" in again.stderr and "read again" in again.stderr
    assert rows(again) == rows(done)


def test_what_has_not_changed_is_not_asked_again(cloud, tmp_path):
    plan = tmp_path / "mine/collect/ims.yaml"
    plan.parent.mkdir(parents=True)
    with open(os.path.join(os.path.dirname(__file__), "../../catalog/collect/ims.yaml"), encoding="utf-8") as file:
        text = file.read()
    call = "  - action: GetLoginProfile\n    for_each: ims_user\n"
    assert call in text
    plan.write_text(text.replace(call, call + "    unchanged_while: [user_id]\n"), encoding="utf-8")
    options = ["--catalog", tmp_path / "mine", "--no-pacing"]
    cloud.merlon(["collect", "-o", tmp_path / "a.db", *options], profile="ak")
    asked = [c["action"] for c in cloud.calls()].count("GetLoginProfile")
    again = cloud.merlon(["collect", "-o", tmp_path / "b.db", "--since", tmp_path / "a.db", *options], profile="ak")
    assert again.returncode in ENDS and "of 1 of 115 calls" in again.stderr and asked > 3
    assert [c["action"] for c in cloud.calls()].count("GetLoginProfile") == asked
    profiles = [sqlite3.connect(tmp_path / name).execute("select id, status, raw from ims_login_profile order by id").fetchall() for name in ("a.db", "b.db")]
    assert profiles[0] == profiles[1] and len(profiles[0]) == asked


def test_a_certificate_that_does_not_verify_ends_it_at_once(cloud, tmp_path):
    command = [BINARY, "collect", "-o", str(tmp_path / "a.db"), "-p", "ak", "--endpoint-override", cloud.url]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=cloud.env(), timeout=30)
    assert done.returncode not in ENDS and "--cacert" in done.stderr and done.stdout == "" and not (tmp_path / "a.db").exists()


def test_an_account_that_is_not_the_one_named_is_refused(cloud, tmp_path):
    done = cloud.merlon(["collect", "-o", tmp_path / "a.db", "--account", "42", "--no-pacing"], profile="ak")
    assert done.returncode == 1 and "42" in done.stderr


# ---- many accounts ----
def test_the_directory_is_read_into_one_file_each(cloud, tmp_path):
    command = ["collect", "--resource-directory", DIRECTORY_ROLE, "-o", tmp_path / "all", "--no-pacing"]
    done = cloud.merlon(command, profile="ak")
    assert done.returncode in ENDS, done.stderr
    ids = {cloud.account(i)["id"] for i in range(2)}
    assert {r["Account"] for r in rows(done)} == ids and {account_of(r["Snapshot"]) for r in rows(done)} == ids
    assert stat.S_IMODE(os.stat(tmp_path / "all").st_mode) == 0o700
    again = cloud.merlon(command, profile="ak")
    assert again.returncode == 1 and {r["Result"] for r in rows(again)} == {"was done"} and "another folder" in again.stderr


def test_an_account_that_fails_fails_alone(cloud, tmp_path):
    (tmp_path / "a.yaml").write_text(f"""
role: nobody
accounts:
  - id: {cloud.account(1)['id']}
  - profile: ak
  - profile: sts
  - {{ profile: no-such-profile, name: gone }}
""")
    done = cloud.merlon(["collect", "--accounts", tmp_path / "a.yaml", "-o", tmp_path / "all", "--no-pacing"], profile="ak")
    assert done.returncode == 7 and len(rows(done)) == 4, done.stderr
    results = sorted(r["Result"] for r in rows(done))
    # Two profiles are of one account: the file is the first one's.
    assert results.count("failed") == 3 and os.listdir(tmp_path / "all") == [cloud.account()["id"] + ".db"]
    assert not any(secret in done.stdout + done.stderr for secret in cloud.secrets())


# ---- auth ----
def test_whoami(cloud):
    done = cloud.merlon(["auth", "whoami"], profile="ak")
    assert done.returncode == 0 and done.stdout.strip() == f"acs:ram::{cloud.account()['id']}:user/merlon"
    who = json.loads(cloud.merlon(["auth", "whoami", "-o", "json", "--role", cloud.account()["role_arn"]], profile="ak").stdout)
    assert who["IdentityType"] == "AssumedRoleUser" and who["AccountId"] == cloud.account()["id"] and "UserId" not in who
    assert cloud.merlon(["auth", "whoami"], profile="sts-expired").returncode == 4
    assert cloud.merlon(["auth", "whoami"], profile="nobody").returncode == 3


def test_status_asks_nobody_unless_told_to(cloud):
    done = cloud.merlon(["auth", "status", "--all-profiles"])
    assert done.returncode == 0 and cloud.calls() == [] and len(rows(done)) > 15
    checked = {r["name"]: r for r in rows(cloud.merlon(["auth", "status", "--all-profiles", "--check"]))}
    assert checked["ak"]["usable"] and checked["ak"]["account"] == cloud.account()["id"] and checked["chain"]["identity"] == "AssumedRoleUser"
    assert not checked["sts-expired"]["usable"] and not checked["chain-loop"]["usable"] and checked["role-missing"]["reason"]
    assert cloud.merlon(["auth", "status", "--check"], profile="sts-expired").returncode == 4
    assert not any(secret in str(checked) for secret in cloud.secrets())


# ---- doctor ----
def test_doctor_looks_at_the_way_and_the_rights(cloud):
    cloud.faults({"match": {"action": "DescribeDisks"}, "do": "deny"})
    found = {r["check"]: r for r in rows(cloud.merlon(["doctor", "--permissions"], profile="ak"))}
    assert found["identity"]["result"] == "ok" and cloud.account()["id"] in found["identity"]["note"]
    assert found["tls"]["result"] == "ok" and found["dns"]["result"] == "ok" and found["clock"]["result"] == "ok"
    assert found["permission ecs:DescribeDisks"]["result"] == "problem" and "ecs:DescribeDisks" in found["permission ecs:DescribeDisks"]["note"]
    assert found["permission ecs:DescribeInstances"]["result"] == "ok" and cloud.violations() == []


def test_doctor_measures_the_clock(cloud):
    cloud.clock("20m")
    done = cloud.merlon(["doctor"], profile="ak")
    clock = {r["check"]: r for r in rows(done)}["clock"]
    assert done.returncode == 1 and clock["result"] == "problem" and "behind" in clock["note"]
    assert 1190 < int(clock["note"].split()[0]) < 1210


def test_doctor_runs_the_aliyun_command_without_keys(cloud, tmp_path):
    for version, result in (("3.3.1", "ok"), ("3.0.277", "problem"), ("banana", "problem")):
        program = tmp_path / "aliyun"
        program.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\necho {version}\n")
        program.chmod(0o755)
        done = cloud.merlon(["doctor"], profile="ak", env={"PATH": f"{tmp_path}:/usr/bin:/bin", "ALIBABA_CLOUD_SECURITY_TOKEN": "CANARYTOKEN"})
        found = {r["check"]: r for r in rows(done)}
        assert found["aliyun"]["result"] == result, found
        assert "auto-plugin-install" in found["aliyun plugins"]["note"] and "CANARY" not in (tmp_path / "seen").read_text()


# ---- mistakes on the command line ----
def test_certificates_that_cannot_be_used_are_named_as_such(cloud, tmp_path):
    (tmp_path / "empty.pem").write_text("")
    for command in (["collect", "-o", str(tmp_path / "a.db")], ["auth", "whoami"]):
        for path, says in (("gone.pem", "No such file"), ("empty.pem", "no certificate")):
            done = subprocess.run([BINARY, *command, "-p", "ak", "--endpoint-override", cloud.url, "--cacert", str(tmp_path / path)],
                                  capture_output=True, encoding="utf-8", env=cloud.env(), timeout=30)
            assert done.returncode == 3 and "--cacert" in done.stderr and says in done.stderr and done.stdout == ""
    assert cloud.calls() == [] and not (tmp_path / "a.db").exists()


def test_what_is_wrong_in_the_options_is_told_before_anything_is_read(cloud, tmp_path):
    for args, code, says in (
        (["scan", "--region", "a b"], 2, "--region"),
        (["scan", "--only", "3,999"], 9, "no check item 999"),
        (["scan", "--skip", "998"], 9, "no check item 998"),
        (["scan", "-o", "bogus"], 2, "sarif"),
        (["scan", "--replay", tmp_path, "--no-pacing"], 2, "--no-pacing is for reading a live account"),
        (["collect", "--plan", "--policy"], 2, "give one"),
        (["collect", "--policy", "-o", tmp_path / "p.json"], 2, "standard output"),
    ):
        done = cloud.merlon(args, profile="ak")
        assert done.returncode == code and says in done.stderr and done.stdout == "", (args, done.stderr)
    assert cloud.calls() == [] and list(tmp_path.iterdir()) == []


def test_a_closed_stderr_changes_no_exit_code(cloud):
    command = cloud.command(["scan", "--no-pacing", "--fail-on", "high"], profile="ak")
    for redirection in ("2>&-", "2>/dev/full"):
        done = subprocess.run(["sh", "-c", f'exec "$@" {redirection}', "sh", *command], stdout=subprocess.PIPE, env=cloud.env(), timeout=60)
        assert done.returncode == 8 and len(json.loads(done.stdout)["items"]) > 30


def test_a_session_that_ends_leaves_a_file_to_go_on_with(cloud, tmp_path):
    path, before = tmp_path / "a.db", signal.signal(signal.SIGHUP, signal.SIG_DFL)  # Also where nohup started the tests.
    run = cloud.start_merlon(["collect", "-o", path, "--max-concurrency", "1"], profile="ak")
    signal.signal(signal.SIGHUP, before)
    end = time.monotonic() + 30
    while len(cloud.calls()) < 10 and time.monotonic() < end:
        time.sleep(0.02)
    run.send_signal(signal.SIGHUP)
    _, err = run.communicate(timeout=30)
    assert run.returncode == 130 and f"merlon collect --resume {path}" in err


def test_a_scan_that_ends_early_does_not_speak_of_going_on(cloud):
    done = cloud.merlon(["scan"], profile="sts-expired")
    assert done.returncode == 4 and "renew" in done.stderr and "gone on" not in done.stderr


def test_doctor_names_a_proxy_that_does_not_answer(cloud):
    done = cloud.merlon(["doctor"], profile="ak", proxy=True, env={"HTTPS_PROXY": "http://127.0.0.1:1"})
    proxy = {r["check"]: r for r in rows(done)}["proxy"]
    assert done.returncode == 1 and proxy["result"] == "problem" and "127.0.0.1:1" in proxy["note"] and "no connection" in proxy["note"]
