#include <stdio.h>

#include "cli/commands.h"
#include "cli/risk_source.h"

#define PARTS_MAX 2

/* A listing of one status, or of both one after the other. */
struct listing {
    struct mln_sddp_events parts[PARTS_MAX];
    size_t part_count;
    enum mln_risk_status status;
};

static void listing_free(struct listing *listing)
{
    for (size_t i = 0; i < listing->part_count; i++)
        mln_sddp_events_free(&listing->parts[i]);
}

static int read_status(const struct cli *cli, enum mln_risk_status *out, struct mln_err *err)
{
    static const struct {
        const char *name;
        enum mln_risk_status status;
    } words[] = {
        { "all", MLN_RISK_ANY },
        { "processed", MLN_RISK_PROCESSED },
        { "unprocessed", MLN_RISK_UNPROCESSED },
    };
    const char *value = cli_get(cli, OPT_STATUS);

    *out = MLN_RISK_UNPROCESSED;
    for (size_t i = 0; value != NULL && i < MLN_LEN(words); i++) {
        if (mln_str_eq_nocase(mln_str_of(value), mln_str_of(words[i].name))) {
            *out = words[i].status;
            return MLN_OK;
        }
    }
    return value == NULL
                   ? MLN_OK
                   : mln_fail(err, MLN_EUSAGE, "--status: unprocessed, processed or all is needed");
}

static int read_ask(const struct cli *cli, struct risk_filter *filter, struct risk_ask *ask,
        struct listing *listing, struct mln_err *err)
{
    int64_t limit = 0;
    int rc = risk_filter_read(cli, filter, err);

    if (rc == MLN_OK)
        rc = read_status(cli, &listing->status, err);
    if (rc == MLN_OK)
        rc = cli_get_number(cli, OPT_PAGE, 1, INT32_MAX, &ask->page, err);
    if (rc == MLN_OK)
        rc = cli_get_number(cli, OPT_PAGE_SIZE, 1, MLN_RISK_PAGE_SIZE_MAX, &ask->page_size, err);
    if (rc == MLN_OK)
        rc = cli_get_number(cli, OPT_LIMIT, 1, (int64_t)MLN_EVENTS_MAX, &limit, err);
    ask->limit = (size_t)limit;
    ask->filter = filter;
    return rc;
}

/* MLN_EPARTIAL is passed on after everything was fetched: what was found is still printed. */
static int fetch(struct risk_source *source, struct risk_ask *ask, struct listing *listing,
        struct mln_err *err)
{
    static const enum mln_risk_status both[] = { MLN_RISK_UNPROCESSED, MLN_RISK_PROCESSED };
    size_t wanted = listing->status == MLN_RISK_ANY ? 2 : 1;
    size_t limit = ask->limit;
    int partial = MLN_OK, rc;

    for (size_t i = 0; i < wanted; i++) {
        struct mln_sddp_events *part = &listing->parts[listing->part_count++];

        mln_sddp_events_init(part);
        ask->status = wanted == 2 ? both[i] : listing->status;
        rc = risk_source_list(source, ask, part, err);
        if (rc != MLN_OK && rc != MLN_EPARTIAL)
            return rc;
        if (rc == MLN_EPARTIAL)
            partial = rc;
        if (limit > 0 && part->count >= limit)
            break;
        ask->limit = limit > 0 ? limit - part->count : 0;
    }
    cli_progress(source->cli, "%s", "");
    return partial;
}

