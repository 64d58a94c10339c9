"""Runs that end before their end are gone on with: what was read is not asked again, and nothing is lost."""
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import time

import pytest
import reading

RESOURCES, REGIONS, LATENCY_MS = 200, 2, 20
KILLS, RUNS = 26, 4
STOP_S = 2
# Actions that the plan has twice, or for many resources at once: the journal does not tell which it was.
SHARED = {"cas:ListUserCertificateOrder", "rds:DescribeBackupPolicy"}
TELLS_ACCOUNT = "sts:GetCallerIdentity"  # Asked by every run: whose credentials these are.


@pytest.fixture(scope="module")
def world(stand_in):
    from conftest import Cloud
    cloud = Cloud(stand_in, resources=RESOURCES, regions=REGIONS, accounts=2, latency=f"{LATENCY_MS}ms")
    yield cloud
    cloud.stop()


@pytest.fixture(scope="module")
def clean(world, tmp_path_factory):
    """The rows of an undisturbed run; the report on credentials is made by the one before."""
    folder = tmp_path_factory.mktemp("clean")
    for name in ("first.db", "clean.db"):
        world.reset()
        assert reading.collect(world, folder / name).returncode == 0
    return reading.rows(folder / "clean.db")


@pytest.fixture
def calm(world, clean):
    world.reset()
    return world


def start(cloud, path, *more, resume=False, **how):
    way = ["--resume", path] if resume else ["-o", path]
    return cloud.start_merlon(["collect", *way, "--no-pacing", "-q", "--max-concurrency", 8, *more], profile="ak", proxy=True, **how)


def finish(cloud, path, *more):
    done = cloud.merlon(["collect", "--resume", path, "--no-pacing", *more], profile="ak", proxy=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done


def copied(path, to):
    """What is in the file now, with its journal: it is not opened before the run goes on."""
    for end in ("", "-wal", "-shm", "-journal"):
        if os.path.exists(f"{to}{end}"):
            os.unlink(f"{to}{end}")
        if end != "-shm" and os.path.exists(f"{path}{end}"):
            shutil.copy(f"{path}{end}", f"{to}{end}")
    return to


def read_before(copy):
    """The requests that the file says have been answered: the names are those of the journal."""
    if not reading.has_records(copy):
        return set()
    return {key for key, record in reading.records(copy).items() if record[0] in reading.READ and key[0] != TELLS_ACCOUNT}


def asked_again(before, calls):
    """Calls for a resource that was read already, as far as the stand-in's journal tells them apart."""
    again = []
    whole = {(call, region) for call, region, key in before if not key}
    ids = {(call, key) for call, _, key in before if key}
    listed = {call for call, _, key in before if key}
    for c in calls:
        call = f"{c['product']}:{c['action']}"
        if call in SHARED:
            continue
        values = set(re.findall(r"[^=&]+=([^&]*)", c.get("params") or ""))
        if call in listed:
            again += [c for v in values if (call, v) in ids]
        elif (call, c.get("region") or "") in whole:
            again.append(c)
    return again


def kill(process):
    process.kill()
    process.communicate()


# ---- kill -9 ----
@pytest.mark.parametrize("seed", range(RUNS))
def test_a_run_that_is_killed_again_and_again_repeats_nothing_and_loses_nothing(calm, clean, tmp_path, seed):
    dice, path, kills, known = random.Random(seed), tmp_path / "a.db", 0, set()
    more = ("--save-raw", tmp_path / "raw") if seed % 2 else ()
    while kills < KILLS // RUNS + 1:
        calm.reset()
        process = start(calm, path, *more, resume=path.exists())
        try:
            process.wait(0.1 + dice.random() * 0.5)
        except subprocess.TimeoutExpired:
            pass
        ended = process.poll()
        kill(process)
        assert asked_again(known, calm.calls()) == []
        assert ended in (None, 0), ended
        if path.exists() and reading.has_records(copied(path, tmp_path / "look.db")) and reading.is_finished(tmp_path / "look.db"):
            ended = 0  # It was whole before the kill.
        if ended == 0:
            break
        kills += 1
        if path.exists() and not reading.has_records(copied(path, tmp_path / "look.db")):
            # It ended while it made the file: nothing had been asked but whose account it is.
            assert known == set() and {c["action"] for c in calm.calls()} <= {"GetCallerIdentity"}
        elif path.exists():
            now = read_before(copied(path, tmp_path / f"{kills}.db"))
            assert known <= now
            known = now
    if not path.exists():
        reading.collect(calm, path, *more)
    elif ended != 0:
        calm.reset()
        finish(calm, path, *more)
        assert asked_again(known, calm.calls()) == []
    assert kills > 0
    assert reading.differences(clean, reading.rows(path)) == {}
    if more and (tmp_path / "raw/recording.json").exists():  # It is written when the file is whole: a kill may come between.
        replayed = tmp_path / "replayed.db"
        done = calm.merlon(["collect", "--replay", tmp_path / "raw", "-o", replayed])
        assert done.returncode == 0, done.stderr
        assert reading.differences(clean, reading.rows(replayed)) == {}


# ---- signals ----
@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 130)])
def test_a_signal_ends_a_run_soon_and_it_can_be_gone_on_with(calm, clean, tmp_path, number, code):
    path = tmp_path / "a.db"
    calm.faults({"match": {"product": "slb"}, "do": "hang"})
    process = start(calm, path)
    end = time.monotonic() + 30
    while len(calm.calls()) < 60 and time.monotonic() < end:
        time.sleep(0.02)
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    took = time.monotonic() - began
    assert process.returncode == code, (process.returncode, err)
    assert took < STOP_S
    assert "merlon collect --resume" in err or "stopped" in err, err
    known = read_before(copied(path, tmp_path / "copy.db"))
    calm.reset()
    finish(calm, path)
    assert asked_again(known, calm.calls()) == []
    assert reading.differences(clean, reading.rows(path)) == {}


