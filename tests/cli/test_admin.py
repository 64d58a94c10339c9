"""admin and detect on a store of their own."""
import json
import os
import shutil
import stat

import pytest
from conftest import Runner

ACCOUNT = "1234567890123456"
LOG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../data/mariadb/server_audit.log")


@pytest.fixture
def site(tmp_path):
    """A store with an account, and a runner without an endpoint."""
    run = Runner(str(tmp_path), None)
    run.store = ["--store", "sqlite:" + str(tmp_path / "m.db"), "--account", ACCOUNT]
    run.profiles = str(tmp_path / "config.json")
    done = run("admin", "init", *run.store, "--user", "admin", "--write-profile", run.profiles, "--profile-name", "admin")
    assert done.returncode == 0, done.stderr
    run.first = done
    return run


def profiles(site):
    with open(site.profiles) as f:
        return json.load(f)


def test_init_writes_a_private_profile_and_shows_no_key(site):
    row = profiles(site)["profiles"][0]
    assert profiles(site)["current"] == "admin" and row["mode"] == "AK"
    assert stat.S_IMODE(os.stat(site.profiles).st_mode) == 0o600
    for part in (row["access_key_id"], row["access_key_secret"], row["access_key_id"][:8]):
        assert part not in site.first.stdout + site.first.stderr


def test_a_profile_is_merged_into_what_is_there(site):
    body = profiles(site)
    body = {"zeta": [1, {"a": 1.5}], "current": "admin", "profiles": body["profiles"] + [{"name": "z", "odd": None}], "meta_path": "x"}
    with open(site.profiles, "w") as f:
        json.dump(body, f)
    done = site("admin", "user", "add", "auditor", *site.store, "--policy", "read-only", "--write-profile", site.profiles,
                "--profile-name", "auditor")
    assert done.returncode == 0, done.stderr
    after = profiles(site)
    assert list(after) == ["zeta", "current", "profiles", "meta_path"] and after["zeta"] == [1, {"a": 1.5}]
    assert after["profiles"][:2] == body["profiles"] and after["profiles"][2]["name"] == "auditor" and after["current"] == "admin"


def test_a_name_that_is_taken_is_refused_before_a_key_is_made(site):
    before = open(site.profiles).read()
    done = site("admin", "user", "add", "x", *site.store, "--policy", "read-only", "--write-profile", site.profiles, "--profile-name", "admin")
    assert done.returncode == 1 and open(site.profiles).read() == before
    assert [u["name"] for u in json.loads(site("admin", "user", "list", *site.store).stdout)["items"]] == ["admin"]


def test_without_write_profile_it_asks_for_it(site):
    done = site("admin", "user", "add", "x", *site.store, "--policy", "read-only")
    assert done.returncode == 2 and "--write-profile" in done.stderr


def test_users_keys_and_policies(site, tmp_path):
    (tmp_path / "p.json").write_text(json.dumps({"Version": "1", "Statement": [
        {"Effect": "Allow", "Action": "yundun-sddp:*", "Resource": "*"}]}))
    items = lambda *a: json.loads(site(*a, *site.store).stdout)["items"]
    assert site("admin", "policy", "put", "mine", "--file", tmp_path / "p.json", *site.store).returncode == 0
    assert {"mine", "read-only", "full-access"} <= {p["name"] for p in items("admin", "policy", "list")}
    assert site("admin", "policy", "attach", "admin", "mine", *site.store).returncode == 0
    assert "mine" in items("admin", "user", "list")[0]["policies"]
    assert site("admin", "policy", "detach", "admin", "mine", *site.store).returncode == 0
    assert site("admin", "user", "disable", "admin", *site.store).returncode == 0
    assert items("admin", "user", "list")[0]["disabled"] is True
    assert site("admin", "user", "enable", "admin", *site.store).returncode == 0
    key = items("admin", "key", "list")[0]["key"]
    assert site("admin", "key", "disable", key, *site.store).returncode == 0
    assert items("admin", "key", "list")[0]["disabled"] is True
    assert site("admin", "key", "rotate", *site.store).returncode == 0
    assert [a["account"] for a in items("admin", "account", "list")] == [ACCOUNT]
    assert site("admin", "user", "disable", "nobody", *site.store).returncode == 9


def test_detect_and_handle_on_the_store(site, tmp_path):
    log = tmp_path / "audit.log"
    shutil.copy(LOG, log)
    detect = ["detect", *site.store, "--format", "mariadb-server-audit", "--product", "RDS"]
    done = site(*detect, log)
    assert done.returncode == 0, done.stderr
    items = json.loads(site("-o", "json", "risk", "list", *site.store).stdout)["items"]
    assert len(items) >= 3
    risk = items[0]["RiskId"]
    done = site("--yes", "risk", "handle", risk, "checked", *site.store)
    assert done.returncode == 0 and "✅ Handling successful!" in done.stdout, done.stderr
    assert site("--yes", "risk", "handle", risk, "checked", *site.store).returncode == 9
    assert site(*detect, tmp_path / "none", log).returncode == 7
    assert site(*detect, tmp_path / "none").returncode == 1
    assert site(*detect, tmp_path).returncode == 1
    shown = site("-o", "text", "risk", "show", risk, *site.store)
    assert "checked" in shown.stdout, shown.stderr


@pytest.mark.parametrize("store", ["sqlite:/nonexistent/x.db", "mysql:x"])
def test_a_store_that_is_not_there(site, store):
    assert site("risk", "list", "--store", store, "--account", ACCOUNT).returncode in (1, 2, 3)
    assert site("risk", "list", "--store", store).returncode == 2
