#include "cli/commands.h"
#include "cli/new_profile.h"

/* A store, its sealing key, an account, its first user and a key for it; nothing of the key is
 * printed. */
int cmd_admin_init(struct cli *cli, struct mln_err *err)
{
    struct new_profile profile;
    struct mln_new_key key = { 0 };
    struct cli_local local;
    const char *user = NULL, *store = NULL;
    int rc = cli_need(cli, OPT_STORE, &store, err);

    if (rc == MLN_OK)
        rc = cli_need(cli, OPT_USER, &user, err);
    if (rc == MLN_OK)
        rc = new_profile_read(cli, user, &profile, err);
    if (rc == MLN_OK)
        rc = cli_local_open(cli, MLN_STORE_CREATE, CLI_NEED_ACCOUNT | CLI_CREATE_SEAL, &local, err);
    if (rc != MLN_OK)
        return rc;
    rc = mln_iam_init_account(&local.iam, local.account, mln_str_of(user), &key, err);
    if (rc == MLN_OK)
        rc = new_profile_write(cli, &local, &profile, &key, err);
    if (rc == MLN_OK)
        cli_note(cli,
                "account %.*s is ready in %s; secrets are sealed with %s: keep a copy of that file",
                MLN_FMT(local.account), store, mln_seal_path(local.seal));
    mln_new_key_wipe(&key);
    cli_local_close(&local);
    return rc;
}
