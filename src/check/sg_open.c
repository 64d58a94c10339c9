#include "check/sg_open.h"

#include "check/net_list.h"
#include "check/port_list.h"
#include "check/sg_sweep.h"
#include "wire/json.h"

/* The points: every port of TCP, every port of UDP, then the ports that were asked for. */
#define EVERY_POINTS ((size_t)2)
#define POINTS_MAX   (EVERY_POINTS + 2 * MLN_CHECK_POINTS_MAX)

/* One accept rule that opens ports of one protocol to one family: a part of the reason. */
struct item {
    const struct sg_rule *rule;
    enum mln_net_family family;
    unsigned protocol;
    bool every;   /* All ports: single ones are not listed then. */
    size_t first; /* The first point. */
    uint64_t points[(POINTS_MAX + 63) / 64];
};

struct opening_work {
    const struct sg_rules *rules;
    struct item *items;
    size_t item_count, item_capacity;
    uint32_t *item_of;       /* By rule, protocol and family; 1 + the index, or 0. */
    size_t *accepts;         /* Rules for the point at hand. */
    struct sg_layer *layers; /* Their or the drops' ranges. */
    struct mln_err *err;
    int rc;
};

/* ---- what is asked for ---- */

static bool add_port(struct sg_ports *ports, unsigned protocol, unsigned port)
{
    for (size_t i = 0; i < ports->count; i++) {
        if (ports->at[i].protocol == protocol && ports->at[i].port == port)
            return true;
    }
    if (ports->count == MLN_LEN(ports->at))
        return false;
    ports->at[ports->count++] = (struct sg_port){ .protocol = protocol, .port = port };
    return true;
}

static int read_port(struct mln_str text, struct sg_ports *out, struct mln_err *err)
{
    struct mln_str rest = text, protocol = { 0 };
    unsigned port = 0, protocols = 0;

    if (mln_str_next(&rest, '/', &protocol)) {
        if (mln_str_eq_nocase(protocol, MLN_STR("tcp")))
            protocols = SG_TCP;
        else if (mln_str_eq_nocase(protocol, MLN_STR("udp")))
            protocols = SG_UDP;
        else if (mln_str_eq_nocase(protocol, MLN_STR("any")))
            protocols = SG_TCP | SG_UDP;
    }
    if (protocols == 0 || !port_read(rest, &port))
        return mln_fail(err, MLN_EINVAL, "a port is written tcp/22, udp/53 or any/111");
    if (((protocols & SG_TCP) != 0 && !add_port(out, SG_TCP, port)) ||
            ((protocols & SG_UDP) != 0 && !add_port(out, SG_UDP, port)))
        return mln_fail(err, MLN_ETOOBIG, "more than %zu ports", MLN_CHECK_POINTS_MAX);
    return MLN_OK;
}

int sg_ports_read(struct mln_str list, struct sg_ports *out, struct mln_err *err)
{
    struct mln_json *doc = NULL;
    struct mln_json_value item = { 0 };
    struct mln_json_iter it = { 0 };
    struct mln_str key = { 0 }, text = { 0 };
    struct sg_ports ports = { .count = 0 };
    int rc = mln_json_parse(list, &doc, err);

    if (rc != MLN_OK)
        return mln_wrap(err, rc, "the ports are a JSON list of texts");
    if (mln_json_type(mln_json_root(doc)) != MLN_JSON_ARRAY)
        rc = mln_fail(err, MLN_EINVAL, "the ports are a JSON list of texts");
    it = mln_json_iter(mln_json_root(doc));
    while (rc == MLN_OK && mln_json_next(&it, &key, &item)) {
        rc = mln_json_to_str(item, &text) ? read_port(text, &ports, err)
                                          : mln_fail(err, MLN_EINVAL, "a port is a text: tcp/22");
    }
    mln_json_free(doc);
    if (rc == MLN_OK)
        *out = ports;
    return rc;
}

/* ---- drops ---- */

