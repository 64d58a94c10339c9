"""Items of servers, disks, security groups, load balancers, gateways and protected origins."""
import fnmatch
import math
import re

from judge import (FAIL, NA, PASS, UNKNOWN, covers, filled, is_not_activated, item, lists, moment, net, regions, tokens, truth, unparsed, whole, word, world_open)
from judge_iam import Pieces
from recording import dig, listed

PORTS = """20/tcp/FTP data;21/tcp/FTP;22/tcp/SSH;23/tcp/Telnet;25/tcp/SMTP;69/udp/TFTP;110/tcp/POP3;111/both/rpcbind;123/udp/NTP;135/tcp/MS RPC;137/udp/NetBIOS;
138/udp/NetBIOS;139/tcp/NetBIOS;161/udp/SNMP;389/both/LDAP;445/tcp/SMB;512/tcp/rexec;513/tcp/rlogin;514/both/rsh, syslog;873/tcp/rsync;1433/tcp/SQL Server;
1434/udp/SQL Server browser;1521/tcp/Oracle;2049/both/NFS;2181/tcp/ZooKeeper;2375/tcp/Docker;2376/tcp/Docker TLS;2379/tcp/etcd;2380/tcp/etcd;3306/tcp/MySQL;3389/both/RDP;
4505/tcp/SaltStack;4506/tcp/SaltStack;4899/tcp/Radmin;5432/tcp/PostgreSQL;5601/tcp/Kibana;5900/tcp/VNC;5901/tcp/VNC;5984/tcp/CouchDB;5985/tcp/WinRM;5986/tcp/WinRM;
6379/tcp/Redis;6443/tcp/Kubernetes API;7001/tcp/WebLogic;8020/tcp/HDFS;8088/tcp/YARN;9092/tcp/Kafka;9200/tcp/Elasticsearch;9300/tcp/Elasticsearch;10250/tcp/kubelet;
10255/tcp/kubelet;11211/both/memcached;27017/tcp/MongoDB;27018/tcp/MongoDB;50070/tcp/HDFS web"""
RISKY = {}
for entry in PORTS.split(";"):
    number, kind, service = entry.strip().split("/", 2)
    for proto in ("tcp", "udp") if kind == "both" else (kind,):
        RISKY[proto, int(number)] = service
MANAGEMENT = (22, 23, 3389, 5900, 5901, 5985, 5986)


def ecs_regions(answers, found):
    return regions(answers, found, "ecs:DescribeRegions", "Regions.Region")


def port_range(text):
    """(low, high), or None for text that is none."""
    text = "" if text is None else str(text).strip()
    if text == "" or text.lower() == "any" or text in ("-1", "-1/-1"):
        return 0, 65535
    hit = re.fullmatch(r"(\d+)(?:[/-](\d+))?", text)
    return (int(hit[1]), int(hit[2] or hit[1])) if hit else None


# ---- servers ----


def servers(answers, found):
    return lists(answers, found, "ecs:DescribeInstances", "Instances.Instance", ecs_regions(answers, found))


@item(20)
def key_pair(answers, found, now):
    for region, row in servers(answers, found):
        system, status = word(row.get("OSType")), word(row.get("Status"))
        if system == "windows" or status in ("pending", "deleted"):
            verdict = NA
        else:
            verdict = PASS if filled(row.get("KeyPairName")) else FAIL
            if system != "linux":
                verdict = {UNKNOWN, NA}
        found.add(region, row["InstanceId"], verdict, "NO_KEY_PAIR")


NOT_ENCRYPTABLE = ("local_*", "ephemeral*", "elastic_ephemeral_disk_*")
SYSTEM_ENCRYPTABLE = ("cloud_efficiency", "cloud_ssd", "cloud_essd", "cloud_auto", "cloud_essd_entry", "cloud_regional_disk_auto")


@item(24)
def disk_encryption(answers, found, now):
    for region, row in lists(answers, found, "ecs:DescribeDisks", "Disks.Disk", ecs_regions(answers, found)):
        category, status = word(row.get("Category")) or "", word(row.get("Status"))
        if status in ("creating", "deleting") or any(fnmatch.fnmatch(category, p) for p in NOT_ENCRYPTABLE):
            verdict = NA
        elif word(row.get("Type")) == "system" and category not in SYSTEM_ENCRYPTABLE:
            verdict = NA
        else:
            on = truth(row.get("Encrypted"))
            verdict = PASS if on else FAIL if on is False or row.get("Encrypted") is None else {FAIL, UNKNOWN}
        found.add(region, row["DiskId"], verdict, "UNENCRYPTED")


