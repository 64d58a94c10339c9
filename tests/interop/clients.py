"""One face for the official clients, so that the same tests read the same things through each of them.

`call` answers with an Answer or raises a Refusal that carries what the client's own error object says.
"""
import dataclasses
import json
import os
import select
import subprocess

import alibabacloud_tea_openapi.client as tea_client
import alibabacloud_tea_openapi.exceptions as tea_errors
import alibabacloud_tea_openapi.models as tea_models
from alibabacloud_credentials.client import Client as Credential
from alibabacloud_credentials.models import Config as CredentialConfig
from alibabacloud_openapi_util.client import Client as OpenApiUtil
from darabonba.runtime import RuntimeOptions

VERSION, SAS = "2019-01-03", "2018-12-03"
ANSWER_S = 30


@dataclasses.dataclass
class Answer:
    body: dict
    status: int
    headers: dict


@dataclasses.dataclass
class Refusal(Exception):
    kind: str  # the class, or the name, of the client's error
    code: str
    message: str
    status: int
    request_id: str
    access_denied: dict = None
    retry_after_ms: int = None


class PythonGeneric:
    """alibabacloud_tea_openapi's generic call over HTTPS, trusting the test's own authority."""
    refused, throttled = "ClientException", "ThrottlingException"
    # Version 0.4.3 reads the older x-ratelimit headers only, which Merlon sends too.
    tells_retry_after = True

    def __init__(self, port, authority):
        self.endpoint, self.authority = f"localhost:{port}", authority

    def client(self, key, secret):
        credential = Credential(CredentialConfig(type="access_key", access_key_id=key, access_key_secret=secret))
        return tea_client.Client(tea_models.Config(credential=credential, endpoint=self.endpoint, ca=self.authority))

    def params(self, action, body_type="json", version=VERSION):
        return tea_models.Params(action=action, version=version, protocol="HTTPS", pathname="/", method="POST", auth_type="AK",
                                 style="RPC", req_body_type=body_type, body_type="json")

    def call(self, key, secret, action, query=None, body=None, body_type="json", version=VERSION):
        request = tea_models.OpenApiRequest(query=OpenApiUtil.query(query) if query else None, body=body)
        try:
            reply = self.client(key, secret).call_api(self.params(action, body_type, version), request, RuntimeOptions())
        except tea_errors.AlibabaCloudException as e:
            raise Refusal(type(e).__name__, e.code, e.message, e.status_code, e.request_id,
                          getattr(e, "access_denied_detail", None) or e.accessDeniedDetail, e.retry_after) from e
        return Answer(reply["body"], reply["statusCode"], reply["headers"])


class LineProcess:
    """A program with clients in it, kept running: one JSON request a line, one answer a line."""

    def __init__(self, *command):
        clean = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and not k.startswith("ALIBABA")}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", env=clean)

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], ANSWER_S)
        assert ready, f"no answer within {ANSWER_S} s: {request['client']} {request['action']}"
        line = self.process.stdout.readline()
        assert line, "the process of the clients ended"
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def node_process():
    return LineProcess("node", os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients.js"))


def go_process():
    """tests/interop/go, as tools/run-interop built it."""
    return LineProcess(os.environ["MERLON_INTEROP_GO"])


class GoClient:
    def __init__(self, go, port, client):
        self.go, self.port, self.client = go, port, client

    def call(self, key, secret, action, query=None, version=SAS):
        assert version == SAS
        answer = self.go.ask({"client": self.client, "endpoint": f"127.0.0.1:{self.port}", "key": key, "secret": secret,
                              "action": action, "query": query or {}})
        assert "broken" not in answer, answer["broken"]
        if "refused" in answer:
            raise Refusal(**answer["refused"])
        return Answer(**answer)


class NodeClient:
    tells_retry_after = False

    def __init__(self, node, port, package, **always):
        self.node, self.port, self.always = node, port, dict(always, client=package)

    def call(self, key, secret, action, query=None, body=None, body_type="json", version=VERSION):
        request = dict(self.always, key=key, secret=secret, endpoint=f"127.0.0.1:{self.port}", action=action, query=query, body=body,
                       bodyType=body_type, version=version)
        answer = self.node.ask({k: v for k, v in request.items() if v is not None})
        assert "broken" not in answer, answer["broken"]
        if "refused" in answer:
            raise Refusal(**answer["refused"])
        return Answer(**answer)


class NodeOpenapiClient(NodeClient):
    # Compiled for old engines: its ResponseError comes out as a plain Error with the class's members.
    refused = throttled = "Error"


class NodeOpenapiCore(NodeClient):
    refused, throttled, tells_retry_after = "ClientError", "ThrottlingError", True


class NodePopCore(NodeClient):
    refused = throttled = "{code}Error"


# Name -> class, its options, and the spellings of PreHandleAuditRisk that it can send. A V1 signature does not cover a JSON
# body; pop-core takes lists apart but not an object in them.
CLIENTS = {
    "python-tea-openapi-v3": (PythonGeneric, {}, ("flat", "nested", "json", "form")),
    "node-openapi-client-v3": (NodeOpenapiClient, {"package": "openapi-client"}, ("flat", "nested", "json", "form")),
    "node-openapi-client-v1": (NodeOpenapiClient, {"package": "openapi-client", "algorithm": "v2"}, ("flat", "nested", "form")),
    "node-openapi-core-v3": (NodeOpenapiCore, {"package": "openapi-core"}, ("flat", "nested", "json", "form")),
    "node-openapi-core-v3-get": (NodeOpenapiCore, {"package": "openapi-core", "method": "GET"}, ("flat", "nested")),
    "node-openapi-core-v1": (NodeOpenapiCore, {"package": "openapi-core", "algorithm": "v2"}, ("flat", "nested", "form")),
    "node-pop-core-get": (NodePopCore, {"package": "pop-core", "method": "GET"}, ("flat", "list")),
    "node-pop-core-post": (NodePopCore, {"package": "pop-core", "method": "POST"}, ("flat", "list")),
}


def make(name, node, port, tls_port, authority):
    kind, options, _ = CLIENTS[name]
    return kind(tls_port, authority) if kind is PythonGeneric else kind(node, port, **options)
