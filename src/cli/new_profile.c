#include "cli/new_profile.h"

int new_profile_read(const struct cli *cli, const char *fallback_name, struct new_profile *out,
        struct mln_err *err)
{
    const char *name = cli_get(cli, OPT_PROFILE_NAME);
    const char *region = cli_get(cli, OPT_REGION);
    int rc = cli_need(cli, OPT_WRITE_PROFILE, &out->path, err);

    if (rc != MLN_OK)
        return mln_fail(err, MLN_EUSAGE,
                "say where the new key goes: --write-profile FILE (a config.json of profiles); it is never printed");
    out->row = (struct mln_profile_new){
        .name = mln_str_of(name != NULL ? name : fallback_name),
        .region = mln_str_of(region != NULL ? region : mln_product_by_name("Sddp")->default_region),
        .replace = cli_has(cli, OPT_REPLACE_PROFILE),
    };
    return mln_profile_check(out->path, &out->row, err);
}

int new_profile_write(const struct cli *cli, const struct cli_local *local,
        struct new_profile *profile, struct mln_new_key *key, struct mln_err *err)
{
    struct mln_err second;
    int rc;

    profile->row.key_id = mln_str_of(key->access_key_id);
    profile->row.secret = mln_secret_bytes(&key->secret);
    rc = mln_profile_write(profile->path, &profile->row, err);
    if (rc == MLN_OK) {
        cli_note(cli, "wrote profile '%.*s' to %s", MLN_FMT(profile->row.name), profile->path);
        return MLN_OK;
    }
    if (mln_iam_key_set_disabled(&local->iam, local->account, mln_str_of(key->access_key_id), true,
                &second) == MLN_OK)
        return mln_wrap(err, rc, "the new key could not be written down and was disabled");
    return mln_wrap(err, rc, "the new key could not be written down");
}