@item(27)
def snapshots(answers, found, now):
    for region in ecs_regions(answers, found):
        instances, broken = answers.pages("ecs:DescribeInstances", "Instances.Instance", region)
        if broken:
            found.unread()
        disks, disks_broken = answers.pages("ecs:DescribeDisks", "Disks.Disk", region)
        policies, policies_broken = answers.pages("ecs:DescribeAutoSnapshotPolicyEx", "AutoSnapshotPolicies.AutoSnapshotPolicy", region)
        state = {p["AutoSnapshotPolicyId"]: word(p.get("Status")) for p in policies}
        for instance in instances:
            key = instance["InstanceId"]
            mine = [d for d in disks if d.get("InstanceId") == key or any(a.get("InstanceId") == key for a in listed(dig(d, "Attachments.Attachment")))]
            good = [d for d in mine if not (word(d.get("Category")) or "").startswith(("local_", "ephemeral", "elastic_ephemeral_disk"))]
            eligible = [d for d in good if word(d.get("Status")) == "in_use"]
            states = [(d, covered(answers, region, d, state, policies_broken)) for d in eligible]
            open_disks = {f"{d['DiskId']}({d['Type']})" for d, s in states if s == FAIL}
            if any(s == FAIL for _, s in states):
                found.add(region, key, FAIL, Pieces(open_disks, ", ") if not any(isinstance(s, set) for _, s in states) else None)
            elif any(isinstance(s, set) for _, s in states):
                found.add(region, key, {FAIL, PASS, UNKNOWN} if any(isinstance(s, set) and FAIL in s for _, s in states) else {PASS, UNKNOWN})
            elif disks_broken or any(s == UNKNOWN for _, s in states) or not mine:
                found.add(region, key, UNKNOWN)
            elif not eligible:
                in_use = any(word(d.get("Status")) == "in_use" for d in mine)
                found.add(region, key, NA if not good and in_use else {NA, UNKNOWN, PASS})
            else:
                found.add(region, key, PASS)


def covered(answers, region, disk, state, policies_broken):
    policy = disk.get("AutoSnapshotPolicyId")
    if not filled(policy):
        flag = truth(disk.get("EnableAutomatedSnapshotPolicy"))
        return PASS if flag else FAIL
    if state.get(policy) != "expire":
        return {PASS, UNKNOWN} if policies_broken and policy not in state else PASS
    others, broken = answers.pages("ecs:DescribeAutoSnapshotPolicyAssociations", "AutoSnapshotPolicyAssociations.AutoSnapshotPolicyAssociation", region, disk["DiskId"])
    names = {o["AutoSnapshotPolicyId"] for o in others} - {policy}
    if any(n in state and state[n] != "expire" for n in names):
        return PASS
    if broken:
        return UNKNOWN
    if any(n not in state for n in names):
        return {FAIL, UNKNOWN, PASS}      # whether it is usable is not known
    return FAIL


@item(36)
def monitor_agent(answers, found, now):
    rows = servers(answers, found)
    ids = sorted({r["InstanceId"] for _, r in rows}, key=str.encode)
    states = {}
    for first in range(0, len(ids), 10):
        batch = ids[first:first + 10]
        nodes, broken = answers.pages("cms:DescribeMonitoringAgentStatuses", "NodeStatusList.NodeStatus", key=batch[0])
        known = {n["InstanceId"]: n for n in nodes}
        for key in batch:
            states[key] = None if broken else known.get(key, {"Status": "not_installed"})
    for region, row in rows:
        node = states[row["InstanceId"]]
        if word(row.get("Status")) != "running":
            found.add(region, row["InstanceId"], NA if filled(row.get("Status")) else {NA, UNKNOWN})
            continue
        status = word(node.get("Status")) if node else None
        if status == "running":
            found.add(region, row["InstanceId"], PASS)
        elif status in ("stopped", "install_faild", "install_failed", "abnormal", "not_installed"):
            code = node.get("AgentInstallErrorCode")
            suffix = f" ({code})" if filled(code) else ""
            found.add(region, row["InstanceId"], FAIL, {str(node["Status"]) + suffix, status + suffix})
        else:
            found.add(region, row["InstanceId"], UNKNOWN)


@item(8)
def agent(answers, found, now):
    centre, incomplete, dead = {}, False, 0
    for site in ("cn-shanghai", "ap-southeast-1"):
        rows, broken = answers.pages("sas:DescribeCloudCenterInstances", "Instances", site)
        absent = bool(broken) and is_not_activated(broken)
        incomplete = incomplete or bool(broken) and not absent
        dead += absent
        if broken and not absent:
            found.unread()
        for row in rows:
            if whole(row.get("Vendor")) == 0:
                centre.setdefault(row["InstanceId"], []).append((site, row))
    rows = servers(answers, found)
    known = {r["InstanceId"]: (region, r) for region, r in rows}
    for key in set(centre) | set(known):
        region, server = known.get(key, (None, None))
        guards = [r for _, r in centre.get(key, [])]
        place = region if server else guards[0].get("RegionId")
        verdicts, values = set(), set()
        for guard in guards or [None]:
            verdict, value = agent_state(server, guard, incomplete, now, dead == 2)
            verdicts |= verdict
            values |= value
        found.add(place, key, verdicts, values or None)


