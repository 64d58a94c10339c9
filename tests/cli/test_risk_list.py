"""risk list, show and summary: exact text, formats, pages, retries, refusals."""
import csv
import io
import json
import time

import pytest
from conftest import Answer, error, event

RULER, LINE = "=" * 80, "-" * 80


def test_prints_the_listing_exactly(merlon, cloud):
    cloud.events = [event(75110196)]
    done = merlon("risk", "list")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        f"Found 1 unprocessed security risk events\n{RULER}\n"
        "Risk ID: 75110196\nRule Name: nightly_mysqldump\nRisk Level: High Risk\nProduct Type: RDS\n"
        f"Alert Count: 20\nAsset Count: 2\nRule Category: Database Dump Attack\n{LINE}\n")
    assert done.stderr == ""


def test_an_empty_list_is_success(merlon):
    done = merlon("risk", "list")
    assert (done.returncode, done.stdout) == (0, f"Found 0 unprocessed security risk events\n{RULER}\n")


@pytest.mark.parametrize("shape", ["plain", "data"])
def test_fetches_every_page_in_both_answer_shapes(merlon, cloud, shape):
    cloud.shape = shape
    cloud.events = [event(i) for i in range(1, 121)]
    done = merlon("-o", "jsonl", "risk", "list")
    assert [json.loads(line)["RiskId"] for line in done.stdout.splitlines()] == list(range(1, 121))
    assert [c.params["CurrentPage"] for c in cloud.calls] == ["1", "2", "3"]


def test_global_options_stand_before_or_after(merlon, cloud):
    cloud.events = [event(5)]
    for args in (("-o", "json", "risk", "list"), ("risk", "list", "-o", "json"), ("risk", "list", "--output=json")):
        body = json.loads(merlon(*args).stdout)
        assert body["items"][0]["RiskId"] == 5 and body["total"] == 1 and body["incomplete"] is False
        assert body["source"]["api"] == "Sddp" and body["generated_at"].endswith("Z")


def test_events_that_move_between_pages_are_listed_once(merlon, cloud):
    cloud.events = [event(i) for i in range(1, 101)]

    def handle_one(c, call):  # everything moves up while the second page is asked for
        if len(c.calls) == 2:
            c.events[0]["HandleStatus"] = "PROCESSED"

    cloud.change = handle_one
    done = merlon("-o", "jsonl", "risk", "list")
    ids = [json.loads(line)["RiskId"] for line in done.stdout.splitlines()]
    assert done.returncode == 0 and len(ids) == len(set(ids)) and set(range(2, 101)) <= set(ids)


def test_a_total_that_never_agrees_is_partial(merlon, cloud):
    cloud.events = [event(1), event(2)]
    page = cloud.page
    cloud.page = lambda call: dict(page(call), TotalCount=3)
    done = merlon("-o", "json", "risk", "list")
    assert done.returncode == 7 and "incomplete" in done.stderr
    body = json.loads(done.stdout)
    assert body["incomplete"] is True and [i["RiskId"] for i in body["items"]] == [1, 2]


def test_a_server_that_repeats_its_page_is_not_asked_for_ever(merlon, cloud):
    page = cloud.page
    cloud.events = [event(i) for i in range(1, 51)]
    cloud.page = lambda call: dict(page(type(call)(call.headers, dict(call.params, CurrentPage="1"))), TotalCount=10**9)
    assert merlon("risk", "list").returncode == 7
    assert len(cloud.calls) <= 20


def test_an_empty_page_in_the_middle_does_not_lose_the_rest(merlon, cloud):
    cloud.events = [event(i) for i in range(1, 121)]
    page = cloud.page

    def hole(call):
        body = page(call)
        return dict(body, Items=[]) if len(cloud.calls) == 2 else body

    cloud.page = hole
    done = merlon("-o", "jsonl", "risk", "list")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 120


