#include "check/sg_rules.h"

#include "check/fn.h"
#include "check/net_list.h"
#include "check/port_list.h"

#define SHOWN_MAX ((size_t)2048) /* The sources of one rule, as text. */

enum policy { POLICY_ACCEPT, POLICY_DROP, POLICY_OTHER };

static enum policy policy_of(struct mln_str text)
{
    struct mln_str word = mln_str_trim(text);

    if (mln_str_eq_nocase(word, MLN_STR("accept")))
        return POLICY_ACCEPT;
    return mln_str_eq_nocase(word, MLN_STR("drop")) ? POLICY_DROP : POLICY_OTHER;
}

static unsigned protocols_of(struct mln_str text, bool *known)
{
    static const struct {
        const char *name;
        unsigned protocols;
    } rows[] = { { "all", SG_TCP | SG_UDP }, { "gre", 0 }, { "icmp", 0 }, { "icmp(ipv6)", 0 },
        { "icmpv6", 0 }, { "tcp", SG_TCP }, { "udp", SG_UDP } };
    struct mln_str word = mln_str_trim(text);

    *known = true;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        if (mln_str_eq_nocase(word, mln_str_of(rows[i].name)))
            return rows[i].protocols;
    }
    *known = false;
    return 0;
}

static bool priority_of(struct mln_str text, int64_t *out)
{
    int64_t number = 0;

    if (mln_str_to_i64(mln_str_trim(text), &number) != MLN_OK || number < 0 ||
            number > SG_PRIORITY_LAST)
        return false;
    *out = number;
    return true;
}

void sg_rules_fini(struct sg_rules *rules)
{
    free(rules->at);
    free(rules->ranges);
    mln_arena_free(&rules->texts);
    *rules = (struct sg_rules){ 0 };
}

/* Copies the ranges of one family of the set; their place goes to `at` and `count`. */
static int keep_ranges(struct sg_rules *rules, struct mln_net_set *set, enum mln_net_family family,
        size_t *at, size_t *count, struct mln_err *err)
{
    const struct mln_net_range *ranges = mln_net_set_ranges(set, family, count);
    size_t need = rules->range_count + *count, capacity = rules->range_capacity;

    *at = rules->range_count;
    if (need > MLN_CHECK_RANGES_MAX)
        return mln_fail(err, MLN_ETOOBIG, "security group rules with more than %zu ranges",
                MLN_CHECK_RANGES_MAX);
    if (need > capacity) {
        struct mln_net_range *grown = NULL;

        capacity = need + need / 2 + 64;
        grown = mln_resize(rules->ranges, capacity, sizeof(*grown));
        if (grown == NULL)
            return mln_fail(err, MLN_ENOMEM, "no memory for security group rules");
        rules->ranges = grown;
        rules->range_capacity = capacity;
    }
    for (size_t i = 0; i < *count; i++)
        rules->ranges[rules->range_count++] = ranges[i];
    return MLN_OK;
}

static int keep_ports(
        struct sg_rules *rules, struct sg_rule *rule, const struct sg_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set set = MLN_NET_SET_INIT(MLN_CHECK_RANGES_MAX);
    int rc = MLN_OK;

    if (rule->protocols == (SG_TCP | SG_UDP)) {
        rule->every_port = true;
        return MLN_OK;
    }
    (void)port_list_add(&set, row->ports);
    rc = mln_net_set_done(&set, err);
    if (rc != MLN_OK)
        return rc;
    rule->every_port = port_set_is_every(&set);
    return keep_ranges(rules, &set, MLN_NET_V4, &rule->ports_at, &rule->ports_count, err);
}

static int keep_sources(struct sg_rules *rules, struct sg_rule *rule, struct net_opening *opening,
        enum mln_net_family family, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(SHOWN_MAX);
    struct sg_sources *from = &rule->from[family];
    struct mln_str text = { 0 };
    int rc = keep_ranges(rules, &opening->set, family, &from->at, &from->count, err);

    if (rc != MLN_OK || from->count == 0)
        return rc;
    from->open = net_opening_print(opening, family, &buf);
    if (!from->open)
        net_shown_print(&opening->shown[family], &buf);
    rc = mln_buf_done(&buf, &text, err);
    if (rc != MLN_OK)
        return rc;
    from->shown = mln_arena_cstr(&rules->texts, text);
    return from->shown != NULL ? MLN_OK : mln_fail(err, MLN_ETOOBIG, "too many sources to keep");
}

/* Adds the sources of both families. */
static int keep_all_sources(
        struct sg_rules *rules, struct sg_rule *rule, const struct sg_row *row, struct mln_err *err)
{
    MLN_AUTO(net_opening_fini)
    struct net_opening opening = { .set = MLN_NET_SET_INIT(MLN_CHECK_RANGES_MAX) };
    /* 0.0.0.0 without a mask may mean everything where it lets in, and one address where not. */
    struct net_open_options options = { .widest = 1, .bare = !rule->drop };
    int rc = MLN_OK;