def agent_state(server, guard, incomplete, now, dead):
    status = word((server or guard).get("Status"))
    if status != "running":
        return {NA} if status else {NA, UNKNOWN}, set()
    if guard is None:
        created = moment(server.get("CreationTime"))
        young = created is None or now - created < 24 * 3600
        return ({UNKNOWN}, set()) if young or incomplete else ({FAIL, NA} if dead else {FAIL}, {"NOT_FOUND"})
    client, sub = word(guard.get("ClientStatus")), word(guard.get("ClientSubStatus")) or word(guard.get("ClientStatus"))
    if client == "online" and sub not in ("pause", "uninstalled"):
        return {PASS}, set()
    return ({NA}, set()) if sub == "stopped" else ({FAIL}, {sub})


# ---- security groups ----


class Rule:
    """One ingress rule: its sources and ports, or None where a list could not be read."""

    def __init__(self, answers, region, row):
        self.accept = word(row.get("Policy")) != "drop"
        self.priority, self.protocol, self.id = whole(row.get("Priority")), word(row.get("IpProtocol")), row.get("SecurityGroupRuleId")
        self.shown, self.nic = int(self.priority), word(row.get("NicType"))
        self.sources = [s for s in (row.get("SourceCidrIp"), row.get("Ipv6SourceCidrIp")) if filled(s)]
        self.ports = [port_range(row.get("PortRange"))]
        if filled(row.get("SourcePrefixListId")):
            rows, broken = answers.pages("ecs:DescribePrefixListAttributes", "Entries.Entry", region, row["SourcePrefixListId"])
            self.sources = None if broken else self.sources + [r["Cidr"] for r in rows]
        if self.protocol == "all":
            self.ports = [(0, 65535)]
        elif filled(row.get("PortRangeListId")):
            rows, broken = answers.pages("ecs:DescribePortRangeListEntries", "Entries", region, row["PortRangeListId"])
            self.ports = None if broken else [port_range(r["PortRange"]) for r in rows]

    def hits(self, protocol, port):
        """True, False, or None when the ports were not read."""
        if self.protocol not in ("all", protocol):
            return False
        if self.ports is None:
            return None
        return any(a <= port <= b for a, b in self.ports)

    def hits_all(self, protocol):
        if self.protocol not in ("all", protocol):
            return False
        return None if self.ports is None else any(a <= 1 and b >= 65535 for a, b in self.ports)


def group_rules(answers, region, key):
    rows, broken = answers.pages("ecs:DescribeSecurityGroupAttribute", "Permissions.Permission", region, key)
    return [Rule(answers, region, r) for r in rows if word(r.get("Direction")) == "ingress"], broken


@item(37)
def security_group(answers, found, now):
    groups = lists(answers, found, "ecs:DescribeSecurityGroups", "SecurityGroups.SecurityGroup", ecs_regions(answers, found))
    # Prefix and port lists are found through rules: rules of one group that were refused leave the lists of the region open.
    refused = {region for region, row in groups if group_rules(answers, region, row["SecurityGroupId"])[1]}
    for region, row in groups:
        key = row["SecurityGroupId"]
        rules, broken = group_rules(answers, region, key)
        if broken and broken.code == "InvalidSecurityGroupId.NotFound":
            continue
        if truth(row.get("ServiceManaged")):
            found.add(region, key, NA)
            continue
        sure, might, values = judge_group(rules)
        if sure:
            found.add(region, key, FAIL, values)
        elif might or broken:
            found.add(region, key, UNKNOWN)
        else:
            lists_read = all(r.sources is not None and r.ports is not None for r in rules) and region not in refused
            found.add(region, key, PASS if lists_read else {PASS, UNKNOWN})


def judge_group(rules):
    """(surely open, open in the worst case, the value when it is simple)."""
    sure = any(point_open(rules, p, worst=False) for p in points())
    might = any(point_open(rules, p, worst=True) for p in points())
    live = [r for r in rules if r.accept and r.sources and world_open(r.sources) and r.protocol in ("tcp", "udp", "all")]
    simple = len(rules) == 1 and len(live) == 1 and len(live[0].sources) == 1 and live[0].sources[0] in ("0.0.0.0/0", "::/0") and live[0].ports
    return sure, might, {only_value(live[0])} if sure and simple else None


def points():
    yield from RISKY
    yield "tcp", None
    yield "udp", None


def point_open(rules, point, worst):
    protocol, port = point

    def covers_point(rule):
        hit = rule.hits_all(protocol) if port is None else rule.hits(protocol, port)
        return worst if hit is None and rule.accept else bool(hit)

    sources = []
    for rule in rules:
        if not rule.accept or not covers_point(rule):
            continue
        mine = ["0.0.0.0/0", "::/0"] if rule.sources is None and worst else rule.sources or []
        for family in (4, 6):
            part = [s for s in mine if (":" in s) == (family == 6)]
            # Drops keep the world out when they hold all of it, alone or together.
            drops = [s for d in rules if not d.accept and covers_point(d) and d.priority <= rule.priority for s in d.sources or []]
            blocked = world_open([s for s in drops if (":" in s) == (family == 6)])
            sources += [] if blocked else part
    return world_open(sources)


