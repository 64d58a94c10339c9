"""Items of identity, audit trails, Security Center's settings, certificates, buckets, registries and CDN."""
import base64
import csv
import io
import re

from judge import (ACCOUNT, FAIL, NA, PASS, UNKNOWN, day_end, day_start, filled, is_not_activated, is_unsupported, item, lists, net, regions, truth, whole,
                   word)
from recording import dig, listed


# ---- identity ----


def report_root(answers):
    """The owner's line of the credential report, or None."""
    reply = answers.ask("ims:GetCredentialReport", key="report")
    if not reply.ok:
        return None
    text = base64.b64decode(reply.data["Content"]).decode()
    return next((row for row in csv.DictReader(io.StringIO(text)) if row["user"] == "<root>"), None)


def practice(answers, name):
    reply = answers.ask("ims:GetAccountSecurityPracticeReport")
    return dig(reply.data, "AccountSecurityPracticeInfo.AccountSecurityPracticeUserInfo." + name) if reply.ok else None


@item(3)
def root_mfa(answers, found, now):
    reply = answers.ask("ims:GetAccountMFAInfo")
    on = truth(reply.data.get("IsMFAEnable")) if reply.ok else None
    if on is None:
        on = truth(practice(answers, "BindMfa"))
    if on is None:
        on = truth((report_root(answers) or {}).get("mfa_active"))
    found.add("global", ACCOUNT, UNKNOWN if on is None else PASS if on else FAIL, "MFA=off" if on is False else None)


@item(48)
def root_keys(answers, found, now):
    row = report_root(answers)
    if row is not None:
        active = sum(word(v) == "true" for k, v in row.items() if k.endswith("_active") and "access_key" in k)
        exist = sum(word(v) == "true" for k, v in row.items() if k.endswith("_exist") and "access_key" in k)
        values = {f"active={active}, existing={exist}, last used {row[k]}" for k in row if k.endswith("_last_used")}
        found.add("", ACCOUNT, FAIL if active else PASS, values | {f"active={active}, existing={exist}"} if active else None)
        return
    count = whole(practice(answers, "RootWithAccessKey"))
    found.add("", ACCOUNT, UNKNOWN if count is None else FAIL if count > 0 else PASS, f"root AccessKey count={count}" if count else None)


@item(15)
def user_mfa(answers, found, now):
    users, broken = answers.pages("ims:ListUserBasicInfos", "UserBasicInfos.UserBasicInfo")
    if broken:
        found.unread()
    preference = answers.ask("ims:GetSecurityPreference")
    mode = word(dig(preference.data, "SecurityPreference.LoginProfilePreference.MFAOperationForLogin")) if preference.ok else None
    for user in users:
        key = user["UserPrincipalName"]
        profile = answers.ask("ims:GetLoginProfile", key=key)
        device = answers.ask("ims:GetUserMFAInfo", key=key)
        if "EntityNotExist.User" in (profile.code, device.code):
            continue
        if word(user.get("Status")) == "freeze" or profile.code == "EntityNotExist.User.LoginProfile":
            continue
        if not profile.ok:
            found.add("global", key, UNKNOWN)
            continue
        status = word(dig(profile.data, "LoginProfile.Status"))
        if status != "active":
            found.add("global", key, NA if status == "inactive" else {NA, UNKNOWN})
            continue
        bound = False if device.code == "EntityNotExist.User.MFADevice" else truth(device.data.get("IsMFAEnable")) if device.ok else None
        required = truth(dig(profile.data, "LoginProfile.MFABindRequired"))
        enforced = True if required or mode == "mandatory" else required
        open_end = False
        if enforced is False and preference.how != "denied" and not mode:
            enforced, open_end = None, True     # the account's setting could still demand it
        reasons = [name for name, value in (("NOT_BOUND", bound), ("NOT_REQUIRED", enforced)) if value is False]
        values = {",".join(reasons)} | ({",".join(reasons + ["NOT_REQUIRED"])} if open_end else set())
        if reasons:
            found.add("global", key, FAIL, values)
        else:
            found.add("global", key, UNKNOWN if None in (bound, enforced) else PASS)


# ---- trails ----


