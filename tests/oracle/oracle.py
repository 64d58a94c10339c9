#!/usr/bin/env python3
"""Runs the product and the judge over made-up accounts and shows where they differ.

    MERLON=build/merlon tests/oracle/oracle.py [--from SEED] [--count N] [--items 1,3] [--parts iam,net,db] [--keep DIR] [--seconds S]

tests/oracle/test_oracle.py is the short form of it; --keep leaves the recordings of accounts that differ in DIR.
"""
import argparse
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import account
import judge

BINARY = os.path.abspath(os.environ.get("MERLON", "build/merlon"))


def run(folder, items):
    """(rows by item, items with a doubt) as the product has it."""
    only = ["--only", ",".join(map(str, items))] if items else []
    done = subprocess.run([BINARY, "check", "run", "--replay", folder, "-o", "jsonl", "-q", *only], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "HOME": folder, "TMPDIR": os.path.dirname(folder)}, check=False)
    if done.returncode not in (0, 7):
        raise RuntimeError(f"exit {done.returncode}: {done.stderr[-2000:]}")
    rows, doubts = collections.defaultdict(dict), {}
    for line in done.stdout.splitlines():
        row = json.loads(line)
        if row["ResourceId"] == "":
            doubts[row["ItemId"]] = row["Value"]
            continue
        place = ("" if row["RegionId"] == "global" else row["RegionId"], row["ResourceId"])
        if place in rows[row["ItemId"]]:
            raise RuntimeError(f"item {row['ItemId']}: {place} twice")
        rows[row["ItemId"]][place] = (row["Verdict"], row["Value"])
    return rows, doubts


def differences(findings, rows, doubts, item):
    """Lines that say what is not as it should be."""
    expected = findings.rows
    if hasattr(findings, "origins"):
        yield from origin_differences(findings, rows, item)
        rows = {}
    for place in sorted(set(expected) | set(rows)):
        verdicts, values = expected.get(place, ({judge.NA}, None))
        verdict, value = rows.get(place, (judge.NA, ""))
        if verdict == judge.UNKNOWN and findings.doubt and judge.FAIL not in verdicts:
            continue    # the item is not assessed anyway; only what fails must not be lost
        if verdict == judge.UNKNOWN and findings.doubt and ":DescribeRegions" in value:
            continue    # what fails for something that is not there may find it where nobody looked
        if verdict not in verdicts:
            yield f"item {item} {'/'.join(place)}: {verdict} ({value!r}), right is {' or '.join(sorted(verdicts))} {values or ''}"
        elif verdict == judge.FAIL and values is not None and value not in values:
            yield f"item {item} {'/'.join(place)}: value {value!r}, right is {values}"
    if findings.doubt is not None and findings.doubt != (item in doubts):
        # A doubt that is right anyway: some row is unknown, so that the item says the same.
        if not any(v[0] == judge.UNKNOWN for v in rows.values()):
            yield f"item {item}: {'says that all was listed' if findings.doubt else 'not all listed: ' + doubts[item]}"


def origin_differences(findings, rows, item):
    """Rows of rules and origins: the rules fix that an id ends in @ and the origin, and names the rule."""
    left = dict(rows)
    for names, origin, region, verdicts in findings.origins:
        hits = [p for p in left if p[1].endswith("@" + origin) and all(n in p[1] for n in names) and (region is None or p[0] == region)]
        if not hits and judge.NA not in verdicts:
            yield f"item {item}: no row for {names} {origin} in {region!r}, right is {verdicts}"
        for place in hits:
            verdict, value = left.pop(place)
            if verdict not in verdicts:
                yield f"item {item} {'/'.join(place)}: {verdict} ({value!r}), right is {' or '.join(sorted(verdicts))}"
    for place, (verdict, value) in left.items():
        if verdict != judge.NA:
            yield f"item {item} {'/'.join(place)}: {verdict} ({value!r}), right is no row"


def compare(seed, items=None, parts=None, keep=None, now=None):
    """What differs for one account."""
    now = time.time() if now is None else now
    recording = account.make(seed, now, parts)
    with tempfile.TemporaryDirectory(prefix="oracle-") as scratch:
        folder = os.path.join(scratch, "account")
        recording.write(folder)
        rows, doubts = run(folder, items)
        findings = judge.judge(recording, now, items)
        lines = [line for item in findings for line in differences(findings[item], rows[item], doubts, item)]
        if lines and keep:
            shutil.copytree(folder, os.path.join(keep, str(seed)), dirs_exist_ok=True)
    return lines, sum(len(f.rows) + len(getattr(f, "origins", ())) for f in findings.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--items")
    parser.add_argument("--parts")
    parser.add_argument("--keep")
    parser.add_argument("--seconds", type=float, default=1e9)
    options = parser.parse_args()
    items = [int(i) for i in options.items.split(",")] if options.items else None
    parts = options.parts.split(",") if options.parts else None
    start, total, wrong, seed = time.time(), 0, 0, options.first
    while seed < options.first + options.count and time.time() - start < options.seconds:
        lines, rows = compare(seed, items, parts, options.keep)
        total, wrong = total + rows, wrong + len(lines)
        for line in lines:
            print(f"seed {seed}: {line}")
        seed += 1
    print(f"{seed - options.first} accounts, {total} verdicts, {wrong} differences, {time.time() - start:.1f} s", file=sys.stderr)
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
