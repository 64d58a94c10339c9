/*
 * Private folders under TMPDIR for snapshots that nobody asked to keep. A folder is locked as long
 * as it is used, and the lock goes with the process: one that is old and not locked was left by a
 * scan that was killed, and the next scan of the same user removes it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/env.h"
#include "risk/scan_priv.h"

#define FOLDER_PREFIX "merlon-scan-"
#define FOLDER_UNIQUE 6   /* Characters that mkdtemp() sets. */
#define FOLDER_OLD_S  60  /* A younger one may wait for its lock. */
#define SWEPT_MAX     100 /* At one start. */
#define LOOKED_MAX    100000

static const char *const file_names[] = { MLN_SCAN_SNAPSHOT, MLN_SCAN_SNAPSHOT "-wal",
    MLN_SCAN_SNAPSHOT "-shm", MLN_SCAN_SNAPSHOT "-journal" };

static void remove_files(int folder)
{
    for (size_t i = 0; i < MLN_LEN(file_names); i++)
        (void)unlinkat(folder, file_names[i], 0);
}

/* Ours alone, and old. */
static bool is_left(int folder)
{
    struct stat st;

    return fstat(folder, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 07777) == 0700 &&
           st.st_mtime < time(NULL) - FOLDER_OLD_S && flock(folder, LOCK_EX | LOCK_NB) == 0;
}

/* Only what a scan makes is removed: a folder with anything else in it stays. */
static bool sweep_one(int parent, const char *name)
{
    int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool left = folder >= 0 && is_left(folder);

    if (left) {
        remove_files(folder);
        (void)unlinkat(parent, name, AT_REMOVEDIR);
    }
    if (folder >= 0)
        (void)close(folder);
    return left;
}

static void sweep(const char *parent)
{
    DIR *dir = opendir(parent);
    const struct dirent *entry;
    int swept = 0;

    if (dir == NULL)
        return;
    /* cppcheck-suppress readdirCalled ; NOLINTNEXTLINE(concurrency-mt-unsafe): its own stream */
    for (int i = 0; i < LOOKED_MAX && swept < SWEPT_MAX && (entry = readdir(dir)) != NULL; i++) {
        struct mln_str name = mln_str_of(entry->d_name);

        if (mln_str_starts(name, MLN_STR(FOLDER_PREFIX)) &&
                name.len == sizeof(FOLDER_PREFIX) - 1 + FOLDER_UNIQUE)
            swept += sweep_one(dirfd(dir), entry->d_name);
    }
    (void)closedir(dir);
}

int mln_scan_folder_new(struct mln_scan_folder *folder, struct mln_err *err)
{
    const char *parent = mln_env_get(mln_env_system(), "TMPDIR");
    int n;

    if (parent == NULL)
        parent = "/tmp";
    sweep(parent);
    n = snprintf(folder->path, sizeof(folder->path), "%s/" FOLDER_PREFIX "XXXXXX", parent);
    if (n < 0 || (size_t)n >= sizeof(folder->path)) {
        folder->path[0] = '\0';
        return mln_fail(err, MLN_ECONFIG, "TMPDIR: the path is too long");
    }
    if (mkdtemp(folder->path) == NULL) { /* Mode 0700. */
        int number = errno;

        folder->path[0] = '\0';
        return mln_fail(
                err, MLN_EIO, "temporary folder in '%s': %s", parent, mln_errno_text(number));
    }
    folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder->fd < 0 || flock(folder->fd, LOCK_EX | LOCK_NB) != 0) {
        int number = errno;

        mln_scan_folder_remove(folder);
        return mln_fail(
                err, MLN_EIO, "temporary folder in '%s': %s", parent, mln_errno_text(number));
    }
    return MLN_OK;
}

void mln_scan_folder_remove(struct mln_scan_folder *folder)
{
    if (folder->path[0] == '\0')
        return;
    if (folder->fd >= 0) {
        remove_files(folder->fd);
        (void)close(folder->fd);
    }
    (void)rmdir(folder->path);
    folder->path[0] = '\0';
    folder->fd = -1;
}
