/* Security groups in SQL, against a model that looks at single addresses. */
#include <stdio.h>

#include "base/net_set.h"
#include "sql.h"

#define RULES_MAX 12
#define ROUNDS    400

/* One ingress rule as the cloud gives it; a NULL is NULL. */
struct rule {
    const char *priority, *policy, *protocol, *ports, *sources, *id;
};

static const char *const prepare =
        "create table r(n integer primary key, priority, policy, protocol, ports, sources, id)";
static const char *const insert = "insert into r(priority, policy, protocol, ports, sources, id) "
                                  "values (?, ?, ?, ?, ?, ?)";

static void put(struct sql *sql, const struct rule *rule)
{
    const char *texts[] = { rule->priority, rule->policy, rule->protocol, rule->ports,
        rule->sources, rule->id };

    sql_bind(sql, insert, texts, 6);
    assert_int_equal(sqlite3_step(sql->stmt), SQLITE_DONE);
}

static void run(struct sql *sql, const char *text)
{
    sql_bind(sql, text, NULL, 0);
    while (sqlite3_step(sql->stmt) == SQLITE_ROW) {
    }
}

#define ALLOWED "select sg_allowed(?, ?, priority, policy, protocol, ports, sources) from r"
#define OPEN    "select sg_open(?, priority, policy, protocol, ports, sources, id) from r"
#define UNCLEAR "select sg_unclear(priority, policy, protocol, ports, sources, id) from r"

/* Some rules, what is asked, the answer. */
struct group_case {
    struct rule rules[4];
    const char *answer;
};

static void judge(const struct group_case *rows, size_t count, const char *question,
        const char *const *texts, int text_count)
{
    struct sql sql;

    sql_open(&sql);
    run(&sql, prepare);
    for (size_t i = 0; i < count; i++) {
        const char *answer = NULL;

        run(&sql, "delete from r");
        for (size_t j = 0; j < 4 && rows[i].rules[j].policy != NULL; j++)
            put(&sql, &rows[i].rules[j]);
        sql_bind(&sql, question, texts, text_count);
        answer = sql_result(&sql);
        if (strcmp(answer, rows[i].answer) != 0)
            fail_msg("case %zu: got \"%s\", want \"%s\"", i, answer, rows[i].answer);
    }
    sql_close(&sql);
}

