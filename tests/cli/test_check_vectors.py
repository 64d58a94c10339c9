"""The rules of the check items, case by case: small recordings, judged by the built-in checks.

tests/data/check_samples.json holds for every item what passes, what fails and what it says then, with the answers that it rests
on. tests/data/check_vectors.json holds the corners: the facts alone, made into answers by a function per item below. Calls that a
case does not name are not recorded. Where `now` stands, all times of the case move with the clock.
"""
import base64
import datetime
import json
import os
import re
import urllib.parse

import pytest

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
ACCOUNT, REGION, SITES = "1234567890123456", "cn-hangzhou", ("cn-hangzhou", "ap-southeast-1")
REGION_LISTS = {   # product: where its list of regions is
    "actiontrail": ("Regions", "Region"), "dds": ("Regions", "DdsRegion"), "ecs": ("Regions", "Region"), "gpdb": ("Regions",
                                                                                                                  "Region"),
    "kvstore": ("RegionIds", "KVStoreRegion"), "polardb": ("Regions", "Region"), "rds": ("Regions", "RDSRegion"),
    "slb": ("Regions", "Region")}


def load(name):
    with open(os.path.join(DATA, name), encoding="utf-8") as f:
        return json.load(f)


SAMPLES, VECTORS = load("check_samples.json"), load("check_vectors.json")


def label(case):
    return f"{case['item']}-{case['name'].replace(' ', '_')}"


# ---- times ----

