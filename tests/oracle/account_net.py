"""Servers, disks, security groups, load balancers, addresses, gateways, and what protects them from outside."""
from account import DAY, iso

BACK = ["47.100.0.0/26", "47.100.0.64/26", "2408:4000::/32"]    # where protection products come from
WORLD_LISTS = [["0.0.0.0/0"], ["::/0"], ["0.0.0.0/1", "128.0.0.0/1"], ["0.0.0.0/1"], ["10.0.0.0/8"], ["47.100.0.0/26"], ["47.100.0.0/24"], ["203.0.113.7"],
               ["2000::/3"], ["2000::/4", "3000::/4"], ["2001:DB8::/32"], ["0.0.0.0"], ["::"], ["10.1.2.3/0"], ["128.0.0.0/1"], ["8.0.0.0/7", "10.0.0.0/8"],
               ["192.168.0.0/16", "47.100.0.64/26"], []]
PORTS = ["22/22", "22/22", "80/80", "443/443", "3389/3389", "-1/-1", "1/65535", "0/65535", "20/25", "3380/3400", "8080/8080", "6379/6379", "22", "20-25", "53/53", "111/111"]


def put_servers(m, region, world):
    groups = []
    for n in range(m.few(3)):
        key = m.place(f"sg-{n}", region)
        if key not in groups:
            groups.append(key)
    servers = []
    for n in range(m.few(5)):
        number = len(world["servers"]) + 1
        row = {"InstanceId": f"i-{region}-{n}", "InstanceName": f"{m.pick('web', 'worker-k8s-for-cs-')}{n}", "RegionId": region,
               "Status": m.case(m.pick("Running", "Running", "Running", "Stopped", "Pending", "Starting")),
               "OSType": m.case(m.pick("linux", "linux", "linux", "windows")), "OSName": "x", "KeyPairName": m.pick("", "ops", "ops"),
               "InstanceNetworkType": m.pick("vpc", "vpc", "vpc", "classic"), "VpcAttributes": {"VpcId": "vpc-1", "PrivateIpAddress": {"IpAddress": [f"10.0.0.{number}"]}},
               "PublicIpAddress": {"IpAddress": [f"47.97.0.{number}"] if m.chance(0.5) else []}, "EipAddress": {"IpAddress": ""},
               "SecurityGroupIds": {"SecurityGroupId": [g for g in groups if m.chance(0.6)] or groups[:1]},
               "CreationTime": iso(m.now - m.pick(400, 30, 2, 0.3) * DAY, m.pick("%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ"))}
        if row["InstanceNetworkType"] == "classic":
            row["VpcAttributes"] = {"VpcId": "", "PrivateIpAddress": {"IpAddress": []}}
        if m.chance(0.25):
            kind, key, ip = "EcsInstance", row["InstanceId"], f"47.98.{m.regions.index(region)}.{n + 1}"
            if m.chance(0.2):
                kind, key = "NetworkInterface", "eni-1"
            if m.chance(0.5):
                row["EipAddress"]["IpAddress"] = ip
            world["eips"].append((region, ip, kind, key))
        m.odd(row, "KeyPairName", "OSType", "InstanceName", "Status")
        servers.append(row)
        world["servers"].append(row)
    m.put_list("ecs:DescribeInstances", "Instances.Instance", servers, region, paging="token")
    put_disks(m, region, servers)
    put_groups(m, region, groups)