def only_value(rule):
    tail = f" from {rule.sources[0]} (prio {rule.shown}, {rule.id})"
    out = []
    for protocol in ("tcp", "udp"):
        if rule.hits_all(protocol):
            out.append(f"{protocol}/ALLPORTS" + tail)
    for protocol in ("tcp", "udp"):
        ports = [str(p) for q, p in sorted(RISKY) if q == protocol and rule.hits(protocol, p)]
        if ports and not rule.hits_all(protocol):
            out.append(f"{protocol}/{','.join(ports)}" + tail)
    return ", ".join(out)


# ---- load balancers ----


class Balancers:
    """The load balancers of a region with their listeners."""

    def __init__(self, answers, region):
        self.answers, self.region = answers, region
        rows, self.broken = answers.pages("slb:DescribeLoadBalancers", "LoadBalancers.LoadBalancer", region)
        self.listeners, self.listeners_broken = answers.pages("slb:DescribeLoadBalancerListeners", "Listeners", region)
        self.rows = [r for r in rows if not self.is_gone(r)]

    def is_gone(self, row):
        asked = word(row.get("LoadBalancerStatus")) not in ("inactive", "locked")
        return asked and self.health(row)[1] is not None and self.health(row)[1].code == "InvalidLoadBalancerId.NotFound"

    def health(self, row):
        return self.answers.pages("slb:DescribeHealthStatus", "BackendServers.BackendServer", self.region, row["LoadBalancerId"])

    def of(self, row, running=True):
        return [x for x in self.listeners if x.get("LoadBalancerId") == row["LoadBalancerId"] and (not running or word(x.get("Status")) == "running")]

    def acl_ids(self, listener):
        ids = [i for i in listed(listener.get("AclIds")) if filled(i)]
        return ids or [i for i in [listener.get("AclId")] if filled(i)]

    def acl(self, key):
        rows, broken = self.answers.pages("slb:DescribeAccessControlListAttribute", "AclEntrys.AclEntry", self.region, key)
        return [r["AclEntryIP"] for r in rows], broken

    def entries(self, listener):
        """(all entries that were read, whether something was not)."""
        every, missing = [], False
        for key in self.acl_ids(listener):
            rows, broken = self.acl(key)
            every += rows
            missing = missing or bool(broken)
        return every, missing


def balancers(answers, found):
    for region in regions(answers, found, "slb:DescribeRegions", "Regions.Region"):
        place = Balancers(answers, region)
        if place.broken:
            found.unread()
        for row in place.rows:
            yield place, region, row["LoadBalancerId"], row


@item(6)
def risky_port(answers, found, now):
    for place, region, key, row in balancers(answers, found):
        if word(row.get("LoadBalancerStatus")) != "active":
            found.add(region, key, NA)
            continue
        exposed = True
        if word(row.get("AddressType")) != "internet":
            eips, broken = answers.pages("vpc:DescribeEipAddresses", "EipAddresses.EipAddress", region) if vpc_read(answers) else ([], True)
            exposed = any(e.get("InstanceType") == "SlbInstance" and e.get("InstanceId") == key for e in eips) or (None if broken else False)
        if exposed is False:
            found.add(region, key, NA)
            continue
        states = [risky_listener(answers, place, x) for x in place.of(row)]
        if FAIL in [s for s, _ in states]:
            found.add(region, key, FAIL if exposed else UNKNOWN, Fronts(v for s, v in states if s == FAIL))
        elif UNKNOWN in [s for s, _ in states] or place.listeners_broken:
            found.add(region, key, UNKNOWN)
        else:
            found.add(region, key, PASS if exposed else {PASS, NA, UNKNOWN})


def vpc_read(answers):
    return answers.ask("ecs:DescribeRegions").ok


def risky_listener(answers, place, row):
    """(verdict, texts) of one listener."""
    protocol = word(row.get("ListenerProtocol"))
    proto, front = "udp" if protocol == "udp" else "tcp", whole(row.get("ListenerPort"))
    back, missing = [], False
    if protocol in ("tcp", "udp"):
        group = row.get("VServerGroupId")
        pair = dig(row, f"{protocol.upper()}ListenerConfig.MasterSlaveServerGroupId")
        if filled(group):
            rows, missing = answers.pages("slb:DescribeVServerGroupAttribute", "BackendServers.BackendServer", place.region, group)
            back = [whole(r.get("Port")) for r in rows]
        elif filled(pair):
            rows, missing = answers.pages("slb:DescribeMasterSlaveServerGroupAttribute", "MasterSlaveBackendServers.MasterSlaveBackendServer", place.region, pair)
            back = [whole(r.get("Port")) for r in rows]
        else:
            back = [whole(row.get("BackendServerPort"))]
    hit = sorted({p for p in [front, *back] if (proto, p) in RISKY})
    guarded = PASS
    if word(row.get("AclStatus")) == "on" and word(row.get("AclType")) == "white":
        entries, unread = place.entries(row)
        guarded = FAIL if world_open(entries) or not entries and not unread else UNKNOWN if unread or unparsed(entries) else PASS
    else:
        guarded = FAIL
    if guarded == PASS or not hit and not missing:
        return PASS, set()
    if not hit:
        return UNKNOWN, set()
    return (FAIL, (f"{proto}:{front}", {RISKY[proto, p] for p in hit})) if guarded == FAIL else (UNKNOWN, set())


