/* The two places a command can work on: an endpoint of the API, or a store on this machine. */
#pragma once

#include "cli/cli.h"
#include "cli/rows.h"
#include "client/endpoints.h"
#include "client/sddp.h"
#include "iam/iam.h"

/* ---- connect.c: an endpoint, with a profile's credentials ---- */
struct cli_remote {
    const struct mln_creds *creds; /* Those of the command line. */
    struct mln_endpoint endpoint;
    struct mln_endpoints *endpoints; /* Of the services that credentials come from. */
    struct mln_curl *curl;
    struct mln_transport transport;
    struct mln_api *api;
};

/* A product's API, and the actions that a command may call there. */
struct cli_service {
    const char *product; /* "Sddp", "Sas" */
    const struct mln_api_action *actions;
    size_t action_count;
};

extern const char cli_user_agent[];
/* What --endpoint-override, --endpoint-type and the environment say; the caller frees it.
 * MLN_EUSAGE. */
MLN_MUST_USE int cli_endpoints(
        const struct cli *cli, struct mln_endpoints **out, struct mln_err *err);
/* --cacert, when it is given, names a file of certificates. MLN_ECONFIG. */
MLN_MUST_USE int cli_cacert_check(const struct cli *cli, struct mln_err *err);
/* Where the options say: --endpoint, else as of cli_endpoints(), in --region. */
MLN_MUST_USE int cli_endpoint(
        const struct cli *cli, const char *product, struct mln_endpoint *out, struct mln_err *err);
MLN_MUST_USE int cli_curl(const struct cli *cli, struct mln_curl **out, struct mln_err *err);
/* A client limited to the service's actions; `out` must not move afterwards. */
MLN_MUST_USE int cli_remote_open(struct cli *cli, const struct cli_service *service,
        struct cli_remote *out, struct mln_err *err);
void cli_remote_close(struct cli_remote *remote);

/* ---- local_store.c: a store ---- */
#define CLI_NEED_SEAL    1U
#define CLI_CREATE_SEAL  2U
#define CLI_NEED_ACCOUNT 4U

#define CLI_FOLDER_MAX 512

struct cli_local {
    struct mln_store *store;
    struct mln_seal *seal;
    struct mln_iam iam;
    struct mln_str account;
    char actor[96];
    char folder[CLI_FOLDER_MAX]; /* Of a store that lasts as long as the command; else empty. */
};

/* `mode` is an enum mln_store_mode, `needs` of CLI_NEED_*. The store is --store, the account
 * --account. */
MLN_MUST_USE int cli_local_open(const struct cli *cli, int mode, unsigned needs,
        struct cli_local *out, struct mln_err *err);
void cli_local_close(struct cli_local *local);
/*
 * A store of one account for this command alone, in `folder` (of mode 0700, made by
 * cli_private_folder()). Closing it removes the store, and the folder.
 */
MLN_MUST_USE int cli_local_temporary(const struct cli *cli, const char *folder,
        struct mln_str account, struct cli_local *out, struct mln_err *err);
/* A new folder under TMPDIR that nobody else may enter. */
MLN_MUST_USE int cli_private_folder(
        const struct cli *cli, char out[CLI_FOLDER_MAX], struct mln_err *err);
/* Removes what a command leaves there, and the folder. */
void cli_private_folder_remove(const char *folder);
/* Is the store readable and its schema ours? */
MLN_MUST_USE int cli_local_ping(const struct cli_local *local, struct mln_err *err);
MLN_MUST_USE int cli_check_account(struct mln_str account, struct mln_err *err);

/* A command that lists rows of a store: what it prints, what it needs (CLI_NEED_*), and how it
 * reads. */
struct cli_listing {
    const struct cli_column *columns;
    size_t column_count;
    unsigned needs;
    int (*read)(
            struct cli *cli, struct cli_local *local, struct cli_rows *rows, struct mln_err *err);
};
MLN_MUST_USE int cli_list_local(
        struct cli *cli, const struct cli_listing *listing, struct mln_err *err);
