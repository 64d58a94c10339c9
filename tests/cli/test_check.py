"""`check` over an endpoint and over a store: results, resources, marks, runs; and a server that lies."""
import json
import time

import pytest

from conftest import CANARY_ID, CANARY_SECRET, Answer, error, item, resource

READS = {"DescribeRiskCheckResult", "DescribeRiskCheckItemResult", "ListCheckResult", "ListCheckInstanceResult"}
WRITES = {"ModifyRiskCheckStatus", "ModifyRiskSingleResultStatus", "StartBaselineSecurityCheck"}
ACTING = "\x1b]0;owned\x07\x1b[31m\x9b2J\x00\x7f\u061c\u200e\u200f\u202e\u2066\u2069\u2028\u0085\r"
READ_COMMANDS = [("check", "results"), ("check", "show", "12")]
WRITE_COMMANDS = [("check", "mark", "12", "--yes"), ("check", "unmark", "12", "--yes"), ("check", "run"),
                  ("check", "mark", "12", "--resource", "acme-web"), ("check", "unmark", "12", "--resource", "acme-web")]


@pytest.fixture
def posture(cloud):
    cloud.items = [item(12), item(5, Status="pass", AffectedCount=0), item(13, Status="waiting", RiskLevel="medium")]
    cloud.resources[12] = [resource(101, "acme-web"), resource(102, "acme-drop", region="cn-beijing")]
    return cloud


def rows(done):
    return json.loads(done.stdout)["items"]


# ---- reading ----

def test_all_pages_are_fetched(merlon, cloud):
    cloud.items = [item(n) for n in range(1, 131)]
    done = merlon("check", "results")
    assert done.returncode == 0 and [r["ItemId"] for r in rows(done)] == list(range(1, 131))
    assert cloud.actions() == ["DescribeRiskCheckResult"] * 3 and json.loads(done.stdout)["total"] == 130
    done = merlon("check", "results", "--page", 2, "--page-size", 20)
    assert [r["ItemId"] for r in rows(done)] == list(range(21, 41)) and len(cloud.calls) == 4


@pytest.mark.parametrize("args, ids", [
    (("--status", "failed"), [12]), (("--status", "pass,waiting"), [5, 13]), (("--level", "medium"), [13]), (("--asset-type", "rds"), []),
    (("--item", "5,12"), [12, 5])])
def test_filters(merlon, posture, args, ids):
    done = merlon("check", "results", *args)
    assert done.returncode == 0 and [r["ItemId"] for r in rows(done)] == ids and json.loads(done.stdout)["total"] == len(ids)


@pytest.mark.parametrize("args", [("--status", "broken"), ("--level", "highest"), ("--group", "7"), ("--group", "none"), ("--item", ""),
                                  ("--item", "1,,2"), ("--page", "0"), ("--page-size", "1001"), ("--replay", "x"), ("-o", "xml")])
def test_usage_errors_reach_no_server(merlon, cloud, args):
    done = merlon("check", "results", *args)
    assert done.returncode == 2 and done.stdout == "" and cloud.calls == [], done.stderr


@pytest.mark.parametrize("output", ["sarif", "junit", "ocsf", "html"])
def test_reports_come_from_a_store(merlon, posture, output):
    for args in (("-o", output, "check", "results"), ("check", "results", "-o", output)):
        done = merlon(*args)
        assert done.returncode == 2 and "--store" in done.stderr and done.stdout == ""


def test_show_has_texts_and_every_resource(merlon, posture):
    posture.resources[12] = [resource(n, f"b{n}") for n in range(1, 121)]
    done = merlon("check", "show", 12)
    shown = json.loads(done.stdout)
    assert done.returncode == 0 and shown["Suggestion"] == "Mend it." and len(shown["Resources"]) == 120
    text = merlon("check", "show", 12, "-o", "text").stdout
    assert "Suggestion: Mend it." in text and "  cn-hangzhou b120 failed: public-read" in text
    assert merlon("check", "show", 99).returncode == 9
    assert merlon("check", "show", "x").returncode == 2


