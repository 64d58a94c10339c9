"""What is not read never passes: each call of the plan in turn gets answers that are none, for every region and resource.

A run takes 40 calls and one kind for each by a seed (MERLON_SEED, it is in every message); MERLON_UNREAD=all takes all of them (minutes).
"""
import json
import os
import random
import re
import shutil
import sqlite3

import pytest

SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "accounts", "sample")
SEED = os.environ.get("MERLON_SEED") or str(random.randrange(10**6))


def error(xml, code):
    if xml:
        return f"<Error><Code>{code}</Code><Message>no</Message><RequestId>R</RequestId></Error>"
    return json.dumps({"Code": code, "Message": "no", "RequestId": "R"})


def emptied(value, code):
    """An answer that lists nothing and says at its side that it failed."""
    def empty(v):
        return {k: empty(x) for k, x in v.items()} if isinstance(v, dict) else [] if isinstance(v, list) else 0 if v == 1 or isinstance(v, int) else v
    return json.dumps({**empty(value), "Code": code, "Message": "no"})


KINDS = {   # status, body; None: no file
    "refused": lambda xml, text: (403, error(xml, "Forbidden.RAM")),
    "failed": lambda xml, text: (500, error(xml, "InternalError")),
    "a code nobody knows": lambda xml, text: (400, error(xml, "SomethingElse")),
    "not recorded": lambda xml, text: None,
    "cut in half": lambda xml, text: (200, text[:len(text) // 2]),
    "nothing": lambda xml, text: (200, ""),
    "an empty object": lambda xml, text: (200, "<x/>" if xml else "{}"),
    "another answer": lambda xml, text: (200, "<x><RequestId>R</RequestId></x>" if xml else '{"RequestId":"R"}'),
    "a page": lambda xml, text: (200, "<html><body>log in</body></html>"),
    "an error that says 200": lambda xml, text: (200, error(xml, "Forbidden.RAM")),
    "an error beside empty lists": lambda xml, text: (200, error(xml, "Forbidden.RAM") if xml else emptied(json.loads(text), "Forbidden.RAM")),
}
MEANT = {("waf/DescribeInstance", "another answer")}     # so an account answers that never bought it
CALLS = sorted(f"{product}/{action}" for product in os.listdir(SAMPLE) if os.path.isdir(os.path.join(SAMPLE, product))
               for action in os.listdir(os.path.join(SAMPLE, product)))


def link(source, target):
    """Quicker than a copy; spoil() puts new files in place of links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def spoil(folder, kind):
    for where, _, names in os.walk(folder):
        for name in names:
            path, (stem, syntax) = os.path.join(where, name), re.fullmatch(r"(.*?)(?:\.\d{3})?\.(json|xml)", name).groups()
            with open(path, encoding="utf-8") as f:
                answer = KINDS[kind](syntax == "xml", f.read())
            os.unlink(path)
            if answer is not None:
                status = "" if answer[0] == 200 else f".{answer[0]}"
                with open(os.path.join(where, f"{stem}{status}.{syntax}"), "w", encoding="utf-8") as f:
                    f.write(answer[1])


def judge(run, folder, snapshot=None):
    done = run("check", "run", *(("--snapshot", snapshot) if snapshot else ("--replay", folder)), "-o", "json")
    assert done.returncode in (0, 7), (done.returncode, done.stderr)
    items = {}
    for row in json.loads(done.stdout)["items"]:
        items.setdefault(row["ItemId"], {})[row["RegionId"], row["ResourceId"]] = row["Verdict"]
    return items


def passes(rows):
    return not {"fail", "unknown"} & set(rows.values())


@pytest.fixture(scope="module")
def whole():
    return {}


def test_a_product_that_was_never_bought_leaves_nothing_to_judge(local, tmp_path):
    folder = str(tmp_path / "account")
    shutil.copytree(SAMPLE, folder, copy_function=link)
    for call, key, answer in (("waf/DescribeInstance", "_", {}), ("ddoscoo/DescribeInstances", "_", {"TotalCount": 0}),
                              ("waf2/DescribeInstanceInfo", "{}", {"InstanceInfo": {"PayType": 0}})):
        for site in ("cn-hangzhou", "ap-southeast-1"):
            path = os.path.join(folder, call, site)
            shutil.rmtree(path, ignore_errors=True)
            os.makedirs(path)
            with open(os.path.join(path, f"{key.format(site)}.1.json"), "w", encoding="utf-8") as f:
                json.dump({"RequestId": "R", **answer}, f)
    done = local("check", "run", "--replay", folder, "--item", "4,7", "-o", "json")
    assert "2 items: 2 passed" in done.stderr and json.loads(done.stdout)["items"] == [], (done.stdout, done.stderr)


ALL = os.environ.get("MERLON_UNREAD") == "all"


@pytest.mark.parametrize("call", CALLS if ALL else random.Random(SEED).sample(CALLS, 40))
def test_a_call_that_is_not_answered_makes_nothing_pass(local, whole, call, tmp_path):
    if not whole:
        whole.update(judge(local, SAMPLE))
    kinds = [k for k in KINDS if (call, k) not in MEANT]
    for kind in kinds if ALL else random.Random(f"{SEED} {call}").sample(kinds, 1):
        folder = str(tmp_path / "spoilt")
        shutil.copytree(SAMPLE, folder, copy_function=link)
        spoil(os.path.join(folder, call), kind)
        items = judge(local, folder)
        shutil.rmtree(folder)
        said = (f"MERLON_SEED={SEED}", call, kind)
        for item, before in whole.items():
            now = items.get(item, {})
            for place, verdict in now.items():
                if verdict in ("pass", "not_applicable"):
                    assert before.get(place) == verdict, (*said, item, place, before.get(place), verdict)
            if passes(now):
                assert now == before, (*said, item, "passes", sorted(set(before) - set(now)))


# ---- what a verdict says that it rests on ----
GAPS = ("Denied", "Throttled", "Unsupported", "Failed", "NotRecorded", "NotCollected")
# A pass that stands without all that the check reads (docs/extending/check.md, `stands`): one answer is enough to know.
ENOUGH = {1: "one trail that delivers", 3: "one of the sources that tell whether the root account has a second factor"}
WORDS = ("no permission: ", "throttled: ", "not supported: ", "failed: ", "not collected: ")


def unread_records(path):
    """The calls without an answer, by call: (region, key, ids of the table that the call was made for)."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    parents, found = {}, {}
    for call, parent in db.execute("select call, parent from plan_call"):
        parents[call] = {row[0] for row in db.execute(f'select id from "{parent}"')} if parent else set()
    for call, region, key in db.execute("select call, region, key from collect_call where outcome in "
                                        "('denied', 'throttled', 'unsupported', 'failed', 'running')"):
        found.setdefault(call, []).append((region, key, parents[call]))
    db.close()
    return found


def concerns(record, places):
    """Whether a call that was not answered has to do with one of the rows that were judged."""
    region, key, ids = record
    if key and {i for _, i in places} <= ids:
        return key in {i for _, i in places}
    return any(region in ("", "global") or where in ("", "global", region) for where, _ in places)


def account_of(local, path):
    """Each item as it was judged, and the rows that were."""
    done = local("scan", "--snapshot", path, "-o", "json", "-q")
    assert done.returncode in (0, 7), (done.returncode, done.stderr)
    return {i["ItemId"]: i for i in json.loads(done.stdout)["items"]}, judge(local, None, path)


@pytest.mark.parametrize("turn", range(len(CALLS) if ALL else 8))
def test_what_passes_rests_on_nothing_that_was_not_read(local, turn, tmp_path):
    chance = random.Random(f"{SEED} rests {turn}")
    calls = [CALLS[turn]] if ALL else chance.sample(CALLS, chance.choice((1, 1, 3)))
    kinds = {call: chance.choice([k for k in KINDS if (call, k) not in MEANT]) for call in calls}
    folder, path, said = str(tmp_path / "spoilt"), str(tmp_path / "snapshot.db"), (f"MERLON_SEED={SEED}", kinds)
    shutil.copytree(SAMPLE, folder, copy_function=link)
    for call, kind in kinds.items():
        spoil(os.path.join(folder, call), kind)
    assert local("collect", "-q", "--replay", folder, "-o", path).returncode in (0, 7), said
    records = unread_records(path)
    items, rows = account_of(local, path)
    assert len(items) == 45, said
    for number, item in items.items():
        about = item["Completeness"]
        gaps = {gap["Call"] for gap in about["NotRead"]}
        assert about["Complete"] == (sum(about[g] for g in GAPS) == 0) == (not gaps), (*said, number, about)
        assert gaps <= set(records), (*said, number, gaps, records)
        assert sum(gap["Calls"] for gap in about["NotRead"]) == sum(len(records[call]) for call in gaps), (*said, number, about)
        assert about["Read"] + about["NotActivated"] + about["NoRegion"] + sum(about[g] for g in GAPS) == about["Calls"] > 0, (*said, number, about)
        if item["Status"] == "pass" and number not in ENOUGH:
            touched = [(call, r[:2]) for call in gaps for r in records[call] if concerns(r, rows.get(number, {}))]
            assert not touched, (*said, number, touched, rows.get(number))
        elif item["Status"] == "waiting" and item["NotAssessed"].startswith(WORDS):
            assert gaps, (*said, number, item["NotAssessed"])
