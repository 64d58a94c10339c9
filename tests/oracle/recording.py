"""Recorded answers in memory (docs/replay.md): what the generator writes, what the judge reads, and how they reach a folder.

Nothing here is shared with the product: the judge makes its own sense of pages, errors, JSON and XML.
"""
import hashlib
import json
import os
import xml.etree.ElementTree as ElementTree

ACCOUNT = "1234567890123456"


def encode(*parts):
    """One part of a path."""
    done = [
        "".join(
            chr(b) if chr(b).isascii() and (chr(b).isalnum() or chr(b) in "_-" or (chr(b) == "." and i)) else f"%{b:02X}"
            for i, b in enumerate(part.encode())
        )
        for part in parts
        if part
    ]
    text = ",".join(done)
    if len(text) > 150:
        return text[:100] + "%~" + hashlib.sha256(text.encode()).hexdigest()[:32]
    return text or "_"


def stem(call, region="", key="", variant=""):
    product, action = call.split(":")
    return f"{product}/{action}/{encode(region)}/{encode(key, variant)}"


class Recording:
    """Bodies by (stem, page): status, suffix, text."""

    def __init__(self):
        self.pages = {}

    def put(self, call, body, region="", key="", variant="", page=1, status=200):
        """A dict or list is JSON; a text is itself (XML when it looks so)."""
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        suffix = "xml" if text.lstrip().startswith("<") and call.startswith("oss:") else "json"
        self.pages[stem(call, region, key, variant), page] = (status, suffix, text)

    def files(self):
        yield "recording.json", json.dumps({"format": 1, "account": ACCOUNT, "recorded": "2026-11-22T00:00:00Z"})
        for (name, page), (status, suffix, text) in self.pages.items():
            yield f"{name}.{page}.{suffix}" if status == 200 else f"{name}.{page}.{status}.{suffix}", text

    def write(self, folder):
        made = set()
        for name, text in self.files():
            path = os.path.join(folder, name)
            parent = os.path.dirname(path)
            if parent not in made:
                os.makedirs(parent, exist_ok=True)
                made.add(parent)
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)

    @staticmethod
    def read(folder):
        """The recording of a folder that somebody else wrote."""
        self = Recording()
        for at, _, names in os.walk(folder):
            for name in names:
                if at == folder:
                    continue
                with open(os.path.join(at, name), "rb") as file:
                    text = readable(file.read())
                parts = name.split(".")
                suffix = parts.pop()
                status = int(parts.pop()) if len(parts) > 2 and len(parts[-1]) == 3 and parts[-2].isdigit() else 200
                page = int(parts.pop())
                self.pages[f"{os.path.relpath(at, folder)}/{'.'.join(parts)}", page] = (status, suffix, text)
        return self


def readable(body):
    """A text; what is none is no answer either."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return ""


# ---- what an answer says ----


def tree(element):
    """An XML element as members: texts, dicts, and lists where a name stands several times."""
    children = list(element)
    if not children:
        text = element.text or ""
        return text if text.strip() else ""
    out = {}
    for child in children:
        out.setdefault(child.tag, []).append(tree(child))
    return {name: values[0] if len(values) == 1 else values for name, values in out.items()}


FINE = ("", "200", "success", "ok", "none")    # Codes beside what was asked for.
DENIED = ("Forbidden", "NoPermission", "AccessDenied", "UnauthorizedOperation")


class Reply:
    """ok, or why not: denied, throttled, failed (with the code)."""

    def __init__(self, how, data=None, code=""):
        self.how, self.data, self.code = how, data, code
        self.ok = how == "ok"


def error_of(status, code):
    if code.startswith("Throttling") or status in (429, 503):
        return "throttled"
    if code.startswith(DENIED) or status in (401, 403):
        return "denied"
    return "failed"


def said_false(value):
    return value is False or isinstance(value, str) and value.lower() == "false"


def understand(call, status, suffix, text):
    if suffix == "xml":
        try:
            root = ElementTree.fromstring(text)
        except ElementTree.ParseError:
            return Reply("failed")
        data = tree(root)
        if root.tag.lower() == "html":     # Some proxy's page.
            return Reply("failed")
        if status >= 300 or root.tag == "Error":
            code = data.get("Code", "") if isinstance(data, dict) else ""
            return Reply(error_of(status, code), code=code)
        return Reply("ok", data if isinstance(data, dict) else {})
    try:
        data = json.loads(text)
    except ValueError:
        return Reply(error_of(status, "") if status >= 300 else "failed")
    if not isinstance(data, dict):
        return Reply("failed")
    code = str(data.get("Code", ""))
    if status >= 300:
        return Reply(error_of(status, code), code=code)
    if not call.startswith("oss:") and (said_false(data.get("Success")) or said_false(data.get("IsSuccess"))):
        return Reply("failed", code=code)
    if not call.startswith("oss:") and code.lower() not in FINE:
        return Reply(error_of(status, code), code=code)
    return Reply("ok", data)


def dig(data, path):
    for name in path.split("."):
        if not isinstance(data, dict) or name not in data:
            return None
        data = data[name]
    return data


def listed(value):
    """A list, or the one thing that stands where a list may."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


class Answers:
    """Questions to a recording."""

    def __init__(self, recording):
        self.recording = recording

    def ask(self, call, region="", key="", variant="", page=1):
        found = self.recording.pages.get((stem(call, region, key, variant), page))
        return understand(call, *found) if found else Reply("failed", code="not recorded")

    def pages(self, call, path, region="", key="", variant=""):
        """(elements, the Reply that ended it early or None)."""
        rows, page = [], 1
        while True:
            if page > 1 and (stem(call, region, key, variant), page) not in self.recording.pages:
                return rows, None
            reply = self.ask(call, region, key, variant, page)
            if not reply.ok:
                return rows, reply
            value = dig(reply.data, path)
            if value is None and path.split(".")[0] not in reply.data and not self.may_lack(call, reply.data):
                return rows, Reply("failed")
            rows += [row for row in listed(value) if isinstance(row, (dict, str))]
            page += 1

    @staticmethod
    def may_lack(call, data):
        return call == "slb:DescribeLoadBalancerListeners" or str(data.get("TotalCount")) == "0"