def test_page_page_size_and_limit(merlon, cloud):
    cloud.events = [event(i) for i in range(1, 11)]
    ids = lambda *a: [json.loads(x)["RiskId"] for x in merlon("-o", "jsonl", "risk", "list", *a).stdout.splitlines()]
    assert ids("--page", 2, "--page-size", 3) == [4, 5, 6]
    assert ids("--limit", 4) == [1, 2, 3, 4]
    assert merlon("risk", "list", "--page-size", 0).returncode == 2
    assert merlon("risk", "list", "--page-size", 101).returncode == 2


def test_filters(merlon, cloud):
    cloud.events = [event(1, WarnLevel=1), event(2, ProductCode="OSS"), event(3, RuleName="Brute force", RuleId=9),
                    event(4, LastAlarmTime=1000), event(5, HandleStatus="PROCESSED")]
    ids = lambda *a: [json.loads(x)["RiskId"] for x in merlon("-o", "jsonl", "risk", "list", *a).stdout.splitlines()]
    assert ids("--level", "low") == [1]
    assert ids("--level", "low,high") == [1, 2, 3, 4]
    assert ids("--product", "oss") == [2]
    assert ids("--rule", "brute") == [3]
    assert ids("--rule", "9") == [3]
    assert ids("--until", "2000-01-01T00:00:00Z") == [4]
    assert ids("--since", "2000-01-01T00:00:00Z") == [1, 2, 3]
    assert ids("--status", "processed") == [5]
    assert ids("--status", "all") == [1, 2, 3, 4, 5]
    for bad in (("--level", "huge"), ("--since", "soon"), ("--status", "maybe")):
        assert merlon("risk", "list", *bad).returncode == 2


def test_outside_text_cannot_act_on_a_terminal_or_a_spreadsheet(merlon, cloud):
    cloud.events = [event(1, RuleName="=cmd()\x1b[2J\u0085\u202ex", RuleCategoryName='a "b", c')]
    for fmt in ("text", "table", "json", "jsonl", "csv"):
        out = merlon("-o", fmt, "risk", "list").stdout
        assert not set(out) & {"\x1b", "\u0085", "\u202e"}, fmt
    row = list(csv.DictReader(io.StringIO(merlon("-o", "csv", "risk", "list").stdout)))[0]
    assert row["RuleName"].startswith("'=cmd()") and row["RuleCategoryName"] == 'a "b", c'
    assert json.loads(merlon("-o", "json", "risk", "list").stdout)["items"][0]["RuleName"] == "=cmd()\x1b[2J\u0085\u202ex"


@pytest.mark.parametrize("first", [error("Throttling.User", 400, x_acs_retry_after=20), error("ServiceUnavailable", 503),
                                   Answer(502, b"<html>"), Answer(200, None)])
def test_reads_are_retried_with_a_new_nonce(merlon, cloud, first):
    cloud.script = [first]
    cloud.events = [event(1)]
    assert merlon("risk", "list").returncode == 0
    assert len(cloud.calls) == 2
    assert len({c.headers["x-acs-signature-nonce"] for c in cloud.calls}) == 2


def test_a_retry_waits_as_long_as_the_server_asks(merlon, cloud):
    cloud.script = [error("Throttling", 400, x_acs_retry_after=700)]
    began = time.monotonic()
    assert merlon("risk", "list").returncode == 0
    assert time.monotonic() - began >= 0.7


def test_gives_up_after_five_attempts(merlon, cloud):
    cloud.script = [error("Throttling", 429, x_acs_retry_after=5)] * 9
    done = merlon("risk", "list")
    assert done.returncode == 6 and len(cloud.calls) == 5 and done.stdout == ""


SERVER_TEXT = "server string to sign is:LTAI5tCANARYCANARYCANARY"


@pytest.mark.parametrize("code,status,want,says", [
    ("NoPermission", 403, 5, "yundun-sddp:DescribeRiskRules"), ("Forbidden.RAM", 403, 5, "yundun-sddp:DescribeRiskRules"),
    ("InvalidAccessKeyId.NotFound", 404, 4, "access key"), ("SignatureDoesNotMatch", 400, 4, "signature"),
    ("InvalidSecurityToken.Expired", 400, 4, "session"), ("InvalidTimeStamp.Expired", 400, 3, "clock"),
    ("InvalidAction.NotFound", 404, 1, "endpoint"), ("InvalidPageSize", 400, 1, "InvalidPageSize")])
