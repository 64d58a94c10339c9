"""What only the Python client has: TLS with an authority of one's own, the default credential chain, the asynchronous call."""
import asyncio
import json
import os
import subprocess
import sys

import alibabacloud_tea_openapi.client as tea_client
import alibabacloud_tea_openapi.models as tea_models
import pytest
from clients import PythonGeneric
from darabonba.exceptions import UnretryableException
from darabonba.runtime import RuntimeOptions

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "automation.py")


def automation(merlon, authority, *args, profile="admin"):
    env = merlon.environment(ALIBABA_CLOUD_PROFILE=profile)
    done = subprocess.run([sys.executable, SCRIPT, f"localhost:{merlon.tls_port}", authority.certificate, *map(str, args)],
                          capture_output=True, encoding="utf-8", env=env, timeout=120, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def test_automation_lists_and_handles_with_the_profile_that_merlon_wrote(merlon, authority):
    rc, out, err = automation(merlon, authority, "list")
    assert rc == 0, err
    assert json.loads(out) == merlon.events("unprocessed")
    risk_id = json.loads(out)[0]["RiskId"]
    rc, out, err = automation(merlon, authority, "handle", risk_id, "Confirmed as false positive, closing this alert 已确认误报")
    assert rc == 0, err
    done = json.loads(out)
    assert done["success"] is True and done["still_open"] is False
    assert risk_id in [event["RiskId"] for event in merlon.events("processed")]


def test_automation_of_a_reader_ends_with_the_permission_error(merlon, authority):
    risk_id = merlon.events("unprocessed")[0]["RiskId"]
    rc, _, err = automation(merlon, authority, "handle", risk_id, "not allowed", profile="auditor")
    assert rc != 0 and "NoPermission" in err
    assert risk_id in [event["RiskId"] for event in merlon.events("unprocessed")]


def test_the_client_refuses_a_server_whose_authority_it_does_not_know(merlon):
    key, secret = merlon.key()
    stranger = PythonGeneric(merlon.tls_port, None)
    with pytest.raises(UnretryableException, match="CERTIFICATE_VERIFY_FAILED"):
        stranger.call(key, secret, "DescribeRiskRules", {"PageSize": 1})


def test_the_certificate_serves_the_address_too(merlon, authority):
    key, secret = merlon.key()
    by_address = PythonGeneric(merlon.tls_port, authority.certificate)
    by_address.endpoint = f"127.0.0.1:{merlon.tls_port}"
    assert by_address.call(key, secret, "DescribeRiskRules", {"PageSize": 1}).status == 200


def test_the_asynchronous_call_reads_the_same(merlon, authority):
    python = PythonGeneric(merlon.tls_port, authority.certificate)
    client: tea_client.Client = python.client(*merlon.key())
    request = tea_models.OpenApiRequest(query={"PageSize": "100"})
    reply = asyncio.run(client.call_api_async(python.params("DescribeRiskRules"), request, RuntimeOptions()))
    assert reply["statusCode"] == 200 and reply["body"]["Items"] == merlon.events("unprocessed")


def test_the_connection_is_kept_for_many_calls(merlon, authority):
    python, key = PythonGeneric(merlon.tls_port, authority.certificate), merlon.key()
    ids = {python.call(*key, "DescribeRiskRules", {"PageSize": 1}).body["RequestId"] for _ in range(50)}
    assert len(ids) == 50