class Fronts:
    """One text or several for each offending listener: its protocol and port, perhaps the port behind, and a service."""

    def __init__(self, pairs):
        self.pairs = dict(pairs)

    def __contains__(self, text):
        seen = set()
        for front, service in re.findall(r"(\w+:\d+)(?:->\d+)? (.*?)(?=, \w+:\d|$)", text):
            if service not in self.pairs.get(front, ()):
                return False
            seen.add(front)
        return seen == set(self.pairs)

    def __repr__(self):
        return repr(self.pairs)


@item(21)
def health(answers, found, now):
    for place, region, key, row in balancers(answers, found):
        status = word(row.get("LoadBalancerStatus"))
        if status == "locked":
            found.add(region, key, FAIL, "LOCKED")
        elif status == "inactive":
            found.add(region, key, NA)
        else:
            rows, broken = place.health(row)
            bad = [f"{r['Protocol']}:{r['ListenerPort']} {r['ServerId']} abnormal" for r in rows if word(r.get("ServerHealthStatus")) == "abnormal"]
            unclear = any(not filled(r.get("ServerHealthStatus")) for r in rows)
            if bad:
                found.add(region, key, FAIL, Pieces(bad, ", "))
            else:
                found.add(region, key, UNKNOWN if broken else {PASS, UNKNOWN} if unclear else PASS if rows else NA)


@item(25)
def white_list(answers, found, now):
    for place, region, key, row in balancers(answers, found):
        every, running = place.of(row, False), place.of(row)
        states = []
        for x in running:
            if word(x.get("AclStatus")) != "on" or word(x.get("AclType")) == "black":
                states.append(({PASS}, set()))
                continue
            entries, unread = place.entries(x)
            ids, shown = place.acl_ids(x), f"{x['ListenerProtocol']}:{x['ListenerPort']}"
            if unread:
                states.append(({UNKNOWN, FAIL} if world_open(entries) else {UNKNOWN}, None))
            elif not entries:
                states.append(({FAIL} if ids else {FAIL, UNKNOWN}, {f"{shown.lower()} {ids[0]} empty whitelist", f"{shown} {ids[0]} empty whitelist"} if ids else None))
            elif world_open(entries):
                states.append(({FAIL}, {f"{q} {i} {e}" for q in (shown, shown.lower()) for i in ids for e in entries} if any(world_open([e]) for e in entries) else None))
            else:
                states.append(({PASS, UNKNOWN} if unparsed(entries) else {PASS}, set()))
        verdicts = [s for s, _ in states]
        values = [v for s, v in states if FAIL in s]
        if {FAIL} in verdicts:
            found.add(region, key, FAIL, None if None in values or any(len(s) > 1 for s in verdicts) else Pieces(values, ", "))
        elif any(len(s) > 1 for s in verdicts):
            found.add(region, key, set().union(*verdicts))
        elif place.listeners_broken or {UNKNOWN} in verdicts:
            found.add(region, key, UNKNOWN)
        else:
            none = not every or word(row.get("LoadBalancerStatus")) == "locked" and not running
            found.add(region, key, NA if none else PASS)


@item(26)
def slb_certificate(answers, found, now):
    for region in regions(answers, found, "slb:DescribeRegions", "Regions.Region"):
        for call, kind in (("DescribeServerCertificates", "ServerCertificate"), ("DescribeCACertificates", "CACertificate")):
            rows, broken = answers.pages("slb:" + call, f"{kind}s.{kind}", region)
            if broken:
                found.unread()
            for row in rows:
                end = moment(row.get("ExpireTime"))
                stamp = whole(row.get("ExpireTimeStamp"))
                odd = end is None and stamp is not None and (stamp == 0 or not 10 <= len(str(stamp)) <= 13)
                if end is None and stamp is not None:
                    end = stamp / 1000 if len(str(stamp)) >= 13 else stamp
                if end is None:
                    found.add(region, row[kind + "Id"], UNKNOWN)
                elif odd:
                    found.add(region, row[kind + "Id"], {FAIL, PASS, UNKNOWN})
                else:
                    days = math.floor((end - now) / 86400)
                    text = row.get("ExpireTime") if filled(row.get("ExpireTime")) and moment(row.get("ExpireTime")) else None
                    value = Gist(f"{row['CommonName']} expired {text} ({-days} days ago)") if text else None
                    found.add(region, row[kind + "Id"], FAIL if end <= now else PASS, value)


class Gist:
    """A text, with bindings after it."""

    def __init__(self, text):
        self.text = text

    def __contains__(self, text):
        return text == self.text or text.startswith(self.text + " on ")

    def __repr__(self):
        return self.text


