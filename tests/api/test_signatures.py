"""What is signed is what is done, and nothing else: every change after signing is refused, in both versions."""
import hashlib
import time

import pytest

from conftest import ACCOUNT, OTHER_ACCOUNT, Server, dump_lines, query_of, utc

LIST, HANDLE = "DescribeRiskRules", "PreHandleAuditRisk"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@pytest.mark.parametrize("tail, code", [
    ("&PageSize=1", "SignatureDoesNotMatch"), ("&PageSize=1&PageSize=1", "InvalidParameter.Repeated"),
    ("&Signature=x", "InvalidParameter.Repeated"), ("&%53ignature=x", "InvalidParameter.Repeated"),
    ("&signature=x", "SignatureDoesNotMatch"), ("&=", "SignatureDoesNotMatch"), ("#PageSize=1", "SignatureDoesNotMatch"),
    ("+", "SignatureDoesNotMatch"), ("%00", "SignatureDoesNotMatch")])
def test_v1_covers_every_parameter(server, merlon, tail, code):
    reply = server.v1(merlon.admin, LIST, target="/?" + query_of(server.v1_params(merlon.admin, LIST)) + tail)
    assert reply.status == 400 and reply.code == code


@pytest.mark.parametrize("kind, body, code", [
    (FORM, b"PageSize=1", "SignatureDoesNotMatch"), (" Application/X-WWW-form-urlencoded ; charset=x", b"PageSize=1", "SignatureDoesNotMatch"),
    (FORM, b"Action=" + HANDLE.encode(), "InvalidParameter.Repeated"), (JSON, b'{"PageSize":1}', "IncompleteSignature"),
    ("APPLICATION/json", b'{"PageSize":1}', "IncompleteSignature")])
def test_v1_takes_no_parameter_from_a_body_it_does_not_sign(server, merlon, kind, body, code):
    reply = server.v1(merlon.admin, LIST, method="POST", headers=[("Content-Type", kind)], body=body)
    assert reply.status == 400 and reply.code == code


def test_v1_lets_no_header_choose_the_action(server, merlon):
    reply = server.v1(merlon.admin, LIST, headers=[("x-acs-action", HANDLE), ("x-acs-version", "2018-12-03")])
    assert reply.status == 200 and "Items" in reply.json


@pytest.mark.parametrize("when", [-1000, 1000])
def test_a_time_beyond_the_window_is_refused(server, merlon, when):
    assert server.v1(merlon.admin, LIST, Timestamp=utc(when)).code == "InvalidTimeStamp.Expired"
    assert server.v3(merlon.admin, LIST, **{"x-acs-date": utc(when)}).code == "InvalidTimeStamp.Expired"


@pytest.mark.parametrize("when", ["2026-01-01 00:00:00Z", "20260101T000000Z", "1767225600", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00Z\0",
                                  "Thu, 01 Jan 2026 00:00:00 GMT", "2026-01-01T00:00:00+00:00", "-2026-01-01T00:00:00Z"])
def test_a_time_in_another_format_is_refused(server, merlon, when):
    assert server.v1(merlon.admin, LIST, Timestamp=when).code == "InvalidTimeStamp.Format"


def test_an_access_key_id_has_one_spelling(server, merlon):
    merlon.admin.id = merlon.admin.id.lower()
    assert server.v1(merlon.admin, LIST).code == "InvalidAccessKeyId.NotFound"
    assert server.v3(merlon.admin, LIST).code == "InvalidAccessKeyId.NotFound"


def v3(server, key, change=lambda headers: headers, target="/", method="POST", query="", body=b"", sent=None, **more):
    headers = server.v3_headers(key, LIST, query, body, **more)
    return server.send(server.request(method, target, change(headers), body if sent is None else sent))


def in_authorization(old, new):
    return lambda headers: [(k, v.replace(old, new) if k == "Authorization" else v) for k, v in headers]


@pytest.mark.parametrize("change, code", [
    (lambda h: h + [("x-acs-extra", "1")], "IncompleteSignature"), (lambda h: h + [("X-ACS-EXTRA", "")], "IncompleteSignature"),
    (lambda h: h + [("x-acs-action", HANDLE)], "InvalidParameter.Repeated"), (lambda h: h + [("X-Acs-Date", utc())], "InvalidParameter.Repeated"),
    (lambda h: h + [h[-1]], "InvalidParameter.Repeated"), (lambda h: h + [("Host", "elsewhere")], "InvalidParameter.Repeated"),
    (lambda h: h + [("x-acs-security-token", "t")], "InvalidSecurityToken.Malformed"),
    (in_authorization("HMAC-SHA256", "HMAC-SM3"), "InvalidSignatureMethod"), (in_authorization("HMAC-SHA256", "NONE"), "InvalidSignatureMethod"),
    (in_authorization("host;", ""), "IncompleteSignature"), (in_authorization(",Signature=", ",Signature=a,Signature="), "IncompleteSignature"),
    (in_authorization("Signature=", "Signature=0"), "SignatureDoesNotMatch")])
def test_v3_covers_the_headers_that_count(server, merlon, change, code):
    reply = v3(server, merlon.admin, change)
    assert reply.status == 400 and reply.code == code


def test_v3_does_not_mind_case_and_blanks_of_headers(server, merlon):
    assert v3(server, merlon.admin, lambda h: [(k.upper(), f" \t{v}\t ") for k, v in h]).status == 200


