/* Checks as people see them, and their embedded tests. */
#include "risk/posture_priv.h"
#include "risk/result.h"
#include "wire/writer.h"

#define JSON_MAX ((size_t)1024 * 1024)

void mln_posture_mappings(const struct mln_check *check, struct mln_buf *out)
{
    mln_buf_add_char(out, '[');
    for (size_t i = 0; i < check->mapping_count; i++) {
        mln_buf_add_cstr(out, i > 0 ? ",{\"standard\":" : "{\"standard\":");
        mln_json_quote(check->mappings[i].standard, out);
        mln_buf_add_cstr(out, ",\"clause\":");
        mln_json_quote(check->mappings[i].clause, out);
        mln_buf_add_char(out, '}');
    }
    mln_buf_add_char(out, ']');
}

void mln_posture_params(const struct mln_check *check, int lang, struct mln_buf *out)
{
    mln_buf_add_char(out, '[');
    for (size_t i = 0; i < check->param_count; i++) {
        const struct mln_check_param *param = &check->params[i];

        mln_buf_add_cstr(out, i > 0 ? ",{\"name\":" : "{\"name\":");
        mln_json_quote(mln_str_of(param->name), out);
        mln_buf_add_cstr(out, ",\"value\":");
        mln_json_quote(param->value, out);
        mln_buf_add_cstr(out, ",\"default\":");
        mln_json_quote(param->initial, out);
        mln_buf_add_cstr(out, ",\"about\":");
        mln_json_quote(param->about[lang], out);
        mln_buf_add_char(out, '}');
    }
    mln_buf_add_char(out, ']');
}

/* {"name": value}, where a text is quoted and the rest is JSON as it stands. */
static void values_in_force(const struct mln_check *check, struct mln_buf *out)
{
    mln_buf_add_char(out, '{');
    for (size_t i = 0; i < check->param_count; i++) {
        const struct mln_check_param *param = &check->params[i];

        if (i > 0)
            mln_buf_add_char(out, ',');
        mln_json_quote(mln_str_of(param->name), out);
        mln_buf_add_char(out, ':');
        if (param->kind == MLN_PARAM_TEXT)
            mln_json_quote(param->value, out);
        else
            mln_buf_add(out, param->value);
    }
    mln_buf_add_char(out, '}');
}

static void mappings_as_text(const struct mln_check *check, struct mln_buf *out)
{
    for (size_t i = 0; i < check->mapping_count; i++)
        mln_buf_addf(out, "%s%.*s %.*s", i > 0 ? "; " : "", MLN_FMT(check->mappings[i].standard),
                MLN_FMT(check->mappings[i].clause));
}

static int give_check(const struct mln_check *check, enum mln_lang lang, mln_posture_check_fn *fn,
        void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf mappings = MLN_BUF_INIT(JSON_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf params = MLN_BUF_INIT(JSON_MAX);
    int in = lang == MLN_LANG_ZH ? MLN_CHECK_ZH : MLN_CHECK_EN;
    struct mln_posture_check seen = {
        .id = check->id,
        .name = check->name,
        .title = check->title[in],
        .service = check->service,
        .group_title = mln_str_of(mln_result_group_title(check->group, lang)),
        .level_name = mln_str_of(mln_result_level_name(check->level)),
        .group = check->group,
        .level = check->level,
        .best_practice = check->texts[MLN_TEXT_BEST_PRACTICE][in],
        .influence = check->texts[MLN_TEXT_INFLUENCE][in],
        .suggestion = check->texts[MLN_TEXT_SUGGESTION][in],
        .help_resource = check->texts[MLN_TEXT_HELP_RESOURCE][in],
        .scope = check->scope_text,
        .query = check->query_text,
        .replaced = check->replaced,
        .custom = !check->built_in,
        .file = check->file,
        .test_count = check->test_count,
    };
    int rc;

    mappings_as_text(check, &mappings);
    values_in_force(check, &params);
    rc = mln_buf_done(&mappings, &seen.mappings, err);
    if (rc == MLN_OK)
        rc = mln_buf_done(&params, &seen.params, err);
    return rc == MLN_OK ? fn(ctx, &seen, err) : rc;
}

int mln_posture_checks(const struct mln_posture *posture, enum mln_lang lang,
        mln_posture_check_fn *fn, void *ctx, struct mln_err *err)
{
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < mln_checks_count(posture->checks); i++)
        rc = give_check(mln_checks_at(posture->checks, i), lang, fn, ctx, err);
    return rc;
}

struct giving {
    mln_posture_test_fn *fn;
    void *ctx;
};

static int give_test(void *ctx, const struct mln_check_test_result *result, struct mln_err *err)
{
    const struct giving *giving = ctx;

    return giving->fn(
            giving->ctx, result->check->id, result->name, result->passed, result->message, err);
}

int mln_posture_test(const struct mln_posture *posture, int64_t only_id, mln_posture_test_fn *fn,
        void *ctx, struct mln_err *err)
{
    const struct mln_check *only = only_id != 0 ? mln_checks_find(posture->checks, only_id) : NULL;
    struct giving giving = { fn, ctx };

    if (only_id != 0 && only == NULL)
        return mln_fail(err, MLN_ENOTFOUND, "there is no check %lld", (long long)only_id);
    return mln_check_tests(posture->checks, only, give_test, &giving, err);
}
