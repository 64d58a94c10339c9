#include "detect/prefilter_route.h"

#define TEXT_MIN ((size_t)3) /* Shorter ones are everywhere. */

/* Flags that ordinary statements have; no use for choosing. */
#define COMMON_FLAGS \
    (unsigned)(MLN_SQL_COMMENT | MLN_SQL_LINE_COMMENT | MLN_SQL_HAS_WHERE | MLN_SQL_HAS_LIMIT)

enum { COST_SKELETON, COST_FLAGS, COST_LITERALS, COST_SQL };

static bool haystack_of(enum mln_field field, enum mln_haystack *out, unsigned *cost)
{
    static const struct {
        enum mln_field field;
        enum mln_haystack haystack;
        unsigned cost;
    } rows[] = {
        { MLN_FIELD_SQL_SKEL, MLN_HAY_SKELETON, COST_SKELETON },
        { MLN_FIELD_LITERALS, MLN_HAY_LITERALS, COST_LITERALS },
        { MLN_FIELD_SQL, MLN_HAY_SQL, COST_SQL },
    };

    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        if (rows[i].field != field)
            continue;
        *out = rows[i].haystack;
        *cost = rows[i].cost;
        return true;
    }
    return false;
}

/* Literals are looked at side by side, where anchors of a whole text do not hold. */
static bool is_usable(const struct mln_pattern *pattern, enum mln_haystack haystack)
{
    if (pattern->kind == MLN_PATTERN_REGEX)
        return haystack != MLN_HAY_LITERALS || (strstr(pattern->regex_text, "\\A") == NULL &&
                                                       strstr(pattern->regex_text, "\\z") == NULL &&
                                                       strstr(pattern->regex_text, "\\Z") == NULL &&
                                                       strstr(pattern->regex_text, "\\G") == NULL);
    return pattern->kind <= MLN_PATTERN_ENDS && pattern->text.len >= TEXT_MIN;
}

static size_t weight(const struct mln_pattern *pattern)
{
    return pattern->kind == MLN_PATTERN_REGEX ? strlen(pattern->regex_text) : pattern->text.len;
}

static void route_flags(const struct mln_item *item, struct mln_route *out)
{
    unsigned rare = item->mask & ~COMMON_FLAGS;

    if (rare == 0 || (!item->all && rare != item->mask))
        return;
    *out = (struct mln_route){ .known = true, .cost = COST_FLAGS, .flags = rare };
}

static bool route_item(const struct mln_item *item, struct mln_arena *arena, struct mln_route *out)
{
    const struct mln_pattern *longest = NULL;
    enum mln_haystack haystack;
    unsigned cost;

    if (!item->negated && item->field == MLN_FIELD_SQL_FLAGS && item->mask != 0)
        route_flags(item, out);
    if (item->negated || !haystack_of(item->field, &haystack, &cost))
        return true;
    out->needles = mln_arena_alloc(arena, (item->count + 1) * sizeof(*out->needles));
    if (out->needles == NULL)
        return false;
    for (size_t i = 0; i < item->count; i++) {
        const struct mln_pattern *pattern = &item->patterns[i];
        bool usable = is_usable(pattern, haystack);

        if (!usable && !item->all)
            return true;
        if (usable && (longest == NULL || weight(pattern) > weight(longest)))
            longest = pattern;
        if (!item->all)
            out->needles[i] = (struct mln_needle){ pattern, haystack };
    }
    if (item->all && longest == NULL)
        return true;
    if (item->all)
        out->needles[0] = (struct mln_needle){ longest, haystack };
    out->count = item->all ? 1 : item->count;
    out->cost = cost;
    out->known = true;
    return true;
}

static bool is_better(const struct mln_route *one, const struct mln_route *other)
{
    if (!one->known || !other->known)
        return one->known;
    return one->cost != other->cost ? one->cost < other->cost : one->count < other->count;
}

static bool join(struct mln_route *into, const struct mln_route *other, struct mln_arena *arena)
{
    size_t count = into->count + other->count;
    struct mln_needle *both = mln_arena_alloc(arena, (count + 1) * sizeof(*both));

    if (both == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        both[i] = i < into->count ? into->needles[i] : other->needles[i - into->count];
    into->needles = both;
    into->count = count;
    into->flags |= other->flags;
    into->cost = other->cost > into->cost ? other->cost : into->cost;
    into->known = into->known && other->known;
    return true;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the condition, which is limited */
bool mln_route_find(const struct mln_node *node, struct mln_arena *arena, struct mln_route *out)
{
    struct mln_route best = { .known = node->kind == MLN_NODE_OR };

    *out = (struct mln_route){ 0 };
    if (node->kind == MLN_NODE_ITEM)
        return route_item(node->item, arena, out);
    if (node->kind == MLN_NODE_NOT)
        return true;
    for (size_t i = 0; i < node->count; i++) {
        struct mln_route one;

        if (!mln_route_find(node->children[i], arena, &one))
            return false;
        if (node->kind == MLN_NODE_OR && !join(&best, &one, arena))
            return false;
        if (node->kind == MLN_NODE_AND && is_better(&one, &best))
            best = one;
    }
    *out = best;
    return true;
}

static unsigned item_kinds(const struct mln_item *item)
{
    bool of_query = item->field == MLN_FIELD_SQL || item->field == MLN_FIELD_SQL_SKEL ||
                    item->field == MLN_FIELD_SQL_FLAGS || item->field == MLN_FIELD_LITERALS;

    if (item->negated || (!of_query && item->field != MLN_FIELD_KIND))
        return MLN_ALL_KINDS;
    if (item->field == MLN_FIELD_KIND)
        return item->mask != 0 && !item->all ? item->mask : MLN_ALL_KINDS;
    /* These can hold where there is no statement. */
    return item->meets_absent ? MLN_ALL_KINDS : 1U << MLN_EVENT_QUERY;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the condition, which is limited */
unsigned mln_route_kinds(const struct mln_node *node)
{
    unsigned kinds = node->kind == MLN_NODE_OR ? 0 : MLN_ALL_KINDS;

    if (node->kind == MLN_NODE_ITEM)
        return item_kinds(node->item);
    if (node->kind == MLN_NODE_NOT)
        return MLN_ALL_KINDS;
    for (size_t i = 0; i < node->count; i++)
        kinds = node->kind == MLN_NODE_OR ? kinds | mln_route_kinds(node->children[i])
                                          : kinds & mln_route_kinds(node->children[i]);
    return kinds;
}
