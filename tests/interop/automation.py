"""Triage as people automate it with the official Python client: list what is open, handle what was asked for, look again.

    automation.py ENDPOINT CA_FILE list | handle RISK_ID DETAIL

Credentials come from the client's own default chain. Prints one JSON object.
"""
import json
import sys

from alibabacloud_credentials.client import Client as CredentialClient
from alibabacloud_openapi_util.client import Client as OpenApiUtilClient
from alibabacloud_tea_openapi import models as open_api_models
from alibabacloud_tea_openapi.client import Client as OpenApiClient
from darabonba.runtime import RuntimeOptions


def call(client, action, query):
    params = open_api_models.Params(action=action, version="2019-01-03", protocol="HTTPS", method="POST", auth_type="AK", style="RPC",
                                    pathname="/", req_body_type="json", body_type="json")
    request = open_api_models.OpenApiRequest(query=OpenApiUtilClient.query(query))
    return client.call_api(params, request, RuntimeOptions(connect_timeout=10000, read_timeout=30000))["body"]


def open_events(client):
    events, page = [], 1
    while True:
        body = call(client, "DescribeRiskRules", {"CurrentPage": page, "PageSize": 20, "HandleStatus": "UNPROCESSED"})
        events += body["Items"]
        if page * 20 >= body["TotalCount"]:
            return events
        page += 1


def main(endpoint, ca, verb, *args):
    client = OpenApiClient(open_api_models.Config(credential=CredentialClient(), endpoint=endpoint, ca=ca,
                                                  user_agent="Merlon-Interop/automation"))
    if verb == "handle":
        content = json.dumps({"HandleMethod": 0, "HandleDetail": args[1]})
        done = call(client, "PreHandleAuditRisk", {"RiskId": int(args[0]), "HandleInfoList.1.HandleType": "Manual",
                                                   "HandleInfoList.1.HandleContent": content})
        left = [event["RiskId"] for event in open_events(client)]
        print(json.dumps({"success": done["Success"], "request_id": done["RequestId"], "still_open": int(args[0]) in left}))
    else:
        print(json.dumps(open_events(client)))


main(*sys.argv[1:])
