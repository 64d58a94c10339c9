/* The one file here that opens and closes a store; everything else goes through risk and iam. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/connect.h"

#define ACCOUNT_DIGITS_MAX 20
#define PATH_SIZE          (CLI_FOLDER_MAX + 32)

int cli_check_account(struct mln_str account, struct mln_err *err)
{
    for (size_t i = 0; i < account.len; i++) {
        if (account.ptr[i] < '0' || account.ptr[i] > '9' || i >= ACCOUNT_DIGITS_MAX)
            return mln_fail(err, MLN_EUSAGE, "an account is a number of at most %d digits",
                    ACCOUNT_DIGITS_MAX);
    }
    return MLN_OK;
}

/* Who did it, for the audit trail. */
static void name_actor(char *out, size_t size)
{
    struct passwd entry, *found = NULL;
    char text[4096];

    if (getpwuid_r(getuid(), &entry, text, sizeof(text), &found) == 0 && found != NULL)
        (void)snprintf(out, size, "local:%s", found->pw_name);
    else
        (void)snprintf(out, size, "local:uid-%u", (unsigned)getuid());
}

static int open_store(const struct cli *cli, int mode, struct cli_local *local, struct mln_err *err)
{
    const struct mln_store_options options = { .mode = (enum mln_store_mode)mode };
    const char *url;
    int rc = cli_need(cli, OPT_STORE, &url, err);

    if (rc != MLN_OK)
        return rc;
    rc = mln_store_open(url, &options, &local->store, err);
    if (rc == MLN_ENOTFOUND)
        return mln_wrap(err, MLN_ECONFIG, "--store");
    return rc;
}

static int open_seal(
        const struct cli *cli, bool create, struct cli_local *local, struct mln_err *err)
{
    const struct mln_seal_options options = {
        .path = cli_get(cli, OPT_SEAL_KEY),
        .create = create,
        .env = cli->env,
        .random = cli->random,
    };
    int rc = mln_seal_open(&options, &local->seal, err);

    return rc == MLN_ENOTFOUND ? mln_wrap(err, MLN_ECONFIG, "sealing key") : rc;
}

static void open_iam(const struct cli *cli, struct cli_local *out)
{
    name_actor(out->actor, sizeof(out->actor));
    out->iam = (struct mln_iam){
        .store = out->store,
        .seal = out->seal,
        .clock = cli->clock,
        .random = cli->random,
        .actor = out->actor,
    };
}

int cli_local_open(
        const struct cli *cli, int mode, unsigned needs, struct cli_local *out, struct mln_err *err)
{
    const char *account = NULL;
    int rc = MLN_OK;

    *out = (struct cli_local){ 0 };
    if ((needs & CLI_NEED_ACCOUNT) != 0)
        rc = cli_need(cli, OPT_ACCOUNT, &account, err);
    out->account = mln_str_of(account);
    if (rc == MLN_OK)
        rc = cli_check_account(out->account, err);
    if (rc == MLN_OK)
        rc = open_store(cli, mode, out, err);
    if (rc == MLN_OK && (needs & (CLI_NEED_SEAL | CLI_CREATE_SEAL)) != 0)
        rc = open_seal(cli, (needs & CLI_CREATE_SEAL) != 0, out, err);
    if (rc != MLN_OK) {
        cli_local_close(out);
        return rc;
    }
    open_iam(cli, out);
    return MLN_OK;
}

void cli_local_close(struct cli_local *local)
{
    mln_seal_free(local->seal);
    mln_store_close(local->store);
    if (local->folder[0] != '\0')
        cli_private_folder_remove(local->folder);
    *local = (struct cli_local){ 0 };
}

/* ---- a store for one command ---- */

int cli_private_folder(const struct cli *cli, char out[CLI_FOLDER_MAX], struct mln_err *err)
{
    const char *parent = mln_env_get(cli->env, "TMPDIR");
    int n;

    parent = parent != NULL && *parent != '\0' ? parent : "/tmp";
    n = snprintf(out, CLI_FOLDER_MAX, "%s/merlon-XXXXXX", parent);
    if (n < 0 || n >= CLI_FOLDER_MAX)
        return mln_fail(err, MLN_ECONFIG, "TMPDIR: the path is too long");
    if (mkdtemp(out) == NULL) /* Mode 0700. */
        return mln_fail(err, MLN_ECONFIG, "temporary folder in '%s': %s (TMPDIR names another)",
                parent, mln_errno_text(errno));
    return MLN_OK;
}

void cli_private_folder_remove(const char *folder)
{
    static const char *const names[] = { "snapshot.db", "store.db" };
    static const char *const ends[] = { "", "-journal", "-shm", "-wal" };
    char path[PATH_SIZE];

    for (size_t i = 0; i < MLN_LEN(names); i++) {
        for (size_t j = 0; j < MLN_LEN(ends); j++) {
            (void)snprintf(path, sizeof(path), "%s/%s%s", folder, names[i], ends[j]);
            (void)unlink(path);
        }
    }
    (void)rmdir(folder);
}

int cli_local_temporary(const struct cli *cli, const char *folder, struct mln_str account,
        struct cli_local *out, struct mln_err *err)
{
    const struct mln_store_options options = { .mode = MLN_STORE_CREATE };
    char url[PATH_SIZE];
    int rc;

    *out = (struct cli_local){ .account = account };
    (void)snprintf(out->folder, sizeof(out->folder), "%s", folder);
    (void)snprintf(url, sizeof(url), "sqlite:%s/store.db", folder);
    rc = cli_check_account(account, err);
    if (rc == MLN_OK)
        rc = mln_store_open(url, &options, &out->store, err);
    if (rc == MLN_OK) {
        open_iam(cli, out);
        rc = mln_iam_account_add(&out->iam, account, err);
    }
    if (rc != MLN_OK)
        cli_local_close(out);
    return rc;
}

int cli_local_ping(const struct cli_local *local, struct mln_err *err)
{
    return mln_store_ping(local->store, err);
}

int cli_list_local(struct cli *cli, const struct cli_listing *listing, struct mln_err *err)
{
    struct cli_origin origin = { .store = cli_get(cli, OPT_STORE),
        .account = listing->needs != 0 ? cli_get(cli, OPT_ACCOUNT) : NULL };
    struct cli_local local;
    struct cli_rows rows;
    struct mln_err late = { 0 };
    int rc = cli_local_open(cli, MLN_STORE_READ, listing->needs, &local, err), ended;

    if (rc != MLN_OK)
        return rc;
    cli_rows_begin(&rows, cli, listing->columns, listing->column_count);
    rc = listing->read(cli, &local, &rows, err);
    ended = cli_rows_end(&rows, -1, rc != MLN_OK, &origin, &late);
    cli_local_close(&local);
    if (rc == MLN_OK && ended != MLN_OK)
        *err = late;
    return rc == MLN_OK ? ended : rc;
}
