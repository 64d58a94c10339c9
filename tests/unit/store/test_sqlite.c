/* The SQLite engine: the conformance suite, and what is particular to its files. */
#include <stdio.h>

#include "conformance.h"
#include "scratch.h"

static const char *fresh_url(void *ctx)
{
    static char url[256];

    (void)ctx;
    (void)snprintf(url, sizeof(url), "sqlite:%s", scratch_path("store.db"));
    return url;
}

int main(void)
{
    const struct store_factory factory = { .fresh_url = fresh_url };
    int failures;

    scratch_make();
    failures = run_conformance("sqlite", &factory);
    scratch_remove();
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
