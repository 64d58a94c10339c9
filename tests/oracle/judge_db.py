"""Items of databases: white lists, backups, encryption, audit."""
import fnmatch

from judge import FAIL, NA, PASS, UNKNOWN, filled, is_unsupported, item, lists, moment, regions, tokens, truth, unparsed, whole, word, world_open
from judge_iam import Pieces
from recording import dig, listed

DAYS = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}


def weekdays(text):
    return len({word(d) for d in str(text or "").split(",")} & DAYS)


def unsupported(reply):
    return is_unsupported(reply) or reply.code.startswith(("InvalidEngine", "InstanceEngineType", "InvaildEngineInRegion"))


class Product:
    """Where a product's instances are listed and what says that one is gone."""

    def __init__(self, call, regions_path, action, path, key, gone, asked):
        self.call, self.regions_path, self.action, self.path, self.key, self.gone, self.asked = call, regions_path, action, path, key, gone, asked

    def instances(self, answers, found):
        places = regions(answers, found, self.call + ":DescribeRegions", self.regions_path)
        for region, row in self.rows(answers, found, places):
            calls = [a for a in self.asked(row)]
            if any(answers.ask(f"{self.call}:{a}", region, row[self.key]).code == self.gone for a in calls):
                continue
            yield region, row[self.key], row

    def rows(self, answers, found, places):
        return lists(answers, found, f"{self.call}:{self.action}", self.path, places)


class Mongo(Product):
    """Listed once for each architecture."""

    def rows(self, answers, found, places):
        for region in places:
            for kind in ("replicate", "sharding", "serverless"):
                rows, broken = answers.pages("dds:DescribeDBInstances", "DBInstances.DBInstance", region, variant=kind)
                if broken:
                    found.unread()
                yield from ((region, row) for row in rows)


EARLY = ("creating", "deleting", "released", "restoring")


RDS = Product("rds", "Regions.RDSRegion", "DescribeDBInstances", "Items.DBInstance", "DBInstanceId", "InvalidDBInstanceId.NotFound",
              lambda row: ["DescribeDBInstanceIPArrayList"] if word(row["DBInstanceType"]) in ("primary", "readonly") and word(row["DBInstanceStatus"]) not in EARLY
              else ["DescribeInstanceCrossBackupPolicy"] if word(row["DBInstanceType"]) == "primary" and word(row["Engine"]) != "mariadb" else [])
DDS = Mongo("dds", "Regions.DdsRegion", "", "", "DBInstanceId", "InvalidDBInstanceId.NotFound",
            lambda row: [] if word(row["DBInstanceStatus"]) in EARLY else ["DescribeSecurityIps"])
REDIS = Product("kvstore", "RegionIds.KVStoreRegion", "DescribeInstances", "Instances.KVStoreInstance", "InstanceId", "InvalidInstanceId.NotFound",
                lambda row: [] if word(row["InstanceStatus"]) in ("creating", "released", "inactive") or word(row["InstanceType"]) == "memcache" else ["DescribeSecurityIps"])
POLARDB = Product("polardb", "Regions.Region", "DescribeDBClusters", "Items.DBCluster", "DBClusterId", "InvalidDBClusterId.NotFound", lambda row: ["DescribeBackupPolicy"])
GPDB = Product("gpdb", "Regions.Region", "DescribeDBInstances", "Items.DBInstance", "DBInstanceId", "InvalidDBInstanceId.NotFound",
               lambda row: [] if word(row["DBInstanceStatus"]) in EARLY[:3] else ["DescribeDBInstanceIPArrayList"])


# ---- white lists ----


def judge_lists(found, region, key, groups, unread, vague=False):
    """groups: (shown name, text or None)."""
    every = [t for _, text in groups for t in tokens(text)]
    wide = [(name, tokens(text)) for name, text in groups if world_open(tokens(text))]
    if wide or world_open(every):
        if wide and all(name for name, _ in wide):
            values = Pieces([Cover(name, words) for name, words in wide], "; ")
        else:
            values = None
        found.add(region, key, {FAIL, UNKNOWN} if vague else FAIL, values)
    elif unread or unparsed(every):
        found.add(region, key, UNKNOWN)
    else:
        found.add(region, key, {PASS, UNKNOWN} if vague or any(text is None for _, text in groups) else PASS)


class Cover(set):
    """A group and the tokens that open it: one, or several together."""

    def __init__(self, name, words):
        super().__init__()
        self.name, self.words = name, words

    def __contains__(self, text):
        parts = text.removeprefix(f"{self.name}: ").split(",")
        return text.startswith(f"{self.name}: ") and all(p in self.words for p in parts) and world_open(parts)

    def __repr__(self):
        return f"{self.name}: {self.words}"