def put_disks(m, region, servers):
    policies = [m.odd({"AutoSnapshotPolicyId": f"sp-{n}", "AutoSnapshotPolicyName": "p", "RegionId": region, "Status": m.case(m.pick("Normal", "Normal", "Expire")),
                       "RepeatWeekdays": '["1"]', "TimePoints": '["1"]', "RetentionDays": 7}, "AutoSnapshotPolicyName") for n in range(m.few(3))]
    m.put_list("ecs:DescribeAutoSnapshotPolicyEx", "AutoSnapshotPolicies.AutoSnapshotPolicy", policies, region, paging="TotalCount")
    disks = []
    for server in servers + [None]:
        for n in range(m.pick(0, 1, 1, 2, 3)):
            owner = server["InstanceId"] if server else ""
            policy = m.pick("", "sp-0", "sp-0", "sp-1", "sp-gone")
            row = {"DiskId": f"d-{owner or region}-{n}", "DiskName": "x", "RegionId": region, "Type": "data" if n else "system",
                   "Category": m.pick("cloud_essd", "cloud_essd", "cloud", "cloud_ssd", "local_ssd_pro", "ephemeral_ssd", "elastic_ephemeral_disk_standard", "cloud_auto"),
                   "Status": m.case(m.pick("In_use", "In_use", "In_use", "Attaching", "Creating", "Deleting") if server else "Available"), "Encrypted": m.flag(m.chance(0.5)),
                   "KMSKeyId": "", "InstanceId": owner, "Attachments": {"Attachment": [{"InstanceId": owner, "Device": "/dev/xvda"}] if owner else []},
                   "EnableAutomatedSnapshotPolicy": m.flag(bool(policy) if m.chance(0.8) else m.chance(0.5)), "AutoSnapshotPolicyId": policy}
            if owner and m.chance(0.1):     # shared by two
                row["InstanceId"] = ""
                row["Attachments"]["Attachment"].append({"InstanceId": m.pick(*servers)["InstanceId"], "Device": "/dev/xvdb"})
            disks.append(m.odd(row, "DiskName", "Encrypted", "EnableAutomatedSnapshotPolicy", "AutoSnapshotPolicyId"))
    m.put_list("ecs:DescribeDisks", "Disks.Disk", disks, region, paging="token")
    for disk in disks:
        rows = [{"AutoSnapshotPolicyId": p, "DiskId": disk["DiskId"]} for p in {disk.get("AutoSnapshotPolicyId") or "", m.pick("", "sp-0", "sp-1", "sp-2")} if p]
        m.put_list("ecs:DescribeAutoSnapshotPolicyAssociations", "AutoSnapshotPolicyAssociations.AutoSnapshotPolicyAssociation", rows, region, disk["DiskId"],
                   paging="token")


def rule(m, n, classic, tag):
    row = {"Direction": m.case("ingress"), "Policy": m.case(m.pick("Accept", "Accept", "Accept", "Drop")), "Priority": m.pick("1", "1", "2", "50", "100", 1),
           "IpProtocol": m.case(m.pick("TCP", "TCP", "TCP", "UDP", "ALL", "ICMP", "GRE")), "PortRange": m.pick(*PORTS), "PortRangeListId": "",
           "SourceCidrIp": "", "Ipv6SourceCidrIp": "", "SourcePrefixListId": "", "SourceGroupId": "", "NicType": "internet" if classic else "intranet",
           "SecurityGroupRuleId": f"sgr-{n}"}
    if row["IpProtocol"].upper() in ("ALL", "ICMP", "GRE"):
        row["PortRange"] = "-1/-1"
    elif m.chance(0.15):
        row["PortRange"], row["PortRangeListId"] = "", m.pick(f"prl-0{tag}", f"prl-1{tag}")
    source = m.dice.randrange(10)
    if source < 6:
        row["SourceCidrIp"] = m.pick("0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "47.100.0.0/26", "47.100.0.0/24", "203.0.113.7", "8.8.8.8",
                                     "0.0.0.0", "10.1.2.3/0")
    elif source < 7:
        row["Ipv6SourceCidrIp"] = m.pick("::/0", "2000::/3", "2001:db8::/32", "2408:4000::/33", "2000::/4", "3000::/4")
    elif source < 9:
        row["SourcePrefixListId"] = m.pick(f"pl-0{tag}", f"pl-1{tag}")
    else:
        row["SourceGroupId"] = "sg-x"
    if row["Policy"].lower() == "drop" and m.chance(0.7):
        row.update(SourceCidrIp="" if row["Ipv6SourceCidrIp"] else "0.0.0.0/0", SourcePrefixListId="", SourceGroupId="")
        if row["Ipv6SourceCidrIp"]:
            row["Ipv6SourceCidrIp"] = "::/0"
    for key in ("SourceCidrIp", "Ipv6SourceCidrIp", "SourcePrefixListId", "SourceGroupId", "PortRangeListId"):
        if row[key] == "" and m.chance(0.3):
            del row[key]
    return row