def moved(case):
    """The case's own now becomes the present; five minutes are added, so that whole days ahead stay whole."""
    if "now" not in case:
        return case
    then = datetime.datetime.fromisoformat(case["now"].replace("Z", "+00:00"))
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    beijing = datetime.timedelta(hours=8)
    days = (now + beijing).date() - (then + beijing).date()

    def move(match):
        if len(match[0]) == 10:
            return (datetime.date.fromisoformat(match[0]) + days).isoformat()
        moment = datetime.datetime.fromisoformat(match[0].replace("Z", "+00:00"))
        return (moment + (now - then) + datetime.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")

    return json.loads(re.sub(r"\b\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?\b", move, json.dumps(case)))


# ---- recordings ----

def answer(call, body, region="", key="", variant="", status=200):
    return {"call": call, "xml" if isinstance(body, str) else "body": body, "region": region, "key": key, "variant": variant,
            "status": status}


def encode(part):
    return urllib.parse.quote(part, safe="").replace("~", "%7E") or "_"


def record(folder, answers):
    products = {a["call"].split(":")[0] for a in answers}
    products |= {"ecs"} if products & {"cr", "vpc"} else set()
    rows = [answer("sts:GetCallerIdentity", {"AccountId": ACCOUNT})]
    for product in products & set(REGION_LISTS):
        outer, inner = REGION_LISTS[product]
        rows.append(answer(f"{product}:DescribeRegions", {outer: {inner: [{"RegionId": REGION}]}}))
    for a in rows + answers:
        product, action = a["call"].split(":")
        name = ",".join(encode(a[k]) for k in ("key", "variant") if a.get(k)) or "_"
        status = "" if a.get("status", 200) == 200 else f".{a['status']}"
        path = folder / product / action / encode(a.get("region", "")) / f"{name}.1{status}.{'xml' if 'xml' in a else 'json'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        assert not path.exists(), path
        path.write_text(a["xml"] if "xml" in a else json.dumps(a["body"]), encoding="utf-8")
    (folder / "recording.json").write_text(json.dumps({"format": 1, "account": ACCOUNT}))


def judged(merlon, tmp_path, case, answers):
    """The rows of the case's item."""
    record(tmp_path / "recording", answers)
    args = []
    if "params" in case:
        (tmp_path / "catalog").mkdir()
        (tmp_path / "catalog" / "parameters.yaml").write_text(json.dumps({"checks": {case["item"]: case["params"]}}).replace(
            f'"{case["item"]}"', str(case["item"])))
        args = ["--catalog", tmp_path / "catalog"]
    done = merlon("check", "run", "--replay", tmp_path / "recording", "--only", case["item"], *args, "-o", "json", endpoint=False)
    assert done.returncode in (0, 7), done.stderr
    rows = json.loads(done.stdout)["items"]
    assert {row["ItemId"] for row in rows} <= {case["item"]}
    return rows


# ---- facts into answers: one function per item ----

def balancer(listeners):
    row = {"LoadBalancerId": "lb-1", "LoadBalancerName": "one", "RegionId": REGION, "AddressType": "internet",
           "LoadBalancerStatus": "active"}
    return [answer("slb:DescribeLoadBalancers", {"TotalCount": 1, "LoadBalancers": {"LoadBalancer": [row]}}, REGION),
            answer("slb:DescribeLoadBalancerListeners", {"TotalCount": len(listeners), "Listeners": [
                {"LoadBalancerId": "lb-1", **x} for x in listeners]}, REGION)]


def instance(**more):
    row = {"InstanceId": "i-1", "InstanceName": "one", "RegionId": REGION, "Status": "Running", "CreationTime": "2025-03-02T06:01Z"}
    return answer("ecs:DescribeInstances", {"Instances": {"Instance": [{**row, **more}]}}, REGION)


def bucket(*settings):
    listed = ("<ListAllMyBucketsResult><IsTruncated>false</IsTruncated><Buckets><Bucket><Name>b</Name><Region>cn-hangzhou</Region>"
              "</Bucket></Buckets></ListAllMyBucketsResult>")
    return [answer("oss:ListBuckets", listed), *(answer(call, body, REGION, "b", status=status) for call, body, status in settings)]


def slb_whitelist(facts):
    asked = {acl for x in facts["listeners"] for acl in x["AclIds"]}
    return balancer(facts["listeners"]) + [
        answer("slb:DescribeAccessControlListAttribute", {"TotalAclEntry": len(entries), "AclEntrys": {
            "AclEntry": [{"AclEntryIP": e} for e in entries]}}, REGION, acl)
        for acl, entries in {**{a: [] for a in asked}, **facts["acls"]}.items()]


def slb_certificate(facts):
    row = {"ServerCertificateId": "cert-1", "ServerCertificateName": "one", "RegionId": REGION, **facts["certificate"]}
    return balancer([]) + [
        answer("slb:DescribeServerCertificates", {"ServerCertificates": {"ServerCertificate": [row]}}, REGION),
        answer("slb:DescribeCACertificates", {"CACertificates": {"CACertificate": []}}, REGION)]


def snapshot_policy(facts):
    return [instance(), answer("ecs:DescribeDisks", {"Disks": {"Disk": [{"InstanceId": "i-1", **d} for d in facts["disks"]]}},
                               REGION),
            answer("ecs:DescribeAutoSnapshotPolicyEx", {"TotalCount": 1, "AutoSnapshotPolicies": {"AutoSnapshotPolicy": [
                {"AutoSnapshotPolicyId": "sp-1", "Status": "Normal"}]}}, REGION)]


def certificate(facts):
    rows = {("cas:ListUserCertificateOrder", SITES[0]): [{"CertificateId": 1, **facts["certificate"]}]}
    return [answer(call, {"TotalCount": len(rows.get((call, site), [])), "CertificateOrderList": rows.get((call, site), [])}, site)
            for call in ("cas:ListUserCertificateOrder", "cas:ListExpiredCertificateOrder") for site in SITES]


def oss_encryption(facts):
    return bucket(("oss:GetBucketEncryption", "<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>"
                   f"{facts['algorithm']}</SSEAlgorithm></ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>", 200))


def oss_referer(facts):
    return bucket(("oss:GetBucketReferer", facts["xml"], 200))


def cross_region_backup(facts):
    row = {"DBInstanceId": "rm-1", "RegionId": REGION, "DBInstanceType": facts["DBInstanceType"], "Engine": facts["Engine"]}
    return [answer("rds:DescribeDBInstances", {"TotalRecordCount": 1, "Items": {"DBInstance": [row]}}, REGION),
            answer("rds:DescribeInstanceCrossBackupPolicy", facts["policy"], REGION, "rm-1"),
            answer("rds:DescribeAvailableCrossRegion", {"Regions": {"Region": [{"RegionId": r}
                                                                               for r in facts["available_regions"]]}}, REGION,
                   REGION)]


def mongodb_ssl(facts):
    row = {"DBInstanceId": "dds-1", "RegionId": REGION, "DBInstanceType": "replicate", "ReplicationFactor": "3",
           "EngineVersion": "6.0",
           "DBInstanceStatus": "Running", "LockMode": "Unlock"}
    lists = {"replicate": [row], "sharding": [], "serverless": []}
    return [answer("dds:DescribeDBInstanceSSL", facts, REGION, "dds-1"),
            *(answer("dds:DescribeDBInstances", {"TotalCount": len(rows), "DBInstances": {"DBInstance": rows}}, REGION, variant=kind)
              for kind, rows in lists.items())]


def host_agent(facts):
    return [instance(Status=facts["ecs_status"]), answer("cms:DescribeMonitoringAgentHosts", {"Total": 0, "Hosts": {"Host": []}}),
            answer("cms:DescribeMonitoringAgentStatuses", {"Success": True, "NodeStatusList": {"NodeStatus": [
                {"InstanceId": "i-1", **facts["node"]}]}}, key="i-1")]


def security_group(facts):
    group = {"SecurityGroupId": "sg-1", "VpcId": "vpc-1", "ServiceManaged": False}
    return [answer("ecs:DescribeSecurityGroups", {"SecurityGroups": {"SecurityGroup": [group]}}, REGION),
            answer("ecs:DescribeSecurityGroupAttribute", {"Permissions": {"Permission": facts["permissions"]}}, REGION, "sg-1"),
            *(answer("ecs:DescribePortRangeListEntries", {"Entries": [{"PortRange": p} for p in ports]}, REGION, name)
              for name, ports in facts.get("prl", {}).items())]


def dnat(facts):
    gateway = {"NatGatewayId": "ngw-1", "RegionId": REGION, "NetworkType": facts["NetworkType"], "Status": "Available"}
    return [answer("vpc:DescribeNatGateways", {"TotalCount": 1, "NatGateways": {"NatGateway": [gateway]}}, REGION),
            answer("vpc:DescribeForwardTableEntries", {"TotalCount": len(facts["entries"]), "ForwardTableEntries": {
                "ForwardTableEntry": facts["entries"]}}, REGION, "ngw-1")]


def image_scan(facts):
    repository = {"RepoId": "crr-1", "RepoName": "api", "RepoNamespaceName": "prod", "RepoType": "PRIVATE"}
    return [answer("cr:ListInstance", {"TotalCount": 1, "Instances": [
                {"InstanceId": "cri-1", "RegionId": REGION, "InstanceStatus": "RUNNING"}]}, REGION),
            answer("cr:ListScanRule", {"TotalCount": len(facts["ScanRules"]), "ScanRules": facts["ScanRules"]}, REGION, "cri-1"),
            answer("cr:ListRepository", {"TotalCount": "1", "Repositories": [repository]}, REGION, "cri-1")]


def access_log(facts):
    return balancer(facts["listeners"]) + [answer("slb:DescribeAccessLogsDownloadAttribute", {
        "TotalCount": len(facts["attributes"]), "LogsDownloadAttributes": {"LogsDownloadAttribute": facts["attributes"]}}, REGION)]


def redis_audit(facts):
    row = {"InstanceId": "r-1", "RegionId": REGION, "InstanceStatus": "Normal", "InstanceType": "Tair", **facts["instance"]}
    return [answer("kvstore:DescribeInstances", {"TotalCount": 1, "Instances": {"KVStoreInstance": [row]}}, REGION),
            answer("kvstore:DescribeAuditLogConfig", {"DbAudit": facts["DbAudit"]}, REGION, "r-1")]


def bucket_policy(facts):
    blocked = str(bool(facts.get("bpa"))).lower()
    info = ("oss:GetBucketInfo", f"<BucketInfo><Bucket><BlockPublicAccess>{blocked}</BlockPublicAccess></Bucket></BucketInfo>", 200)
    if facts["policy"] is None:
        return bucket(info, ("oss:GetBucketPolicy", "<Error><Code>NoSuchBucketPolicy</Code></Error>", 404))
    return bucket(info, ("oss:GetBucketPolicy", facts["policy"], 200),
                  ("oss:GetBucketPolicyStatus", "<PolicyStatus><IsPublic>false</IsPublic></PolicyStatus>", 200))


def polardb_backup(facts):
    cluster = {"DBClusterId": "pc-1", "RegionId": REGION, "DBClusterStatus": "Running"}
    return [answer("polardb:DescribeDBClusters", {"TotalRecordCount": 1, "Items": {"DBCluster": [cluster]}}, REGION),
            answer("polardb:DescribeBackupPolicy", facts, REGION, "pc-1")]


def root_key(facts):
    if not facts:
        return []
    row = facts["report_row"]
    report = base64.b64encode("\n".join(",".join(line) for line in (row, row.values())).encode()).decode()
    return [answer("ims:GenerateCredentialReport", {"State": "COMPLETE"}),
            answer("ims:GetCredentialReport", {"Content": report, "IsTruncated": False}, key="report")]


def realtime_log(facts):
    if facts["error"]:
        delivery = answer("cdn:ListRealtimeLogDelivery", {"Code": facts["error"], "Message": "refused"}, status=400)
    else:
        delivery = answer("cdn:ListRealtimeLogDelivery", {"Content": {"RealtimeLogDeliveryInfo": facts["deliveries"]}})
    return [answer("cdn:DescribeUserDomains", {"TotalCount": 1, "Domains": {"PageData": [facts["domain"]]}}), delivery]


BUILD = {25: slb_whitelist, 26: slb_certificate, 27: snapshot_policy, 28: certificate, 30: oss_encryption, 31: oss_referer,
         32: cross_region_backup,
         35: mongodb_ssl, 36: host_agent, 37: security_group, 38: dnat, 41: image_scan, 42: access_log, 43: redis_audit,
         44: bucket_policy,
         46: polardb_backup, 48: root_key, 50: realtime_log}


# ---- the tests ----

def test_every_item_has_a_case_to_pass_and_one_to_fail():
    assert len({label(c) for c in SAMPLES}) == len(SAMPLES) and len({label(c) for c in VECTORS}) == len(VECTORS)
    items = {c["item"] for c in SAMPLES}
    assert len(items) == 45 and len(VECTORS) == 43
    for item in items:
        assert {"pass", "fail"} <= {c["verdict"] for c in SAMPLES if c["item"] == item}, item


@pytest.mark.parametrize("case", SAMPLES, ids=label)
def test_sample(merlon, tmp_path, case):
    case = moved(case)
    rows = judged(merlon, tmp_path, case, case["answers"])
    values = [re.sub(r"\(\d+ days ago\)", "(N days ago)", row["Value"]) for row in rows]
    assert [row["Verdict"] for row in rows] == [case["verdict"]] and values == [case["value"]], rows


@pytest.mark.parametrize("case", VECTORS, ids=label)
def test_vector(merlon, tmp_path, case):
    case = moved(case)
    rows = judged(merlon, tmp_path, case, BUILD[case["item"]](case["input"]))
    assert [row["Verdict"] for row in rows] == [case["verdict"]], rows
    assert case["verdict"] == "unknown" or [row["Value"] for row in rows] == [case["value"]], rows
