#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#define READ_STEP_BYTES ((size_t)64 * 1024)
#define LINK_HOPS_MAX   40 /* As many as the kernel follows. */

static int code_of(int number)
{
    switch (number) {
    case ENOENT:
        return MLN_ENOTFOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return MLN_EDENIED;
    case EISDIR:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case EINVAL:
        return MLN_EINVAL;
    case ENOMEM:
        return MLN_ENOMEM;
    default:
        return MLN_EIO;
    }
}

static int fail_errno(struct mln_err *err, int number, const char *verb, const char *path)
{
    return mln_fail(err, code_of(number), "%s '%s': %s", verb, path, mln_errno_text(number));
}

/* Appends up to `want` bytes of `fd`; the number read, 0 at the end, -1 with errno set. */
static ssize_t read_some(int fd, struct mln_buf *out, size_t want)
{
    ssize_t n;

    do
        n = read(fd, out->ptr + out->len, want);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        out->len += (size_t)n;
    return n;
}

static int read_all(int fd, const char *path, struct mln_buf *out, struct mln_err *err)
{
    char extra;
    ssize_t n = 1;

    while (n > 0 && out->len < out->max) {
        size_t left = out->max - out->len;
        size_t step = left < READ_STEP_BYTES ? left : READ_STEP_BYTES;

        if (!mln_buf_reserve(out, step))
            return mln_fail(err, MLN_ENOMEM, "read '%s': out of memory", path);
        n = read_some(fd, out, step);
    }
    /* Full: one byte more tells a file of exactly the limit from a longer one. */
    while (n > 0 && (n = read(fd, &extra, 1)) < 0 && errno == EINTR)
        n = 1;
    if (n < 0)
        return fail_errno(err, errno, "read", path);
    if (n > 0)
        return mln_fail(
                err, MLN_ETOOBIG, "read '%s': it is over the limit of %zu bytes", path, out->max);
    mln_buf_add(out, MLN_STR(""));
    return out->code == MLN_OK ? MLN_OK
                               : mln_fail(err, out->code, "read '%s': out of memory", path);
}

int mln_file_read(const char *path, struct mln_buf *out, struct mln_err *err)
{
    MLN_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    size_t before = out->len;
    struct stat info;
    int rc;

    if (fd < 0)
        return fail_errno(err, errno, "open", path);
    if (fstat(fd, &info) != 0)
        return fail_errno(err, errno, "read", path);
    if (S_ISDIR(info.st_mode))
        return fail_errno(err, EISDIR, "read", path);
    if (out->code != MLN_OK)
        return mln_fail(err, out->code, "read '%s': the buffer has failed before", path);
    rc = read_all(fd, path, out, err);
    if (rc != MLN_OK) {
        out->len = before;
        out->code = MLN_OK;
        if (out->ptr != NULL)
            out->ptr[before] = '\0';
    }
    return rc;
}

/* The length of the folder part of `path`, its last slash included; 0 when there is none. */
static size_t folder_len(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

/* Follows `path` while it is a symbolic link, also one that points to nothing yet. */
static int resolve(const char *path, char out[PATH_MAX], struct mln_err *err)
{
    char target[PATH_MAX];

    if (strlen(path) >= PATH_MAX)
        return fail_errno(err, ENAMETOOLONG, "replace", path);
    memcpy(out, path, strlen(path) + 1);
    for (int hop = 0; hop < LINK_HOPS_MAX; hop++) {
        ssize_t n = readlink(out, target, sizeof(target) - 1);
        size_t folder;

        if (n < 0 && (errno == EINVAL || errno == ENOENT))
            return MLN_OK;
        if (n < 0)
            return fail_errno(err, errno, "replace", path);
        target[n] = '\0';
        folder = target[0] == '/' ? 0 : folder_len(out);
        if (folder + (size_t)n >= PATH_MAX)
            return fail_errno(err, ENAMETOOLONG, "replace", path);
        memcpy(out + folder, target, (size_t)n + 1);
    }
    return fail_errno(err, ELOOP, "replace", path);
}

static int write_all(int fd, struct mln_str content)
{
    while (content.len > 0) {
        ssize_t n = write(fd, content.ptr, content.len);

        if (n < 0 && errno != EINTR)
            return -1;
        if (n < 0)
            continue;
        content.ptr += n;
        content.len -= (size_t)n;
    }
    return 0;
}

/* Some file systems cannot sync a folder and say EINVAL: they order the rename themselves. */
static int sync_folder(const char *folder)
{
    MLN_AUTO_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 || (fsync(fd) != 0 && errno != EINVAL) ? -1 : 0;
}

int mln_file_replace(const char *path, struct mln_str content, unsigned mode, struct mln_err *err)
{
    MLN_AUTO_CLOSE int fd = -1;
    char target[PATH_MAX], temporary[PATH_MAX + 16];
    struct stat info;
    size_t folder;
    int rc, why;

    rc = resolve(path, target, err);
    if (rc != MLN_OK)
        return rc;
    if (stat(target, &info) == 0 && S_ISDIR(info.st_mode))
        return fail_errno(err, EISDIR, "replace", path);
    folder = folder_len(target);
    (void)snprintf(temporary, sizeof(temporary), "%.*s.merlon-XXXXXX", (int)folder, target);
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, errno, "create a file beside", path);
    if (write_all(fd, content) != 0 || fchmod(fd, (mode_t)mode) != 0 || fsync(fd) != 0 ||
            rename(temporary, target) != 0) {
        why = errno;
        (void)unlink(temporary);
        return fail_errno(err, why, "replace", path);
    }
    target[folder] = '\0';
    if (sync_folder(folder > 0 ? target : ".") != 0)
        return fail_errno(err, errno, "sync the folder of", path);
    return MLN_OK;
}

static int make_one(const char *path, struct mln_err *err)
{
    struct stat info;
    int why;

    if (mkdir(path, 0700) == 0)
        return MLN_OK;
    why = errno;
    if (stat(path, &info) != 0)
        return fail_errno(err, why, "create folder", path);
    return S_ISDIR(info.st_mode) ? MLN_OK : fail_errno(err, ENOTDIR, "create folder", path);
}

int mln_dir_make(const char *path, struct mln_err *err)
{
    char partial[PATH_MAX];
    size_t len = strlen(path);
    int rc = MLN_OK;

    if (len == 0)
        return fail_errno(err, ENOENT, "create folder", path);
    if (len >= sizeof(partial))
        return fail_errno(err, ENAMETOOLONG, "create folder", path);
    memcpy(partial, path, len + 1);
    for (size_t i = 1; i <= len && rc == MLN_OK; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        partial[i] = '\0';
        rc = make_one(partial, err);
        partial[i] = path[i];
    }
    return rc;
}
