"""What every official client must read and be able to do: the same tests through each of them."""
import json
import re
import sqlite3

import pytest
from clients import CLIENTS, Refusal

FIELDS = {
    "RiskId": int, "RuleId": int, "RuleName": str, "RuleCategoryId": int, "RuleCategoryName": str, "WarnLevel": int,
    "WarnLevelName": str, "ProductCode": str, "AlarmSource": str, "AlertFrequency": str, "AlarmCount": int, "TotalAlarmCount": int,
    "InstanceCount": int, "TotalInstanceCount": int, "ClientIpCount": int, "TotalClientIpCount": int, "UserNameCount": int,
    "TotalUserNameCount": int, "FirstAlarmTime": int, "LastAlarmTime": int, "HandleStatus": str, "HandleMarkTime": int,
    "SupportAi": bool,
}
REQUEST_ID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
DETAIL = "Confirmed as false positive; closing: a+b=c & 100% ~ 已确认误报"
HANDLING = [(name, form) for name, (_, _, forms) in CLIENTS.items() for form in forms]


def handling(risk_id, form, detail=DETAIL):
    """The arguments of PreHandleAuditRisk in one of the spellings that callers use."""
    content = {"HandleMethod": 0, "HandleDetail": detail}
    nested = {"RiskId": risk_id, "HandleInfoList": [{"HandleType": "Manual", "HandleContent": content}]}
    if form == "nested":
        return {"query": nested}
    if form == "json":
        return {"body": nested}
    if form == "form":
        return {"body": nested, "body_type": "formData"}
    if form == "list":  # a list of objects that the client takes apart, with the content as text
        return {"query": {"RiskId": risk_id, "HandleInfoList": [{"HandleType": "Manual", "HandleContent": json.dumps(content)}]}}
    return {"query": {"RiskId": risk_id, "HandleInfoList.1.HandleType": "Manual",
                      "HandleInfoList.1.HandleContent": json.dumps(content)}}


def test_every_field_of_every_event_arrives_with_its_type(caller, merlon):
    answer = caller.call("DescribeRiskRules", {"CurrentPage": 1, "PageSize": 100, "HandleStatus": "UNPROCESSED"})
    body = answer.body
    assert answer.status == 200
    assert {k: type(v) for k, v in body.items()} == {"RequestId": str, "Items": list, "TotalCount": int, "PageSize": int,
                                                      "CurrentPage": int}
    assert REQUEST_ID.fullmatch(body["RequestId"]) and answer.headers["x-acs-request-id"] == body["RequestId"]
    assert answer.headers["content-type"].replace(" ", "").lower() == "application/json;charset=utf-8"
    assert (body["CurrentPage"], body["PageSize"], body["TotalCount"]) == (1, 100, len(body["Items"]))
    for item in body["Items"]:
        assert {k: type(v) for k, v in item.items()} == FIELDS
    # What the store says without any server or client between.
    assert body["Items"] == merlon.events("unprocessed")


def test_the_pages_together_are_the_whole_list(caller):
    whole, seen, page = caller.list(), [], 0
    assert whole["TotalCount"] > 14  # at least three pages of seven
    while len(seen) < whole["TotalCount"]:
        page += 1
        body = caller.call("DescribeRiskRules", {"CurrentPage": page, "PageSize": 7}).body
        assert (body["CurrentPage"], body["PageSize"], body["TotalCount"]) == (page, 7, whole["TotalCount"])
        assert len(body["Items"]) == min(7, whole["TotalCount"] - len(seen))
        seen += body["Items"]
    assert seen == whole["Items"]
    beyond = caller.call("DescribeRiskRules", {"CurrentPage": page + 1, "PageSize": 7}).body
    assert beyond["Items"] == [] and beyond["TotalCount"] == whole["TotalCount"]


def test_defaults_are_the_first_ten_open_events(caller):
    body = caller.call("DescribeRiskRules").body
    assert (body["CurrentPage"], body["PageSize"]) == (1, 10)
    assert body["Items"] == caller.list()["Items"][:10]


def test_names_are_english_unless_chinese_is_asked_for(caller):
    plain, english, chinese = caller.list(), caller.list(Lang="en"), caller.list(Lang="zh")
    assert plain["Items"] == english["Items"]
    texts = ("RuleName", "RuleCategoryName", "WarnLevelName")
    for en, zh in zip(english["Items"], chinese["Items"], strict=True):
        assert not any(CHINESE.search(en[k]) for k in texts) and all(CHINESE.search(zh[k]) for k in texts)
        assert {k: v for k, v in en.items() if k not in texts} == {k: v for k, v in zh.items() if k not in texts}


