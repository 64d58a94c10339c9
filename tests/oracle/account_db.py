"""Database instances of every product, their white lists, backups, encryption and audit settings."""
from account import DAY, iso

LISTS = ["", "127.0.0.1", "0.0.0.0/0", "0.0.0.0", "10.0.0.0/8, 0.0.0.0/0", "::/0", "::", "%", "*", "0.0.0.0/1", "0.0.0.0/1;128.0.0.0/2 192.0.0.0/2", "128.0.0.0/1",
         "10.23.12.24/24", "192.168.0.0/16,172.16.0.0/12", "2001:DB8::/32", "8000::/1,::/1", "127.0.0.1,0.0.0.0/32", "office-net", "2000::/3", "10.1.2.3/0",
         "203.0.113.7,,10.0.0.1", " 10.0.0.0/8 ", "office-net,0.0.0.0/0", "2000::/4", "3000::/4", "8.0.0.0/7", "10.0.0.0/7"]
ODD_WORDS = ("Maybe", "Updating")
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def groups(m, list_key, name_key, attribute_key):
    return [m.odd({name_key: f"g{n}", attribute_key: m.pick("", "", "hidden"), list_key: m.pick(*LISTS)}, list_key, attribute_key) for n in range(m.few(3))]


def days(m):
    text = ",".join(m.case(d) for d in m.some(DAYS, 3))
    return m.pick(text, text, text.replace(",", ", "), "", "Funday", "monday, Monday")


def switch(m, *words):
    return m.pick(*ODD_WORDS) if m.chance(m.oddity / 3) else m.case(m.pick(*words))


def templates(m, call, path, region, key, name_key, list_key):
    rows = [m.odd({name_key: "t", list_key: m.pick(*LISTS)}, list_key)] if m.chance(0.3) else []
    if m.chance(0.04):
        m.put_error(call, 400, "OperationNotSupported", region, key)
    else:
        m.put_list(call, path, rows, region, key)


def region_list(m, call, path):
    m.put_list(call, path, [{"RegionId": r, "RegionEndpoint": r + ".example.com", "EndPoint": r} for r in m.regions])


def gone(m, code, region, key, *calls):
    for call in calls:
        m.put_error(call, 404, code, region, key)


UNSUPPORTED = ("OperationNotSupported", "EngineNotSupport", "InvalidEngine.Malformed", "InstanceEngineType.NotSupport", "InvaildEngineInRegion.ValueNotSupported")
RDS_CALLS = ("DescribeDBInstanceSSL", "DescribeDBInstanceTDE", "DescribeDBInstanceEncryptionKey", "DescribeSQLCollectorPolicy", "DescribeDBInstanceIPArrayList",
             "DescribeInstanceLinkedWhitelistTemplate", "DescribeDBInstanceNetInfo", "DescribeBackupPolicy", "DescribeLogBackupPolicy", "DescribeInstanceCrossBackupPolicy")


def put_rds(m):
    region_list(m, "rds:DescribeRegions", "Regions.RDSRegion")
    for region in m.regions:
        rows = []
        for n in range(m.few(6)):
            key = m.place(f"rm-{n}", region)
            engine = m.pick("MySQL", "MySQL", "PostgreSQL", "SQLServer", "MariaDB")
            version = {"MySQL": ("5.6", "5.7", "8.0"), "PostgreSQL": ("9.4", "13.0", "14"), "SQLServer": ("2019_std", "2016_ent", "2012_web", "2022_std", "2017_std", "2019_ent_ha"),
                       "MariaDB": ("10.3",)}[engine]
            rows.append(m.odd({
                "DBInstanceId": key, "DBInstanceDescription": "d", "RegionId": region, "Engine": m.case(engine), "EngineVersion": m.pick(*version),
                "Category": m.case(m.pick("HighAvailability", "HighAvailability", "Basic", "Finance", "cluster", "serverless_basic")),
                "DBInstanceStorageType": m.case(m.pick("local_ssd", "local_ssd", "cloud_essd", "general_essd")),
                "DBInstanceType": m.case(m.pick("Primary", "Primary", "Primary", "Primary", "Readonly", "Guard", "Temp")),
                "DBInstanceStatus": m.case(m.pick("Running", "Running", "Running", "Running", "Stopped", "Creating", "Deleting", "Released", "Restoring")),
                "DBInstanceNetType": "Intranet", "ConnectionMode": "Standard", "LockMode": "Unlock"}, "DBInstanceDescription"))
            if m.chance(0.03):
                gone(m, "InvalidDBInstanceId.NotFound", region, key, *("rds:" + c for c in RDS_CALLS))
            else:
                rds_instance(m, region, key)
        m.put_list("rds:DescribeDBInstances", "Items.DBInstance", rows, region, paging="TotalRecordCount")
        m.put("rds:DescribeAvailableCrossRegion", {"RequestId": "R", "Regions": {"Region": m.pick(["cn-beijing"], ["cn-beijing"], [])}}, region, region)


