#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/doctor.h"

#define PATH_LEN 4096

/* `path` is of a file that holds keys, or results that nobody else need see. */
static void check_mode(struct doctor *doctor, const char *check, const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR))
        doctor_reportf(doctor, check, DOCTOR_SKIPPED, "%.300s: there is none", path);
    else if (stat(path, &info) != 0)
        doctor_reportf(doctor, check, DOCTOR_TROUBLE, "%.300s: %s", path, mln_errno_text(errno));
    else if ((info.st_mode & 077) != 0)
        doctor_reportf(doctor, check, DOCTOR_TROUBLE,
                "%.300s can be read by others (mode %03o): run chmod 600", path,
                (unsigned)(info.st_mode & 0777));
    else
        doctor_report(doctor, check, DOCTOR_FINE, path);
}

static void check_profile(struct doctor *doctor)
{
    MLN_AUTO(mln_buf_free) struct mln_buf path = MLN_BUF_INIT(PATH_LEN);
    struct mln_err err;

    if (mln_profile_path(doctor->cli->env, &path, &err) != MLN_OK)
        doctor_report(doctor, "profile file", DOCTOR_TROUBLE, err.msg);
    else
        check_mode(doctor, "profile file", path.ptr);
}

static void check_ini(struct doctor *doctor)
{
    static const char *const names[] = { "credentials", "credentials.ini" };
    const char *given = mln_env_get(doctor->cli->env, "ALIBABA_CLOUD_CREDENTIALS_FILE");
    const char *home = mln_env_home(doctor->cli->env);
    char path[PATH_LEN];
    size_t found = 0;

    if (given != NULL) {
        check_mode(doctor, "credentials file", given);
        return;
    }
    for (size_t i = 0; home != NULL && i < MLN_LEN(names); i++) {
        struct stat info;

        (void)snprintf(path, sizeof(path), "%.3000s/.alibabacloud/%s", home, names[i]);
        if (stat(path, &info) != 0)
            continue;
        check_mode(doctor, "credentials file", path);
        found++;
    }
    if (found == 0)
        doctor_report(doctor, "credentials file", DOCTOR_SKIPPED, "there is none");
}

static void check_store(struct doctor *doctor)
{
    const char *url = cli_get(doctor->cli, OPT_STORE);
    struct cli_local local;
    struct mln_err err;
    int rc;

    if (url == NULL) {
        doctor_report(doctor, "store", DOCTOR_SKIPPED, "no --store given");
        return;
    }
    rc = cli_local_open(doctor->cli, MLN_STORE_READ, 0, &local, &err);
    if (rc == MLN_OK) {
        rc = cli_local_ping(&local, &err);
        cli_local_close(&local);
    }
    doctor_report(doctor, "store", rc == MLN_OK ? DOCTOR_FINE : DOCTOR_TROUBLE,
            rc == MLN_OK ? url : err.msg);
    if (rc == MLN_OK && mln_str_starts(mln_str_of(url), MLN_STR("sqlite:")))
        check_mode(doctor, "store file", url + strlen("sqlite:"));
}

static void check_seal(struct doctor *doctor)
{
    const struct mln_seal_options options = {
        .path = cli_get(doctor->cli, OPT_SEAL_KEY),
        .env = doctor->cli->env,
        .random = doctor->cli->random,
    };
    struct mln_seal *seal = NULL;
    struct mln_err err;
    int rc = mln_seal_open(&options, &seal, &err);
    bool needed = cli_has(doctor->cli, OPT_STORE) || options.path != NULL;

    if (rc == MLN_OK)
        doctor_report(doctor, "sealing key", DOCTOR_FINE, mln_seal_path(seal));
    else
        doctor_report(doctor, "sealing key",
                rc == MLN_ENOTFOUND && !needed ? DOCTOR_SKIPPED : DOCTOR_TROUBLE, err.msg);
    mln_seal_free(seal);
}

void doctor_files(struct doctor *doctor)
{
    check_profile(doctor);
    check_ini(doctor);
    check_store(doctor);
    check_seal(doctor);
}
