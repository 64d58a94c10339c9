/*
 * What an account holds, as its APIs say it. A row is one call of the plan: how many elements it
 * gives, and what one looks like.
 *
 * In a text, $n is the element's own number as 16 hexadecimal digits, $i the same in decimal, $a as
 * three bytes of an address, $p the number of the row that the call is made for, and $n{call} and
 * $a{call} those of an element of another call in the same region; $r is the region. (a*18|b) is
 * one of the two, the first eighteen times as often. About one resource in five has something that
 * a check fails.
 */
#include "account.h"

#define INSTANCE "ecs:DescribeInstances"
#define GROUP    "ecs:DescribeSecurityGroups"
#define POLICY   "ecs:DescribeAutoSnapshotPolicyEx"
#define EIP      "vpc:DescribeEipAddresses"
#define SLB      "slb:DescribeLoadBalancers"
#define SERVERS  "slb:DescribeVServerGroupAttribute"
#define ACL      "slb:DescribeAccessControlListAttribute"
#define CERT     "slb:DescribeServerCertificates"
#define USER     "ims:ListUserBasicInfos"
#define DOMAIN   "cdn:DescribeUserDomains"

#define IP_GROUPS(group, list)                                                           \
    "{\"" group "\":[{\"" group "Name\":\"default\",\"" group "Attribute\":\"\",\"" list \
    "\":\"127.0.0.1\"},{\"" group "Name\":\"app\",\"" group "Attribute\":\"\",\"" list   \
    "\":\"10.$a,10.0.0.0/8(*24|,0.0.0.0/0)\"},{\"" group "Name\":\"ops\",\"" group       \
    "Attribute\":\"hidden\",\"" list "\":\"172.16.1.8,172.16.1.9,192.168.7.0/24\"}]}"

