/*
 * Sets of addresses: sorted, disjoint intervals of IPv4 and of IPv6, the families apart. Built by
 * adding ranges in any order; the first question sorts and merges them, n log n in all. The first
 * failure (memory, the limit) sticks and is reported by mln_net_set_done(), so that a run of
 * additions needs a single check; a set that failed answers "not covered" to everything.
 */
#pragma once

#include "base/str.h"

/* An address as a number; an IPv4 address has 32 bits of it. */
__extension__ typedef unsigned __int128 mln_address;

enum mln_net_family { MLN_NET_V4, MLN_NET_V6, MLN_NET_FAMILIES };

struct mln_net_range {
    mln_address first, last; /* Inclusive. */
};

/* One network as it was written. */
struct mln_net {
    enum mln_net_family family;
    unsigned prefix; /* 0..32 or 0..128 */
    struct mln_net_range range;
};

struct mln_net_ranges {
    struct mln_net_range *at;
    size_t count, capacity;
    bool settled; /* Sorted and merged. */
};

struct mln_net_set {
    struct mln_net_ranges of[MLN_NET_FAMILIES];
    size_t max; /* Ranges of both families before merging. */
    int code;   /* MLN_OK, MLN_ENOMEM or MLN_ETOOBIG; sticky. */
};

#define MLN_NET_SET_INIT(limit) \
    {                           \
        .max = (limit)          \
    }

void mln_net_set_free(struct mln_net_set *set);

/* The whole of a family. */
struct mln_net_range mln_net_all(enum mln_net_family family);

/*
 * An address or a network of either family; bits behind the prefix are cleared, no prefix means one
 * address. IPv4 written inside IPv6 (::ffff:a.b.c.d) is IPv4. MLN_EINVAL for anything else.
 */
MLN_MUST_USE int mln_net_parse(struct mln_str text, struct mln_net *out);

void mln_net_set_add(
        struct mln_net_set *set, enum mln_net_family family, struct mln_net_range range);
void mln_net_set_add_set(struct mln_net_set *set, const struct mln_net_set *other);

/* Takes every address of `other` out of `set`. A failure of `other` becomes one of `set`. */
void mln_net_set_subtract(struct mln_net_set *set, struct mln_net_set *other);

/* True when every address of the range is in the set. */
bool mln_net_set_covers(
        struct mln_net_set *set, enum mln_net_family family, struct mln_net_range range);

bool mln_net_set_is_empty(const struct mln_net_set *set);

/* How many addresses of both families; INT64_MAX for that many or more. */
int64_t mln_net_set_count(struct mln_net_set *set);

/* The merged ranges of a family, ascending; valid until the set changes. */
const struct mln_net_range *mln_net_set_ranges(
        struct mln_net_set *set, enum mln_net_family family, size_t *count);

/* Appends the fewest networks that make up the set: "10.0.0.0/8,2001:db8::/32". */
void mln_net_set_print(struct mln_net_set *set, struct mln_buf *out);

/* The one check: MLN_OK, MLN_ENOMEM or MLN_ETOOBIG. */
MLN_MUST_USE int mln_net_set_done(const struct mln_net_set *set, struct mln_err *err);
