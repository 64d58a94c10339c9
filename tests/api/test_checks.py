"""Check results over real HTTP: both signatures, both formats, both languages, pages, marks, a scan that is asked for, a server that is
stopped while it scans."""
import json
import os
import re
import signal
import time
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import ACCOUNT, OTHER_ACCOUNT, Merlon, Server

SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "accounts", "sample")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SAS, ITEM, SCAN_S = "2018-12-03", 12, 60
PAGE = {"List", "TotalCount", "PageCount", "PageSize", "CurrentPage", "Count", "RequestId"}
TEXTS = ["bestPractice", "influence", "suggestion", "helpResource"]


@pytest.fixture(scope="module")
def scanned(tmp_path_factory):
    """The sample account, scanned once; each test leaves it as it was."""
    m = Merlon(str(tmp_path_factory.mktemp("scanned")))
    m.admin = m.init(ACCOUNT, "admin")
    m.run("admin", "account", "add", ACCOUNT, "--store", m.store, "--source", "replay:" + SAMPLE)
    m.local("scan", "--replay", SAMPLE, ok=(0, 7))
    m.reader = m.user("reader", "read-only")
    m.stranger = m.init(OTHER_ACCOUNT, "stranger")
    yield m
    for server in m.servers:
        server.stop()


@pytest.fixture
def sas(scanned):
    server = Server(scanned)
    yield lambda action, key=None, **params: ask(server, key or scanned.admin, action, **params)
    assert server.stop() == 0


def ask(server, key, action, **params):
    reply = server.v3(key, action, sorted((k.replace("_", "."), str(v)) for k, v in params.items()), **{"x-acs-version": SAS})
    assert reply.status == 200, reply.body
    return reply.json


def item(sas, number=ITEM, **params):
    return sas("DescribeRiskCheckResult", ItemIds_1=number, **params)["List"][0]


def plain(element):
    """XML as the JSON is, with every value as text and every member as a list."""
    if len(element) == 0:
        return element.text or ""
    out = {}
    for child in element:
        out.setdefault(child.tag, []).append(plain(child))
    return out


def test_json_and_xml_say_the_same(scanned):
    server = Server(scanned)
    query = [("PageSize", "1000"), ("Lang", "en")]
    body = server.v3(scanned.admin, "DescribeRiskCheckResult", query, **{"x-acs-version": SAS}).json
    assert set(body) == PAGE
    reply = server.v1(scanned.admin, "DescribeRiskCheckResult", query, Version=SAS, Format="XML")
    assert reply.status == 200 and reply.header("Content-Type")[0].startswith("text/xml")
    root = ElementTree.fromstring(reply.body)
    assert root.tag == "DescribeRiskCheckResultResponse"
    xml = plain(root)
    assert xml["TotalCount"] == [str(body["TotalCount"])] and len(xml["List"]) == len(body["List"]) == 45
    for element, one in zip(xml["List"], body["List"], strict=True):
        assert set(element) == set(one)
        for name, value in one.items():
            if name != "RiskItemResources":
                assert element[name] == [str(value)], name
        for resource, wanted in zip(element["RiskItemResources"], one["RiskItemResources"], strict=True):
            assert resource["ResourceName"] == [wanted["ResourceName"]]
            assert json.loads(resource["ContentResource"][0]) == wanted["ContentResource"]


def test_pages_partition_the_list(sas):
    whole, seen, page = sas("DescribeRiskCheckResult", PageSize=1000), [], 0
    while len(seen) < whole["TotalCount"]:
        page += 1
        part = sas("DescribeRiskCheckResult", PageSize=7, CurrentPage=page)
        assert (part["TotalCount"], part["PageCount"], part["Count"]) == (45, 7, len(part["List"])) and part["List"]
        seen += part["List"]
    assert seen == whole["List"] and page == 7
    assert sas("DescribeRiskCheckResult", PageSize=7, CurrentPage=8)["List"] == []
    assert len({one["ItemId"] for one in seen}) == 45


def test_each_status_and_group_is_a_part_of_the_list(sas):
    whole = sas("DescribeRiskCheckResult", PageSize=1000)["List"]
    for name, values in (("Status", ["pass", "failed", "waiting", "running", "ignored", "falsePositive"]), ("GroupId", range(1, 7)),
                         ("RiskLevel", ["high", "medium", "low"])):
        parts = [sas("DescribeRiskCheckResult", PageSize=1000, **{name: value})["List"] for value in values]
        assert sorted(one["ItemId"] for part in parts for one in part) == sorted(one["ItemId"] for one in whole), name


def test_every_text_is_there_in_both_languages(sas):
    english = sas("DescribeRiskCheckResult", PageSize=1000, Lang="en")["List"]
    chinese = sas("DescribeRiskCheckResult", PageSize=1000, Lang="zh")["List"]
    assert chinese == sas("DescribeRiskCheckResult", PageSize=1000)["List"]
    for en, zh in zip(english, chinese, strict=True):
        assert en["ItemId"] == zh["ItemId"] and en["Status"] == zh["Status"]
        assert CHINESE.search(zh["Title"]) and CHINESE.search(zh["Type"])
        assert not CHINESE.search(en["Title"]) and not CHINESE.search(en["Type"])
        assert [r["ResourceName"] for r in en["RiskItemResources"]] == TEXTS
        for a, b in zip(en["RiskItemResources"], zh["RiskItemResources"], strict=True):
            assert a["ContentResource"]["value"].strip() and not CHINESE.search(a["ContentResource"]["value"])
            if a["ResourceName"] == "helpResource":
                assert b["ContentResource"]["value"].startswith("https://")
            else:
                assert CHINESE.search(b["ContentResource"]["value"])


