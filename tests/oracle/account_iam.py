"""Identity, audit trails, Security Center's lists, certificates, buckets, registries and CDN."""
import base64
import json
from xml.sax.saxutils import escape

from account import DAY, iso
from recording import ACCOUNT


def xml(name, *content):
    return f"<{name}>{''.join(content)}</{name}>"


def document(name, *content):
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml(name, *content)


# ---- identity ----


def credential_report(m):
    columns = ["user", "user_last_logon", "password_exist", "password_active", "mfa_active"]
    for key in ("access_key_1", "access_key_2", "additional_access_key_1", "additional_access_key_2", "additional_access_key_3"):
        columns += [f"{key}_exist", f"{key}_active", f"{key}_last_used"]

    def flag():
        return m.pick("TRUE", "FALSE", "FALSE", "true", "-", "N/A", "")

    lines = [",".join(columns)]
    for user in (["<root>"] if m.chance(0.8) else []) + ["alice@example.com"]:
        cells = [user, "-", "TRUE", "TRUE", m.pick("TRUE", "FALSE", "true", "false", "-")]
        for _ in range(5):
            cells += [flag(), flag(), m.pick("-", "2026-01-01T00:00:00Z")]
        lines.append(",".join(cells))
    text = "\r\n".join(lines) + m.pick("", "\r\n")
    return {"Content": base64.b64encode(text.encode()).decode(), "GeneratedTime": "2026-11-22T00:00:00Z", "IsTruncated": m.pick("false", False)}


def identity(m):
    m.put("ims:GetAccountMFAInfo", m.odd({"RequestId": "R", "IsMFAEnable": m.flag(m.chance(0.5))}, "IsMFAEnable"))
    info = m.odd({"BindMfa": m.flag(m.chance(0.5)), "RootWithAccessKey": m.number(m.pick(0, 0, 1, 2)), "OldAkNum": 0, "UnusedAkNum": 0,
                  "SubUser": 3, "SubUserBindMfa": 1}, "BindMfa", "RootWithAccessKey")
    m.put("ims:GetAccountSecurityPracticeReport", {"RequestId": "R", "AccountSecurityPracticeInfo": {
        "Score": 1, "AccountSecurityPracticeUserInfo": info}})
    m.put("ims:GenerateCredentialReport", {"RequestId": "R", "State": "COMPLETED"})
    if m.chance(0.5):
        m.put("ims:GetCredentialReport", {"RequestId": "R", **credential_report(m)}, key="report")
    else:
        m.put_error("ims:GetCredentialReport", 403, "NoPermission", key="report")
    m.put("ims:GetSecurityPreference", {"RequestId": "R", "SecurityPreference": {"LoginProfilePreference": m.odd(
        {"MFAOperationForLogin": m.case(m.pick("mandatory", "independent", "independent", "adaptive")), "EnableSaveMFATicket": False,
         "AllowUserToLoginWithPasskey": True}, "MFAOperationForLogin")}})
    m.put("ims:GetUserSsoSettings", {"RequestId": "R", "UserSsoSettings": {"SsoEnabled": m.chance(0.2)}})
    users = [f"user{n}@{ACCOUNT}.onaliyun.com" for n in range(m.few(6))]
    m.put_list("ims:ListUserBasicInfos", "UserBasicInfos.UserBasicInfo", [
        m.odd({"UserPrincipalName": u, "UserId": str(n), "DisplayName": u[:5], "Status": m.case("active")}, "DisplayName", "Status")
        for n, u in enumerate(users)], more={"IsTruncated": m.pick(False, "false")})
    for user in users:
        if m.chance(0.05):
            m.put_error("ims:GetLoginProfile", 404, "EntityNotExist.User", key=user)
            m.put_error("ims:GetUserMFAInfo", 404, "EntityNotExist.User", key=user)
            continue
        if m.chance(0.2):
            m.put_error("ims:GetLoginProfile", 404, "EntityNotExist.User.LoginProfile", key=user)
        else:
            m.put("ims:GetLoginProfile", {"RequestId": "R", "LoginProfile": m.odd(
                {"UserPrincipalName": user, "Status": m.case(m.pick("Active", "Active", "Active", "Inactive")),
                 "MFABindRequired": m.flag(m.chance(0.5)), "LastLoginTime": "2026-01-01T00:00:00Z", "PasswordStatus": "ok"},
                "Status", "MFABindRequired")}, key=user)
        if m.chance(0.2):
            m.put_error("ims:GetUserMFAInfo", 404, "EntityNotExist.User.MFADevice", key=user)
        else:
            m.put("ims:GetUserMFAInfo", {"RequestId": "R", **m.odd({"IsMFAEnable": m.flag(m.chance(0.6)), "MFADevice": {"Type": "VMFA"}},
                                                                      "IsMFAEnable")}, key=user)


