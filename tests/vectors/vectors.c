/*
 * Runs the signature cases of the folders named on the command line. The requests were recorded
 * from official SDKs, so they say whether Merlon agrees with what is really sent. An algorithm that
 * Merlon does not speak keeps its cases: they prove that it is refused by name.
 */
#include <dirent.h>
#include <stdio.h>

#include "vector.h"

#define ARENA_BYTES ((size_t)4 * 1024 * 1024)

static int check_refused(const struct vector *vector, struct mln_err *err)
{
    struct mln_v3_authorization sent;

    if (vector->authorization.len > 0 &&
            (mln_v3_authorization_parse(vector->authorization, &sent, err) != MLN_OK ||
                    !mln_str_eq(sent.algorithm, vector->algorithm)))
        return mln_fail(err, MLN_EINVAL, "the algorithm cannot be told");
    if (mln_v1_method_supported(vector->algorithm) || mln_v3_algorithm_supported(vector->algorithm))
        return mln_fail(err, MLN_EINVAL, "the algorithm is not refused");
    return MLN_OK;
}

static int check(const struct vector *vector, struct mln_arena *arena, struct mln_err *err)
{
    if (mln_str_is(vector->kind, "v1"))
        return vector_check_v1(vector, arena, err);
    if (mln_str_is(vector->kind, "v3"))
        return vector_check_v3(vector, arena, err);
    if (mln_str_is(vector->kind, "oss4"))
        return vector_check_oss4(vector, arena, err);
    if (mln_str_is(vector->kind, "unsigned"))
        return vector_check_unsigned(vector, arena, err);
    if (mln_str_is(vector->kind, "refused"))
        return check_refused(vector, err);
    return mln_fail(err, MLN_EINVAL, "unknown kind '%.*s'", MLN_FMT(vector->kind));
}

static bool run_file(const char *path)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(ARENA_BYTES);
    struct mln_err err = { 0 };
    struct vector vector;
    int rc = vector_read(path, &arena, &vector, &err);

    if (rc == MLN_OK)
        rc = check(&vector, &arena, &err);
    if (rc != MLN_OK)
        (void)fprintf(stderr, "%s: %s\n", path, err.msg);
    return rc == MLN_OK;
}

/* False when the folder cannot be read; counts what ran and what failed. */
static bool run_folder(const char *path, size_t *runs, size_t *failures)
{
    const struct dirent *entry;
    DIR *dir = opendir(path);

    if (dir == NULL)
        return false;
    while ((entry = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe): one thread
        char file[4096];

        if (!mln_str_ends(mln_str_of(entry->d_name), MLN_STR(".txt")))
            continue;
        (void)snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        *failures += !run_file(file);
        (*runs)++;
    }
    (void)closedir(dir);
    return true;
}

int main(int argc, char **argv)
{
    size_t runs = 0, failures = 0;

    for (int i = 1; i < argc; i++) {
        if (!run_folder(argv[i], &runs, &failures)) {
            (void)fprintf(stderr, "cannot read %s\n", argv[i]);
            return 1;
        }
    }
    (void)printf("%zu cases, %zu failed\n", runs, failures);
    return runs > 0 && failures == 0 ? 0 : 1;
}
