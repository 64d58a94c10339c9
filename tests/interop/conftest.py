"""A Merlon filled from a real audit log, over HTTP and HTTPS, and each official client in front of it."""
import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "e2e"), HERE]

import clients  # noqa: E402
from merlon import Merlon  # noqa: E402

LOG = os.path.join(HERE, "..", "data", "mariadb", "server_audit.log")


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   timeout=60)


class Authority:
    """A certificate authority of the test's own and one server certificate of it."""

    def __init__(self, folder):
        self.certificate, self.server, self.server_key = (os.path.join(folder, n) for n in ("ca.pem", "server.pem", "server.key"))
        ca_key, request, extensions = (os.path.join(folder, n) for n in ("ca.key", "server.csr", "server.ext"))
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        openssl("req", "-x509", *curve, "-keyout", ca_key, "-out", self.certificate, "-days", "2", "-subj", "/CN=Merlon test authority",
                "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
        openssl("req", *curve, "-keyout", self.server_key, "-out", request, "-subj", "/CN=localhost")
        with open(extensions, "w", encoding="ascii") as f:
            f.write("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n"
                    "authorityKeyIdentifier=keyid\n")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", ca_key, "-CAcreateserial", "-days", "2",
                "-extfile", extensions, "-out", self.server)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(str(tmp_path_factory.mktemp("authority")))


@pytest.fixture(scope="session")
def node():
    process = clients.node_process()
    yield process
    process.close()


@pytest.fixture(scope="session")
def go():
    process = clients.go_process()
    yield process
    process.close()


@pytest.fixture(scope="module")
def merlon(authority):
    m = Merlon().init()
    try:
        m.detect(LOG, time_zone="Asia/Shanghai")
        m.add_user("auditor", "read-only")
        m.tls = ("--tls-cert", authority.server, "--tls-key", authority.server_key)
        m.port, m.tls_port = m.serve(), m.serve(*m.tls)
        yield m
    finally:
        m.stop()


class Caller:
    """A client with the keys of the store's users."""

    def __init__(self, merlon, client):
        self.merlon, self.client = merlon, client

    def __getattr__(self, name):
        return getattr(self.client, name)

    def call(self, action, query=None, profile="admin", secret=None, **more):
        key, real_secret = self.merlon.key(profile)
        return self.client.call(key, secret or real_secret, action, query, **more)

    def list(self, status="UNPROCESSED", **more):
        return self.call("DescribeRiskRules", dict(CurrentPage=1, PageSize=100, HandleStatus=status, **more)).body

    def refusal(self, action, query=None, **more):
        try:
            answer = self.call(action, query, **more)
        except clients.Refusal as refused:
            return refused
        raise AssertionError(f"accepted: {answer}")


@pytest.fixture(params=clients.CLIENTS)
def caller(request, merlon, node, authority):
    return Caller(merlon, clients.make(request.param, node, merlon.port, merlon.tls_port, authority.certificate))


@pytest.fixture(params=clients.CLIENTS)
def slow_caller(request, slow_merlon, node, authority):
    """Like caller, with a server that lets a user through once a second."""
    return Caller(slow_merlon, clients.make(request.param, node, slow_merlon.port, slow_merlon.tls_port, authority.certificate))


@pytest.fixture(scope="module")
def slow_merlon(authority):
    m = Merlon().init()
    try:
        limit = ("--requests-per-second", 1)
        m.port = m.serve(*limit)
        m.tls_port = m.serve("--tls-cert", authority.server, "--tls-key", authority.server_key, *limit)
        yield m
    finally:
        m.stop()