/* Walks the drops along the routable ranges: the weakest rank that is needed to cover them all. */
struct closing {
    const struct mln_net_range *routable;
    size_t count, index;
    mln_address need; /* The next address to be covered. */
    int64_t weakest;
    bool gap;
};

static void close_part(void *ctx, struct mln_net_range range, int64_t rank)
{
    struct closing *closing = ctx;

    while (!closing->gap && closing->index < closing->count && range.last >= closing->need) {
        mln_address last = closing->routable[closing->index].last;

        if (range.first > closing->need) {
            closing->gap = true;
            return;
        }
        if (rank > closing->weakest)
            closing->weakest = rank;
        if (range.last < last) {
            closing->need = range.last + 1;
            return;
        }
        if (++closing->index < closing->count)
            closing->need = closing->routable[closing->index].first;
    }
}

static size_t add_layers(struct opening_work *work, size_t count, const struct sg_rule *rule,
        enum mln_net_family family)
{
    const struct sg_sources *from = &rule->from[family];

    for (size_t i = 0; i < from->count; i++)
        work->layers[count++] = (struct sg_layer){ .range = work->rules->ranges[from->at + i],
            .rank = rule->priority };
    return count;
}

/*
 * The priority from which on nothing gets in, as drops before it close the family; INT64_MAX when
 * they do not.
 */
static int64_t closed_from(
        struct opening_work *work, const struct sg_point *point, enum mln_net_family family)
{
    const struct sg_rules *rules = work->rules;
    struct closing closing = { .weakest = 0 };
    int64_t alone = INT64_MAX;
    size_t count = 0;

    for (size_t i = 0; i < rules->count; i++) {
        const struct sg_rule *rule = &rules->at[i];

        if (!rule->drop || !sg_rule_covers(rules, rule, point))
            continue;
        if (rule->from[family].open && rule->priority < alone)
            alone = rule->priority;
        count = add_layers(work, count, rule, family);
    }
    closing.routable = net_routable(family, &closing.count);
    closing.need = closing.routable[0].first;
    if (work->rc == MLN_OK && sg_sweep(work->layers, count, close_part, &closing) != MLN_OK)
        work->rc = mln_fail(work->err, MLN_ENOMEM, "no memory for security group rules");
    if (closing.gap || closing.index < closing.count)
        return alone;
    return closing.weakest < alone ? closing.weakest : alone;
}

/* ---- accepts ---- */

static struct item *new_item(struct opening_work *work)
{
    size_t capacity = work->item_capacity == 0 ? 64 : work->item_capacity * 2;
    struct item *items = NULL;

    if (work->item_count == work->item_capacity) {
        items = mln_resize(work->items, capacity, sizeof(*items));
        if (items == NULL) {
            work->rc = mln_fail(work->err, MLN_ENOMEM, "no memory for open ports");
            return NULL;
        }
        work->items = items;
        work->item_capacity = capacity;
    }
    work->items[work->item_count] = (struct item){ 0 };
    return &work->items[work->item_count++];
}

/* Notes that the rule opens the point. */
static void note(struct opening_work *work, size_t rule, const struct sg_point *point,
        size_t point_index, enum mln_net_family family)
{
    size_t slot = rule * 4 + (point->protocols == SG_UDP ? 2 : 0) + (family == MLN_NET_V6 ? 1 : 0);
    struct item *item = NULL;

    if (work->item_of[slot] != 0) {
        item = &work->items[work->item_of[slot] - 1];
    } else {
        item = new_item(work);
        if (item == NULL)
            return;
        work->item_of[slot] = (uint32_t)work->item_count;
        item->rule = &work->rules->at[rule];
        item->family = family;
        item->protocol = point->protocols;
        item->every = point->every_port;
        item->first = point_index;
    }
    item->points[point_index / 64] |= (uint64_t)1 << (point_index % 64);
}

