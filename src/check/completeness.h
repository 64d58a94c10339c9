/*
 * What was read of a snapshot's account: every recorded call, added up by call once, so that what a
 * verdict rests on is a sum over the few calls that its tables need.
 */
#pragma once

#include "check/unread.h"

#define MLN_READ_REGIONS_MAX ((size_t)1024) /* Told apart; more than any cloud has. */

struct mln_reads;

/* Counts once. The map is borrowed. MLN_ECORRUPT, MLN_ENOMEM. */
MLN_MUST_USE int mln_reads_new(struct mln_snapshot *snapshot, const struct mln_unread_map *map,
        struct mln_reads **out, struct mln_err *err);
void mln_reads_free(struct mln_reads *reads);

/* The sum over the calls that `tables` need; the texts of its gaps go into the arena. */
MLN_MUST_USE int mln_reads_sum(const struct mln_reads *reads, const struct mln_table_set *tables,
        struct mln_arena *arena, struct mln_completeness *out, struct mln_err *err);
