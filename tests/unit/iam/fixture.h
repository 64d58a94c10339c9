/* A private folder with a fresh store and sealing key, a clock that stands still, and an iam over
 * them. */
#pragma once

#include <stdio.h>
#include <sys/stat.h>

#include "iam/iam.h"
#include "test.h"

#define ACCOUNT MLN_STR("1234567890123456")

struct fixture {
    char folder[64], url[96], seal_path[96];
    struct mln_store *store;
    struct mln_seal *seal;
    int64_t now_ms;
    struct mln_clock clock;
    struct mln_iam iam;
};

static inline int64_t fixture_now(void *ctx)
{
    return *(int64_t *)ctx;
}

static inline int fixture_setup(void **state)
{
    static struct fixture f;
    struct mln_err err;
    struct mln_store_options store = { .mode = MLN_STORE_CREATE };
    struct mln_seal_options seal = {
        .create = true, .env = mln_env_system(), .random = mln_random_system()
    };

    f = (struct fixture){ .now_ms = 1700000000000 };
    (void)snprintf(f.folder, sizeof(f.folder), "/tmp/merlon-iam-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    (void)snprintf(f.url, sizeof(f.url), "sqlite:%s/merlon.db", f.folder);
    (void)snprintf(f.seal_path, sizeof(f.seal_path), "%s/seal/seal.key", f.folder);
    seal.path = f.seal_path;
    f.clock = (struct mln_clock){ fixture_now, fixture_now, &f.now_ms };
    OK(mln_store_open(f.url, &store, &f.store, &err), &err);
    OK(mln_seal_open(&seal, &f.seal, &err), &err);
    f.iam = (struct mln_iam){ f.store, f.seal, &f.clock, mln_random_system(), "local:test" };
    *state = &f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];

    mln_store_close(f->store);
    mln_seal_free(f->seal);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", f->folder);
    return system(command); /* NOLINT(cert-env33-c): a test's own folder. */
}
