/*
 * Writes an audit log of the shape that MariaDB's server_audit writes: an online shop at work,
 * with table records before their statements, strings with escapes and quotes, and one attacking
 * statement in every hundred lines. The same arguments give the same bytes.
 *
 *     make_log LINES >FILE
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LINES_PER_S 300
#define START_S     (9 * 3600)
#define CONNECTIONS 64

/* A statement with room for two numbers, and the table record that comes before it. */
struct statement {
    const char *record, *table, *sql;
};

/* clang-format off */
static const struct statement normal[] = {
    { "READ",  "orders",      "SELECT COUNT(*) FROM orders WHERE created_at >= \\'2026-02-%02u\\' AND created_at < \\'2026-03-%02u\\'" },
    { "READ",  "orders",      "SELECT o.id,o.status,o.amount,o.created_at FROM orders o WHERE o.customer_id=%u ORDER BY o.created_at DESC LIMIT 20 OFFSET %u" },
    { "READ",  "customers",   "SELECT id,name,phone,email FROM customers WHERE id=%u AND shop_id=%u" },
    { "READ",  "customers",   "SELECT id,name,phone,email FROM customers WHERE id=%u /* request %u */" },
    { "WRITE", "orders",      "UPDATE orders SET status=\\'PAID\\' WHERE id=%u AND version=%u" },
    { "WRITE", "orders",      "INSERT INTO orders(id,customer_id,status,amount,created_at) VALUES (%u,%u,\\'NEW\\',319.05e0,NOW())" },
    { "WRITE", "audit_trail", "INSERT INTO audit_trail(msg,at) VALUES (\\'多行\\\\n备注 line%u\\\\r\\\\nline%u\\',NOW())" },
    { "WRITE", "audit_trail", "INSERT INTO audit_trail(msg,at) VALUES (\\'meet at Union Street %u, select a seat near the door %u\\',NOW())" },
    { "WRITE", "audit_trail", "DELETE FROM audit_trail WHERE id=%u OR id=%u" },
    { "READ",  "customers",   "SELECT id,name,email FROM customers WHERE id=\\'%u\\' AND name<>\\'it\\\\\\'s %u\\'" },
    { NULL,    NULL,          "BEGIN" },
    { NULL,    NULL,          "COMMIT" },
};
static const struct statement attacks[] = {
    { NULL, NULL, "SELECT id,name,email FROM customers WHERE id=\\'%u\\' UNION ALL SELECT NULL,NULL,NULL-- %u" },
    { NULL, NULL, "DROP TABLE backup_%u_%u" },
    { NULL, NULL, "SELECT id,name FROM customers WHERE id=%u AND SLEEP(5) AND %u" },
    { NULL, NULL, "SELECT LOAD_FILE(\\'/etc/passwd\\'),%u,%u" },
    { NULL, NULL, "GRANT ALL PRIVILEGES ON *.* TO \\'x%u\\'@\\'10.0.%u.1\\'" },
    { NULL, NULL, "SELECT * FROM customers INTO OUTFILE \\'/tmp/out%u-%u.csv\\'" },
};
/* clang-format on */

#define LEN(array) (unsigned)(sizeof(array) / sizeof((array)[0]))

static uint64_t state = 1;

/* xorshift64*: the same sequence on every machine. */
static unsigned next(unsigned below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * 0x2545F4914F6CDD1DULL >> 33) % below);
}

static void write_head(unsigned long line, unsigned connection, const char *user)
{
    unsigned long second = START_S + line / LINES_PER_S;

    (void)printf("20260302 %02lu:%02lu:%02lu,vm,%s,127.0.10.%u,%u,%lu,", second / 3600 % 24,
            second / 60 % 60, second % 60, user, 11 + connection % 8, 100 + connection,
            1000 + line);
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void write_sql(const struct statement *statement)
{
    (void)printf("QUERY,shop,'");
    (void)printf(statement->sql, next(20000), next(28));
    (void)printf("',0\n");
}

int main(int argc, char **argv)
{
    unsigned long lines = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;

    if (lines == 0) {
        (void)fprintf(stderr, "usage: make_log LINES\n");
        return 2;
    }
    for (unsigned long line = 0; line < lines; line++) {
        unsigned connection = next(CONNECTIONS);
        const struct statement *statement = &normal[next(LEN(normal))];

        if (line % 100 == 99) {
            write_head(line, connection, "web_legacy");
            write_sql(&attacks[line / 100 % LEN(attacks)]);
            continue;
        }
        write_head(line, connection, "shop_app");
        if (statement->record != NULL && line % 100 != 98) {
            (void)printf("%s,shop,%s,\n", statement->record, statement->table);
            line++;
            if (line >= lines)
                break;
            write_head(line - 1, connection, "shop_app");
        }
        write_sql(statement);
    }
    return 0;
}
