"""The generated content against the plan of collection: a small collector of its own makes every call that
catalog/collect names, for resources of a few made-up accounts. No call is refused, and every column is filled
by some answer."""
import base64
import collections
import csv
import fnmatch
import io
import json
import pathlib
import sqlite3
import subprocess
import xml.etree.ElementTree as tree
from concurrent.futures import ThreadPoolExecutor

import pytest

yaml = pytest.importorskip("yaml")

PLANS = pathlib.Path(__file__).parents[2] / "catalog" / "collect"
KEYS_MAX = 24  # Per call and region: enough for all the sorts of resources, in all the accounts.
PAGES_MAX = 4
SEEDS = (1, 2, 3, 4)

# A call that the engine answers, not the content.
NOT_MADE = {"sts:GetCallerIdentity"}
# Calls that are made only where another is refused: here they are made for all.
FOR_ALL = {
    "oss:GetBucketAcl": "select id as key, region from oss_bucket",
    "oss:GetBucketLogging": "select id as key, region from oss_bucket",
    "cdn:DescribeDomainRealtimeLogDelivery": "select id as key, region from cdn_domain",
}


def element(node):
    """An XML element as the plan sees it: its children by name, lists where a name comes again."""
    if not len(node):
        return node.text or ""
    out = {}
    for child in node:
        value = element(child)
        if child.tag in out:
            out[child.tag] = (out[child.tag] if isinstance(out[child.tag], list) else [out[child.tag]]) + [value]
        else:
            out[child.tag] = value
    return out


def at(value, path):
    for name in path.split(".") if path != "." else []:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def elements(value):
    return value if isinstance(value, list) else [] if value in (None, "") else [value]


