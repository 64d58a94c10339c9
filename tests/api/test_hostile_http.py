"""Requests that no honest client sends: the server answers them, closes where it must, and goes on serving others."""
import resource
import socket

import pytest

from conftest import ANSWER_S, Server, read_all

CALL = "POST /?Action=DescribeRiskRules&Version=2019-01-03&Format=JSON HTTP/1.1\r\nHost: x\r\n"
NEXT = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("framing", [
    "Content-Length: 3\r\nContent-Length: 5\r\n\r\nabc", "Content-Length: 3\r\ncontent-length: 3\r\n\r\nabc",
    "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: xchunked\r\n\r\n", "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", "Content-Length : 3\r\n\r\nabc",
    "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"])
def test_two_readings_of_where_a_request_ends_are_refused_and_nothing_after_it_is_read(server, framing):
    reply = server.send((CALL + framing + NEXT).encode())
    assert reply.status == 400 and reply.code == "InvalidBody" and reply.header("Connection") == ["close"]
    assert reply.raw.count(b"HTTP/1.1 ") == 1, reply.raw


@pytest.mark.parametrize("length", ["+5", "-5", "5x", "0x5", "99999999999999999999999", "5 5", ""])
def test_a_content_length_that_is_no_number_is_refused(server, length):
    reply = server.send((CALL + f"Content-Length: {length}\r\n\r\nabcde" + NEXT).encode(), half_close=True)
    # The HTTP library answers by itself and closes; a slow server's close may overtake its answer.
    assert reply.status in (0, 400, 413) and b"ok\n" not in reply.raw, reply.raw


def test_a_chunked_body_is_read_like_any_other(server, merlon):
    body = b'{"PageSize":0}'
    headers = server.v3_headers(merlon.admin, "DescribeRiskRules", "", body)
    headers += [("Content-Type", "application/json"), ("Transfer-Encoding", "Chunked")]
    chunks = b"".join(b"1;x=y\r\n" + bytes([c]) + b"\r\n" for c in body) + b"0\r\nx-acs-action: PreHandleAuditRisk\r\n\r\n"
    reply = server.send(server.request("POST", "/", headers) + chunks)
    assert reply.status == 400 and reply.code == "InvalidPageSize"


@pytest.mark.parametrize("target", ["//healthz", "/../healthz", "/%68ealthz", "/healthz%00", "/healthz/", "*", "/\xff\xfe", "/;x", "/%2e"])
def test_no_spelling_of_a_path_means_another_one(server, target):
    assert server.send(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1")).status in (400, 404)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", "PROPFIND"])
def test_only_get_and_post_reach_an_action(server, method):
    reply = server.send(f"{method} /?Action=DescribeRiskRules HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert reply.status == 400 and (method == "HEAD" or reply.code == "UnsupportedHTTPMethod")


def test_what_a_client_sent_cannot_add_a_header_or_an_element(server):
    name = "%0d%0aSet-Cookie:%20a=1%3C/Message%3E%01"
    for form in ("JSON", "XML"):
        reply = server.get(f"/?{name}=1&{name}=2&Action=DescribeRiskRules&Version=2019-01-03&Format={form}")
        assert reply.status == 400 and not reply.header("Set-Cookie")
        assert b"</Message>\x01" not in reply.body and b"\x01" not in reply.body


@pytest.mark.parametrize("parts", [10, 10000])
def test_ten_thousand_parameters_are_too_many(server, merlon, parts):
    body = "&".join(f"p{n}=1" for n in range(parts)).encode()
    headers = [("Content-Type", "application/x-www-form-urlencoded")]
    reply = server.v1(merlon.admin, "DescribeRiskRules", method="POST", headers=headers, body=body)
    assert (reply.status, reply.code) == ((413, "RequestEntityTooLarge") if parts > 1000 else (400, "SignatureDoesNotMatch"))


def test_a_huge_body_is_refused_without_being_kept(server):
    with server.connect() as s:
        try:
            s.sendall((CALL + "Transfer-Encoding: chunked\r\n\r\n").encode())
            chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
            for _ in range(1024):
                s.sendall(chunk)
            s.sendall(b"0\r\n\r\n")
            s.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert b" 413 " in read_all(s)[:40]
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as f:
        peak_kb = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
    assert peak_kb < 300 * 1024


def connect_from(server, address):
    s = socket.socket()
    s.settimeout(ANSWER_S / 3)
    s.bind((address, 0))
    s.connect(("127.0.0.1", server.port))
    return s


def test_idle_connections_do_not_use_up_the_descriptors(merlon):
    server = Server(merlon, limits=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 2048)))
    idle = [connect_from(server, f"127.0.1.{1 + n % 8}") for n in range(300)]
    try:
        for s in idle:
            s.sendall(b"GET /healthz HTTP/1.1\r\n")
        with connect_from(server, "127.0.2.1") as s:
            s.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b" 200 " in read_all(s)[:40]
        assert server.list(merlon.admin).status == 200
    finally:
        for s in idle:
            s.close()


def test_connections_leave_descriptors_for_the_store(merlon):
    """The limit cannot be raised: then fewer connections are taken, and those that are can be answered."""
    server = Server(merlon, limits=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)))
    crowd = [connect_from(server, f"127.0.1.{1 + n % 8}") for n in range(300)]
    try:
        crowd[0].sendall(server.request("POST", "/", server.v3_headers(merlon.admin, "DescribeRiskRules")))
        assert b" 200 " in read_all(crowd[0])[:40]
    finally:
        for s in crowd:
            s.close()


def test_twenty_requests_in_one_packet_get_twenty_answers(server):
    one = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    assert server.send((one * 19 + NEXT).encode()).raw.count(b"HTTP/1.1 200") == 20