/* How many addresses a rule lets in, less one for each range: enough to compare, and it fits. */
static mln_address size_of(
        const struct sg_rules *rules, const struct sg_rule *rule, enum mln_net_family family)
{
    mln_address size = 0;

    for (size_t i = 0; i < rule->from[family].count; i++) {
        const struct mln_net_range *range = &rules->ranges[rule->from[family].at + i];

        size += range->last - range->first;
    }
    return size;
}

/* Candidates of a union: widest first, then by priority and id, so that row order is no matter. */
struct candidate {
    mln_address size;
    const struct sg_rule *rule;
    size_t index;
};

static int by_rule(const struct sg_rule *left, const struct sg_rule *right)
{
    if (left->priority != right->priority)
        return left->priority < right->priority ? -1 : 1;
    return strcmp(left->id, right->id);
}

static int by_size(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;

    if (left->size != right->size)
        return left->size > right->size ? -1 : 1;
    return by_rule(left->rule, right->rule);
}

static void add_rule(struct mln_net_set *set, const struct sg_rules *rules,
        const struct sg_rule *rule, enum mln_net_family family)
{
    for (size_t i = 0; i < rule->from[family].count; i++)
        mln_net_set_add(set, family, rules->ranges[rule->from[family].at + i]);
}

/* How many of the widest are enough to open; all of them when that is more than is shown. */
static size_t enough(const struct sg_rules *rules, const struct candidate *candidates, size_t count,
        enum mln_net_family family)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set set = MLN_NET_SET_INIT(MLN_CHECK_RANGES_MAX);

    for (size_t i = 0; i < count && i < SG_ITEMS_SHOWN; i++) {
        add_rule(&set, rules, candidates[i].rule, family);
        if (net_set_is_open(&set, family))
            return i + 1;
    }
    return count;
}

/* Notes the rules that open the point together, if they do. */
static void judge_union(struct opening_work *work, const struct sg_point *point, size_t index,
        enum mln_net_family family, size_t count)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set set = MLN_NET_SET_INIT(MLN_CHECK_RANGES_MAX);
    MLN_AUTO_FREE struct candidate *candidates = NULL;

    for (size_t i = 0; i < count; i++)
        add_rule(&set, work->rules, &work->rules->at[work->accepts[i]], family);
    if (mln_net_set_done(&set, work->err) != MLN_OK) {
        work->rc = work->err->code;
        return;
    }
    if (!net_set_is_open(&set, family))
        return;
    candidates = calloc(count + 1, sizeof(*candidates));
    if (candidates == NULL) {
        work->rc = mln_fail(work->err, MLN_ENOMEM, "no memory for security group rules");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct sg_rule *rule = &work->rules->at[work->accepts[i]];

        candidates[i] = (struct candidate){
            .size = size_of(work->rules, rule, family), .rule = rule, .index = work->accepts[i]
        };
    }
    qsort(candidates, count, sizeof(*candidates), by_size);
    count = enough(work->rules, candidates, count, family);
    for (size_t i = 0; i < count && work->rc == MLN_OK; i++)
        note(work, candidates[i].index, point, index, family);
}

/* Too few addresses to be the world: no set has to be built. */
static bool may_open(const struct opening_work *work, enum mln_net_family family, size_t count)
{
    mln_address half = mln_net_all(family).last >> (family == MLN_NET_V4 ? 1 : 4), sum = 0;

    for (size_t i = 0; i < count && sum < half; i++) {
        const struct sg_rule *rule = &work->rules->at[work->accepts[i]];
        mln_address size = size_of(work->rules, rule, family);

        sum += size < half ? size : half;
    }
    return sum >= half;
}

static void judge(struct opening_work *work, const struct sg_point *point, size_t index,
        enum mln_net_family family)
{
    const struct sg_rules *rules = work->rules;
    int64_t closed = closed_from(work, point, family);
    size_t count = 0;
    bool alone = false;