# ---- trails ----


def trails(m):
    m.put_list("actiontrail:DescribeRegions", "Regions.Region", [{"RegionId": r, "RegionEndpoint": r + ".example.com"} for r in m.regions])
    every = []
    for n in range(m.few(3)):
        home = m.pick(*m.regions)
        row = {"Name": f"trail{n}", "HomeRegion": home, "TrailRegion": m.pick("All", home), "Status": m.case(m.pick("Enable", "Enable", "Disable", "Fresh")),
               "EventRW": m.pick("All", "Write"), "OssBucketName": m.pick("logs", "logs", ""), "SlsProjectArn": m.pick("", "acs:log:x"),
               "IsOrganizationTrail": m.pick(True, False), "TrailArn": f"acs:actiontrail:{home}:1:trail/trail{n}"}
        every.append(m.odd(row, "OssBucketName", "SlsProjectArn", "TrailArn"))
        key = row.get("TrailArn") or f"{home}/trail{n}"
        m.put("actiontrail:GetTrailStatus", {"RequestId": "R", **m.odd({
            "IsLogging": m.flag(m.chance(0.7)), "OssBucketStatus": m.flag(m.chance(0.7)), "SlsLogStoreStatus": False}, "IsLogging", "OssBucketStatus")},
            home, key)
    for region in m.regions:
        seen = [t for t in every if t["HomeRegion"] == region or m.chance(0.5)]
        m.put_list("actiontrail:DescribeTrails", "TrailList", seen, region)


# ---- Security Center ----


def security_center(m):
    """Servers come from the network part; here the lists of both sites."""
    for site in ("cn-shanghai", "ap-southeast-1"):
        if m.chance(0.15):
            for call in ("DescribeNoticeConfig", "DescribeAccesskeyLeakList", "DescribeSecureSuggestion"):
                m.put_error("sas:" + call, 400, "NotActivated", site)
            continue
        rows = [{"AliUid": 1, "Project": "sas_suspicious", "Route": 7, "TimeLimit": 0}]
        if m.chance(0.8):
            rows.append({"AliUid": 1, "Project": "yundun_sas_ak_leakage", "Route": m.number(m.pick(0, 0, 0, 1, 7)), "TimeLimit": 1})
        m.put_list("sas:DescribeNoticeConfig", "NoticeConfigList", rows, site)
        m.put_list("sas:DescribeAccesskeyLeakList", "AccessKeyLeakList", [
            {"Id": n, "AccesskeyId": "LTAI5tEXAMPLE", "Status": "pending", "GmtModified": 1790000000000} for n in range(m.few(2))], site, paging="TotalCount")
        m.put_list("sas:DescribeSecureSuggestion", "Suggestions", [], site, more={"TotalCount": 0})


# ---- certificates ----