def rds_put(m, action, body, region, key):
    if m.chance(0.06):
        m.put_error("rds:" + action, 400, m.pick(*UNSUPPORTED), region, key)
    else:
        m.put("rds:" + action, {"RequestId": "R", **body}, region, key)


def rds_instance(m, region, key):
    rds_put(m, "DescribeDBInstanceSSL", m.odd({"SSLEnabled": switch(m, "Yes", "No", "on", "off", "1", "0", "Enabled", "Disabled"), "SSLExpireTime": iso(m.now - DAY),
                                               "RequireUpdate": "Yes"}, "SSLEnabled"), region, key)
    rds_put(m, "DescribeDBInstanceTDE", m.odd({"TDEStatus": switch(m, "Enabled", "Disabled"), "TDEMode": "", "Databases": {"Database": []}}, "TDEStatus"), region, key)
    rds_put(m, "DescribeDBInstanceEncryptionKey", {"EncryptionKey": m.pick("", "k")}, region, key)
    rds_put(m, "DescribeSQLCollectorPolicy", m.odd({"SQLCollectorStatus": switch(m, "Enable", "Enabled", "Disabled", "Disable")}, "SQLCollectorStatus"), region, key)
    m.put_list("rds:DescribeDBInstanceIPArrayList", "Items.DBInstanceIPArray", groups(m, "SecurityIPList", "DBInstanceIPArrayName", "DBInstanceIPArrayAttribute"), region, key)
    templates(m, "rds:DescribeInstanceLinkedWhitelistTemplate", "Data.Templates", region, key, "TemplateName", "Ips")
    m.put_list("rds:DescribeDBInstanceNetInfo", "DBInstanceNetInfos.DBInstanceNetInfo", [{"IPType": "Public", "ConnectionString": "x", "Port": "3306"}], region, key)

    def backup():
        body = {"PreferredBackupPeriod": days(m), "PreferredBackupTime": "", "BackupRetentionPeriod": m.number(m.pick(7, 7, 730, -1)),
                "BackupLog": m.case(m.pick("Enable", "Disabled")), "EnableBackupLog": m.pick("1", "0", 1, 0)}
        how = m.dice.randrange(5)
        if how < 2:
            del body["EnableBackupLog"]
        if how in (1, 2):
            del body["BackupLog"]
        return m.odd(body, "PreferredBackupPeriod", "BackupLog", "EnableBackupLog")

    m.put("rds:DescribeBackupPolicy", {"RequestId": "R", **backup()}, region, key)
    if m.chance(0.2):
        m.put_error("rds:DescribeLogBackupPolicy", 400, "LogBackupNotSupport", region, key)
    else:
        m.put("rds:DescribeLogBackupPolicy", {"RequestId": "R", **backup()}, region, key)
    rds_put(m, "DescribeInstanceCrossBackupPolicy", m.odd({"BackupEnabled": switch(m, "Enable", "Disable", "1", "0", "Enabled"),
                                                           "LogBackupEnabled": "Disable", "CrossBackupRegion": "cn-beijing", "Retention": 7}, "BackupEnabled"), region, key)