static void says_who_may_reach_a_port(void **state)
{
    static const struct group_case rows[] = {
        { { { "1", "Accept", "TCP", "22/22", "0.0.0.0/0", "a" } }, "0.0.0.0/0" },
        { { { "1", "Accept", "TCP", "80/80", "0.0.0.0/0", "a" } }, "NULL" },
        { { { "1", "Accept", "TCP", "22/22", "0.0.0.0/0", "a" },
                  { "1", "Drop", "TCP", "22/22", "0.0.0.0/0", "b" } },
                "NULL" },
        { { { "1", "Accept", "TCP", "22/22", "47.97.128.0/24", "a" },
                  { "2", "Drop", "TCP", "22/22", "0.0.0.0/0", "b" },
                  { "3", "Accept", "TCP", "22/22", "0.0.0.0/0", "c" } },
                "47.97.128.0/24" },
        { { { "1", "Accept", "UDP", "22/22", "0.0.0.0/0", "a" } }, "NULL" },
        { { { "1", "Accept", "TCP", "1/65535", "0.0.0.0/0", "a" } }, "0.0.0.0/0" },
        { { { "1", "Accept", "TCP", "22/22", "10.0.0.0/8", "a" },
                  { "100", "Drop", "TCP", "22/22", "0.0.0.0/0", "b" } },
                "10.0.0.0/8" },
        { { { "1", "Drop", "TCP", "22/22", "8.8.0.0/16", "a" },
                  { "2", "Accept", "TCP", "22/22", "8.0.0.0/8", "b" } },
                "8.0.0.0/13,8.9.0.0/16,8.10.0.0/15,8.12.0.0/14,8.16.0.0/12,8.32.0.0/11,"
                "8.64.0.0/10,8.128.0.0/9" },
        { { { "100", "Accept", "TCP", "22/22", "0.0.0.0/0", "a" },
                  { "1", "Drop", "ALL", "-1/-1", "0.0.0.0/0", "b" } },
                "NULL" },
        { { { "1", "accept", "all", "-1/-1", "10.0.0.0/8,fd00::/8", "a" } },
                "10.0.0.0/8,fd00::/8" },
        { { { "1", "Accept", "TCP", "", "0.0.0.0/0", "a" } }, "0.0.0.0/0" },
        { { { "1", "Accept", "TCP", "80/80 20/25", "1.1.1.1", "a" } }, "1.1.1.1/32" },
        { { { "1", "Accept", "TCP", "22/22", "", "group" },
                  { "1", "Accept", "TCP", "22/22", NULL, "group" },
                  { "1", "Accept", "ICMP", "-1/-1", "0.0.0.0/0", "ping" },
                  { "1", "Accept", "TCP", NULL, "0.0.0.0/0", "list" } },
                "NULL" },
        /* What cannot be read helps nobody to pass. */
        { { { "soon", "Accept", "TCP", "22", "1.1.1.1", "a" },
                  { "1", "Drop", "TCP", "22", "0.0.0.0/0", "b" } },
                "1.1.1.1/32" },
        { { { "1", "Accept", "TCP", "22", "1.1.1.1", "a" },
                  { "soon", "Drop", "TCP", "22", "0.0.0.0/0", "b" } },
                "1.1.1.1/32" },
        { { { "1", "Accept", "TCP", "22", "0.0.0.0", "a" },
                  { "1", "Drop", "TCP", "22", "0.0.0.0", "b" } },
                "0.0.0.1/32,0.0.0.2/31,0.0.0.4/30,0.0.0.8/29,0.0.0.16/28,0.0.0.32/27,0.0.0.64/26,"
                "0.0.0.128/25,0.0.1.0/24,0.0.2.0/23,0.0.4.0/22,0.0.8.0/21,0.0.16.0/20,0.0.32.0/19,"
                "0.0.64.0/18,0.0.128.0/17,0.1.0.0/16,0.2.0.0/15,0.4.0.0/14,0.8.0.0/13,0.16.0.0/12,"
                "0.32.0.0/11,0.64.0.0/10,0.128.0.0/9,1.0.0.0/8,2.0.0.0/7,4.0.0.0/6,8.0.0.0/5,"
                "16.0.0.0/4,32.0.0.0/3,64.0.0.0/2,128.0.0.0/1" },
        { { { NULL } }, "NULL" },
    };
    static const struct group_case unknown_port[] = {
        { { { "2", "Accept", "TCP", "443", "1.1.1.1", "a" },
                  { "1", "Drop", "TCP", "443", "0.0.0.0/0", "b" } },
                "1.1.1.1/32" },
        { { { "2", "Accept", "UDP", "443", "1.1.1.1", "a" },
                  { "1", "Drop", "TCP", "-1/-1", "0.0.0.0/0", "b" } },
                "1.1.1.1/32" },
        { { { "2", "Accept", "UDP", "443", "1.1.1.1", "a" },
                  { "1", "Drop", "ALL", "-1/-1", "0.0.0.0/0", "b" } },
                "NULL" },
    };
    static const char *const tcp_22[] = { "TCP", "22" }, *const nothing[] = { NULL, NULL };

    (void)state;
    judge(rows, MLN_LEN(rows), ALLOWED, tcp_22, 2);
    judge(unknown_port, MLN_LEN(unknown_port), ALLOWED, nothing, 2);
}

