"""`scan`, and `check run` of a recording: what is found, what is not assessed, and what the exit code says."""
import json
import os
import pty
import signal
import subprocess
import time

import pytest

from conftest import ACCOUNT, BINARY, CANARY_ID, CANARY_SECRET


def items(done):
    return {i["ItemId"]: i for i in json.loads(done.stdout)["items"]}


def test_a_scan_without_a_store_leaves_nothing_behind(local, recording):
    done = local("scan", "--replay", recording, "--only", 12)
    assert done.returncode == 0, done.stderr
    assert items(done)[12]["Status"] == "failed" and items(done)[12]["AffectedCount"] == 1
    assert json.loads(done.stdout)["source"] == {"account": ACCOUNT} and local.left() == []


@pytest.mark.parametrize("args, exit_code", [
    (("--only", "12"), 0), (("--only", "12", "--fail-on", "high"), 8), (("--only", "12", "--fail-on", "LOW"), 8),
    (("--only", "12,13"), 7), (("--only", "12,13", "--fail-on", "high"), 8), ((), 7), (("--fail-on", "medium"), 8),
    (("--only", "13", "--fail-on", "high"), 7), (("--fail-on", "huge"), 2), (("--only", "99999"), 9), (("--only", "12,x"), 2),
    (("--skip", "0"), 2), (("--account", "99"), 1), (("--account", "not-a-number"), 2), (("--snapshot", "x"), 2)])
def test_exit_codes(local, recording, args, exit_code):
    done = local("scan", "--replay", recording, *args)
    assert done.returncode == exit_code, done.stderr
    assert local.left() == []


def test_a_failed_item_does_not_hide_what_could_not_be_assessed(local, recording):
    recording.bucket("acme-secret", None)
    for command in ("scan", ("check", "run")):
        done = local(*([command] if isinstance(command, str) else command), "--replay", recording, "--only", 12)
        assert done.returncode == 7, done.stderr
    assert "no permission: oss:GetBucket" in local("scan", "--replay", recording, "--only", 12).stdout


def test_all_private_is_a_pass_and_exit_0(local, recording):
    recording.bucket("acme-web", "private")
    done = local("scan", "--replay", recording, "--only", 12, "--fail-on", "low")
    assert done.returncode == 0 and items(done)[12]["Status"] == "pass"


