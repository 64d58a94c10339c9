"""Check results through the official clients: the generic calls, the typed Python SDK and the typed Go SDK read every field."""
import json
import os
import re
import time

import alibabacloud_sas20181203.client as sas_client
import alibabacloud_sas20181203.models as sas_models
import alibabacloud_tea_openapi.exceptions as tea_errors
import alibabacloud_tea_openapi.models as tea_models
import clients
import pytest
from conftest import Caller
from darabonba.runtime import RuntimeOptions
from merlon import ACCOUNT, Merlon

SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "accounts", "sample")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PAGE = {"Count": int, "CurrentPage": int, "List": list, "PageCount": int, "PageSize": int, "RequestId": str, "TotalCount": int}
FIELDS = {
    "AffectedCount": int, "CheckTime": int, "ItemId": int, "RemainingTime": int, "RepairStatus": str, "RiskAssertType": str,
    "RiskItemResources": list, "RiskLevel": str, "Sort": int, "StartStatus": str, "Status": str, "TaskId": int, "Title": str,
    "Type": str,
}
TEXTS = ["bestPractice", "influence", "suggestion", "helpResource"]
ITEM = 12  # Buckets that anyone may read: the sample account has some.
SCAN_S = 60
SAS_CLIENTS = [*clients.CLIENTS, "go-openapi-v3"]


@pytest.fixture(scope="module")
def merlon(authority):
    m = Merlon().init()
    try:
        m.run("admin", "account", "add", ACCOUNT, "--store", m.store, "--source", "replay:" + SAMPLE)
        m.local("scan", "--replay", SAMPLE, ok=(0, 7))
        m.add_user("auditor", "read-only")
        m.port = m.serve()
        m.tls_port = m.serve("--tls-cert", authority.server, "--tls-key", authority.server_key)
        yield m
    finally:
        m.stop()


class SasCaller(Caller):
    def call(self, action, query=None, profile="admin", secret=None, **more):
        return super().call(action, query, profile, secret, version=clients.SAS, **more)


@pytest.fixture(params=SAS_CLIENTS)
def caller(request, merlon, node, go, authority):
    if request.param.startswith("go-"):
        return SasCaller(merlon, clients.GoClient(go, merlon.port, "openapi"))
    return SasCaller(merlon, clients.make(request.param, node, merlon.port, merlon.tls_port, authority.certificate))


@pytest.fixture
def sdk(merlon, go):
    return SasCaller(merlon, clients.GoClient(go, merlon.port, "sdk"))


@pytest.fixture
def typed(merlon):
    key, secret = merlon.key()
    return sas_client.Client(tea_models.Config(access_key_id=key, access_key_secret=secret, endpoint=f"127.0.0.1:{merlon.port}",
                                               protocol="HTTP"))


def ids(caller, *numbers):
    """ItemIds as the client takes a list: apart, or in one."""
    flat = {f"ItemIds.{i}": n for i, n in enumerate(numbers, 1)}
    return flat if isinstance(caller.client, clients.NodePopCore) else {"ItemIds": list(numbers)}


def test_every_field_of_an_item_arrives_with_its_type(caller):
    answer = caller.call("DescribeRiskCheckResult", dict(ids(caller, ITEM, 6), Lang="en"))
    body = answer.body
    assert answer.status == 200 and {k: type(v) for k, v in body.items()} == PAGE
    assert (body["TotalCount"], body["Count"], body["PageCount"], body["CurrentPage"], body["PageSize"]) == (2, 2, 1, 1, 20)
    assert {item["ItemId"] for item in body["List"]} == {ITEM, 6}
    for item in body["List"]:
        item.pop("NotAssessed", None)
        assert {k: type(v) for k, v in item.items()} == FIELDS
        assert [r["ResourceName"] for r in item["RiskItemResources"]] == TEXTS
        for resource in item["RiskItemResources"]:
            content = resource["ContentResource"]
            assert set(content) == {"type", "value"} and content["value"] and not CHINESE.search(content["value"])
            assert content["type"] == ("link" if resource["ResourceName"] == "helpResource" else "text")
    failed = next(item for item in body["List"] if item["ItemId"] == ITEM)
    assert failed["Status"] == "failed" and failed["AffectedCount"] > 0 and failed["RiskAssertType"] == "OSS"


def test_pages_are_the_whole_list_and_titles_chinese_by_default(caller):
    whole = caller.call("DescribeRiskCheckResult", {"PageSize": 1000}).body
    seen = []
    for page in range(1, 6):
        seen += caller.call("DescribeRiskCheckResult", {"PageSize": 10, "CurrentPage": page}).body["List"]
    assert seen == whole["List"] and len(seen) == whole["TotalCount"] == 45
    assert all(CHINESE.search(item["Title"]) and CHINESE.search(item["Type"]) for item in seen)


def test_a_mark_and_its_reset(caller):
    task = caller.call("DescribeRiskCheckResult", ids(caller, ITEM)).body["List"][0]["TaskId"]
    for wish, status in (("ignored", "ignored"), ("reset", "failed")):
        caller.call("ModifyRiskCheckStatus", {"ItemId": ITEM, "TaskId": task, "Status": wish})
        assert caller.call("DescribeRiskCheckResult", ids(caller, ITEM)).body["List"][0]["Status"] == status