@pytest.mark.parametrize("code", ["InvalidAction.NotFound", "InvalidApi.NotFound", "UnsupportedApi", "ApiOffline"])
def test_a_retired_action_gives_way_to_its_successor_with_one_warning(merlon, posture, code):
    posture.items = [item(n, Status=["pass", "failed", "waiting", "ignored"][n % 4]) for n in range(1, 121)]
    posture.retired = code
    done = merlon("check", "results")
    assert done.returncode == 0 and len(rows(done)) == 120
    assert [r["Status"] for r in rows(done)[:4]] == ["failed", "waiting", "ignored", "pass"] and rows(done)[0]["RiskLevel"] == "high"
    assert done.stderr.count("warning") == 1 and "ListCheckResult" in done.stderr
    assert posture.actions() == ["DescribeRiskCheckResult"] + ["ListCheckResult"] * 3
    assert "warning" not in merlon("-q", "check", "results").stderr


def test_a_status_that_is_not_known_is_shown_as_it_is(merlon, posture):
    posture.retired = "InvalidAction.NotFound"
    posture.items = [item(1, Status="ODD_NEW_WORD")]
    assert rows(merlon("check", "results"))[0]["Status"] == "ODD_NEW_WORD"
    assert rows(merlon("check", "results", "--status", "pass")) == []


def test_a_retired_endpoint_knows_no_groups(merlon, posture):
    posture.retired = "InvalidAction.NotFound"
    done = merlon("check", "results", "--group", "data")
    assert done.returncode == 2 and "--group" in done.stderr and done.stdout == ""


def test_a_retired_endpoint_shows_what_did_not_pass(merlon, posture):
    posture.retired = "InvalidAction.NotFound"
    posture.resources[12] = [resource(1, "good", status="pass"), resource(2, "bad"), resource(3, "hidden", status="ignored")]
    shown = json.loads(merlon("check", "show", 12).stdout)
    assert [(r["ResourceId"], r["Status"]) for r in shown["Resources"]] == [("bad", "failed"), ("hidden", "ignored")]
    done = merlon("check", "mark", 12, "--resource", "bad")
    assert done.returncode == 1 and not WRITES & set(posture.actions())


def test_no_permission_is_5_and_is_no_retirement(merlon, posture):
    posture.script = [error("NoPermission", 403)]
    done = merlon("check", "results")
    assert done.returncode == 5 and posture.actions() == ["DescribeRiskCheckResult"] and done.stdout == ""


# ---- the allow-list and credentials ----

@pytest.mark.parametrize("retired", [None, "InvalidAction.NotFound"])
@pytest.mark.parametrize("command", READ_COMMANDS)
def test_a_reading_command_never_writes(merlon, posture, command, retired):
    posture.retired = retired
    merlon(*command)
    assert posture.calls and set(posture.actions()) <= READS


@pytest.mark.parametrize("command", WRITE_COMMANDS)
def test_a_writing_command_writes_once_and_calls_nothing_else(merlon, posture, command):
    done = merlon(*command)
    assert done.returncode == 0, done.stderr
    assert set(posture.actions()) <= READS | WRITES and len([a for a in posture.actions() if a in WRITES]) == 1


@pytest.mark.parametrize("code", [500, None])
@pytest.mark.parametrize("command", WRITE_COMMANDS)
def test_a_write_is_never_sent_twice(merlon, posture, command, code):
    behave = posture.behave
    posture.behave = lambda call: Answer(code or 200, None if code is None else b"x") if call.action in WRITES else behave(call)
    done = merlon(*command)
    assert done.returncode == 6 and len([a for a in posture.actions() if a in WRITES]) == 1, done.stderr
    assert "may have arrived" in done.stderr


@pytest.mark.parametrize("command", READ_COMMANDS + WRITE_COMMANDS)
def test_credentials_appear_nowhere(merlon, posture, command):
    echo = {"RequestId": CANARY_ID, "Code": "Odd", "Message": f"{CANARY_ID} {CANARY_SECRET}"}
    for script in ([], [Answer(400, echo)], [Answer(200, {"List": [item(1, Title=CANARY_SECRET)], "TotalCount": 1})]):
        posture.script = list(script)
        done = merlon(*command, "--log-level", "debug")
        assert CANARY_ID not in done.stdout + done.stderr and CANARY_SECRET not in done.stdout + done.stderr
    assert posture.calls and all(CANARY_SECRET not in str(c.headers) + str(c.params) for c in posture.calls)