/* What a server counts may be anything. */
static int64_t add_up(int64_t a, int64_t b)
{
    int64_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return a > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

static int64_t total_of(const struct listing *listing, bool *incomplete)
{
    int64_t total = 0;

    for (size_t i = 0; i < listing->part_count; i++) {
        total = add_up(total, listing->parts[i].total);
        *incomplete = *incomplete || listing->parts[i].incomplete;
    }
    return total;
}

static void put_heading(struct cli *cli, const struct listing *listing, int64_t total)
{
    static const char *const en[] = { "unprocessed ", "processed ", "" };
    static const char *const zh[] = { "未处置的", "已处置的", "" };
    const char *ruler = "========================================"
                        "========================================";

    if (cli_has(cli, OPT_LANG) && cli->lang == MLN_LANG_ZH)
        cli_putf(cli, "共 %lld 个%s安全风险事件\n%s\n", (long long)total, zh[listing->status],
                ruler);
    else
        cli_putf(cli, "Found %lld %ssecurity risk events\n%s\n", (long long)total,
                en[listing->status], ruler);
}

static int put_listing(struct cli *cli, const struct risk_source *source,
        const struct listing *listing, struct mln_err *err)
{
    struct cli_cell cells[RISK_COLUMNS];
    struct cli_rows rows;
    struct cli_origin origin = risk_source_origin(source, listing->parts[0].request_id);
    bool incomplete = false;
    int64_t total = total_of(listing, &incomplete);
    bool as_text = cli->format == CLI_DEFAULT || cli->format == CLI_TEXT;

    if (as_text)
        put_heading(cli, listing, total);
    else
        cli_rows_begin(&rows, cli, risk_columns(), RISK_COLUMNS);
    for (size_t p = 0; p < listing->part_count; p++) {
        for (size_t i = 0; i < listing->parts[p].count; i++) {
            if (as_text) {
                risk_put_block(cli, &listing->parts[p].items[i]);
            } else {
                risk_cells(&listing->parts[p].items[i], cells);
                cli_rows_add(&rows, cells);
            }
        }
    }
    return as_text ? MLN_OK : cli_rows_end(&rows, total, incomplete, &origin, err);
}

int cmd_risk_list(struct cli *cli, struct mln_err *err)
{
    MLN_AUTO(listing_free) struct listing listing = { 0 };
    struct risk_source source;
    struct risk_filter filter;
    struct risk_ask ask = { 0 };
    struct mln_err late = { 0 };
    int printed = MLN_OK;
    int rc = read_ask(cli, &filter, &ask, &listing, err);

    if (rc != MLN_OK)
        return rc;
    rc = risk_source_open(cli, false, &source, err);
    if (rc != MLN_OK)
        return rc;
    rc = fetch(&source, &ask, &listing, err);
    if (rc == MLN_OK || rc == MLN_EPARTIAL)
        printed = put_listing(cli, &source, &listing, &late);
    risk_source_close(&source);
    if (printed != MLN_OK) {
        *err = late;
        return printed;
    }
    return rc;
}

/* ---- summary ---- */

struct group {
    struct mln_str key;
    int64_t events, alarms, last_ms;
};

static struct mln_str key_of(const struct mln_sddp_event *event, const char *by, enum mln_lang lang)
{
    if (strcmp(by, "product") == 0)
        return event->product;
    if (strcmp(by, "rule") == 0)
        return event->rule_name;
    if (strcmp(by, "category") == 0)
        return event->category_name;
    return risk_level_text(event, lang);
}

static struct group *group_of(struct mln_map *map, struct mln_arena *arena, struct mln_str key)
{
    struct group *group = mln_map_get(map, key);

    if (group != NULL)
        return group;
    group = mln_arena_alloc(arena, sizeof(*group));
    if (group == NULL || mln_map_put(map, key, group, NULL) != MLN_OK)
        return NULL;
    group->key = key;
    return group;
}

static int put_groups(struct cli *cli, const struct risk_source *source,
        const struct listing *listing, const struct mln_map *map, struct mln_err *err)
{
    static const struct cli_column columns[] = {
        { "Group", "GROUP", "分组" },
        { "Events", "EVENTS", "事件数" },
        { "Alarms", "ALARMS", "告警数" },
        { "LastAlarmTime", "LAST SEEN", "最近发现" },
    };
    struct cli_origin origin = risk_source_origin(source, listing->parts[0].request_id);
    struct cli_cell cells[MLN_LEN(columns)];
    struct cli_rows rows;
    bool incomplete = false;
    const struct group *last = NULL;
    int64_t total = total_of(listing, &incomplete);

    cli_rows_begin(&rows, cli, columns, MLN_LEN(columns));
    for (size_t n = 0; n < map->count; n++) { /* The biggest first; ties in byte order. */
        const struct group *best = NULL;
        struct mln_str key;
        void *value;
        size_t at = 0;

        while (mln_map_next(map, &at, &key, &value)) {
            const struct group *group = value;
            bool after = last == NULL || group->events < last->events ||
                         (group->events == last->events && mln_str_cmp(group->key, last->key) > 0);
            bool better = best == NULL || group->events > best->events ||
                          (group->events == best->events && mln_str_cmp(group->key, best->key) < 0);

            if (after && better)
                best = group;
        }
        if (best == NULL)
            break;
        cells[0] = cli_cell_text(best->key);
        cells[1] = cli_cell_int(best->events);
        cells[2] = cli_cell_int(best->alarms);
        cells[3] = cli_cell_time(best->last_ms);
        cli_rows_add(&rows, cells);
        last = best;
    }
    return cli_rows_end(&rows, total, incomplete, &origin, err);
}

static int summarise(struct cli *cli, const struct risk_source *source,
        const struct listing *listing, struct mln_err *err)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT((size_t)64 * 1024 * 1024);
    const char *by = cli_has(cli, OPT_BY) ? cli_get(cli, OPT_BY) : "level";
    struct mln_map map;
    int rc = MLN_OK;

    mln_map_init(&map, 10000);
    for (size_t p = 0; p < listing->part_count && rc == MLN_OK; p++) {
        for (size_t i = 0; i < listing->parts[p].count && rc == MLN_OK; i++) {
            const struct mln_sddp_event *event = &listing->parts[p].items[i];
            struct group *group = group_of(&map, &arena, key_of(event, by, cli->lang));

            if (group == NULL) {
                rc = mln_fail(err, MLN_ETOOBIG, "too many groups: group by level or product");
                break;
            }
            group->events++;
            group->alarms = add_up(group->alarms, event->alarm_count);
            if (event->last_alarm_ms > group->last_ms)
                group->last_ms = event->last_alarm_ms;
        }
    }
    if (rc == MLN_OK)
        rc = put_groups(cli, source, listing, &map, err);
    mln_map_fini(&map, NULL);
    return rc;
}