def test_refusals_reach_the_caller_as_its_own_error(caller):
    refused = caller.refusal("DescribeRiskCheckItemResult", {"ItemId": 4711})
    assert (refused.status, refused.code) == (400, "RiskItemNotExists"), refused
    refused = caller.refusal("ModifyRiskCheckStatus", {"ItemId": ITEM, "TaskId": 1, "Status": "ignored"}, profile="auditor")
    assert (refused.status, refused.code) == (403, "NoPermission"), refused


# ---- the typed Go SDK: what its structures hold is what the wire says ----

def generic(merlon, authority, action, query):
    python = SasCaller(merlon, clients.PythonGeneric(merlon.tls_port, authority.certificate))
    return python.call(action, query).body


def without(body, *names):
    return {k: v for k, v in body.items() if k not in names}


def test_go_reads_the_page_into_its_types(sdk, merlon, authority):
    query = {"ItemIds": [ITEM, 6], "Lang": "en"}
    want, got = generic(merlon, authority, "DescribeRiskCheckResult", query), sdk.call("DescribeRiskCheckResult", query).body
    assert without(got, "RequestId", "List") == without(want, "RequestId", "List")
    assert len(got["List"]) == 2
    for item, plain in zip(got["List"], want["List"], strict=True):
        assert {name: item[name] for name in FIELDS if name != "RiskItemResources"} == {
            name: plain[name] for name in FIELDS if name != "RiskItemResources"}
        for resource, sent in zip(item["RiskItemResources"], plain["RiskItemResources"], strict=True):
            content = resource["ContentResource"]
            content = json.loads(content) if isinstance(content, str) else content
            assert resource["ResourceName"] == sent["ResourceName"] and content == sent["ContentResource"]


def test_go_reads_the_resources_the_summary_and_the_groups(sdk, merlon, authority):
    page = sdk.call("DescribeRiskCheckItemResult", {"ItemId": ITEM, "Lang": "en"}).body["PageContentResource"]
    plain = generic(merlon, authority, "DescribeRiskCheckItemResult", {"ItemId": ITEM, "Lang": "en"})["PageContentResource"]
    assert page["TotalCount"] == plain["TotalCount"] == page["Count"] > 0
    assert page["PageSize"] == 20 and len(plain["ContentResource"]["values"]) == page["Count"]
    summary = sdk.call("DescribeRiskCheckSummary", {"Lang": "en"}).body["RiskCheckSummary"]
    want = generic(merlon, authority, "DescribeRiskCheckSummary", {"Lang": "en"})["RiskCheckSummary"]
    for name, value in want.items():
        if not isinstance(value, list):
            assert summary[name] == pytest.approx(value), name
    assert [(g["Id"], g["Title"], g["Status"]) for g in summary["Groups"]] == [
        (g["Id"], g["Title"], g["Status"]) for g in want["Groups"]]
    assert [g["CountByStatus"] for g in summary["Groups"]] == [g["CountByStatus"] for g in want["Groups"]]
    assert summary["RiskLevelCount"] == want["RiskLevelCount"]
    groups = sdk.call("DescribeRiskItemType", {"Lang": "en"}).body["List"]
    assert [g["Id"] for g in groups] == [1, 2, 3, 4, 5, 6] and groups[3]["Title"] == "Data security"


def test_go_reads_the_newer_actions(sdk, merlon, authority):
    checks = sdk.call("ListCheckResult", {"Lang": "en", "PageSize": 100, "Statuses": ["NOT_PASS"]}).body
    want = generic(merlon, authority, "ListCheckResult", {"Lang": "en", "PageSize": 100, "Statuses": ["NOT_PASS"]})
    assert {k: checks["PageInfo"][k] for k in want["PageInfo"]} == want["PageInfo"]
    assert len(checks["Checks"]) == want["PageInfo"]["TotalCount"] > 0
    for check, plain in zip(checks["Checks"], want["Checks"], strict=True):
        shared = set(check) & set(plain) - {"CheckPolicies"}
        assert len(shared) > 6 and {k: check[k] for k in shared} == {k: plain[k] for k in shared}
    resources = sdk.call("ListCheckInstanceResult", {"CheckId": ITEM, "Lang": "en"}).body
    assert [c["ShowName"] for c in resources["Columns"]] == ["Region", "Bucket", "Item value"]
    assert resources["BasicData"] and all(r["InstanceId"] and r["Status"] == "NOT_PASS" for r in resources["BasicData"])


