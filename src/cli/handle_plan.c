#include "cli/handle_plan.h"

#include <errno.h>
#include <stdio.h>

#include "base/file.h"

#define INPUT_MAX ((size_t)1024 * 1024)

void handle_plan_free(struct handle_plan *plan)
{
    free(plan->items);
    mln_buf_free(&plan->input);
    mln_buf_free(&plan->detail_file);
    *plan = (struct handle_plan){ 0 };
}

static int add_id(struct handle_plan *plan, struct mln_str text, struct mln_err *err)
{
    int64_t id = 0;
    int rc = risk_id_read(text, &id, err);

    if (rc != MLN_OK)
        return rc;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].risk_id == id)
            return MLN_OK;
    }
    if (plan->count == HANDLE_IDS_MAX)
        return mln_fail(err, MLN_EUSAGE, "more than %zu risk ids", HANDLE_IDS_MAX);
    plan->items[plan->count++].risk_id = id;
    return MLN_OK;
}

static int read_input(struct mln_buf *out, struct mln_err *err)
{
    struct mln_str done;
    ssize_t n;

    while (mln_buf_reserve(out, 4096)) {
        n = read(STDIN_FILENO, out->ptr + out->len, 4096);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return mln_fail(err, MLN_EIO, "standard input: %s", mln_errno_text(errno));
        if (n == 0)
            break;
        out->len += (size_t)n;
    }
    return mln_buf_done(out, &done, err);
}

static int add_from_input(struct handle_plan *plan, struct mln_err *err)
{
    struct mln_str rest, line;
    int rc = read_input(&plan->input, err);

    rest = mln_buf_str(&plan->input);
    while (rc == MLN_OK && mln_str_next(&rest, '\n', &line)) {
        line = mln_str_trim(line);
        if (line.len > 0)
            rc = add_id(plan, line, err);
    }
    return rc;
}

static bool is_number(struct mln_str text)
{
    int64_t number;

    return mln_str_to_i64(mln_str_trim(text), &number) == MLN_OK;
}

/* The detail: --detail, --detail-file, or the last argument. */
static int read_detail(
        const struct cli *cli, struct handle_plan *plan, size_t *id_count, struct mln_err *err)
{
    const char *file = cli_get(cli, OPT_DETAIL_FILE);
    int rc = MLN_OK;

    *id_count = cli->line.arg_count;
    if (file != NULL && cli_has(cli, OPT_DETAIL))
        return mln_fail(err, MLN_EUSAGE, "--detail and --detail-file exclude each other");
    if (file != NULL) {
        rc = mln_file_read(file, &plan->detail_file, err);
        if (rc != MLN_OK)
            return mln_wrap(err, MLN_EUSAGE, "--detail-file");
        plan->detail = mln_str_trim(mln_buf_str(&plan->detail_file));
    } else if (cli_has(cli, OPT_DETAIL)) {
        plan->detail = mln_str_of(cli_get(cli, OPT_DETAIL));
    } else {
        if (cli->line.arg_count < 2)
            return mln_fail(
                    err, MLN_EUSAGE, "what was decided is missing: `merlon risk handle ID DETAIL`");
        plan->detail = mln_str_of(cli->line.args[--*id_count]);
        if (is_number(plan->detail))
            return mln_fail(err, MLN_EUSAGE,
                    "the last argument is the detail, and it is a number: use --detail TEXT");
    }
    if (mln_risk_check_detail(plan->detail, err) != MLN_OK)
        return mln_wrap(err, MLN_EUSAGE, "detail");
    return MLN_OK;
}

int handle_plan_read(const struct cli *cli, struct handle_plan *plan, struct mln_err *err)
{
    size_t id_count = 0;
    int rc;

    *plan = (struct handle_plan){ .input = MLN_BUF_INIT(INPUT_MAX),
        .detail_file = MLN_BUF_INIT(64 * 1024) };
    plan->items = calloc(HANDLE_IDS_MAX, sizeof(*plan->items));
    if (plan->items == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    rc = read_detail(cli, plan, &id_count, err);
    for (size_t i = 0; rc == MLN_OK && i < id_count; i++) {
        if (strcmp(cli->line.args[i], "-") == 0)
            rc = add_from_input(plan, err);
        else
            rc = add_id(plan, mln_str_of(cli->line.args[i]), err);
    }
    if (rc == MLN_OK && plan->count == 0)
        rc = mln_fail(err, MLN_EUSAGE, "no risk id was given");
    return rc;
}

void handle_plan_show(const struct cli *cli, const struct handle_plan *plan, const char *where)
{
    cli_say(cli, "Plan: handle %zu risk event%s at %s", plan->count, plan->count == 1 ? "" : "s",
            where);
    for (size_t i = 0; i < plan->count; i++) {
        const struct mln_sddp_event *event = &plan->items[i].event;

        cli_say(cli, "  RiskId %lld  %.*s  %.*s  %.*s", (long long)plan->items[i].risk_id,
                MLN_FMT(event->rule_name), MLN_FMT(risk_level_text(event, cli->lang)),
                MLN_FMT(event->product));
    }
    cli_say(cli, "  HandleType Manual, HandleMethod 0");
    cli_say(cli, "  HandleDetail %.*s", MLN_FMT(plan->detail));
}

int handle_plan_confirm(const struct cli *cli, const struct handle_plan *plan, struct mln_err *err)
{
    char answer[16] = { 0 };
    ssize_t n;

    if (cli_has(cli, OPT_YES))
        return MLN_OK;
    if (!cli->stdin_tty || !cli->stderr_tty)
        return mln_fail(err, MLN_EUSAGE,
                "this changes %zu risk event%s and there is no terminal to ask on: add --yes",
                plan->count, plan->count == 1 ? "" : "s");
    cli_say(cli, "Handle %zu risk event%s? Type y and Enter:", plan->count,
            plan->count == 1 ? "" : "s");
    n = read(STDIN_FILENO, answer, sizeof(answer) - 1);
    if (n <= 0 || (answer[0] != 'y' && answer[0] != 'Y'))
        return mln_fail(err, MLN_EUSAGE, "not confirmed: nothing was sent");
    return MLN_OK;
}