def test_an_answer_cut_in_half_is_never_a_pass(local, recording):
    recording.bucket("acme-web", "private")
    whole = open(f"{recording}/oss/ListBuckets/_/_.1.xml").read()
    for path, text in (("oss/ListBuckets/_/_.1.xml", whole[:len(whole) // 2]), ("oss/ListBuckets/_/_.1.xml", ""),
                       ("oss/ListBuckets/_/_.1.xml", "<html>gateway</html>")):
        recording.put(path, text)
        done = local("scan", "--replay", recording, "--only", 12)
        assert done.returncode == 7 and items(done)[12]["Status"] == "waiting", (text, done.stdout, done.stderr)
        recording.put("oss/ListBuckets/_/_.1.xml", whole)


def test_a_bucket_without_an_answer_is_not_assessed(local, recording):
    recording.bucket("acme-web", "private")
    recording.remove("oss/GetBucketInfo/cn-hangzhou/acme-private.1.xml")
    done = local("scan", "--replay", recording, "--only", 12)
    assert done.returncode == 7 and "acme-private" not in items(done)[12]["Title"] and items(done)[12]["Status"] == "waiting"


@pytest.mark.parametrize("make, says", [
    (lambda f: None, "No such file"), (lambda f: os.makedirs(f), "recording.json"), (lambda f: open(f, "w").close(), "Not a directory"),
    (lambda f: os.makedirs(f + "/recording.json"), "recording.json")])
def test_what_is_no_recording_is_named(local, tmp_path, make, says):
    folder = str(tmp_path / "odd")
    make(folder)
    done = local("scan", "--replay", folder)
    assert done.returncode in (1, 9) and folder in done.stderr and says in done.stderr and done.stdout == ""


def test_a_store_keeps_the_results(store, recording):
    done = store("scan", "--replay", recording, "--only", 12)
    assert done.returncode == 0 and items(done)[12]["Status"] == "failed"
    assert items(store("check", "results"))[12]["AffectedCount"] == 1
    recording.bucket("acme-web", "private")
    assert items(store("scan", "--replay", recording, "--only", 12))[12]["Status"] == "pass"
    flips = json.loads(store("check", "diff").stdout)["items"]
    assert [(f["ResourceId"], f["From"], f["To"]) for f in flips] == [("acme-web", "fail", "pass")]
    assert json.loads(flips[0]["Changed"])["acl"] == ["public-read", "private"]


def test_a_store_that_is_not_there_or_not_ours_or_of_another_account(store, local, recording, tmp_path):
    done = local("scan", "--replay", recording, "--store", f"sqlite:{tmp_path}/none.db", "--account", ACCOUNT)
    assert done.returncode == 3 and "does not exist" in done.stderr and not os.path.exists(tmp_path / "none.db")
    assert local("collect", "-q", "--replay", recording, "-o", tmp_path / "snap.db").returncode == 7
    before = open(tmp_path / "snap.db", "rb").read()
    done = local("scan", "--replay", recording, "--store", f"sqlite:{tmp_path}/snap.db", "--account", ACCOUNT)
    assert done.returncode in (1, 3) and "not a Merlon store" in done.stderr and open(tmp_path / "snap.db", "rb").read() == before
    done = store.run("scan", "--replay", recording, "--store", store.url, "--account", "99")
    assert done.returncode == 9 and "99" in done.stderr
    assert store.run("scan", "--replay", recording, "--store", store.url).returncode == 2


def test_of_scans_at_once_the_last_to_begin_wins_and_the_others_say_so(store, recording):
    args = [BINARY, "scan", "--replay", str(recording), "--only", "12", "-q", "--store", store.url, "--account", ACCOUNT]
    running = [subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=store.run.env()) for _ in range(4)]
    ended = [(process.communicate(timeout=60)[1].decode(), process.returncode) for process in running]
    assert any(code == 0 for _, code in ended), ended
    assert all(code == 0 or (code == 1 and "another scan of the account began after it" in said) for said, code in ended), ended
    assert items(store("check", "results"))[12]["AffectedCount"] == 1


def test_a_full_disk_is_an_error_and_earlier_results_stay(store, recording, tmp_path):
    assert store("scan", "--replay", recording, "--only", 12).returncode == 0
    recording.bucket("acme-web", "private")
    limited = f'ulimit -f 16; exec "$0" scan --replay "$1" --only 12 -q --store "$2" --account {ACCOUNT}'
    done = subprocess.run(["sh", "-c", limited, BINARY, str(recording), store.url], capture_output=True, text=True,
                          env=store.run.env(), timeout=60)
    assert done.returncode == 1 and "disk" in done.stderr and done.stdout == ""
    assert items(store("check", "results"))[12]["Status"] == "failed"


def test_output_that_cannot_be_written_is_an_error(local, recording):
    with open("/dev/full", "w") as full:
        done = subprocess.run([BINARY, "scan", "--replay", str(recording), "--only", "12"], stdout=full, stderr=subprocess.PIPE,
                              text=True, env=local.env(), timeout=60)
    assert done.returncode == 1 and "cannot write the output" in done.stderr and local.left() == []


@pytest.mark.parametrize("command", [("scan",), ("check", "run")])
def test_a_reader_that_left_ends_the_command_quietly(local, recording, command):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([BINARY, *command, "-q", "--replay", str(recording)], stdout=writing, stderr=subprocess.PIPE, text=True,
                          env=local.env(), timeout=60)
    os.close(writing)
    assert done.returncode == 141 and done.stderr == "" and local.left() == []


def test_an_interrupted_scan_says_so_and_leaves_nothing(local, recording):
    for n in range(3000):
        recording.buckets[f"b{n}"] = "cn-hangzhou"
    recording.bucket("last", "private")
    for delay in (0.02, 0.1, 0.3):
        process = subprocess.Popen([BINARY, "scan", "--replay", str(recording)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, env=local.env())
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        assert process.returncode in (130, -signal.SIGINT, 7), stderr
        assert local.left() == [] and (process.returncode == 7 or stdout == "")


def test_on_a_terminal_a_table_is_shown_and_progress_goes(local, recording):
    child, fd = pty.fork()
    if child == 0:
        os.execve(BINARY, [BINARY, "scan", "--replay", str(recording), "--only", "12"], local.env())
    text = b""
    while True:
        try:
            part = os.read(fd, 4096)
        except OSError:
            break
        if not part:
            break
        text += part
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert b"AFFECTED" in text and b"OSS - Bucket" in text and b"\x1b[K" in text


def test_a_run_asked_of_a_store_is_done_at_once(store, recording):
    done = store("check", "run")
    assert done.returncode == 3 and "source" in done.stderr
    done = store.run("admin", "account", "add", ACCOUNT, "--source", "nonsense", "--store", store.url)
    assert done.returncode == 2 and "replay:DIR" in done.stderr
    done = store.run("admin", "account", "add", ACCOUNT, "--source", f"replay:{recording}", "--store", store.url)
    assert done.returncode == 0, done.stderr
    done = store("check", "run", "--item", 12)
    assert done.returncode == 0, done.stderr
    assert items(done)[12]["Status"] == "failed"
    os.rename(str(recording), str(recording) + "-gone")
    done = store("check", "run", "--item", 12)
    assert done.returncode == 7 and "recording" in done.stderr and done.stdout == ""
    assert items(store("check", "results"))[12]["Status"] == "failed"


@pytest.mark.parametrize("args, says", [
    (("--skip", "1"), "--skip"), (("--item", "1", "--only", "2"), "give one"), (("--replay", "x", "--snapshot", "y"), "give one"),
    (("--item", "0"), "--item"), (("--replay", "x", "--store", "sqlite:y"), "keeps nothing")])
def test_options_that_contradict_are_refused(local, args, says):
    done = local("check", "run", *args)
    assert done.returncode == 2 and says in done.stderr and done.stdout == ""


def test_item_and_only_mean_the_same_for_a_recording(local, recording):
    for option in ("--item", "--only"):
        done = local("check", "run", option, 12, "--replay", recording)
        found = {(r["ResourceId"], r["Verdict"], r["Value"]) for r in json.loads(done.stdout)["items"]}
        assert done.returncode == 0 and found == {("acme-web", "fail", "public-read"), ("acme-private", "pass", "")}


def test_a_catalogue_that_is_broken_is_named(local, recording, tmp_path):
    os.makedirs(tmp_path / "mine")
    (tmp_path / "mine" / "100001.yaml").write_text("id: 100001\nname: [\n")
    done = local("scan", "--replay", recording, "--checks", tmp_path / "mine")
    assert done.returncode == 3 and "100001.yaml" in done.stderr and done.stdout == "" and local.left() == []


def test_credentials_of_a_profile_are_not_read_by_a_replay(local, recording):
    local.profile()
    done = local("scan", "--replay", recording, "--only", 12, "--log-level", "debug")
    assert done.returncode == 0 and CANARY_ID not in done.stdout + done.stderr and CANARY_SECRET not in done.stdout + done.stderr