@item(42)
def access_log(answers, found, now):
    for place, region, key, row in balancers(answers, found):
        every, running = place.of(row, False), place.of(row)
        https = [x for x in running if word(x.get("ListenerProtocol")) == "https"]
        any_https = any(word(x.get("ListenerProtocol")) == "https" for x in every)
        http = [x for x in running if word(x.get("ListenerProtocol")) == "http"]
        redirects = [x for x in http if word(dig(x, "HTTPListenerConfig.ListenerForward")) == "on"]
        seven = https + [x for x in http if x not in redirects or not https]
        doubtful = not https and any_https and redirects    # the https listener is stopped
        logs, broken = answers.pages("slb:DescribeAccessLogsDownloadAttribute", "LogsDownloadAttributes.LogsDownloadAttribute", region)
        logged = any(x.get("LoadBalancerId") == key and filled(x.get("LogProject")) and filled(x.get("LogStore")) for x in logs)
        if not seven:
            found.add(region, key, UNKNOWN if place.listeners_broken else NA)
            continue
        if logged:
            verdict = PASS
        elif broken:
            verdict = UNKNOWN
        else:
            verdict = {FAIL, UNKNOWN} if place.listeners_broken and not seven else FAIL
        if doubtful:
            verdict = {NA} | ({verdict} if isinstance(verdict, str) else verdict)
        texts = [f"{word(x['ListenerProtocol'])}:{x['ListenerPort']}" for x in seven]
        found.add(region, key, verdict, Wrapped("access log not configured (listeners ", texts) if not doubtful and not place.listeners_broken else None)


class Wrapped:
    """prefix + the texts in any order + )."""

    def __init__(self, prefix, texts):
        self.prefix, self.texts = prefix, texts

    def __contains__(self, text):
        return text.startswith(self.prefix) and text.endswith(")") and sorted(text[len(self.prefix):-1].split(", ")) == sorted(self.texts)

    def __repr__(self):
        return self.prefix + repr(self.texts)


# ---- gateways ----


@item(38)
def dnat(answers, found, now):
    for region, row in lists(answers, found, "vpc:DescribeNatGateways", "NatGateways.NatGateway", ecs_regions(answers, found)):
        key = row["NatGatewayId"]
        if word(row.get("NetworkType")) == "intranet":
            found.add(region, key, NA)
            continue
        entries, broken = answers.pages("vpc:DescribeForwardTableEntries", "ForwardTableEntries.ForwardTableEntry", region, key)
        hits, odd = [], False
        for e in entries:
            if word(e.get("Status")) in ("deleting", "deleted"):
                continue
            ports = port_range(e.get("InternalPort"))
            if ports is None:
                odd = True
            elif ports == (0, 65535) or any(ports[0] <= p <= ports[1] for p in MANAGEMENT):
                hits.append(f"{e['ForwardEntryId']} {e['ExternalIp']}:{e['ExternalPort']} -> {e['InternalIp']}:{e.get('InternalPort') or ''}/{e['IpProtocol']}")
        values = Pieces(hits, ", ") if not any(h.endswith((":/tcp", ":/TCP", ":/udp", ":/Any")) for h in hits) else None
        found.add(region, key, FAIL if hits else UNKNOWN if odd or broken else PASS, values)


# ---- protected origins ----

TRUSTED = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"]


def spans(texts, family):
    out = sorted((n.low, n.high) for t in texts for n in net(t) or [] if n.family == family)
    merged = []
    for a, b in out:
        if merged and a <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], b))
        else:
            merged.append((a, b))
    return merged


def minus(a, b):
    """Intervals a without b (both merged and sorted)."""
    out = []
    for low, high in a:
        for x, y in b:
            if y < low or x > high:
                continue
            if x > low:
                out.append((low, x - 1))
            low = y + 1
            if low > high:
                break
        if low <= high:
            out.append((low, high))
    return out


def inside(text, trusted):
    ranges = net(text)
    return bool(ranges) and all(covers(spans(trusted, n.family), n.low, n.high) for n in ranges)


def allowed(rules, protocol, port):
    """Intervals by family that may reach the port."""
    out = {}
    for family in (4, 6):
        decided, open_to = [], []
        for rule in sorted(rules, key=lambda r: (r.priority, r.accept)):
            if not rule.hits(protocol, port) or rule.sources is None:
                continue
            mine = spans(rule.sources, family)
            new = minus(mine, decided)
            open_to = merge(open_to + new) if rule.accept else open_to
            decided = merge(decided + mine)
        out[family] = open_to
    return out


def merge(ranges):
    out = []
    for a, b in sorted(ranges):
        if out and a <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], b))
        else:
            out.append((a, b))
    return out


