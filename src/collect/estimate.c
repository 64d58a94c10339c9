/*
 * What a run will take. A call begins when those that it depends on have ended, and each place of
 * it (a region, or the account) has a rate of its own: the longest way from call to call is what
 * the rates alone take.
 */
#include <sqlite3.h>

#include "acs/endpoint.h"
#include "client/pace.h"
#include "collect/executor.h"

#define ESTIMATE_S_MAX 1e12

/* What one call of the plan comes to. */
struct part {
    int64_t calls, most; /* All instances; those of the place that has most. */
    double requests;     /* Of an instance. */
    double s, ends_s;
};

struct estimator {
    const struct mln_plan *plan;
    struct mln_snapshot *earlier;
    bool same_plan;
    size_t regions;
    struct mln_key_store store;
    struct part *parts;
    struct mln_collect_estimate *out;
    struct mln_err *err;
};

static size_t public_regions(void)
{
    size_t count = 0, found = 0;
    const struct mln_region *regions = mln_regions(&count);

    for (size_t i = 0; i < count; i++)
        found += regions[i].site != MLN_SITE_CLOSED;
    return found;
}

/* By the plan alone: nobody knows the resources. */
static void guess(
        struct estimator *estimator, const struct mln_plan_entry *entry, struct part *part)
{
    switch (entry->info.scope) {
    case MLN_SCOPE_ACCOUNT:
    case MLN_SCOPE_SITE:
        part->calls = entry->sites.count > 0 ? (int64_t)entry->sites.count : 1;
        part->most = 1;
        break;
    case MLN_SCOPE_REGION:
        part->calls = (int64_t)estimator->regions;
        part->most = part->calls > 0;
        break;
    case MLN_SCOPE_ROW:
        estimator->out->per_resource++;
        break;
    }
}

/* The keys that the earlier snapshot gives. *known stays false where its plan was too different. */
static int count_keys(struct estimator *estimator, const struct mln_plan_entry *entry,
        struct part *part, bool *known)
{
    struct mln_keys keys;
    bool all_regions = false;
    int rc = mln_regions_are_unread(
            estimator->plan, entry, estimator->earlier, &all_regions, estimator->err);

    if (rc == MLN_OK)
        rc = mln_keys_open(
                &keys, &estimator->store, entry, estimator->earlier, all_regions, estimator->err);
    if (rc == MLN_OK) {
        mln_keys_left(&keys, &part->calls, &part->most);
        mln_keys_close(&keys);
        *known = true;
    }
    /* A table or column that the plan of then did not have. */
    return rc == MLN_EINVAL && !estimator->same_plan ? MLN_OK : rc;
}

/* Pages and variants: as many for each as there were. */
static int count_requests(
        struct estimator *estimator, const struct mln_plan_entry *entry, struct part *part)
{
    sqlite3_stmt *stmt = NULL;
    int code;

    part->requests = entry->variants.count > 0 ? (double)entry->variants.count : 1;
    if (estimator->earlier == NULL)
        return MLN_OK;
    code = sqlite3_prepare_v2(mln_snapshot_db(estimator->earlier),
            "SELECT avg(pages) FROM collect_call WHERE call = ?1 AND pages > 0", -1, &stmt, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(stmt, 1, entry->info.id, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    if (code == SQLITE_ROW && sqlite3_column_double(stmt, 0) > part->requests)
        part->requests = sqlite3_column_double(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return code == SQLITE_ROW ? MLN_OK
                              : mln_snapshot_fail(estimator->earlier, code, "read the records",
                                        estimator->err);
}

static int count_call(struct estimator *estimator, size_t index)
{
    const struct mln_plan_entry *entry = &estimator->plan->entries[index];
    struct part *part = &estimator->parts[index];
    double rate = entry->info.rate > 0 ? entry->info.rate : MLN_PACE_RATE_DEFAULT, waits;
    bool known = false;
    int rc = MLN_OK;

    if (estimator->earlier != NULL)
        rc = count_keys(estimator, entry, part, &known);
    if (rc == MLN_OK && !known)
        guess(estimator, entry, part);
    if (rc == MLN_OK)
        rc = count_requests(estimator, entry, part);
    waits = (double)part->most * part->requests - 1;
    part->s = waits > 0 ? waits / rate : 0;
    part->ends_s = part->s;
    estimator->out->calls += part->calls;
    return rc;
}

/* The plan has no circles: as many rounds as its longest chain has calls. */
static void add_up(struct estimator *estimator)
{
    const struct mln_schema *schema = &estimator->plan->schema;
    double longest_s = 0;
    bool changed = true;

    for (size_t round = 0; changed && round <= schema->call_count; round++) {
        changed = false;
        for (size_t i = 0; i < schema->call_count; i++) {
            struct part *part = &estimator->parts[i];

            for (size_t d = 0; d < schema->calls[i].depend_count; d++) {
                double s = estimator->parts[schema->calls[i].depends[d]].ends_s + part->s;

                changed = changed || s > part->ends_s;
                part->ends_s = s > part->ends_s ? s : part->ends_s;
            }
            longest_s = part->ends_s > longest_s ? part->ends_s : longest_s;
        }
    }
    estimator->out->ms = (int64_t)((longest_s < ESTIMATE_S_MAX ? longest_s : ESTIMATE_S_MAX) *
                                   1000);
}

static int compare_plans(struct estimator *estimator)
{
    MLN_AUTO(mln_buf_free) struct mln_buf hash = MLN_BUF_INIT(MLN_COLLECT_OWN_MAX);
    int rc;

    if (estimator->earlier == NULL)
        return MLN_OK;
    rc = mln_snapshot_get(estimator->earlier, "plan_hash", &hash, estimator->err);
    estimator->same_plan = mln_str_is(mln_buf_str(&hash), estimator->plan->schema.hash);
    return rc;
}

int mln_collect_estimate(const struct mln_plan *plan, struct mln_snapshot *earlier,
        size_t region_count, struct mln_collect_estimate *out, struct mln_err *err)
{
    struct mln_collect_estimate estimate = { .calls = 0 };
    struct estimator estimator = { .plan = plan,
        .earlier = earlier,
        .regions = region_count > 0 ? region_count : public_regions(),
        .out = &estimate,
        .err = err };
    int rc;

    estimator.parts = calloc(plan->schema.call_count + 1, sizeof(*estimator.parts));
    if (estimator.parts == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    rc = compare_plans(&estimator);
    for (size_t i = 0; rc == MLN_OK && i < plan->schema.call_count; i++)
        rc = count_call(&estimator, i);
    if (rc == MLN_OK) {
        add_up(&estimator);
        *out = estimate;
    }
    mln_key_store_close(&estimator.store);
    free(estimator.parts);
    return rc;
}