# ---- marks and runs ----

def test_marks_are_sent_with_the_task_and_the_result(merlon, posture):
    assert merlon("check", "mark", 12).returncode == 0
    sent = posture.calls[-1].params
    assert (sent["ItemId"], sent["TaskId"], sent["Status"]) == ("12", "7", "ignored")
    assert merlon("check", "unmark", 12, "--resource", "acme-drop").returncode == 0
    sent = posture.calls[-1].params
    assert (sent["Ids.1"], sent["TaskId"], sent["Status"]) == ("102", "7", "failed")


@pytest.mark.parametrize("args, exit_code", [
    (("check", "mark", "99"), 9), (("check", "mark", "12", "--resource", "nobody"), 9), (("check", "mark", "12", "--reason", "x"), 2),
    (("check", "mark", "12", "--as", "false-positive"), 2), (("check", "mark", "12", "--as", "odd"), 2), (("check", "mark", "x"), 2),
    (("check", "mark", "12", "--until", "soon"), 2), (("check", "mark"), 2)])
def test_a_mark_that_cannot_be_made_writes_nothing(merlon, posture, args, exit_code):
    done = merlon(*args)
    assert done.returncode == exit_code and not WRITES & set(posture.actions()), done.stderr


def test_of_two_resources_with_one_name_none_is_marked(merlon, posture):
    posture.resources[12].append(resource(103, "acme-web", region="cn-shanghai"))
    done = merlon("check", "mark", 12, "--resource", "acme-web")
    assert done.returncode == 1 and "regions" in done.stderr and not WRITES & set(posture.actions())


def test_wait_ends_with_the_results_of_the_new_run(merlon, posture):
    start = posture.sas_start
    state = {"polls": 0}

    def answer(call):
        if call.action == "StartBaselineSecurityCheck":
            return Answer(200, {"RequestId": "W-3"})
        state["polls"] += "StartBaselineSecurityCheck" in posture.actions()
        if state["polls"] == 2:  # the first look still shows the results before
            start(call)
        return type(posture).behave(posture, call)

    posture.behave = answer
    begun = time.monotonic()
    done = merlon("check", "run", "--wait")
    assert done.returncode == 0 and rows(done)[0]["CheckTime"] == 1767323105000 and time.monotonic() - begun > 3


# ---- a server that lies ----

BAD = [Answer(200, b"<html>hello</html>"), Answer(302, b"", {"Location": "http://127.0.0.1:1/"}), Answer(200, b'{"List":[{"ItemId":1'),
       Answer(200, b""), Answer(200, b"[" * 100000), Answer(200, {"List": "x", "TotalCount": 1}), Answer(200, {"List": []}),
       Answer(200, {"List": [], "TotalCount": -1}), Answer(200, {"List": [{}], "TotalCount": 1}),
       Answer(200, {"List": [item(0)], "TotalCount": 1}), Answer(200, {"List": [item(-5)], "TotalCount": 1}),
       Answer(200, {"List": [item(1.5)], "TotalCount": 1}), Answer(200, {"List": [7, None, "x"], "TotalCount": 3}),
       Answer(200, {"List": [item(2**63)], "TotalCount": 1})]


@pytest.mark.parametrize("answer", BAD)
@pytest.mark.parametrize("command", [("check", "results"), ("check", "show", "12"), ("check", "mark", "12")])
def test_an_answer_that_makes_no_sense_is_one_clear_error(merlon, cloud, answer, command):
    cloud.script = [answer]
    done = merlon(*command)
    assert done.returncode == 1 and done.stdout == "" and done.stderr.startswith("merlon: ") and len(cloud.calls) == 1


