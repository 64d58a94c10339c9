#include "api/sas/cspm.h"

#include <stdio.h>

#define ITEMS_MAX MLN_RESULT_PAGE_SIZE_MAX

const struct mln_word sas_cspm_status_words[] = {
    { "CHECKING", SAS_CSPM_CHECKING },
    { "FAILED", SAS_CSPM_FAILED },
    { "NOT_CHECK", SAS_CSPM_NOT_CHECK },
    { "NOT_PASS", SAS_CSPM_NOT_PASS },
    { "PASS", SAS_CSPM_PASS },
    { "WHITELIST", SAS_CSPM_WHITELIST },
    { 0 },
};

const struct mln_word sas_cspm_level_words[] = {
    { "HIGH", 1 << 3 },
    { "LOW", 1 << 1 },
    { "MEDIUM", 1 << 2 },
    { 0 },
};

const struct mln_word sas_cspm_type_words[] = {
    { "CUSTOM", SAS_CSPM_CUSTOM },
    { "SYSTEM", SAS_CSPM_SYSTEM },
    { 0 },
};

unsigned sas_cspm_status(const struct mln_check_result *item)
{
    static const unsigned of[MLN_RESULT_STATUSES] = {
        [MLN_RESULT_PASS] = SAS_CSPM_PASS,
        [MLN_RESULT_FAILED] = SAS_CSPM_NOT_PASS,
        [MLN_RESULT_RUNNING] = SAS_CSPM_CHECKING,
        [MLN_RESULT_WAITING] = SAS_CSPM_NOT_CHECK,
        [MLN_RESULT_IGNORED] = SAS_CSPM_WHITELIST,
        [MLN_RESULT_FALSE_POSITIVE] = SAS_CSPM_WHITELIST,
    };

    return of[item->status];
}

const char *sas_cspm_status_name(unsigned status)
{
    const struct mln_word *word = sas_cspm_status_words;

    while (word->name != NULL && word->value != (int64_t)status)
        word++;
    return word->name;
}

const char *sas_cspm_level(int level)
{
    static const char *const names[] = { "LOW", "LOW", "MEDIUM", "HIGH" };

    return names[level];
}

/* Sorted by service. */
static const struct sas_cspm_asset assets[] = {
    { "ActionTrail", "ACTIONTRAIL", "INSTANCE", 0 },
    { "CDN", "CDN", "INSTANCE", 0 },
    { "CR", "ACR", "REPOSITORY_ENTERPRISE", 6 },
    { "CloudMonitor", "ECS", "INSTANCE", 0 },
    { "DDoS", "DDOS", "INSTANCE", 0 },
    { "ECS", "ECS", "INSTANCE", 0 },
    { "MongoDB", "MONGODB", "INSTANCE", 4 },
    { "OSS", "OSS", "INSTANCE", 0 },
    { "POLARDB", "POLARDB", "INSTANCE", 3 },
    { "PostgreSQL", "POSTGRESQL", "INSTANCE", 3 },
    { "RAM", "RAM", "ALIAS", 0 },
    { "RDS", "RDS", "INSTANCE", 3 },
    { "Redis", "KVSTORE", "INSTANCE", 5 },
    { "SLB", "SLB", "INSTANCE", 1 },
    { "SSL", "CAS", "INSTANCE", 0 },
    { "VPC", "VPC", "INSTANCE", 2 },
    { "WAF", "WAF", "DOMAIN", 0 },
};

struct sas_cspm_asset sas_cspm_asset(const struct mln_check_result *item)
{
    for (size_t i = 0; i < MLN_LEN(assets); i++) {
        if (mln_str_is(item->service, assets[i].service))
            return assets[i];
    }
    return (struct sas_cspm_asset){ "", "ECS", "INSTANCE", 0 };
}

static bool copy(struct mln_arena *arena, struct mln_str *text)
{
    *text = mln_arena_dup(arena, *text);
    return text->ptr != NULL;
}

static int keep(void *ctx, const struct mln_check_result *item, struct mln_err *err)
{
    struct sas_items *out = ctx;
    struct mln_check_result *kept;

    if (out->count == out->capacity)
        return mln_fail(err, MLN_ETOOBIG, "more than %zu check items", out->capacity);
    kept = &out->items[out->count];
    *kept = *item;
    kept->mark = (struct mln_mark_info){ 0 };
    kept->mappings = kept->params = (struct mln_str){ 0 };
    memset(kept->texts, 0, sizeof(kept->texts));
    if (!copy(out->arena, &kept->title) || !copy(out->arena, &kept->name) ||
            !copy(out->arena, &kept->service) || !copy(out->arena, &kept->group_title) ||
            !copy(out->arena, &kept->not_assessed_reason))
        return mln_fail(err, MLN_ENOMEM, "out of memory for check items");
    out->count++;
    return MLN_OK;
}

bool sas_items_each(struct mln_call *call, const struct mln_result_query *query,
        mln_check_result_fn *fn, void *ctx)
{
    struct mln_result_query all = *query;
    struct mln_err err = { 0 };
    struct mln_store *store = NULL;
    int64_t total;
    int rc;

    if (!mln_call_store(call, &store))
        return false;
    all.account_id = call->principal->account_id;
    all.enabled = -1;
    all.page = 1;
    all.page_size = ITEMS_MAX;
    rc = mln_result_list(store, call->gateway->clock, &all, &total, fn, ctx, &err);
    return rc == MLN_OK || mln_call_fault(call, rc, &err);
}

bool sas_items_read(
        struct mln_call *call, const struct mln_result_query *query, struct sas_items *out)
{
    struct mln_err err = { 0 };

    out->arena = &call->arena;
    out->count = 0;
    out->capacity = ITEMS_MAX;
    out->items = mln_arena_alloc(out->arena, out->capacity * sizeof(*out->items));
    if (out->items != NULL)
        return sas_items_each(call, query, keep, out);
    (void)mln_fail(&err, MLN_ENOMEM, "out of memory for check items");
    return mln_call_fault(call, MLN_ENOMEM, &err);
}

void sas_write_page_info(struct mln_writer *w, int64_t count, bool count_as_text, int64_t page,
        int64_t page_size, int64_t total)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%lld", (long long)count);
    mln_writer_object_begin(w, "PageInfo");
    if (count_as_text)
        mln_writer_cstr(w, "Count", text);
    else
        mln_writer_i64(w, "Count", count);
    mln_writer_i64(w, "CurrentPage", page);
    mln_writer_i64(w, "PageSize", page_size);
    mln_writer_i64(w, "TotalCount", total);
    mln_writer_object_end(w);
}