def certificates(m):
    number = 900000
    for site in ("cn-hangzhou", "ap-southeast-1"):
        lists = {"": [], "EXPIRED": []}
        for _ in range(m.few()):
            number += 1
            start = m.now + m.pick(-400, -1, 3) * DAY
            end = m.now + m.pick(-500, -3, -1, 0, 1, 20, 300) * DAY
            row = {"CertificateId": number, "InstanceId": "", "Name": f"cert-{number}", "CommonName": f"c{number}.example.com", "Sans": "",
                   "StartDate": iso(start + 8 * 3600, "%Y-%m-%d"), "EndDate": iso(end + 8 * 3600, "%Y-%m-%d"),
                   "Expired": m.flag(m.chance(0.2)), "Upload": m.chance(0.5)}
            m.odd(row, "StartDate", "EndDate", "Expired", "Upload")
            if m.chance(0.05):
                row["EndDate"] = "soon"
            where = m.pick("", "EXPIRED")
            lists[where].append(row)
            if m.chance(0.1):
                lists["EXPIRED" if where == "" else ""].append(row)
        for status, action in (("", "cas:ListUserCertificateOrder"), ("EXPIRED", "cas:ListExpiredCertificateOrder")):
            m.put_list(action, "CertificateOrderList", lists[status], site, paging="TotalCount")


# ---- buckets ----

REFERERS = ["https://www.example.com", "*.example.com", "*", "http://*", "https://*", "**", "*.*", "", "  ", "HTTP://*", "example.?om"]


def grant_xml(m):
    grant = m.case(m.pick("private", "private", "public-read", "public-read-write", "default"))
    return m.pick("", xml("Grant", m.pick("", " ") + grant)) if m.chance(m.oddity) else xml("Grant", grant)


def bucket_info(m, location):
    content = [xml("Name", "b"), xml("Location", location)]
    if not m.chance(m.oddity):
        content.append(xml("BlockPublicAccess", m.case(m.pick("false", "false", "true"))))
    content.append(xml("AccessControlList", grant_xml(m)))
    how = m.pick("set", "set", "empty", "none", "bare")
    if how == "set":
        content.append(xml("BucketPolicy", xml("LogBucket", m.pick("logs", "gone-logs")), xml("LogPrefix", "x/")))
    elif how == "empty":
        content.append(xml("BucketPolicy", xml("LogBucket", ""), xml("LogPrefix", "")))
    elif how == "bare":
        content.append("<BucketPolicy/>")
    if not m.chance(m.oddity):
        content.append(xml("CrossRegionReplication", m.case(m.pick("Disabled", "Enabled", "Enabled"))))
    return document("BucketInfo", xml("Bucket", *content))


def replication(m, location):
    def rule(n):
        content = [xml("ID", str(n)), xml("Action", "ALL"), xml("Status", m.case(m.pick("doing", "starting", "closing")))]
        target = m.pick(location, "oss-cn-beijing", "oss-cn-beijing", "")
        if target:
            content.append(xml("Destination", xml("Bucket", "copy"), xml("Location", target)))
        elif m.chance(0.5):
            content.append(xml("Destination", xml("Bucket", "copy"), "<Location/>"))
        else:
            content.append(xml("Destination", xml("Bucket", "copy")))
        if m.chance(0.3):
            content.append(xml("PrefixSet", *(xml("Prefix", p) for p in ("a", "b")[: m.pick(1, 2)])))
        return xml("Rule", *content)

    return document("ReplicationConfiguration", *(rule(n) for n in range(m.pick(0, 1, 1, 2, 3))))


def one_or_list(m, values):
    return values[0] if len(values) == 1 and m.chance(0.5) else values


