"""risk handle: check, plan, ask, send once, verify, record."""
import json
import os
import stat

import pytest
from conftest import Answer, error, event

DETAIL = "Confirmed as false positive, closing this alert"
ID = "C34D813F-A234-5D66-842D-504D84D5C680"


def block(risk_id, detail=DETAIL):
    return (f"Handling risk event...\nRisk ID: {risk_id}\nHandle Detail: {detail}\n{'-' * 50}\n"
            f"✅ Handling successful!\nRequestId: {ID}\n")


def writes(cloud):
    return [c for c in cloud.calls if c.action == "PreHandleAuditRisk"]


def test_prints_the_block_exactly_and_verifies(merlon, cloud):
    cloud.events = [event(75110196)]
    done = merlon("--yes", "risk", "handle", 75110196, DETAIL)
    assert (done.returncode, done.stdout) == (0, block(75110196)), done.stderr
    assert cloud.actions() == ["DescribeRiskRules", "PreHandleAuditRisk", "DescribeRiskRules"]
    sent = writes(cloud)[0].params
    assert sent["HandleInfoList.1.HandleType"] == "Manual" and set(sent) == {
        "RiskId", "HandleInfoList.1.HandleType", "HandleInfoList.1.HandleContent"}
    assert json.loads(sent["HandleInfoList.1.HandleContent"]) == {"HandleMethod": 0, "HandleDetail": DETAIL}


def test_the_plan_shows_every_parameter(merlon, cloud):
    cloud.events = [event(7)]
    done = merlon("risk", "handle", 7, DETAIL, "--dry-run")
    assert done.returncode == 0 and writes(cloud) == [] and merlon.journal() == []
    for part in ("RiskId 7", "HandleType Manual", "HandleMethod 0", DETAIL, cloud.url, "profile test"):
        assert part in done.stderr, part


def test_without_a_terminal_yes_is_needed(merlon, cloud):
    cloud.events = [event(7)]
    done = merlon("risk", "handle", 7, DETAIL)
    assert done.returncode == 2 and "--yes" in done.stderr and writes(cloud) == []


def test_many_ids_and_ids_from_standard_input(merlon, cloud):
    cloud.events = [event(i) for i in (1, 2, 3)]
    done = merlon("-y", "risk", "handle", 1, 2, 1, "--detail", DETAIL)
    assert done.returncode == 0 and done.stdout == block(1) + block(2)
    done = merlon("-y", "-o", "json", "risk", "handle", "-", "--detail", DETAIL, stdin="3\n\n")
    assert [(i["RiskId"], i["result"]) for i in json.loads(done.stdout)["items"]] == [(3, "handled")]
    assert len(writes(cloud)) == 3


@pytest.mark.parametrize("args", [
    ("0", "x"), ("-1", "x"), ("9007199254740992", "x"), ("9223372036854775808", "x"), ("seven", "x"), ("7",), ("7", "8"),
    ("7", ""), ("7", "   "), ("7", "a" * 501), ("7", "a\x01b"), ("7", "--detail", ""), ("7", "x", "--detail", "y"), ()])
def test_wrong_input_is_refused_before_anything_is_sent(merlon, cloud, args):
    cloud.events = [event(7)]
    done = merlon("--yes", "risk", "handle", *args)
    assert done.returncode == 2, done.stderr
    assert cloud.calls == [] and done.stdout == ""


def test_five_hundred_wide_characters_are_allowed(merlon, cloud):
    cloud.events = [event(7)]
    text = "误" * 500
    assert merlon("--yes", "risk", "handle", 7, text).stdout == block(7, text)


def test_the_detail_may_come_from_a_file(merlon, cloud, tmp_path):
    cloud.events = [event(7)]
    (tmp_path / "why").write_text("from a file\n")
    assert "Handle Detail: from a file\n" in merlon("-y", "risk", "handle", 7, "--detail-file", tmp_path / "why").stdout


def test_an_event_that_is_not_open_is_named_and_nothing_is_sent(merlon, cloud):
    cloud.events = [event(1), event(2, HandleStatus="PROCESSED")]
    for missing in (2, 99):
        done = merlon("--yes", "risk", "handle", 1, missing, "--detail", DETAIL)
        assert done.returncode == 9 and str(missing) in done.stderr
    assert writes(cloud) == []


@pytest.mark.parametrize("answer", [Answer(200, None), error("InternalError", 500), error("Throttling", 400, x_acs_retry_after=5),
                                    Answer(502, b"bad gateway")])
def test_a_write_is_never_sent_twice(merlon, cloud, answer):
    cloud.events = [event(7)]
    cloud.script = [lambda c, call: c.behave(call), answer]
    done = merlon("--yes", "risk", "handle", 7, DETAIL)
    assert len(writes(cloud)) == 1 and done.returncode in (1, 6) and "❌" in done.stdout
    assert merlon.journal()[-1]["outcome"] == "failed"


def test_an_unclear_outcome_is_settled_by_listing_again(merlon, cloud):
    cloud.events = [event(7)]

    def handle_and_hang_up(c, call):
        c.behave(call)
        return Answer(200, None)

    cloud.script = [lambda c, call: c.behave(call), handle_and_hang_up]
    done = merlon("--yes", "risk", "handle", 7, DETAIL)
    assert done.returncode == 0 and "✅" in done.stdout and len(writes(cloud)) == 1


