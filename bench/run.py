#!/usr/bin/env python3
"""Runs every benchmark and prints one table. All numbers are ratios of things measured turn by turn in this run, so that the
machine, its other users and its mood cancel out; CPU time (user and system) unless a row says otherwise.

    run.py BUILD_FOLDER [-o TABLE_FILE] [--quick] [--only collect,http,page,results,cli,detect,snapshot,checks]
"""
import argparse
import datetime
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from live import live

ACCOUNT = "1234567890123456"
CONNECTIONS = "64"
THREADS = "2"
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SDK = ["alibabacloud_tea_openapi==0.4.3", "alibabacloud_openapi_util==0.2.4", "alibabacloud_credentials==1.0.8"]
FIRST_PAGE = "CurrentPage=1&HandleStatus=UNPROCESSED&PageSize=20"
CLI_PAGE = "CurrentPage=1&PageSize=100&HandleStatus=UNPROCESSED"
# The first pages of both lists, each spelled in a hundred ways: more than the server keeps answers, so that every one is made anew.
PAGES = [f"CurrentPage={'0' * i}{page}&HandleStatus={status}&PageSize={'0' * j}20" for i in range(10) for j in range(10)
         for page in range(1, 6) for status in ("UNPROCESSED", "PROCESSED")]


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    def __init__(self, build, quick):
        self.build, self.quick = os.path.abspath(build), quick
        self.merlon = os.path.join(self.build, "merlon")
        self.work = tempfile.mkdtemp(prefix="merlon-bench-")
        self.rows, self.notes, self.started = [], [], []
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("ALIBABA", "ALICLOUD"))}
        self.env.update(HOME=self.work, ALIBABA_CLOUD_CONFIG_FILE=f"{self.work}/config.json", ALIBABA_CLOUD_ECS_METADATA_DISABLED="true")
        # A store with an account and a key and nothing else: every other store begins as a copy of it.
        self.empty = f"{self.work}/empty.db"
        self.output([self.merlon, "-q", "admin", "init", "--store", f"sqlite:{self.empty}", "--account", ACCOUNT, "--user", "admin",
                     "--write-profile", f"{self.work}/config.json", "--profile-name", "bench"])
        with open(f"{self.work}/config.json", encoding="utf-8") as file:
            profile = json.load(file)["profiles"][0]
        self.keyed = dict(self.env, ALIBABA_CLOUD_ACCESS_KEY_ID=profile["access_key_id"],
                          ALIBABA_CLOUD_ACCESS_KEY_SECRET=profile["access_key_secret"])

    def close(self):
        for process in self.started:
            process.kill()
            process.wait()
        shutil.rmtree(self.work, ignore_errors=True)

    def tool(self, name):
        return os.path.join(self.build, "bench", name)

    def rounds(self, count):
        return 3 if self.quick else count

    def output(self, command):
        done = subprocess.run(command, env=getattr(self, "keyed", self.env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f"bench: {command[0]} failed ({done.returncode}): {done.stderr.strip()}")
        return done.stdout

    def start(self, command, log=None):
        """Starts something that runs until we stop it."""
        process = subprocess.Popen(command, env=self.keyed, stdout=subprocess.PIPE, stderr=open(log or os.devnull, "wb"), text=True)
        self.started.append(process)
        return process

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        process.wait()
        self.started.remove(process)

    def serve(self, store, *options):
        """The product's server with its default access log, which goes to a file. Returns the process and its port."""
        process = self.start([self.merlon, "serve", "--store", f"sqlite:{store}", "--listen", "127.0.0.1:0", "--workers", THREADS,
                              "--requests-per-second", "1000000", *options], log=f"{self.work}/access.log")
        line = process.stdout.readline()
        if ":" not in line:
            raise SystemExit("bench: the server did not start")
        return process, line.strip().rsplit(":", 1)[1]

    def bare(self, body_bytes):
        process = self.start([self.tool("bare_http"), THREADS, str(body_bytes)])
        return process, process.stdout.readline().strip()

    def load(self, server, count, *queries):
        """CPU microseconds of the server per request, and the size of the last body."""
        process, port = server
        cpu, size = self.output([self.tool("load"), port, str(process.pid), CONNECTIONS, str(count), *queries]).split()
        return float(cpu), int(size)

    def add(self, what, values, target=None, better="max"):
        """A row: the median of one ratio a round, the extremes, and whether the target is met."""
        middle = statistics.median(values)
        met = None if target is None else (middle <= target if better == "max" else middle >= target)
        self.rows.append({"what": what, "median": middle, "low": min(values), "high": max(values), "target": target, "better": better,
                          "met": met, "rounds": len(values)})
        say(f"  {what}: {middle:.2f} ({min(values):.2f}..{max(values):.2f})")


def spent(command, env, stdin=None):
    """CPU and wall seconds of one run of a command, its peak memory in KiB, and its output."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"bench: {command[:4]} failed ({process.returncode})")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - began, usage.ru_maxrss, out


def ratios(above, below):
    return [a / b for a, b in zip(above, below)]


# ---- 1. a request ----

def http(bench):
    say("CPU per signed request, empty answer, against the bare HTTP library")
    count = 5000 if bench.quick else 20000
    server, silent = bench.serve(bench.empty), bench.serve(bench.empty, "--log-level", "warn")
    _, size = bench.load(server, 200, FIRST_PAGE)
    plain = bench.bare(size)
    cpu = {"plain": [], "server": [], "silent": []}
    for _ in range(bench.rounds(15)):
        for name, one in (("plain", plain), ("server", server), ("silent", silent)):
            cpu[name].append(bench.load(one, count, FIRST_PAGE)[0])
    for one in (plain, server, silent):
        bench.stop(one[0])
    bench.add("signed request, empty answer / bare libmicrohttpd handler", ratios(cpu["server"], cpu["plain"]), 1.6)
    bench.add("the same without the access log", ratios(cpu["silent"], cpu["plain"]))
    bench.notes.append("signed request: " + ", ".join(f"{name} {statistics.median(values):.1f} us" for name, values in cpu.items()))


# ---- 2. a page ----

def page_at(bench, events):
    """Fills a store and measures a page over it while a detector commits once a second."""
    store = f"{bench.work}/{events}.db"
    shutil.copy(bench.empty, store)
    bench.output([bench.tool("fill_store"), f"sqlite:{store}", ACCOUNT, str(events)])
    writer = bench.start([bench.tool("detector_writes"), f"sqlite:{store}", ACCOUNT])
    server = bench.serve(store)
    _, size = bench.load(server, 200, FIRST_PAGE)
    return {"events": events, "store": store, "writer": writer, "server": server, "plain": bench.bare(size),
            "cpu": [], "plain_cpu": [], "floor": [], "gateway": []}


def page(bench):
    say("an uncached page of 20 risk events, with a detector committing once a second")
    sizes = [10**4, 10**5] if bench.quick else [10**4, 10**5, 10**6]
    count = 2000 if bench.quick else 4000
    points = [page_at(bench, events) for events in sizes]
    seal = f"{bench.work}/.config/merlon/seal.key"
    for _ in range(bench.rounds(7)):
        for point in points:
            point["plain_cpu"].append(bench.load(point["plain"], count, *PAGES)[0])
            point["cpu"].append(bench.load(point["server"], count, *PAGES)[0])
            floor, gateway, *_ = bench.output([bench.tool("page"), point["store"], ACCOUNT, seal, "1", str(count)]).split()
            point["floor"].append(float(floor))
            point["gateway"].append(float(gateway))
    for point in points:
        for process in (point["server"][0], point["plain"][0], point["writer"]):
            bench.stop(process)
    for point in points:
        name = f"10^{len(str(point['events'])) - 1} events"
        bench.add(f"page of 20, {name}: gateway without HTTP / signature + same SELECTs + writer", ratios(point["gateway"], point["floor"]), 1.4)
        both = [a + b for a, b in zip(point["floor"], point["plain_cpu"])]
        bench.add(f"page of 20, {name}: server / (signature + same SELECTs + writer + bare HTTP)", ratios(point["cpu"], both), 1.4)
        bench.add(f"page of 20, {name}: server with its HTTP / signature + same SELECTs + writer, no HTTP", ratios(point["cpu"], point["floor"]), 1.4)
        bench.notes.append(f"page, {name}: " + ", ".join(
            f"{label} {statistics.median(point[key]):.1f} us"
            for label, key in (("server", "cpu"), ("gateway", "gateway"), ("floor", "floor"), ("bare HTTP", "plain_cpu"))))
    bench.add(f"page of 20: server at 10^{len(str(sizes[-1])) - 1} events / at 10^4", ratios(points[-1]["cpu"], points[0]["cpu"]), 1.2)


def results(bench):
    say("an uncached page of 20 check results")
    count = 2000 if bench.quick else 4000
    store = f"{bench.work}/results.db"
    shutil.copy(bench.empty, store)
    sample = os.path.join(ROOT, "examples", "accounts", "sample")
    done = subprocess.run([bench.merlon, "-q", "scan", "--store", f"sqlite:{store}", "--account", ACCOUNT, "--replay", sample], env=bench.env,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 7):
        raise SystemExit(f"bench: the sample account could not be scanned: {done.stderr.strip()}")
    seal = f"{bench.work}/.config/merlon/seal.key"
    floor, gateway = [], []
    for _ in range(bench.rounds(7)):
        one, two, floor_bytes, gateway_bytes = bench.output(
            [bench.tool("page"), store, ACCOUNT, seal, "1", str(count), "checks"]).split()
        if floor_bytes != gateway_bytes:
            raise SystemExit(f"bench: the floor's page is not the gateway's: {floor_bytes} and {gateway_bytes} bytes")
        floor.append(float(one))
        gateway.append(float(two))
    bench.add("page of 20 check results: gateway without HTTP / signature + same SELECTs + writer", ratios(gateway, floor), 1.4)
    bench.notes.append(f"check results: gateway {statistics.median(gateway):.1f} us, floor {statistics.median(floor):.1f} us, {floor_bytes} bytes")


# ---- 3. and 5. commands ----

def sdk_python(bench):
    """A Python with the official SDK, or None when it cannot be had here."""
    venv = os.path.join(bench.build, "sdk-venv")
    python = os.path.join(venv, "bin", "python")
    done = os.path.join(venv, "complete")
    if os.path.exists(done):
        return python
    # pip as root keeps its cache outside of HOME only when it is told to.
    for command in ([sys.executable, "-m", "venv", venv], [python, "-m", "pip", "install", "-q", *SDK]):
        try:
            tried = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        except OSError:
            return None
        if tried.returncode != 0:
            return None
    with open(done, "w", encoding="utf-8"):
        return python


def compare(bench, commands, rounds):
    """Runs several commands in turn; per command the lists of CPU and wall seconds."""
    taken = {name: ([], []) for name in commands}
    for turn in range(rounds + 1):
        for name, make in commands.items():
            cpu, wall, *_ = spent(make(), bench.keyed)
            if turn > 0: # The first turn fills the caches.
                taken[name][0].append(cpu)
                taken[name][1].append(wall)
    return taken


def curl_commands(bench, port, count):
    """curl of requests signed beforehand, one after the other."""
    lines = bench.output([bench.tool("sign_requests"), f"127.0.0.1:{port}", str(count), CLI_PAGE]).splitlines()
    for line in lines:
        query, *headers = line.split("\t")
        command = ["curl", "-s", "-X", "POST", f"http://127.0.0.1:{port}/?{query}"]
        for header in headers:
            command += ["-H", header]
        yield command


def cli(bench):
    say("the command line")
    rounds = 10 if bench.quick else 40
    store = f"{bench.work}/cli.db"
    shutil.copy(bench.empty, store)
    bench.output([bench.tool("fill_store"), f"sqlite:{store}", ACCOUNT, "31"])
    server = bench.serve(store)
    port = server[1]
    curls = curl_commands(bench, port, rounds + 2)
    listing = [bench.merlon, "--endpoint", f"http://127.0.0.1:{port}", "risk", "list"]
    commands = {"merlon": lambda: listing, "curl": lambda: next(curls)}
    python = sdk_python(bench)
    if python:
        commands["sdk"] = lambda: [python, os.path.join(ROOT, "bench", "sdk_list.py"), f"127.0.0.1:{port}"]
    else:
        bench.notes.append("the official Python SDK could not be installed: not compared")
    for name, make in commands.items():
        if b"TotalCount" not in (out := spent(make(), bench.keyed)[3]) and b"Found 31 " not in out:
            raise SystemExit(f"bench: {name} did not list the events: {out[:300]!r}")
    taken = compare(bench, commands, rounds)
    bench.stop(server[0])
    for unit, name in ((0, "CPU"), (1, "wall time")):
        bench.add(f"merlon risk list / curl -s of the same signed request, {name}", ratios(taken["merlon"][unit], taken["curl"][unit]), 2.0)
        if python:
            bench.add(f"official Python SDK's script / merlon risk list, {name}", ratios(taken["sdk"][unit], taken["merlon"][unit]), 1.0, "min")
    version = compare(bench, {"merlon": lambda: [bench.merlon, "--version"], "curl": lambda: ["curl", "--version"]}, rounds)
    for unit, name in ((0, "CPU"), (1, "wall time")):
        bench.add(f"merlon --version / curl --version, {name}", ratios(version["merlon"][unit], version["curl"][unit]), 1.6)


# ---- 4. detection ----

def write_log(bench, lines):
    path = f"{bench.work}/{lines}.log"
    with open(path, "wb") as out:
        subprocess.run([bench.tool("make_log"), str(lines)], stdout=out, check=True)
    return path


def detect_command(bench, log):
    """detect into a fresh store."""
    store = f"{bench.work}/detect.db"
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(store + suffix):
            os.unlink(store + suffix)
    shutil.copy(bench.empty, store)
    return [bench.merlon, "detect", "--store", f"sqlite:{store}", "--account", ACCOUNT, "--format", "mariadb-server-audit",
            "--product", "RDS", "--time-zone", "Asia/Shanghai", "--lists", f"{ROOT}/examples/lists/shop.yaml", log]


def detect(bench):
    say("detection over a server_audit log with 1 % alarms")
    lines = 200000 if bench.quick else 1000000
    small, tiny = write_log(bench, lines), write_log(bench, 100)
    floor, whole, start, peak = [], [], [], 0
    for _ in range(bench.rounds(7)):
        floor.append(spent([bench.tool("detect_floor"), small], bench.env)[0])
        cpu, _, rss, _ = spent(detect_command(bench, small), bench.env)
        whole.append(cpu)
        peak = max(peak, rss)
        start.append(spent(detect_command(bench, tiny), bench.env)[0])
    bench.add(f"source + parser + skeleton alone / merlon detect, {lines} lines", ratios(floor, whole), 0.4, "min")
    bench.add("the same without starting up (rules compiled, store opened)",
              [f / (w - s) for f, w, s in zip(floor, whole, start)])
    big = write_log(bench, 5 * lines)
    _, _, big_peak, _ = spent(detect_command(bench, big), bench.env)
    bench.add(f"peak memory of merlon detect, {lines} lines, in units of 64 MiB", [peak / 65536], 1.0)
    bench.add(f"peak memory of merlon detect, {5 * lines} lines, in units of 64 MiB", [big_peak / 65536], 1.0)
    report = subprocess.run(detect_command(bench, small), env=bench.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True).stderr
    bench.notes.append("detect: " + report.strip().splitlines()[-1])
    bench.notes.append(f"detect: {statistics.median(whole):.2f} s of CPU, of it {statistics.median(start):.2f} s to start; floor "
                       f"{statistics.median(floor):.2f} s; peak {peak // 1024} and {big_peak // 1024} MiB")


# ---- 6. a snapshot ----

def snapshot(bench):
    say("filling a snapshot from pages of JSON, against plain prepared INSERTs of the same rows into the same tables")
    sizes = [10**4, 10**5] if bench.quick else [10**4, 10**5, 10**6]
    peaks = {}
    for rows in sizes:
        load, same, bare = [], [], []
        for _ in range(bench.rounds(3 if rows == 10**6 else 7)):
            files = [f"{bench.work}/snapshot-{i}.db" for i in range(3)]
            cpu, peak = bench.output([bench.tool("load_snapshot"), files[0], str(rows)]).split()
            load.append(float(cpu))
            peaks[rows] = int(peak)
            same.append(float(bench.output([bench.tool("plain_inserts"), files[0], files[1]])))
            bare.append(float(bench.output([bench.tool("plain_inserts"), files[0], files[2], "bare"])))
            for name in os.listdir(bench.work):
                if name.startswith("snapshot-"):
                    os.unlink(f"{bench.work}/{name}")
        name = f"10^{len(str(rows)) - 1} rows"
        bench.add(f"snapshot, {name}: plain INSERTs / pages of JSON to rows", ratios(same, load), 0.5, "min")
        bench.add("the same, INSERTs into tables without an index", ratios(bare, load))
        bench.add(f"peak memory of filling a snapshot, {name}, in units of 64 MiB", [peaks[rows] / 65536], 1.0)
    bench.notes.append("snapshot: peak " + ", ".join(f"{peak // 1024} MiB at {rows}" for rows, peak in peaks.items()))


# ---- 7. checks ----

def checks_at(bench, resources, rounds):
    """Loads an account, judges it, and scans it into a store, in turn: seconds by the clock and of CPU by name, and the highest
    peaks in KiB."""
    point = {"resources": resources, "load": [], "judge": [], "scan": [],
             "load cpu": [], "judge cpu": [], "scan cpu": [], "peak": {"load": 0, "judge": 0, "scan": 0}}
    for _ in range(rounds):
        snapshot, store = f"{bench.work}/account.snapshot", f"{bench.work}/checks.db"
        shutil.copy(bench.empty, store)
        commands = {"load": [bench.tool("fill_account"), snapshot, str(resources)], "judge": [bench.tool("judge_account"), snapshot, "judge", "0"],
                    "scan": [bench.tool("judge_account"), snapshot, f"sqlite:{store}"]}
        for name, command in commands.items():
            wall, cpu, peak, *counts = bench.output(command).split()
            point[name].append(float(wall))
            point[f"{name} cpu"].append(float(cpu))
            point["peak"][name] = max(point["peak"][name], int(peak))
            point[f"{name} counts"] = counts
        for name in os.listdir(bench.work):
            if name.startswith(("account.", "checks.")):
                os.unlink(f"{bench.work}/{name}")
    return point


def checks(bench):
    say("judging all built-in checks over an account, and storing what they found, against loading the account from JSON")
    sizes = [10**4, 10**5] if bench.quick else [10**4, 10**5, 10**6]
    points = [checks_at(bench, resources, bench.rounds(3 if resources == 10**6 else 7)) for resources in sizes]
    for point in points:
        name = f"10^{len(str(point['resources'])) - 1} resources"
        bench.add(f"checks, {name}: judging / loading", ratios(point["judge"], point["load"]),
                  0.5 if point["resources"] == 10**6 else None)
        bench.add(f"checks, {name}: scan into a store / loading", ratios(point["scan"], point["load"]), 3.0)
        for step in ("load", "judge", "scan"):
            bench.add(f"checks, {name}: peak private memory to {step}, in units of 200 MiB", [point["peak"][step] / 204800], 1.0)
        bench.notes.append(f"checks, {name}: load {statistics.median(point['load']):.2f} s ({' rows, '.join(point['load counts'])} calls), judge "
                           f"{statistics.median(point['judge']):.2f} s ({' findings, '.join(point['judge counts'])} failed), scan "
                           f"{statistics.median(point['scan']):.2f} s; peaks "
                           + ", ".join(f"{step} {peak // 1024} MiB" for step, peak in point["peak"].items()))
    bench.notes.append("checks: times by the clock; judging takes two threads where there are two processors, loading one")
    times = points[-1]["resources"] // points[0]["resources"]
    for step, name in (("judge", "judging"), ("scan", "scan into a store")):
        bench.add(f"checks: {name}, a resource of 10^{len(str(sizes[-1])) - 1} / of 10^4",
                  [a / b / times for a in points[-1][step] for b in points[0][step]], 1.2)


# ---- the table ----

def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return f"{os.cpu_count()} cores, {model}, {system}, Linux {platform.release()}"


def table(bench):
    lines = [f"{datetime.date.today().isoformat()}, {machine()}", "",
             "| measure | median | min..max | target | met |", "| --- | ---: | ---: | ---: | --- |"]
    for row in bench.rows:
        target = "" if row["target"] is None else ("≤ " if row["better"] == "max" else "≥ ") + f"{row['target']:g}"
        met = {None: "", True: "yes", False: "**no**"}[row["met"]]
        lines.append(f"| {row['what']} | {row['median']:.2f} | {row['low']:.2f}..{row['high']:.2f} | {target} | {met} |")
    lines += [""] + [f"- {note}" for note in bench.notes]
    return "\n".join(lines) + "\n"


# ---- a collection ----

def collect(bench):
    say("collecting an account from a cloud in the same process: the executor and the snapshot without a network")
    sizes = [10**5] if bench.quick else [10**5, 10**6]
    for resources in sizes:
        name = f"10^{len(str(resources)) - 1} resources"
        for at_once, how in ((64, "answers in crowds"), (1, "each answer waited for")):
            file = f"{bench.work}/collected"
            us, calls, peak, each = bench.output([bench.tool("collect_account"), file, str(resources), str(at_once)]).split()
            for suffix in ("", "-wal", "-shm"):
                if os.path.exists(file + suffix):
                    os.unlink(file + suffix)
            bench.add(f"collecting {name}, {how}: CPU of a call, in units of 300 us", [float(us) / 300], 0.25)
        bench.add(f"peak private memory of collecting {name}, in units of 100 MB", [int(peak) * 1024 / 1e8], 0.8)
        bench.notes.append(f"collecting {name}: {calls} calls, {us} us of CPU each, {int(peak) // 1024} MiB; {each} bytes of heap for a call on its way")


PARTS = {"collect": collect, "live": live, "http": http, "page": page, "results": results, "cli": cli, "detect": detect, "snapshot": snapshot, "checks": checks}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("-o", "--output")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default=",".join(PARTS))
    args = parser.parse_args()
    bench = Bench(args.build, args.quick)
    try:
        for name in args.only.split(","):
            PARTS[name](bench)
    finally:
        bench.close()
    text = table(bench)
    print(text)
    if args.output:
        with open(args.output, "w", encoding="utf-8") as file:
            file.write(text)


main()
