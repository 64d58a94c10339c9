"""Collecting over the network: the binary against the stand-in cloud of tests/cloud, over TLS, signatures verified."""
import collections
import json
import os
import subprocess
import sys
import time

LATENCY = "50ms"
CPU_US_PER_CALL = 300
MEMORY_BYTES = 100 * 10**6
RATE_UNKNOWN = 5.0  # Calls a second where the vendor documents none: what the client keeps to.


def say(text):
    print(text, file=sys.stderr, flush=True)


class Cloud:
    """The stand-in, in a folder of its own, for as long as the block."""

    def __init__(self, bench, resources, *options):
        self.folder = f"{bench.work}/cloud"
        os.makedirs(self.folder)
        self.process = subprocess.Popen([os.path.join(bench.build, "tests", "cloud", "stand-in-cloud"), "-dir", self.folder, "-lifetime", "2h",
                                         "-resources", str(resources), "-log", *options], stdout=subprocess.DEVNULL)
        bench.started.append(self.process)
        self.bench = bench
        ready = f"{self.folder}/ready.json"
        while not os.path.exists(ready):
            if self.process.poll() is not None:
                raise SystemExit("bench: the stand-in cloud did not start")
            time.sleep(0.05)
        with open(ready, encoding="utf-8") as file:
            self.ready = json.load(file)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.bench.stop(self.process)
        subprocess.run(["rm", "-r", self.folder], check=True)

    def collect(self, *options, proxy=True):
        """One run: seconds of CPU and by the clock, and the peak of private memory in bytes. Through its proxy the stand-in answers
        under the real hosts' names, which say the region where no parameter does; without it all calls go to one name."""
        home = f"{self.folder}/home-{self.ready['accounts'][0]}"
        env = {"PATH": os.environ["PATH"], "HOME": home}
        if proxy:
            env["HTTPS_PROXY"] = self.ready["proxy"]
        else:
            options += ("--endpoint-override", self.ready["url"])
        snapshot = f"{self.folder}/snapshot"
        command = [self.bench.merlon, "collect", "-p", "ak", "-q", "--cacert", self.ready["ca"], "-o", snapshot, *options]
        peak, began = 0, time.perf_counter()
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, private_bytes(process.pid))
            time.sleep(0.02)
        took = time.perf_counter() - began
        code = os.waitstatus_to_exitcode(status)
        process.returncode = code
        if code not in (0, 7):  # 7: what is found by its region only is not there under one name.
            raise SystemExit(f"bench: collect failed ({code}): {process.stderr.read().decode()}")
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(snapshot + suffix):
                os.unlink(snapshot + suffix)
        return usage.ru_utime + usage.ru_stime, took, peak

    def calls(self):
        """How often each product, action and region was asked."""
        counts = collections.Counter()
        with open(f"{self.folder}/calls.jsonl", encoding="utf-8") as file:
            for line in file:
                call = json.loads(line)
                counts[call["product"], call["action"], call.get("region", "")] += 1
        return counts


def private_bytes(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return sum(int(line.split()[1]) * 1024 for line in file if line.startswith(("Private_Dirty:", "Swap:")))
    except OSError:
        return 0


def limits(bench):
    """Calls a second by product and action: what the vendor documents, or what is kept to where nothing is."""
    rates = {}
    for row in json.loads(bench.output([bench.merlon, "collect", "--plan", "-o", "json"]))["items"]:
        count, _, per = (row["Limit"] or f"{RATE_UNKNOWN:g}/s").partition("/")
        rates[row["Product"], row["Action"]] = float(count) / (60 if per == "min" else 1)
    return rates


def live(bench):
    if not os.path.exists(os.path.join(bench.build, "tests", "cloud", "stand-in-cloud")):
        say("live: the stand-in cloud was not built (Go is not installed): left out")
        return
    rates = limits(bench)
    resources = 2000 if bench.quick else 10000
    say(f"collecting an account of {resources} resources, {LATENCY} a call, documented rates enforced (minutes)")
    ratios, detail = [], ""
    for seed in ("1",) if bench.quick else ("1", "2", "3"):
        with Cloud(bench, resources, "-latency", LATENCY, "-rates", "documented", "-seed", seed) as cloud:
            _, took, _ = cloud.collect()
            # The slowest of them alone, at its full rate, with no answer waited for.
            bucket, floor = max(((name, count / rates[name[:2]]) for name, count in cloud.calls().items()), key=lambda pair: pair[1])
            ratios.append(took / floor)
            detail = f"{sum(cloud.calls().values())} calls in {took:.0f} s; {':'.join(bucket[:2])} alone takes {floor:.0f} s"
    bench.add(f"collecting {resources} resources: time / what the rate limits alone allow", ratios, 1.2)
    bench.notes.append(f"collecting live: {detail}")
    say("the same with limits off: CPU of a call, TLS included")
    cpus = []
    for _ in range(bench.rounds(5)):
        with Cloud(bench, resources) as cloud:
            cpu, took, _ = cloud.collect("--no-pacing", proxy=False)
            count = sum(cloud.calls().values())
            cpus.append(cpu * 1e6 / count / CPU_US_PER_CALL)
            detail = f"{count} calls in {took:.1f} s, {cpu * 1e6 / count:.0f} us of CPU each"
    bench.add(f"collecting {resources} resources, limits off: CPU of a call, in units of {CPU_US_PER_CALL} us", cpus, 1.0)
    bench.notes.append(f"collecting live, limits off: {detail}")
    many = 10**5 if bench.quick else 10**6
    say(f"an account of {many} resources, limits off: memory")
    with Cloud(bench, many) as cloud:
        cpu, took, peak = cloud.collect("--no-pacing", proxy=False)
        count = sum(cloud.calls().values())
    bench.add(f"collecting {many} resources: peak private memory, in units of 100 MB", [peak / MEMORY_BYTES], 1.0)
    bench.notes.append(f"collecting {many} resources live: {count} calls in {took:.0f} s, {cpu * 1e6 / count:.0f} us of CPU each, "
                       f"{peak / 1e6:.0f} MB of private memory")
