"""One page of risk events through the official Python SDK's generic call, printed: what a script without Merlon is.

    sdk_list.py HOST:PORT        (the key comes from the environment)
"""
import os
import sys

from alibabacloud_tea_openapi import models as openapi_models
from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_util import models as util_models

client = Client(openapi_models.Config(
    access_key_id=os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"], access_key_secret=os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
    endpoint=sys.argv[1], protocol="http"))
params = openapi_models.Params(action="DescribeRiskRules", version="2019-01-03", protocol="HTTP", method="POST", auth_type="AK",
                               style="RPC", pathname="/", req_body_type="json", body_type="json")
request = openapi_models.OpenApiRequest(query={"CurrentPage": "1", "PageSize": "100", "HandleStatus": "UNPROCESSED"})
body = client.call_api(params, request, util_models.RuntimeOptions())["body"]
print(f"Found {body['TotalCount']} unprocessed security risk events")
for item in body["Items"]:
    print(f"Risk ID: {item['RiskId']}\nRule Name: {item['RuleName']}\nRisk Level: {item['WarnLevelName']}")