@item(1)
def trail(answers, found, now):
    places = regions(answers, found, "actiontrail:DescribeRegions", "Regions.Region")
    broken_list, found.doubt = found.doubt, False
    trails = {}
    for place in places:
        rows, broken = answers.pages("actiontrail:DescribeTrails", "TrailList", place)
        broken_list = broken_list or bool(broken)
        for row in rows:
            trails.setdefault(row.get("TrailArn") or (row.get("HomeRegion"), row.get("Name")), row)
    passed, unclear, pieces = False, broken_list, []
    for row in trails.values():
        name = row.get("Name")
        has_bucket, is_on = filled(row.get("OssBucketName")), word(row.get("Status")) == "enable"
        if not has_bucket or not is_on:
            pieces.append({f"{name}:{r}" for r, wrong in (("DISABLED", not is_on), ("NO_OSS_BUCKET", not has_bucket)) if wrong})
            continue
        status = answers.ask("actiontrail:GetTrailStatus", row["HomeRegion"], row.get("TrailArn") or f"{row['HomeRegion']}/{name}")
        if not status.ok:
            unclear = True          # it says that it is on, but that was refused: no pass
            pieces.append(None)
            continue
        logging, bucket = truth(status.data.get("IsLogging")), truth(status.data.get("OssBucketStatus"))
        if logging and bucket is not False:
            passed = True
        elif logging is None and bucket is not False:
            unclear = True
            pieces.append(None)
        else:
            pieces.append({f"{name}:{r}" for r, wrong in (("NOT_LOGGING", logging is False), ("BUCKET_UNAVAILABLE", bucket is False)) if wrong})
    found.add("global", ACCOUNT, PASS if passed else UNKNOWN if unclear else FAIL,
              {"NO_TRAIL"} if not trails else Pieces(pieces, "; ") if None not in pieces else None)
    found.doubt = None


class Pieces:
    """Texts in any order, each one of a set."""

    def __init__(self, pieces, joint):
        self.pieces, self.joint = [p if isinstance(p, set) else {p} for p in pieces], joint

    def __contains__(self, text):
        left = list(self.pieces)
        for part in text.split(self.joint):
            hit = next((p for p in left if part in p), None)
            if hit is None:
                return False
            left.remove(hit)
        return not left

    def __repr__(self):
        return repr(self.pieces)


# ---- Security Center ----


@item(13)
def leak_notice(answers, found, now):
    states = []
    for site in ("cn-shanghai", "ap-southeast-1"):
        rows, broken = answers.pages("sas:DescribeNoticeConfig", "NoticeConfigList", site)
        mine = [whole(r.get("Route")) for r in rows if r.get("Project") == "yundun_sas_ak_leakage"]
        if any(r for r in mine):
            states.append("on")
        elif broken:
            states.append("absent" if is_not_activated(broken) else "failed")
        else:
            states.append("off" if mine else "missing")
    if "on" in states:
        found.add("global", ACCOUNT, PASS)
    elif "failed" in states:
        found.add("global", ACCOUNT, UNKNOWN)
    elif states == ["absent", "absent"]:
        found.add("global", ACCOUNT, NA)
    else:
        found.add("global", ACCOUNT, FAIL, "NOTICE_OFF" if "off" in states else "NOTICE_MISSING")
    found.doubt = None


# ---- certificates ----


@item(28)
def certificate(answers, found, now):
    for site in ("cn-hangzhou", "ap-southeast-1"):
        merged = {}
        for call in ("cas:ListUserCertificateOrder", "cas:ListExpiredCertificateOrder"):
            rows, broken = answers.pages(call, "CertificateOrderList", site)
            if broken:
                found.unread()
            for row in rows:
                merged[str(row["CertificateId"])] = row
        for key, row in merged.items():
            name, end, start = row.get("CommonName"), day_end(row.get("EndDate")), day_start(row.get("StartDate"))
            if not filled(row.get("EndDate")):
                found.add(site, key, NA if truth(row.get("Expired")) is not True else {NA, FAIL})
            elif truth(row.get("Expired")) or end is not None and end <= now:
                found.add(site, key, FAIL, f"{name} expired {row['EndDate']}")
            elif end is None:
                found.add(site, key, UNKNOWN if start is None or start <= now else {UNKNOWN, FAIL})
            elif start is not None and start > now:
                found.add(site, key, FAIL, f"{name} not valid before {row['StartDate']}")
            else:
                found.add(site, key, {PASS, UNKNOWN} if start is None or truth(row.get("Expired")) is None else PASS)