class World:
    """What an address belongs to."""

    def __init__(self, answers):
        class Quiet:
            broken = False

            def unread(self):
                self.broken = True

        quiet = Quiet()
        self.answers, self.assets = answers, {}
        ecs, slb = ecs_regions(answers, quiet), regions(answers, quiet, "slb:DescribeRegions", "Regions.Region")
        self.places = {r: Balancers(answers, r) for r in slb}
        self.balancers = {(r, b["LoadBalancerId"]): b for r, place in self.places.items() for b in place.rows}
        self.servers = {}
        for region, row in lists(answers, quiet, "ecs:DescribeInstances", "Instances.Instance", ecs):
            self.servers[region, row["InstanceId"]] = row
            for ip in listed(dig(row, "PublicIpAddress.IpAddress")) + [dig(row, "EipAddress.IpAddress")]:
                if filled(ip):
                    self.claim(ip, "ecs", region, row["InstanceId"])
        for (region, key), row in self.balancers.items():
            if filled(row.get("Address")):
                self.claim(row["Address"], "clb", region, key)
        for region, row in lists(answers, quiet, "vpc:DescribeEipAddresses", "EipAddresses.EipAddress", ecs):
            kind = {"SlbInstance": "clb", "EcsInstance": "ecs", "NetworkInterface": "eni"}.get(row.get("InstanceType"))
            if kind and filled(row.get("InstanceId")):
                self.claim(row["IpAddress"], kind, region, row["InstanceId"])
        self.broken = quiet.broken or any(p.broken for p in self.places.values())

    def claim(self, ip, kind, region, key):
        self.assets.setdefault(ip, set()).add((kind, region, key))


def judge_origin(world, origin, ports, protocol, back, back_known):
    """(region, verdicts): what is right about one origin."""
    if not origin:
        return "", {UNKNOWN}    # a domain whose answer names none
    if net(origin) is None:
        return "", {NA}
    if inside(origin, TRUSTED):
        return None, {PASS}
    assets = world.assets.get(origin, set())
    if not assets:
        return "", {UNKNOWN, NA} if world.broken else {NA}
    if len(assets) > 1 and {a[0] for a in assets} == {"ecs", "eni"}:
        return None, {PASS, FAIL, NA, UNKNOWN}
    kind, region, key = sorted(assets)[0]
    trusted = back + TRUSTED
    if kind == "eni":
        return region, {UNKNOWN}
    if kind == "clb":
        if (region, key) not in world.balancers:
            return region, {NA, UNKNOWN}
        return region, clb_origin(world.places[region], world.balancers[region, key], ports, protocol, trusted, back_known)
    if (region, key) not in world.servers:
        return region, {NA, UNKNOWN}
    return region, ecs_origin(world, region, world.servers[region, key], ports, protocol, trusted, back_known)


def clb_origin(place, row, ports, protocol, trusted, back_known):
    mine = [x for x in place.of(row) if whole(x.get("ListenerPort")) in ports and (word(x.get("ListenerProtocol")) == "udp") == (protocol == "udp")]
    if not mine:
        return {UNKNOWN} if place.listeners_broken else {NA}
    states = set()
    for x in mine:
        if word(x.get("AclStatus")) != "on" or word(x.get("AclType")) == "black":
            states.add(FAIL)
            continue
        entries, unread = place.entries(x)
        if not entries and not unread:
            states.add(FAIL)
        elif any(net(e) is not None and not inside(e, trusted) for e in entries):
            states.add(FAIL)
        elif unread or unparsed(entries):
            states.add(UNKNOWN)
        else:
            states.add(PASS)
    if not back_known:
        return {UNKNOWN, FAIL} if FAIL in states else {UNKNOWN}
    if FAIL in states:
        return {FAIL}
    return {UNKNOWN} if UNKNOWN in states or place.listeners_broken else {PASS}


def ecs_origin(world, region, row, ports, protocol, trusted, back_known):
    rules, unread = [], False
    if not listed(dig(row, "SecurityGroupIds.SecurityGroupId")):
        return {PASS, UNKNOWN}      # a server without a group is odd, and lets nobody in
    for key in listed(dig(row, "SecurityGroupIds.SecurityGroupId")):
        part, broken = group_rules(world.answers, region, key)
        if word(row.get("InstanceNetworkType")) == "classic":
            part = [r for r in part if r.nic == "internet"]     # the other rules are for its own network
        rules += part
        unread = unread or bool(broken)
    listed_groups, groups_broken = world.answers.pages("ecs:DescribeSecurityGroups", "SecurityGroups.SecurityGroup", region)
    names = {g["SecurityGroupId"] for g in listed_groups}
    unread = unread or any(k not in names for k in listed(dig(row, "SecurityGroupIds.SecurityGroupId")))
    loose = unread or any(r.sources is None or r.ports is None for r in rules)
    states = set()
    for port in ports:
        reach = allowed(rules, protocol, port)
        extra = any(minus(reach[f], spans(trusted, f)) for f in (4, 6))
        states.add(FAIL if extra else PASS)
    if not back_known:
        return {UNKNOWN, FAIL} if FAIL in states else {UNKNOWN}
    if loose:
        return {FAIL, UNKNOWN} if FAIL in states else {UNKNOWN, PASS} if not unread else {UNKNOWN}
    return {FAIL} if FAIL in states else {PASS}


def add_origin(found, world, rule_ids, origin, ports, protocol, back, back_known):
    region, verdicts = judge_origin(world, origin, ports, protocol, back, back_known)
    found.origins.append((rule_ids, origin, region, verdicts))


