"""A client for tests of the stand-in: signatures by Python's own hmac, from the protocol's rules alone."""
import base64
import datetime
import hashlib
import hmac
import http.client
import json
import secrets
import ssl
import urllib.parse

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


def quote(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-_.~")


def stamp(shift_s=0, form="%Y-%m-%dT%H:%M:%SZ"):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=shift_s)).strftime(form)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def code(self):
        """The error's code, of either form; None when it is none."""
        if self.body.startswith(b"{"):
            return self.json().get("Code")
        text = self.body.decode(errors="replace")
        return text.split("<Code>")[1].split("</Code>")[0] if "<Error>" in text else None


def sign_v3(secret, method, path, params, headers, body=b""):
    """The Authorization header; `headers` are all to be signed."""
    query = "&".join(f"{k}={quote(v)}" for k, v in sorted(params.items()))
    names = sorted(headers)
    block = "".join(f"{n}:{headers[n].strip()}\n" for n in names)
    canonical = "\n".join([method, path, query, block, ";".join(names), hashlib.sha256(body).hexdigest()])
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    return ";".join(names), hmac.new(secret.encode(), to_sign.encode(), "sha256").hexdigest()


def sign_v1(secret, method, params):
    query = "&".join(f"{quote(k)}={quote(v)}" for k, v in sorted(params.items()))
    text = f"{method}&%2F&{quote(query)}"
    return base64.b64encode(hmac.new((secret + "&").encode(), text.encode(), "sha1").digest()).decode()


def sign_oss(secret, method, resource, params, headers, date, region):
    query = "&".join(quote(k) if v is None else f"{quote(k)}={quote(v)}" for k, v in sorted(params.items()))
    block = "".join(f"{n}:{headers[n]}\n" for n in sorted(headers) if n.startswith("x-oss-"))
    canonical = "\n".join([method, quote(resource, "/"), query, block, "", "UNSIGNED-PAYLOAD"])
    scope = f"{date[:8]}/{region}/oss/aliyun_v4_request"
    to_sign = "\n".join(["OSS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"aliyun_v4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return scope, hmac.new(key, to_sign.encode(), "sha256").hexdigest()


class Client:
    """One connection, with one key. `proxy`: hosts are called by their real names."""

    def __init__(self, cloud, key, proxy=False, timeout=30):
        self.cloud, self.key, self.proxy, self.timeout = cloud, key, proxy, timeout
        self.context = ssl.create_default_context(cafile=cloud.ca)
        self.connections = {}

    def connection(self, host):
        found = self.connections.get(host)
        if not found and self.proxy:
            at = urllib.parse.urlsplit(self.cloud.proxy)
            found = http.client.HTTPSConnection(at.hostname, at.port, context=self.context, timeout=self.timeout)
            found.set_tunnel(host, 443)
        elif not found:
            at = urllib.parse.urlsplit(self.cloud.url)
            found = http.client.HTTPSConnection(at.hostname, at.port, context=self.context, timeout=self.timeout)
        self.connections[host] = found
        return found

    def send(self, host, method, target, headers, body=b""):
        connection = self.connection(host)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in {"host": host, "content-length": str(len(body)), **headers}.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        except Exception:
            connection.close()
            self.connections.pop(host, None)
            raise

    def host(self, host):
        return host if self.proxy else urllib.parse.urlsplit(self.cloud.url).netloc

    def rpc(self, version, action, params=None, host="", method="POST", shift_s=0, nonce=None, date=None, secret=None,
            unsigned=(), tamper=None, token=None, path="/", **more):
        """Signs and sends. The rest spoils it: `tamper` changes parameters after signing."""
        params = dict(params or {})
        host = self.host(host)
        signed = {"host": host, "x-acs-action": action, "x-acs-version": version, "x-acs-date": date or stamp(shift_s),
                  "x-acs-signature-nonce": nonce or secrets.token_hex(16), "x-acs-content-sha256": EMPTY_SHA256}
        token = self.key.get("token") if token is None else token
        if token:
            signed.update({"x-acs-security-token": token, "x-acs-accesskey-id": self.key["id"]})
        signed.update(more)
        headers = dict(signed)
        for name in unsigned:
            signed.pop(name)
        names, signature = sign_v3(secret or self.key["secret"], method, path, params, signed)
        headers["authorization"] = f"ACS3-HMAC-SHA256 Credential={self.key['id']},SignedHeaders={names},Signature={signature}"
        params.update(tamper or {})
        query = "&".join(f"{k}={quote(v)}" for k, v in sorted(params.items()))
        return self.send(host, method, path + ("?" + query if query else ""), headers)

    def v1(self, version, action, params=None, host="", method="POST", form=True, secret=None, answer="JSON"):
        common = {"Action": action, "Version": version, "Format": answer, "Timestamp": stamp(), "SignatureMethod": "HMAC-SHA1",
                  "SignatureVersion": "1.0", "SignatureNonce": secrets.token_hex(16), "AccessKeyId": self.key["id"]}
        if self.key.get("token"):
            common["SecurityToken"] = self.key["token"]
        common["Signature"] = sign_v1(secret or self.key["secret"], method, {**common, **(params or {})})
        query, body = dict(common), dict(params or {})
        if not form:
            query, body = {**query, **body}, {}
        headers = {"content-type": "application/x-www-form-urlencoded"} if body else {}
        return self.send(self.host(host), method, "/?" + urllib.parse.urlencode(query), headers, urllib.parse.urlencode(body).encode())

    def oss(self, bucket="", params=None, region="cn-hangzhou", host=None, date=None, secret=None, tamper=None, token=None):
        """A call of the object store; the bucket is in the host's name behind a proxy, else in the path."""
        params = dict(params or {})
        date = date or stamp(form="%Y%m%dT%H%M%SZ")
        name = self.host(host or (bucket + "." if bucket else "") + f"oss-{region}.aliyuncs.com")
        headers = {"x-oss-date": date, "x-oss-content-sha256": "UNSIGNED-PAYLOAD"}
        token = self.key.get("token") if token is None else token
        if token:
            headers["x-oss-security-token"] = token
        scope, signature = sign_oss(secret or self.key["secret"], "GET", f"/{bucket}/" if bucket else "/", params, headers, date, region)
        headers["authorization"] = f"OSS4-HMAC-SHA256 Credential={self.key['id']}/{scope},Signature={signature}"
        params.update(tamper or {})
        query = "&".join(k if v is None else f"{quote(k)}={quote(v)}" for k, v in sorted(params.items()))
        path = f"/{bucket}/" if bucket and not self.proxy else "/"
        return self.send(name, "GET", path + ("?" + query if query else ""), headers)


def user_key(cloud, which=0):
    s = cloud.account(which)["secrets"]
    return {"id": s["user_id"], "secret": s["user_secret"]}


def session_key(cloud, which=0, name="sts"):
    s = cloud.account(which)["secrets"]
    return {"id": s[name + "_id"], "secret": s[name + "_secret"], "token": s[name + "_token"]}
