"""A machine that fails: full disks, stores that vanish, rules that never end. What was accepted is kept, what was not is said."""
import os
import resource
import sqlite3
import subprocess

import pytest

from conftest import ACCOUNT, BINARY, LOG_LINE, dump_lines


def dumps(count):
    return "".join(LOG_LINE % (f"u{n}", n, n, f"SELECT /*!40001 SQL_NO_CACHE */ * FROM `t{n}`") for n in range(count))


@pytest.mark.parametrize("limit", [4096, 150000, 300000, 500000])
def test_a_file_at_its_size_limit_is_an_error_and_costs_nothing(merlon, limit):
    path = os.path.join(merlon.home, "audit.log")
    with open(path, "w", encoding="utf-8") as f:
        f.write(dumps(3000))
    args = ["detect", "--store", merlon.store, "--account", ACCOUNT, "--format", "mariadb-server-audit", "--product", "RDS",
            "--time-zone", "UTC", path]
    done = subprocess.run([BINARY, *args], capture_output=True, encoding="utf-8", env=merlon.env(), timeout=60,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert done.returncode == 1 and "store '" in done.stderr, (done.returncode, done.stderr)
    merlon.detect("")
    with sqlite3.connect(merlon.database) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert store.execute("SELECT sum(alarm_count) FROM risk_event").fetchone() == (3000,)


@pytest.mark.parametrize("replaced", [False, True])
def test_no_decision_is_accepted_into_a_store_that_is_gone(merlon, server, replaced):
    merlon.detect(dump_lines())
    risk_id = server.list(merlon.admin).json["Items"][0]["RiskId"]
    for _ in range(4):  # Every thread that writes has the store open.
        assert server.handle(merlon.admin, 999).code == "InvalidRiskId.NotFound"
    if replaced:
        with sqlite3.connect(merlon.database) as store, sqlite3.connect(merlon.database + ".copy") as copy:
            store.backup(copy)
        os.replace(merlon.database + ".copy", merlon.database)
    else:
        os.remove(merlon.database)
    answer = server.handle(merlon.admin, risk_id)
    if replaced and answer.status == 200:  # A thread that had nothing open yet: the decision is in the new file.
        with sqlite3.connect(merlon.database) as store:
            assert store.execute("SELECT count(*) FROM handling").fetchone() == (1,)
    else:
        assert answer.status == 500
    # A thread that served nothing before opens the new file: the others still know the old one.
    assert any(server.get("/readyz").status == 503 for _ in range(50))


def test_a_rule_that_gives_up_is_reported(merlon):
    rules = os.path.join(merlon.home, "mine", "rules")
    os.makedirs(rules)
    with open(os.path.join(rules, "slow.yaml"), "w", encoding="utf-8") as f:
        f.write("title: Slow\nlogsource: {category: database_audit}\ndetection:\n  s:\n    sql|re: '^select (a|aa)+$'\n  condition: s\n"
                "level: high\nx-risk: {rule_id: 100001, key: T, category_id: 1, category: C, category_zh: C, name_zh: N}\n")
    done = merlon.detect(LOG_LINE % ("u", 1, 1, "select " + "a" * 3000 + "!"), catalog=os.path.dirname(rules))
    assert "1 regular expressions were given up" in done.stderr