const struct account_kind account_kinds[] = {
    { "sts:GetCallerIdentity", NULL, ACCOUNT_ONE, NULL,
            "{\"AccountId\":\"" ACCOUNT_ID "\",\"IdentityType\":\"RAMUser\","
            "\"Arn\":\"acs:ram::" ACCOUNT_ID ":user/scan\"}" },
    { "actiontrail:DescribeTrails", NULL, ACCOUNT_ONE, NULL,
            "{\"Name\":\"audit\",\"HomeRegion\":\"cn-hangzhou\",\"TrailRegion\":\"All\","
            "\"Status\":\"Enable\",\"EventRW\":\"All\",\"OssBucketName\":\"acme-audit\","
            "\"TrailArn\":\"acs:actiontrail:cn-hangzhou:" ACCOUNT_ID ":trail/audit\"}" },

    { INSTANCE, NULL, 2400, "i-bp1$n",
            "{\"InstanceId\":\"i-bp1$n\",\"InstanceName\":\"worker-$i\",\"Cpu\":4,\"Memory\":16384,"
            "\"CreationTime\":\"2025-05-12T08:14Z\",\"Description\":\"\","
            "\"DeletionProtection\":false,\"ExpiredTime\":\"2099-12-31T15:59Z\","
            "\"HostName\":\"worker-$i\",\"ImageId\":\"aliyun_3_x64_20G_alibase_20260415.vhd\","
            "\"InstanceChargeType\":\"PostPaid\",\"InstanceNetworkType\":\"vpc\","
            "\"InstanceType\":\"ecs.g7.xlarge\",\"IoOptimized\":true,"
            "\"KeyPairName\":\"(ops*9|)\",\"OSName\":\"Alibaba Cloud Linux 3\","
            "\"OSType\":\"(linux*9|windows)\",\"PublicIpAddress\":{\"IpAddress\":[]},"
            "\"EipAddress\":{\"IpAddress\":\"\"},\"RegionId\":\"$r\","
            "\"SecurityGroupIds\":{\"SecurityGroupId\":[\"sg-bp1$n{" GROUP "}\"]},"
            "\"Status\":\"(Running*9|Stopped)\","
            "\"Tags\":{\"Tag\":[{\"TagKey\":\"team\",\"TagValue\":\"payments\"}]},"
            "\"VpcAttributes\":{\"PrivateIpAddress\":{\"IpAddress\":[\"10.$a\"]},"
            "\"VSwitchId\":\"vsw-bp1s5fnvk4gn2tws03624\",\"VpcId\":\"vpc-bp1vwq4rsmoq0cp5u0l4i\"},"
            "\"ZoneId\":\"$r-h\"}" },
    { POLICY, NULL, 20, "sp-bp1$n",
            "{\"AutoSnapshotPolicyId\":\"sp-bp1$n\",\"AutoSnapshotPolicyName\":\"nightly\","
            "\"Status\":\"(Normal*19|Expire)\",\"RepeatWeekdays\":\"[\\\"1\\\"]\","
            "\"TimePoints\":\"[\\\"2\\\"]\",\"RetentionDays\":30}" },
    { "ecs:DescribeDisks", NULL, 4000, "d-bp1$n",
            "{\"DiskId\":\"d-bp1$n\",\"DiskName\":\"disk-$i\",\"Type\":\"(system*3|data*2)\","
            "\"Category\":\"cloud_essd\",\"PerformanceLevel\":\"PL1\",\"Size\":200,"
            "\"Status\":\"In_use\",(\"Encrypted\":true,\"KMSKeyId\":\"7b6c3f5e-$n\"*9|"
            "\"Encrypted\":false,\"KMSKeyId\":\"\"),\"InstanceId\":\"i-bp1$n{" INSTANCE "}\","
            "\"Attachments\":{\"Attachment\":[{\"InstanceId\":\"i-bp1$n{" INSTANCE "}\","
            "\"Device\":\"/dev/xvda\",\"AttachedTime\":\"2025-05-12T08:15:02Z\"}]},"
            "(\"EnableAutomatedSnapshotPolicy\":true,\"AutoSnapshotPolicyId\":\"sp-bp1$n{" POLICY
            "}\"*39|\"EnableAutomatedSnapshotPolicy\":false,\"AutoSnapshotPolicyId\":\"\"),"
            "\"ResourceGroupId\":\"rg-acfmx5vq\",\"Portable\":true,\"DeleteWithInstance\":true,"
            "\"RegionId\":\"$r\",\"ZoneId\":\"$r-h\"}" },
    { GROUP, NULL, 500, "sg-bp1$n",
            "{\"SecurityGroupId\":\"sg-bp1$n\",\"SecurityGroupName\":\"group-$i\","
            "\"SecurityGroupType\":\"normal\",\"VpcId\":\"vpc-bp1vwq4rsmoq0cp5u0l4i\","
            "\"ServiceManaged\":false,\"EcsCount\":5,\"CreationTime\":\"2025-01-08T02:00:00Z\","
            "\"Description\":\"\"}" },
    { "ecs:DescribeSecurityGroupAttribute", GROUP, ACCOUNT_EACH(12), NULL,
            "{\"SecurityGroupRuleId\":\"sgr-bp1$n\",\"Direction\":\"ingress\","
            "\"Policy\":\"Accept\",\"Priority\":\"(1*3|50|100)\",\"IpProtocol\":\"(TCP*5|UDP)\","
            "(\"PortRange\":\"443/443\",\"SourceCidrIp\":\"0.0.0.0/0\"*20|"
            "\"PortRange\":\"22/22\",\"SourceCidrIp\":\"10.$a/32\"*79|"
            "\"PortRange\":\"22/22\",\"SourceCidrIp\":\"0.0.0.0/0\"),\"Ipv6SourceCidrIp\":\"\","
            "\"SourcePrefixListId\":\"\",\"SourceGroupId\":\"\",\"NicType\":\"intranet\","
            "\"CreateTime\":\"2025-01-08T02:00:00Z\",\"Description\":\"\"}" },

    { EIP, NULL, 600, "eip-bp1$n",
            "{\"AllocationId\":\"eip-bp1$n\",\"Name\":\"\",\"IpAddress\":\"47.$a\","
            "\"Status\":\"InUse\",\"InstanceId\":\"i-bp1$n{" INSTANCE "}\","
            "\"InstanceType\":\"EcsInstance\",\"PrivateIpAddress\":\"10.$a{" INSTANCE "}\","
            "\"RegionId\":\"$r\",\"Bandwidth\":\"50\",\"InternetChargeType\":\"PayByTraffic\"}" },
    { "vpc:DescribeNatGateways", NULL, 60, "ngw-bp1$n",
            "{\"NatGatewayId\":\"ngw-bp1$n\",\"Name\":\"nat-$i\",\"NetworkType\":\"internet\","
            "\"Status\":\"Available\",\"VpcId\":\"vpc-bp1vwq4rsmoq0cp5u0l4i\","
            "\"RegionId\":\"$r\"}" },
    { "vpc:DescribeForwardTableEntries", "vpc:DescribeNatGateways", ACCOUNT_EACH(4), NULL,
            "{\"ForwardEntryId\":\"fwd-bp1$n\",\"ForwardEntryName\":\"\","
            "\"ExternalIp\":\"47.96.1.2\",(\"ExternalPort\":\"443\",\"InternalPort\":\"8443\"*19|"
            "\"ExternalPort\":\"2222\",\"InternalPort\":\"22\"),\"InternalIp\":\"10.$a\","
            "\"IpProtocol\":\"tcp\",\"Status\":\"Available\"}" },

    { SLB, NULL, 300, "lb-bp1$n",
            "{\"LoadBalancerId\":\"lb-bp1$n\",\"LoadBalancerName\":\"front-$i\","
            "\"LoadBalancerStatus\":\"active\",\"Address\":\"8.$a\","
            "\"AddressType\":\"(internet*2|intranet)\",\"AddressIPVersion\":\"ipv4\","
            "\"NetworkType\":\"vpc\",\"RegionId\":\"$r\"}" },
    { "slb:DescribeLoadBalancerListeners", NULL, 900, NULL,
            "{\"LoadBalancerId\":\"lb-bp1$n{" SLB "}\","
            "(\"ListenerPort\":443,\"ListenerProtocol\":\"https\",\"HTTPSListenerConfig\":"
            "{\"HealthCheck\":\"on\",\"ServerCertificateId\":\"cert-$n{" CERT
            "}\"}*3|\"ListenerPort\":80,\"ListenerProtocol\":\"http\","
            "\"HTTPListenerConfig\":{\"HealthCheck\":\"on\",\"ListenerForward\":\"on\"}*3|"
            "\"ListenerPort\":8080,\"ListenerProtocol\":\"tcp\","
            "\"TCPListenerConfig\":{\"HealthCheck\":\"on\"}*6|"
            "\"ListenerPort\":3306,\"ListenerProtocol\":\"tcp\","
            "\"TCPListenerConfig\":{\"HealthCheck\":\"on\"}),\"Status\":\"running\","
            "\"BackendServerPort\":8443,\"VServerGroupId\":\"rsp-$n{" SERVERS "}\","
            "(\"AclStatus\":\"off\"*2|\"AclStatus\":\"on\",\"AclType\":\"white\",\"AclIds\":"
            "[\"acl-$n{" ACL "}\"])}" },
    { ACL, NULL, 400, "acl-$n",
            "{\"AclEntryIP\":\"10.$a/32(*29|,0.0.0.0/0)\",\"AclEntryComment\":\"\"}" },
    { SERVERS, NULL, 300, "rsp-$n",
            "{\"ServerId\":\"i-bp1$n{" INSTANCE "}\",\"ServerIp\":\"10.$a\",\"Port\":8443,"
            "\"Type\":\"ecs\"}" },
    { "slb:DescribeHealthStatus", SLB, ACCOUNT_EACH(6), NULL,
            "{\"ServerId\":\"i-bp1$n{" INSTANCE "}\",\"ServerIp\":\"10.$a\",\"ListenerPort\":443,"
            "\"Port\":8443,\"Protocol\":\"https\",\"ServerHealthStatus\":"
            "\"(normal*99|abnormal)\"}" },
    { CERT, NULL, 100, "cert-$n",
            "{\"ServerCertificateId\":\"cert-$n\",\"ServerCertificateName\":\"shop-$i\","
            "\"CommonName\":\"shop-$i.example.com\",(\"ExpireTime\":\"2027-08-01T12:00:00Z\","
            "\"ExpireTimeStamp\":1817121600000*14|\"ExpireTime\":\"2026-11-20T12:00:00Z\","
            "\"ExpireTimeStamp\":1795176000000),\"IsAliCloudCertificate\":0,"
            "\"RegionId\":\"$r\"}" },
    { "slb:DescribeAccessLogsDownloadAttribute", NULL, 270, NULL,
            "{\"LoadBalancerId\":\"lb-bp1$n{" SLB "}\",\"LogProject\":\"acme\","
            "\"LogStore\":\"slb\",\"LogType\":\"layer7\"}" },

    { "rds:DescribeDBInstances", NULL, 300, "rm-bp1$n",
            "{\"DBInstanceId\":\"rm-bp1$n\",\"DBInstanceDescription\":\"orders-$i\","
            "\"Engine\":\"MySQL\",\"EngineVersion\":\"8.0\",\"Category\":\"HighAvailability\","
            "\"DBInstanceStorageType\":\"cloud_essd\",\"DBInstanceType\":\"(Primary*9|Readonly)\","
            "\"DBInstanceStatus\":\"Running\",\"DBInstanceNetType\":\"Intranet\","
            "\"ConnectionMode\":\"Standard\",\"LockMode\":\"Unlock\",\"RegionId\":\"$r\","
            "\"ZoneId\":\"$r-h\",\"DBInstanceClass\":\"mysql.x4.large.2c\","
            "\"CreateTime\":\"2025-02-03T04:05:06Z\",\"VpcId\":\"vpc-bp1vwq4rsmoq0cp5u0l4i\"}" },
    { "rds:DescribeDBInstanceSSL", "rds:DescribeDBInstances", ACCOUNT_ONE, NULL,
            "{\"SSLEnabled\":\"(Yes*29|No)\",\"SSLExpireTime\":\"2027-05-01T00:00:00Z\","
            "\"RequireUpdate\":\"No\",\"ForceEncryption\":\"0\",\"TlsVersion\":\"1.2\"}" },
    { "rds:DescribeDBInstanceTDE", "rds:DescribeDBInstances", ACCOUNT_ONE, NULL,
            "{\"TDEStatus\":\"(Enabled*39|Disabled)\",\"TDEMode\":\"Aliyun_Generate_Key\","
            "\"Databases\":{\"Database\":[{\"DBName\":\"orders\",\"TDEStatus\":\"Enabled\"}]}}" },
    { "rds:DescribeDBInstanceEncryptionKey", "rds:DescribeDBInstances", ACCOUNT_ONE, NULL,
            "{\"EncryptionKey\":\"\",\"EncryptionKeyStatus\":\"\"}" },
    { "rds:DescribeSQLCollectorPolicy", "rds:DescribeDBInstances", ACCOUNT_ONE, NULL,
            "{\"SQLCollectorStatus\":\"(Enable*39|Disabled)\"}" },
    { "rds:DescribeDBInstanceIPArrayList", "rds:DescribeDBInstances", ACCOUNT_ONE, NULL,
            "{\"Items\":" IP_GROUPS("DBInstanceIPArray", "SecurityIPList") "}" },
    { "rds:DescribeInstanceLinkedWhitelistTemplate", "rds:DescribeDBInstances", ACCOUNT_EACH(0),
            NULL, NULL },
    { "rds:DescribeDBInstanceNetInfo", "rds:DescribeDBInstances", ACCOUNT_ONE, NULL,
            "{\"SecurityIPMode\":\"normal\",\"DBInstanceNetInfos\":{\"DBInstanceNetInfo\":["
            "{\"IPType\":\"(Private*9|Public)\",\"ConnectionString\":\"rm-bp1$p.mysql.rds.aliyuncs.com\","
            "\"Port\":\"3306\"}]}}" },
    { "rds:DescribeBackupPolicy", "rds:DescribeDBInstances", ACCOUNT_ONE, NULL,
            "{\"PreferredBackupPeriod\":\"Monday,Wednesday,Friday\","
            "\"PreferredBackupTime\":\"17:00Z-18:00Z\",\"BackupRetentionPeriod\":(30*29|3),"
            "\"BackupLog\":\"Enable\",\"EnableBackupLog\":\"1\",\"LogBackupRetentionPeriod\":7,"
            "\"LogBackupFrequency\":\"\"}" },
    { "rds:DescribeAvailableCrossRegion", NULL, ACCOUNT_ONE, "$r",
            "{\"Regions\":{\"Region\":[\"cn-chengdu\",\"cn-beijing\"]}}" },
    { "rds:DescribeInstanceCrossBackupPolicy", "rds:DescribeDBInstances", ACCOUNT_ONE, NULL,
            "{\"BackupEnabled\":\"(Enable*29|Disable)\",\"LogBackupEnabled\":\"Enable\","
            "\"CrossBackupRegion\":\"cn-chengdu\",\"Retention\":30,"
            "\"DBInstanceStatus\":\"Running\",\"LockMode\":\"Unlock\"}" },

    { "oss:ListBuckets", NULL, 400, "acme-$n",
            "{\"Name\":\"acme-$n\",\"Region\":\"cn-hangzhou\",\"Location\":\"oss-cn-hangzhou\","
            "\"StorageClass\":\"Standard\",\"CreationDate\":\"2025-03-01T00:00:00.000Z\"}" },
    { "oss:GetBucketInfo", "oss:ListBuckets", ACCOUNT_ONE, NULL,
            "{\"Bucket\":{\"Name\":\"acme-$p\",\"AccessControlList\":{\"Grant\":"
            "\"(private*39|public-read)\"},\"BlockPublicAccess\":\"false\",\"BucketPolicy\":"
            "{\"LogBucket\":\"(acme-logs*29|)\",\"LogPrefix\":\"\"},"
            "\"CrossRegionReplication\":\"Enabled\",\"Owner\":{\"ID\":\"" ACCOUNT_ID "\"},"
            "\"ExtranetEndpoint\":\"oss-cn-hangzhou.aliyuncs.com\"}}" },
    { "oss:GetBucketReplication", "oss:ListBuckets", ACCOUNT_ONE, NULL,
            "{\"Rule\":[{\"ID\":\"r-$n\",\"Status\":\"doing\",\"Action\":\"ALL\",\"Destination\":"
            "{\"Bucket\":\"copy-$n\",\"Location\":\"(oss-cn-beijing*29|oss-cn-hangzhou)\"}}]}" },
    { "oss:GetBucketEncryption", "oss:ListBuckets", ACCOUNT_ONE, NULL,
            "{\"ApplyServerSideEncryptionByDefault\":{\"SSEAlgorithm\":\"(AES256*29|)\"}}" },
    { "oss:GetBucketReferer", "oss:ListBuckets", ACCOUNT_ONE, NULL,
            "{\"AllowEmptyReferer\":\"false\",\"RefererList\":{\"Referer\":"
            "[\"https://www.example.com\",\"https://*.example.com\"]}}" },
    { "oss:GetBucketPolicy", "oss:ListBuckets", ACCOUNT_ONE, NULL,
            "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"oss:GetObject\","
            "\"oss:ListObjects\"],(\"Principal\":[\"" ACCOUNT_ID "\"]*29|\"Principal\":[\"*\"]),"
            "\"Resource\":[\"acs:oss:*:" ACCOUNT_ID
            ":acme-$p/*\"]},{\"Effect\":\"Deny\",\"Action\":[\"oss:*\"],"
            "\"Principal\":[\"*\"],\"Resource\":[\"acs:oss:*:" ACCOUNT_ID ":acme-$p/*\"],"
            "\"Condition\":{\"Bool\":{\"acs:SecureTransport\":[\"false\"]}}}]}" },
    { "oss:GetBucketPolicyStatus", "oss:ListBuckets", ACCOUNT_ONE, NULL,
            "{\"IsPublic\":\"false\"}" },

    { "kvstore:DescribeInstances", NULL, 250, "r-bp1$n",
            "{\"InstanceId\":\"r-bp1$n\",\"InstanceName\":\"cache-$i\","
            "\"InstanceStatus\":\"Normal\",\"InstanceType\":\"Redis\","
            "\"InstanceClass\":\"redis.master.small.default\",\"EngineVersion\":\"7.0\","
            "\"EditionType\":\"Community\",\"ArchitectureType\":\"standard\","
            "\"NodeType\":\"double\",\"NetworkType\":\"VPC\",\"VpcAuthMode\":\"Close\","
            "\"RegionId\":\"$r\",\"ZoneId\":\"$r-h\",\"Capacity\":1024,\"Connections\":10000}" },
    { "kvstore:DescribeSecurityIps", "kvstore:DescribeInstances", ACCOUNT_ONE, NULL,
            "{\"SecurityIpGroups\":{\"SecurityIpGroup\":[{\"SecurityIpGroupName\":\"default\","
            "\"SecurityIpGroupAttribute\":\"\",\"SecurityIpList\":\"10.$a(*24|,0.0.0.0/0)\"}]}}" },
    { "kvstore:DescribeGlobalSecurityIPGroupRelation", "kvstore:DescribeInstances", ACCOUNT_EACH(0),
            NULL, NULL },
    { "kvstore:DescribeDBInstanceNetInfo", "kvstore:DescribeInstances", ACCOUNT_EACH(1), NULL,
            "{\"IPType\":\"Private\",\"ConnectionString\":\"r-bp1$p.redis.rds.aliyuncs.com\"}" },
    { "kvstore:DescribeBackupPolicy", "kvstore:DescribeInstances", ACCOUNT_ONE, NULL,
            "{\"PreferredBackupPeriod\":\"(Monday,Wednesday,Friday*19|)\","
            "\"PreferredBackupTime\":\"17:00Z-18:00Z\",\"BackupRetentionPeriod\":\"7\","
            "\"EnableBackupLog\":1}" },
    { "kvstore:DescribeAuditLogConfig", "kvstore:DescribeInstances", ACCOUNT_ONE, NULL,
            "{\"DbAudit\":\"(true*19|false)\",\"Retention\":\"30\"}" },
    { "kvstore:DescribeInstanceSSL", "kvstore:DescribeInstances", ACCOUNT_ONE, NULL,
            "{\"SSLEnabled\":\"(Enable*19|Disable)\",\"SSLExpiredTime\":\"2027-05-01T00:00:00Z\","
            "\"CertCommonName\":\"r-bp1$p\"}" },

    { "dds:DescribeDBInstances", NULL, 100, "dds-bp1$n",
            "{\"DBInstanceId\":\"dds-bp1$n\",\"DBInstanceDescription\":\"events-$i\","
            "\"DBInstanceType\":\"replicate\",\"DBInstanceStatus\":\"Running\","
            "\"EngineVersion\":\"7.0\",\"NetworkType\":\"VPC\",\"ReplicationFactor\":\"3\","
            "\"StorageType\":\"cloud_essd1\",\"LockMode\":\"Unlock\",\"VpcAuthMode\":\"Close\","
            "\"RegionId\":\"$r\"}" },
    { "dds:DescribeSecurityIps", "dds:DescribeDBInstances", ACCOUNT_ONE, NULL,
            "{\"SecurityIps\":\"127.0.0.1\",\"SecurityIpGroups\":{\"SecurityIpGroup\":"
            "[{\"SecurityIpGroupName\":\"default\",\"SecurityIpGroupAttribute\":\"\","
            "\"SecurityIpList\":\"10.$a(*24|,0.0.0.0/0)\"}]}}" },
    { "dds:DescribeBackupPolicy", "dds:DescribeDBInstances", ACCOUNT_ONE, NULL,
            "{\"PreferredBackupPeriod\":\"(Monday,Wednesday,Friday*19|)\","
            "\"PreferredBackupTime\":\"17:00Z-18:00Z\",\"BackupRetentionPeriod\":\"7\","
            "\"EnableBackupLog\":1}" },
    { "dds:DescribeAuditPolicy", "dds:DescribeDBInstances", ACCOUNT_ONE, NULL,
            "{\"LogAuditStatus\":\"(Enable*19|Disabled)\"}" },
    { "dds:DescribeDBInstanceSSL", "dds:DescribeDBInstances", ACCOUNT_ONE, NULL,
            "{\"SSLStatus\":\"(Open*19|Closed)\",\"SSLExpiredTime\":\"2027-05-01T00:00:00Z\"}" },

    { "polardb:DescribeDBClusters", NULL, 100, "pc-bp1$n",
            "{\"DBClusterId\":\"pc-bp1$n\",\"DBClusterDescription\":\"ledger-$i\","
            "\"DBClusterStatus\":\"Running\",\"DBType\":\"MySQL\",\"DBVersion\":\"8.0\","
            "\"LockMode\":\"Unlock\",\"Expired\":\"false\",\"RegionId\":\"$r\"}" },
    { "polardb:DescribeDBClusterAccessWhitelist", "polardb:DescribeDBClusters", ACCOUNT_ONE, NULL,
            "{\"Items\":" IP_GROUPS("DBClusterIPArray", "SecurityIps") "}" },
    { "polardb:DescribeDBClusterEndpoints", "polardb:DescribeDBClusters", ACCOUNT_EACH(2), NULL,
            "{\"DBEndpointId\":\"pe-bp1$n\",\"EndpointType\":\"Cluster\",\"AddressItems\":"
            "[{\"NetType\":\"Private\",\"ConnectionString\":\"pc-bp1$p.polardb.rds.aliyuncs.com\","
            "\"Port\":\"3306\"}]}" },
    { "polardb:DescribeBackupPolicy", "polardb:DescribeDBClusters", ACCOUNT_ONE, NULL,
            "{\"PreferredBackupPeriod\":\"Monday,Wednesday,Friday\","
            "\"PreferredBackupTime\":\"17:00Z-18:00Z\",\"DataLevel1BackupRetentionPeriod\":\"7\","
            "\"DataLevel2BackupRetentionPeriod\":\"(30*19|0)\",\"BackupFrequency\":\"Normal\"}" },
    { "polardb:DescribeDBClusterAuditLogCollector", "polardb:DescribeDBClusters", ACCOUNT_ONE, NULL,
            "{\"CollectorStatus\":\"(Enable*19|Disabled)\"}" },

    { "gpdb:DescribeDBInstances", NULL, 40, "gp-bp1$n",
            "{\"DBInstanceId\":\"gp-bp1$n\",\"DBInstanceDescription\":\"warehouse-$i\","
            "\"DBInstanceStatus\":\"Running\",\"Engine\":\"gpdb\",\"EngineVersion\":\"7.0\","
            "\"DBInstanceNetType\":\"2\",\"RegionId\":\"$r\"}" },
    { "gpdb:DescribeDBInstanceIPArrayList", "gpdb:DescribeDBInstances", ACCOUNT_ONE, NULL,
            "{\"Items\":" IP_GROUPS("DBInstanceIPArray", "SecurityIPList") "}" },

    { "cas:ListUserCertificateOrder", NULL, 200, NULL,
            "{\"CertificateId\":$i,\"InstanceId\":\"\",\"Name\":\"cert-$i\","
            "\"CommonName\":\"www-$i.example.com\",\"Sans\":\"www-$i.example.com\","
            "\"StartDate\":\"2026-02-01\",(\"EndDate\":\"2027-08-01\"*9|\"EndDate\":\"2026-11-20\"),"
            "\"Expired\":false,\"Upload\":true}" },
    { USER, NULL, 600, "user-$n@acme.onaliyun.com",
            "{\"UserPrincipalName\":\"user-$n@acme.onaliyun.com\",\"DisplayName\":\"user $i\","
            "\"UserId\":\"2$i\",\"Status\":\"active\"}" },
    { "ims:GetLoginProfile", USER, ACCOUNT_ONE, NULL,
            "{\"LoginProfile\":{\"Status\":\"Active\",\"MFABindRequired\":true,"
            "\"LastLoginTime\":\"2026-10-01T01:02:03Z\",\"PasswordStatus\":\"Normal\"}}" },
    { "ims:GetUserMFAInfo", USER, ACCOUNT_ONE, NULL,
            "{\"IsMFAEnable\":(true*9|false),\"MFADevice\":{\"Type\":\"VMFA\"}}" },
    { "ims:GetSecurityPreference", NULL, ACCOUNT_ONE, NULL,
            "{\"SecurityPreference\":{\"LoginProfilePreference\":{\"MFAOperationForLogin\":"
            "\"mandatory\",\"EnableSaveMFATicket\":false}}}" },
    { "ims:GetCredentialReport", NULL, 600, NULL,
            "{\"user\":\"user-$n{" USER "}\",\"password_active\":\"true\",\"mfa_active\":\"true\","
            "\"access_key_1_exist\":\"true\",\"access_key_1_active\":\"true\"}" },
    { DOMAIN, NULL, 250, "cdn-$n.example.com",
            "{\"DomainName\":\"cdn-$n.example.com\",\"DomainStatus\":\"online\","
            "\"CdnType\":\"web\",\"Coverage\":\"domestic\",\"Cname\":\"cdn-$n.w.alikunlun.com\"}" },
    { "cdn:DescribeDomainRealtimeLogDelivery", DOMAIN, ACCOUNT_ONE, NULL,
            "{\"Status\":\"(online*9|offline)\",\"Project\":\"acme\",\"Logstore\":\"cdn\","
            "\"Region\":\"cn-hangzhou\"}" },

    { "cr:ListInstance", NULL, 2, "cri-$n",
            "{\"InstanceId\":\"cri-$n\",\"InstanceName\":\"images-$i\","
            "\"InstanceStatus\":\"RUNNING\",\"InstanceSpecification\":\"Enterprise_Advanced\","
            "\"RegionId\":\"$r\"}" },
    { "cr:ListScanRule", "cr:ListInstance", ACCOUNT_EACH(3), NULL,
            "{\"ScanRuleId\":\"crscr-$n\",\"RuleName\":\"all\",\"ScanType\":\"VUL\","
            "\"ScanScope\":\"NAMESPACE\",\"TriggerType\":\"AUTO\",\"Namespaces\":[\"shop\"]}" },
    { "cr:ListRepository", "cr:ListInstance", 280, "crr-$n",
            "{\"RepoId\":\"crr-$n\",\"RepoName\":\"image-$i\",\"RepoNamespaceName\":\"shop\","
            "\"RepoType\":\"(PRIVATE*9|PUBLIC)\",\"RepoStatus\":\"NORMAL\"}" },

    { "sas:DescribeCloudCenterInstances", INSTANCE, ACCOUNT_JOINT, NULL,
            "{\"InstanceId\":\"i-bp1$n\",\"InstanceName\":\"worker-$i\",\"Uuid\":\"u-$n\","
            "\"Vendor\":0,\"Status\":\"Running\",\"ClientStatus\":\"(online*9|offline)\","
            "\"ClientSubStatus\":\"\",\"LastLoginTimestamp\":1790000000000,"
            "\"InternetIp\":\"\",\"IntranetIp\":\"10.$a\",\"Region\":\"$r\"}" },
    { "sas:DescribeNoticeConfig", NULL, ACCOUNT_ONE, NULL,
            "{\"NoticeConfigList\":[{\"Project\":\"yundun_sas_ak_leakage\",\"Route\":3}]}" },
    { "cms:DescribeMonitoringAgentStatuses", INSTANCE, ACCOUNT_JOINT, NULL,
            "{\"InstanceId\":\"i-bp1$n\",\"Status\":\"(running*9|stopped)\","
            "\"AutoInstall\":true,\"AgentInstallErrorCode\":\"\"}" },
    { "cms:DescribeMonitoringAgentHosts", INSTANCE, ACCOUNT_JOINT, NULL,
            "{\"InstanceId\":\"i-bp1$n\",\"HostName\":\"worker-$i\",\"Region\":\"$r\","
            "\"AgentVersion\":\"3.5.12\",\"isAliyunHost\":true,\"SerialNumber\":\"$n\"}" },

    { "waf:DescribeInstance", NULL, ACCOUNT_ONE, "waf-$n",
            "{\"InstanceId\":\"waf-$n\",\"Status\":1,\"Edition\":\"default_version\"}" },
    { "waf:DescribeDomains", "waf:DescribeInstance", 12, "dom-$n",
            "{\"DomainId\":\"dom-$n\",\"Domain\":\"www-$i.example.com\",\"Status\":1,"
            "\"Cname\":\"$n.yundunwaf3.com\"}" },
    { "waf:DescribeDomainDetail", "waf:DescribeDomains", ACCOUNT_ONE, NULL,
            "{\"Redirect\":{\"BackendList\":[\"47.$a{" EIP "}\"],\"BackUpBackendList\":[]},"
            "\"Listen\":{\"HttpPorts\":[80],\"HttpsPorts\":[443]}}" },
    { "waf:DescribeWafSourceIpSegment", "waf:DescribeInstance", ACCOUNT_ONE, NULL,
            "{\"WafSourceIp\":{\"IPv4\":[\"39.96.130.0/24\",\"47.109.7.64/26\"],"
            "\"IPv6\":[\"2408:400a:31:b300::/56\"]}}" },
    { "ddoscoo:DescribeInstances", NULL, ACCOUNT_ONE, "ddoscoo-$n",
            "{\"InstanceId\":\"ddoscoo-$n\",\"Remark\":\"\",\"Status\":1,\"Enabled\":1,"
            "\"Ip\":\"203.107.1.2\",\"IpVersion\":\"Ipv4\",\"Edition\":9}" },
    { "ddoscoo:DescribeWebRules", "ddoscoo:DescribeInstances", 8, NULL,
            "{\"Domain\":\"pay-$i.example.com\",\"Cname\":\"$n.aliyunddos0001.com\","
            "\"ProxyEnabled\":true,\"Https2HttpEnable\":false,\"RealServers\":"
            "[{\"RealServer\":\"47.$a{" EIP "}\",\"RsType\":0}],\"ProxyTypes\":"
            "[{\"ProxyType\":\"https\",\"ProxyPorts\":[\"443\"]}]}" },
    { "ddoscoo:DescribeBackSourceCidr", "ddoscoo:DescribeInstances", ACCOUNT_EACH(2), NULL,
            "\"(47.97.2.0/24|47.98.3.0/24)\"" },
};

const size_t account_kind_count = MLN_LEN(account_kinds);