def test_totals_agree_with_the_list(sas):
    whole = sas("DescribeRiskCheckResult", PageSize=1000)["List"]
    summary = sas("DescribeRiskCheckSummary")["RiskCheckSummary"]
    count = {status: sum(one["Status"] == status for one in whole) for status in ("pass", "failed", "waiting")}
    assert (summary["ItemCount"], summary["RiskCount"], summary["EnabledRiskCount"]) == (45, count["failed"], count["pass"])
    statistic = sas("GetCheckSummary")["OverallStatistic"]
    assert (statistic["PassCount"], statistic["NotPassCount"], statistic["NotCheckCount"]) == (
        count["pass"], count["failed"], count["waiting"])
    assert sas("ListCheckResult", Statuses_1="NOT_PASS", PageSize=100)["PageInfo"]["TotalCount"] == count["failed"]
    for one in whole:
        page = sas("DescribeRiskCheckItemResult", ItemId=one["ItemId"], PageSize=1000)["PageContentResource"]
        assert page["TotalCount"] == one["AffectedCount"] == len(page["ContentResource"]["values"])
        keys = {column["key"] for column in page["ContentResource"]["columns"]}
        assert all(set(row) == keys for row in page["ContentResource"]["values"])


def test_a_mark_and_its_reset(sas):
    before = item(sas)
    assert before["Status"] == "failed"
    sas("ModifyRiskCheckStatus", ItemId=ITEM, TaskId=before["TaskId"], Status="ignored")
    assert item(sas) == dict(before, Status="ignored")
    sas("ModifyRiskCheckStatus", ItemId=ITEM, TaskId=before["TaskId"], Status="reset")
    assert item(sas) == before
    rows = sas("DescribeRiskCheckItemResult", ItemId=ITEM)["PageContentResource"]["ContentResource"]["resultStatus"]
    for row in rows:
        sas("ModifyRiskSingleResultStatus", TaskId=before["TaskId"], Ids_1=row["id"], Status="ignored")
    assert item(sas)["Status"] == "ignored"
    sas("ModifyRiskSingleResultStatus", TaskId=before["TaskId"], Status="failed", **{f"Ids_{i}": r["id"] for i, r in enumerate(rows, 1)})
    assert item(sas) == before


def test_accounts_do_not_see_each_other(scanned, sas):
    assert sas("DescribeRiskCheckResult", key=scanned.stranger)["TotalCount"] == 0
    server = scanned.servers[-1]
    version = {"x-acs-version": SAS}
    reply = server.v3(scanned.stranger, "DescribeRiskCheckItemResult", [("ItemId", str(ITEM))], **version)
    assert reply.code == "RiskItemNotExists"
    row = sas("DescribeRiskCheckItemResult", ItemId=ITEM)["PageContentResource"]["ContentResource"]["resultStatus"][0]["id"]
    reply = server.v3(scanned.stranger, "ModifyRiskSingleResultStatus", [("TaskId", "1"), ("Ids.1", str(row)), ("Status", "ignored")],
                      **version)
    assert reply.code == "RiskItemResultNotExists"
    assert server.v3(scanned.stranger, "StartBaselineSecurityCheck", [("Type", "check")], **version).code == "RiskCheckNoSource"
    reply = server.v3(scanned.reader, "AddCheckResultWhiteList", [("CheckIds.1", str(ITEM))], **version)
    assert (reply.status, reply.code) == (403, "NoPermission")
    assert item(sas)["Status"] == "failed"


def wait_for(what):
    deadline = time.monotonic() + SCAN_S
    while time.monotonic() < deadline:
        if what():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def test_a_scan_that_is_asked_for_ends(sas):
    before = item(sas)
    sas("StartBaselineSecurityCheck", Type="check")
    wait_for(lambda: item(sas)["TaskId"] > before["TaskId"])
    after = item(sas)
    assert after["CheckTime"] > before["CheckTime"] and after["AffectedCount"] == before["AffectedCount"]
    wait_for(lambda: sas("DescribeRiskCheckSummary")["RiskCheckSummary"]["Groups"][0]["Status"] == "finish")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_ends_while_it_scans_keeps_the_results(scanned, how):
    for delay in (0, 0.05, 0.2):
        server = Server(scanned)
        before = item(lambda action, **p: ask(server, scanned.admin, action, **p))
        reply = server.v3(scanned.admin, "StartBaselineSecurityCheck", [("Type", "check")], **{"x-acs-version": SAS})
        assert reply.status == 200 or reply.code == "AllRiskItemTaskNotFinished"
        time.sleep(delay)
        began = time.monotonic()
        server.stop(how)
        assert time.monotonic() - began < 15
        server = Server(scanned)
        whole = ask(server, scanned.admin, "DescribeRiskCheckResult", PageSize=1000)
        assert whole["TotalCount"] == 45 and len({one["TaskId"] for one in whole["List"]}) == 1
        after = item(lambda action, **p: ask(server, scanned.admin, action, **p))
        assert (after["Status"], after["AffectedCount"]) == (before["Status"], before["AffectedCount"])
        assert server.stop() == 0