    for (size_t i = 0; i < rules->count && work->rc == MLN_OK; i++) {
        const struct sg_rule *rule = &rules->at[i];

        if (rule->drop || rule->priority >= closed || rule->from[family].count == 0 ||
                !sg_rule_covers(rules, rule, point))
            continue;
        work->accepts[count++] = i;
        if (rule->from[family].open) {
            alone = true;
            note(work, i, point, index, family);
        }
    }
    if (work->rc == MLN_OK && !alone && may_open(work, family, count))
        judge_union(work, point, index, family, count);
}

static void judge_all(struct opening_work *work, const struct sg_ports *ports)
{
    for (size_t i = 0; i < EVERY_POINTS + ports->count && work->rc == MLN_OK; i++) {
        struct sg_point point = { .every_port = i < EVERY_POINTS };

        if (point.every_port) {
            point.protocols = i == 0 ? SG_TCP : SG_UDP;
        } else {
            point.protocols = ports->at[i - EVERY_POINTS].protocol;
            point.port = ports->at[i - EVERY_POINTS].port;
        }
        judge(work, &point, i, MLN_NET_V4);
        judge(work, &point, i, MLN_NET_V6);
    }
}

/* ---- the reason ---- */

static int by_place(const void *a, const void *b)
{
    const struct item *left = a, *right = b;
    int order = 0;

    if (left->first != right->first)
        return left->first < right->first ? -1 : 1;
    order = by_rule(left->rule, right->rule);
    if (order != 0)
        return order;
    if (left->family != right->family)
        return left->family < right->family ? -1 : 1;
    return strcmp(left->rule->from[left->family].shown, right->rule->from[right->family].shown);
}

static void print_item(const struct item *item, const struct sg_ports *ports, struct mln_buf *out)
{
    bool first = true;

    mln_buf_add_cstr(out, item->protocol == SG_TCP ? "tcp/" : "udp/");
    if (item->every)
        mln_buf_add_cstr(out, "ALLPORTS");
    for (size_t i = 0; i < ports->count && !item->every; i++) {
        size_t point = EVERY_POINTS + i;

        if ((item->points[point / 64] >> (point % 64) & 1) == 0)
            continue;
        if (!first)
            mln_buf_add_char(out, ',');
        mln_buf_add_i64(out, (int64_t)ports->at[i].port);
        first = false;
    }
    mln_buf_addf(out, " from %s (prio %lld, %s)", item->rule->from[item->family].shown,
            (long long)item->rule->priority, item->rule->id);
}

static void print_items(
        struct opening_work *work, const struct sg_ports *ports, struct mln_buf *out)
{
    if (work->item_count > 1)
        qsort(work->items, work->item_count, sizeof(*work->items), by_place);
    for (size_t i = 0; i < work->item_count && i < SG_ITEMS_SHOWN; i++) {
        if (i > 0)
            mln_buf_add_cstr(out, ", ");
        print_item(&work->items[i], ports, out);
    }
    if (work->item_count > SG_ITEMS_SHOWN)
        mln_buf_addf(out, ", +%zu more", work->item_count - SG_ITEMS_SHOWN);
}

int sg_open_print(const struct sg_rules *rules, const struct sg_ports *ports, struct mln_buf *out,
        struct mln_err *err)
{
    struct opening_work work = { .rules = rules, .err = err };
    struct mln_str text = { 0 };

    if (rules->count == 0)
        return MLN_OK;
    work.item_of = calloc(rules->count * 4, sizeof(*work.item_of));
    work.accepts = calloc(rules->count, sizeof(*work.accepts));
    work.layers = calloc(rules->range_count + 1, sizeof(*work.layers));
    if (work.item_of == NULL || work.accepts == NULL || work.layers == NULL)
        work.rc = mln_fail(err, MLN_ENOMEM, "no memory for security group rules");
    else
        judge_all(&work, ports);
    if (work.rc == MLN_OK) {
        print_items(&work, ports, out);
        work.rc = mln_buf_done(out, &text, err);
    }
    free(work.items);
    free(work.item_of);
    free(work.accepts);
    free(work.layers);
    return work.rc;
}