# ---- buckets ----

class Bucket:
    """One bucket and what was asked about it."""

    def __init__(self, answers, row):
        self.name = row["Name"]
        self.location = row.get("Location") or ""
        self.region = row.get("Region") or self.location.removeprefix("oss-")
        self.answers = answers
        self.info = self.ask("GetBucketInfo")

    def ask(self, action):
        return self.answers.ask("oss:" + action, self.region, self.name)

    def about(self, path):
        return dig(self.info.data, "Bucket." + path) if self.info.ok else None


def all_buckets(answers, found):
    reply = answers.ask("oss:ListBuckets")
    if not reply.ok:
        if reply.code != "UserDisable":
            found.unread()
        return
    for row in listed(dig(reply.data, "Buckets.Bucket")):
        bucket = Bucket(answers, row)
        if bucket.info.code != "NoSuchBucket":
            yield bucket


@item(12)
def bucket_acl(answers, found, now):
    account = answers.ask("oss:GetPublicAccessBlock")
    never_set = account.code == "NoSuchPublicAccessBlockConfiguration"
    account_on = truth(account.data.get("BlockPublicAccess")) if account.ok else False
    for b in all_buckets(answers, found):
        acl = b.about("AccessControlList.Grant")
        if b.info.how == "denied":
            other = b.ask("GetBucketAcl")
            acl = dig(other.data, "AccessControlList.Grant") if other.ok else None
        acl = word(acl)
        if acl == "private" or account_on or truth(b.about("BlockPublicAccess")):
            # A block makes any grant harmless; where the grant itself was not read, unknown is as right.
            found.add(b.region, b.name, PASS if acl in ("private", "public-read", "public-read-write") else {PASS, UNKNOWN})
        elif acl in ("public-read", "public-read-write"):
            strict = b.info.ok and (account.how in ("ok", "denied") or never_set) and b.about("BlockPublicAccess") is not None
            found.add(b.region, b.name, FAIL if strict else {FAIL, UNKNOWN}, {acl} if strict else None)
        else:
            found.add(b.region, b.name, UNKNOWN)


@item(16)
def bucket_logging(answers, found, now):
    for b in all_buckets(answers, found):
        target = b.about("BucketPolicy.LogBucket")
        known = b.info.ok and target is not None
        if not known and (b.info.how == "denied" or b.info.ok):
            other = b.ask("GetBucketLogging")
            known, target = other.ok, dig(other.data, "LoggingEnabled.TargetBucket") if other.ok else None
        found.add(b.region, b.name, UNKNOWN if not known else PASS if filled(target) else FAIL, "LOGGING_OFF" if known and not filled(target) else None)


@item(17)
def bucket_replication(answers, found, now):
    for b in all_buckets(answers, found):
        if word(b.about("CrossRegionReplication")) == "disabled":
            found.add(b.region, b.name, FAIL, "NO_REPLICATION")
            continue
        reply = b.ask("GetBucketReplication")
        if not reply.ok and reply.code != "NoSuchReplicationConfiguration":
            found.add(b.region, b.name, UNKNOWN)
            continue
        live, unclear, values = False, False, set()
        for rule in listed(reply.data.get("Rule")) if reply.ok else []:
            there = dig(rule, "Destination.Location")
            if word(rule.get("Status")) not in ("starting", "doing"):
                values.add("CLOSING")
            elif not filled(there):
                unclear = True
            elif there != b.location:
                live = True
            else:
                values.add("SAME_REGION_ONLY")
        if values and all(dig(r, "Destination.Location") == b.location for r in listed(reply.data.get("Rule"))):
            values.add("SAME_REGION_ONLY")
        found.add(b.region, b.name, PASS if live else UNKNOWN if unclear else FAIL, values or {"NO_REPLICATION"})


