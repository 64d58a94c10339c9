"""What a live run makes of networks and answers that are against it."""
import sqlite3

import pytest


def collect(cloud, tmp_path, *args, **options):
    """The run, and the calls that were not read."""
    path = str(tmp_path / "live.db")
    done = cloud.merlon(["collect", "-o", path, "--no-pacing", *args], profile="ak", **options)
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        unread = db.execute("select call, region, key, outcome, code, message from collect_call "
                            "where outcome in ('failed', 'throttled', 'denied')").fetchall()
    return done, unread


def test_calls_that_share_a_connection_that_breaks_do_not_spend_the_retries_of_all(start_cloud, tmp_path):
    """One that breaks takes with it whatever is under way on it: some hundreds of calls in this run."""
    own = start_cloud(accounts=1, resources=3000)
    own.faults({"match": {"probability": 0.01}, "do": "reset"})
    done, unread = collect(own, tmp_path, proxy=True)
    assert unread == [], done.stderr[-2000:]


@pytest.mark.parametrize("do", ["html", "redirect", "empty", "truncate"])
def test_one_answer_of_somebody_else_to_the_first_call_does_not_end_the_run(start_cloud, tmp_path, do):
    own = start_cloud(accounts=1, resources=50)
    own.faults({"match": {"product": "sts", "action": "GetCallerIdentity"}, "times": 1, "do": do})
    done, unread = collect(own, tmp_path, proxy=True)
    assert unread == [], done.stderr[-2000:]
    assert len(own.calls(product="sts", action="GetCallerIdentity")) == 2