def test_go_marks_a_resource_and_asks_for_a_scan(sdk, merlon, authority):
    first = generic(merlon, authority, "DescribeRiskCheckItemResult", {"ItemId": ITEM})["PageContentResource"]["ContentResource"]
    row = first["resultStatus"][0]["id"]
    for wish in ("ignored", "failed"):
        sdk.call("ModifyRiskSingleResultStatus", {"TaskId": 1, "Ids": [row], "Status": wish})
        page = generic(merlon, authority, "DescribeRiskCheckItemResult", {"ItemId": ITEM})["PageContentResource"]
        assert page["ContentResource"]["resultStatus"][0] == {"id": row, "status": wish}
    refused = sdk.refusal("StartBaselineSecurityCheck", {"Type": "check", "ItemIds": [4711]})
    assert (refused.status, refused.code) == (400, "RiskItemNotExists")


# ---- the typed Python SDK: today's actions ----

def test_python_reads_the_newer_actions(typed, merlon, authority):
    def plain(action, **query):
        return generic(merlon, authority, action, query)

    checks = typed.list_check_result(sas_models.ListCheckResultRequest(lang="en", page_size=100)).body.to_map()
    assert checks["Checks"] == plain("ListCheckResult", Lang="en", PageSize=100)["Checks"] and len(checks["Checks"]) == 45
    resources = typed.list_check_instance_result(sas_models.ListCheckInstanceResultRequest(check_id=ITEM, lang="en")).body.to_map()
    want = plain("ListCheckInstanceResult", CheckId=ITEM, Lang="en")
    for column in resources["Columns"]:
        assert column.pop("Grids") == []  # The model's own, as Config is.
    for resource in resources["BasicData"]:
        assert resource["InstanceInfo"].pop("Config") == []
    assert without(resources, "RequestId") == without(want, "RequestId") and resources["BasicData"]
    summary = typed.get_check_summary(sas_models.GetCheckSummaryRequest(lang="en", is_item_statistic=True)).body.to_map()
    assert without(summary, "RequestId") == without(plain("GetCheckSummary", Lang="en", IsItemStatistic="true"), "RequestId")
    items = typed.list_check_item(sas_models.ListCheckItemRequest(lang="en", page_size=100)).body.to_map()
    assert without(items, "RequestId") == without(plain("ListCheckItem", Lang="en", PageSize=100), "RequestId")
    assert len(items["CheckItems"]) == 45 and any(item["CustomConfigs"] for item in items["CheckItems"])


def test_python_reads_the_older_actions(typed, merlon, authority):
    def same(answer, action, **query):
        assert without(answer.body.to_map(), "RequestId") == without(generic(merlon, authority, action, query), "RequestId")

    request = sas_models.DescribeRiskCheckResultRequest(lang="en", item_ids=["6", str(ITEM)])
    got = typed.describe_risk_check_result(request).body.to_map()
    want = generic(merlon, authority, "DescribeRiskCheckResult", {"Lang": "en", "ItemIds": [6, ITEM]})
    for item in want["List"]:
        item.pop("NotAssessed", None)  # Beyond the cloud's members.
    assert without(got, "RequestId") == without(want, "RequestId") and got["Count"] == 2
    same(typed.describe_risk_check_item_result(sas_models.DescribeRiskCheckItemResultRequest(item_id=ITEM, lang="en")),
         "DescribeRiskCheckItemResult", ItemId=ITEM, Lang="en")
    same(typed.describe_risk_check_summary(sas_models.DescribeRiskCheckSummaryRequest(lang="en")), "DescribeRiskCheckSummary", Lang="en")
    same(typed.describe_risk_item_type(sas_models.DescribeRiskItemTypeRequest(lang="en")), "DescribeRiskItemType", Lang="en")


def status_of(merlon, authority, item):
    return generic(merlon, authority, "DescribeRiskCheckResult", {"ItemIds": [item]})["List"][0]["Status"]


def test_python_whitelists_and_takes_back(typed, merlon, authority):
    request = sas_models.AddCheckResultWhiteListRequest(check_ids=[ITEM], remark="known", rule_type="WHITE")
    assert typed.add_check_result_white_list(request).body.rule_ids == [ITEM]
    assert status_of(merlon, authority, ITEM) == "ignored"
    done = typed.remove_check_result_white_list(sas_models.RemoveCheckResultWhiteListRequest(check_ids=[ITEM])).body
    assert done.success is True and done.code == "200"
    assert status_of(merlon, authority, ITEM) == "failed"
    with pytest.raises(tea_errors.ClientException) as refused:
        typed.add_check_result_white_list(sas_models.AddCheckResultWhiteListRequest(check_ids=[4711]))
    assert refused.value.code == "RiskItemNotExists"


def test_python_asks_for_a_scan_and_sees_it_end(typed, merlon, authority):
    before = generic(merlon, authority, "DescribeRiskCheckResult", {"ItemIds": [ITEM]})["List"][0]
    typed.start_baseline_security_check_with_options(sas_models.StartBaselineSecurityCheckRequest(type="check"), RuntimeOptions())
    deadline, after = time.monotonic() + SCAN_S, before
    while after["TaskId"] == before["TaskId"] and time.monotonic() < deadline:
        time.sleep(0.2)
        after = generic(merlon, authority, "DescribeRiskCheckResult", {"ItemIds": [ITEM]})["List"][0]
    assert after["CheckTime"] > before["CheckTime"] and after["AffectedCount"] == before["AffectedCount"]
