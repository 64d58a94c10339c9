/* The accounts of a Resource Directory (ListAccounts of ResourceManager), each with a role. */
#include <stdio.h>

#include "client/api.h"
#include "risk/scan_priv.h"

#define PAGE_SIZE 100
#define PAGES_MAX ((int64_t)(MLN_ACCOUNTS_MAX / PAGE_SIZE + 1))

struct directory {
    const struct mln_scan_options *options;
    struct mln_scan_session *session;
    struct mln_scan_accounts *out;
    struct mln_identity caller;
    struct mln_str role_name;
    size_t listed, skipped; /* Members; those that are no account (yet, or any more). */
    bool has_caller;
};

/* Of a member that exists: being promoted to a cloud account changes nothing about that. */
static bool is_member(struct mln_str status)
{
    static const char *const whole[] = { "CreateSuccess", "InviteSuccess" };

    for (size_t i = 0; i < MLN_LEN(whole); i++) {
        if (mln_str_is(status, whole[i]))
            return true;
    }
    return mln_str_starts(status, MLN_STR("Promote"));
}

/* The account that the credentials are of is read with them, the others through their role. */
static int add_account(
        struct directory *directory, struct mln_str id, struct mln_str name, struct mln_err *err)
{
    struct mln_scan_account account = { .id = id, .name = name };
    int rc = MLN_OK;

    if (!mln_scan_is_account_id(id))
        return mln_fail(err, MLN_EIO, "the directory lists an account whose id is no number");
    if (mln_str_is(id, directory->caller.account_id))
        directory->has_caller = true;
    else
        rc = mln_scan_accounts_role(directory->out, id, directory->role_name, &account.role, err);
    return rc == MLN_OK ? mln_scan_accounts_add(directory->out, &account, err) : rc;
}

static int take_page(struct directory *directory, struct mln_json_value data, int64_t *total,
        bool *is_new, struct mln_err *err)
{
    struct mln_json_value outer, list, item;
    struct mln_json_iter iter;
    int rc = MLN_OK;

    *is_new = false;
    if (!mln_json_get(data, "Accounts", &outer) || !mln_json_get(outer, "Account", &list) ||
            mln_json_type(list) != MLN_JSON_ARRAY || !mln_json_get_i64(data, "TotalCount", total))
        return mln_fail(err, MLN_EIO, "the list of accounts is not as it should be");
    iter = mln_json_iter(list);
    while (rc == MLN_OK && mln_json_next(&iter, NULL, &item)) {
        struct mln_str id = { 0 }, name = { 0 }, status = { 0 };

        (void)mln_json_get_str(item, "AccountId", &id);
        (void)mln_json_get_str(item, "DisplayName", &name);
        (void)mln_json_get_str(item, "Status", &status);
        *is_new = true;
        directory->listed++;
        if (!is_member(status)) {
            directory->skipped++;
            continue;
        }
        rc = add_account(directory, id, name, err);
        /* Pages shift when an account joins meanwhile: what comes again is known. */
        if (rc == MLN_EEXIST)
            rc = MLN_OK;
    }
    return rc;
}

static int read_page(struct directory *directory, int64_t page, int64_t *total, bool *is_new,
        struct mln_err *err)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(64 * 1024);
    struct mln_api_answer answer = { 0 };
    struct mln_params params = { 0 };
    char number[24], size[24];
    int rc;

    (void)snprintf(number, sizeof(number), "%lld", (long long)page);
    (void)snprintf(size, sizeof(size), "%d", PAGE_SIZE);
    rc = mln_params_add(&params, &arena, MLN_STR("PageNumber"), mln_str_of(number), err);
    if (rc == MLN_OK)
        rc = mln_params_add(&params, &arena, MLN_STR("PageSize"), mln_str_of(size), err);
    if (rc == MLN_OK)
        rc = mln_scan_session_call(directory->session, directory->options->live, "ResourceManager",
                "ListAccounts", &params, &answer, err);
    if (rc == MLN_OK)
        rc = take_page(directory, answer.data, total, is_new, err);
    mln_api_answer_free(&answer);
    return rc;
}

static int read_members(struct directory *directory, struct mln_err *err)
{
    int64_t total = 1;
    bool is_new = true;
    int rc = MLN_OK;

    for (int64_t page = 1; rc == MLN_OK && is_new && (int64_t)directory->listed < total; page++) {
        if (page > PAGES_MAX)
            return mln_fail(err, MLN_ETOOBIG, "more than %zu accounts", MLN_ACCOUNTS_MAX);
        rc = read_page(directory, page, &total, &is_new, err);
    }
    if (rc == MLN_OK && (int64_t)directory->listed < total)
        return mln_fail(err, MLN_EIO, "%zu of %lld accounts were listed: try again",
                directory->listed, (long long)total);
    return rc;
}

static void tell(const struct directory *directory)
{
    char note[160];

    if (directory->skipped == 0 || directory->options->note == NULL)
        return;
    (void)snprintf(note, sizeof(note),
            "%zu member%s of the directory left out: not created, or removed", directory->skipped,
            directory->skipped == 1 ? "" : "s");
    directory->options->note(directory->options->note_ctx, note);
}

static int read_directory(struct directory *directory, struct mln_err *err)
{
    int rc = mln_scan_session_identity(
            directory->session, directory->options->live, &directory->caller, err);

    if (rc == MLN_OK)
        rc = read_members(directory, err);
    /* The management account is no member, and is not listed. */
    if (rc == MLN_OK && !directory->has_caller)
        rc = add_account(directory, mln_str_of(directory->caller.account_id), MLN_STR(""), err);
    if (rc == MLN_OK)
        tell(directory);
    return rc;
}

int mln_scan_accounts_of_directory(const struct mln_scan_options *options, const char *role_name,
        struct mln_scan_accounts **out, struct mln_err *err)
{
    struct directory directory = { .options = options, .role_name = mln_str_of(role_name) };
    int rc;

    if (options->live == NULL)
        return mln_fail(err, MLN_ECONFIG, "the live cloud cannot be reached from here");
    rc = mln_scan_accounts_new(&directory.out, err);
    if (rc == MLN_OK)
        rc = mln_scan_session_of(
                options->live, &options->source, options->clock, &directory.session, err);
    if (rc == MLN_OK)
        rc = read_directory(&directory, err);
    mln_scan_session_free(directory.session);
    if (rc != MLN_OK) {
        mln_scan_accounts_free(directory.out);
        return mln_wrap(err, rc, "Resource Directory");
    }
    *out = directory.out;
    return MLN_OK;
}