@pytest.mark.parametrize("wrong", [5, [], {}, None, True, 1.5])
def test_members_of_a_wrong_type_are_no_crash_and_no_pass(merlon, cloud, wrong):
    names = ("Status", "RiskLevel", "Title", "Type", "RiskAssertType", "CheckTime", "AffectedCount", "RiskItemResources", "TaskId")
    cloud.items = [item(n + 1, **{name: wrong}) for n, name in enumerate(names)]
    done = merlon("check", "results")
    assert done.returncode == 0 and rows(done)[0]["Status"] != "pass" and len(rows(done)) == len(names)


GRIDS = [{}, {"columns": 5, "values": 7}, {"columns": [{"key": "RegionId"}], "values": [[], 5, None]}, "text", "{", 5, None,
         {"columns": [{"key": "B"}], "values": [{"B": "x"}], "resultStatus": [{"id": "no"}]}]


@pytest.mark.parametrize("grid", GRIDS)
def test_a_grid_that_makes_no_sense_is_no_crash(merlon, posture, grid):
    behave = posture.behave
    page = {"RequestId": "R", "PageContentResource": {"TotalCount": 1, "ContentResource": grid}}
    posture.behave = lambda call: Answer(200, page) if call.action == "DescribeRiskCheckItemResult" else behave(call)
    for command in (("check", "show", "12"), ("check", "mark", "12", "--resource", "acme-web")):
        done = merlon(*command)
        assert done.returncode in (0, 1, 7, 9) and "Sanitizer" not in done.stderr
    assert not WRITES & set(posture.actions())


def test_pages_without_end_end(merlon, cloud):
    cloud.behave = lambda call: Answer(200, {"List": [item(1)], "TotalCount": 2**40})
    done = merlon("check", "results")
    assert done.returncode == 7 and "incomplete" in done.stderr and json.loads(done.stdout)["incomplete"] and len(cloud.calls) < 30


def test_resources_without_end_end(merlon, posture):
    behave = posture.behave
    grid = {"columns": [{"key": "B"}], "values": [{"B": {"value": "x"}}], "resultStatus": [{"id": 1, "status": "failed"}]}
    page = {"RequestId": "R", "PageContentResource": {"TotalCount": 2**40, "ContentResource": grid}}
    posture.behave = lambda call: Answer(200, page) if call.action == "DescribeRiskCheckItemResult" else behave(call)
    done = merlon("check", "show", 12)
    assert done.returncode == 7 and "incomplete" in done.stderr and len(posture.calls) < 30


@pytest.mark.parametrize("retired", [None, "InvalidAction.NotFound"])
@pytest.mark.parametrize("output", ["text", "table", "json", "jsonl", "csv"])
def test_texts_never_act_on_the_terminal(merlon, cloud, output, retired):
    cloud.retired = retired
    cloud.items = [item(12, Title=ACTING, Type=ACTING, RiskAssertType=ACTING, Status=ACTING, RiskLevel=ACTING, NotAssessed=ACTING,
                        RiskItemResources=[{"ResourceName": "suggestion", "ContentResource": {"value": ACTING}}])]
    cloud.NEWER = dict(cloud.NEWER, **{ACTING: ACTING})
    cloud.resources[12] = [resource(1, ACTING, region=ACTING, value=ACTING, status=ACTING)]
    for command in (("check", "results"), ("check", "show", 12)):
        done = merlon("-o", output, *command)
        assert done.returncode == (2 if output == "csv" and "show" in command else 0), done.stderr
        text = done.stdout.replace("\r\n", "\n") if output == "csv" else done.stdout
        assert not set(ACTING) & set(text) - set("]0;owned[31m2J")


def test_an_error_message_never_acts_on_the_terminal(merlon, cloud):
    cloud.script = [error("Odd" + ACTING, message=ACTING)]
    done = merlon("check", "results")
    assert done.returncode == 1 and not set(ACTING) & set(done.stderr) - set("]0;owned[31m2J")


# ---- over a store ----