def put_dds(m):
    region_list(m, "dds:DescribeRegions", "Regions.DdsRegion")
    for region in m.regions:
        lists = {"replicate": [], "sharding": [], "serverless": []}
        for n in range(m.few(5)):
            key = m.place(f"dds-{n}", region)
            kind = m.pick("replicate", "replicate", "sharding", "serverless")
            lists[kind].append(m.odd({
                "DBInstanceId": key, "DBInstanceDescription": "d", "RegionId": region, "DBInstanceType": m.case(kind), "EngineVersion": m.pick("4.0", "5.0", "3.2", "3.4", "4.4"),
                "DBInstanceStatus": m.case(m.pick("Running", "Running", "Running", "Running", "Creating", "Deleting", "Released")), "NetworkType": "VPC",
                "ReplicationFactor": m.pick("3", "3", "1", 1, "") if kind == "replicate" else "", "StorageType": m.case(m.pick("local_ssd", "cloud_essd1", "cloud_essd")),
                "LockMode": m.case(m.pick("Unlock", "Unlock", "Unlock", "LockByExpiration")), "VpcAuthMode": "Close"}, "DBInstanceDescription", "LockMode"))
            calls = ("DescribeSecurityIps", "DescribeGlobalSecurityIPGroupRelation", "DescribeReplicaSetRole", "DescribeShardingNetworkAddress", "DescribeBackupPolicy",
                     "DescribeAuditPolicy", "DescribeDBInstanceSSL")
            if m.chance(0.03):
                gone(m, "InvalidDBInstanceId.NotFound", region, key, *("dds:" + c for c in calls))
                continue
            body = {"RequestId": "R", "SecurityIps": m.pick(*LISTS), "SecurityIpGroups": {"SecurityIpGroup": groups(m, "SecurityIpList", "SecurityIpGroupName", "SecurityIpGroupAttribute")}}
            if m.chance(0.2):
                del body["SecurityIpGroups"]
            m.put("dds:DescribeSecurityIps", body, region, key)
            templates(m, "dds:DescribeGlobalSecurityIPGroupRelation", "GlobalSecurityIPGroupRel", region, key, "GlobalIgName", "GIpList")
            m.put_list("dds:DescribeReplicaSetRole", "ReplicaSets.ReplicaSet", [], region, key)
            m.put_list("dds:DescribeShardingNetworkAddress", "NetworkAddresses.NetworkAddress", [], region, key)
            put_plain(m, "dds:DescribeBackupPolicy", backup_body(m), region, key)
            put_plain(m, "dds:DescribeAuditPolicy", m.odd({"LogAuditStatus": switch(m, "Enable", "Disabled", "Enabled", "Disable")}, "LogAuditStatus"), region, key)
            if m.chance(0.1):
                m.put_error("dds:DescribeDBInstanceSSL", 400, m.pick("StorageTypeOrInstanceTypeNotSupported", "SingleNodeNotSupport"), region, key)
            else:
                m.put("dds:DescribeDBInstanceSSL", {"RequestId": "R", **m.odd({"SSLStatus": switch(m, "Open", "Open", "Closed"), "SSLExpiredTime": expiry(m)}, "SSLStatus")}, region, key)
        for kind, rows in lists.items():
            m.put_list("dds:DescribeDBInstances", "DBInstances.DBInstance", rows, region, variant=kind, paging="TotalCount")


def expiry(m):
    return m.pick(iso(m.now + 30 * DAY), iso(m.now - 30 * DAY), iso(m.now + 30 * DAY, "%Y-%m-%dT%H:%MZ"), "", "never")


def backup_body(m):
    return m.odd({"PreferredBackupPeriod": days(m), "PreferredBackupTime": "", "BackupRetentionPeriod": m.pick("7", "7", "0", 7, "-1", "x"),
                  "EnableBackupLog": m.pick(0, 1, "0", "1"), "BackupInterval": "-1"}, "PreferredBackupPeriod", "BackupRetentionPeriod")


def put_plain(m, call, body, region, key):
    if m.chance(0.05):
        m.put_error(call, 400, "InstanceTypeNotSupport", region, key)
    else:
        m.put(call, {"RequestId": "R", **body}, region, key)


