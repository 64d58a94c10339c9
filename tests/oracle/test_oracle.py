"""The product against an independent judge, over made-up accounts: rows, verdicts and the values that the items fix.

A few hundred accounts in about twenty seconds: ORACLE_COUNT and ORACLE_SECONDS make it a long run (0 seconds: no bound), ORACLE_FROM starts at another
seed. A seed that differs is shown again by `oracle.py --from SEED --count 1 --parts PART --keep DIR`.
"""
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import account
import judge
import oracle

FIRST = int(os.environ.get("ORACLE_FROM", "1"))
COUNT = int(os.environ.get("ORACLE_COUNT", "100"))
SECONDS = float(os.environ.get("ORACLE_SECONDS", "7"))
LEAST = 3     # accounts, however slow the machine is
PARTS = {
    "iam": [1, 3, 12, 13, 15, 16, 17, 28, 30, 31, 40, 41, 44, 48, 50],
    "net": [4, 6, 7, 8, 20, 21, 24, 25, 26, 27, 36, 37, 38, 42],
    "db": [2, 5, 14, 18, 19, 22, 23, 32, 33, 34, 35, 39, 43, 46, 47, 51],
}


def test_every_item_has_a_judge():
    judge.judge(account.Recording(), time.time())
    assert sorted(judge.ITEMS) == sorted(sum(PARTS.values(), [])) and len(judge.ITEMS) == 45


@pytest.mark.parametrize("part", PARTS)
def test_the_product_and_the_judge_agree(part):
    end = time.monotonic() + SECONDS if SECONDS else float("inf")

    def one(seed):
        if time.monotonic() > end and seed >= FIRST + LEAST:
            return None
        lines, rows = oracle.compare(seed, PARTS[part], [part])
        return [f"seed {seed}: {line}" for line in lines], rows

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        done = [r for r in pool.map(one, range(FIRST, FIRST + COUNT)) if r is not None]
    assert [line for lines, _ in done for line in lines] == []
    assert len(done) >= min(LEAST, COUNT) and sum(rows for _, rows in done) > 10


def test_a_wrong_verdict_is_noticed():
    recording = account.make(1, time.time(), ["iam"])
    found = judge.judge(recording, time.time(), [48])[48]
    (place, (right, _)), = found.rows.items()
    wrong = next(v for v in (judge.PASS, judge.FAIL, judge.UNKNOWN) if v not in right)
    assert list(oracle.differences(found, {place: (wrong, "")}, {}, 48))
    assert list(oracle.differences(found, {place: (next(iter(right)), "")}, {48: "not listed"}, 48))
    assert list(oracle.differences(found, {}, {}, 48))