def test_success_that_the_listing_does_not_confirm_is_partial(merlon, cloud):
    cloud.events = [event(7)]
    cloud.script = [lambda c, call: c.behave(call), Answer(200, {"RequestId": ID, "Success": True})]
    done = merlon("--yes", "risk", "handle", 7, DETAIL)
    assert done.returncode == 7 and "still listed" in done.stderr
    assert merlon.journal()[-1]["outcome"] == "unverified"


def test_no_permission_stops_the_rest(merlon, cloud):
    cloud.events = [event(1), event(2)]
    denied = error("NoPermission", 403)
    denied.body["AccessDeniedDetail"] = {"AuthAction": "yundun-sddp:PreHandleAuditRisk"}
    cloud.script = [lambda c, call: c.behave(call), denied]
    done = merlon("--yes", "risk", "handle", 1, 2, "--detail", DETAIL)
    assert done.returncode == 5 and "yundun-sddp:PreHandleAuditRisk" in done.stderr and len(writes(cloud)) == 1


def test_a_mixed_result_is_partial(merlon, cloud):
    cloud.events = [event(1), event(2)]
    ok = lambda c, call: c.behave(call)
    cloud.script = [ok, ok, error("InvalidRiskStatus.Processed", 400)]
    done = merlon("--yes", "-o", "json", "risk", "handle", 1, 2, "--detail", DETAIL)
    assert done.returncode == 7
    assert [i["result"] for i in json.loads(done.stdout)["items"]] == ["handled", "failed"]


def test_the_journal_is_private_and_names_no_key(merlon, cloud):
    cloud.events = [event(7)]
    merlon("--yes", "risk", "handle", 7, DETAIL)
    assert [(r["profile"], r["risk_id"], r["request_id"], r["outcome"]) for r in merlon.journal()] == [("test", 7, ID, "handled")]
    path = os.path.join(merlon.home, ".local/state/merlon/handled.jsonl")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_no_other_action_is_ever_called(merlon, cloud):
    cloud.events = [event(i) for i in range(1, 8)]
    for args in (("list",), ("show", 1), ("summary",), ("policy",), ("handle", 1, DETAIL), ("handle", 2, 3, "--detail", DETAIL),
                 ("handle", 99, DETAIL), ("list", "--status", "all"), ("handle", 4, DETAIL, "--dry-run")):
        merlon("--yes", "risk", *args)
    for bad in (error("InvalidAction.NotFound", 404), error("Throttling", 400, x_acs_retry_after=1), Answer(200, b"{}")):
        cloud.script = [bad] * 5
        merlon("--yes", "risk", "handle", 5, DETAIL)
        cloud.script = []
    assert set(cloud.actions()) == {"DescribeRiskRules", "PreHandleAuditRisk"}


def on_terminal(merlon, cloud, args, typed):
    """Runs the command with a terminal as standard input and error; standard output is a pipe."""
    import pty
    import subprocess
    from conftest import BINARY
    main, side = pty.openpty()
    run = subprocess.Popen([BINARY, "--endpoint", cloud.url, *args], stdin=side, stderr=side, stdout=subprocess.PIPE, env=merlon.env())
    os.write(main, typed)
    out = run.communicate(timeout=60)[0].decode()
    seen = b""
    os.set_blocking(main, False)
    try:
        while True:
            seen += os.read(main, 65536)
    except (BlockingIOError, OSError):
        pass
    os.close(main)
    os.close(side)
    return run.returncode, out, seen.decode()


def test_asks_on_a_terminal(merlon, cloud):
    cloud.events = [event(7)]
    code, out, seen = on_terminal(merlon, cloud, ["risk", "handle", "7", DETAIL], b"n\n")
    assert (code, out, writes(cloud)) == (2, "", []) and "Handle 1 risk event?" in seen and "HandleDetail " + DETAIL in seen
    code, out, _ = on_terminal(merlon, cloud, ["risk", "handle", "7", DETAIL], b"y\n")
    assert (code, out) == (0, block(7)) and len(writes(cloud)) == 1


def test_an_interrupt_finishes_the_call_in_flight_and_tells_the_rest(merlon, cloud):
    import signal
    import subprocess
    import time
    from conftest import BINARY
    cloud.events = [event(1), event(2), event(3)]

    def slow(c, call):
        run.send_signal(signal.SIGINT)
        time.sleep(0.3)
        return c.behave(call)

    cloud.script = [lambda c, call: c.behave(call), slow]
    run = subprocess.Popen([BINARY, "--endpoint", cloud.url, "-y", "-o", "json", "risk", "handle", "1", "2", "3", "--detail", DETAIL],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=merlon.env())
    out, seen = run.communicate(timeout=60)
    assert run.returncode == 130 and b"2 not attempted" in seen
    assert [i["result"] for i in json.loads(out)["items"]] == ["handled", "not_attempted", "not_attempted"]
    assert len(writes(cloud)) == 1