static void says_which_ports_are_open(void **state)
{
    static const struct group_case rows[] = {
        { { { "1", "Accept", "TCP", "22/22", "0.0.0.0/0", "sgr-1" } },
                "tcp/22 from 0.0.0.0/0 (prio 1, sgr-1)" },
        { { { "1", "Accept", "ALL", "-1/-1", "0.0.0.0/0", "sgr-1" } },
                "tcp/ALLPORTS from 0.0.0.0/0 (prio 1, sgr-1), "
                "udp/ALLPORTS from 0.0.0.0/0 (prio 1, sgr-1)" },
        { { { "1", "Accept", "TCP", "22/22", "0.0.0.0/0", "sgr-1" },
                  { "2", "Drop", "TCP", "22/22", "0.0.0.0/0", "sgr-2" } },
                "tcp/22 from 0.0.0.0/0 (prio 1, sgr-1)" },
        { { { "1", "Accept", "TCP", "22/22", "0.0.0.0/0", "sgr-1" },
                  { "1", "Drop", "TCP", "22/22", "198.51.100.0/24", "sgr-2" } },
                "tcp/22 from 0.0.0.0/0 (prio 1, sgr-1)" },
        { { { "1", "Accept", "TCP", "22/22", "0.0.0.0/0", "sgr-1" },
                  { "1", "Drop", "TCP", "22/22", "8.0.0.0/6", "sgr-2" } },
                "tcp/22 from 0.0.0.0/0 (prio 1, sgr-1)" },
        { { { "1", "Accept", "TCP", "3380/3400", "0.0.0.0/0", "sgr-1" } },
                "tcp/3389 from 0.0.0.0/0 (prio 1, sgr-1)" },
        { { { "1", "Accept", "TCP", "22/22", "", "sgr-1" } }, "NULL" },
        { { { "1", "Accept", "TCP", "80/80 22/22", "0.0.0.0/0", "sgr-1" } },
                "tcp/22 from 0.0.0.0/0 (prio 1, sgr-1)" },
        { { { NULL } }, "NULL" },
        { { { "100", "Accept", "TCP", "20/25", "0.0.0.0/0", "sgr-bp1b01" } },
                "tcp/21,22,23 from 0.0.0.0/0 (prio 100, sgr-bp1b01)" },
        { { { "1", "Accept", "TCP", "443/443", "0.0.0.0/0", "sgr-1" },
                  { "1", "Accept", "TCP", "22/22", "203.0.113.10/32", "sgr-2" } },
                "NULL" },
        { { { "1", "Accept", "TCP", "1/65535", "::/0", "a" } },
                "tcp/ALLPORTS from ::/0 (prio 1, a)" },
        { { { "1", "Accept", "UDP", "0/65535", "0.0.0.0/0", "a" },
                  { "1", "Accept", "UDP", "22", "0.0.0.0/0", "b" } },
                "udp/ALLPORTS from 0.0.0.0/0 (prio 1, a), udp/22 from 0.0.0.0/0 (prio 1, b)" },
        { { { "1", "Accept", "UDP", "21", "0.0.0.0/0", "a" } }, "NULL" },
        /* A drop of every port closes the single ones too, one of a single port only that one. */
        { { { "5", "Accept", "ALL", "-1/-1", "0.0.0.0/0", "a" },
                  { "5", "Drop", "ALL", "-1/-1", "0.0.0.0/0", "b" } },
                "NULL" },
        { { { "5", "Accept", "TCP", "21/22", "0.0.0.0/0", "a" },
                  { "5", "Drop", "TCP", "22/22", "0.0.0.0/0", "b" } },
                "tcp/21 from 0.0.0.0/0 (prio 5, a)" },
        { { { "5", "Accept", "TCP", "22/22", "0.0.0.0/0,::/0", "a" },
                  { "5", "Drop", "TCP", "22/22", "0.0.0.0/0", "b" } },
                "tcp/22 from ::/0 (prio 5, a)" },
        /* Unions, of accepts and of drops. */
        { { { "1", "Accept", "TCP", "22/22", "0.0.0.0/1", "a" },
                  { "2", "Accept", "TCP", "20/25", "128.0.0.0/1", "b" },
                  { "1", "Accept", "TCP", "22/22", "47.1.1.1", "office" } },
                "tcp/22 from 0.0.0.0/1 (prio 1, a), tcp/22 from 128.0.0.0/1 (prio 2, b)" },
        { { { "1", "Accept", "TCP", "22/22", "0.0.0.0/1", "a" },
                  { "3", "Accept", "TCP", "22/22", "128.0.0.0/1", "b" },
                  { "2", "Drop", "TCP", "22/22", "0.0.0.0/0", "c" } },
                "NULL" },
        { { { "3", "Accept", "TCP", "22/22", "0.0.0.0/0", "a" },
                  { "1", "Drop", "TCP", "22/22", "0.0.0.0/1", "b" },
                  { "3", "Drop", "TCP", "22/22", "128.0.0.0/1", "c" } },
                "NULL" },
        { { { "2", "Accept", "TCP", "22/22", "0.0.0.0/0", "a" },
                  { "1", "Drop", "TCP", "22/22", "0.0.0.0/1", "b" },
                  { "3", "Drop", "TCP", "22/22", "128.0.0.0/1", "c" } },
                "tcp/22 from 0.0.0.0/0 (prio 2, a)" },
        { { { "1", "Accept", "TCP", "22", "0.0.0.0/1,128.0.0.0/1", "a" } },
                "tcp/22 from 0.0.0.0/1,128.0.0.0/1 (prio 1, a)" },
        { { { "1", "Accept", "TCP", "22", "0.0.0.0/1", "a" },
                  { "1", "Accept", "TCP", "22", "8000::/1", "b" } },
                "NULL" },
    };
    static const char *const ports[] = {
        "[\"tcp/21\",\"any/22\",\"tcp/23\",\"tcp/3389\",\"tcp/22\"]"
    };

    (void)state;
    judge(rows, MLN_LEN(rows), OPEN, ports, 1);
}