def put_groups(m, region, groups):
    tag = m.place("", region)
    rows = []
    for key in groups:
        classic = m.chance(0.2)
        rows.append(m.odd({"SecurityGroupId": key, "SecurityGroupName": key, "SecurityGroupType": "normal", "ServiceManaged": m.flag(m.chance(0.1)),
                           "VpcId": "" if classic else "vpc-1", "EcsCount": 1}, "SecurityGroupName", "ServiceManaged"))
        if m.chance(0.03):
            m.put_error("ecs:DescribeSecurityGroupAttribute", 404, "InvalidSecurityGroupId.NotFound", region, key)
            continue
        m.put_list("ecs:DescribeSecurityGroupAttribute", "Permissions.Permission", [rule(m, f"{region}-{key}-{n}", classic, tag) for n in range(m.few(5))], region, key,
                   paging="token", more={"SecurityGroupId": key})
    m.put_list("ecs:DescribeSecurityGroups", "SecurityGroups.SecurityGroup", rows, region, paging="token")
    for n in range(2):
        m.put_list("ecs:DescribePrefixListAttributes", "Entries.Entry", [{"Cidr": c, "Description": ""} for c in m.pick(*WORLD_LISTS)], region, f"pl-{n}{tag}")
        m.put_list("ecs:DescribePortRangeListEntries", "Entries", [{"PortRange": p} for p in m.some(PORTS)], region, f"prl-{n}{tag}")


def put_agents(m, world):
    ids = sorted(s["InstanceId"] for s in world["servers"])
    m.put_list("cms:DescribeMonitoringAgentHosts", "Hosts.Host", [
        {"InstanceId": i, "HostName": "h", "Region": "x", "isAliyunHost": True, "AgentVersion": "3", "SerialNumber": i} for i in ids if m.chance(0.9)],
        paging="Total", more={"Success": True, "Code": "200"})
    for first in range(0, len(ids), 10):
        batch = ids[first:first + 10]
        rows = [m.odd({"InstanceId": i, "Status": m.case(m.pick("running", "running", "running", "stopped", "installing", "install_faild", "install_failed",
                                                                 "abnormal", "not_installed", "resting")),
                       "AutoInstall": True, "AgentInstallErrorCode": m.pick("", "", "Common.Timeout")}, "Status", "AgentInstallErrorCode") for i in batch if m.chance(0.85)]
        if m.chance(0.08):
            m.put("cms:DescribeMonitoringAgentStatuses", m.pick({"Success": False, "Code": "500", "NodeStatusList": {"NodeStatus": []}},
                                                                {"Success": "false", "Code": "200"}), key=batch[0])
        else:
            m.put_list("cms:DescribeMonitoringAgentStatuses", "NodeStatusList.NodeStatus", rows, key=batch[0], more={"Success": m.pick(True, "true"), "Code": "200"})
    for site in ("cn-shanghai", "ap-southeast-1"):
        rows = []
        known = [(s["InstanceId"], s["RegionId"], 0) for s in world["servers"] if m.chance(0.5)] if site == "cn-shanghai" or m.chance(0.3) else []
        extra = [(f"i-extra-{site}-{n}", m.regions[0], m.pick(0, 0, 3, 8)) for n in range(m.few(2))]
        for key, region, vendor in known + extra:
            online = m.chance(0.6)
            sub = m.pick("", None) if m.chance(0.2) else "online" if online else m.pick("offline", "pause", "uninstalled", "stopped")
            row = {"InstanceId": key, "InstanceName": key, "RegionId": region, "Uuid": f"u-{key}", "Vendor": m.number(vendor),
                   "Status": m.case(m.pick("Running", "Running", "notRunning")), "ClientStatus": m.case("online" if online else m.pick("offline", "pause")),
                   "ClientSubStatus": m.case(sub) if sub else sub, "LastLoginTimestamp": 1790000000000}
            if sub is None:
                del row["ClientSubStatus"]
            rows.append(row)
        if m.chance(0.1):
            m.put_error("sas:DescribeCloudCenterInstances", 400, "NotActivated", site)
        else:
            m.put_list("sas:DescribeCloudCenterInstances", "Instances", rows, site, more={"Success": True, "PageInfo": {"PageSize": 100, "NextToken": ""}})