def put_redis(m):
    region_list(m, "kvstore:DescribeRegions", "RegionIds.KVStoreRegion")
    for region in m.regions:
        rows = []
        for n in range(m.few(6)):
            key = m.place(f"r-{n}", region)
            rows.append(m.odd({
                "InstanceId": key, "InstanceName": "n", "RegionId": region, "InstanceType": m.case(m.pick("Redis", "Redis", "Tair", "Memcache")),
                "InstanceStatus": m.case(m.pick("Normal", "Normal", "Normal", "Normal", "Creating", "Released", "Inactive", "Changing")),
                "InstanceClass": m.pick("redis.master.small.default", "tair.essd.standard.xlarge", "tair.scm.standard.1m", "TAIR.ESSD.x", "tair.rdb.1g"),
                "EngineVersion": m.pick("5.0", "5.0", "2.8", "6.0", "7.0"), "EditionType": "Community", "ArchitectureType": "standard", "NodeType": "double",
                "NetworkType": "VPC", "VpcAuthMode": "Open"}, "InstanceName"))
            calls = ("DescribeSecurityIps", "DescribeGlobalSecurityIPGroupRelation", "DescribeDBInstanceNetInfo", "DescribeBackupPolicy", "DescribeAuditLogConfig",
                     "DescribeInstanceSSL")
            if m.chance(0.03):
                gone(m, "InvalidInstanceId.NotFound", region, key, *("kvstore:" + c for c in calls))
                continue
            m.put_list("kvstore:DescribeSecurityIps", "SecurityIpGroups.SecurityIpGroup", groups(m, "SecurityIpList", "SecurityIpGroupName", "SecurityIpGroupAttribute"),
                       region, key)
            templates(m, "kvstore:DescribeGlobalSecurityIPGroupRelation", "GlobalSecurityIPGroupRel", region, key, "GlobalIgName", "GIpList")
            m.put_list("kvstore:DescribeDBInstanceNetInfo", "NetInfoItems.InstanceNetInfo", [], region, key)
            put_plain(m, "kvstore:DescribeBackupPolicy", backup_body(m), region, key)
            put_plain(m, "kvstore:DescribeAuditLogConfig", m.odd({"DbAudit": m.pick("true", "false", True, False, "True", "TRUE"), "Retention": m.number(30)}, "DbAudit"), region, key)
            if m.chance(0.08):
                m.put_error("kvstore:DescribeInstanceSSL", 400, "IncorrectEngineVersion", region, key)
            else:
                put_plain(m, "kvstore:DescribeInstanceSSL", m.odd({"SSLEnabled": switch(m, "Enable", "Disable", "Enabled", "Disabled"), "SSLExpiredTime": expiry(m),
                                                                    "InstanceId": key}, "SSLEnabled"), region, key)
        m.put_list("kvstore:DescribeInstances", "Instances.KVStoreInstance", rows, region, paging="TotalCount")