static void shows_twenty_and_counts_the_rest(void **state)
{
    static const char *const ports[] = { "[\"tcp/22\"]" };
    struct sql sql;
    const char *answer = NULL;

    (void)state;
    sql_open(&sql);
    run(&sql, prepare);
    run(&sql, "insert into r select value, 7, 'accept', 'tcp', '22', '0.0.0.0/0', "
              "format('sgr-%02d', value) from (with recursive n(value) as (select 1 union all "
              "select value + 1 from n where value < 23) select value from n)");
    sql_bind(&sql, OPEN, ports, 1);
    answer = sql_result(&sql);
    assert_non_null(strstr(answer, "(prio 7, sgr-20), +3 more"));
    assert_null(strstr(answer, "sgr-21"));
    sql_close(&sql);
}

static void refuses_ports_that_are_none(void **state)
{
    static const char *const rows[] = { "x", "{}", "[22]", "[\"22\"]", "[\"tcp/\"]",
        "[\"tcp/65536\"]", "[\"icmp/1\"]", "[\"tcp/22/23\"]" };
    struct sql sql;

    (void)state;
    sql_open(&sql);
    run(&sql, prepare);
    put(&sql, &(struct rule){ "1", "accept", "tcp", "22", "0.0.0.0/0", "a" });
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        sql_bind(&sql, OPEN, &rows[i], 1);
        if (strncmp(sql_result(&sql), "sg_open: ", 9) != 0)
            fail_msg("%s was accepted", rows[i]);
    }
    sql_close(&sql);
}

static void names_a_rule_that_it_cannot_read(void **state)
{
    static const struct group_case rows[] = {
        { { { "1", "Accept", "TCP", "22/22", "0.0.0.0/0", "a" },
                  { "1", "Accept", "ICMP", NULL, "x", "b" },
                  { "1", "drop", "ALL", NULL, "10.0.0.0/8", "c" },
                  { "1", "Accept", "UDP", "53", NULL, "d" } },
                "NULL" },
        { { { "1", "Accept", "TCP", NULL, "0.0.0.0/0", "b" },
                  { "1", "Accept", "TCP", NULL, "0.0.0.0/0", "a" } },
                "rule a: ports not known" },
        { { { "1", "Accept", "TCP", "ssh", "0.0.0.0/0", "a" } }, "rule a: ports not understood" },
        { { { "1", "Accept", "TCP", "22", "office", "a" } }, "rule a: source not understood" },
        { { { "first", "Accept", "TCP", "22", "1.1.1.1", "a" } },
                "rule a: priority not understood" },
        { { { "1", "Allow", "TCP", "22", "1.1.1.1", NULL } }, "rule ?: policy not understood" },
        { { { "1", "Accept", "47", "22", "1.1.1.1", "a b" } },
                "rule a?b: protocol not understood" },
    };

    (void)state;
    judge(rows, MLN_LEN(rows), UNCLEAR, NULL, 0);
}

/* ---- the model ---- */

static uint32_t state_of_chance = 4711;

static uint32_t chance(uint32_t below)
{
    state_of_chance = state_of_chance * 1664525U + 1013904223U;
    return (state_of_chance >> 8) % below;
}

struct model_rule {
    unsigned priority, protocol, first, last; /* protocol 0 tcp, 1 udp, 2 all */
    bool drop;
    struct mln_net net;
    char text[6][48];
};