@item(30)
def bucket_encryption(answers, found, now):
    for b in all_buckets(answers, found):
        reply = b.ask("GetBucketEncryption")
        if reply.code == "NoSuchServerSideEncryptionRule":
            found.add(b.region, b.name, FAIL, "SSE not configured")
        elif not reply.ok:
            found.add(b.region, b.name, UNKNOWN)
        else:
            kind = word(dig(reply.data, "ApplyServerSideEncryptionByDefault.SSEAlgorithm")) or ""
            found.add(b.region, b.name, FAIL if kind in ("", "none") else PASS, "SSE not configured")


def matches_all(text):
    rest = re.sub(r"^[a-z][a-z0-9+.-]*://", "", text.strip().lower())
    return re.fullmatch(r"\*+", rest) is not None or rest == "*.*"


@item(31)
def bucket_referer(answers, found, now):
    for b in all_buckets(answers, found):
        reply = b.ask("GetBucketReferer")
        if not reply.ok:
            found.add(b.region, b.name, UNKNOWN)
            continue
        white = [w.strip() for w in listed(dig(reply.data, "RefererList.Referer")) if filled(w)]
        black = [w for w in listed(dig(reply.data, "RefererBlacklist.Referer")) if filled(w)]
        wide = {w for w in white if matches_all(w)}
        if wide:
            found.add(b.region, b.name, FAIL, {"Referer whitelist contains " + w for w in wide})
        elif not white and not black:
            found.add(b.region, b.name, FAIL, "Referer whitelist empty")
        else:
            found.add(b.region, b.name, PASS)


# ---- bucket policies ----

V4_MIN, V6_MIN = 8, 32


def narrow_address(text):
    ranges = net(str(text))
    if not ranges or len(ranges) > 1:
        return False
    one = ranges[0]
    bits = (32 if one.family == 4 else 128) - (one.high - one.low + 1).bit_length() + 1
    return bits >= (V4_MIN if one.family == 4 else V6_MIN)


def narrow_vpc(text):
    return str(text).startswith("vpc-") and not set("*?") & set(str(text))


def narrows(operator, key, values, ip_operator, text_operator):
    key, values = key.lower(), listed(values)
    if not values:
        return False
    if operator == ip_operator and key == "acs:sourceip":
        return all(narrow_address(v) for v in values)
    if operator == text_operator and key in ("acs:sourcevpc", "acs:sourcevpcid"):
        return all(narrow_vpc(v) for v in values)
    return operator == text_operator and key == "acs:accessid" and not any(set("*?") & set(str(v)) for v in values)


def conditions(statement):
    return [(o, k, v) for o, keys in (statement.get("Condition") or {}).items() for k, v in keys.items()]


def everybody(principal):
    if isinstance(principal, dict):
        return any("*" in listed(v) for v in principal.values())
    return "*" in listed(principal)


def shields(deny, statement):
    if deny.get("Effect") != "Deny" or not everybody(deny.get("Principal")) or not {"*", "oss:*"} & set(listed(deny.get("Action"))):
        return False
    held = listed(deny.get("Resource"))
    if "*" not in held and not set(listed(statement.get("Resource"))) <= set(held):
        return False
    terms = conditions(deny)
    if not terms:
        return True     # nobody gets in at all
    return len(terms) == 1 and narrows(*terms[0], "NotIpAddress", "StringNotEquals")


def offending(policy):
    statements = listed(policy.get("Statement"))
    return [s for s in statements if s.get("Effect") == "Allow" and (everybody(s.get("Principal")) or "NotPrincipal" in s)
            and not any(narrows(*t, "IpAddress", "StringEquals") for t in conditions(s)) and not any(shields(d, s) for d in statements)]


def shown(statement):
    first = listed(statement.get("Resource"))[0]
    return f"Principal=* Action={','.join(listed(statement.get('Action'))[:3])} Resource={first}"


@item(44)
def bucket_policy(answers, found, now):
    for b in all_buckets(answers, found):
        reply = b.ask("GetBucketPolicy")
        if reply.code == "NoSuchBucketPolicy":
            found.add(b.region, b.name, PASS)
            continue
        if not reply.ok:
            found.add(b.region, b.name, UNKNOWN)
            continue
        if truth(b.about("BlockPublicAccess")):
            found.add(b.region, b.name, PASS)
            continue
        block_known = b.about("BlockPublicAccess") is not None
        wrong = offending(reply.data)
        status = b.ask("GetBucketPolicyStatus")
        public = status.ok and truth(status.data.get("IsPublic"))
        if wrong or public:
            values = Cut([shown(s) for s in wrong]) if wrong else {"IsPublic=true"}
            found.add(b.region, b.name, FAIL if block_known else {FAIL, UNKNOWN}, values if block_known else None)
        else:
            found.add(b.region, b.name, PASS)


