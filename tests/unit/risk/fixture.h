/* A private folder with a fresh store that has one account, and helpers to write logs and read
 * events back. */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "risk/ingest.h"
#include "risk/risk.h"
#include "store/store.h"
#include "test.h"

#define ACCOUNT MLN_STR("1234567890123456")

struct fixture {
    char folder[64], url[96], log[96], rotated[96];
    struct mln_store *store;
};

static inline int fixture_setup(void **state)
{
    static struct fixture f;
    const struct mln_store_options options = { .mode = MLN_STORE_CREATE };
    const struct mln_account_row account = { ACCOUNT, 1 };
    struct mln_err err;

    f = (struct fixture){ 0 };
    (void)snprintf(f.folder, sizeof(f.folder), "/tmp/merlon-risk-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    (void)snprintf(f.url, sizeof(f.url), "sqlite:%s/merlon.db", f.folder);
    (void)snprintf(f.log, sizeof(f.log), "%s/audit.log", f.folder);
    (void)snprintf(f.rotated, sizeof(f.rotated), "%s/audit.log.1", f.folder);
    OK(mln_store_open(f.url, &options, &f.store, &err), &err);
    OK(mln_store_account_add(f.store, &account, &err), &err);
    *state = &f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];

    mln_store_close(f->store);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", f->folder);
    return system(command); /* NOLINT(cert-env33-c): a test's own folder. */
}

/* Appends bytes to `path`. */
static inline void append(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "ab");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* Appends a server_audit line of a DROP TABLE, which is one alarm of one rule. */
static inline void append_drop(const char *path, int second, const char *user)
{
    char line[256];
    int len = snprintf(line, sizeof(line),
            "20260302 10:%02d:%02d,db1,%s,10.0.0.%d,7,%d,QUERY,shop,'DROP TABLE t%d',0\n",
            second / 60, second % 60, user, second % 250, second, second);

    append(path, line, (size_t)len);
}

static inline struct mln_ingest_options ingest_options(void)
{
    return (struct mln_ingest_options){ .account_id = ACCOUNT,
        .format = "mariadb-server-audit",
        .product = MLN_STR("RDS"),
        .time_zone = MLN_STR("UTC"),
        .clock = mln_clock_system() };
}

/* Reads `path` as a process of its own would. */
static inline int detect(
        struct fixture *f, const char *path, struct mln_ingest_report *report, struct mln_err *err)
{
    const struct mln_ingest_options options = ingest_options();
    struct mln_ingest *ingest;
    int rc;

    OK(mln_ingest_new(f->store, &options, &ingest, err), err);
    rc = mln_ingest_file(ingest, path, report, err);
    mln_ingest_free(ingest);
    return rc;
}

static inline int add_alarms(void *ctx, const struct mln_risk_event *event, struct mln_err *err)
{
    (void)err;
    *(int64_t *)ctx += event->alarm_count;
    return MLN_OK;
}

/* Alarms over all open events. */
static inline int64_t open_alarms(struct fixture *f)
{
    const struct mln_risk_query query = { .account_id = ACCOUNT, .page = 1, .page_size = 100 };
    int64_t alarms = 0, total;
    struct mln_err err;

    OK(mln_risk_list(f->store, &query, &total, add_alarms, &alarms, &err), &err);
    return alarms;
}
