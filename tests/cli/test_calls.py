"""docs/calls.md lists the calls of the catalogue, and nothing else."""
import os
import subprocess
import sys

from conftest import BINARY

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def test_the_table_of_calls_is_that_of_the_catalogue():
    done = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "calls"), BINARY], capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0, done.stderr
    with open(os.path.join(ROOT, "docs", "calls.md"), encoding="utf-8") as f:
        assert f.read() == done.stdout, "run: tools/calls > docs/calls.md"


def test_each_call_has_a_row_with_its_permission_and_rate():
    with open(os.path.join(ROOT, "docs", "calls.md"), encoding="utf-8") as f:
        rows = {line.split(" | ")[0][2:]: line for line in f if line.startswith("| ") and ":" in line}
    assert "| 10/s | 9/s |" in rows["cas:ListUserCertificateOrder"]
    assert "| 30/min | 0.45/s |" in rows["dds:DescribeAuditPolicy"]
    assert "| GET |" in rows["cr:ListScanRule"] and "| none needed |" in rows["sts:GetCallerIdentity"]
