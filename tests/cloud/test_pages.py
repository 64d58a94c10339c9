"""Lists in many pages that change, end too early or never end: what is read is whole, or is said not to be."""
import os
import re

import pytest
import reading

RESOURCES, REGIONS = 800, 1
CATALOG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "catalog")
# Lists of each style, and the table that each fills. All are read in pages of a few.
LISTS = {
    "cms:DescribeMonitoringAgentHosts": "cms_host",           # by number, with a total
    "slb:DescribeLoadBalancers": "slb_load_balancer",         # the same, in a region
    "vpc:DescribeForwardTableEntries": "vpc_forward_entry",   # the same, for each resource
    "slb:DescribeLoadBalancerListeners": "slb_listener",      # by token, with a total
    "ecs:DescribeInstances": "ecs_instance",                  # by token alone
    "oss:ListBuckets": "oss_bucket",                          # by marker
}
NUMBERED = [call for call in LISTS if call.split(":")[1] in ("DescribeMonitoringAgentHosts", "DescribeLoadBalancers",
                                                              "DescribeForwardTableEntries")]
TOTALS = NUMBERED + ["slb:DescribeLoadBalancerListeners"]


@pytest.fixture(scope="module")
def world(stand_in):
    from conftest import Cloud
    cloud = Cloud(stand_in, resources=RESOURCES, regions=REGIONS)
    yield cloud
    cloud.stop()


@pytest.fixture(scope="module")
def short_pages(tmp_path_factory):
    """The catalogue, with pages of which small accounts have many."""
    folder = tmp_path_factory.mktemp("catalog")
    (folder / "collect").mkdir()
    for product, size in (("oss", 5), ("ecs", 10), ("slb", 10), ("cms", 10), ("vpc", 10)):
        with open(os.path.join(CATALOG, "collect", product + ".yaml"), encoding="utf-8") as f:
            text = re.sub(r"(by: (?:token|number), .*?max: )(?:50|100|1000)\b", rf"\g<1>{size}", f.read())
        (folder / "collect" / (product + ".yaml")).write_text(text)
    return folder


class Run:
    """The account, read with some faults."""

    def __init__(self, cloud, catalog, path, *faults):
        cloud.reset()
        cloud.faults(*faults)
        self.done = reading.collect(cloud, path, "--catalog", catalog, timeout=200)
        self.calls, self.path = cloud.calls(), path
        self.rows = reading.rows(path)

    def faults_met(self, call):
        return [c for c in self.calls if c.get("fault") and f"{c['product']}:{c['action']}" == call]

    def lost(self, call, clean):
        """Rows of a list that are not there, or are twice, though it counts as read."""
        if reading.outcomes(self.path, call)[0] - reading.READ:
            return {}
        return reading.differences({LISTS[call]: clean.rows[LISTS[call]]}, {LISTS[call]: self.rows[LISTS[call]]})


def spoil(do, calls=LISTS, **more):
    out = []
    for call in calls:
        product, action = call.split(":")
        # A marker does not say which page it is.
        second = {"page": 2} if product != "oss" else {"nth": 2} if do == "empty_page" else {}
        out.append({"match": {"product": product, "action": action, **second}, "do": do, **more})
    return out


@pytest.fixture(scope="module")
def clean(world, short_pages, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean")
    Run(world, short_pages, folder / "first.db")
    run = Run(world, short_pages, folder / "clean.db")
    assert run.done.returncode == 0
    run.findings = reading.findings(world, run.path)
    return run


def test_the_lists_have_many_pages(clean):
    with reading.opened(clean.path) as db:
        pages = dict(db.execute("SELECT call, max(pages) FROM collect_call GROUP BY call").fetchall())
    db.close()
    assert {call: pages[call] for call in LISTS if pages[call] < 2} == {}


# What changes once is read again; without a total a list by token cannot tell that one of its elements was passed over.
@pytest.mark.parametrize("do, calls", [("empty_page", LISTS), ("total_changes", TOTALS), ("grow", TOTALS), ("shrink", TOTALS)])
def test_what_changes_once_is_read_whole(world, clean, short_pages, tmp_path, do, calls):
    run = Run(world, short_pages, tmp_path / "a.db", *spoil(do, calls, times=1))
    assert [call for call in calls if not run.faults_met(call)] == []
    assert {call: run.lost(call, clean) for call in calls if run.lost(call, clean)} == {}
    if do != "empty_page":
        assert reading.unread(run.path) == set()
    assert reading.wrong_answers(clean.findings, reading.findings(world, run.path)) == []


@pytest.mark.parametrize("do, calls", [("empty_page", LISTS), ("total_changes", TOTALS), ("grow", TOTALS), ("shrink", TOTALS),
                                       ("repeat_token", [c for c in LISTS if c not in NUMBERED])])
def test_what_always_changes_is_whole_or_not_assessed(world, clean, short_pages, tmp_path, do, calls):
    run = Run(world, short_pages, tmp_path / "a.db", *spoil(do, calls))
    assert [call for call in calls if not run.faults_met(call)] == []
    assert {call: run.lost(call, clean) for call in calls if run.lost(call, clean)} == {}
    assert reading.wrong_answers(clean.findings, reading.findings(world, run.path)) == []
    unread = reading.unread(run.path)
    assert {c: reading.outcomes(run.path, c) for c in unread - set(calls)} == {}
    assert run.done.returncode == (7 if unread else 0)
    if do in ("repeat_token", "shrink"):
        assert unread == set(calls)


def test_a_token_that_always_repeats_ends(world, clean, short_pages, tmp_path):
    tokens = [c for c in LISTS if c not in NUMBERED]
    faults = spoil("repeat_token", tokens)
    for fault in faults:
        fault["match"].pop("page", None)
    run = Run(world, short_pages, tmp_path / "a.db", *faults)
    assert len(run.calls) < 3 * len(clean.calls)
    assert {c: reading.outcomes(run.path, c) for c in reading.unread(run.path) - set(tokens)} == {}
    for call in tokens:
        assert "was there before" in reading.outcomes(run.path, call)[1]
    assert reading.wrong_answers(clean.findings, reading.findings(world, run.path)) == []


def test_all_pages_but_the_first_are_empty_for_ever(world, clean, short_pages, tmp_path):
    faults = spoil("empty_page", NUMBERED)
    for fault in faults:
        fault["match"]["page"] = 0
    run = Run(world, short_pages, tmp_path / "a.db", *faults)
    assert reading.unread(run.path) == set(NUMBERED)
    assert reading.wrong_answers(clean.findings, reading.findings(world, run.path)) == []