CONDITIONS = [
    {"IpAddress": {"acs:SourceIp": ["203.0.113.0/24"]}}, {"IpAddress": {"acs:SourceIp": "203.0.113.7"}},
    {"IpAddress": {"acs:sourceip": ["203.0.113.0/24", "0.0.0.0/0"]}}, {"IpAddress": {"acs:SourceIp": ["0.0.0.0"]}},
    {"IpAddress": {"acs:SourceIp": ["10.0.0.0/7"]}}, {"IpAddress": {"acs:SourceIp": ["10.0.0.0/8"]}},
    {"IpAddress": {"acs:SourceIp": ["2001:db8::/32"]}}, {"IpAddress": {"acs:SourceIp": ["2001::/16"]}}, {"IpAddress": {"acs:SourceIp": ["::/0"]}},
    {"IpAddress": {"acs:SourceIp": ["office"]}},
    {"NotIpAddress": {"acs:SourceIp": ["203.0.113.0/24"]}}, {"StringEquals": {"acs:SourceVpc": ["vpc-1"]}},
    {"StringEquals": {"acs:SourceVpc": ["vpc-*"]}}, {"StringEquals": {"acs:SourceVpcId": ["vpc-1", "vpc-2"]}}, {"StringEquals": {"acs:SourceVpc": ["*"]}},
    {"StringLike": {"acs:SourceVpc": ["vpc-*"]}}, {"StringEquals": {"acs:AccessId": ["STS.x"]}}, {"StringEquals": {"acs:AccessId": ["*"]}},
    {"Bool": {"acs:SecureTransport": ["true"]}}, {"StringLike": {"acs:UserAgent": ["x*"]}},
    {"DateLessThan": {"acs:CurrentTime": ["2030-01-01T00:00:00Z"]}}, {"StringEquals": {"oss:Prefix": ["a/"]}},
    {"Bool": {"acs:SecureTransport": ["true"]}, "IpAddress": {"acs:SourceIp": ["203.0.113.0/24"]}}, {},
]


def statement(m):
    row = {"Effect": "Allow", "Action": one_or_list(m, m.some(["oss:GetObject", "oss:ListObjects", "oss:*", "*", "oss:PutObject"], 4) or ["oss:GetObject"]),
           "Resource": one_or_list(m, m.some(["acs:oss:*:1:b", "acs:oss:*:1:b/*", "acs:oss:*:1:b/x/*", "*"], 2) or ["acs:oss:*:1:b/*"])}
    who = m.pick("star", "star", "list", "map", "not", "named", "named-map")
    if who == "star":
        row["Principal"] = "*"
    elif who == "list":
        row["Principal"] = m.pick(["*"], ["2000", "*"])
    elif who == "map":
        row["Principal"] = m.pick({"RAM": "*"}, {"RAM": ["*"]})
    elif who == "not":
        row["NotPrincipal"] = m.pick("2000", ["2000"])
    elif who == "named":
        row["Principal"] = m.pick("2000", ["2000"], ["acs:ram::1:user/x"])
    else:
        row["Principal"] = {"RAM": ["2000"]}
    if m.chance(0.5):
        row["Condition"] = m.pick(*CONDITIONS)
    return row


def shield(m):
    return {"Effect": "Deny", "Principal": m.pick("*", ["*"], ["2000"]), "Action": m.pick("*", ["oss:*"], ["oss:GetObject"]),
            "Resource": m.pick("*", ["*"], ["acs:oss:*:1:b", "acs:oss:*:1:b/*"], ["acs:oss:*:1:b/*"]),
            **m.pick({"Condition": {"NotIpAddress": {"acs:SourceIp": ["203.0.113.0/24"]}}},
                     {"Condition": {"NotIpAddress": {"acs:SourceIp": ["0.0.0.0/1"]}}},
                     {"Condition": {"StringNotEquals": {"acs:SourceVpc": ["vpc-1"]}}},
                     {"Condition": {"StringNotEquals": {"acs:SourceVpc": ["vpc-*"]}}},
                     {"Condition": {"NotIpAddress": {"acs:SourceIp": ["203.0.113.0/24"]}, "Bool": {"acs:SecureTransport": ["false"]}}},
                     {})}


def policy(m):
    rows = [statement(m) for _ in range(m.pick(1, 1, 2, 3))]
    if m.chance(0.3):
        rows.append(shield(m))
    return {"Version": "1", "Statement": one_or_list(m, rows)}