def shown(row, name_key, attribute_key):
    name = row.get(name_key)
    return None if name is None else name + (" (hidden)" if word(row.get(attribute_key)) == "hidden" else "")


def with_templates(answers, groups, call, path, region, key, name_key, list_key):
    """(groups and templates, whether the templates were not read)."""
    rows, broken = answers.pages(call, path, region, key)
    return groups + [(r.get(name_key), r.get(list_key)) for r in rows], bool(broken) and not is_unsupported(broken)


@item(5)
def rds_list(answers, found, now):
    for region, key, row in RDS.instances(answers, found):
        if word(row["DBInstanceStatus"]) in EARLY or word(row["DBInstanceType"]) not in ("primary", "readonly"):
            continue
        rows, broken = answers.pages("rds:DescribeDBInstanceIPArrayList", "Items.DBInstanceIPArray", region, key)
        groups = [(shown(r, "DBInstanceIPArrayName", "DBInstanceIPArrayAttribute"), r.get("SecurityIPList")) for r in rows]
        groups, unread = with_templates(answers, groups, "rds:DescribeInstanceLinkedWhitelistTemplate", "Data.Templates", region, key, "TemplateName", "Ips")
        judge_lists(found, region, key, groups, unread or broken)


@item(14)
def mongo_list(answers, found, now):
    for region, key, row in DDS.instances(answers, found):
        if word(row["DBInstanceStatus"]) in EARLY[:3]:
            continue
        reply = answers.ask("dds:DescribeSecurityIps", region, key)
        array = dig(reply.data, "SecurityIpGroups.SecurityIpGroup") if reply.ok else None
        groups = [(shown(r, "SecurityIpGroupName", "SecurityIpGroupAttribute"), r.get("SecurityIpList")) for r in listed(array)]
        if reply.ok and array is None:
            groups = [("default", reply.data.get("SecurityIps"))]
        groups, unread = with_templates(answers, groups, "dds:DescribeGlobalSecurityIPGroupRelation", "GlobalSecurityIPGroupRel", region, key, "GlobalIgName", "GIpList")
        if reply.ok and array == []:        # an empty array beside a list
            found.add(region, key, {PASS, FAIL, UNKNOWN})
            continue
        judge_lists(found, region, key, groups, unread or not reply.ok)


@item(19)
def redis_list(answers, found, now):
    for region, key, row in REDIS.instances(answers, found):
        if word(row["InstanceStatus"]) in ("creating", "released", "inactive") or word(row["InstanceType"]) not in ("redis", "tair"):
            continue
        rows, broken = answers.pages("kvstore:DescribeSecurityIps", "SecurityIpGroups.SecurityIpGroup", region, key)
        groups = [(shown(r, "SecurityIpGroupName", "SecurityIpGroupAttribute"), r.get("SecurityIpList")) for r in rows]
        groups, unread = with_templates(answers, groups, "kvstore:DescribeGlobalSecurityIPGroupRelation", "GlobalSecurityIPGroupRel", region, key, "GlobalIgName", "GIpList")
        judge_lists(found, region, key, groups, unread or broken)


@item(22)
def polardb_list(answers, found, now):
    for region, key, row in POLARDB.instances(answers, found):
        if word(row["DBClusterStatus"]) in ("creating", "deleting", "deleted"):
            continue
        rows, broken = answers.pages("polardb:DescribeDBClusterAccessWhitelist", "Items.DBClusterIPArray", region, key)
        groups = [(shown(r, "DBClusterIPArrayName", "DBClusterIPArrayAttribute"), r.get("SecurityIps")) for r in rows]
        groups, unread = with_templates(answers, groups, "polardb:DescribeGlobalSecurityIPGroupRelation", "GlobalSecurityIPGroupRel", region, key, "GlobalIgName", "GIpList")
        judge_lists(found, region, key, groups, unread or broken)


@item(23)
def gpdb_list(answers, found, now):
    for region, key, row in GPDB.instances(answers, found):
        if word(row["DBInstanceStatus"]) in EARLY[:3]:
            continue
        rows, broken = answers.pages("gpdb:DescribeDBInstanceIPArrayList", "Items.DBInstanceIPArray", region, key)
        groups = [(shown(r, "DBInstanceIPArrayName", "DBInstanceIPArrayAttribute"), r.get("SecurityIPList", r.get("securityIPList"))) for r in rows]
        judge_lists(found, region, key, groups, broken)


# ---- RDS ----

