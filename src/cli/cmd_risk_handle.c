/*
 * Handling risk events: check, show, ask, send one by one, list again to verify, record. A request
 * that was sent is never sent again; when its outcome is unclear, the second listing decides.
 */
#include <stdio.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/handle_plan.h"
#include "cli/journal.h"

#define PAUSE_MS 500 /* Between two writes to an endpoint elsewhere. */

static struct handle_item *find_item(struct handle_plan *plan, int64_t id)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].risk_id == id)
            return &plan->items[i];
    }
    return NULL;
}

/* Marks which of the plan's events are listed as unprocessed. */
static int mark_listed(struct risk_source *source, struct handle_plan *plan,
        struct mln_sddp_events *events, struct mln_err *err)
{
    struct risk_ask ask = { .status = MLN_RISK_UNPROCESSED, .finish = true };
    int rc = risk_source_list(source, &ask, events, err);

    if (rc != MLN_OK && rc != MLN_EPARTIAL)
        return rc;
    for (size_t i = 0; i < plan->count; i++)
        plan->items[i].listed = false;
    for (size_t i = 0; i < events->count; i++) {
        struct handle_item *item = find_item(plan, events->items[i].risk_id);

        if (item == NULL)
            continue;
        item->listed = true;
        if (item->result == HANDLE_PLANNED)
            item->event = events->items[i];
    }
    return rc;
}

static int check_all_open(struct risk_source *source, struct handle_plan *plan,
        struct mln_sddp_events *events, struct mln_err *err)
{
    int rc = mark_listed(source, plan, events, err);

    if (rc != MLN_OK && rc != MLN_EPARTIAL)
        return rc;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].listed)
            continue;
        if (rc == MLN_EPARTIAL)
            return mln_wrap(
                    err, rc, "risk event %lld was not found", (long long)plan->items[i].risk_id);
        return mln_fail(err, MLN_ENOTFOUND,
                "risk event %lld is not among the unprocessed ones: it was handled already, or does not "
                "exist. Nothing was sent",
                (long long)plan->items[i].risk_id);
    }
    return MLN_OK;
}

static void record(const struct cli *cli, const struct risk_source *source,
        const struct handle_item *item, const char *outcome)
{
    const struct mln_creds *creds = source->remote.creds;
    const char *identity = source->is_local            ? source->local.actor
                           : creds->profile[0] != '\0' ? creds->profile
                                                       : "environment";
    const struct journal_entry entry = { identity, item->risk_id, item->request_id, outcome };
    struct mln_err err;

    if (journal_add(cli, &entry, &err) != MLN_OK)
        cli_note(cli, "warning: the journal was not written: %s", err.msg);
}

/* After these there is no point in trying the next event. */
static bool ends_everything(int code)
{
    return code == MLN_EDENIED || code == MLN_ECREDS || code == MLN_ECONFIG;
}

static void pause_between(const struct risk_source *source)
{
    const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };

    if (!source->is_local && !source->remote.endpoint.loopback)
        (void)nanosleep(&pause, NULL);
}

static void send_all(struct risk_source *source, struct handle_plan *plan)
{
    struct cli *cli = source->cli;
    bool over = false;

    for (size_t i = 0; i < plan->count; i++) {
        struct handle_item *item = &plan->items[i];
        struct mln_sddp_handling handling = { item->risk_id, plan->detail };
        struct mln_err err;
        bool sent;

        item->result = HANDLE_NOT_ATTEMPTED;
        if (over || *cli->stop != 0)
            continue;
        if (i > 0)
            pause_between(source);
        cli_progress(cli, "handling %zu of %zu", i + 1, plan->count);
        item->code = risk_source_handle(source, &handling, item->request_id, &sent, &err);
        item->result = item->code == MLN_OK ? HANDLE_DONE : HANDLE_FAILED;
        if (item->code != MLN_OK)
            (void)snprintf(item->message, sizeof(item->message), "%.*s",
                    (int)sizeof(item->message) - 1, err.msg);
        over = ends_everything(item->code);
    }
}

