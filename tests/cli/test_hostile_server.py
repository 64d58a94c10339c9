"""A server that lies, breaks off or plays tricks on a terminal: the command line stays honest and its output harmless."""
import json
import subprocess

import pytest

from conftest import BINARY, Answer, error, event

ESCAPE = "\x1b]0;owned\x07\x1b[31m"
HANDLE = ("risk", "handle", 1, "checked", "--yes")


def handled_with(cloud, answer, really=False):
    """The cloud answers the write with `answer`; `really`: the event was handled all the same."""
    cloud.events = [event(1)]

    def reply(call):
        if call.action != "PreHandleAuditRisk":
            return cloud.behave(call)
        if really:
            cloud.events[0]["HandleStatus"] = "PROCESSED"
        return answer

    cloud.answer = reply


def page(*items, total=None):
    return Answer(200, {"Items": list(items), "TotalCount": len(items) if total is None else total, "RequestId": "R-1"})


@pytest.mark.parametrize("code, exit_code", [("NoPermission", 5), ("InvalidRiskId.NotFound", 9), ("InternalError", 6), ("Odd", 1)])
def test_an_error_code_under_status_200_is_an_error(merlon, cloud, code, exit_code):
    handled_with(cloud, Answer(200, {"Code": code, "Message": "no", "RequestId": "R-1"}))
    done = merlon(*HANDLE)
    assert done.returncode == exit_code, done.stderr
    assert "successful" not in done.stdout and code in done.stderr
    assert cloud.actions().count("PreHandleAuditRisk") == 1


def test_an_error_code_under_status_200_of_a_listing_is_named(merlon, cloud):
    cloud.script = [error("NoPermission", 200)]
    done = merlon("risk", "list")
    assert done.returncode == 5 and "NoPermission" in done.stderr


@pytest.mark.parametrize("code", ["200", "OK", "Success"])
def test_a_code_that_says_all_is_well_is_no_error(merlon, cloud, code):
    handled_with(cloud, Answer(200, {"Code": code, "Success": True, "RequestId": "R-1"}), really=True)
    assert merlon(*HANDLE).returncode == 0


def test_what_is_still_listed_is_not_called_successful(merlon, cloud):
    handled_with(cloud, Answer(200, {"Success": True, "RequestId": "R-1"}))
    done = merlon(*HANDLE)
    assert done.returncode == 7 and "successful" not in done.stdout and "still listed" in done.stdout


@pytest.mark.parametrize("output", ["text", "table", "json", "jsonl", "csv"])
def test_a_request_id_never_acts_on_the_terminal(merlon, cloud, output):
    handled_with(cloud, Answer(200, {"Success": True, "RequestId": "R" + ESCAPE + "\nRisk ID: 2"}), really=True)
    done = merlon("-o", output, *HANDLE)
    assert done.returncode == 0 and "\x1b" not in done.stdout + done.stderr and "\x07" not in done.stdout + done.stderr
    assert "\nRisk ID: 2" not in done.stdout


@pytest.mark.parametrize("output", ["text", "table", "json", "jsonl", "csv"])
def test_names_never_act_on_the_terminal(merlon, cloud, output):
    acting = ESCAPE + "\x9b2J\x00\x7f\u061c\u200e\u200f\u202e\u2066\u2069\u2028\u0085"
    cloud.script = [page(event(1, RuleName=acting, ProductCode=acting, RuleCategoryName=acting, WarnLevelName=acting, WarnLevel=9))]
    done = merlon("-o", output, "risk", "list")
    assert done.returncode == 0
    assert not set(acting) & set(done.stdout) - set("]0;owned[31m2J")


def test_an_error_message_never_acts_on_the_terminal(merlon, cloud):
    cloud.script = [error("Odd" + ESCAPE, message=ESCAPE)]
    done = merlon("risk", "list")
    assert done.returncode == 1 and "\x1b" not in done.stderr


def test_huge_numbers_are_added_up_without_overflow(merlon, cloud):
    huge = 2**63 - 1
    cloud.script = [page(event(1, AlarmCount=huge, LastAlarmTime=huge), event(2, AlarmCount=huge))]
    done = merlon("-o", "json", "risk", "summary")
    assert done.returncode == 0 and "runtime error" not in done.stderr
    assert json.loads(done.stdout)["items"][0]["Alarms"] == huge


def test_huge_totals_of_two_lists_are_added_up_without_overflow(merlon, cloud):
    cloud.script = [page(event(n), total=2**63 - 1) for n in (1, 2)]
    done = merlon("-o", "json", "risk", "list", "--status", "all", "--page", "1")
    assert "runtime error" not in done.stderr and json.loads(done.stdout)["total"] == 2**63 - 1


@pytest.mark.parametrize("answer", [
    Answer(302, b"", {"Location": "http://127.0.0.1:1/"}), Answer(200, b"<html>hello</html>"), Answer(200, b""),
    Answer(200, b"[" * 100000), Answer(200, b'{"Items":"x","TotalCount":1}'), Answer(200, {"Items": [], "TotalCount": -1}),
    Answer(200, {"Items": [event(0)], "TotalCount": 1}), Answer(200, {"Items": [event(-1)], "TotalCount": 1}),
    Answer(200, {"Items": [event(2**63)], "TotalCount": 1}), Answer(200, {"Items": [event(1.5)], "TotalCount": 1}),
    Answer(200, b'{"Items":[],"TotalCount":0,"x":"' + b"a" * (17 << 20) + b'"}')])
def test_an_answer_that_makes_no_sense_is_one_clear_error(merlon, cloud, answer):
    cloud.script = [answer]
    done = merlon("risk", "list")
    assert done.returncode == 1 and done.stdout == "" and done.stderr.startswith("merlon: ") and len(cloud.calls) == 1


@pytest.mark.parametrize("answer", [Answer(200, None), Answer(500, b"x"), Answer(307, b"", {"Location": "/again"}),
                                    error("Throttling.User", x_acs_retry_after=1)])
def test_a_write_is_never_sent_twice(merlon, cloud, answer):
    handled_with(cloud, answer)
    done = merlon(*HANDLE)
    assert done.returncode not in (0, 7) and cloud.actions().count("PreHandleAuditRisk") == 1


@pytest.mark.parametrize("field", ["access_key_id", "access_key_secret"])
@pytest.mark.parametrize("bad", ["LTAIx\r\nX-Extra: 1", "LTAIx\n", " LTAIx", "LTAI\u00e9x", "LTAI\x7fx"])
def test_credentials_bring_no_header_of_their_own(merlon, cloud, field, bad):
    merlon.profile(**{field: bad})
    done = merlon("risk", "list")
    assert done.returncode == 4 and not cloud.calls and bad.strip() not in done.stderr


@pytest.mark.parametrize("closed, exit_code", [(">&-", 1), ("2>&-", 0), ("<&-", 0), ("<&- 2>&-", 0), ("<&- >&- 2>&-", 1)])
def test_closed_descriptors_are_not_taken_by_files_and_sockets(merlon, cloud, closed, exit_code):
    cloud.events = [event(1)]
    done = subprocess.run(["sh", "-c", f'"$0" --endpoint "$1" risk handle 1 checked --yes {closed}', BINARY, cloud.url],
                          capture_output=True, env=merlon.env(), timeout=60)
    assert done.returncode == exit_code and len(merlon.journal()) == 1
