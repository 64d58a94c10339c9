/*
 * Making and opening files. Only regular files reach SQLite: a FIFO would block it, a device has
 * no end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "snapshot/priv.h"

/* Every other byte of a path is escaped in a URI. */
#define URI_PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
#define URI_MAX   ((size_t)3 * MLN_SNAPSHOT_PATH_MAX + 64)

#define HEADER_BYTES 100 /* Of any database. */

/* "./" before a relative path: SQLite has a meaning of its own for names such as ":memory:". */
static int name_file(
        const char *path, struct mln_buf *out, struct mln_str *name, struct mln_err *err)
{
    if (path[0] == '\0')
        return mln_fail(err, MLN_ENOTFOUND, "snapshot: the path is empty");
    if (path[0] != '/')
        mln_buf_add_cstr(out, "./");
    mln_buf_add_cstr(out, path);
    return mln_buf_done(out, name, err);
}

static int make_file(const char *path, struct mln_err *err)
{
    MLN_AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd >= 0)
        return MLN_OK;
    if (errno == EEXIST)
        return mln_fail(
                err, MLN_EEXIST, "snapshot '%s': is already there; give another path", path);
    return mln_fail(
            err, MLN_EIO, "snapshot '%s': cannot be created: %s", path, mln_errno_text(errno));
}

int mln_snapshot_create(const char *path, const struct mln_schema *schema,
        struct mln_snapshot **out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(MLN_SNAPSHOT_PATH_MAX);
    struct mln_snapshot *snapshot = NULL;
    struct mln_str name = MLN_STR(":memory:");
    int rc = MLN_OK;

    if (path != NULL) {
        rc = name_file(path, &buf, &name, err);
        if (rc == MLN_OK)
            rc = make_file(path, err);
    }
    if (rc == MLN_OK)
        rc = mln_snapshot_new(path, schema, &snapshot, err);
    if (rc < 0)
        return rc;
    rc = mln_snapshot_connect(
            snapshot, name.ptr, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, SNAPSHOT_WRITE, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_tune(snapshot, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_build(snapshot, err);
    if (rc < 0) {
        mln_snapshot_free(snapshot);
        if (path != NULL)
            (void)unlink(path);
        return rc;
    }
    *out = snapshot;
    return MLN_OK;
}

/*
 * What is there, without opening it: closing a second descriptor of a file would take the locks of
 * a writer in the same process away.
 */
static int look(const char *path, struct mln_err *err)
{
    struct stat st;

    if (stat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
        return mln_fail(err, MLN_ENOTFOUND, "snapshot '%s': does not exist", path);
    if (stat(path, &st) < 0)
        return mln_fail(err, MLN_EIO, "snapshot '%s': %s", path, mln_errno_text(errno));
    if (!S_ISREG(st.st_mode))
        return mln_fail(err, MLN_ECORRUPT, "snapshot '%s': is not a regular file", path);
    if (st.st_size < HEADER_BYTES)
        return mln_fail(
                err, MLN_ECORRUPT, "snapshot '%s': is not a snapshot; check the path", path);
    return MLN_OK;
}

/* Whether a companion of the file is there. */
static bool has_companion(const char *path, const char *suffix)
{
    char name[MLN_SNAPSHOT_PATH_MAX + 16];
    struct stat st;
    int len = snprintf(name, sizeof(name), "%s%s", path, suffix);

    return len > 0 && (size_t)len < sizeof(name) && stat(name, &st) == 0;
}

static int immutable_uri(
        struct mln_str name, struct mln_buf *out, struct mln_str *uri, struct mln_err *err)
{
    mln_buf_add_cstr(out, "file:");
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] != '\0' && strchr(URI_PLAIN, name.ptr[i]) != NULL)
            mln_buf_add_char(out, name.ptr[i]);
        else
            mln_buf_addf(out, "%%%02X", (unsigned)(unsigned char)name.ptr[i]);
    }
    mln_buf_add_cstr(out, "?immutable=1");
    return mln_buf_done(out, uri, err);
}

/*
 * A file at rest is all of the snapshot, and nobody changes it: it is read without locks, from
 * read-only folders too. One with a log or a journal beside it is being written, or was.
 */
