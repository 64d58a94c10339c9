#include "base/env.h"

#include <pwd.h>

static const char *system_get(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name); /* NOLINT(concurrency-mt-unsafe): nothing here changes the environment */
}

const struct mln_env *mln_env_system(void)
{
    static const struct mln_env env = { .get = system_get };

    return &env;
}

const char *mln_env_get(const struct mln_env *env, const char *name)
{
    const char *value = env->get(env->ctx, name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

const char *mln_env_home(const struct mln_env *env)
{
    static _Thread_local char text[4096]; /* The entry's strings live here. */
    const char *home = mln_env_get(env, "HOME");
    struct passwd entry, *found = NULL;

    if (home != NULL)
        return home;
    if (getpwuid_r(getuid(), &entry, text, sizeof(text), &found) != 0 || found == NULL)
        return NULL;
    return found->pw_dir != NULL && found->pw_dir[0] != '\0' ? found->pw_dir : NULL;
}
