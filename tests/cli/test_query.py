"""`query`: SQL over a snapshot, which may be anybody's file."""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

from conftest import BINARY, CANARY_ID, CANARY_SECRET

ENDLESS = "with recursive c(x) as (select 1 union all select x+1 from c) select count(*) from c"
ROWS = "with recursive c(x) as (select 1 union all select x+1 from c limit {}) select x, 'row '||x as name from c"


@pytest.fixture
def snapshot(local, recording, tmp_path):
    local("collect", "-q", "--replay", recording, "-o", tmp_path / "account.db")
    return str(tmp_path / "account.db")


@pytest.fixture
def ask(local, snapshot):
    return lambda sql, *args, path=snapshot, **more: local("query", sql, "--snapshot", path, *args, **more)


def test_rows_in_every_format(ask):
    sql = "select b.id as id, null as n, '' as e from oss_bucket b order by b.id"
    assert json.loads(ask(sql).stdout)["items"] == [{"id": "acme-private", "n": None, "e": ""}, {"id": "acme-web", "n": None, "e": ""}]
    assert ask(sql, "-o", "csv").stdout == "id,n,e\nacme-private,,\nacme-web,,\n"
    assert ask(sql, "-o", "table").stdout.splitlines()[1].split() == ["acme-private", "NULL", "-"]
    assert ask(sql, "-o", "jsonl", "--limit", 1).stdout == '{"id":"acme-private","n":null,"e":""}\n'


def test_the_functions_of_checks_can_be_used(ask):
    assert json.loads(ask("select world_open('0.0.0.0/0') as w").stdout)["items"] == [{"w": "0.0.0.0/0"}]


@pytest.mark.parametrize("sql", [
    "delete from oss_bucket", "insert into meta values ('a','b')", "update meta set value = ''", "drop table meta", "create table t(a)",
    "attach '{}' as x", "detach main", "pragma writable_schema = 1", "pragma journal_mode = delete", "vacuum into '{}'", "vacuum",
    "begin", "savepoint a", "reindex", "analyze", "create temp table t(a)", "create view v as select 1"])
def test_nothing_is_written(ask, snapshot, tmp_path, sql):
    before = open(snapshot, "rb").read()
    done = ask(sql.format(tmp_path / "stolen.db"))
    assert done.returncode == 2 and "only reads" in done.stderr and done.stdout == "", done.stderr
    assert open(snapshot, "rb").read() == before and not os.path.exists(tmp_path / "stolen.db")
    assert sorted(os.path.basename(p) for p in os.listdir(tmp_path) if p.startswith("account.db")) == ["account.db"]


@pytest.mark.parametrize("sql, says", [
    ("", "empty"), ("  -- nothing", "empty"), ("select 1; select 2", "one statement"), ("selct 1", "selct"), ("select * from nothing", "nothing"),
    ("select readfile('/etc/passwd')", "readfile"), ("select load_extension('x')", ""), ("select zeroblob(2000000000)", "too big"),
    ("select " + ",".join("1" for _ in range(300)), "columns"), ("select 1;drop table meta", "one statement")])
def test_sql_that_cannot_be_answered_is_an_error(ask, sql, says):
    done = ask(sql)
    assert done.returncode in (1, 2) and says in done.stderr and done.stderr.startswith("merlon: "), done.stderr


def test_a_million_rows_stream_in_flat_memory(local, snapshot):
    shell = f'"$0" query "$1" --snapshot "$2" -o jsonl | tail -1'
    done = subprocess.run(["sh", "-c", "ulimit -v 300000; " + shell, BINARY, ROWS.format(1000000), snapshot], capture_output=True, text=True,
                          env=local.env(), timeout=120)
    if "Sanitizer" in done.stderr or "ReserveShadow" in done.stderr:
        pytest.skip("a sanitizer needs the address space")
    assert done.stdout == '{"x":"1000000","name":"row 1000000"}\n', done.stderr


def test_a_query_without_end_can_be_stopped(local, snapshot):
    process = subprocess.Popen([BINARY, "query", ENDLESS, "--snapshot", snapshot], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=local.env())
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 130 and "stopped" in stderr


def test_a_reader_that_left_ends_the_query(local, snapshot):
    sql = "with recursive c(x) as (select 1 union all select x+1 from c) select x from c"
    done = subprocess.run(["sh", "-c", '{ "$0" query "$1" --snapshot "$2" -o jsonl; echo "rc $?" >&2; } | head -1', BINARY, sql, snapshot],
                          capture_output=True, text=True, env=local.env(), timeout=30)
    assert done.stdout == '{"x":"1"}\n' and done.stderr == "rc 141\n"


