"""An independent judge: what each check item says about recorded answers, written from the items' rules and not from the catalogue.

A verdict is a set of the words that would be right: one, mostly; two where the rules leave it open. A value is the set of texts that are right,
or None where the rules fix no format. "not_applicable" and no row are the same thing: neither is counted.
"""
import datetime
import ipaddress
import re

from recording import ACCOUNT, Answers

PASS, FAIL, NA, UNKNOWN = "pass", "fail", "not_applicable", "unknown"
ITEMS = {}


def item(*numbers):
    """Registers the judge of items."""

    def register(function):
        for number in numbers:
            ITEMS[number] = function
        return function

    return register


class Findings:
    """What is right about one item of one account."""

    def __init__(self):
        self.rows = {}      # (region, id): (verdicts, values)
        self.doubt = False  # something could not be listed; None: either way is right

    def add(self, region, key, verdicts, values=None):
        verdicts = {verdicts} if isinstance(verdicts, str) else set(verdicts)
        values = {values} if isinstance(values, str) else values
        self.rows["" if region == "global" else region, key] = (verdicts, values)

    def unread(self):
        self.doubt = True

    def maybe_unread(self):
        if not self.doubt:
            self.doubt = None


def judge(recording, now, items=None):
    """Findings by item."""
    import judge_db
    import judge_iam
    import judge_net

    assert judge_db and judge_iam and judge_net
    answers = Answers(recording)
    out = {}
    for number in sorted(ITEMS if items is None else items):
        out[number] = Findings()
        ITEMS[number](answers, out[number], now)
    return out


# ---- words ----


def word(value):
    """A word as compared: lower case, without blanks around it; None when it is none."""
    if value is None or isinstance(value, (dict, list)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip().lower()


def truth(value):
    """True, False, or None for anything else."""
    return {"true": True, "false": False, "1": True, "0": False}.get(word(value))


def whole(value):
    text = word(value)
    return int(text) if text is not None and re.fullmatch(r"[+-]?\d+", text) else None


def filled(value):
    return value is not None and str(value).strip() != ""


# ---- times ----


def moment(text):
    """Seconds since 1970 of a text with a zone, or None."""
    if text is None:
        return None
    text = str(text).strip()
    if re.fullmatch(r"\d{10}", text):
        return int(text)
    if re.fullmatch(r"\d{13,15}", text):
        return int(text) / 1000
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)", text)
    if not found:
        return None
    zone = "+00:00" if found[5] == "Z" else found[5]
    try:
        return datetime.datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3] or ':00'}{zone}").timestamp()
    except ValueError:
        return None


def day_start(text, zone="+08:00"):
    if text is None or not re.fullmatch(r"\d{4}-\d\d-\d\d", str(text).strip()):
        return moment(text)
    return moment(f"{str(text).strip()}T00:00:00{zone}")


def day_end(text, zone="+08:00"):
    start = day_start(text, zone)
    if start is None or not re.fullmatch(r"\d{4}-\d\d-\d\d", str(text).strip()):
        return start
    return start + 86400 - 0.001


# ---- addresses ----

RESERVED = ["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"]


class Net:
    """A range of one family as two numbers."""

    def __init__(self, family, low, high):
        self.family, self.low, self.high = family, low, high


def net(token):
    """The ranges of one token, or None when it is no address."""
    token = token.strip()
    if token in ("%", "*"):
        return [Net(4, 0, 2**32 - 1), Net(6, 0, 2**128 - 1)]
    if token == "0.0.0.0":
        token = "0.0.0.0/0"
    if token == "::":
        token = "::/0"
    try:
        one = ipaddress.ip_network(token, strict=False)
    except ValueError:
        return None
    return [Net(one.version, int(one.network_address), int(one.broadcast_address))]


def tokens(text):
    return [t for t in re.split(r"[,;\s]+", text or "") if t]


def covers(ranges, low, high):
    """Do sorted merged (low, high) cover it all?"""
    at = low
    for a, b in sorted(ranges):
        if a > at:
            return False
        at = max(at, b + 1)
        if at > high:
            return True
    return at > high


def world_open(words):
    nets = [n for w in words for n in net(w) or []]
    four = [(n.low, n.high) for n in nets if n.family == 4]
    six = [(n.low, n.high) for n in nets if n.family == 6]
    if any((0, 2**32 - 1) == r for r in four) or any((0, 2**128 - 1) == r for r in six):
        return True
    if six:
        base = int(ipaddress.ip_address("2000::"))
        if covers(six, base, base + 2**125 - 1):
            return True
    if not four:
        return False
    return covers(four + [(n.low, n.high) for r in RESERVED for n in net(r)], 0, 2**32 - 1)


def unparsed(words):
    return [w for w in words if net(w) is None]


# ---- what errors mean ----


def is_unsupported(reply):
    return "NotSupport" in reply.code or "NOT_SUPPORT" in reply.code


def is_not_activated(reply):
    return any(w in reply.code for w in ("NotActivated", "NotPurchase", "ServiceNotOpen"))


def lists(answers, found, call, path, regions):
    """(region, element) of a list that is read per region; what is missing is a doubt."""
    out = []
    for region in regions:
        rows, broken = answers.pages(call, path, region)
        out += [(region, row) for row in rows]
        if broken and not broken.code.startswith("InvalidRegionId"):
            found.unread()
    return out


def regions(answers, found, call, path):
    rows, broken = answers.pages(call, path)
    if broken:
        found.unread()
        # Regions that are not told are not a reason to look nowhere: what is found counts, what is not stays in doubt.
        told, _ = answers.pages("ecs:DescribeRegions", "Regions.Region")
        rows = rows + told + [{"RegionId": r} for r in ("cn-hangzhou", "cn-shanghai", "ap-southeast-1")]
    return list(dict.fromkeys(r["RegionId"] for r in rows))