    net_opening_add(&opening, &options, row->sources);
    rc = mln_net_set_done(&opening.set, err);
    for (unsigned family = 0; family < MLN_NET_FAMILIES && rc == MLN_OK; family++)
        rc = keep_sources(rules, rule, &opening, (enum mln_net_family)family, err);
    return rc;
}

static int keep_rule(struct sg_rules *rules, const struct sg_rule *rule, struct mln_err *err)
{
    size_t capacity = rules->capacity == 0 ? 64 : rules->capacity * 2;
    struct sg_rule *at = NULL;

    if (rules->count >= MLN_CHECK_RULES_MAX)
        return mln_fail(
                err, MLN_ETOOBIG, "more than %zu security group rules", MLN_CHECK_RULES_MAX);
    if (rules->count == rules->capacity) {
        at = mln_resize(rules->at, capacity, sizeof(*at));
        if (at == NULL)
            return mln_fail(err, MLN_ENOMEM, "no memory for security group rules");
        rules->at = at;
        rules->capacity = capacity;
    }
    rules->at[rules->count++] = *rule;
    return MLN_OK;
}

int sg_rules_add(struct sg_rules *rules, const struct sg_row *row, struct mln_err *err)
{
    struct sg_rule rule = { .drop = policy_of(row->policy) == POLICY_DROP };
    char id[SG_ID_MAX + 1];
    bool known = false;
    int rc = MLN_OK;

    rule.protocols = protocols_of(row->protocol, &known);
    if (policy_of(row->policy) == POLICY_OTHER || rule.protocols == 0 || row->sources.ptr == NULL)
        return MLN_OK;
    if (row->ports.ptr == NULL && rule.protocols != (SG_TCP | SG_UDP))
        return MLN_OK;
    if (!priority_of(row->priority, &rule.priority))
        rule.priority = rule.drop ? SG_PRIORITY_LAST : 0;
    rules->texts.max_bytes = SG_TEXTS_MAX;
    rc = keep_all_sources(rules, &rule, row, err);
    if (rc != MLN_OK || (rule.from[MLN_NET_V4].count == 0 && rule.from[MLN_NET_V6].count == 0))
        return rc;
    rc = keep_ports(rules, &rule, row, err);
    if (rc != MLN_OK)
        return rc;
    mln_fn_ascii(row->id, id, sizeof(id));
    rule.id = mln_arena_cstr(&rules->texts, mln_str_of(id));
    if (rule.id == NULL)
        return mln_fail(err, MLN_ETOOBIG, "too many security group rules to keep");
    return keep_rule(rules, &rule, err);
}

static bool holds_port(const struct sg_rules *rules, const struct sg_rule *rule, unsigned port)
{
    for (size_t i = 0; i < rule->ports_count; i++) {
        const struct mln_net_range *range = &rules->ranges[rule->ports_at + i];

        if (range->first <= port && port <= range->last)
            return true;
    }
    return false;
}

bool sg_rule_covers(
        const struct sg_rules *rules, const struct sg_rule *rule, const struct sg_point *point)
{
    unsigned shared = rule->protocols & point->protocols;

    if (shared == 0 || (rule->drop && shared != point->protocols))
        return false;
    /* Port 0 is in "1/65535" for the purpose of every port only. */
    if (rule->protocols == (SG_TCP | SG_UDP))
        return true;
    if (point->every_port)
        return rule->every_port;
    if (point->any_port)
        return rule->drop ? rule->every_port : rule->ports_count > 0;
    return holds_port(rules, rule, point->port);
}

/* The first token of a list that is no address, if there is one. */
static bool has_odd_source(struct mln_str list)
{
    struct mln_str rest = list, token = { 0 };
    struct net_token read = { 0 };

    while (net_token_next(&rest, &token)) {
        if (!net_token_read(token, true, &read))
            return true;
    }
    return false;
}

static bool has_odd_ports(struct mln_str list)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set set = MLN_NET_SET_INIT(MLN_CHECK_RANGES_MAX);

    return !port_list_add(&set, list) || set.code != MLN_OK;
}

const char *sg_row_problem(const struct sg_row *row)
{
    int64_t priority = 0;
    bool known = false;
    unsigned protocols = protocols_of(row->protocol, &known);

    if (row->policy.ptr == NULL && row->protocol.ptr == NULL && row->ports.ptr == NULL &&
            row->sources.ptr == NULL)
        return NULL;
    if (policy_of(row->policy) == POLICY_OTHER)
        return "policy not understood";
    if (!known)
        return "protocol not understood";
    if (protocols == 0)
        return NULL;
    if (!priority_of(row->priority, &priority))
        return "priority not understood";
    if (protocols != (SG_TCP | SG_UDP) && row->ports.ptr == NULL)
        return "ports not known";
    if (protocols != (SG_TCP | SG_UDP) && has_odd_ports(row->ports))
        return "ports not understood";
    return has_odd_source(row->sources) ? "source not understood" : NULL;
}
