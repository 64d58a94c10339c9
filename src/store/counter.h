/* The kept totals of risk events. They change in the same transaction as the events they count. */
#pragma once

#include "store/engine.h"

struct mln_counter {
    struct mln_str account_id;
    enum mln_handle_status status;
    int64_t level;
    struct mln_str product;
};

/* One event more. */
MLN_MUST_USE int mln_counter_add(
        struct mln_store *store, const struct mln_counter *counter, struct mln_err *err);

/* One event less; MLN_ECORRUPT when there is no such counter. */
MLN_MUST_USE int mln_counter_drop(
        struct mln_store *store, const struct mln_counter *counter, struct mln_err *err);
