/* The plan and the checks, read from the catalogue once and used by every scan. */
#include "risk/posture_priv.h"

void mln_posture_free(struct mln_posture *posture)
{
    if (posture == NULL)
        return;
    mln_checks_free(posture->checks);
    mln_plan_free(posture->plan);
    mln_catalog_free(posture->view_files);
    mln_catalog_free(posture->parameter_files);
    mln_catalog_free(posture->check_files);
    mln_catalog_free(posture->plan_files);
    free(posture);
}

static int load_plan(struct mln_posture *posture, struct mln_err *err)
{
    MLN_AUTO_FREE struct mln_plan_file *files = NULL;
    const struct mln_catalog_file *from;
    size_t count;

    from = mln_catalog_files(posture->plan_files, &count);
    files = calloc(count + 1, sizeof(*files));
    if (files == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++)
        files[i] = (struct mln_plan_file){ from[i].name, from[i].text };
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the scope frees it */
    return mln_plan_load(files, count, &posture->plan, err);
}

static struct mln_check_file *check_files(const struct mln_catalog *catalog, size_t *count)
{
    const struct mln_catalog_file *from = mln_catalog_files(catalog, count);
    struct mln_check_file *files = calloc(*count + 1, sizeof(*files));

    for (size_t i = 0; files != NULL && i < *count; i++)
        files[i] = (struct mln_check_file){ from[i].name, from[i].text, from[i].built_in };
    return files;
}

static int load_checks(struct mln_posture *posture, struct mln_err *err)
{
    MLN_AUTO_FREE struct mln_check_file *files = NULL;
    MLN_AUTO_FREE struct mln_check_file *parameters = NULL;
    MLN_AUTO_FREE struct mln_check_file *views = NULL;
    struct mln_checks_source source = { .schema = mln_plan_schema(posture->plan) };

    files = check_files(posture->check_files, &source.file_count);
    parameters = check_files(posture->parameter_files, &source.parameter_count);
    views = check_files(posture->view_files, &source.view_count);
    if (files == NULL || parameters == NULL || views == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    source.files = files;
    source.parameters = parameters;
    source.views = views;
    return mln_checks_load(&source, &posture->checks, err);
}

static int read_files(
        struct mln_posture *posture, const struct mln_posture_options *options, struct mln_err *err)
{
    int rc = mln_catalog_read(
            "collect", options->catalogs, options->catalog_count, &posture->plan_files, err);

    if (rc == MLN_OK)
        rc = mln_catalog_read(
                "checks", options->catalogs, options->catalog_count, &posture->check_files, err);
    if (rc == MLN_OK)
        rc = mln_catalog_read("parameters", options->catalogs, options->catalog_count,
                &posture->parameter_files, err);
    if (rc == MLN_OK)
        rc = mln_catalog_read(
                "views", options->catalogs, options->catalog_count, &posture->view_files, err);
    for (size_t i = 0; rc == MLN_OK && i < options->check_folder_count; i++) {
        rc = mln_catalog_add_flat(posture->check_files, "checks", options->check_folders[i], err);
        if (rc == MLN_OK)
            rc = mln_catalog_add_flat(
                    posture->parameter_files, "parameters", options->check_folders[i], err);
    }
    return rc;
}

/* By group, the worst level first, then by id. */
static int by_place(const void *a, const void *b)
{
    const struct mln_check *x = *(const struct mln_check *const *)a;
    const struct mln_check *y = *(const struct mln_check *const *)b;

    if (x->group != y->group)
        return x->group - y->group;
    if (x->level != y->level)
        return y->level - x->level;
    return (x->id > y->id) - (x->id < y->id);
}

int mln_posture_arrange(struct mln_posture *posture, struct mln_err *err)
{
    size_t count = mln_checks_count(posture->checks);

    if (count > MLN_SCAN_ITEMS_MAX)
        return mln_fail(err, MLN_ETOOBIG, "more than %zu checks", MLN_SCAN_ITEMS_MAX);
    for (size_t i = 0; i < count; i++)
        posture->listed[i] = mln_checks_at(posture->checks, i);
    posture->listed_count = count;
    if (count > 0)
        qsort(posture->listed, count, sizeof(posture->listed[0]), by_place);
    return MLN_OK;
}

int mln_posture_load(
        const struct mln_posture_options *options, struct mln_posture **out, struct mln_err *err)
{
    struct mln_posture *posture = calloc(1, sizeof(*posture));
    int rc;

    if (posture == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    rc = read_files(posture, options, err);
    if (rc == MLN_OK)
        rc = load_plan(posture, err);
    if (rc == MLN_OK)
        rc = load_checks(posture, err);
    if (rc == MLN_OK)
        rc = mln_posture_arrange(posture, err);
    if (rc != MLN_OK) {
        mln_posture_free(posture);
        return rc;
    }
    *out = posture;
    return MLN_OK;
}

int mln_posture_views(const struct mln_posture_options *options, struct mln_str sql,
        struct mln_buf *out, struct mln_err *err)
{
    MLN_AUTO_FREE struct mln_check_file *views = NULL;
    struct mln_catalog *catalog = NULL;
    size_t count = 0;
    int rc = mln_catalog_read("views", options->catalogs, options->catalog_count, &catalog, err);

    if (rc != MLN_OK)
        return rc;
    views = check_files(catalog, &count);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the scope frees it */
    rc = views != NULL ? mln_views_compose(views, count, sql, out, err)
                       : mln_fail(err, MLN_ENOMEM, "out of memory");
    mln_catalog_free(catalog);
    return rc;
}

void mln_posture_policy(const struct mln_posture *posture, struct mln_buf *out)
{
    mln_plan_policy(posture->plan, out);
}

int mln_posture_calls(
        const struct mln_posture *posture, mln_posture_call_fn *fn, void *ctx, struct mln_err *err)
{
    static const char *const scopes[] = {
        [MLN_SCOPE_ACCOUNT] = "account",
        [MLN_SCOPE_SITE] = "site",
        [MLN_SCOPE_REGION] = "region",
        [MLN_SCOPE_ROW] = "row",
    };
    size_t count = mln_plan_call_count(posture->plan);
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < count; i++) {
        struct mln_plan_call from = mln_plan_call(posture->plan, i);
        const struct mln_posture_call call = {
            .id = mln_str_of(from.id),
            .product = mln_str_of(from.product),
            .version = mln_str_of(from.version),
            .action = mln_str_of(from.action),
            .scope = mln_str_of(scopes[from.scope]),
            .paging = mln_str_of(from.paging),
            .table = mln_str_of(from.table),
            .ram_action = mln_str_of(from.ram_action),
            .method = mln_str_of(from.method),
            .rate = from.rate,
            .limit = mln_str_of(from.limit),
        };

        rc = fn(ctx, &call, err);
    }
    return rc;
}

int mln_posture_skeleton(int64_t id, struct mln_buf *out, struct mln_err *err)
{
    struct mln_str text;

    if (id < 1)
        return mln_fail(err, MLN_EINVAL, "a check's id is a positive number; yours are from %d on",
                MLN_CHECK_ID_USER);
    mln_check_skeleton(id, out);
    return mln_buf_done(out, &text, err);
}