def bucket(m, name, region, location):
    if m.chance(0.04):
        for call in ("GetBucketInfo", "GetBucketAcl", "GetBucketLogging", "GetBucketReplication", "GetBucketEncryption", "GetBucketReferer", "GetBucketPolicy",
                     "GetBucketPolicyStatus"):
            m.put_error("oss:" + call, 404, "NoSuchBucket", region, name)
        return
    m.put("oss:GetBucketInfo", bucket_info(m, location), region, name)
    m.put("oss:GetBucketAcl", document("AccessControlPolicy", xml("AccessControlList", grant_xml(m))), region, name)
    m.put("oss:GetBucketLogging", m.pick('<?xml version="1.0"?><BucketLoggingStatus/>', document("BucketLoggingStatus", "<LoggingEnabled/>"),
                                         document("BucketLoggingStatus", xml("LoggingEnabled", xml("TargetBucket", "logs"), xml("TargetPrefix", "")))),
          region, name)
    if m.chance(0.2):
        m.put_error("oss:GetBucketReplication", 404, "NoSuchReplicationConfiguration", region, name)
    else:
        m.put("oss:GetBucketReplication", replication(m, location), region, name)
    if m.chance(0.3):
        m.put_error("oss:GetBucketEncryption", 404, "NoSuchServerSideEncryptionRule", region, name)
    else:
        m.put("oss:GetBucketEncryption", document("ServerSideEncryptionRule", m.pick(
            "<ApplyServerSideEncryptionByDefault/>", *(xml("ApplyServerSideEncryptionByDefault", xml("SSEAlgorithm", a), "<KMSMasterKeyID/>")
                                                        for a in ("AES256", "KMS", "SM4", "None", "none", "", " ", " KMS ", "AES-512")))), region, name)
    white = m.some(REFERERS)
    black = m.some(["http://bad.example", "", " "], 2)
    m.put("oss:GetBucketReferer", document(
        "RefererConfiguration", xml("AllowEmptyReferer", m.pick("true", "false")), xml("RefererList", *(xml("Referer", escape(w)) for w in white)),
        xml("RefererBlacklist", *(xml("Referer", b) for b in black)) if black or m.chance(0.3) else ""), region, name)
    how = m.pick("none", "policy", "policy", "policy", "policy", "garbage" if m.oddity else "policy")
    if how == "none":
        m.put_error("oss:GetBucketPolicy", 404, "NoSuchBucketPolicy", region, name)
    else:
        m.put("oss:GetBucketPolicy", json.dumps(policy(m)) if how == "policy" else "no policy at all", region, name)
    if m.chance(0.3):
        m.put_error("oss:GetBucketPolicyStatus", m.pick(403, 404), m.pick("AccessDenied", "NoSuchBucketPolicy"), region, name)
    else:
        m.put("oss:GetBucketPolicyStatus", document("PolicyStatus", xml("IsPublic", m.case(m.pick("false", "false", "false", "true")))), region, name)


def buckets(m):
    rows = []
    for n in range(m.few(8)):
        region = m.pick(*m.regions)
        name, location = f"bucket-{n}", "oss-" + region
        rows.append(xml("Bucket", xml("Name", name), xml("Location", location), "" if m.chance(0.0) else xml("Region", region), xml("StorageClass", "Standard")))
        bucket(m, name, region, location)
    if m.chance(0.03):
        m.put_error("oss:ListBuckets", 403, "UserDisable")
    else:
        m.put("oss:ListBuckets", document("ListAllMyBucketsResult", xml("Buckets", *rows) if rows or m.chance(0.5) else "<Buckets/>",
                                          xml("IsTruncated", "false") if m.chance(0.5) else ""))
    m.put("oss:GetPublicAccessBlock", document("PublicAccessBlockConfiguration", xml("BlockPublicAccess", m.case(m.pick("false", "false", "true")))))


# ---- registries ----