def put_polardb(m):
    region_list(m, "polardb:DescribeRegions", "Regions.Region")
    for region in m.regions:
        rows = []
        for n in range(m.few(5)):
            key = m.place(f"pc-{n}", region)
            rows.append(m.odd({"DBClusterId": key, "DBClusterDescription": "d", "RegionId": region, "DBType": "MySQL", "DBVersion": "8.0",
                               "DBClusterStatus": m.case(m.pick("Running", "Running", "Running", "Running", "Creating", "Deleting", "Stopped", "Deleted")),
                               "LockMode": "Unlock", "Expired": "false"}, "DBClusterDescription"))
            calls = ("DescribeDBClusterAccessWhitelist", "DescribeGlobalSecurityIPGroupRelation", "DescribeDBClusterEndpoints", "DescribeBackupPolicy",
                     "DescribeDBClusterAuditLogCollector")
            if m.chance(0.03):
                gone(m, "InvalidDBClusterId.NotFound", region, key, *("polardb:" + c for c in calls))
                continue
            m.put_list("polardb:DescribeDBClusterAccessWhitelist", "Items.DBClusterIPArray",
                       groups(m, "SecurityIps", "DBClusterIPArrayName", "DBClusterIPArrayAttribute"), region, key)
            templates(m, "polardb:DescribeGlobalSecurityIPGroupRelation", "GlobalSecurityIPGroupRel", region, key, "GlobalIgName", "GIpList")
            m.put_list("polardb:DescribeDBClusterEndpoints", "Items", [], region, key)
            body = {"PreferredBackupPeriod": days(m), "PreferredBackupTime": "", "DataLevel1BackupRetentionPeriod": "7", "DataLevel1BackupPeriod": m.pick("", days(m)),
                    "DataLevel2BackupRetentionPeriod": m.pick("0", "", "30"), "BackupFrequency": m.pick("", "Normal", "2/24H", "3/24H", "4/24H"),
                    "BackupPolicyLevel": m.case(m.pick("Normal", "Advanced")), "AdvancedDataPolicies": {"AdvancedDataPolicy": m.pick([], [{"PolicyId": "p"}])}}
            for name in ("DataLevel1BackupPeriod", "BackupFrequency", "BackupPolicyLevel", "AdvancedDataPolicies"):
                if m.chance(0.3):
                    del body[name]
            put_plain(m, "polardb:DescribeBackupPolicy", m.odd(body, "PreferredBackupPeriod"), region, key)
            put_plain(m, "polardb:DescribeDBClusterAuditLogCollector", m.odd({"CollectorStatus": switch(m, "Enable", "Disabled", "Disabled", "Enabled", "Disable")},
                                                                             "CollectorStatus"), region, key)
            data = m.odd({"SqlLogEnable": m.flag(m.chance(0.4)), "RequestEnable": m.flag(m.chance(0.2)), "Version": "SQL_LOG_V2",
                          "SupportVersion": m.case(m.pick("SQL_LOG_V3", "SQL_LOG_V3", "SQL_LOG_NOT_SUPPORT"))}, "SqlLogEnable", "RequestEnable")
            body = {"RequestId": "R", "Success": "true", "Code": "200", "Data": data}
            if m.chance(0.1):
                body = m.pick({"RequestId": "R", "Success": "false", "Code": "-1"}, {"RequestId": "R", "Success": False, "Code": "500", "Data": {}})
            m.put("das:DescribeSqlLogConfig", body, region, key)
        m.put_list("polardb:DescribeDBClusters", "Items.DBCluster", rows, region, paging="TotalRecordCount")


def put_gpdb(m):
    region_list(m, "gpdb:DescribeRegions", "Regions.Region")
    for region in m.regions:
        rows = []
        for n in range(m.few(3)):
            key = m.place(f"gp-{n}", region)
            rows.append(m.odd({"DBInstanceId": key, "DBInstanceDescription": "d", "RegionId": region, "DBInstanceStatus": m.case(m.pick(
                "Running", "Running", "Running", "Creating", "Deleting", "Released")), "Engine": "gpdb", "EngineVersion": "6.0", "DBInstanceNetType": "0"}, "DBInstanceDescription"))
            if m.chance(0.03):
                gone(m, "InvalidDBInstanceId.NotFound", region, key, "gpdb:DescribeDBInstanceIPArrayList", "gpdb:DescribeDBInstanceNetInfo")
                continue
            spelling = m.pick("SecurityIPList", "SecurityIPList", "securityIPList")
            m.put_list("gpdb:DescribeDBInstanceIPArrayList", "Items.DBInstanceIPArray", groups(m, spelling, "DBInstanceIPArrayName", "DBInstanceIPArrayAttribute"), region, key)
            m.put_list("gpdb:DescribeDBInstanceNetInfo", "DBInstanceNetInfos.DBInstanceNetInfo", [], region, key)
        m.put_list("gpdb:DescribeDBInstances", "Items.DBInstance", rows, region, paging="TotalRecordCount")


def fill(m):
    put_rds(m)
    put_dds(m)
    put_redis(m)
    put_polardb(m)
    put_gpdb(m)