# ---- load balancers ----


def listener(m, balancer, port, protocol, tag):
    row = {"LoadBalancerId": balancer, "ListenerPort": m.number(port), "ListenerProtocol": m.case(protocol), "Status": m.case(m.pick("running", "running", "running", "stopped")),
           "BackendServerPort": m.number(m.pick(port, port, 22, 9200, 0, -520)), "VServerGroupId": m.pick("", "", f"rsp-0{tag}", f"rsp-1{tag}"),
           "AclStatus": m.case(m.pick("on", "on", "off")), "AclType": m.case(m.pick("white", "white", "white", "black"))}
    acls = list(dict.fromkeys(m.some([f"acl-0{tag}", f"acl-1{tag}", f"acl-2{tag}", f"acl-3{tag}"], 2)))
    if row["AclStatus"].lower() == "on":
        row["AclIds"], row["AclId"] = acls, acls[0] if acls else ""
        how = m.dice.randrange(6)
        if how == 0:
            del row["AclIds"]
            row["AclId"] = m.pick(f"acl-0{tag}", f"acl-1{tag}")
        elif how == 1:
            row["AclIds"], row["AclId"] = [], m.pick(f"acl-0{tag}", f"acl-1{tag}")
        elif not acls:
            row["AclIds"], row["AclId"] = [f"acl-2{tag}"], f"acl-2{tag}"
    else:
        m.odd(row, "AclType", "AclStatus")
    config = {"HealthCheck": m.pick("on", "off")}
    if protocol in ("tcp", "udp") and m.chance(0.2):
        config["MasterSlaveServerGroupId"] = f"msg-0{tag}"
        row["VServerGroupId"] = ""
    if protocol == "http":
        config["ListenerForward"] = m.case(m.pick("on", "off", "off"))
    if protocol == "https":
        config["ServerCertificateId"] = m.pick("cert-0", "cert-1")
    row[f"{protocol.upper()}ListenerConfig"] = config
    if row["VServerGroupId"] == "" and m.chance(0.3):
        del row["VServerGroupId"]
    return m.odd(row, "BackendServerPort")