class Collector:
    def __init__(self, program, seed):
        self.program, self.seed = program, seed
        self.db = sqlite3.connect(":memory:")
        self.db.row_factory = sqlite3.Row
        self.db.execute("create table collect_call (call, region, key, outcome)")
        self.filled = collections.Counter()
        self.refused = []
        self.calls = 0

    def ask(self, call, params):
        words = [call] + [f"{name}={value}" for name, value in params.items()]
        command = [self.program, "-resources", "900", "-regions", "4", "-seed", str(self.seed), "-call", " ".join(words)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def read(self, plan, call, params):
        """One answer, and the outcome; a region that the action does not take is left out."""
        name = f"{plan['product']}:{call['action']}"
        done = self.ask(name, params)
        if "UnknownParameter.RegionId" in done.stderr:
            done = self.ask(name, {n: v for n, v in params.items() if n != "RegionId"})
        self.calls += 1
        if done.returncode:
            code = done.stderr.split()[2].rstrip(":") if len(done.stderr.split()) > 2 else done.stderr
            expected = {**plan.get("errors", {}), **call.get("errors", {})}
            outcome = next((o for pattern, o in expected.items() if fnmatch.fnmatchcase(code, pattern)), None)
            if name == "oss:GetPublicAccessBlock" and code == "NoSuchPublicAccessBlockConfiguration":
                outcome = "absent"
            if outcome in (None, "gone"):
                self.refused.append(f"{name} {params}: {done.stderr.strip()}")
            return None, outcome or "failed"
        body = done.stdout.lstrip()
        if body.startswith("<"):
            return element(tree.fromstring(body)), "ok"
        return {**json.loads(body), "RequestId": "added by the engine"}, "ok"

    def pages(self, plan, call, params):
        page = call.get("page")
        if not page:
            yield self.read(plan, call, params)
            return
        for number in range(1, PAGES_MAX + 1):
            params[page["size"]] = page["max"]
            if page["by"] == "number":
                params[page["number"]] = number
            body, outcome = self.read(plan, call, params)
            yield body, outcome
            if body is None:
                return
            if page["by"] == "token":
                params[page["token"]] = at(body, page["next"])
                if not params[page["token"]]:
                    return
            elif not elements(at(body, call["list"])):
                return

    def create(self, spec):
        columns = ["id", "region", "name", "parent", "answer", "answer_code", *spec.get("columns", {})]
        self.db.execute(f"create table if not exists {spec['table']} ({', '.join(columns)})")
        for more in spec.get("rows", []):
            self.create(more)

    def store(self, spec, body, region, parent, key):
        """Rows of a table: one for the answer, or one for each element of its list."""
        found = elements(at(body, spec["list"])) if "list" in spec else [body]
        for item in found:
            row = {"region": region, "parent": parent, "answer": "ok", "id": key}
            paths = {n: p.rsplit(" ", 1)[0] for n, p in spec.get("columns", {}).items()}
            paths.update({n: spec[n] for n in ("id", "name", "region") if n in spec})
            for name, path in paths.items():
                value = at(item, path)
                if value is None:
                    continue
                self.filled[f"{spec['table']}.{name}"] += value != ""
                kind = spec.get("columns", {}).get(name, "x text").rsplit(" ", 1)[1]
                self.check(spec["table"] + "." + name, kind, value)
                if isinstance(value, (dict, list)) or kind == "text" and isinstance(value, bool):
                    value = json.dumps(value)
                row[name] = value
            names = ", ".join(row)
            self.db.execute(f"insert into {spec['table']} ({names}) values ({', '.join('?' * len(row))})", list(row.values()))
            for more in spec.get("rows", []):
                self.store(more, item, region, row.get("id") or parent, None)

    def check(self, column, kind, value):
        good = {"text": not isinstance(value, (dict, list)), "int": str(value).lstrip("-").isdigit(), "json": True,
                "bool": str(value).lower() in ("true", "false", "0", "1")}
        assert good[kind] or value == "", f"{column} is no {kind}: {value!r}"

    def keys(self, name, call):
        text = FOR_ALL.get(name, call["for_each"])
        if " " not in text:
            text = f"select id as key, region from {text}"
        regions = collections.Counter()
        for row in self.db.execute(text):
            regions[row["region"]] += 1
            if regions[row["region"]] <= KEYS_MAX and row["key"]:
                yield dict(row)

    def places(self, plan, call):
        if call.get("reach", plan["reach"]) == "regions":
            return [{"region": row[0]} for row in self.db.execute(f"select distinct id from {plan['regions']}")]
        return [{"region": site} for site in plan["sites"]] if plan["reach"] == "sites" else [{"region": ""}]

    def make(self, plan, call):
        self.create(call)
        chosen = list(self.keys(f"{plan['product']}:{call['action']}", call)) if "for_each" in call else self.places(plan, call)
        if "batch" in call:
            chosen = [{"region": "", "key": None, "keys": ",".join(row["key"] for row in chosen[:call["batch"]])}]
        variants = [{}]
        for name, values in call.get("variants", {}).items():
            variants = [{**variant, name: value} for variant in variants for value in values]
        jobs = [({n: v for n, v in row.items() if v is not None}, variant) for row in chosen for variant in variants]
        for row, variant in jobs:
            self.one(plan, call, row, variant)

    def one(self, plan, call, row, variant):
        params = dict(variant)
        for name, text in call.get("request", {}).items():
            for word, value in row.items():
                text = text.replace("{" + word + "}", str(value))
            if "{" not in text and (text or plan["style"] != "oss"):
                params[name] = text
        if row["region"] and plan["style"] != "oss":
            params.setdefault("RegionId", row["region"])
        for body, outcome in self.pages(plan, call, params):
            self.db.execute("insert into collect_call values (?, ?, ?, ?)", [f"{plan['product']}:{call['action']}", row["region"], row.get("key"), outcome])
            if body is None:
                if outcome in ("absent", "not_applicable"):
                    self.db.execute(f"insert into {call['table']} (parent, region, answer) values (?, ?, ?)", [row.get("key"), row["region"], outcome])
                continue
            if "item" in call:
                body = at(body, call["item"])
            if call.get("decode") == "base64_csv":
                body = list(csv.DictReader(io.StringIO(base64.b64decode(body).decode())))
                for record in body:
                    self.store(call, record, row["region"], row.get("key"), None)
                continue
            self.store(call, body, row["region"], row.get("key"), None)


def plans():
    list_of = [yaml.safe_load(path.read_text()) for path in sorted(PLANS.glob("*.yaml"))]
    first = ["ecs", "slb", "rds", "polardb", "waf"]  # What others ask about.
    return sorted(list_of, key=lambda plan: (first.index(plan["product"]) if plan["product"] in first else len(first), plan["product"]))


def columns(call):
    for spec in [call, *call.get("rows", [])]:
        for name in spec.get("columns", {}):
            yield f"{spec['table']}.{name}"


def collect(program, seed):
    collector = Collector(program, seed)
    for plan in plans():
        for call in plan["calls"]:
            if f"{plan['product']}:{call['action']}" in NOT_MADE:
                collector.create(call)
            else:
                collector.make(plan, call)
    collector.db.close()
    return collector


@pytest.fixture(scope="module")
def collected(stand_in):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda seed: collect(stand_in, seed), SEEDS))


def test_no_call_of_the_plan_is_refused(collected):
    assert all(collector.calls > 500 for collector in collected)
    assert [text for collector in collected for text in collector.refused] == []


def test_every_column_is_filled_by_some_answer(collected):
    filled = sum((collector.filled for collector in collected), collections.Counter())
    wanted = {column for plan in plans() for call in plan["calls"] if f"{plan['product']}:{call['action']}" not in NOT_MADE
              for column in columns(call)}
    assert [column for column in sorted(wanted) if not filled[column]] == []
