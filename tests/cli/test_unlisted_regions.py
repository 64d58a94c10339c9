"""Where the list of regions is refused, the calls are made for the regions that are known: what fails there still fails, and nothing passes by it."""
import json
import os
import shutil

SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "accounts", "sample")
LISTED = ("dds", "ecs", "kvstore", "rds")     # products that list their regions


def refuse_regions(folder):
    for product in LISTED:
        where = os.path.join(folder, product, "DescribeRegions", "_")
        os.unlink(os.path.join(where, "_.1.json"))
        with open(os.path.join(where, "_.1.403.json"), "w", encoding="utf-8") as f:
            f.write('{"Code":"Forbidden.RAM","Message":"no","RequestId":"R"}')


def judge(run, folder):
    done = run("check", "run", "--replay", folder, "-o", "json")
    assert done.returncode in (0, 7), (done.returncode, done.stderr)
    items = {}
    for row in json.loads(done.stdout)["items"]:
        items.setdefault(row["ItemId"], {})[row["RegionId"], row["ResourceId"]] = row["Verdict"]
    return done.returncode, items


def test_what_fails_in_a_known_region_still_fails_and_nothing_passes(local, tmp_path):
    folder = str(tmp_path / "account")
    shutil.copytree(SAMPLE, folder)
    _, before = judge(local, folder)
    refuse_regions(folder)
    code, after = judge(local, folder)
    assert code == 7     # not everything was read
    kept = touched = 0
    for item, rows in before.items():
        now = after[item]
        for resource, verdict in rows.items():
            if verdict == "fail":
                assert now[resource] in ("fail", "unknown"), (item, resource)
                kept += now[resource] == "fail"
            else:
                assert now[resource] in (verdict, "unknown"), (item, resource)
        if now == rows:
            continue
        touched += 1
        # A region that nobody listed may hold another: the item is not assessed, or it fails.
        assert {"unknown", "fail"} & set(now.values()), item
    assert touched > 10
    assert kept > 60 and kept > 0.9 * sum(v == "fail" for rows in before.values() for v in rows.values())


def test_without_the_list_an_account_with_nothing_to_fail_is_not_assessed(local, tmp_path):
    folder = str(tmp_path / "account")
    shutil.copytree(SAMPLE, folder)
    shutil.rmtree(os.path.join(folder, "rds", "DescribeDBInstances"))
    where = os.path.join(folder, "rds", "DescribeRegions", "_")
    shutil.rmtree(os.path.join(folder, "rds", "DescribeRegions"))
    os.makedirs(where)
    with open(os.path.join(where, "_.1.403.json"), "w", encoding="utf-8") as f:
        f.write('{"Code":"Forbidden.RAM","Message":"no","RequestId":"R"}')
    _, after = judge(local, folder)
    # Every known region answers that it has none, and still nobody knows of the others.
    for region in {region for region, _ in after[2] if region}:
        path = os.path.join(folder, "rds", "DescribeDBInstances", region)
        os.makedirs(path)
        with open(os.path.join(path, "_.1.json"), "w", encoding="utf-8") as f:
            f.write('{"Items":{"DBInstance":[]},"TotalRecordCount":0,"RequestId":"R"}')
    _, after = judge(local, folder)
    own = {place: verdict for place, verdict in after[2].items() if not place[1]}
    assert own and set(own.values()) == {"unknown"}, after[2]