@pytest.mark.parametrize("more", [dict(target="/?PageSize=1"), dict(method="GET"), dict(query="PageSize=1", target="/?PageSize=2"),
                                  dict(body=b"PageSize=1", sent=b"PageSize=2"), dict(sent=b"PageSize=2")])
def test_v3_covers_method_query_and_body(server, merlon, more):
    assert v3(server, merlon.admin, lambda h: h + [("Content-Type", FORM)], **more).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize("body", [b'{"PageSize":1,"PageSize":2}', b'{"PageSize":1,"\\u0050ageSize":2}', b'{"a":{"b":1},"a.b":2}'])
def test_a_name_stands_once_in_all_places_together(server, merlon, body):
    headers = server.v3_headers(merlon.admin, LIST, "", body) + [("Content-Type", JSON)]
    assert server.send(server.request("POST", "/", headers, body)).code == "InvalidParameter.Repeated"
    headers = server.v3_headers(merlon.admin, LIST, "PageSize=1", b"PageSize=1") + [("Content-Type", FORM)]
    assert server.send(server.request("POST", "/?PageSize=1", headers, b"PageSize=1")).code == "InvalidParameter.Repeated"


@pytest.mark.parametrize("content", [
    '{"HandleMethod":0,"HandleDetail":"a","HandleDetail":"b"}', '{"HandleMethod":0,"HandleMethod":0,"HandleDetail":"a"}',
    '{"HandleMethod":1,"HandleDetail":"a"}', '{"HandleMethod":0.0,"HandleDetail":"a"}', '{"HandleMethod":"0","HandleDetail":"a"}',
    '{"HandleDetail":"a"}', "[]", "[" * 5000, "", '{"HandleMethod":0,"HandleDetail":"a\\u0000b"}', '{"HandleMethod":0,"HandleDetail":" "}',
    '{"HandleMethod":0,"HandleDetail":"' + "x" * 501 + '"}'])
def test_a_decision_is_read_in_one_way_only(server, merlon, content):
    element = [("RiskId", "999"), ("HandleInfoList.1.HandleType", "Manual"), ("HandleInfoList.1.HandleContent", content)]
    assert server.v3(merlon.admin, HANDLE, element).code == "InvalidHandleInfoList"


def test_a_decision_is_not_given_in_two_spellings(server, merlon):
    element = [("RiskId", "999"), ("HandleInfoList.1.HandleType", "Manual"),
               ("HandleInfoList.1.HandleContent", '{"HandleMethod":0,"HandleDetail":"one"}')]
    assert server.v3(merlon.admin, HANDLE, element).code == "InvalidRiskId.NotFound"
    other = ("HandleInfoList.1.HandleContent.HandleDetail", "another")
    assert server.v3(merlon.admin, HANDLE, element + [other]).code == "InvalidHandleInfoList"


def test_a_nonce_serves_once_and_for_a_write_also_after_a_restart(server, merlon):
    headers = server.v3_headers(merlon.admin, LIST)
    request = server.request("POST", "/", headers)
    assert server.send(request).status == 200 and server.send(request).code == "SignatureNonceUsed"
    query = query_of([("RiskId", "999"), ("HandleInfoList.1.HandleType", "Manual"),
                      ("HandleInfoList.1.HandleContent", '{"HandleMethod":0,"HandleDetail":"a"}')])
    write = server.request("POST", "/?" + query, server.v3_headers(merlon.admin, HANDLE, query))
    assert server.send(write).code == "InvalidRiskId.NotFound"
    address = server.host
    server.stop()
    assert Server(merlon, listen=address).send(write).code == "SignatureNonceUsed"


def test_an_account_neither_sees_nor_handles_another_ones_events(server, merlon):
    other = merlon.init(OTHER_ACCOUNT, "other")
    merlon.detect(dump_lines())
    risk_id = server.list(merlon.admin).json["Items"][0]["RiskId"]
    assert server.list(other).json["TotalCount"] == 0
    assert server.handle(other, risk_id).code == "InvalidRiskId.NotFound"
    assert server.v3(other, LIST, [("AccountId", ACCOUNT)]).json["TotalCount"] == 0
    assert server.handle(merlon.admin, risk_id).status == 200


def test_a_disabled_user_is_refused_within_a_second_while_requests_flow(server, merlon):
    reader = merlon.user("reader", "read-only")
    assert server.list(reader).status == 200 and server.handle(reader, 1).code == "NoPermission"
    merlon.local("admin", "user", "disable", "reader")
    start, refused = time.monotonic(), None
    while refused is None and time.monotonic() - start < 5:
        time.sleep(0.01)
        reply = server.list(reader)
        refused = None if reply.status == 200 else reply.code
    assert refused == "InvalidAccessKeyId.Inactive" and time.monotonic() - start < 1


def test_nothing_secret_is_logged_counted_or_shown_by_the_system(server, merlon):
    reply = server.v3(merlon.admin, LIST, [("PageSize", "0")], **{"x-acs-content-sha256": hashlib.sha256(b"x").hexdigest()})
    assert reply.code == "SignatureDoesNotMatch"
    server.v1(merlon.admin, LIST, SignatureNonce="a", target="/elsewhere?" + query_of(server.v1_params(merlon.admin, LIST)))
    pages = server.get("/metrics").body.decode() + server.get("/readyz").body.decode()
    with open(f"/proc/{server.process.pid}/cmdline", encoding="latin-1") as f:
        pages += f.read()
    server.stop()
    for secret in (merlon.admin.secret, merlon.admin.id, "Signature=", "ACS3-HMAC-SHA256"):
        assert secret not in server.log() + pages