ON, OFF, NONE, OPEN = "on", "off", "na", "unknown"


def tde_capable(row):
    engine, version = word(row["Engine"]), word(row["EngineVersion"])
    category, storage = word(row["Category"]), word(row["DBInstanceStorageType"])
    if category.startswith("serverless"):
        return False
    if engine == "mysql":
        return version in ("5.6", "5.7", "8.0") and storage == "local_ssd" and category in ("highavailability", "finance")
    if engine == "sqlserver":
        return "_ent" in version or fnmatch.fnmatch(version, "20[0-9][0-9]_std*") and int(version[:4]) >= 2019
    if engine == "postgresql":
        return version.split(".")[0] in map(str, range(10, 18)) and (storage.startswith("cloud_") or storage == "general_essd")
    return False


def part(reply, field, on, off, absent):
    if unsupported(reply):
        return NONE
    if not reply.ok:
        return OPEN
    value = reply.data.get(field)
    if value is None:
        return absent
    return ON if word(value) in on else OFF if word(value) in off else OPEN


@item(2)
def rds_policy(answers, found, now):
    for region, key, row in RDS.instances(answers, found):
        if word(row["DBInstanceType"]) != "primary" or word(row["DBInstanceStatus"]) in EARLY:
            continue
        if word(row["Engine"]) == "mariadb":
            found.add(region, key, NA)
            continue
        ssl = part(answers.ask("rds:DescribeDBInstanceSSL", region, key), "SSLEnabled", ("yes", "on", "1", "true", "enable", "enabled"),
                   ("no", "off", "0", "false", "disabled", "disable", ""), OFF)
        tde = NONE
        if tde_capable(row):
            tde = part(answers.ask("rds:DescribeDBInstanceTDE", region, key), "TDEStatus", ("enabled",), ("disabled",), OPEN)
        audit = part(answers.ask("rds:DescribeSQLCollectorPolicy", region, key), "SQLCollectorStatus", ("enable", "enabled"), ("disable", "disabled"), OPEN)
        parts = (ssl, tde, audit)
        verdict = FAIL if OFF in parts else UNKNOWN if OPEN in parts else NA if set(parts) == {NONE} else PASS
        found.add(region, key, verdict, "SSL={};TDE={};SQLAudit={}".format(*parts))


def log_backup(data):
    """on, off, or None where neither field is there."""
    number, text = data.get("EnableBackupLog"), data.get("BackupLog")
    if filled(number):
        return ON if word(number) == "1" else OFF if word(number) == "0" else OPEN
    if not filled(text):
        return None
    return ON if word(text) in ("enable", "enabled") else OFF if word(text) in ("disabled", "disable") else OPEN


@item(18)
def rds_backup(answers, found, now):
    for region, key, row in RDS.instances(answers, found):
        if word(row["DBInstanceType"]) != "primary" or word(row["DBInstanceStatus"]) in EARLY:
            continue
        reply = answers.ask("rds:DescribeBackupPolicy", region, key)
        if not reply.ok:
            found.add(region, key, UNKNOWN)
            continue
        period = reply.data.get("PreferredBackupPeriod")
        off = weekdays(period) == 0
        log = log_backup(reply.data)
        if log is None:
            second = answers.ask("rds:DescribeLogBackupPolicy", region, key)
            log = NONE if is_unsupported(second) else (log_backup(second.data) or NONE) if second.ok else OPEN
        reasons = ["DATA_BACKUP_OFF"] * off + ["LOG_BACKUP_OFF"] * (log == OFF)
        verdict = {FAIL} if reasons else {UNKNOWN} if log == OPEN else {PASS}
        if log != OFF and period is None:
            verdict |= {UNKNOWN}     # an answer without the days may be taken for none
        found.add(region, key, verdict, {",".join(reasons)} | ({"LOG_BACKUP_OFF"} if period is None else set()))


@item(32)
def cross_backup(answers, found, now):
    for region, key, row in RDS.instances(answers, found):
        if word(row["DBInstanceType"]) != "primary" or word(row["Engine"]) not in ("mysql", "postgresql", "sqlserver"):
            continue
        targets = answers.ask("rds:DescribeAvailableCrossRegion", region, region)
        reply = answers.ask("rds:DescribeInstanceCrossBackupPolicy", region, key)
        none = targets.ok and not listed(dig(targets.data, "Regions.Region"))
        if none or unsupported(reply):
            found.add(region, key, NA)
            continue
        if not reply.ok:
            found.add(region, key, UNKNOWN)
            continue
        value = reply.data.get("BackupEnabled")
        on = word(value) in ("enable", "enabled", "1", "true")
        odd = not filled(value) or word(value) not in ("enable", "enabled", "1", "true", "disable", "disabled", "0", "false")
        verdicts = {PASS} if on else {FAIL, UNKNOWN} if odd else {FAIL}
        if not targets.ok:
            verdicts = {UNKNOWN, PASS} if on else {UNKNOWN}
        found.add(region, key, verdicts, {f"BackupEnabled={value}", "BackupEnabled=Disable", "BackupEnabled=", "BackupEnabled empty"})