/* The listing has the last word on what was sent. */
static void settle(struct handle_item *item, bool listing_known)
{
    bool unclear = item->code == MLN_ETRANSIENT || item->code == MLN_EIO;

    if (item->result == HANDLE_DONE && (!listing_known || item->listed)) {
        item->result = HANDLE_UNVERIFIED;
        (void)snprintf(item->message, sizeof(item->message), "%s",
                listing_known ? "accepted, but still listed as unprocessed"
                              : "accepted, but the listing could not be read again");
    } else if (item->result == HANDLE_FAILED && unclear && listing_known && !item->listed) {
        item->result = HANDLE_DONE;
    }
}

static const char *outcome_of(const struct handle_item *item)
{
    static const char *const names[] = { "planned", "handled", "unverified", "failed",
        "not_attempted" };

    return names[item->result];
}

static void verify(struct risk_source *source, struct handle_plan *plan)
{
    MLN_AUTO(mln_sddp_events_free) struct mln_sddp_events events = { 0 };
    bool any_sent = false, known = false;
    struct mln_err err;

    for (size_t i = 0; i < plan->count; i++)
        any_sent = any_sent || plan->items[i].result == HANDLE_DONE ||
                   (plan->items[i].result == HANDLE_FAILED &&
                           !ends_everything(plan->items[i].code));
    mln_sddp_events_init(&events);
    if (any_sent) {
        known = mark_listed(source, plan, &events, &err) == MLN_OK;
        if (!known)
            cli_note(source->cli, "warning: could not list again to verify: %s", err.msg);
    }
    for (size_t i = 0; i < plan->count; i++) {
        settle(&plan->items[i], known);
        if (plan->items[i].result != HANDLE_NOT_ATTEMPTED)
            record(source->cli, source, &plan->items[i], outcome_of(&plan->items[i]));
    }
}

/* ---- what is printed ---- */

static void put_block(
        struct cli *cli, const struct handle_plan *plan, const struct handle_item *item)
{
    bool zh = cli_has(cli, OPT_LANG) && cli->lang == MLN_LANG_ZH;

    cli_putf(cli, "%s\n%s: %lld\n%s: ", zh ? "正在处置风险事件..." : "Handling risk event...",
            zh ? "风险 ID" : "Risk ID", (long long)item->risk_id,
            zh ? "处置说明" : "Handle Detail");
    cli_put_safe(cli, plan->detail);
    cli_put(cli, MLN_STR("\n--------------------------------------------------\n"));
    if (item->result == HANDLE_DONE) {
        cli_putf(cli, "%s\n", zh ? "✅ 处置成功！" : "✅ Handling successful!");
    } else {
        cli_putf(cli, "%s ", zh ? "❌ 处置失败：" : "❌ Handling failed:");
        cli_put_safe(cli, mln_str_of(item->message));
        cli_put(cli, MLN_STR("\n"));
    }
    if (item->request_id[0] != '\0') {
        cli_put(cli, MLN_STR("RequestId: "));
        cli_put_safe(cli, mln_str_of(item->request_id));
        cli_put(cli, MLN_STR("\n"));
    }
}

static int put_rows(struct cli *cli, const struct risk_source *source,
        const struct handle_plan *plan, struct mln_err *err)
{
    static const struct cli_column columns[] = {
        { "RiskId", "RISK ID", "风险 ID" },
        { "result", "RESULT", "结果" },
        { "message", "MESSAGE", "说明" },
        { "request_id", "REQUEST ID", "请求 ID" },
    };
    struct cli_origin origin = risk_source_origin(source, NULL);
    struct cli_cell cells[MLN_LEN(columns)];
    struct cli_rows rows;

    cli_rows_begin(&rows, cli, columns, MLN_LEN(columns));
    for (size_t i = 0; i < plan->count; i++) {
        cells[0] = cli_cell_int(plan->items[i].risk_id);
        cells[1] = cli_cell_cstr(outcome_of(&plan->items[i]));
        cells[2] = cli_cell_cstr(plan->items[i].message);
        cells[3] = cli_cell_cstr(plan->items[i].request_id);
        cli_rows_add(&rows, cells);
    }
    return cli_rows_end(&rows, -1, false, &origin, err);
}

