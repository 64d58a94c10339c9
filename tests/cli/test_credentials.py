"""Where credentials come from, and that nothing of them ever shows."""
import json
import os
import subprocess
import time

import pytest
from conftest import BINARY, CANARY_ID, CANARY_SECRET, Answer, error, event

TOKEN = "CAISCanaryTokenCanaryTokenCanaryToken0123456789"
NO_FILE = {"ALIBABA_CLOUD_CONFIG_FILE": "/nonexistent/config.json"}


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
    assert merlon("risk", "list", env=env).returncode == want
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


@pytest.mark.parametrize("mode", ["RamRoleArn", "EcsRamRole", "OIDC", "External", "CredentialsURI", "ChainableRamRoleArn",
                                  "RsaKeyPair", "BearerToken", "Anonymous", "Nonsense"])
def test_other_modes_are_refused_with_advice(merlon, cloud, mode):
    merlon.profile(mode=mode)
    done = merlon("risk", "list")
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