@item(4)
def ddos(answers, found, now):
    world, found.origins = World(answers), []
    for site in ("cn-hangzhou", "ap-southeast-1"):
        instances, broken = answers.pages("ddoscoo:DescribeInstances", "Instances", site)
        if broken:
            found.unread()
        if not instances:
            continue
        back, known = [], True
        for version in ("Ipv4", "Ipv6"):
            rows, broken = answers.pages("ddoscoo:DescribeBackSourceCidr", "Cidrs", site, site, version)
            back, known = back + rows, known and not broken
        known = known and bool(back)
        rules, broken = answers.pages("ddoscoo:DescribeWebRules", "WebRules", site, site)
        if broken:
            found.unread()
        for rule in rules:
            if truth(rule.get("ProxyEnabled")) is not True:
                continue
            down = truth(rule.get("Https2HttpEnable"))
            ports = set()
            for entry in listed(rule.get("ProxyTypes")):
                secure = entry["ProxyType"] in ("https", "websockets")
                ports |= {80} if secure and down else {whole(p) for p in listed(entry.get("ProxyPorts"))}
            for server in listed(rule.get("RealServers")):
                add_origin(found, world, [rule["Domain"]], server["RealServer"], ports, "tcp", back, known)
        for instance in instances:
            if whole(instance.get("Status")) != 1:
                found.maybe_unread()
                continue
            rows, broken = answers.pages("ddoscoo:DescribeNetworkRules", "NetworkRules", site, instance["InstanceId"])
            if broken:
                found.unread()
            for rule in rows:
                if truth(rule.get("IsAutoCreate")) is not False:
                    continue
                for origin in listed(rule.get("RealServers")):
                    add_origin(found, world, [rule["InstanceId"], str(rule["FrontendPort"])], origin, {whole(rule["BackendPort"])}, word(rule["Protocol"]), back, known)
    found.doubt = None if world.broken and not found.doubt else found.doubt


@item(7)
def waf(answers, found, now):
    world, found.origins = World(answers), []
    for site in ("cn-hangzhou", "ap-southeast-1"):
        new = answers.ask("waf:DescribeInstance", site)
        if not new.ok:
            found.unread()
            continue
        key = new.data.get("InstanceId")
        if filled(key):
            if whole(new.data.get("Status")) == 1:
                waf3(answers, found, world, site, key)
            continue
        old = answers.ask("waf2:DescribeInstanceInfo", site, site)
        if not old.ok:
            found.unread()
        elif filled(dig(old.data, "InstanceInfo.InstanceId")) and whole(dig(old.data, "InstanceInfo.Status")) == 1:
            waf2(answers, found, world, site, dig(old.data, "InstanceInfo.InstanceId"))
    found.doubt = None if world.broken and not found.doubt else found.doubt


def waf3(answers, found, world, site, key):
    source = answers.ask("waf:DescribeWafSourceIpSegment", site, key)
    back = listed(dig(source.data, "WafSourceIp.IPv4")) + listed(dig(source.data, "WafSourceIp.IPv6")) if source.ok else []
    domains, broken = answers.pages("waf:DescribeDomains", "Domains", site, key)
    if broken:
        found.unread()
    for row in domains:
        if whole(row.get("Status")) != 1:
            continue
        detail = answers.ask("waf:DescribeDomainDetail", site, row["DomainId"])
        if not detail.ok:
            found.unread()
            continue
        redirect, listen = detail.data.get("Redirect") or {}, detail.data.get("Listen") or {}
        origins = listed(redirect.get("BackendList")) + listed(redirect.get("BackUpBackendList")) or [b["Backend"] for b in listed(redirect.get("Backends"))]
        ports = {whole(p["BackendPort"]) for p in listed(redirect.get("BackendPorts"))} or {whole(p) for p in listed(listen.get("HttpPorts")) + listed(listen.get("HttpsPorts"))}
        for origin in dict.fromkeys(origins) or [""]:
            add_origin(found, world, [row["DomainId"]], origin, ports, "tcp", back, bool(back))


def waf2(answers, found, world, site, key):
    source = answers.ask("waf2:DescribeWafSourceIpSegment", site, key)
    back = tokens(source.data.get("Ips")) + tokens(source.data.get("IpV6s")) if source.ok else []
    names, broken = answers.pages("waf2:DescribeDomainNames", "DomainNames", site, key)
    if broken:
        found.unread()
    for name in names:
        detail = answers.ask("waf2:DescribeDomain", site, name)
        if not detail.ok:
            found.unread()
            continue
        data = detail.data.get("Domain") or {}
        if word(data.get("AccessType")) == "waf-cloud-native":
            continue
        ports = {whole(p) for p in listed(data.get("HttpPort")) + listed(data.get("HttpsPort"))}
        for origin in dict.fromkeys(listed(data.get("SourceIps"))) or [""]:
            add_origin(found, world, [name], origin, ports, "tcp", back, bool(back))