static int print_results(struct cli *cli, const struct risk_source *source,
        const struct handle_plan *plan, struct mln_err *err)
{
    if (cli->format != CLI_DEFAULT && cli->format != CLI_TEXT)
        return put_rows(cli, source, plan, err);
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].result != HANDLE_NOT_ATTEMPTED &&
                plan->items[i].result != HANDLE_PLANNED)
            put_block(cli, plan, &plan->items[i]);
    }
    return MLN_OK;
}

/* Nothing done: the first failure's own code. Something done and something not: partial. */
static int conclude(const struct cli *cli, const struct handle_plan *plan, struct mln_err *err)
{
    const struct handle_item *first = NULL;
    size_t done = 0, not_attempted = 0;

    for (size_t i = 0; i < plan->count; i++) {
        const struct handle_item *item = &plan->items[i];

        done += item->result == HANDLE_DONE ? 1 : 0;
        not_attempted += item->result == HANDLE_NOT_ATTEMPTED ? 1 : 0;
        if (first == NULL && (item->result == HANDLE_FAILED || item->result == HANDLE_UNVERIFIED))
            first = item;
        if (item->result == HANDLE_UNVERIFIED)
            cli_say(cli, "risk event %lld: %s", (long long)item->risk_id, item->message);
    }
    if (*cli->stop != 0 && not_attempted > 0)
        return mln_fail(err, MLN_ECANCELLED, "interrupted: %zu handled, %zu not attempted", done,
                not_attempted);
    if (first == NULL)
        return MLN_OK;
    if (done > 0 || first->result == HANDLE_UNVERIFIED)
        return mln_fail(err, MLN_EPARTIAL,
                "%zu of %zu risk events were handled; first trouble: %lld: %s", done, plan->count,
                (long long)first->risk_id, first->message);
    return mln_fail(err, first->code == MLN_EEXIST ? MLN_ENOTFOUND : first->code,
            "risk event %lld: %s", (long long)first->risk_id, first->message);
}

static int carry_out(struct risk_source *source, struct handle_plan *plan, struct mln_err *err)
{
    struct cli *cli = source->cli;
    int rc;

    cli_catch_signals(cli);
    send_all(source, plan);
    verify(source, plan);
    rc = print_results(cli, source, plan, err);
    return rc == MLN_OK ? conclude(cli, plan, err) : rc;
}

static int handle_from(struct risk_source *source, struct handle_plan *plan, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf where = MLN_BUF_INIT(4096);
    MLN_AUTO(mln_sddp_events_free) struct mln_sddp_events events = { 0 };
    struct mln_str done;
    int rc;

    mln_sddp_events_init(&events);
    rc = check_all_open(source, plan, &events, err);
    if (rc != MLN_OK)
        return rc;
    risk_source_name(source, &where);
    rc = mln_buf_done(&where, &done, err);
    if (rc != MLN_OK)
        return rc;
    handle_plan_show(source->cli, plan, done.ptr);
    if (cli_has(source->cli, OPT_DRY_RUN)) {
        cli_say(source->cli, "Dry run: nothing was sent");
        return print_results(source->cli, source, plan, err);
    }
    rc = handle_plan_confirm(source->cli, plan, err);
    return rc == MLN_OK ? carry_out(source, plan, err) : rc;
}

int cmd_risk_handle(struct cli *cli, struct mln_err *err)
{
    MLN_AUTO(handle_plan_free) struct handle_plan plan = { 0 };
    struct risk_source source;
    int rc = handle_plan_read(cli, &plan, err);

    if (rc == MLN_OK)
        rc = risk_source_open(cli, true, &source, err);
    if (rc != MLN_OK)
        return rc;
    rc = handle_from(&source, &plan, err);
    risk_source_close(&source);
    return rc;
}
