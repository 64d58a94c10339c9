"""What is not read never passes: each call of the plan in turn gets answers that are none, for every region and resource.

A run takes 40 calls and one kind for each by a seed (MERLON_SEED, it is in every message); MERLON_UNREAD=all takes all of them (minutes).
"""
import json
import os
import random
import re
import shutil

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


def judge(run, folder):
    done = run("check", "run", "--replay", folder, "-o", "json")
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