# ---- files that cannot be gone on with ----
def refused(done, code, *words):
    assert done.returncode in code, (done.returncode, done.stderr)
    assert "merlon: " in done.stderr and len(done.stderr.strip().splitlines()) <= 4
    for word in words:
        assert word in done.stderr, done.stderr


def half_read(cloud, path, **how):
    """A run that was stopped."""
    process = start(cloud, path, **how)
    end = time.monotonic() + 30
    while not (path.exists() and path.stat().st_size > 0 and len(cloud.calls()) > 40) and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130


def test_two_runs_do_not_write_one_file(calm, tmp_path):
    path = tmp_path / "a.db"
    calm.faults({"match": {"product": "slb"}, "do": "hang"})
    process = start(calm, path)
    end = time.monotonic() + 30
    while len(calm.calls()) < 40 and time.monotonic() < end:
        time.sleep(0.02)
    try:
        for way in ("--resume", "-o"):
            done = calm.merlon(["collect", way, path, "--no-pacing"], profile="ak", proxy=True)
            refused(done, (1, 6), "a.db", "another process")
    finally:
        kill(process)
    calm.reset()
    finish(calm, path)


def test_a_finished_file_is_not_gone_on_with(calm, tmp_path):
    path = tmp_path / "a.db"
    reading.collect(calm, path)
    before, sent = path.read_bytes(), len(calm.calls())
    refused(calm.merlon(["collect", "--resume", path], profile="ak", proxy=True), (1, 2, 3), "finished")
    refused(calm.merlon(["collect", "-o", path], profile="ak", proxy=True), (1, 2, 3), "finished")
    assert path.read_bytes() == before and len(calm.calls()) - sent <= 2


def test_a_file_of_another_account_is_not_gone_on_with(calm, tmp_path):
    path = tmp_path / "a.db"
    half_read(calm, path)
    known = reading.rows(path)
    done = calm.merlon(["collect", "--resume", path, "--no-pacing"], profile="ak", proxy=True, account=1)
    refused(done, (1, 2, 3), calm.account(0)["id"], calm.account(1)["id"])
    after = reading.rows(path)
    assert {t: v for t, v in reading.differences(known, after).items() if t != "collect_call"} == {}


def test_a_file_of_another_plan_is_not_gone_on_with(calm, tmp_path):
    path = tmp_path / "a.db"
    half_read(calm, path)
    catalog = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "catalog", "collect", "cdn.yaml")
    (tmp_path / "catalog" / "collect").mkdir(parents=True)
    with open(catalog, encoding="utf-8") as f:
        (tmp_path / "catalog" / "collect" / "cdn.yaml").write_text(f.read().replace("max: 500", "max: 100"))
    done = calm.merlon(["collect", "--resume", path, "--catalog", tmp_path / "catalog"], profile="ak", proxy=True)
    refused(done, (1, 2, 3), "a.db", "plan")


