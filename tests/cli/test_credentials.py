"""Where credentials come from, and that nothing of them ever shows."""
import json
import os
import subprocess
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler

import pytest
from conftest import BINARY, CANARY_ID, CANARY_SECRET, Answer, error, event, listen

TOKEN = "CAISCanaryTokenCanaryTokenCanaryTokenZqvx7Wj2"
NO_METADATA = {"ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
NO_FILE = dict(NO_METADATA, ALIBABA_CLOUD_CONFIG_FILE="/nonexistent/config.json")


def status(merlon, *args, env=None):
    done = merlon("-o", "json", *args, "auth", "status", env=env)
    used = [i for i in json.loads(done.stdout)["items"] if i["usable"]]
    return done, used[0] if used else None


def test_the_order_of_the_chain(merlon):
    pair = {"ALIBABA_CLOUD_ACCESS_KEY_ID": CANARY_ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": CANARY_SECRET}
    assert status(merlon)[1]["provider"] == "current profile"
    assert status(merlon, env={"ALIBABA_CLOUD_PROFILE": "test"})[1]["provider"] == "ALIBABA_CLOUD_PROFILE"
    assert status(merlon, env=dict(pair, ALIBABA_CLOUD_PROFILE="test"))[1]["provider"] == "environment"
    assert status(merlon, "--profile", "test", env=pair)[1]["provider"] == "--profile"


def test_nothing_found_says_where_it_looked_and_what_to_do(merlon):
    done = merlon("risk", "list", env=NO_FILE)
    assert done.returncode == 4 and "/nonexistent/config.json" in done.stderr and "aliyun configure" in done.stderr
    assert merlon("auth", "status", env=NO_FILE).returncode == 4


@pytest.mark.parametrize("env,want", [({"ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true"}, 4), ({"ALIBABA_CLOUD_IGNORE_PROFILE": "TRUE"}, 4),
                                      ({"ALIBABA_CLOUD_ACCESS_KEY_ID": CANARY_ID}, 4), ({"ALIBABA_CLOUD_PROFILE": "nobody"}, 3)])
def test_a_broken_step_never_falls_through(merlon, cloud, env, want):
    assert merlon("risk", "list", env=dict(NO_METADATA, **env)).returncode == want
    assert cloud.calls == []


def test_a_session_token_is_sent_and_signed(merlon, cloud):
    merlon.profile(mode="stStOkEn", sts_token=TOKEN)
    assert merlon("risk", "list").returncode == 0
    headers = cloud.calls[0].headers
    assert headers["x-acs-security-token"] == TOKEN and "x-acs-security-token" in headers["Authorization"]


@pytest.mark.parametrize("mode", ["OAuth", "CloudSSO"])
def test_a_cached_session_is_used_while_it_lives(merlon, mode):
    merlon.profile(mode=mode, sts_token=TOKEN, sts_expiration=int(time.time()) + 600)
    assert merlon("risk", "list").returncode == 0
    merlon.profile(mode=mode, sts_token=TOKEN, sts_expiration=int(time.time()) + 100)
    done = merlon("risk", "list")
    assert done.returncode == 4 and "--profile test" in done.stderr


@pytest.mark.parametrize("mode", ["RamRoleArn", "RamRoleArnWithRoleName", "EcsRamRole", "OIDC", "External", "CredentialsURI",
                                  "ChainableRamRoleArn", "CloudSSO", "OAuth", "RsaKeyPair", "BearerToken", "Anonymous", "Nonsense"])
def test_a_mode_that_lacks_what_it_needs_is_refused_with_advice(merlon, cloud, mode):
    merlon.profile(mode=mode)
    done = merlon("risk", "list", env=NO_METADATA)
    assert done.returncode == 4 and "mode" in done.stderr and cloud.calls == []


def test_a_readable_profile_file_is_reported(merlon):
    os.chmod(merlon.config, 0o644)
    assert "chmod 600" in merlon("risk", "list").stderr
    assert merlon("-q", "risk", "list").stderr == ""


@pytest.mark.parametrize("option", ["--access-key-id", "--access-key-secret", "--sts-token", "--AccessKeyId"])
def test_credentials_on_the_command_line_are_refused(merlon, option):
    done = merlon(option, CANARY_SECRET, "risk", "list")
    assert done.returncode == 2 and "command line" in done.stderr and CANARY_SECRET not in done.stderr


def pieces():
    import base64
    import urllib.parse
    for secret in (CANARY_ID, CANARY_SECRET, TOKEN):
        yield from (secret, secret[:8], secret[-6:], base64.b64encode(secret.encode()).decode()[:16],
                    urllib.parse.quote(secret, safe=""))


COMMANDS = [("risk", "list"), ("risk", "show", "1"), ("risk", "summary"), ("risk", "handle", "1", "done"), ("risk", "policy"),
            ("auth", "status"), ("doctor",), ("version",), ("help",), ("risk", "list", "-o", "json"), ("-p", "nobody", "risk", "list")]
LEAKS = f"string to sign AccessKeyId={CANARY_ID} token {TOKEN} secret {CANARY_SECRET}"
ANSWERS = [None, error("SignatureDoesNotMatch", 400, LEAKS), error("InvalidParameter", 400, LEAKS), error("NoPermission", 403, LEAKS),
           Answer(200, {"TotalCount": 1, "Items": [event(1, RuleName=LEAKS)]}), Answer(500, LEAKS.encode()), Answer(200, LEAKS.encode())]


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_the_canary_never_shows(merlon, cloud, answer):
    merlon.profile(mode="StsToken", sts_token=TOKEN)
    seen = ""
    for args in COMMANDS:
        cloud.events = [event(1)]
        cloud.script = [answer] * 30 if answer else []
        if answer is not None and answer.status == 500:
            cloud.script = [Answer(400, answer.body)] * 30
        done = merlon("--yes", "--log-level", "debug", *args)
        seen += done.stdout + done.stderr
    journal = os.path.join(merlon.home, ".local/state/merlon/handled.jsonl")
    seen += open(journal).read() if os.path.exists(journal) else ""
    for piece in pieces():
        assert piece not in seen, f"{piece[:3]}... shows"


@pytest.mark.parametrize("text", ['{"current": "x", ' + CANARY_SECRET, '{"profiles": [{"name": "a", "access_key_secret": "' + CANARY_SECRET,
                                  CANARY_ID, "\xff\xfe" + CANARY_ID, "[" * 1000])
def test_a_broken_file_is_an_error_without_its_text(merlon, text):
    with open(merlon.config, "w", encoding="latin-1") as f:
        f.write(text)
    done = merlon("risk", "list")
    assert done.returncode == 3 and merlon.config in done.stderr and "anary" not in done.stderr and "CANARY" not in done.stderr


def test_memory_is_not_readable_by_others(merlon, cloud):
    cloud.script = [lambda c, call: (time.sleep(1.0), c.behave(call))[1]]
    with subprocess.Popen([BINARY, "--endpoint", cloud.url, "risk", "list"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          env=merlon.env()) as run:
        deadline = time.time() + 5
        while not cloud.calls and time.time() < deadline:
            time.sleep(0.02)
        limits = open(f"/proc/{run.pid}/limits").read()
        owner = os.stat(f"/proc/{run.pid}/mem").st_uid
        assert run.wait(20) == 0
    assert "Max core file size        0                    0" in limits and owner == 0


# ---- services that hand out credentials ----

ROLE = "acs:ram::1234567890123456:role/reader"
BASE_ID, BASE_SECRET = "LTAI5tCANARYBASECANARY01", "CanaryBaseSecretCanaryBase0123"
OIDC_TOKEN = "eyJCanaryOidcHeader.eyJCanaryOidcBody.CanaryOidcTailQz7W"
ACCESS_TOKEN, REFRESH_TOKEN = "CanaryAccessTokenCanaryAccess01", "CanaryRefreshTokenCanaryRefresh"
URI_QUERY = "CanaryUriQueryCanaryUriQuery01"
COMMAND_WORD = "CanaryCommandWordCanaryCommand1"
ALL_SECRETS = (CANARY_ID, CANARY_SECRET, TOKEN, BASE_ID, BASE_SECRET, OIDC_TOKEN, ACCESS_TOKEN, REFRESH_TOKEN, URI_QUERY, COMMAND_WORD)


def in_an_hour(spelling="%Y-%m-%dT%H:%M:%SZ", seconds=3600):
    return time.strftime(spelling, time.gmtime(time.time() + seconds))


def triple(lower=False, until=None):
    names = ("accessKeyId", "accessKeySecret", "securityToken", "expiration") if lower else \
        ("AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration")
    return dict(zip(names, (CANARY_ID, CANARY_SECRET, TOKEN, until or in_an_hour())))


class Services:
    """STS, instance metadata, an address with credentials, CloudSSO and OAuth on one loopback port. `bad` answers in their place."""

    def __init__(self):
        self.asked, self.bad, self.until = [], None, None
        services = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                status, text = services.play(self.command, self.path, self.headers, body)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", services.url + "/elsewhere")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *args):
                pass

        self.server, self.url = listen(Handler)

    def play(self, method, path, headers, body):
        self.asked.append((method, path, headers, body))
        if path == "/latest/api/token":
            return 200, b"metadata-token"
        if path == "/latest/meta-data/ram/security-credentials/":
            return 200, b"web"
        if self.bad:
            return self.bad
        parts = triple(until=self.until)
        if path.startswith("/latest/") or path.startswith("/creds"):
            return 200, json.dumps(dict(parts, Code="Success")).encode()
        if path == "/cloud-credentials":
            return 200, json.dumps({"CloudCredential": parts, "RequestId": "R"}).encode()
        if path == "/v1/exchange":
            return 200, json.dumps(triple(lower=True, until=self.until)).encode()
        return 200, json.dumps({"Credentials": parts, "RequestId": "R"}).encode()

    def options(self):
        return [x for product in ("Sts", "EcsMetadata", "OAuth") for x in ("--endpoint-override", f"{product}={self.url}")]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def services():
    s = Services()
    yield s
    s.close()


def base(**more):
    return dict(access_key_id=BASE_ID, access_key_secret=BASE_SECRET, **more)


def command_of(merlon, text, status=0):
    """A command of a profile: prints `text`, and the same on its standard error."""
    path = os.path.join(merlon.home, "helper.sh")
    with open(path, "w") as f:
        f.write("#!/bin/sh\ncat <<'END'\n" + text + "\nEND\ncat \"$0\" >&2\nexit %d\n" % status)
    os.chmod(path, 0o700)
    return f"{path} --with '{COMMAND_WORD}'"


def profile_of(mode, merlon, services):
    soon, past = int(time.time()) + 3000, int(time.time()) - 100
    if mode == "External":
        printed = json.dumps(dict(mode="StsToken", access_key_id=CANARY_ID, access_key_secret=CANARY_SECRET, sts_token=TOKEN))
        merlon.profile(mode=mode, process_command=command_of(merlon, printed), **base())
    elif mode == "CredentialsURI":
        merlon.profile(mode=mode, credentials_uri=f"{services.url}/creds?key={URI_QUERY}", **base())
    elif mode == "CloudSSO":
        merlon.profile(mode=mode, cloud_sso_sign_in_url=services.url + "/device/login", cloud_sso_account_id="1", cloud_sso_access_config="ac",
                       access_token=ACCESS_TOKEN, cloud_sso_access_token_expire=soon, sts_token=TOKEN, sts_expiration=past, **base())
    elif mode == "OAuth":
        merlon.profile(mode=mode, oauth_site_type="CN", oauth_access_token=ACCESS_TOKEN, oauth_access_token_expire=soon,
                       oauth_refresh_token=REFRESH_TOKEN, **base())
    elif mode == "OIDC":
        with open(os.path.join(merlon.home, "oidc"), "w") as f:
            f.write(OIDC_TOKEN + "\n")
        merlon.profile(mode=mode, ram_role_arn=ROLE, oidc_provider_arn="acs:ram::1:oidc-provider/p",
                       oidc_token_file=os.path.join(merlon.home, "oidc"), **base())
    elif mode == "ChainableRamRoleArn":
        merlon.profile(mode=mode, ram_role_arn=ROLE, source_profile="start")
        with open(merlon.config) as f:
            doc = json.load(f)
        doc["profiles"].append(dict(base(), name="start", mode="AK"))
        with open(merlon.config, "w") as f:
            json.dump(doc, f)
    else:
        merlon.profile(mode=mode, ram_role_arn=ROLE, **base())


MODES = ["RamRoleArn", "RamRoleArnWithRoleName", "EcsRamRole", "OIDC", "External", "CredentialsURI", "ChainableRamRoleArn", "CloudSSO", "OAuth"]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_signs_with_what_its_service_gave(merlon, cloud, services, mode):
    profile_of(mode, merlon, services)
    done = merlon(*services.options(), "risk", "list")
    assert done.returncode == 0, done.stderr
    headers = cloud.calls[0].headers
    assert headers["x-acs-security-token"] == TOKEN and f"Credential={CANARY_ID}," in headers["Authorization"]
    for method, path, sent, body in services.asked:
        if sent.get("x-acs-action") == "AssumeRole":
            assert "ACS3-HMAC-SHA256" in sent["Authorization"] and "RoleArn=" in path
    if mode == "OIDC":
        assert services.asked[0][2].get_all("content-type") == ["application/x-www-form-urlencoded"]
        assert OIDC_TOKEN in urllib.parse.unquote(services.asked[0][3]) and "Authorization" not in services.asked[0][2]


def test_the_environment_leads_to_an_oidc_role_and_to_an_address(merlon, cloud, services):
    profile_of("OIDC", merlon, services)
    os.unlink(merlon.config)
    oidc = {"ALIBABA_CLOUD_ROLE_ARN": ROLE, "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1:oidc-provider/p",
            "ALIBABA_CLOUD_OIDC_TOKEN_FILE": os.path.join(merlon.home, "oidc")}
    assert merlon(*services.options(), "risk", "list", env=oidc).returncode == 0
    uri = dict(NO_METADATA, ALIBABA_CLOUD_CREDENTIALS_URI=services.url + "/creds?" + URI_QUERY)
    assert merlon("risk", "list", env=uri).returncode == 0
    assert merlon(*services.options(), "risk", "list").returncode == 0  # The instance's role.
    assert [c.headers["x-acs-security-token"] for c in cloud.calls] == [TOKEN] * 3


def test_both_ini_files_are_read(merlon, cloud):
    os.unlink(merlon.config)
    for name in ("credentials", "credentials.ini"):
        path = os.path.join(merlon.home, ".alibabacloud", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(f"[default]\nenable = true\ntype = access_key\naccess_key_id = {CANARY_ID} # mine\naccess_key_secret = {CANARY_SECRET}\n")
        os.chmod(path, 0o600)
        done = merlon("risk", "list", env=NO_METADATA)
        assert done.returncode == 0, done.stderr
        with open(path, "a") as f:
            f.write(CANARY_SECRET + "\n")
        done = merlon("--log-level", "debug", "risk", "list", env=NO_METADATA)
        assert done.returncode == 3 and path in done.stderr and "line 6" in done.stderr and "anary" not in done.stderr
        os.unlink(path)


def shown(text):
    """The parts of secrets that occur in a text: whole, head, tail, in base64 and URL-encoded."""
    import base64
    for secret in ALL_SECRETS:
        encoded = base64.b64encode(secret.encode()).decode()
        for piece in (secret, secret[:9], secret[-9:], encoded[:14], urllib.parse.quote(secret, safe="")):
            if piece in text:
                yield piece
    if "CANARY" in text or "Canary" in text:
        yield "a canary"


def written(merlon, since):
    """What is in files that a command has written or changed."""
    text = ""
    for folder, _, names in os.walk(merlon.home):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.getmtime(path) > since and path != merlon.config and not path.endswith(("/helper.sh", "/oidc")):
                with open(path, encoding="utf-8", errors="replace") as f:
                    text += f.read()
    return text


ECHO = json.dumps(triple(until="soon")).encode()
BAD = {
    "ok": None,
    "html": (200, b"<html>" + ECHO + b"</html>"),
    "broken": (200, ECHO[:-9]),
    "empty": (200, b""),
    "redirect": (302, ECHO),
    "moved for good": (308, ECHO),
    "failed": (500, ECHO),
    "refused": (403, json.dumps({"Code": "NoPermission", "Message": f"id {BASE_ID} token {TOKEN} {OIDC_TOKEN}", "RequestId": "R-1"}).encode()),
    "string to sign": (400, json.dumps({"Code": "SignatureDoesNotMatch", "Message": f"AccessKeyId={BASE_ID}&SecurityToken={TOKEN}"}).encode()),
    "odd code": (400, json.dumps({"Code": BASE_SECRET + " x", "Message": BASE_SECRET}).encode()),
    "no end": (200, json.dumps({"Code": "Success", "Credentials": {"AccessKeyId": CANARY_ID}, "AccessKeySecret": CANARY_SECRET}).encode()),
    "huge": (200, b"[" + b'"' + CANARY_SECRET.encode() * 5000 + b'"]'),
}
LOOKS = [("risk", "list"), ("auth", "status"), ("doctor",), ("risk", "show", "1", "-o", "json")]


@pytest.mark.parametrize("mode", [m for m in MODES if m != "External"])
@pytest.mark.parametrize("bad", BAD)
def test_no_mode_and_no_failure_shows_a_secret(merlon, cloud, services, mode, bad):
    profile_of(mode, merlon, services)
    services.bad = BAD[bad]
    began, seen = time.time() - 0.01, ""
    for args in LOOKS if bad == "ok" else LOOKS[:1]:
        done = merlon(*services.options(), "--log-level", "debug", *args)
        seen += done.stdout + done.stderr
        if args == ("risk", "list"):
            want = (0,) if bad == "ok" else (5,) if bad == "refused" else (4, 6)
            assert done.returncode in want, done.stderr
            assert bad == "ok" or cloud.calls == []
    assert all("/elsewhere" not in path for _, path, _, _ in services.asked)
    assert list(shown(seen + written(merlon, began))) == []


@pytest.mark.parametrize("printed,status,part", [
    (f"key {CANARY_SECRET}", 0, "does not print JSON"), (CANARY_SECRET, 3, "exit status 3"), ("", 0, "does not print JSON"),
    (json.dumps({"mode": CANARY_SECRET, "access_key_id": CANARY_ID}), 0, "mode"),
    (json.dumps({"mode": "AK", "access_key_id": CANARY_ID, "access_key_secret": CANARY_SECRET, "expiration": CANARY_SECRET}), 0, "RFC 3339")])
def test_a_command_of_a_profile_is_never_shown(merlon, cloud, printed, status, part):
    merlon.profile(mode="External", process_command=command_of(merlon, printed, status), **base())
    began, seen = time.time() - 0.01, ""
    for args in LOOKS:
        done = merlon("--log-level", "debug", *args)
        seen += done.stdout + done.stderr
    done = merlon("--log-level", "debug", "risk", "list")
    assert done.returncode == 4 and part in done.stderr and cloud.calls == []
    assert list(shown(seen + done.stderr + written(merlon, began))) == []


def test_a_secret_in_place_of_a_command_is_not_shown(merlon):
    merlon.profile(mode="External", process_command=f"TOKEN={COMMAND_WORD} helper")
    done = merlon("--log-level", "debug", "risk", "list")
    assert done.returncode == 4 and list(shown(done.stderr)) == []


def test_commands_can_be_switched_off(merlon, cloud, services):
    for mode in ("External", "CredentialsURI"):
        profile_of(mode, merlon, services)
        done = merlon("risk", "list", env={"ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS": "1"})
        assert done.returncode == 4 and "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS" in done.stderr
    assert cloud.calls == [] and services.asked == []


def test_another_tools_sign_in_is_left_alone(merlon, services):
    profile_of("OAuth", merlon, services)
    with open(merlon.config, "rb") as f:
        before = f.read()
    assert merlon(*services.options(), "risk", "list").returncode == 0
    with open(merlon.config, "rb") as f:
        assert f.read() == before
    assert [path for _, path, _, _ in services.asked] == ["/v1/exchange"]
    assert all(REFRESH_TOKEN not in str(s) + str(dict(h)) + b for _, s, h, b in services.asked)


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00Z", "1999-12-31T23:59:59.5+08:00", "tomorrow", ""])
def test_credentials_that_have_ended_are_refused(merlon, cloud, services, until):
    profile_of("RamRoleArn", merlon, services)
    services.until = until or " "
    assert merlon(*services.options(), "risk", "list").returncode == 4 and cloud.calls == []


def test_a_broken_file_is_told_by_line_and_column(merlon):
    with open(merlon.config, "w") as f:
        f.write('{"current": "a",\n  "profiles": [{"access_key_secret" "' + CANARY_SECRET + '"}]}')
    done = merlon("--log-level", "debug", "risk", "list")
    assert done.returncode == 3 and "line 2, column 37" in done.stderr and list(shown(done.stderr)) == []
