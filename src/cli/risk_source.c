#include "cli/risk_source.h"

#include <stdio.h>

#define LOCAL_REPEATS_MAX 3

int risk_source_open(
        struct cli *cli, bool for_write, struct risk_source *source, struct mln_err *err)
{
    struct cli_service service = { .product = "Sddp" };

    *source = (struct risk_source){ .cli = cli, .is_local = cli_has(cli, OPT_STORE) };
    if (source->is_local)
        return cli_local_open(cli, for_write ? MLN_STORE_WRITE : MLN_STORE_READ, CLI_NEED_ACCOUNT,
                &source->local, err);
    service.actions = mln_sddp_actions(&service.action_count);
    return cli_remote_open(cli, &service, &source->remote, err);
}

void risk_source_close(struct risk_source *source)
{
    if (source->is_local)
        cli_local_close(&source->local);
    else
        cli_remote_close(&source->remote);
}

/* ---- filters: on this side, because the documented API filters by status only ---- */

int risk_filter_read(const struct cli *cli, struct risk_filter *out, struct mln_err *err)
{
    static const char *const levels[] = { "high", "medium", "low" };
    struct mln_str rest = mln_str_of(cli_get(cli, OPT_LEVEL)), part;
    int rc;

    *out = (struct risk_filter){ .cli = cli, .until_ms = INT64_MAX };
    while (mln_str_next(&rest, ',', &part)) {
        size_t i = 0;

        while (i < MLN_LEN(levels) && !mln_str_eq_nocase(mln_str_trim(part), mln_str_of(levels[i])))
            i++;
        if (i == MLN_LEN(levels))
            return mln_fail(
                    err, MLN_EUSAGE, "--level: high, medium, low or several with commas is needed");
    }
    rc = cli_get_time(cli, OPT_SINCE, &out->since_ms, err);
    if (rc == MLN_OK)
        rc = cli_get_time(cli, OPT_UNTIL, &out->until_ms, err);
    out->any = cli_has(cli, OPT_LEVEL) || cli_has(cli, OPT_PRODUCT) || cli_has(cli, OPT_RULE) ||
               cli_has(cli, OPT_SINCE) || cli_has(cli, OPT_UNTIL);
    return rc;
}

static bool rule_matches(const char *wanted, const struct mln_sddp_event *event)
{
    struct mln_str text = mln_str_of(wanted);
    int64_t id;

    if (wanted == NULL || (mln_str_to_i64(text, &id) == MLN_OK && id == event->rule_id))
        return true;
    for (size_t i = 0; i + text.len <= event->rule_name.len; i++) {
        if (mln_str_eq_nocase((struct mln_str){ event->rule_name.ptr + i, text.len }, text))
            return true;
    }
    return false;
}

static bool matches(const void *ctx, const struct mln_sddp_event *event)
{
    static const char *const levels[] = { "", "low", "medium", "high" };
    const struct risk_filter *filter = ctx;
    bool known = event->warn_level >= 1 && event->warn_level <= 3;

    return cli_list_has(
                   filter->cli, OPT_LEVEL, mln_str_of(levels[known ? event->warn_level : 0])) &&
           cli_list_has(filter->cli, OPT_PRODUCT, event->product) &&
           rule_matches(cli_get(filter->cli, OPT_RULE), event) &&
           event->last_alarm_ms >= filter->since_ms && event->last_alarm_ms < filter->until_ms;
}

/* ---- listing ---- */

static void show_progress(void *ctx, size_t listed, int64_t total)
{
    const struct cli *cli = ctx;

    cli_progress(cli, "listed %zu of %lld", listed, (long long)total);
}

static int list_remote(struct risk_source *source, const struct risk_ask *ask,
        struct mln_sddp_events *out, struct mln_err *err)
{
    bool filtered = ask->filter != NULL && ask->filter->any;
    struct mln_sddp_query query = {
        .status = ask->status == MLN_RISK_PROCESSED ? "PROCESSED" : "UNPROCESSED",
        .lang = source->cli->lang == MLN_LANG_ZH ? "zh" : NULL,
        .page = ask->page,
        .page_size = ask->page_size,
        .limit = ask->limit,
        .match = filtered ? matches : NULL,
        .match_ctx = ask->filter,
        .progress = show_progress,
        .progress_ctx = source->cli,
        .stop = ask->finish ? NULL : source->cli->stop,
    };

