// Automatic snapshot policies, and which disks have them.
package main

func ecsSnapshotPolicies(c *Call) Answer {
	total, at := chosen(c, "ecs_auto_snapshot_policy", "AutoSnapshotPolicyId")
	return numbered(c, total, 10, 100, "AutoSnapshotPolicies", "AutoSnapshotPolicy", func(n int) obj { return ecsSnapshotPolicy(c.Account, c.Region, at(n)) })
}

func ecsSnapshotPolicy(a *Account, region string, i int) obj {
	const kind = "ecs_auto_snapshot_policy"
	main, second := policyDisks(a, region, i)
	return obj{
		"AutoSnapshotPolicyId": a.ID(kind, region, i), "AutoSnapshotPolicyName": "daily-" + base36(uint64(i), 3), "RegionId": region,
		"Status":         pick(a, kind, region, i, "status", "Normal", "Normal", "Normal", "Expire"),
		"RepeatWeekdays": pick(a, kind, region, i, "days", `["1","2","3","4","5","6","7"]`, `["1","4"]`, `["7"]`),
		"TimePoints":     pick(a, kind, region, i, "hours", `["1"]`, `["2","14"]`), "RetentionDays": []int{7, 30, -1}[roll(a, kind, region, i, "keep", 3)],
		"DiskNums": main + second, "VolumeNums": 0, "EnableCrossRegionCopy": false, "CopiedSnapshotsRetentionDays": -1,
		"TargetCopyRegions": "", "CreationTime": instant(created(a, kind, region, i)), "Tags": obj{"Tag": []obj{}},
	}
}

// policyDisks counts the disks that have the policy as their first, and as their second.
func policyDisks(a *Account, region string, p int) (main, second int) {
	policies := a.Count("ecs_auto_snapshot_policy", region)
	rounds := roundsOf(a, region, p, policies)
	main = rounds/5*4 + smaller(rounds%5, 4)
	if policies > 1 {
		second = (roundsOf(a, region, (p+policies-1)%policies, policies) + 9) / 10
	}
	return main, second
}

// roundsOf: disks p, p+policies, p+2*policies ... are below the number of disks.
func roundsOf(a *Account, region string, p, policies int) int {
	disks := a.Count("ecs_disk", region)
	if p >= disks {
		return 0
	}
	return (disks - p + policies - 1) / policies
}

func smaller(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func ecsSnapshotAssociations(c *Call) Answer {
	policy, disk := c.Params["AutoSnapshotPolicyId"], c.Params["DiskId"]
	if (policy == "") == (disk == "") {
		return Answer{Code: "InvalidParameter", Message: "Exactly one of AutoSnapshotPolicyId and DiskId is expected."}
	}
	if disk != "" {
		return diskAssociations(c, disk)
	}
	return policyAssociations(c, policy)
}

func association(policy, disk string) obj {
	return obj{"AutoSnapshotPolicyId": policy, "DiskId": disk}
}

func diskAssociations(c *Call, id string) Answer {
	a := c.Account
	i, ok := findIn(a, "ecs_disk", c.Region, id)
	if !ok {
		return notFound("InvalidDiskId.NotFound", "The specified disk does not exist.")
	}
	rows := []obj{}
	for _, of := range []func(*Account, string, int) (int, bool){diskPolicy, diskSecondPolicy} {
		if p, ok := of(a, c.Region, i); ok {
			rows = append(rows, association(a.ID("ecs_auto_snapshot_policy", c.Region, p), id))
		}
	}
	first, last, next, bad := pageByToken(c, len(rows), "NextToken", "MaxResults", 20, 100)
	if bad != nil {
		return *bad
	}
	return withToken(obj{"AutoSnapshotPolicyAssociations": obj{"AutoSnapshotPolicyAssociation": rows[first:last]}}, next)
}

func policyAssociations(c *Call, id string) Answer {
	a := c.Account
	p, ok := findIn(a, "ecs_auto_snapshot_policy", c.Region, id)
	if !ok {
		return notFound("InvalidAutoSnapshotPolicyId.NotFound", "The specified automatic snapshot policy does not exist.")
	}
	main, second := policyDisks(a, c.Region, p)
	first, last, next, bad := pageByToken(c, main+second, "NextToken", "MaxResults", 20, 100)
	if bad != nil {
		return *bad
	}
	policies := a.Count("ecs_auto_snapshot_policy", c.Region)
	rows := []obj{}
	for n := first; n < last; n++ {
		disk := p + (n/4*5+n%4)*policies
		if n >= main {
			disk = (p+policies-1)%policies + (n-main)*10*policies
		}
		rows = append(rows, association(id, a.ID("ecs_disk", c.Region, disk)))
	}
	return withToken(obj{"AutoSnapshotPolicyAssociations": obj{"AutoSnapshotPolicyAssociation": rows}}, next)
}
