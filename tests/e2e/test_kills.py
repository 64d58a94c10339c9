"""A detector that is interrupted at any point, over a log that may grow and be rotated, ends where an undisturbed one does."""
import os
import random
import shutil
import signal
import subprocess
import time

import audit_log
import pytest
import store_state

RECORDS = int(os.environ.get("E2E_RECORDS", "1000000"))
KILLS = int(os.environ.get("E2E_KILLS", "50"))
SEED = int(os.environ.get("E2E_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 30)
BATCH = 20000  # records that a batch has at most
PASSES = 20
RUN_S, STOP_S = 120, 20
LISTS = """app_accounts: ['shop_app*']
sensitive_tables: [shop.customers]
"""


@pytest.fixture
def rng():
    print(f"E2E_SEED={SEED}")  # shown when a test fails
    return random.Random(SEED)


@pytest.fixture(scope="module")
def big_log(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "server_audit.log"
    return path, audit_log.write(path, RECORDS)


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    path = tmp_path_factory.mktemp("lists") / "lists.yaml"
    path.write_text(LISTS)
    return path


class Interrupter:
    """Runs `detect` and stops it with a signal: after some commits, or at a moment before the first."""

    def __init__(self, merlon, rng, args, signal_number, startup_s, batch_s):
        self.merlon, self.rng, self.args, self.signal = merlon, rng, args, signal_number
        self.startup_s, self.batch_s = startup_s, batch_s
        self.stopped = 0

    def wait_for_commits(self, process, count):
        wal, deadline = self.merlon.database + "-wal", time.monotonic() + RUN_S
        last = self.wal_state(wal)
        while count > 0 and process.poll() is None:
            assert time.monotonic() < deadline, "detect does not go on"
            time.sleep(0.0005)
            now = self.wal_state(wal)
            if now != last:
                last, count = now, count - 1

    @staticmethod
    def wal_state(path):
        try:
            state = os.stat(path)
            return state.st_size, state.st_mtime_ns
        except FileNotFoundError:
            return None

    def once(self, commits):
        """True if the run was interrupted, false if it had come to its end before."""
        process = self.merlon.spawn(self.args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if commits == 0:
            time.sleep(self.rng.uniform(0, self.startup_s + self.batch_s))
        else:
            self.wait_for_commits(process, commits)
            # Half of the time within the commit, half of the time in the batch that follows.
            time.sleep(self.rng.uniform(0, self.batch_s if self.rng.random() < 0.5 else 0.003))
        process.send_signal(self.signal)  # a process that has ended, and was not waited for, takes it without harm
        code = process.wait(STOP_S)
        self.merlon.processes.remove(process)
        # On SIGTERM a batch is finished and committed; before the handler stands, the signal simply ends the process.
        assert code in (0, -self.signal) or (self.signal == signal.SIGTERM and code > 0), code
        self.stopped += code != 0
        return code != 0


def measured(merlon, log, **options):
    """An undisturbed run; how long it took to start and how long for one batch."""
    empty = os.path.join(merlon.folder, "empty.log")
    open(empty, "w", encoding="ascii").close()
    begin = time.monotonic()
    merlon.detect(empty, **options)
    started = time.monotonic()
    merlon.detect(log, **options)
    done = time.monotonic()
    batches = max(1, RECORDS / BATCH)
    return started - begin, max(0.005, (done - started - (started - begin)) / batches)


def interrupted_until_its_end(runs, log, kills, rng):
    """Interrupts runs over the log until it is read to its end, `kills` times at most; how often it was."""
    size, reached, before = os.path.getsize(log), 0, runs.stopped
    while runs.stopped - before < kills:
        batches_a_kill = (1 - reached / size) * RECORDS / BATCH / (kills - (runs.stopped - before))
        if not runs.once(int(rng.expovariate(1 / max(0.01, 0.8 * batches_a_kill)))):
            break
        now = store_state.offset(runs.merlon)
        assert now >= reached, "a committed batch was lost"
        reached = now
    runs.merlon.run(*runs.args)
    assert store_state.offset(runs.merlon) == size
    return runs.stopped - before


def read_offsets(tables):
    return [row for row in tables["offsets"] if row[-1] > 0]  # measured() leaves one of an empty file


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_interrupted_runs_end_where_an_undisturbed_one_does(new_merlon, rng, big_log, lists, signal_number):
    log, planted = big_log
    want, kills = new_merlon(), 0
    startup_s, batch_s = measured(want, log, lists=lists)
    expected, shown = store_state.tables(want), store_state.listed(want)
    # Against what was put into the log, so that both cannot be wrong in the same way.
    alarms = {row[0]: row[4] for row in expected["events"]}
    assert {rule: alarms.get(rule, 0) for rule in planted} == planted
    assert {10108, 10249, 10261, 10262, 10263} <= set(alarms), "rules with windows found nothing"

    # One pass over the log has room for most of the kills; when it ends early, another store takes the rest.
    for _ in range(PASSES):
        got = new_merlon()
        runs = Interrupter(got, rng, got.detect_args(log, lists=lists), signal_number, startup_s, batch_s)
        kills += interrupted_until_its_end(runs, log, KILLS - kills, rng)
        seen = store_state.tables(got)
        store_state.same(seen, expected, leave_out=("offsets",))
        assert read_offsets(seen) == read_offsets(expected)
        assert store_state.listed(got) == shown
        if kills >= KILLS:
            return
    raise AssertionError(f"only {kills} runs could be interrupted in {PASSES} passes")


class Rotated:
    """A log that a server writes and that is put aside now and then; files are read oldest first, the live one last."""

    def __init__(self, folder):
        self.folder, self.live, self.old = folder, folder / "server_audit.log", []
        self.live.touch()

    def add(self, data):
        with open(self.live, "ab") as f:
            f.write(data)

    def rotate(self, by_copy):
        aside = self.folder / f"server_audit.log.{len(self.old) + 1:03d}"
        self.old.append(aside)
        if by_copy:
            shutil.copyfile(self.live, aside)
            os.truncate(self.live, 0)
        else:
            os.rename(self.live, aside)
            self.live.touch()

    def files(self):
        # As people keep them: the last ones that were put aside.
        return [*self.old[-3:], self.live]


@pytest.mark.parametrize("by_copy", [False, True], ids=["rename", "copytruncate"])
def test_a_log_that_grows_and_is_rotated_is_read_once(new_merlon, rng, lists, tmp_path, by_copy):
    records = min(RECORDS, 200_000)
    groups = list(audit_log.Log(records, seed=7).groups())
    whole = tmp_path / "whole.log"
    whole.write_bytes(b"".join(groups))
    want, got = new_merlon(), new_merlon()
    startup_s, _ = measured(want, whole, lists=lists)

    log = Rotated(tmp_path)
    at, unfinished, rotations, interrupted = 0, b"", 0, 0
    while at < len(groups):
        step = rng.randrange(1, len(groups) // 20)
        data = unfinished + b"".join(groups[at:at + step])
        at += step
        cut = rng.randrange(0, min(200, len(data))) if at < len(groups) else 0
        # The reader comes while a line is being written.
        log.add(data[:len(data) - cut])
        unfinished = data[len(data) - cut:]
        runs = Interrupter(got, rng, got.detect_args(*log.files(), lists=lists), signal.SIGKILL, startup_s, 0.05)
        if rng.random() < 0.5:
            interrupted += runs.once(rng.randrange(0, 3))
        if rng.random() < 0.6:
            got.detect(*log.files(), lists=lists)
        if rng.random() < 0.4:
            # A server finishes its record before it moves on; what was not read yet is read from the file put aside.
            log.add(unfinished)
            unfinished = b""
            log.rotate(by_copy)
            rotations += 1
            if len(log.old) >= 3:
                got.detect(*log.files(), lists=lists)
    log.add(unfinished)
    got.detect(*log.files(), lists=lists)
    got.detect(*log.files(), lists=lists)  # once more changes nothing
    assert rotations >= 2 and interrupted >= 1
    store_state.same(store_state.tables(got), store_state.tables(want), leave_out=("offsets",))


def test_two_detectors_of_one_account_at_a_time_lose_and_repeat_nothing(new_merlon, lists, tmp_path):
    logs = [tmp_path / "one.log", tmp_path / "two.log"]
    for number, log in enumerate(logs):
        audit_log.write(log, min(RECORDS, 200_000), seed=11 + number, network=10 + number, records_a_second=400)
    want, got = new_merlon(), new_merlon()
    want.detect(*logs, lists=lists)
    run_at_once(got, logs, lists)
    expected, seen = store_state.tables(want), store_state.tables(got)
    # The first twenty samples are kept, and who is first is a matter of luck; how many there are is not.
    store_state.same(seen, expected, leave_out=("samples",))
    assert len(seen["samples"]) == len(expected["samples"])


def run_at_once(merlon, logs, lists):
    started = [merlon.spawn(merlon.detect_args(log, lists=lists), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for log in logs]
    said = [process.communicate(timeout=RUN_S)[1].decode() for process in started]
    assert [process.returncode for process in started] == [0] * len(logs), said


def test_a_detector_comes_to_its_end_however_long_its_rival_runs(new_merlon, lists, tmp_path):
    logs = [tmp_path / "one.log", tmp_path / "two.log"]
    for number, log in enumerate(logs):
        audit_log.write(log, max(RECORDS, 1_000_000), seed=11, network=10 + number, records_a_second=2000)
    run_at_once(new_merlon(), logs, lists)


FAILED_LOGIN = "20250303 02:00:{s:02d},db-1,root,10.0.0.9,{s},0,FAILED_CONNECT,,,1045\n"


def half_of_the_guesses(log, first_s):
    with open(log, "a", encoding="ascii") as f:
        f.writelines(FAILED_LOGIN.format(s=first_s + i) for i in range(6))


@pytest.mark.parametrize("records", [100, 50_000])
def test_a_log_that_lags_behind_keeps_its_windows(new_merlon, tmp_path, records):
    merlon, lagging, ahead = new_merlon(), tmp_path / "lagging.log", tmp_path / "ahead.log"
    half_of_the_guesses(lagging, 10)
    merlon.detect(lagging)
    ahead.write_text("".join(f"20250303 12:00:00,db-1,app,10.0.0.1,1,{i},QUERY,shop,'SELECT 1',0\n" for i in range(records)))
    merlon.detect(ahead)
    half_of_the_guesses(lagging, 20)
    merlon.detect(lagging)
    assert 10261 in {event["RuleId"] for event in merlon.events()}


def test_windows_that_are_over_go_also_when_every_run_is_short(new_merlon, tmp_path):
    merlon, log = new_merlon(), tmp_path / "server_audit.log"
    for day in range(1, 13):
        with open(log, "a", encoding="ascii") as f:
            f.write(f"202503{day:02d} 02:00:00,db-1,root,10.0.{day}.9,{day},0,FAILED_CONNECT,,,1045\n")
        merlon.detect(log)
    of_brute_force = [row for row in store_state.tables(merlon)["windows"] if row[1] == 10261]
    assert len(of_brute_force) <= 2