    return mln_sddp_list(source->remote.api, &query, out, err);
}

/* What a local listing collects; ids fall, so an id that does not is one seen before. */
struct local_listing {
    const struct risk_ask *ask;
    struct mln_sddp_events *out;
    int64_t last_id, seen;
    bool moved; /* The number of matches changed between two pages. */
};

static bool copy_text(struct mln_arena *arena, struct mln_str *text)
{
    *text = mln_arena_dup(arena, *text);
    return text->ptr != NULL;
}

static int take_local(void *ctx, const struct mln_risk_event *event, struct mln_err *err)
{
    struct local_listing *listing = ctx;
    struct mln_arena *arena = &listing->out->arena;
    struct mln_sddp_event copy = {
        .risk_id = event->risk_id,
        .rule_id = event->rule_id,
        .category_id = event->category_id,
        .warn_level = event->level,
        .alarm_count = event->alarm_count,
        .total_alarm_count = event->alarm_count,
        .instance_count = event->instance_count,
        .total_instance_count = event->instance_count,
        .client_ip_count = event->client_ip_count,
        .total_client_ip_count = event->client_ip_count,
        .user_count = event->user_count,
        .total_user_count = event->user_count,
        .first_alarm_ms = event->first_alarm_ms,
        .last_alarm_ms = event->last_alarm_ms,
        .handled_ms = event->handled_ms,
        .rule_name = event->rule_name,
        .category_name = event->category_name,
        .level_name = event->level_name,
        .product = event->product,
        .alarm_source = event->alarm_source,
        .alert_frequency = event->alert_frequency,
        .status = event->processed ? MLN_STR("PROCESSED") : MLN_STR("UNPROCESSED"),
    };

    if (listing->last_id != 0 && event->risk_id >= listing->last_id)
        return MLN_OK;
    listing->last_id = event->risk_id;
    listing->seen++;
    if (listing->ask->limit > 0 && listing->out->count >= listing->ask->limit)
        return MLN_OK;
    if (listing->ask->filter != NULL && listing->ask->filter->any &&
            !matches(listing->ask->filter, &copy))
        return MLN_OK;
    if (!copy_text(arena, &copy.rule_name) || !copy_text(arena, &copy.category_name) ||
            !copy_text(arena, &copy.level_name) || !copy_text(arena, &copy.product) ||
            !copy_text(arena, &copy.alarm_source) || !copy_text(arena, &copy.alert_frequency))
        return mln_fail(err, MLN_ENOMEM, "out of memory for the listing");
    return mln_sddp_events_add(listing->out, &copy, err);
}

static int list_local_once(struct risk_source *source, struct local_listing *listing,
        struct mln_risk_query *query, int64_t *total, struct mln_err *err)
{
    const struct risk_ask *ask = listing->ask;
    int64_t seen, first = -1;
    int rc;

    for (query->page = ask->page > 0 ? ask->page : 1;; query->page++) {
        seen = listing->seen;
        rc = mln_risk_list(source->local.store, query, total, take_local, listing, err);
        listing->moved = listing->moved || (first >= 0 && first != *total);
        first = *total;
        if (rc != MLN_OK || ask->page > 0 || listing->seen >= *total || listing->seen == seen ||
                (ask->limit > 0 && listing->out->count >= ask->limit))
            return rc;
        show_progress(source->cli, (size_t)listing->seen, *total);
    }
}