def test_column_names_and_values_never_act_on_the_terminal(ask):
    acting = "\x1b]0;owned\x07\x9b2J\u202e\u2066\u0085\x7f"
    for output in ("text", "table", "json", "jsonl", "csv"):
        done = ask(f"select '{acting}' as \"{acting}\"", "-o", output)
        assert done.returncode == 0 and not set(acting) & set(done.stdout) - set("]0;owned2J"), (output, done.stdout)


def break_view(db):
    db.executescript("drop table oss_bucket; create view oss_bucket as select load_extension('x') as id;")


def break_trigger(db):
    db.executescript("create trigger t after insert on meta begin delete from oss_bucket; end;")


def break_blob(db):
    db.execute("update oss_bucket set name = hex(zeroblob(25000000))")


def break_meta(db):
    db.execute("update meta set value = hex(zeroblob(500000)) where name = 'account_id'")


def break_extra(db):
    db.execute("create table extra(a)")


def break_generated(db):
    db.executescript("drop table oss_bucket; create table oss_bucket(id text, name text as (hex(zeroblob(100000000))));")


def break_format(db):
    db.execute("pragma user_version = 999999")


@pytest.mark.parametrize("break_it", [break_view, break_trigger, break_blob, break_meta, break_extra, break_generated, break_format])
def test_a_hostile_snapshot_is_refused_or_harmless(ask, local, snapshot, tmp_path, break_it):
    path = str(tmp_path / "hostile.db")
    shutil.copy(snapshot, path)
    db = sqlite3.connect(path)
    break_it(db)
    db.commit()
    db.close()
    before = open(path, "rb").read()
    for done in (ask("select * from oss_bucket", path=path), local("scan", "--snapshot", path, "--only", 12),
                 local("check", "run", "--snapshot", path, "--only", 12)):
        assert done.returncode in (0, 1, 2, 3, 7) and "Sanitizer" not in done.stderr
        if break_it in (break_view, break_trigger, break_extra, break_generated, break_format):
            assert done.returncode in (1, 3) and done.stdout == "" and path in done.stderr, done.stderr
    assert open(path, "rb").read() == before


def test_what_is_no_snapshot_is_named(ask, local, tmp_path):
    (tmp_path / "text").write_text("hello\n" * 1000)
    (tmp_path / "empty").write_text("")
    os.mkfifo(tmp_path / "fifo")
    sqlite3.connect(tmp_path / "other.db").executescript("create table t(a)")
    for name in ("text", "empty", "fifo", "other.db", "."):
        for command in (("query", "select 1"), ("scan", "--only", "12"), ("check", "run")):
            done = local(*command, "--snapshot", tmp_path / name, timeout=20)
            assert done.returncode == 1 and str(tmp_path / name) in done.stderr and done.stdout == "", (name, done.stderr)
    assert ask("select 1", path=str(tmp_path / "none")).returncode == 9
    assert ask("select 1", path="/dev/zero", timeout=20).returncode == 1


def test_a_snapshot_cut_short_is_an_error_or_the_same(ask, local, snapshot, tmp_path):
    def verdicts(path):
        done = local("check", "run", "--snapshot", path, "--only", "12")
        return done, done.returncode == 0 and {(r["ResourceId"], r["Verdict"]) for r in json.loads(done.stdout)["items"]}

    whole = open(snapshot, "rb").read()
    _, expected = verdicts(snapshot)
    for size in (1, 100, 4096, len(whole) // 4, len(whole) // 2, len(whole) - 4097, len(whole) - 1):
        path = tmp_path / f"cut-{size}.db"
        path.write_bytes(whole[:size])
        done, found = verdicts(path)
        assert done.returncode in (1, 3, 7) or found == expected, (size, done.stderr)
        assert done.returncode != 1 or str(path) in done.stderr


def test_usage_and_credentials(local, ask):
    assert local("query", "select 1").returncode == 2 and local("query").returncode == 2
    assert ask("select 1", "--limit", "0").returncode == 2
    local.profile()
    done = ask(f"select '{CANARY_ID}' as a", "--log-level", "debug")
    assert CANARY_SECRET not in done.stdout + done.stderr
