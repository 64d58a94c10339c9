/* The environment as a parameter; the product reads it once, in main(). */
#pragma once

#include "base/base.h"

struct mln_env {
    const char *(*get)(void *ctx, const char *name); /* NULL when unset. */
    void *ctx;
};

/* The process's environment; static, needs no release. */
const struct mln_env *mln_env_system(void);

/* The value of `name`, or NULL when it is unset or empty: no tool treats the two differently. */
const char *mln_env_get(const struct mln_env *env, const char *name);

/* The user's home: HOME, else the passwd entry; NULL when neither is known. */
const char *mln_env_home(const struct mln_env *env);