int cmd_risk_summary(struct cli *cli, struct mln_err *err)
{
    static const char *const words[] = { "category", "level", "product", "rule" };
    MLN_AUTO(listing_free) struct listing listing = { 0 };
    struct risk_source source;
    struct risk_filter filter;
    struct risk_ask ask = { 0 };
    struct mln_err late = { 0 };
    int printed = MLN_OK;
    int rc = read_ask(cli, &filter, &ask, &listing, err);
    size_t i = 0;

    while (rc == MLN_OK && cli_has(cli, OPT_BY) && i < MLN_LEN(words) &&
            strcmp(cli_get(cli, OPT_BY), words[i]) != 0)
        i++;
    if (rc == MLN_OK && i == MLN_LEN(words))
        rc = mln_fail(err, MLN_EUSAGE, "--by: level, product, rule or category is needed");
    if (rc == MLN_OK)
        rc = risk_source_open(cli, false, &source, err);
    if (rc != MLN_OK)
        return rc;
    rc = fetch(&source, &ask, &listing, err);
    if (rc == MLN_OK || rc == MLN_EPARTIAL)
        printed = summarise(cli, &source, &listing, &late);
    risk_source_close(&source);
    if (printed != MLN_OK) {
        *err = late;
        return printed;
    }
    return rc;
}
