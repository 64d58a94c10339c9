"""Check results as SARIF, JUnit, OCSF and HTML: what each must have, hostile names, marks, and what could not be assessed."""
import json
import os
import re
import sqlite3
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from conftest import ACCOUNT, BINARY

HOSTILE = "<script>alert('x')</script>&\"]]>"
ACTING = "\x1b]0;owned\x07\x9b2J\u202e\u2066\u0085\x7f"
with open(BINARY, "rb") as binary:
    SANITIZED = b"__asan_init" in binary.read()
MARK = "a web site, <b>on purpose</b>"


@pytest.fixture
def scanned(store, recording):
    """Item 12 failed with a hostile name and a marked resource, and one that could not be assessed; item 13 was not assessed."""
    recording.bucket(HOSTILE, "public-read").bucket("acme-secret", None)
    assert store("scan", "-q", "--replay", recording, "--only", "12,13").returncode == 7
    assert store("check", "mark", 12, "--resource", "acme-web", "--reason", MARK).returncode == 0
    return store


def report(store, output, *more, lang="en"):
    done = store("check", "results", "-o", output, "--lang", lang, *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_sarif_has_what_the_standard_wants(scanned, lang):
    log = json.loads(report(scanned, "sarif", lang=lang))
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json") and len(log["runs"]) == 1
    driver = log["runs"][0]["tool"]["driver"]
    rules = {r["id"]: r for r in driver["rules"]}
    assert driver["name"] == "Merlon" and re.fullmatch(r"\d+\.\d+\.\d+.*", driver["semanticVersion"]) and set(rules) == {"12", "13"}
    for rule in rules.values():
        assert rule["shortDescription"]["text"] and rule["fullDescription"]["text"] and rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error") and rule["helpUri"].startswith("https://")
    for result in log["runs"][0]["results"]:
        assert result["ruleId"] in rules and result["message"]["text"]
        assert result["kind"] in ("fail", "open") and (result["kind"] == "fail" or result["level"] == "none")
        for location in result.get("locations", []):
            assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", location["physicalLocation"]["artifactLocation"]["uri"])
        assert all(isinstance(v, str) for v in result.get("partialFingerprints", {}).values())


def test_sarif_tells_findings_marks_and_gaps_apart(scanned):
    results = json.loads(report(scanned, "sarif"))["runs"][0]["results"]
    named = {r["partialFingerprints"]["resource/v1"]: r for r in results if r["ruleId"] == "12" and "partialFingerprints" in r}
    assert {n: r["kind"] for n, r in named.items()} == {"acme-web": "fail", HOSTILE: "fail", "acme-secret": "open"}
    assert named["acme-web"]["suppressions"] == [{"kind": "external", "status": "accepted", "justification": MARK}]
    assert "suppressions" not in named[HOSTILE] and named[HOSTILE]["level"] == "error"
    whole = {r["ruleId"]: r["message"]["text"] for r in results if "locations" not in r}
    assert "no permission: oss:GetBucket" in whole["12"] and "not assessed" in whole["13"]


def test_junit_has_a_case_for_each_item(scanned):
    suite = ET.fromstring(report(scanned, "junit")).find("testsuite")
    cases = {c.get("name").split()[0]: c for c in suite}
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped"), suite.get("errors")) == ("2", "1", "1", "0")
    assert HOSTILE in cases["12"].find("failure").text and "not assessed: " in cases["12"].find("failure").text
    assert cases["13"].find("skipped").get("message") and all(c.get("classname") for c in cases.values())


def test_junit_skips_what_a_person_settled(scanned):
    assert scanned("check", "mark", 12, "--reason", MARK).returncode == 0
    suite = ET.fromstring(report(scanned, "junit")).find("testsuite")
    assert suite.get("failures") == "0" and suite[0].find("failure") is None and MARK in {c.find("skipped").get("message") for c in suite}


def test_ocsf_lines_are_compliance_findings(scanned):
    lines = [json.loads(line) for line in report(scanned, "ocsf").splitlines()]
    for line in lines:
        assert (line["class_uid"], line["category_uid"], line["type_uid"], line["activity_id"]) == (2003, 2, 200301, 1)
        assert line["severity_id"] in range(7) and line["time"] > 0 and line["metadata"]["version"] and line["metadata"]["product"]["name"]
        assert line["finding_info"]["uid"] and line["finding_info"]["title"] and line["compliance"]["standards"]
        assert line["cloud"]["provider"] and line["cloud"]["account"]["uid"] == ACCOUNT and "cloud" in line["metadata"]["profiles"]
    assert len({line["finding_info"]["uid"] for line in lines}) == len(lines)
    found = {line["resources"][0]["uid"]: line for line in lines if "resources" in line}
    assert found[HOSTILE]["compliance"]["status"] == "Fail" and found[HOSTILE]["status"] == "New"
    assert found["acme-web"]["status"] == "Suppressed" and found["acme-secret"]["compliance"]["status"] == "Unknown"
    assert {line["compliance"]["status"] for line in lines if "resources" not in line} == {"Unknown"}


def test_a_pass_is_a_pass_everywhere(store, recording):
    recording.bucket("acme-web", "private")
    assert store("scan", "-q", "--replay", recording, "--only", 12).returncode == 0
    assert [json.loads(line)["compliance"]["status"] for line in report(store, "ocsf").splitlines()] == ["Pass"]
    assert json.loads(report(store, "sarif"))["runs"][0]["results"] == []
    suite = ET.fromstring(report(store, "junit")).find("testsuite")
    assert len(suite) == 1 and [child.tag for child in suite[0]] == ["system-out"]
    assert "passed" in report(store, "html") and "通过" in report(store, "html", lang="zh")


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text, self.open = [], "", []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_html_runs_nothing_and_shows_names_as_they_are(scanned):
    text, page = report(scanned, "html"), Page()
    page.feed(text)
    assert page.open == [] and not {"script", "link", "img", "iframe", "b"} & {t for t, _ in page.tags}
    assert not any(name.startswith("on") or name in ("src", "style") for _, attrs in page.tags for name in attrs)
    assert HOSTILE in page.text and "default-src 'none'" in text and "no permission" in page.text
    assert "检查结果" in report(scanned, "html", lang="zh")


@pytest.mark.parametrize("output", ["sarif", "junit", "ocsf", "html"])
def test_names_never_act_on_a_terminal(store, recording, tmp_path, output):
    snapshot = tmp_path / "x.db"
    assert store.run("collect", "-q", "--replay", recording, "-o", snapshot).returncode == 7
    rename(snapshot, "acme-web", ACTING)
    done = store("scan", "-q", "--snapshot", snapshot, "--only", 12, "-o", output)
    assert done.returncode == 0, done.stderr
    assert "owned" in done.stdout and not set(ACTING) & set(done.stdout) - set("]0;owned2J")
    if output == "junit":
        ET.fromstring(done.stdout)


def rename(path, old, new):
    """In a snapshot whose typed columns stay those of its plan."""
    db = sqlite3.connect(path)
    db.execute("update oss_bucket set id = ? where id = ?", (new, old))
    db.execute("update oss_bucket_info set parent = ? where parent = ?", (new, old))
    db.execute("update collect_call set key = ? where key = ?", (new, old))
    db.commit()
    db.close()


@pytest.mark.parametrize("output", ["sarif", "junit", "ocsf", "html"])
def test_an_account_that_was_never_scanned_is_an_empty_report(store, output):
    text = report(store, output)
    if output == "sarif":
        assert json.loads(text)["runs"][0]["results"] == []
    elif output == "junit":
        assert ET.fromstring(text).find("testsuite").get("tests") == "0"
    else:
        assert output == "html" or text == ""


# A small process in between: a child begins with the size of the one that made it.
PEAK = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(process.pid, 0)
print(status, used.ru_maxrss, file=sys.stderr)
"""


def test_reports_of_a_hundred_thousand_findings_stream(store, recording, tmp_path):
    snapshot = tmp_path / "big.db"
    assert store.run("collect", "-q", "--replay", recording, "-o", snapshot).returncode == 7
    multiply(snapshot, 100000)
    assert store("scan", "-q", "--snapshot", snapshot, "--only", 12, "--fail-on", "high", "-o", "csv", timeout=120).returncode == 8
    wanted = {"sarif": ('"kind":"fail"', 100001), "ocsf": ('"class_uid":2003', 100001), "junit": (": public-read", 100), "html": ("<td>public-read</td>", 200)}
    for output, (entry, count) in wanted.items():
        args = [BINARY, "check", "results", "-o", output, "--store", store.url, "--account", ACCOUNT]
        with open(tmp_path / "report", "wb") as out:
            done = subprocess.run([sys.executable, "-c", PEAK, *args], stdout=out, stderr=subprocess.PIPE, env=store.run.env(), timeout=120)
        status, peak = map(int, done.stderr.split()[-2:])
        assert status == 0, done.stderr
        found = 0
        with open(tmp_path / "report", encoding="utf-8") as text:
            found = sum(line.count(entry) for line in text)
        assert found == count and (SANITIZED or peak < 120 * 1024), (output, found, peak)


def multiply(path, count):
    db = sqlite3.connect(path)
    for table, key in (("oss_bucket", "id"), ("oss_bucket_info", "parent"), ("collect_call", "key")):
        columns = [row[1] for row in db.execute(f"pragma table_info({table})") if not (table == "collect_call" and row[1] == "id")]
        chosen = ", ".join(f"'big-'||n.x" if c == key else f"t.{c}" for c in columns)
        where = f"t.{key} = 'acme-web'" + (" and t.call = 'oss:GetBucketInfo'" if table == "collect_call" else "")
        db.execute(f"insert into {table}({', '.join(columns)}) with recursive n(x) as (select 1 union all select x+1 from n limit {count}) "
                   f"select {chosen} from {table} t, n where {where}")
    db.commit()
    db.close()
