/* Security groups: who may reach a port, and which ports the world may reach. */
#include "check/fn.h"
#include "check/port_list.h"
#include "check/sg_open.h"
#include "check/sg_rules.h"
#include "check/sg_sweep.h"

static bool optional_text(sqlite3_context *out, sqlite3_value *value, struct mln_str *text)
{
    if (mln_fn_is_null(value)) {
        *text = (struct mln_str){ 0 };
        return true;
    }
    return mln_fn_text(out, value, MLN_CHECK_LIST_MAX, text);
}

/* priority, policy, rule_protocol, rule_ports, rule_sources [, rule_id] */
static bool read_row(sqlite3_context *out, int count, sqlite3_value **values, struct sg_row *row)
{
    return optional_text(out, values[0], &row->priority) &&
           optional_text(out, values[1], &row->policy) &&
           optional_text(out, values[2], &row->protocol) &&
           optional_text(out, values[3], &row->ports) &&
           optional_text(out, values[4], &row->sources) &&
           (count < 6 || optional_text(out, values[5], &row->id));
}

static void add_row(sqlite3_context *out, struct sg_rules *rules, const struct sg_row *row)
{
    struct mln_err err = { 0 };

    if (sg_rules_add(rules, row, &err) != MLN_OK)
        mln_fn_error(out, "%s", err.msg);
}

/* ---- sg_allowed ---- */

struct allowed {
    struct sg_rules rules;
    struct sg_point point;
    bool started;
};

/*
 * A protocol or port that is not known is judged as any: the answer then holds too many sources,
 * never too few.
 */
static bool read_point(sqlite3_context *out, sqlite3_value **values, struct sg_point *point)
{
    struct mln_str protocol = { 0 }, port = { 0 };

    if (!optional_text(out, values[0], &protocol) || !optional_text(out, values[1], &port))
        return false;
    protocol = mln_str_trim(protocol);
    if (mln_str_eq_nocase(protocol, MLN_STR("tcp")))
        point->protocols = SG_TCP;
    else if (mln_str_eq_nocase(protocol, MLN_STR("udp")))
        point->protocols = SG_UDP;
    else
        point->protocols = SG_TCP | SG_UDP;
    point->any_port = !port_read(mln_str_trim(port), &point->port);
    return true;
}

static void sg_allowed_step(sqlite3_context *out, int count, sqlite3_value **values)
{
    struct allowed *all = sqlite3_aggregate_context(out, (int)sizeof(*all));
    struct sg_row row = { 0 };

    if (all == NULL) {
        sqlite3_result_error_nomem(out);
        return;
    }
    if (!all->started) {
        if (!read_point(out, values, &all->point))
            return;
        all->started = true;
    }
    if (read_row(out, count - 2, values + 2, &row))
        add_row(out, &all->rules, &row);
}

/* Ranks are odd for accept: after the drop of the same priority. */
static void take_accepted(void *ctx, struct mln_net_range range, int64_t rank)
{
    struct {
        struct mln_net_set *set;
        enum mln_net_family family;
    } *into = ctx;

    if (rank % 2 == 1)
        mln_net_set_add(into->set, into->family, range);
}

static int allow_family(const struct allowed *all, enum mln_net_family family,
        struct mln_net_set *set, struct mln_err *err)
{
    struct {
        struct mln_net_set *set;
        enum mln_net_family family;
    } into = { set, family };
    MLN_AUTO_FREE struct sg_layer *layers = NULL;
    size_t count = 0;

    layers = calloc(all->rules.range_count + 1, sizeof(*layers));
    if (layers == NULL)
        return mln_fail(err, MLN_ENOMEM, "no memory for security group rules");
    for (size_t i = 0; i < all->rules.count; i++) {
        const struct sg_rule *rule = &all->rules.at[i];
        const struct sg_sources *from = &rule->from[family];

        if (!sg_rule_covers(&all->rules, rule, &all->point))
            continue;
        for (size_t j = 0; j < from->count; j++)
            layers[count++] = (struct sg_layer){ .range = all->rules.ranges[from->at + j],
                .rank = rule->priority * 2 + (rule->drop ? 0 : 1) };
    }
    if (sg_sweep(layers, count, take_accepted, &into) != MLN_OK)
        return mln_fail(err, MLN_ENOMEM, "no memory for security group rules");
    return MLN_OK;
}