def test_refusals_become_exit_codes_and_sentences_of_our_own(merlon, cloud, code, status, want, says):
    cloud.script = [error(code, status, SERVER_TEXT)] * 9
    done = merlon("risk", "list")
    assert (done.returncode, done.stdout) == (want, "") and says in done.stderr and "CANARY" not in done.stderr
    assert len(cloud.calls) == 1


def test_a_wrong_clock_is_measured(merlon, cloud):
    cloud.script = [error("InvalidTimeStamp.Expired", 400, Date="Thu, 01 Jan 2026 00:00:00 GMT")]
    assert "seconds ahead of the server's" in merlon("risk", "list").stderr


def test_redirects_are_not_followed(merlon, cloud):
    cloud.script = [Answer(302, b"", {"Location": cloud.url + "/elsewhere"})]
    done = merlon("risk", "list")
    assert done.returncode == 1 and "redirect" in done.stderr and len(cloud.calls) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"{}", b'{"TotalCount":1,"Items":[{}]}', b"\xff\xfe"])
def test_answers_that_make_no_sense_are_an_error(merlon, cloud, body):
    cloud.script = [Answer(200, body)]
    done = merlon("risk", "list")
    assert done.returncode == 1 and done.stdout == "" and done.stderr.startswith("merlon: ")


def test_no_listener_is_a_network_error(merlon, cloud):
    done = merlon("--endpoint", "http://127.0.0.1:1", "risk", "list", endpoint=False)
    assert done.returncode == 6


def test_plain_http_goes_to_loopback_only(merlon):
    done = merlon("--endpoint", "http://example.com", "risk", "list", endpoint=False)
    assert done.returncode == 2 and "loopback" in done.stderr


def test_show_finds_processed_events_too(merlon, cloud):
    cloud.events = [event(1), event(2, HandleStatus="PROCESSED")]
    assert json.loads(merlon("risk", "show", 2).stdout)["items"][0]["RiskId"] == 2
    done = merlon("risk", "show", 3)
    assert done.returncode == 9 and "3" in done.stderr and done.stdout == ""
    for bad in ("0", "9007199254740992", "x", "9223372036854775808"):
        assert merlon("risk", "show", bad).returncode == 2


def test_summary_counts(merlon, cloud):
    cloud.events = [event(1), event(2), event(3, WarnLevel=1, ProductCode="OSS")]
    rows = json.loads(merlon("risk", "summary").stdout)["items"]
    assert [(r["Group"], r["Events"]) for r in rows] == [("High Risk", 2), ("Low Risk", 1)]
    rows = json.loads(merlon("risk", "summary", "--by", "product").stdout)["items"]
    assert [(r["Group"], r["Events"], r["Alarms"]) for r in rows] == [("RDS", 2, 40), ("OSS", 1, 20)]
    assert merlon("risk", "summary", "--by", "moon").returncode == 2


def test_policy_names_exactly_the_two_actions(merlon):
    action = lambda *a: json.loads(merlon("risk", "policy", *a).stdout)["Statement"][0]["Action"]
    assert action() == ["yundun-sddp:DescribeRiskRules", "yundun-sddp:PreHandleAuditRisk"]
    assert action("--read-only") == ["yundun-sddp:DescribeRiskRules"]


def test_a_full_disk_is_reported(merlon, cloud):
    import subprocess
    from conftest import BINARY
    cloud.events = [event(1)]
    with open("/dev/full", "w") as full:
        done = subprocess.run([BINARY, "--endpoint", cloud.url, "risk", "list"], stdout=full, stderr=subprocess.PIPE,
                              env=merlon.env(), timeout=60)
    assert done.returncode == 1 and b"cannot write the output" in done.stderr
