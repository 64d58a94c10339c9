/* What a rule cannot match without: one of some texts, or one of some flags; and in which kinds of
 * event. */
#pragma once

#include "detect/rule_priv.h"

enum mln_haystack { MLN_HAY_SKELETON, MLN_HAY_LITERALS, MLN_HAY_SQL, MLN_HAYSTACKS };

struct mln_needle {
    const struct mln_pattern *pattern;
    enum mln_haystack haystack;
};

struct mln_route {
    bool known;
    unsigned cost; /* Of looking; the cheapest of several necessary conditions is taken. */
    unsigned flags;
    struct mln_needle *needles;
    size_t count;
};

#define MLN_ALL_KINDS (~0U)

/* False without memory. */
bool mln_route_find(const struct mln_node *node, struct mln_arena *arena, struct mln_route *out);
unsigned mln_route_kinds(const struct mln_node *node);