static int print_allowed(const struct allowed *all, struct mln_buf *buf, struct mln_err *err)
{
    /* Each boundary of a rule can start a segment. */
    MLN_AUTO(mln_net_set_free)
    struct mln_net_set set = MLN_NET_SET_INIT(2 * MLN_CHECK_RANGES_MAX);
    struct mln_str text = { 0 };
    int rc = allow_family(all, MLN_NET_V4, &set, err);

    if (rc == MLN_OK)
        rc = allow_family(all, MLN_NET_V6, &set, err);
    if (rc == MLN_OK)
        rc = mln_net_set_done(&set, err);
    if (rc != MLN_OK)
        return rc;
    mln_net_set_print(&set, buf);
    return mln_buf_done(buf, &text, err);
}

static void answer(
        sqlite3_context *out, int rc, const struct mln_buf *buf, const struct mln_err *err)
{
    if (rc != MLN_OK)
        mln_fn_error(out, "%s", err->msg);
    else if (buf->len > 0)
        mln_fn_answer(out, mln_buf_str(buf));
}

static void sg_allowed_final(sqlite3_context *out)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(MLN_CHECK_LIST_MAX);
    struct allowed *all = sqlite3_aggregate_context(out, 0);
    struct mln_err err = { 0 };

    if (all == NULL)
        return;
    answer(out, print_allowed(all, &buf, &err), &buf, &err);
    sg_rules_fini(&all->rules);
}

/* ---- sg_open ---- */

struct opened {
    struct sg_rules rules;
    struct sg_ports ports;
    bool started;
};

static void sg_open_step(sqlite3_context *out, int count, sqlite3_value **values)
{
    struct opened *all = sqlite3_aggregate_context(out, (int)sizeof(*all));
    struct mln_err err = { 0 };
    struct mln_str list = { 0 };
    struct sg_row row = { 0 };

    if (all == NULL) {
        sqlite3_result_error_nomem(out);
        return;
    }
    if (!all->started) {
        if (!optional_text(out, values[0], &list))
            return;
        if (sg_ports_read(list, &all->ports, &err) != MLN_OK) {
            mln_fn_error(out, "sg_open: %s", err.msg);
            return;
        }
        all->started = true;
    }
    if (read_row(out, count - 1, values + 1, &row))
        add_row(out, &all->rules, &row);
}

static void sg_open_final(sqlite3_context *out)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(MLN_CHECK_LIST_MAX);
    struct opened *all = sqlite3_aggregate_context(out, 0);
    struct mln_err err = { 0 };

    if (all == NULL)
        return;
    if (all->started)
        answer(out, sg_open_print(&all->rules, &all->ports, &buf, &err), &buf, &err);
    sg_rules_fini(&all->rules);
}

/* ---- sg_unclear ---- */

struct unclear {
    const char *problem; /* Static text. */
    char id[SG_ID_MAX + 1];
};

/* The rule with the smallest id is named, so that the order of rows does not matter. */
static void sg_unclear_step(sqlite3_context *out, int count, sqlite3_value **values)
{
    struct unclear *found = sqlite3_aggregate_context(out, (int)sizeof(*found));
    const char *problem = NULL;
    struct sg_row row = { 0 };
    char id[SG_ID_MAX + 1];

    if (found == NULL) {
        sqlite3_result_error_nomem(out);
        return;
    }
    if (!read_row(out, count, values, &row))
        return;
    problem = sg_row_problem(&row);
    mln_fn_ascii(row.id, id, sizeof(id));
    if (problem == NULL || (found->problem != NULL && strcmp(found->id, id) <= 0))
        return;
    found->problem = problem;
    memcpy(found->id, id, sizeof(id));
}

static void sg_unclear_final(sqlite3_context *out)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(MLN_CHECK_PATTERN_MAX);
    const struct unclear *found = sqlite3_aggregate_context(out, 0);

    if (found == NULL || found->problem == NULL)
        return;
    mln_buf_addf(&buf, "rule %s: %s", found->id[0] == '\0' ? "?" : found->id, found->problem);
    mln_fn_answer(out, mln_buf_str(&buf));
}

struct mln_fn_table mln_fn_groups(void)
{
    static const struct mln_fn_row rows[] = {
        { "sg_allowed", 7, NULL, sg_allowed_step, sg_allowed_final },
        { "sg_open", 7, NULL, sg_open_step, sg_open_final },
        { "sg_unclear", 6, NULL, sg_unclear_step, sg_unclear_final },
    };

    return (struct mln_fn_table){ .rows = rows, .count = MLN_LEN(rows) };
}
