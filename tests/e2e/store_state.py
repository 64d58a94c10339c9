"""What a store says of an account after detection, in a form that two stores can be compared by.

Ids of rows and times of writing are left out: events are named by their rule and product.
"""
import json
import os
import shutil
import sqlite3
import struct
import tempfile

TABLES = {
    "events": """SELECT rule_id, product, level, status, alarm_count, first_alarm_ms, last_alarm_ms, handled_ms, instance_count,
                        client_ip_count, user_count, capped_kinds, sample_count FROM risk_event""",
    "members": "SELECT e.rule_id, e.product, m.kind, m.value FROM risk_member m JOIN risk_event e USING (risk_id)",
    "samples": """SELECT e.rule_id, e.product, s.position, s.alarm_ms, s.instance, s.client_ip, s.user_name, s.database_name,
                         s.statement FROM risk_sample s JOIN risk_event e USING (risk_id)""",
    "counters": "SELECT account_id, status, level, product, events FROM risk_counter",
    "rules": """SELECT rule_id, category_id, name_en, name_zh, category_en, category_zh, alert_frequency, level, replaced
                FROM risk_rule""",
    "handlings": "SELECT risk_id, method, type, detail, user_name FROM handling",
    "windows": "SELECT account_id, rule_id, window_key, state FROM detector_window",
    "offsets": "SELECT account_id, source_id, head, tail, reader, head_len, tail_len, read_offset FROM detector_offset",
}
OWN = {"account", "iam_user", "iam_policy", "iam_attachment", "access_key", "nonce", "detector_epoch", "audit_trail"}
COVERED = {"risk_event", "risk_member", "risk_sample", "risk_counter", "risk_rule", "handling", "detector_window", "detector_offset"}
# Of scans: a detector has no business there.
UNTOUCHED = {"account_source", "check_item", "check_result", "finding", "finding_flip", "mark", "scan", "scan_current", "scan_task"}
ABSENT, MUTED_MS = -(1 << 63), 600_000
# Of one event, as the command line shows it.
UNLIKE = ("RiskId",)


def tables(merlon):
    db = sqlite3.connect(f"file:{merlon.database}?mode=ro", uri=True)
    db.text_factory = bytes
    try:
        names = {row[0].decode() for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        unknown = {n for n in names if not n.startswith(("sqlite_", "schema_"))} - OWN - COVERED - UNTOUCHED
        assert not unknown, f"tables that no comparison looks at: {unknown}"
        assert db.execute("PRAGMA integrity_check").fetchall() == [(b"ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert all(db.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,) for name in UNTOUCHED & names)
        return {name: sorted(db.execute(sql).fetchall(), key=repr) for name, sql in TABLES.items()}
    finally:
        db.close()


def listed(merlon):
    """The events by `risk list` and each one by `risk show`, by rule."""
    seen = {}
    for status in ("unprocessed", "processed"):
        for item in merlon.events(status):
            [shown] = json.loads(merlon.local("-o", "json", "risk", "show", item["RiskId"]).stdout)["items"]
            assert shown == dict(shown, **item) and shown["Members"] and shown["Samples"]
            seen[item["RuleId"], item["ProductCode"]] = {k: v for k, v in shown.items() if k not in UNLIKE}
    return seen


def offset(merlon):
    """How far the last committed batch reaches, from a copy: the files of a killed process are left as they are."""
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "copy.db")
        for suffix in ("", "-wal"):
            if os.path.exists(merlon.database + suffix):
                shutil.copyfile(merlon.database + suffix, copy + suffix)
        db = sqlite3.connect(copy)
        try:
            assert db.execute("PRAGMA quick_check").fetchall() == [("ok",)]
            return db.execute("SELECT coalesce(max(read_offset), 0) FROM detector_offset").fetchone()[0]
        finally:
            db.close()


def window(state):
    """When the window last raised an alarm, and its entries: (time, tag), oldest first."""
    assert state[:4] == b"MLW\x01"
    alarm_ms, count = struct.unpack_from("<qI", state, 5)
    return alarm_ms, [struct.unpack_from("<qQ", state, 17 + 16 * i) for i in range(count)]


def same_windows(got, want):
    """All windows that are needed are there, and say the same.

    How long one stays that is over depends on where batches end, so there may be more of them, and one that was filled
    again may still know entries and an alarm that are too old to count.
    """
    got, want = ({row[:-1]: window(row[-1]) for row in rows} for rows in (got, want))
    assert not set(want) - set(got), f"lost windows: {sorted(set(want) - set(got))[:3]}"
    for key, (alarm_ms, entries) in want.items():
        seen_alarm_ms, seen = got[key]
        assert seen[len(seen) - len(entries):] == entries, f"window {key}: {seen} for {entries}"
        assert seen_alarm_ms == alarm_ms or (alarm_ms == ABSENT and seen_alarm_ms < entries[-1][0] - MUTED_MS), f"window {key}"


def same(got, want, leave_out=()):
    assert set(got) == set(want)
    same_windows(got["windows"], want["windows"])
    for name, rows in want.items():
        if name == "windows" or name in leave_out:
            continue
        if got[name] != rows:
            extra = [r for r in got[name] if r not in set(rows)]
            lost = [r for r in rows if r not in set(got[name])]
            raise AssertionError(f"{name}: {len(got[name])} rows for {len(rows)}; extra {extra[:3]}; lost {lost[:3]}")