static int list_local(struct risk_source *source, const struct risk_ask *ask,
        struct mln_sddp_events *out, struct mln_err *err)
{
    struct mln_risk_query query = {
        .account_id = source->local.account,
        .status = ask->status,
        .lang = source->cli->lang,
        .page_size = ask->page > 0 && ask->page_size > 0 ? ask->page_size : MLN_RISK_PAGE_SIZE_MAX,
        .until_ms = 0,
    };
    bool filtered = ask->filter != NULL && ask->filter->any;
    int64_t total = 0;
    int rc = MLN_OK;

    for (int pass = 0; pass <= LOCAL_REPEATS_MAX; pass++) {
        struct local_listing listing = { .ask = ask, .out = out };

        out->count = 0;
        mln_arena_reset(&out->arena);
        rc = list_local_once(source, &listing, &query, &total, err);
        out->total = filtered ? (int64_t)out->count : total;
        if (rc != MLN_OK || ask->page > 0 || (listing.seen == total && !listing.moved) ||
                (ask->limit > 0 && out->count >= ask->limit))
            return rc;
    }
    out->incomplete = true;
    return mln_fail(err, MLN_EPARTIAL, "risk events change faster than they can be listed");
}

int risk_source_list(struct risk_source *source, const struct risk_ask *ask,
        struct mln_sddp_events *out, struct mln_err *err)
{
    return source->is_local ? list_local(source, ask, out, err)
                            : list_remote(source, ask, out, err);
}

/* ---- handling ---- */

static int handle_local(struct risk_source *source, const struct mln_sddp_handling *handling,
        char request_id[64], struct mln_err *err)
{
    char id[MLN_UUID_TEXT_MAX];
    struct mln_risk_handling row = {
        .account_id = source->local.account,
        .risk_id = handling->risk_id,
        .type = MLN_STR("Manual"),
        .detail = handling->detail,
        .user_name = mln_str_of(source->local.actor),
        .source_ip = MLN_STR("local"),
    };

    mln_uuid_v4(source->cli->random, id);
    row.request_id = mln_str_of(id);
    (void)snprintf(request_id, 64, "%s", id);
    return mln_risk_handle(source->local.store, source->cli->clock, &row, err);
}

int risk_source_handle(struct risk_source *source, const struct mln_sddp_handling *handling,
        char request_id[64], bool *sent, struct mln_err *err)
{
    *sent = false;
    if (source->is_local)
        return handle_local(source, handling, request_id, err);
    return mln_sddp_handle(source->remote.api, handling, request_id, sent, err);
}

struct cli_origin risk_source_origin(const struct risk_source *source, const char *request_id)
{
    if (source->is_local)
        return (struct cli_origin){
            .store = cli_get(source->cli, OPT_STORE),
            .account = cli_get(source->cli, OPT_ACCOUNT),
        };
    return (struct cli_origin){
        .api = mln_product_by_name("Sddp")->name,
        .version = mln_product_by_name("Sddp")->version,
        .endpoint = source->remote.endpoint.host,
        .request_id = request_id,
    };
}

void risk_source_name(const struct risk_source *source, struct mln_buf *out)
{
    const struct mln_creds *creds = source->remote.creds;

    if (source->is_local)
        mln_buf_addf(out, "%s, account %.*s", cli_get(source->cli, OPT_STORE),
                MLN_FMT(source->local.account));
    else
        mln_buf_addf(out, "%s://%s as %s %s", source->remote.endpoint.https ? "https" : "http",
                source->remote.endpoint.host, creds->profile[0] != '\0' ? "profile" : "the",
                creds->profile[0] != '\0' ? creds->profile : "environment's key");
}

int risk_id_read(struct mln_str text, int64_t *out, struct mln_err *err)
{
    int64_t id;

    if (text.len == 0 || text.ptr[0] == '-' || mln_str_to_i64(text, &id) != MLN_OK || id < 1 ||
            id > MLN_RISK_ID_MAX)
        return mln_fail(err, MLN_EUSAGE,
                "'%.*s' is not a risk id: a number from 1 to %lld is needed",
                (int)(text.len > 40 ? 40 : text.len), text.ptr, (long long)MLN_RISK_ID_MAX);
    *out = id;
    return MLN_OK;
}