# ---- backups by the week ----


def week_policy(data):
    """(verdicts, values) of a policy with days and a retention."""
    period, keep = data.get("PreferredBackupPeriod"), data.get("BackupRetentionPeriod")
    values = set()
    if weekdays(period) == 0:
        values |= {"PreferredBackupPeriod empty", f"PreferredBackupPeriod={period}"} if filled(period) else {"PreferredBackupPeriod empty"}
    if whole(keep) is not None and whole(keep) <= 0:
        values.add(f"BackupRetentionPeriod={keep}")
    if not values:
        return {PASS}, None
    only_absent = period is None and values == {"PreferredBackupPeriod empty"}
    return ({FAIL, UNKNOWN} if only_absent else {FAIL}), values | {f"{a}, {b}" for a in values for b in values}


def mongo_odd(row):
    return word(row["DBInstanceStatus"]) in EARLY[:3] or word(row.get("LockMode")) == "lockbyexpiration"


@item(33)
def mongo_backup(answers, found, now):
    for region, key, row in DDS.instances(answers, found):
        reply = answers.ask("dds:DescribeBackupPolicy", region, key)
        if mongo_odd(row):
            found.add(region, key, UNKNOWN)
        elif is_unsupported(reply):
            found.add(region, key, NA)
        elif not reply.ok:
            found.add(region, key, UNKNOWN)
        else:
            found.add(region, key, *week_policy(reply.data))


@item(34)
def mongo_audit(answers, found, now):
    for region, key, row in DDS.instances(answers, found):
        reply = answers.ask("dds:DescribeAuditPolicy", region, key)
        if mongo_odd(row):
            found.add(region, key, UNKNOWN)
        elif is_unsupported(reply):
            found.add(region, key, NA)
        elif not reply.ok:
            found.add(region, key, UNKNOWN)
        else:
            value = reply.data.get("LogAuditStatus")
            text = word(value)
            verdict = PASS if text in ("enable", "enabled") else FAIL if text in ("disabled", "disable", "") else {FAIL, UNKNOWN} if value is None else UNKNOWN
            found.add(region, key, verdict, {f"LogAuditStatus={value or ''}", "LogAuditStatus=Disabled", "LogAuditStatus empty"})


@item(35)
def mongo_ssl(answers, found, now):
    for region, key, row in DDS.instances(answers, found):
        reply = answers.ask("dds:DescribeDBInstanceSSL", region, key)
        old = tuple(int(p) for p in str(row["EngineVersion"]).split(".")[:2]) < (3, 4)
        cannot = word(row.get("ReplicationFactor")) == "1" or old or word(row["DBInstanceType"]) == "sharding" and word(row["StorageType"]) == "local_ssd"
        if mongo_odd(row):
            found.add(region, key, {UNKNOWN, NA} if cannot else UNKNOWN)
        elif cannot or is_unsupported(reply):
            found.add(region, key, NA)
        elif not reply.ok:
            found.add(region, key, UNKNOWN)
        else:
            found.add(region, key, *certificate(reply.data.get("SSLStatus"), ("open",), ("closed", "close", ""), reply.data.get("SSLExpiredTime"), now, "SSLStatus", "Closed"))


def certificate(value, on, off, end, now, name, shown_off):
    text, end_at = word(value), moment(end)
    if value is None:
        return {FAIL, UNKNOWN}, {f"{name}={shown_off}", f"{name}=", f"{name} empty"}
    if text in off:
        return {FAIL}, {f"{name} empty" if text == "" else f"{name}={value}", f"{name}={shown_off}", f"{name}=" + (text or shown_off)}
    if text not in on:
        return {UNKNOWN}, None
    if end_at is not None and end_at <= now:
        return {FAIL}, {f"SSL certificate expired {end}"}
    return {PASS}, None


# ---- Redis ----


def redis_rows(answers, found):
    for region, key, row in REDIS.instances(answers, found):
        if word(row["InstanceType"]) == "memcache":
            continue
        yield region, key, row, word(row["InstanceStatus"]) in ("creating", "released", "inactive")