def test_results_marks_and_their_end(store, recording):
    assert store("check", "show", 12).returncode == 9
    assert store("scan", "--replay", recording, "--only", 12).returncode == 0
    done = store("check", "mark", 12, "--resource", "acme-web")
    assert done.returncode == 2 and "--reason" in done.stderr
    assert store("check", "mark", 12, "--resource", "nobody", "--reason", "x").returncode == 9
    assert store("check", "mark", 12, "--resource", "acme-web", "--reason", "a web site", "--until", "2099-01-01T00:00:00Z").returncode == 0
    shown = json.loads(store("check", "show", 12).stdout)
    assert shown["Status"] == "ignored" and shown["Resources"][0]["Mark"]["Reason"] == "a web site"
    assert "acme-web ignored: public-read" in store("check", "show", 12, "-o", "text").stdout
    assert store("scan", "--replay", recording, "--only", 12, "--fail-on", "low").returncode == 0
    assert store("check", "unmark", 12, "--resource", "acme-web").returncode == 0
    assert store("scan", "--replay", recording, "--only", 12, "--fail-on", "high").returncode == 8
    assert store("check", "mark", 12, "--as", "false-positive", "--reason", "not ours").returncode == 0
    assert rows(store("check", "results"))[0]["Status"] == "falsePositive"
    assert store("check", "mark", 12, "--reason", "x", "--until", "2020-01-01T00:00:00Z").returncode != 0


def test_pages_and_filters_of_a_store(store, recording):
    assert store("scan", "--replay", recording, "-q").returncode == 7
    every = rows(store("check", "results"))
    assert rows(store("check", "results", "--page", 2, "--page-size", 10)) == every[10:20] and len(every) > 20
    assert json.loads(store("check", "results", "--page", 1, "--page-size", 1).stdout)["total"] == len(every)
    assert [r["ItemId"] for r in rows(store("check", "results", "--status", "failed"))] == [12]
    assert {r["Type"] for r in rows(store("check", "results", "--group", "data"))} == {"Data security"}


def test_an_item_that_was_not_assessed_tells_why(store, recording):
    recording.bucket("acme-web", None)
    assert store("scan", "--replay", recording, "--only", 12).returncode == 7
    shown = json.loads(store("check", "show", 12).stdout)
    assert shown["Status"] == "waiting" and "no permission: oss:GetBucket" in shown["NotAssessed"]
    assert [(r["ResourceId"], r["Status"]) for r in shown["Resources"]] == [("acme-web", "not assessed")]


def test_a_replaced_check_is_marked_in_what_it_judged(store, recording, tmp_path):
    text = store.run("check", "new", 100001).stdout
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "12.yaml").write_text(text.replace("id: 100001", "id: 12"))
    assert store("scan", "-q", "--replay", recording, "--only", 12, "--checks", tmp_path / "mine").returncode == 0
    row = rows(store("check", "results"))[0]
    assert row["Replaced"] is True and json.loads(store("check", "show", 12).stdout)["Replaced"] is True
    assert "in place of the built-in" in store("check", "show", 12, "-o", "text").stdout
    assert "in place of the built-in" in store("check", "results", "-o", "html").stdout
    rule = json.loads(store("check", "results", "-o", "sarif").stdout)["runs"][0]["tool"]["driver"]["rules"][0]
    assert rule["properties"]["replaced"] is True


# ---- the catalogue ----

def test_the_catalogue_lists_and_tests_and_starts_a_check(local, tmp_path):
    listed = rows(local("check", "list"))
    assert len(listed) >= 45 and all(r["Title"] and r["Type"] and r["Tests"] >= 3 for r in listed)
    assert {r["RiskLevel"] for r in rows(local("check", "list", "--level", "high"))} == {"high"}
    assert "存储" in local("--lang", "zh", "check", "list", "-o", "text").stdout or "权限" in local("--lang", "zh", "check", "list").stdout
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "100001.yaml").write_text(local("check", "new", 100001).stdout)
    done = local("check", "test", folder, "--item", 100001)
    assert done.returncode == 0 and " 0 failed" in done.stdout, done.stdout + done.stderr
    text = (folder / "100001.yaml").read_text()
    (folder / "100001.yaml").write_text(text.replace("fail", "pass", 1) if "verdict: fail" not in text else
                                        text.replace("verdict: fail", "verdict: pass", 1))
    assert local("check", "test", folder, "--item", 100001).returncode in (1, 3)
    assert local("check", "test", "--item", 99999).returncode == 9
    assert local("check", "new", 0).returncode == 2
