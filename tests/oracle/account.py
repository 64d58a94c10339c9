"""Makes up small accounts with everything odd that an API may say, as recordings. The same seed makes the same account."""
import random
import time

from recording import ACCOUNT, Recording

REGIONS = ["cn-hangzhou", "cn-shanghai", "ap-southeast-1"]
DAY = 86400


def iso(seconds, form="%Y-%m-%dT%H:%M:%SZ"):
    return time.strftime(form, time.gmtime(seconds))


class Maker:
    """A recording under construction, and the dice."""

    def __init__(self, seed, now):
        self.seed, self.now = seed, now
        self.dice = random.Random(seed)
        self.rec = Recording()
        self.regions = REGIONS[: self.dice.choice((1, 1, 2, 3))]
        self.error_rate = self.dice.choice((0, 0, 0, 0.02, 0.05, 0.3))
        self.oddity = self.dice.choice((0.0, 0.05, 0.15))

    # ---- dice ----
    def chance(self, p):
        return self.dice.random() < p

    def pick(self, *choices):
        return self.dice.choice(choices)

    def few(self, most=4):
        return self.dice.choice((0, 1, 1, 2, 3, most))

    def some(self, choices, most=3):
        return [self.dice.choice(choices) for _ in range(self.dice.randint(0, most))]

    def case(self, text):
        """Now and then in another case."""
        if not self.chance(self.oddity):
            return text
        return self.dice.choice((text.upper(), text.lower(), text.swapcase()))

    def number(self, value):
        return str(value) if self.chance(self.oddity) else value

    def flag(self, value):
        """A truth value, sometimes as text."""
        return self.dice.choice((str(value).lower(), str(value))) if self.chance(self.oddity) else value

    def odd(self, row, *keys):
        """Some members are absent, null or empty."""
        for key in keys:
            if key in row and self.chance(self.oddity / 2):
                how = self.dice.randrange(3)
                if how == 0:
                    del row[key]
                else:
                    row[key] = None if how == 1 else ""
        return row

    def place(self, key, region):
        """An id. Two regions may have the same one; not where calls fail, as what failed is remembered by id."""
        return key if self.error_rate == 0 and self.chance(0.5) else f"{key}-{region}"

    # ---- answers ----
    def refusal(self, call, codes=()):
        """(status, body) of an error; `codes` are the call's own."""
        own = [(400, code) for code in codes]
        status, code = self.dice.choice(
            own * 3
            + [(403, "NoPermission"), (403, "Forbidden.RAM"), (403, "AccessDenied"), (403, "Forbidden"), (400, "Throttling.User"),
               (429, "Throttling"), (503, "ServiceUnavailable"), (500, "InternalError"), (400, "InvalidParameter")])
        return self.error(call, status, code)

    def error(self, call, status, code):
        if call.startswith("oss:"):
            return status, f"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>no</Message><RequestId>1</RequestId></Error>"
        return status, {"Code": code, "Message": "no", "RequestId": "R", "HostId": "h"}

    def put(self, call, body, region="", key="", variant="", codes=(), sure=False):
        """One answer; in an account where calls fail, sometimes an error."""
        if not sure and self.chance(self.error_rate):
            status, body = self.refusal(call, codes)
            self.rec.put(call, body, region, key, variant, status=status)
            return
        self.rec.put(call, body, region, key, variant)

    def put_error(self, call, status, code, region="", key="", variant=""):
        status, body = self.error(call, status, code)
        self.rec.put(call, body, region, key, variant, status=status)

    def put_list(self, call, path, rows, region="", key="", variant="", paging="", codes=(), more=None):
        """A list, in pages now and then. paging: token (NextToken), or the name of the total."""
        if self.chance(self.error_rate):
            status, body = self.refusal(call, codes)
            self.rec.put(call, body, region, key, variant, status=status)
            return
        cut = self.dice.randint(1, len(rows) - 1) if paging and len(rows) > 1 and self.chance(0.15) else len(rows)
        for page, part in enumerate(filter(None, (rows[:cut], rows[cut:])) if rows else [[]], 1):
            body = {"RequestId": "R", **(more or {})}
            inner = body
            *outer, last = path.split(".")
            for name in outer:
                inner = inner.setdefault(name, {})
            inner[last] = part
            if paging == "token":
                body["NextToken"] = "t2" if page == 1 and cut < len(rows) else ""
            elif paging:
                body[paging] = self.number(len(rows))
            if page > 1 and self.chance(self.error_rate):
                status, body = self.refusal(call)
                self.rec.put(call, body, region, key, variant, page=page, status=status)
                return
            self.rec.put(call, body, region, key, variant, page=page)


def make(seed, now, parts=None):
    """The recording of one account; `parts` limits what is in it (names of the functions' modules)."""
    import account_db
    import account_iam
    import account_net

    maker = Maker(seed, now)
    maker.put("sts:GetCallerIdentity", {"AccountId": ACCOUNT, "IdentityType": "RAMUser", "Arn": "acs:ram::1:user/x", "RequestId": "R"},
              sure=True)
    maker.put_list("ecs:DescribeRegions", "Regions.Region", [{"RegionId": r, "LocalName": r, "Status": "available"} for r in maker.regions])
    for name, module in (("iam", account_iam), ("net", account_net), ("db", account_db)):
        if parts is None or name in parts:
            module.fill(maker)
    return maker.rec