def put_balancers(m, region, world):
    tag = m.place("", region)
    balancers, listeners = [], []
    for n in range(m.few(5)):
        key = f"lb-{region}-{n}"
        row = {"LoadBalancerId": key, "LoadBalancerName": key, "RegionId": region, "Address": f"47.96.{len(world['balancers'])}.1", "AddressIPVersion": "ipv4",
               "AddressType": m.case(m.pick("internet", "internet", "intranet")), "NetworkType": "vpc",
               "LoadBalancerStatus": m.case(m.pick("active", "active", "active", "active", "inactive", "locked"))}
        if row["AddressType"].lower() == "intranet":
            row["Address"] = f"10.9.{len(world['balancers'])}.1"
        balancers.append(m.odd(row, "LoadBalancerName"))
        world["balancers"].append(row)
        seen = set()
        for _ in range(m.few(4)):
            protocol = m.pick("tcp", "tcp", "udp", "http", "https")
            port = m.pick(22, 80, 443, 3306, 10022, 8080, 53, 111, 3389)
            if (protocol == "udp", port) not in seen:
                seen.add((protocol == "udp", port))
                listeners.append(listener(m, key, port, protocol, tag))
        health = [m.odd({"ServerId": f"i-{b}", "ServerIp": f"10.0.0.{b}", "ListenerPort": m.number(p), "Port": 80, "Protocol": "udp" if u else "tcp",
                         "ServerHealthStatus": m.case(m.pick("normal", "normal", "normal", "abnormal", "unavailable"))}, "ServerIp")
                  for u, p in seen for b in range(m.few(2))]
        if m.chance(0.03):
            m.put_error("slb:DescribeHealthStatus", 400, "InvalidLoadBalancerId.NotFound", region, key)
        else:
            m.put_list("slb:DescribeHealthStatus", "BackendServers.BackendServer", health, region, key)
    m.put_list("slb:DescribeLoadBalancers", "LoadBalancers.LoadBalancer", balancers, region, paging="TotalCount")
    if not listeners and m.chance(0.5):
        m.put("slb:DescribeLoadBalancerListeners", {"RequestId": "R", "MaxResults": 100, "TotalCount": 0}, region)
    else:
        m.put_list("slb:DescribeLoadBalancerListeners", "Listeners", listeners, region, paging="token")
    for n in range(4):
        entries = [] if m.chance(0.15) else m.pick(*WORLD_LISTS)
        if m.chance(0.02):
            entries = ["office"]
        m.put_list("slb:DescribeAccessControlListAttribute", "AclEntrys.AclEntry", [{"AclEntryIP": e, "AclEntryComment": ""} for e in entries], region, f"acl-{n}{tag}",
                   paging="TotalAclEntry")
    for n in range(2):
        m.put_list("slb:DescribeVServerGroupAttribute", "BackendServers.BackendServer", [
            {"ServerId": f"i-{b}", "ServerIp": "10.0.0.1", "Port": m.number(m.pick(22, 80, 8080, 6379)), "Type": "ecs"} for b in range(m.few(2))], region, f"rsp-{n}{tag}")
    m.put_list("slb:DescribeMasterSlaveServerGroupAttribute", "MasterSlaveBackendServers.MasterSlaveBackendServer", [
        {"ServerId": f"i-{b}", "Port": m.pick(22, 3306, 80), "ServerType": "Master"} for b in range(m.few(2))], region, f"msg-0{tag}")
    logs = [{"LoadBalancerId": b["LoadBalancerId"], "LogProject": m.pick("p", "p", ""), "LogStore": m.pick("s", "s", ""), "LogType": "layer7", "Region": region}
            for b in balancers if m.chance(0.5)]
    m.put_list("slb:DescribeAccessLogsDownloadAttribute", "LogsDownloadAttributes.LogsDownloadAttribute", [m.odd(x, "LogProject", "LogStore") for x in logs], region,
               paging="TotalCount")
    for row in listeners:
        m.put_list("slb:DescribeDomainExtensions", "DomainExtensions.DomainExtension", [], region, f"{row['LoadBalancerId']}:{row['ListenerPort']}")
    put_certificates(m, region)


def put_certificates(m, region):
    for call, kind in (("DescribeServerCertificates", "ServerCertificate"), ("DescribeCACertificates", "CACertificate")):
        rows = []
        for n in range(m.few(3)):
            end = m.now + m.pick(-400, -1.5, -0.2, 0.2, 1.5, 200) * DAY
            row = {kind + "Id": f"cert-{n}" if kind[0] == "S" else f"ca-{n}", kind + "Name": "c", "RegionId": region, "CommonName": f"{n}.example.com",
                   "ExpireTime": iso(end, m.pick("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ")), "ExpireTimeStamp": m.number(int(end) * 1000)}
            if m.chance(0.15):
                row["ExpireTime"] = m.pick("", "soon", None)
                row["ExpireTimeStamp"] = m.pick(int(end) * 1000, int(end), 0, None)
            rows.append(m.odd(row, kind + "Name"))
        m.put_list("slb:" + call, f"{kind}s.{kind}", rows, region)


# ---- addresses and gateways ----


