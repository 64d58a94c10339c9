"""What is in a snapshot, and what is said of it: for tests that compare one run with another."""
import collections
import json
import sqlite3

READ = {"ok", "absent", "not_applicable", "not_activated", "no_region", "gone"}
ENDS = (0, 7)  # 7: not all could be read.
# When, and under which number, a row was read is not what it says.
RUN_COLUMNS = {"call", "started_ms", "finished_ms", "request_id"}
OWN_TABLES = {"meta", "plan_call", "plan_column", "plan_table"}


def opened(path):
    """Not as read-only: what a killed run has left in the journal is a part of it."""
    return sqlite3.connect(f"file:{path}?mode=rw", uri=True)


def has_records(path):
    """A run that ended at once has left a file without tables."""
    db = opened(path)
    found = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'collect_call'").fetchone() is not None
    db.close()
    return found


def is_finished(path):
    with opened(path) as db:
        return db.execute("SELECT 1 FROM meta WHERE name = 'whole'").fetchone() is not None


def records(path):
    """What became of each call: (call, region, key) -> (outcome, status, code, message)."""
    with opened(path) as db:
        rows = db.execute("SELECT call, region, key, outcome, http_status, code, message FROM collect_call").fetchall()
    db.close()
    return {row[:3]: row[3:] for row in rows}


def outcomes(path, call):
    """The outcomes of the calls of one kind, and the messages of those that were not read."""
    found = [record for (name, _, _), record in records(path).items() if name == call]
    return {r[0] for r in found}, " | ".join(sorted({f"{r[2]} {r[3]}".strip() for r in found if r[0] not in READ}))


def unread(path):
    return {call for (call, _, _), record in records(path).items() if record[0] not in READ}


def rows(path):
    """All rows of all tables, in no order, without what belongs to one run alone."""
    db = opened(path)
    out = {}
    tables = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in sorted(set(tables) - OWN_TABLES):
        columns = [r[1] for r in db.execute(f'PRAGMA table_info("{table}")')]
        drop = RUN_COLUMNS - {"call"} | {"id"} if table == "collect_call" else RUN_COLUMNS
        kept = [c for c in columns if c not in drop]
        names = ", ".join(f'"{c}"' for c in kept)
        out[table] = collections.Counter(told(kept, row) for row in db.execute(f'SELECT {names} FROM "{table}"'))
    db.close()
    return out


def told(columns, row):
    """Request ids also stand inside of answers that are one row."""
    cells = []
    for name, cell in zip(columns, row):
        if name == "raw" and cell and cell.startswith("{"):
            document = json.loads(cell)
            document.pop("RequestId", None)
            cell = json.dumps(document, sort_keys=True)
        cells.append(cell)
    return tuple(cells)


def differences(a, b):
    """What the one has and the other has not: {} when they are the same."""
    return {table: {"less": a[table] - b[table], "more": b[table] - a[table]} for table in a if a[table] != b[table]}


def collect(cloud, path, *more, profile="ak", proxy=True, ends=ENDS, pacing=False, **how):
    """Reads an account into a file."""
    args = ["collect", "-o", path, *more] + ([] if pacing else ["--no-pacing"])
    done = cloud.merlon(args, profile=profile, proxy=proxy, **how)
    assert done.returncode in ends, (done.returncode, done.stdout[-1000:], done.stderr[-3000:])
    return done


def findings(cloud, path):
    done = cloud.merlon(["check", "run", "--snapshot", path, "-o", "jsonl"])
    assert done.returncode in ENDS, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def verdicts(found):
    return {(f["ItemId"], f["RegionId"], f["ResourceId"]): f["Verdict"] for f in found}


def doubts(found):
    """Items of which something could not be assessed, and why."""
    out = collections.defaultdict(str)
    for f in found:
        if f["Verdict"] == "unknown":
            out[f["ItemId"]] += f" {f['NotAssessed']}: {f['Value']}"
    return out


def wrong_answers(clean, spoilt, alarms_kept=()):
    """What a reader of the spoilt run would believe that is not so: [] or sentences. `alarms_kept`: items that fail when in doubt."""
    true, seen, doubted = verdicts(clean), verdicts(spoilt), doubts(spoilt)
    out = [f"item {key}: {seen[key]} for {true.get(key)}" for key in seen if seen[key] not in ("unknown", true.get(key)) and key[2]
           and not (key[0] in alarms_kept and seen[key] == "fail")]
    out += [f"item {key}: {true[key]} has gone without a word" for key in true if key not in seen and key[0] not in doubted and key[2]]
    return out
