"""Makes MariaDB server_audit logs of any size: the traffic of a shop, and about one record in a hundred of an attack.

    audit_log.py FILE RECORDS [SEED]

The same seed gives the same bytes. Attacks of one statement are counted (PLANTED), so that a test knows what must be found;
attacks of many (guessed passwords, paging, error bursts) stretch over hundreds of records of other people.
"""
import random
import sys
import time

START_S = 1740967200  # 2025-03-03 02:00:00 UTC
RECORDS_A_SECOND = 60  # of all people together
ATTACK_SHARE, ATTACK_PACE = 0.01, 0.02  # of all records; of the records while somebody attacks
APP_HOSTS, NOISY_HOSTS, QUIET_HOSTS = 40, 30, 2000
SERVER = "db-1"

# Statements of normal traffic: text, tables read, tables written.
NORMAL = [
    ("SELECT id,name,phone,email FROM customers WHERE id={n}", ["customers"], []),
    ("SELECT o.id,o.status,o.amount FROM orders o WHERE o.customer_id={n} ORDER BY o.created_at DESC LIMIT 20", ["orders"], []),
    ("SELECT COUNT(*) FROM orders WHERE created_at >= '2025-03-{d:02d}' AND status='PAID'", ["orders"], []),
    ("UPDATE orders SET status='PAID' WHERE id={n}", [], ["orders"]),
    ("INSERT INTO orders(id,customer_id,status,amount) VALUES ({n},{m},'NEW',{d}.05e0)", [], ["orders"]),
    ("INSERT INTO audit_trail(msg,at) VALUES ('多行\n备注 it''s \\ drop table x; union select\r\n',NOW())", [], ["audit_trail"]),
    ("DELETE FROM audit_trail WHERE id={n}", [], ["audit_trail"]),
    ("SELECT p.id,p.title FROM products p JOIN stock s ON s.product_id=p.id WHERE p.title LIKE '%into outfile {n}%'",
     ["products", "stock"], []),
    ("BEGIN", [], []),
    ("COMMIT", [], []),
]
# Attacks of one statement: rule it belongs to, text, error number.
ONE_STATEMENT = [
    (10201, "DROP TABLE orders_{n}", 0),
    (10202, "DROP DATABASE shop_{n}", 0),
    (10203, "TRUNCATE TABLE audit_trail_{n}", 0),
    (10204, "DELETE FROM customers", 0),
    (10205, "UPDATE customers SET phone='0'", 0),
    (10103, "SELECT id,name FROM customers WHERE id<{n} INTO OUTFILE '/tmp/{n}.csv'", 1290),
    (10121, "SELECT LOAD_FILE('/etc/passwd{n}')", 0),
    (10181, "CREATE USER 'svc_{n}'@'%' IDENTIFIED BY *****", 0),
    (10182, "GRANT ALL PRIVILEGES ON *.* TO 'svc_{n}'@'%'", 0),
    (10142, "INSTALL PLUGIN p{n} SONAME 'p{n}.so'", 1126),
    (10244, "SELECT name FROM customers WHERE id={n} AND SLEEP(5)", 0),
    (10242, "SELECT id FROM products WHERE id={n} UNION ALL SELECT NULL,CONCAT(0x71,user(),0x71),NULL-- -", 1222),
]
PLANTED = sorted(rule for rule, _, _ in ONE_STATEMENT)


def quoted(text):
    for char, escaped in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(char, escaped)
    return "'" + text + "'"