def put_addresses(m, region, world):
    for n, row in enumerate(b for b in world["balancers"] if b["RegionId"] == region):
        if m.chance(0.25):
            world["eips"].append((region, f"47.98.{m.regions.index(region)}.{100 + n}", "SlbInstance", row["LoadBalancerId"]))
    rows = [{"IpAddress": ip, "AllocationId": f"eip-{region}-{ip}", "Name": "", "InstanceId": key, "InstanceType": kind, "Status": "InUse", "RegionId": region}
            for place, ip, kind, key in world["eips"] if place == region]
    world["addresses"] += [row["IpAddress"] for row in rows]
    if m.chance(0.3):
        ip = f"47.98.{m.regions.index(region)}.200"
        world["addresses"].append(ip)
        rows.append({"IpAddress": ip, "AllocationId": f"eip-{region}-x", "Name": "", "InstanceId": m.pick("", "ngw-1"), "InstanceType": m.pick("Nat", ""),
                     "Status": m.pick("Available", "InUse"), "RegionId": region})
    m.put_list("vpc:DescribeEipAddresses", "EipAddresses.EipAddress", rows, region, paging="TotalCount")
    gateways = []
    for n in range(m.few(3)):
        key = m.place(f"ngw-{n}", region)
        gateways.append(m.odd({"NatGatewayId": key, "Name": "n", "RegionId": region, "NetworkType": m.case(m.pick("internet", "internet", "internet", "intranet")),
                               "Status": "Available", "VpcId": "vpc-1"}, "Name"))
        entries = []
        for e in range(m.few(3)):
            ports = m.pick("22", "80", "Any", "any", "", "-1", "20/30", "80/90", "3389", "2222", "5900", "20-25", 22)
            entries.append(m.odd({"ForwardEntryId": f"fwd-{e}", "ExternalIp": "47.99.0.1", "ExternalPort": m.pick("2222", "22", "Any"), "InternalIp": "10.0.0.1",
                                  "InternalPort": ports, "IpProtocol": m.pick("tcp", "TCP", "udp", "Any"),
                                  "Status": m.case(m.pick("Available", "Available", "Pending", "Deleting"))}, "InternalPort"))
        m.put_list("vpc:DescribeForwardTableEntries", "ForwardTableEntries.ForwardTableEntry", entries, region, key, paging="TotalCount")
    m.put_list("vpc:DescribeNatGateways", "NatGateways.NatGateway", gateways, region, paging="TotalCount")


# ---- protection ----


def origins(m, world):
    public = [s["PublicIpAddress"]["IpAddress"][0] for s in world["servers"] if s["PublicIpAddress"]["IpAddress"]]
    choices = public + [b["Address"] for b in world["balancers"]] + world["addresses"] + ["10.1.2.3", "origin.example.com", "8.8.4.4", "x.aliyunddos1001.com", "fd00::1"]
    return list(dict.fromkeys(m.some(choices, 3)))


def put_ddos(m, site, world):
    rows = [{"InstanceId": f"ddoscoo-{site}-{n}", "Remark": "", "Status": m.number(m.pick(1, 1, 2)), "Enabled": 1, "Ip": "1.1.1.1", "IpVersion": "Ipv4", "Edition": 9}
            for n in range(m.pick(0, 1, 1, 2))]
    m.put_list("ddoscoo:DescribeInstances", "Instances", rows, site, paging="TotalCount")
    web = []
    for n in range(m.few(3)):
        types = [{"ProxyType": t, "ProxyPorts": [str(p) for p in ports]} for t, ports in m.pick(
            [("http", [80])], [("http", [80]), ("https", [443])], [("https", [443, 8443])], [("websockets", [443])], [("http", [8080])])]
        row = {"Domain": f"w{n}.{site}.example.com", "Cname": "c", "ProxyEnabled": m.flag(m.chance(0.8)), "Https2HttpEnable": m.flag(m.chance(0.3)), "ProxyTypes": types,
               "RealServers": [{"RealServer": o, "RsType": 1 if o[-1].isalpha() else 0} for o in origins(m, world)]}
        web.append(m.odd(row, "Https2HttpEnable"))
    m.put_list("ddoscoo:DescribeWebRules", "WebRules", web, site, site, paging="TotalCount")
    for row in rows:
        rules = [{"InstanceId": row["InstanceId"], "Protocol": m.case(m.pick("tcp", "tcp", "udp")), "FrontendPort": 1000 + n, "BackendPort": m.pick(22, 80, 53, 8080),
                  "RealServers": origins(m, world), "IsAutoCreate": m.flag(m.chance(0.2))} for n in range(m.few(2))]
        m.put_list("ddoscoo:DescribeNetworkRules", "NetworkRules", rules, site, row["InstanceId"], paging="TotalCount")
    m.put_list("ddoscoo:DescribeBackSourceCidr", "Cidrs", m.pick(BACK[:2], BACK[:1], BACK[:2], []), site, site, "Ipv4")
    m.put_list("ddoscoo:DescribeBackSourceCidr", "Cidrs", m.pick(BACK[2:], []), site, site, "Ipv6")