@pytest.mark.parametrize(("caller", "form"), HANDLING, indirect=["caller"])
def test_an_event_is_handled_in_each_spelling(caller, merlon, form):
    handled_before = {i["RiskId"] for i in caller.list("PROCESSED")["Items"]}
    event = caller.list()["Items"][-1]
    answer = caller.call("PreHandleAuditRisk", **handling(event["RiskId"], form))
    assert answer.status == 200 and answer.body["Success"] is True and REQUEST_ID.fullmatch(answer.body["RequestId"])
    assert event["RiskId"] not in {i["RiskId"] for i in caller.list()["Items"]}
    handled = {i["RiskId"]: i for i in caller.list("PROCESSED")["Items"]}
    assert set(handled) == handled_before | {event["RiskId"]}
    marked = handled[event["RiskId"]]
    assert marked["HandleMarkTime"] > 1_600_000_000_000
    assert marked == dict(event, HandleStatus="PROCESSED", HandleMarkTime=marked["HandleMarkTime"])
    assert stored_detail(merlon, event["RiskId"]) == DETAIL


def stored_detail(merlon, risk_id):
    db = sqlite3.connect(f"file:{merlon.database}?mode=ro", uri=True)
    try:
        return db.execute("SELECT detail FROM handling WHERE risk_id = ?", (risk_id,)).fetchone()[0]
    finally:
        db.close()


def check(refused, caller, status, code, message):
    assert (refused.status, refused.code) == (status, code), refused
    assert message in refused.message
    assert REQUEST_ID.fullmatch(refused.request_id)
    assert refused.kind == caller.refused.format(code=code)


def test_handling_twice_or_what_is_not_there_is_refused(caller):
    risk_id = caller.list()["Items"][-1]["RiskId"]
    caller.call("PreHandleAuditRisk", **handling(risk_id, "flat"))
    check(caller.refusal("PreHandleAuditRisk", **handling(risk_id, "flat")), caller, 400, "InvalidRiskStatus.Processed", "")
    check(caller.refusal("PreHandleAuditRisk", **handling(987654321, "flat")), caller, 404, "InvalidRiskId.NotFound", "")


def test_a_reader_is_told_which_permission_is_missing(caller):
    listed = caller.call("DescribeRiskRules", {"PageSize": 100}, profile="auditor").body
    assert listed["Items"] == caller.list()["Items"]
    event = listed["Items"][0]
    refused = caller.refusal("PreHandleAuditRisk", profile="auditor", **handling(event["RiskId"], "flat"))
    check(refused, caller, 403, "NoPermission", "")
    assert refused.access_denied["AuthAction"] == "yundun-sddp:PreHandleAuditRisk"
    assert refused.access_denied["AuthPrincipalDisplayName"] and refused.access_denied["NoPermissionType"] == "ImplicitDeny"
    assert event in caller.list()["Items"]


@pytest.mark.parametrize("size", [0, 101, -1, "ten", "1e1"])
def test_a_page_size_out_of_range_is_named(caller, size):
    refused = caller.refusal("DescribeRiskRules", {"CurrentPage": 1, "PageSize": size})
    check(refused, caller, 400, "InvalidPageSize", "Specified parameter PageSize is not valid.")


def test_a_wrong_secret_does_not_match(caller):
    refused = caller.refusal("DescribeRiskRules", {"PageSize": 10}, secret="wrongSecretOfTheRightLength123")
    check(refused, caller, 400, "SignatureDoesNotMatch", "Specified signature")


def test_an_unknown_action_is_not_found(caller):
    check(caller.refusal("DescribeNothing"), caller, 404, "InvalidAction.NotFound", "")


def test_too_many_requests_raise_the_throttling_error(slow_caller):
    for _ in range(20):
        try:
            slow_caller.call("DescribeRiskRules", {"PageSize": 1})
        except Refusal as refused:
            assert (refused.status, refused.code) == (400, "Throttling.User"), refused
            assert refused.kind == slow_caller.throttled.format(code="Throttling.User")
            assert REQUEST_ID.fullmatch(refused.request_id) and "flow control" in refused.message
            if slow_caller.tells_retry_after:
                assert 0 < refused.retry_after_ms <= 60_000
            return
    raise AssertionError("20 requests in a row went through a limit of one a second")
