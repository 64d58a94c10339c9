/* `check mark` and `check unmark`: what a person decided about an item or one of its resources. */
#include <stdio.h>

#include "base/utf8.h"
#include "cli/check_source.h"
#include "cli/commands.h"

struct wish {
    int64_t item_id;
    const char *resource; /* NULL: the whole item */
    const char *kind;     /* NULL: take the mark back */
    struct mln_str reason;
    int64_t until_ms;
};

static int read_wish(const struct cli *cli, bool marks, struct wish *out, struct mln_err *err)
{
    const char *as = cli_get(cli, OPT_AS);
    int rc = check_id_read(cli->line.args[0], &out->item_id, err);

    out->resource = cli_get(cli, OPT_RESOURCE);
    out->kind = marks ? "ignored" : NULL;
    out->reason = mln_str_of(cli_get(cli, OPT_REASON));
    if (as != NULL && strcmp(as, "false-positive") == 0)
        out->kind = "falsePositive";
    else if (as != NULL && strcmp(as, "ignored") != 0)
        return mln_fail(err, MLN_EUSAGE, "--as: ignored or false-positive is needed");
    return rc == MLN_OK ? cli_get_time(cli, OPT_UNTIL_MARK, &out->until_ms, err) : rc;
}

/* ---- in a store ---- */

static int mark_local(struct check_source *source, const struct wish *wish, struct mln_err *err)
{
    const struct mln_mark_request request = {
        .account_id = source->local.account,
        .item_id = wish->item_id,
        .resource_id = mln_str_of(wish->resource),
        .kind = wish->kind,
        .reason = wish->reason,
        .until_ms = wish->until_ms,
        .user_name = mln_str_of(source->local.actor),
        .action = mln_str_of(wish->kind != NULL ? "check mark" : "check unmark"),
    };

    if (wish->kind != NULL && wish->reason.len == 0)
        return mln_fail(
                err, MLN_EUSAGE, "`merlon check mark` needs --reason TEXT: others will ask");
    return mln_result_mark(source->local.store, source->cli->clock, &request, 1, err);
}

/* ---- over an endpoint ---- */

struct search {
    const char *id;
    int64_t result_id;
    size_t matches;
};

static int find_resource(void *ctx, const struct mln_sas_resource *resource, struct mln_err *err)
{
    struct search *search = ctx;

    (void)err;
    if (mln_str_is(resource->id, search->id)) {
        search->result_id = resource->result_id;
        search->matches++;
    }
    return MLN_OK;
}

/* The API knows one mark, and neither reasons nor ends. */
static int check_remote_wish(const struct wish *wish, struct mln_err *err)
{
    if (wish->kind != NULL && strcmp(wish->kind, "ignored") != 0)
        return mln_fail(err, MLN_EUSAGE,
                "an endpoint can only ignore: mark false positives in a store (--store)");
    if (wish->reason.len > 0 || wish->until_ms != 0)
        return mln_fail(err, MLN_EUSAGE,
                "an endpoint keeps neither --reason nor --until: mark in a store (--store), or leave them out");
    return MLN_OK;
}

static int current_task(
        struct check_source *source, const struct wish *wish, int64_t *task_id, struct mln_err *err)
{
    MLN_AUTO(mln_sas_items_free) struct mln_sas_items items = { 0 };
    const struct mln_sas_query query = {
        .lang = "en", .ids = &wish->item_id, .id_count = 1, .stop = source->cli->stop
    };
    int rc;

    mln_sas_items_init(&items);
    rc = mln_sas_list(source->remote.api, &query, &items, err);
    if (rc == MLN_OK && items.count == 0)
        return mln_fail(
                err, MLN_ENOTFOUND, "there is no check item %lld", (long long)wish->item_id);
    if (rc == MLN_OK)
        *task_id = items.items[0].task_id;
    return rc;
}

static int send_mark(struct check_source *source, const struct wish *wish, int64_t task_id,
        int64_t result_id, struct mln_err *err)
{
    struct mln_api *api = source->remote.api;
    char request_id[64];
    bool sent, ignore = wish->kind != NULL;
    int rc = wish->resource != NULL ? mln_sas_mark_resource(api, result_id, task_id, ignore,
                                              request_id, &sent, err)
                                    : mln_sas_mark_item(api, wish->item_id, task_id, ignore,
                                              request_id, &sent, err);

    if (rc == MLN_OK)
        cli_note(source->cli, "request id %s", request_id);
    else if (sent && rc == MLN_ETRANSIENT)
        cli_note(source->cli, "the request may have arrived: look with `merlon check show %lld`",
                (long long)wish->item_id);
    return rc;
}

/* Two of one name stand in two regions: the wrong one must not go out of sight. */
static int find_result(struct check_source *source, const struct wish *wish, int64_t *result_id,
        struct mln_err *err)
{
    struct search search = { .id = wish->resource };
    int rc = mln_sas_resources(source->remote.api, wish->item_id, "en", source->cli->stop,
            find_resource, &search, err);

    if (rc != MLN_OK)
        return rc;
    if (search.matches == 0)
        return mln_fail(err, MLN_ENOTFOUND, "item %lld has no failed resource '%s'",
                (long long)wish->item_id, wish->resource);
    if (search.matches > 1)
        return mln_fail(err, MLN_EINVAL,
                "item %lld has %zu resources '%s', in different regions: mark them in the console",
                (long long)wish->item_id, search.matches, wish->resource);
    if (search.result_id < 1)
        return mln_fail(err, MLN_EIO, "the server gave no result id for '%s'", wish->resource);
    *result_id = search.result_id;
    return MLN_OK;
}

static int mark_remote(struct check_source *source, const struct wish *wish, struct mln_err *err)
{
    int64_t task_id = 0, result_id = 0;
    int rc = check_remote_wish(wish, err);

    if (rc == MLN_OK)
        rc = current_task(source, wish, &task_id, err);
    if (rc == MLN_OK && wish->resource != NULL)
        rc = find_result(source, wish, &result_id, err);
    return rc == MLN_OK ? send_mark(source, wish, task_id, result_id, err) : rc;
}

static int mark(struct cli *cli, bool marks, struct mln_err *err)
{
    struct wish wish = { 0 };
    struct check_source source;
    int rc = read_wish(cli, marks, &wish, err);

    if (rc == MLN_OK)
        rc = check_source_open(cli, true, &source, err);
    if (rc != MLN_OK)
        return rc;
    rc = source.is_local ? mark_local(&source, &wish, err) : mark_remote(&source, &wish, err);
    check_source_close(&source);
    if (rc == MLN_OK)
        cli_note(cli, "item %lld%s%s: %s", (long long)wish.item_id,
                wish.resource != NULL ? ", " : "", wish.resource != NULL ? wish.resource : "",
                wish.kind != NULL ? wish.kind : "no mark any more");
    return rc;
}

int cmd_check_mark(struct cli *cli, struct mln_err *err)
{
    return mark(cli, true, err);
}

int cmd_check_unmark(struct cli *cli, struct mln_err *err)
{
    return mark(cli, false, err);
}