def put_waf(m, site, world):
    has3 = m.chance(0.6)
    key = f"waf_v3-{site}" if has3 else m.pick("", None)
    m.put("waf:DescribeInstance", {"RequestId": "R", "InstanceId": key, "Status": m.pick(1, 1, 1, 2), "Edition": "x"} if key else
          m.pick({"RequestId": "R", "InstanceId": ""}, {"RequestId": "R", "InstanceId": None}, {"RequestId": "R"}), site)
    if key:
        rows, n = [], 0
        for n in range(m.few(3)):
            row = {"DomainId": f"dom-{site}-{n}", "Domain": f"a{n}.{site}.example.com", "Status": m.number(m.pick(1, 1, 1, 5)), "Cname": "c"}
            rows.append(row)
            back = [{"Backend": o} for o in origins(m, world)]
            redirect = m.pick({"BackendList": [b["Backend"] for b in back], "BackUpBackendList": []},
                              {"BackendList": [b["Backend"] for b in back[:1]], "BackUpBackendList": [b["Backend"] for b in back[1:]]},
                              {"Backends": back}, {"BackendList": [], "Backends": back})
            if m.chance(0.3):
                redirect["BackendPorts"] = [{"BackendPort": 8080, "ListenPort": 80, "Protocol": "http"}]
            m.put("waf:DescribeDomainDetail", {"RequestId": "R", "Domain": row["Domain"], "Listen": {"HttpPorts": [80], "HttpsPorts": m.pick([], [443])}, "Redirect": redirect},
                  site, row["DomainId"])
        m.put_list("waf:DescribeDomains", "Domains", rows, site, key, paging="TotalCount")
        m.put("waf:DescribeWafSourceIpSegment", {"RequestId": "R", "WafSourceIp": {"IPv4": m.pick(BACK[:2], BACK[:2], []), "IPv6": m.pick(BACK[2:], [])}}, site, key)
    key2 = f"waf-{site}"
    has2 = m.chance(0.6)
    m.put("waf2:DescribeInstanceInfo", {"RequestId": "R", "InstanceInfo": {"InstanceId": key2, "Status": m.pick(1, 1, 0), "Version": "v", "PayType": 1} if has2 else {"PayType": 0}},
          site, site)
    names = [f"b{n}.{site}.example.com" for n in range(m.few(2))]
    m.put_list("waf2:DescribeDomainNames", "DomainNames", names, site, key2)
    for name in names:
        m.put("waf2:DescribeDomain", {"RequestId": "R", "Domain": {
            "SourceIps": origins(m, world), "HttpPort": m.pick([80], ["80"]), "HttpsPort": m.pick([], [443]), "AccessType": m.pick("waf-cname", "waf-cname", "waf-cloud-native"),
            "Cname": "c"}}, site, name)
    m.put("waf2:DescribeWafSourceIpSegment", {"RequestId": "R", "Ips": m.pick(",".join(BACK[:2]), ""), "IpV6s": m.pick(BACK[2], "")}, site, key2)


def fill(m):
    world = {"servers": [], "balancers": [], "addresses": [], "eips": []}
    m.put_list("slb:DescribeRegions", "Regions.Region", [{"RegionId": r, "LocalName": r} for r in m.regions])
    for region in m.regions:
        put_balancers(m, region, world)
        put_servers(m, region, world)
        put_addresses(m, region, world)
    put_agents(m, world)
    for site in ("cn-hangzhou", "ap-southeast-1"):
        put_ddos(m, site, world)
        put_waf(m, site, world)