class Cut:
    """Texts joined somehow, at most five."""

    def __init__(self, texts):
        self.texts = texts

    def __contains__(self, text):
        text = text.replace("NotPrincipal=?", "Principal=*")    # everybody but some
        return all(t in text for t in self.texts[:5])

    def __repr__(self):
        return repr(self.texts)


# ---- registries ----


def instances(answers, found):
    quiet = type("Quiet", (), {"unread": lambda self: found.unread()})()
    places = regions(answers, quiet, "ecs:DescribeRegions", "Regions.Region")
    for region, row in lists(answers, found, "cr:ListInstance", "Instances", places):
        key = row["InstanceId"]
        running = word(row.get("InstanceStatus")) == "running"
        rules = answers.pages("cr:ListScanRule", "ScanRules", region, key)
        repos = answers.pages("cr:ListRepository", "Repositories", region, key)
        if running and any(r[1] and r[1].code.startswith("INSTANCE_NOT_EXIST") for r in (rules, repos)):
            continue
        yield region, key, running, rules, repos


@item(40)
def repository(answers, found, now):
    for region, key, running, _, (repos, broken) in instances(answers, found):
        if not running:
            found.add(region, key, UNKNOWN)     # the instance stands for its repositories, which cannot be listed
            continue
        if broken:
            found.unread()
        for repo in repos:
            kind = word(repo.get("RepoType"))
            found.add(region, repo["RepoId"], {"public": FAIL, "private": PASS}.get(kind, UNKNOWN), "RepoType=PUBLIC" if kind == "public" else None)


@item(41)
def image_scan(answers, found, now):
    for region, key, running, (rules, broken), (repos, repos_broken) in instances(answers, found):
        if not running or not repos and not repos_broken:
            found.add(region, key, NA)
        elif broken and is_unsupported(broken):
            found.add(region, key, NA)
        else:
            good = any((word(r.get("ScanType")) or "vul") == "vul" and word(r.get("TriggerType")) == "auto" for r in rules)
            if good:
                found.add(region, key, {PASS, UNKNOWN} if broken or repos_broken and not repos else PASS)
            elif broken:
                found.add(region, key, UNKNOWN)
            else:
                vague = repos_broken and not repos
                found.add(region, key, {FAIL, UNKNOWN} if vague else FAIL, "no automatic vulnerability scan rule")


# ---- CDN ----


@item(50)
def realtime_log(answers, found, now):
    domains, broken = answers.pages("cdn:DescribeUserDomains", "Domains.PageData")
    if broken and broken.code != "CdnServiceNotFound":
        found.unread()
    rows, refused = answers.pages("cdn:ListRealtimeLogDelivery", "Content.RealtimeLogDeliveryInfo")
    for domain in domains:
        name = domain["DomainName"]
        if word(domain.get("DomainStatus")) != "online":
            found.add("", name, NA)
            continue
        mine = [r for r in rows if word(r.get("Domain")) == word(name)]
        code = refused.code if refused else ""
        if refused and code != "Unauthorized":
            one = answers.ask("cdn:DescribeDomainRealtimeLogDelivery", key=name)
            code = one.code
            if code in ("Domain.NotFound", "InvalidDomain.NotFound", "DomainsNotFound"):
                mine, code = [], ""
            elif one.ok:
                mine = [one.data]
            elif code != "Unauthorized":
                found.add("", name, UNKNOWN)
                continue
        if code == "Unauthorized":
            found.add("", name, FAIL, "real-time log not authorised")
        elif any(word(r.get("Status")) == "online" for r in mine):
            found.add("", name, PASS)
        elif mine:
            found.add("", name, FAIL, {f"delivery offline ({r.get('Project')}/{r.get('Logstore')})" for r in mine})
        else:
            found.add("", name, FAIL, "no real-time log delivery")