def test_a_file_that_was_only_begun_is_gone_on_with(calm, clean, tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(b"")
    finish(calm, path)
    assert reading.differences(clean, reading.rows(path)) == {}


def test_garbage_is_not_gone_on_with(calm, tmp_path):
    for name, content in (("text", b"no snapshot at all\n" * 1000), ("half", b"SQLite format 3\0" + os.urandom(5000))):
        path = tmp_path / name
        path.write_bytes(content)
        refused(calm.merlon(["collect", "--resume", path], profile="ak", proxy=True), (1, 2, 3), name)
        assert path.read_bytes() == content
    refused(calm.merlon(["collect", "--resume", tmp_path / "none"], profile="ak", proxy=True), (1, 2, 3, 9), "none")
    refused(calm.merlon(["collect", "--resume", tmp_path], profile="ak", proxy=True), (1, 2, 3), str(tmp_path))


# ---- full disks ----
def limited(size):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


def collect_limited(cloud, size, *args):
    return subprocess.run(cloud.command(["collect", *args, "--no-pacing"], "ak", True), stdin=subprocess.DEVNULL, capture_output=True,
                          encoding="utf-8", env=cloud.env(0, True), timeout=120, preexec_fn=limited(size))


@pytest.fixture(scope="module")
def sizes(world, clean, tmp_path_factory):
    """Of a file before anything is in it, and of a whole one."""
    cloud, folder = world, tmp_path_factory.mktemp("sizes")
    cloud.reset()
    reading.collect(cloud, folder / "whole.db")
    cloud.faults(*({"match": {"product": p}, "do": "code", "code": "NoSuchThing"} for p in {c["product"] for c in cloud.calls()} - {"sts"}))
    reading.collect(cloud, folder / "empty.db", ends=(7,))
    cloud.reset()
    return (folder / "empty.db").stat().st_size, (folder / "whole.db").stat().st_size


def test_a_full_disk_is_said_and_the_run_can_be_gone_on_with(calm, clean, sizes, tmp_path):
    empty, whole = sizes
    for part in (0.3, 0.8):
        path = tmp_path / f"{part}.db"
        calm.reset()
        done = collect_limited(calm, int(empty + (whole - empty) * part) // 4096 * 4096, "-o", path)
        refused(done, (1,), path.name)
        assert "merlon collect --resume" in done.stderr, done.stderr
        known = read_before(copied(path, tmp_path / "copy.db"))
        calm.reset()
        finish(calm, path)
        assert asked_again(known, calm.calls()) == []
        assert reading.differences(clean, reading.rows(path)) == {}


def test_a_disk_that_is_full_from_the_start_is_said(calm, tmp_path):
    refused(collect_limited(calm, 4096, "-o", tmp_path / "a.db"), (1,), "a.db")


def test_a_recording_that_cannot_be_written_is_said(calm, clean, tmp_path):
    path = tmp_path / "a.db"
    (tmp_path / "raw").write_text("a file and no folder")
    refused(calm.merlon(["collect", "-o", path, "--save-raw", tmp_path / "raw"], profile="ak", proxy=True), (1, 2, 3), "raw")
    small = tmp_path / "small"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "none", str(small)],
                             capture_output=True).returncode == 0 if not small.mkdir() and os.geteuid() == 0 else False
    if not mounted:
        pytest.skip("no small disk can be made here")
    try:
        done = calm.merlon(["collect", "-o", tmp_path / "b.db", "--save-raw", small / "raw", "--no-pacing"], profile="ak", proxy=True)
        refused(done, (1,), "raw", "space")
        known = read_before(copied(tmp_path / "b.db", tmp_path / "copy.db"))
    finally:
        subprocess.run(["umount", str(small)], check=True)
    calm.reset()
    finish(calm, tmp_path / "b.db", "--save-raw", tmp_path / "elsewhere")
    assert asked_again(known, calm.calls()) == []
    assert reading.differences(clean, reading.rows(tmp_path / "b.db")) == {}


def test_a_disk_that_fills_up_is_said_and_the_run_can_be_gone_on_with(calm, clean, sizes, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    empty, whole = sizes
    size = f"size={(empty + whole) // 2 // 1024 + 600}k,mode=700"  # The journal stands beside it.
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", str(small)], capture_output=True).returncode != 0:
        pytest.skip("no small disk can be made here")
    try:
        path = small / "a.db"
        refused(calm.merlon(["collect", "-o", path, "--no-pacing"], profile="ak", proxy=True), (1,), "a.db", "full", "--resume")
        known = read_before(copied(path, tmp_path / "copy.db"))
        subprocess.run(["mount", "-o", "remount,size=50m", str(small)], check=True)
        calm.reset()
        finish(calm, path)
        assert asked_again(known, calm.calls()) == []
        assert reading.differences(clean, reading.rows(path)) == {}
    finally:
        subprocess.run(["umount", str(small)], check=True)