@item(39)
def redis_backup(answers, found, now):
    for region, key, _, odd in redis_rows(answers, found):
        reply = answers.ask("kvstore:DescribeBackupPolicy", region, key)
        if odd:
            found.add(region, key, UNKNOWN)
        elif is_unsupported(reply):
            found.add(region, key, NA)
        elif not reply.ok:
            found.add(region, key, UNKNOWN)
        else:
            found.add(region, key, *week_policy(reply.data))


@item(43)
def redis_audit(answers, found, now):
    for region, key, row, odd in redis_rows(answers, found):
        reply = answers.ask("kvstore:DescribeAuditLogConfig", region, key)
        cannot = word(row["EngineVersion"]) == "2.8" or (word(row.get("InstanceClass")) or "").startswith(("tair.scm", "tair.essd"))
        if odd:
            found.add(region, key, {UNKNOWN, NA} if cannot else UNKNOWN)
        elif cannot or is_unsupported(reply):
            found.add(region, key, NA)
        elif not reply.ok:
            found.add(region, key, UNKNOWN)
        else:
            value = reply.data.get("DbAudit")
            verdict = PASS if word(value) == "true" else {FAIL, UNKNOWN} if not filled(value) else FAIL
            found.add(region, key, verdict, {"DbAudit=false", f"DbAudit={value}", "DbAudit=", "DbAudit empty", "DbAudit absent"})


@item(51)
def redis_ssl(answers, found, now):
    for region, key, _, odd in redis_rows(answers, found):
        reply = answers.ask("kvstore:DescribeInstanceSSL", region, key)
        if odd:
            found.add(region, key, UNKNOWN)
        elif is_unsupported(reply) or reply.code.startswith("IncorrectEngineVersion"):
            found.add(region, key, NA)
        elif not reply.ok:
            found.add(region, key, UNKNOWN)
        else:
            found.add(region, key, *certificate(reply.data.get("SSLEnabled"), ("enable", "enabled"), ("disable", "disabled", ""), reply.data.get("SSLExpiredTime"), now,
                                                "SSLEnabled", "Disable"))


# ---- PolarDB ----


@item(46)
def polardb_backup(answers, found, now):
    for region, key, _ in POLARDB.instances(answers, found):
        reply = answers.ask("polardb:DescribeBackupPolicy", region, key)
        if is_unsupported(reply):
            found.add(region, key, NA)
        elif not reply.ok:
            found.add(region, key, UNKNOWN)
        else:
            data = reply.data
            period = data.get("PreferredBackupPeriod")
            basic = weekdays(period if filled(period) else data.get("DataLevel1BackupPeriod"))
            advanced = word(data.get("BackupPolicyLevel")) == "advanced" and listed(dig(data, "AdvancedDataPolicies.AdvancedDataPolicy"))
            enhanced = data.get("BackupFrequency") in ("2/24H", "3/24H", "4/24H")
            fine = basic or advanced or enhanced
            found.add(region, key, PASS if fine else {FAIL, UNKNOWN} if period is None else FAIL,
                      {"PreferredBackupPeriod empty", f"PreferredBackupPeriod={period}", f"PreferredBackupPeriod={data.get('DataLevel1BackupPeriod')}"})


@item(47)
def polardb_explorer(answers, found, now):
    for region, key, _ in POLARDB.instances(answers, found):
        reply = answers.ask("polardb:DescribeDBClusterAuditLogCollector", region, key)
        if is_unsupported(reply):
            found.add(region, key, NA)
            continue
        value = reply.data.get("CollectorStatus") if reply.ok else None
        state = word(value)
        if state in ("enable", "enabled"):
            found.add(region, key, PASS)
            continue
        das = answers.ask("das:DescribeSqlLogConfig", region, key)
        data = (das.data.get("Data") if das.ok else None) or {}
        on = truth(data.get("SqlLogEnable")) or truth(data.get("RequestEnable"))
        never = word(data.get("SupportVersion")) == "sql_log_not_support"
        plain = reply.ok and state in ("disabled", "disable", "")
        if never:
            verdicts = {NA, PASS} if on else {NA}
        elif on:
            verdicts = {PASS}
        elif plain:
            verdicts = {FAIL} if das.ok and data else {FAIL, UNKNOWN}
        else:
            verdicts = {FAIL, UNKNOWN} if reply.ok and value is None else {UNKNOWN}
        if not plain:
            verdicts = verdicts | {UNKNOWN}
        found.add(region, key, verdicts, {f"CollectorStatus={value or ''}", "CollectorStatus=Disabled", "CollectorStatus empty"})
