"""The audit file of a real MariaDB: attacks are found, each by its rule, and daily work is not."""
import os
import shutil
import time

import mariadb_server
import pytest

# No sensitive tables: what is found must not depend on the hour at which the test runs.
LISTS = "app_accounts: [shop_app]\n"
SCHEMA = """
CREATE DATABASE shop CHARACTER SET utf8mb4; USE shop;
CREATE TABLE customers (id INT PRIMARY KEY, name VARCHAR(50), phone VARCHAR(20)); CREATE TABLE orders (id INT PRIMARY KEY, note TEXT);
CREATE TABLE old_orders (id INT); INSERT INTO customers VALUES (1,'张三','1'),(2,'B','2'); INSERT INTO orders VALUES (1,'x'),(2,'y');
GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO shop_app@'127.0.0.1' IDENTIFIED BY 'app-secret-1'
"""
DAILY = [
    "SELECT id,name,phone FROM customers WHERE id=1",
    "SELECT COUNT(*) FROM orders",
    "INSERT INTO orders VALUES (3,'drop table orders; union select 1 into outfile ''x'' 多行\\n备注')",
    "UPDATE orders SET note='paid' WHERE id=3",
    "DELETE FROM orders WHERE id=3",
    "SELECT o.id FROM orders o JOIN customers c ON c.id=o.id WHERE c.name='张三' ORDER BY o.id LIMIT 20",
]
# The one rule that must find it, and the statement.
ATTACKS = [
    (10103, "SELECT id FROM customers WHERE id=1 INTO OUTFILE '{folder}/loot.csv'"),
    (10201, "DROP TABLE old_orders"),
    (10181, "CREATE USER 'svc_sync'@'%' IDENTIFIED BY 'hunter2-secret'"),
    (10182, "GRANT ALL PRIVILEGES ON *.* TO 'svc_sync'@'%' WITH GRANT OPTION"),
    (10242, "SELECT name FROM customers WHERE id=-1 UNION ALL SELECT CONCAT(0x716b,user(),0x716b)-- -"),
    (10244, "SELECT name FROM customers WHERE id=1 AND SLEEP(0.1)"),
    (10204, "DELETE FROM orders"),
    (10121, "SELECT LOAD_FILE('/etc/hostname')"),
]


@pytest.fixture(scope="module")
def database():
    if mariadb_server.missing():
        pytest.skip(mariadb_server.missing())
    server = mariadb_server.MariaDB()
    try:
        server.start().sql(SCHEMA)
        yield server
    finally:
        server.stop()


@pytest.fixture
def reader(new_merlon, tmp_path, database):
    """A Merlon that has read all that the server logged before the test, and reads on in the same file."""
    merlon = new_merlon()
    lists = tmp_path / "lists.yaml"
    lists.write_text(LISTS)
    merlon.read = lambda: merlon.detect(database.audit_log, lists=lists)
    merlon.read()
    for event in merlon.events("unprocessed"):
        merlon.local("--yes", "risk", "handle", event["RiskId"], "found before this test")
    return merlon


def found(merlon):
    return {event["RuleId"]: event for event in merlon.events("unprocessed")}


def test_daily_work_raises_nothing(reader, database):
    assert os.stat(database.audit_log).st_uid == database.account.get("user", os.getuid())
    before = os.path.getsize(database.audit_log)
    for text in DAILY:
        database.sql(text, user="shop_app", password="app-secret-1", host="127.0.0.1", database="shop")
    assert os.path.getsize(database.audit_log) > before
    reader.read()
    assert found(reader) == {}


@pytest.mark.parametrize(("rule", "text"), ATTACKS, ids=[str(rule) for rule, _ in ATTACKS])
def test_one_attack_is_found_by_its_rule_alone(reader, database, rule, text):
    database.sql(text.format(folder=database.folder), host="127.0.0.1", database="shop")
    reader.read()
    events = found(reader)
    assert set(events) == {rule}, {k: v["RuleName"] for k, v in events.items()}
    event = events[rule]
    assert abs(event["FirstAlarmTime"] / 1000 - time.time()) < 600 and event["LastAlarmTime"] == event["FirstAlarmTime"]
    assert (event["AlarmCount"], event["ClientIpCount"], event["UserNameCount"], event["InstanceCount"]) == (1, 1, 1, 1)
    reader.read()
    assert found(reader) == events


def test_guessed_passwords_are_found_and_the_success_after_them(reader, database):
    for attempt in range(12):
        refused = database.sql("SELECT 1", user="shop_app", password=f"guess{attempt}", host="127.0.0.1", check=False)
        assert refused.returncode != 0
    reader.read()
    assert set(found(reader)) == {10261}
    assert found(reader)[10261]["AlarmCount"] == 1
    database.sql("SELECT 1", user="shop_app", password="app-secret-1", host="127.0.0.1")
    reader.read()
    assert set(found(reader)) == {10261, 10263}


def test_a_rotated_audit_file_is_read_once(reader, database, tmp_path):
    """The server's own rotation: the file is renamed to .1 and a new one begins."""
    database.sql("SELECT id FROM customers WHERE id=2 INTO OUTFILE '" + database.folder + "/a.csv'", host="127.0.0.1", database="shop")
    database.sql("SET GLOBAL server_audit_file_rotate_now=1")
    database.sql("SELECT id FROM customers WHERE id=2 INTO OUTFILE '" + database.folder + "/b.csv'", host="127.0.0.1", database="shop")
    rotated = database.audit_log + ".1"
    rotated = rotated if os.path.exists(rotated) else database.audit_log + ".01"
    assert os.path.exists(rotated)
    reader.detect(rotated, database.audit_log, lists=tmp_path / "lists.yaml")
    assert found(reader)[10103]["AlarmCount"] == 2
    copy = tmp_path / "copy.log"
    shutil.copyfile(rotated, copy)
    reader.detect(copy, rotated, database.audit_log, lists=tmp_path / "lists.yaml")
    assert found(reader)[10103]["AlarmCount"] == 2


def test_no_password_is_kept(reader, database):
    database.sql("ALTER USER shop_app@'127.0.0.1' IDENTIFIED BY 'app-secret-1'")
    reader.read()
    assert 10184 in found(reader)
    for name in os.listdir(reader.folder):
        if name.startswith("merlon.db"):
            with open(os.path.join(reader.folder, name), "rb") as f:
                assert b"app-secret-1" not in f.read()
