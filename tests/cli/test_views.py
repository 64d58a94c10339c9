"""Views of the catalogue: `merlon query` reads them, checks use them, and a user's folder adds and replaces them."""
import os

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SAMPLE = os.path.join(ROOT, "examples", "accounts", "sample")


@pytest.fixture
def snapshot(merlon, tmp_path):
    path = str(tmp_path / "snapshot.db")
    done = merlon("collect", "--replay", SAMPLE, "--output", path, endpoint=False)
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture
def view(tmp_path):
    """Writes a view file into a catalogue folder and gives the folder."""
    def write(name, query, more=""):
        folder = tmp_path / "catalog"
        (folder / "views").mkdir(parents=True, exist_ok=True)
        (folder / "views" / f"{name}.yaml").write_text(f"name: {name}\nabout: A test.\n{more}query: {query}\n")
        return str(folder)
    return write


def test_a_query_reads_a_built_in_view(merlon, snapshot):
    rules = merlon("query", "--snapshot", snapshot, "-o", "csv", "select count(*) as n from sg_ingress_rule", endpoint=False)
    table = merlon("query", "--snapshot", snapshot, "-o", "csv",
                   "select count(*) as n from ecs_security_group_rule where lower(direction) = 'ingress'", endpoint=False)
    assert rules.returncode == table.returncode == 0, rules.stderr + table.stderr
    assert rules.stdout == table.stdout
    assert int(rules.stdout.split()[1]) > 0


def test_a_query_reads_a_users_view(merlon, snapshot, view):
    folder = view("groups_of_two", "select parent from sg_ingress_rule group by parent having count(*) = 2")
    done = merlon("query", "--catalog", folder, "--snapshot", snapshot, "-o", "csv", "with g as (select * from groups_of_two) select * from g",
                  endpoint=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) > 1


def test_a_view_writes_no_more_than_a_query_does(merlon, snapshot, view):
    before = open(snapshot, "rb").read()
    for query in ("'select 1) delete from oss_bucket --'", "delete from oss_bucket", "'select 1); drop table oss_bucket; select (1'"):
        done = merlon("query", "--catalog", view("bad", query), "--snapshot", snapshot, "select * from bad", endpoint=False)
        assert done.returncode != 0
    assert open(snapshot, "rb").read() == before


def test_a_mistake_in_a_view_is_found_before_anything_is_judged(merlon, view):
    done = merlon("check", "test", "--catalog", view("bad", "select coalesce(id, 1) from oss_bucket"), "--item", "12", endpoint=False)
    assert done.returncode != 0
    assert "views/bad.yaml:3: query: coalesce() is refused" in done.stderr


def test_a_users_view_stands_in_for_the_built_in_one(merlon, view):
    folder = view("slb_reachable", "select b.*, null as eip_unread, 0 as is_public from slb_load_balancer b")
    ours = merlon("check", "run", "--replay", SAMPLE, "--only", "6", "-o", "csv", endpoint=False)
    theirs = merlon("check", "run", "--replay", SAMPLE, "--only", "6", "--catalog", folder, "-o", "csv", endpoint=False)
    assert ",fail," in ours.stdout
    assert ",fail," not in theirs.stdout and ",not_applicable," in theirs.stdout
