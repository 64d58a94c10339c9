#include "scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "test.h"

static char folder[64];

void scratch_make(void)
{
    (void)snprintf(folder, sizeof(folder), "/tmp/merlon-store-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chmod(folder, 0755), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

void scratch_remove(void)
{
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_path(const char *name)
{
    static char paths[4][128];
    static unsigned number;
    char *path = paths[number % MLN_LEN(paths)];

    (void)snprintf(path, sizeof(paths[0]), "%s/%u-%s", folder, number++, name);
    return path;
}

void scratch_drop(const char *path)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    char name[160];

    for (size_t i = 0; i < MLN_LEN(endings); i++) {
        (void)snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        (void)remove(name);
    }
}