static void random_rule(struct model_rule *rule, size_t number)
{
    static const char *const protocols[] = { "TCP", "udp", "ALL" };
    /* Few bits, so that the networks overlap. */
    unsigned prefix = chance(7), address = chance(64) << 26;

    *rule = (struct model_rule){
        .priority = 1 + chance(5), .protocol = chance(3), .first = chance(4), .drop = chance(2) == 0
    };
    rule->last = rule->first + chance(4);
    (void)snprintf(rule->text[0], sizeof(rule->text[0]), "%u", rule->priority);
    (void)snprintf(rule->text[1], sizeof(rule->text[1]), "%s", rule->drop ? "Drop" : "Accept");
    (void)snprintf(rule->text[2], sizeof(rule->text[2]), "%s", protocols[rule->protocol]);
    (void)snprintf(rule->text[3], sizeof(rule->text[3]), "%u/%u", rule->first, rule->last);
    (void)snprintf(rule->text[4], sizeof(rule->text[4]), "%u.0.0.0/%u", address >> 24, prefix);
    (void)snprintf(rule->text[5], sizeof(rule->text[5]), "sgr-%02zu", number);
    assert_int_equal(mln_net_parse(mln_str_of(rule->text[4]), &rule->net), MLN_OK);
}

static bool model_covers(const struct model_rule *rule, unsigned protocol, unsigned port)
{
    return rule->protocol == 2 ||
           (rule->protocol == protocol && rule->first <= port && port <= rule->last);
}

/* One address, one port: the first rule in order decides. */
static bool model_lets_in(const struct model_rule *rules, size_t count, unsigned protocol,
        unsigned port, mln_address address)
{
    const struct model_rule *best = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct model_rule *rule = &rules[i];

        if (!model_covers(rule, protocol, port) || address < rule->net.range.first ||
                address > rule->net.range.last)
            continue;
        if (best == NULL || rule->priority < best->priority ||
                (rule->priority == best->priority && rule->drop))
            best = rule;
    }
    return best != NULL && !best->drop;
}

static void put_all(struct sql *sql, struct model_rule *rules, size_t count)
{
    run(sql, "delete from r");
    for (size_t i = 0; i < count; i++)
        put(sql, &(struct rule){ rules[i].text[0], rules[i].text[1], rules[i].text[2],
                         rules[i].text[3], rules[i].text[4], rules[i].text[5] });
}

static void compare_allowed(
        struct sql *sql, const struct model_rule *rules, size_t count, unsigned protocol)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set set = MLN_NET_SET_INIT(10000);
    unsigned port = chance(8);
    char port_text[16];
    const char *texts[] = { protocol == 0 ? "tcp" : "udp", port_text };
    struct mln_str rest = { 0 }, part = { 0 };
    struct mln_net net = { 0 };

    (void)snprintf(port_text, sizeof(port_text), "%u", port);
    sql_bind(sql, ALLOWED, texts, 2);
    rest = mln_str_of(sql_result(sql));
    while (!mln_str_is(rest, "NULL") && mln_str_next(&rest, ',', &part)) {
        assert_int_equal(mln_net_parse(part, &net), MLN_OK);
        mln_net_set_add(&set, net.family, net.range);
    }
    for (mln_address block = 0; block < 64; block++) {
        for (int edge = 0; edge < 2; edge++) {
            mln_address at = (block << 26) + (edge == 0 ? 0 : ((mln_address)1 << 26) - 1);

            if (mln_net_set_covers(&set, MLN_NET_V4, (struct mln_net_range){ at, at }) !=
                    model_lets_in(rules, count, protocol, port, at))
                fail_msg("address %llx, port %u", (unsigned long long)at, port);
        }
    }
}

static void agrees_with_the_model(void **state)
{
    struct model_rule rules[RULES_MAX];
    struct sql sql;

    (void)state;
    sql_open(&sql);
    run(&sql, prepare);
    for (int round = 0; round < ROUNDS; round++) {
        size_t count = chance(RULES_MAX + 1);

        for (size_t i = 0; i < count; i++)
            random_rule(&rules[i], i);
        put_all(&sql, rules, count);
        compare_allowed(&sql, rules, count, 0);
        compare_allowed(&sql, rules, count, 1);
    }
    sql_close(&sql);
}

/* Open by the words of the rule: single blocks that accepts before the closing drop cover. */
static bool model_open(const struct model_rule *rules, size_t count, unsigned port)
{
    unsigned closed = 0;
    bool seen[64] = { false };

    for (unsigned priority = 6; priority > 0; priority--) {
        bool dropped[64] = { false }, all = true;

        for (size_t i = 0; i < count; i++) {
            for (mln_address block = 0; block < 64; block++) {
                if (rules[i].drop && rules[i].priority <= priority &&
                        model_covers(&rules[i], 0, port) &&
                        rules[i].net.range.first <= block << 26 &&
                        block << 26 <= rules[i].net.range.last)
                    dropped[block] = true;
            }
        }
        /* 224.0.0.0 and above is not routable: blocks 56 and on. */
        for (size_t block = 0; block < 56; block++)
            all &= dropped[block];
        if (all)
            closed = priority;
    }
    for (size_t i = 0; i < count; i++) {
        for (mln_address block = 0; block < 64; block++) {
            if (!rules[i].drop && (closed == 0 || rules[i].priority < closed) &&
                    model_covers(&rules[i], 0, port) && rules[i].net.range.first <= block << 26 &&
                    block << 26 <= rules[i].net.range.last)
                seen[block] = true;
        }
    }
    for (size_t block = 0; block < 56; block++) {
        if (!seen[block])
            return false;
    }
    return true;
}