def registries(m):
    for region in m.regions:
        rows = []
        for n in range(m.few(3)):
            key = m.place(f"cri-{n}", region)
            rows.append(m.odd({"InstanceId": key, "InstanceName": "reg", "InstanceStatus": m.case(m.pick("RUNNING", "RUNNING", "RUNNING", "PENDING")),
                               "InstanceSpecification": "Enterprise_Basic", "RegionId": region}, "InstanceName"))
            if m.chance(0.04):
                for call in ("ListScanRule", "ListScanRuleSupport", "ListRepository"):
                    m.put_error("cr:" + call, 404, "INSTANCE_NOT_EXIST", region, key)
                continue
            rules = [m.odd({"ScanRuleId": f"r{i}", "RuleName": "r", "ScanType": m.case(m.pick("VUL", "VUL", "SBOM")), "ScanScope": "INSTANCE",
                            "TriggerType": m.case(m.pick("AUTO", "MANUAL")), "Namespaces": [], "RepoNames": [], "RepoTagFilterPattern": ".*"}, "ScanType")
                     for i in range(m.few(2))]
            if m.chance(0.1):
                m.put_error("cr:ListScanRule", 400, m.pick("SCAN_NOT_SUPPORT", "ScanNotSupported"), region, key)
                m.put_error("cr:ListScanRuleSupport", 400, "SCAN_NOT_SUPPORT", region, key)
            else:
                m.put_list("cr:ListScanRule", "ScanRules", rules, region, key, paging="TotalCount", more={"IsSuccess": True})
            repos = [m.odd({"RepoId": f"crr-{key}-{i}", "RepoName": f"app{i}", "RepoNamespaceName": "ns",
                            "RepoType": m.case(m.pick("PUBLIC", "PRIVATE", "PRIVATE")), "RepoStatus": "NORMAL"}, "RepoType") for i in range(m.few(3))]
            if m.chance(0.05):
                m.put("cr:ListRepository", {"RequestId": "R", "IsSuccess": False, "Code": "INTERNAL", "Repositories": []}, region, key)
            else:
                m.put_list("cr:ListRepository", "Repositories", repos, region, key, paging="TotalCount", more={"IsSuccess": True})
        m.put_list("cr:ListInstance", "Instances", rows, region, paging="TotalCount", more={"IsSuccess": True})


# ---- CDN ----


def cdn(m):
    domains = [m.pick("", "Img.", "static.") + f"d{n}.example.com" for n in range(m.few(5))]
    if m.chance(0.03):
        m.put_error("cdn:DescribeUserDomains", 400, "CdnServiceNotFound")
    else:
        m.put_list("cdn:DescribeUserDomains", "Domains.PageData", [
            m.odd({"DomainName": d, "DomainStatus": m.case(m.pick("online", "online", "online", "offline", "configuring")), "CdnType": "web",
                   "Coverage": "domestic"}, "CdnType") for d in domains], paging="TotalCount")

    def delivery():
        return {"Status": m.case(m.pick("online", "offline")), "Project": "p", "Logstore": "l", "Region": "cn-hangzhou"}

    rows = []
    for d in domains:
        for _ in range(m.pick(0, 1, 1, 1, 2)):
            rows.append({"Domain": m.pick(d, d, d.upper(), d + " "), **delivery()})
        how = m.pick("ok", "ok", "none", "unauthorised")
        if how == "ok":
            m.put("cdn:DescribeDomainRealtimeLogDelivery", {"RequestId": "R", **delivery()}, key=d)
        elif how == "none":
            m.put_error("cdn:DescribeDomainRealtimeLogDelivery", 404, m.pick("Domain.NotFound", "InvalidDomain.NotFound", "DomainsNotFound"), key=d)
        else:
            m.put_error("cdn:DescribeDomainRealtimeLogDelivery", 400, "Unauthorized", key=d)
    if m.chance(0.1):
        m.put_error("cdn:ListRealtimeLogDelivery", 400, "Unauthorized")
    elif m.chance(0.15):
        m.put_error("cdn:ListRealtimeLogDelivery", 403, "Forbidden.RAM")
    else:
        m.put_list("cdn:ListRealtimeLogDelivery", "Content.RealtimeLogDeliveryInfo", rows)


def fill(m):
    identity(m)
    trails(m)
    security_center(m)
    certificates(m)
    buckets(m)
    registries(m)
    cdn(m)
