/*
 * The ingress rules of security groups, read from what the cloud says: who may (accept) or may not
 * (drop) reach which ports, by priority, smallest number first, drop before accept at the same.
 *
 * What cannot be read never helps to pass: an accept rule of unknown priority counts as the
 * strongest, a drop rule as the weakest. A rule whose ports are NULL is not in the set at all;
 * sg_rule_problem() names it.
 */
#pragma once

#include "base/arena.h"
#include "base/net_set.h"

#define SG_TCP 1U
#define SG_UDP 2U

#define SG_PRIORITY_LAST ((int64_t)1000000000)
#define SG_ID_MAX        ((size_t)64)
#define SG_TEXTS_MAX     ((size_t)256 * 1024 * 1024) /* Ids and sources kept for reasons. */

/* As it stands in a row; an absent (NULL) value has no pointer. */
struct sg_row {
    struct mln_str priority, policy, protocol, ports, sources, id;
};

struct sg_rule {
    int64_t priority;
    bool drop;
    bool every_port;
    unsigned protocols; /* SG_TCP | SG_UDP */
    const char *id;
    struct sg_sources {
        size_t at, count;  /* In the ranges of the family. */
        bool open;         /* To the world, by itself. */
        const char *shown; /* For a reason; NULL without sources. */
    } from[MLN_NET_FAMILIES];
    size_t ports_at, ports_count;
};

struct sg_rules {
    struct sg_rule *at;
    size_t count, capacity;
    struct mln_net_range *ranges; /* Of addresses and of ports. */
    size_t range_count, range_capacity;
    struct mln_arena texts;
};
void sg_rules_fini(struct sg_rules *rules);

/* Adds one row; rows that say nothing about TCP or UDP, or have no address, are left out. */
MLN_MUST_USE int sg_rules_add(
        struct sg_rules *rules, const struct sg_row *row, struct mln_err *err);

/* What a question is about. */
struct sg_point {
    unsigned protocols; /* All of them must be dropped, one of them is enough to get in. */
    bool every_port;    /* Rules for every port only. */
    bool any_port;      /* The port is not known: rules for any port accept, for every port drop. */
    unsigned port;
};
bool sg_rule_covers(
        const struct sg_rules *rules, const struct sg_rule *rule, const struct sg_point *point);

/* What is wrong with a row, in words, or NULL. */
const char *sg_row_problem(const struct sg_row *row);