static void what_is_open_agrees_with_the_model_in_any_order(void **state)
{
    static const char *const ports[] = { "[\"tcp/3\"]" };
    struct model_rule rules[RULES_MAX];
    int open_count = 0, closed_count = 0;
    struct sql sql;

    (void)state;
    sql_open(&sql);
    run(&sql, prepare);
    for (int round = 0; round < 2 * ROUNDS; round++) {
        size_t count = chance(RULES_MAX + 1);
        MLN_AUTO_FREE char *first = NULL;
        bool open = false;

        for (size_t i = 0; i < count; i++)
            random_rule(&rules[i], i);
        put_all(&sql, rules, count);
        sql_bind(&sql, OPEN, ports, 1);
        first = strdup(sql_result(&sql));
        open = strstr(first, "tcp/") != NULL;
        /* No rule of one protocol reaches port 999: it stands for every port. */
        if (open != (model_open(rules, count, 3) || model_open(rules, count, 999)))
            fail_msg("round %d: %s", round, first);
        open_count += open ? 1 : 0;
        closed_count += open ? 0 : 1;
        for (size_t i = count; i > 1; i--) {
            size_t pick = chance((uint32_t)i);
            struct model_rule kept = rules[i - 1];

            rules[i - 1] = rules[pick];
            rules[pick] = kept;
        }
        put_all(&sql, rules, count);
        sql_bind(&sql, OPEN, ports, 1);
        assert_string_equal(sql_result(&sql), first);
    }
    assert_true(open_count > 50 && closed_count > 50);
    sql_close(&sql);
}

static void judges_a_hundred_thousand_rules(void **state)
{
    static const char *const ports[] = {
        "[\"any/21\",\"any/22\",\"any/23\",\"any/135\",\"any/137\",\"any/138\",\"any/139\","
        "\"any/445\",\"any/1433\",\"any/1521\",\"any/2049\",\"any/2181\",\"any/2375\","
        "\"any/2376\",\"any/3306\",\"any/3389\",\"any/5432\",\"any/5601\",\"any/5900\","
        "\"any/6379\"]"
    };
    static const char *const tcp_22[] = { "tcp", "22" };
    struct sql sql;

    (void)state;
    sql_open(&sql);
    run(&sql, prepare);
    run(&sql, "insert into r select value, value % 100 + 1, iif(value % 9, 'accept', 'drop'), "
              "'tcp', '1/60000', format('%d.%d.%d.0/24', value / 65536 + 11, value / 256 % 256, "
              "value % 256), format('sgr-%d', value) from (with recursive n(value) as (select 1 "
              "union all select value + 1 from n where value < 100000) select value from n)");
    sql_bind(&sql, OPEN, ports, 1);
    assert_string_equal(sql_result(&sql), "NULL");
    put(&sql, &(struct rule){ "50", "accept", "tcp", "22", "0.0.0.0/0", "hole" });
    sql_bind(&sql, OPEN, ports, 1);
    assert_string_equal(sql_result(&sql), "tcp/22 from 0.0.0.0/0 (prio 50, hole)");
    sql_bind(&sql, ALLOWED, tcp_22, 2);
    assert_non_null(strstr(sql_result(&sql), "128.0.0.0/1"));
    sql_close(&sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_who_may_reach_a_port),
        cmocka_unit_test(says_which_ports_are_open),
        cmocka_unit_test(shows_twenty_and_counts_the_rest),
        cmocka_unit_test(refuses_ports_that_are_none),
        cmocka_unit_test(names_a_rule_that_it_cannot_read),
        cmocka_unit_test(agrees_with_the_model),
        cmocka_unit_test(what_is_open_agrees_with_the_model_in_any_order),
        cmocka_unit_test(judges_a_hundred_thousand_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