class Log:
    """Records one after another; `network` keeps the addresses of two logs apart; `records_a_second` is their pace."""

    def __init__(self, records, seed, network=10, records_a_second=RECORDS_A_SECOND):
        self.pace = records_a_second
        self.rng, self.total, self.network = random.Random(seed), records, network
        self.written = self.attacks = 0
        self.clock, self.stamp_s, self.stamp = float(START_S), None, ""
        self.connection, self.query = 100, 1000
        self.active = []  # lines still to come of each attack that is under way
        self.planted = dict.fromkeys(PLANTED, 0)

    # -- records --------------------------------------------------------------------------------------------
    def line(self, user, host, connection, query, operation, database, rest):
        # Sessions are written by many threads: now and then one is a moment late.
        late_s = self.rng.randrange(1, 4) if self.rng.random() < 0.01 else 0
        second = int(self.clock) - late_s
        if second != self.stamp_s:
            self.stamp_s, self.stamp = second, time.strftime("%Y%m%d %H:%M:%S", time.gmtime(second))
        return f"{self.stamp},{SERVER},{user},{host},{connection},{query},{operation},{database},{rest}\n"

    def statement(self, user, host, connection, text, reads=(), writes=(), error=0):
        self.query += 1
        numbers = {"n": self.rng.randrange(1, 100000), "m": self.rng.randrange(1, 20000), "d": self.rng.randrange(1, 29)}
        for key, value in numbers.items():
            text = text.replace("{" + key + "}", str(value))
        text = text.replace("{d:02d}", f"{numbers['d']:02d}")
        lines = [self.line(user, host, connection, self.query, "READ", "shop", f"{t},") for t in reads]
        lines += [self.line(user, host, connection, self.query, "WRITE", "shop", f"{t},") for t in writes]
        return lines + [self.line(user, host, connection, self.query, "QUERY", "shop", f"{quoted(text)},{error}")]

    def failed_login(self, user, host, error=1045):
        self.connection += 1
        return [self.line(user, host, self.connection, 0, "FAILED_CONNECT", "", f",{error}"),
                self.line(user, host, self.connection, 0, "DISCONNECT", "", ",0")]

    # -- people ---------------------------------------------------------------------------------------------
    def normal(self):
        text, reads, writes = self.rng.choice(NORMAL)
        app = self.rng.randrange(APP_HOSTS)
        return self.statement(f"shop_app{app % 4}", f"{self.network}.1.0.{app + 1}", 10 + app, text, reads, writes)

    def noisy_host(self):
        return f"{self.network}.66.0.{self.rng.randrange(NOISY_HOSTS) + 1}"

    def start_attack(self):
        """A list of functions, each of which gives the next records of one attack."""
        kind = self.rng.choices(("one", "guess", "spray", "page", "errors"), (40, 3, 3, 1, 3))[0]
        host = self.noisy_host()
        if kind == "one":
            return self.one_statement()
        if kind == "guess":
            user = f"acc{self.rng.randrange(20)}"
            return [lambda: self.failed_login(user, host)] * self.rng.randrange(6, 16) + [lambda: self.login(user, host)]
        if kind == "spray":
            return [lambda u=u: self.failed_login(f"name{u}", host) for u in self.rng.sample(range(60), 5)]
        self.connection += 1
        connection, user = self.connection, f"rep{self.rng.randrange(10)}"
        if kind == "page":
            texts = [f"SELECT id,name,phone FROM customers ORDER BY id LIMIT {page * 100},100" for page in range(60)]
            return [lambda t=t: self.statement(user, host, connection, t, ["customers"]) for t in texts]
        texts = ["SELECT a'", "SELEC 1", "SELECT 1 FROM", "SELECT (1", "SELECT nofield FROM t WHERE x='1", "SELECT ,", "SHOW '"]
        return [lambda t=t: self.statement(user, host, connection, t, error=1064) for t in texts]

    def one_statement(self):
        rule, text, error = self.rng.choice(ONE_STATEMENT)
        host = self.rng.randrange(QUIET_HOSTS)
        self.connection += 1
        connection, user = self.connection, f"u{self.rng.randrange(300)}"

        def give():
            self.planted[rule] += 1
            return self.statement(user, f"{self.network}.77.{host // 250}.{host % 250 + 1}", connection, text, error=error)
        return [give]

    def login(self, user, host):
        self.connection += 1
        return [self.line(user, host, self.connection, 0, "CONNECT", "shop", ",0"),
                self.line(user, host, self.connection, 0, "DISCONNECT", "shop", ",0")]

    # -- the log --------------------------------------------------------------------------------------------
    def next_lines(self):
        if len(self.active) < 3 and self.attacks < ATTACK_SHARE * self.written:
            self.active.append(self.start_attack())
        if not self.active or self.rng.random() >= ATTACK_PACE:
            return self.normal()
        attack = self.rng.choice(self.active)
        lines = attack.pop(0)()
        self.attacks += len(lines)
        if not attack:
            self.active.remove(attack)
        return lines

    def groups(self):
        """The records in groups that the server writes together, until the wanted number is reached."""
        while self.written < self.total:
            lines = self.next_lines()
            self.written += len(lines)
            self.clock += len(lines) * self.rng.random() * 2 / self.pace
            yield "".join(lines).encode()


def write(path, records, seed=1, **options):
    """Writes a log of at least `records` records and returns how often each attack of one statement is in it."""
    log = Log(records, seed, **options)
    with open(path, "wb", buffering=1 << 20) as f:
        for group in log.groups():
            f.write(group)
    return log.planted


if __name__ == "__main__":
    print(write(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1))
