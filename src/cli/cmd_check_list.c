/* The catalogue of checks: `check list`, `check test`, `check new`. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/posture.h"

#define SKELETON_MAX ((size_t)64 * 1024)

/* ---- list ---- */

static const struct cli_column list_columns[] = {
    { "ItemId", "ITEM", "检查项" },
    { "RiskLevel", "LEVEL", "级别" },
    { "Title", "TITLE", "标题" },
    { "Type", "TYPE", "类别" },
    { "RiskAssertType", "ASSET TYPE", "资产类型" },
    { "Name", "NAME", "代码名" },
    { "Scope", NULL, NULL },
    { "Params", NULL, NULL },
    { "Mappings", NULL, NULL },
    { "Replaced", NULL, NULL },
    { "Custom", NULL, NULL },
    { "Tests", NULL, NULL },
    { "File", NULL, NULL },
};

struct listing {
    struct cli_rows rows;
    struct check_filter filter;
};

static bool has_part(struct mln_str text, struct mln_str part)
{
    for (size_t i = 0; i + part.len <= text.len; i++) {
        if (mln_str_eq_nocase((struct mln_str){ text.ptr + i, part.len }, part))
            return true;
    }
    return false;
}

static int put_check(void *ctx, const struct mln_posture_check *check, struct mln_err *err)
{
    struct listing *listing = ctx;
    const struct check_filter *filter = &listing->filter;
    const struct cli_cell cells[] = {
        cli_cell_int(check->id),
        cli_cell_text(check->level_name),
        cli_cell_text(check->title),
        cli_cell_text(check->group_title),
        cli_cell_text(check->service),
        cli_cell_text(check->name),
        cli_cell_text(check->scope),
        cli_cell_text(check->params),
        cli_cell_text(check->mappings),
        cli_cell_bool(check->replaced),
        cli_cell_bool(check->custom),
        cli_cell_int((int64_t)check->test_count),
        cli_cell_cstr(check->file),
    };

    (void)err;
    if ((filter->group == 0 || filter->group == check->group) &&
            (filter->levels == 0 || (filter->levels & 1U << check->level) != 0) &&
            (has_part(check->title, filter->name) || has_part(check->name, filter->name)))
        cli_rows_add(&listing->rows, cells);
    return MLN_OK;
}

int cmd_check_list(struct cli *cli, struct mln_err *err)
{
    struct mln_posture *posture = NULL;
    struct listing listing;
    struct mln_err late = { 0 };
    int rc = check_filter_read(cli, &listing.filter, err), ended;

    if (rc == MLN_OK)
        rc = cli_posture(cli, &posture, err);
    if (rc != MLN_OK)
        return rc;
    cli_rows_begin(&listing.rows, cli, list_columns, MLN_LEN(list_columns));
    rc = mln_posture_checks(posture, cli->lang, put_check, &listing, err);
    ended = cli_rows_end(&listing.rows, -1, rc != MLN_OK, NULL, &late);
    mln_posture_free(posture);
    if (rc == MLN_OK && ended != MLN_OK)
        *err = late;
    return rc == MLN_OK ? ended : rc;
}

/* ---- test ---- */

struct testing {
    struct cli *cli;
    int64_t passed, failed;
};

static int take_test(void *ctx, int64_t check_id, struct mln_str test, bool passed,
        struct mln_str message, struct mln_err *err)
{
    struct testing *testing = ctx;
    struct cli *cli = testing->cli;

    if (*cli->stop != 0)
        return mln_fail(err, MLN_ECANCELLED, "interrupted");
    testing->passed += passed;
    testing->failed += !passed;
    if (passed)
        return MLN_OK;
    cli_putf(cli, "FAIL %lld: ", (long long)check_id);
    cli_put_safe(cli, test);
    cli_put(cli, MLN_STR(": "));
    cli_put_safe(cli, message);
    cli_put(cli, MLN_STR("\n"));
    return MLN_OK;
}

static int test_all(struct cli *cli, const struct mln_posture *posture, struct testing *testing,
        struct mln_err *err)
{
    int64_t *ids = NULL;
    size_t count = 0;
    int rc = cli_has(cli, OPT_ITEM) ? check_ids_read(cli, OPT_ITEM, &ids, &count, err) : MLN_OK;

    if (rc == MLN_OK && count == 0)
        rc = mln_posture_test(posture, 0, take_test, testing, err);
    for (size_t i = 0; rc == MLN_OK && i < count; i++)
        rc = mln_posture_test(posture, ids[i], take_test, testing, err);
    free(ids);
    return rc;
}

/* `check test DIR` is short for `check test --checks DIR`. */
static void take_folder(struct cli *cli)
{
    struct cli_line *line = &cli->line;

    if (line->arg_count == 0 || line->every_count == CLI_OCCURRENCES_MAX)
        return;
    line->value[OPT_CHECKS] = line->args[0];
    line->every[line->every_count].option = OPT_CHECKS;
    line->every[line->every_count++].value = line->args[0];
}

int cmd_check_test(struct cli *cli, struct mln_err *err)
{
    struct testing testing = { .cli = cli };
    struct mln_posture *posture = NULL;
    int rc;

    take_folder(cli);
    cli_catch_signals(cli);
    rc = cli_posture(cli, &posture, err);
    if (rc != MLN_OK)
        return rc;
    rc = test_all(cli, posture, &testing, err);
    mln_posture_free(posture);
    if (rc != MLN_OK)
        return rc;
    cli_putf(cli, "%lld passed, %lld failed\n", (long long)testing.passed,
            (long long)testing.failed);
    return testing.failed > 0 ? CLI_EXIT_FAILURE : MLN_OK;
}

/* ---- new ---- */

int cmd_check_new(struct cli *cli, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(SKELETON_MAX);
    struct mln_str text = { 0 };
    int64_t id;
    int rc = check_id_read(cli->line.args[0], &id, err);

    if (rc == MLN_OK)
        rc = mln_posture_skeleton(id, &out, err);
    if (rc == MLN_OK)
        rc = mln_buf_done(&out, &text, err);
    if (rc == MLN_OK)
        cli_put(cli, text);
    return rc;
}