static int connect_reader(struct mln_snapshot *snapshot, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf path = MLN_BUF_INIT(MLN_SNAPSHOT_PATH_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf escaped = MLN_BUF_INIT(URI_MAX);
    struct mln_str name = { 0 }, uri = { 0 };
    int rc = name_file(snapshot->path, &path, &name, err);

    if (rc == MLN_OK)
        rc = look(snapshot->path, err);
    if (rc < 0)
        return rc;
    if (stat(snapshot->path, &snapshot->seen) < 0)
        return mln_fail(err, MLN_EIO, "snapshot '%s': %s", snapshot->path, mln_errno_text(errno));
    if (has_companion(name.ptr, "-journal") || has_companion(name.ptr, "-wal"))
        return mln_snapshot_connect(snapshot, name.ptr, SQLITE_OPEN_READONLY, SNAPSHOT_READ, err);
    rc = immutable_uri(name, &escaped, &uri, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_connect(
                snapshot, uri.ptr, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, SNAPSHOT_READ, err);
    snapshot->is_at_rest = true;
    return rc;
}

/* Another file of the name does not matter: the one that was opened is read. */
int mln_snapshot_unchanged(const struct mln_snapshot *snapshot, struct mln_err *err)
{
    const struct stat *seen = &snapshot->seen;
    struct stat st;

    if (!snapshot->is_at_rest || stat(snapshot->path, &st) < 0 || st.st_dev != seen->st_dev ||
            st.st_ino != seen->st_ino)
        return MLN_OK;
    if (st.st_size == seen->st_size && st.st_mtim.tv_sec == seen->st_mtim.tv_sec &&
            st.st_mtim.tv_nsec == seen->st_mtim.tv_nsec)
        return MLN_OK;
    return mln_fail(err, MLN_ECORRUPT,
            "snapshot '%s': was changed while it was read; try again when nobody writes it",
            snapshot->path);
}

int mln_snapshot_open(const char *path, struct mln_snapshot **out, struct mln_err *err)
{
    struct mln_snapshot *snapshot = NULL;
    int rc = mln_snapshot_new(path, NULL, &snapshot, err);

    if (rc < 0)
        return rc;
    rc = connect_reader(snapshot, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_verify(snapshot, err);
    if (rc < 0) {
        mln_snapshot_free(snapshot);
        return rc;
    }
    *out = snapshot;
    return MLN_OK;
}

/* Whether the name still leads to the file that was opened, as it was. */
static bool is_there(const struct mln_snapshot *opened)
{
    const struct stat *seen = &opened->seen;
    struct stat st;

    return opened->is_at_rest && stat(opened->path, &st) == 0 && st.st_dev == seen->st_dev &&
           st.st_ino == seen->st_ino && st.st_size == seen->st_size &&
           st.st_mtim.tv_sec == seen->st_mtim.tv_sec && st.st_mtim.tv_nsec == seen->st_mtim.tv_nsec;
}

int mln_snapshot_again(
        const struct mln_snapshot *opened, struct mln_snapshot **out, struct mln_err *err)
{
    struct mln_snapshot *snapshot = NULL;
    int rc = MLN_OK;

    if (is_there(opened))
        rc = mln_snapshot_open(opened->path, &snapshot, err);
    if (rc < 0)
        return rc;
    /* Looked at before and after: nothing else can have been opened in between. */
    if (snapshot == NULL || !snapshot->is_at_rest || !is_there(opened)) {
        mln_snapshot_free(snapshot);
        return mln_fail(err, MLN_ENOTFOUND,
                "snapshot '%s': is not the file any more that was opened", opened->path);
    }
    rc = mln_snapshot_exec(snapshot, "PRAGMA cache_size = -16384", "open again", err);
    if (rc < 0) {
        mln_snapshot_free(snapshot);
        return rc;
    }
    *out = snapshot;
    return MLN_OK;
}

static int check_resumable(struct mln_snapshot *snapshot, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf hash = MLN_BUF_INIT(MLN_SNAPSHOT_PATH_MAX);
    bool is_whole = false;
    int rc = mln_snapshot_is_whole(snapshot, &is_whole, err);

    if (rc == MLN_OK && is_whole)
        return mln_fail(err, MLN_EEXIST,
                /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): set on success */
                "snapshot '%s': is finished; there is nothing to go on with", snapshot->path);
    if (rc == MLN_OK)
        rc = mln_snapshot_get(snapshot, "plan_hash", &hash, err);
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): set on success */
    if (rc == MLN_OK && !mln_str_is(mln_buf_str(&hash), snapshot->schema->hash))
        return mln_fail(err, MLN_ECONFIG,
                "snapshot '%s': was begun with another plan; collect into a new file",
                snapshot->path);
    return rc;
}

/* A file of no bytes is a database without tables; anything else is looked at first. */
static int look_for_writing(const char *path, struct mln_err *err)
{
    struct stat st;

    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
        return MLN_OK;
    return look(path, err);
}

/* Whether a run ended while it made the file: that is one transaction, and it is not there. */
static bool is_blank(struct mln_snapshot *snapshot)
{
    int64_t application = 1, format = 1, tables = 1;
    struct mln_err ignored;

    return mln_snapshot_number(snapshot, "PRAGMA application_id", &application, &ignored) ==
                   MLN_OK &&
           mln_snapshot_number(snapshot, "PRAGMA user_version", &format, &ignored) == MLN_OK &&
           mln_snapshot_number(snapshot, "SELECT count(*) FROM sqlite_master", &tables, &ignored) ==
                   MLN_OK &&
           application == 0 && format == 0 && tables == 0;
}

static int go_on(struct mln_snapshot *snapshot, struct mln_err *err)
{
    bool blank = is_blank(snapshot);
    int rc = blank ? MLN_OK : mln_snapshot_verify(snapshot, err);

    if (rc == MLN_OK && !blank)
        rc = check_resumable(snapshot, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_tune(snapshot, err);
    return rc == MLN_OK && blank ? mln_snapshot_build(snapshot, err) : rc;
}

int mln_snapshot_resume(const char *path, const struct mln_schema *schema,
        struct mln_snapshot **out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(MLN_SNAPSHOT_PATH_MAX);
    struct mln_snapshot *snapshot = NULL;
    struct mln_str name = { 0 };
    int rc = name_file(path, &buf, &name, err);

    if (rc == MLN_OK)
        rc = look_for_writing(path, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_new(path, schema, &snapshot, err);
    if (rc < 0)
        return rc;
    rc = mln_snapshot_connect(snapshot, name.ptr, SQLITE_OPEN_READWRITE, SNAPSHOT_WRITE, err);
    if (rc == MLN_OK)
        rc = go_on(snapshot, err);
    if (rc < 0) {
        mln_snapshot_free(snapshot);
        return rc;
    }
    *out = snapshot;
    return MLN_OK;
}
