/*
 * Opening and closing a connection. A new file is created by us, empty and with mode 0600, so that
 * neither SQLite's default mode nor the umask decides who may read it; -wal and -shm inherit it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "store/sqlite/sqlite.h"

enum {
    DEFAULT_BUSY_TIMEOUT_MS = 10000,
    MAX_VALUE_BYTES = 16 * 1024 * 1024,
    WAL_RETRY_MS = 20,
};

/* A URI that names `path` as a file that nobody changes: every other byte than these is escaped. */
#define URI_PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
#define URI_MAX   ((size_t)3 * 4096 + 64)

int mln_sqlite_exec(struct mln_sqlite *store, const char *sql, struct mln_err *err)
{
    int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? MLN_OK : mln_sqlite_fail(store, code, err);
}

int mln_sqlite_number(struct mln_sqlite *store, const char *sql, int64_t *out, struct mln_err *err)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = 0;
    int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return mln_sqlite_fail(store, code, err);
    *out = number;
    return MLN_OK;
}

/* Why a missing file cannot be created: its folder, or a link that leads nowhere. */
static int create_file(const char *path, struct mln_err *err)
{
    MLN_AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat st;

    if (fd >= 0 || (errno == EEXIST && stat(path, &st) == 0))
        return MLN_OK;
    if (errno == ENOENT && lstat(path, &st) == 0)
        return mln_fail(
                err, MLN_ECONFIG, "store '%s': is a symbolic link to nothing; remove it", path);
    if (errno == ENOENT)
        return mln_fail(
                err, MLN_ENOTFOUND, "store '%s': its folder does not exist; create it first", path);
    return mln_fail(err, MLN_EIO, "store '%s': cannot be created: %s", path, mln_errno_text(errno));
}

/* Makes sure that `path` leads to a regular file before SQLite touches it. */
static int find_file(
        const char *path, enum mln_store_mode mode, struct stat *out, struct mln_err *err)
{
    struct stat st;
    int rc;

    if (stat(path, &st) < 0 && errno == ENOENT) {
        if (mode != MLN_STORE_CREATE)
            return mln_fail(err, MLN_ENOTFOUND,
                    "store '%s': does not exist; check the path, or create it with 'admin init'",
                    path);
        rc = create_file(path, err);
        if (rc < 0)
            return rc;
    }
    if (stat(path, &st) < 0)
        return mln_fail(err, MLN_EIO, "store '%s': %s", path, mln_errno_text(errno));
    if (S_ISDIR(st.st_mode))
        return mln_fail(err, MLN_ECONFIG, "store '%s': is a folder; name a file in it", path);
    if (!S_ISREG(st.st_mode))
        return mln_fail(err, MLN_ECONFIG, "store '%s': is not a regular file", path);
    *out = st;
    return MLN_OK;
}

static int configure(
        struct mln_sqlite *store, const struct mln_store_options *options, struct mln_err *err)
{
    static const struct {
        int option, value;
    } defences[] = {
        { SQLITE_DBCONFIG_DEFENSIVE, 1 },
        { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
        { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
        { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
        { SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
        { SQLITE_DBCONFIG_DQS_DDL, 0 },
        { SQLITE_DBCONFIG_DQS_DML, 0 },
    };
    int timeout_ms = options->busy_timeout_ms > 0 ? options->busy_timeout_ms
                                                  : DEFAULT_BUSY_TIMEOUT_MS;
    int code = sqlite3_extended_result_codes(store->db, 1);

    for (size_t i = 0; code == SQLITE_OK && i < MLN_LEN(defences); i++)
        code = sqlite3_db_config(store->db, defences[i].option, defences[i].value, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(store->db, timeout_ms);
    if (code != SQLITE_OK)
        return mln_sqlite_fail(store, code, err);
    (void)sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES);
    (void)sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
    /*
     * No memory mapping: a mapped page is checked again at each visit and never stays in the cache,
     * so a page of a list cost 60 % more with 10^6 events than with 10^4; without, both cost the
     * same. A file that is cut short is an error and not a signal.
     */
    return mln_sqlite_exec(store,
            "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;"
            "PRAGMA mmap_size = 0; PRAGMA journal_size_limit = 67108864;"
            "PRAGMA cell_size_check = ON",
            err);
}

static int64_t monotonic_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MLN_MS_PER_S + now.tv_nsec / 1000000;
}

/*
 * SQLite does not wait for other connections while it changes the journal mode, so two processes
 * that create the same store at once would fail: wait here.
 */
static int use_wal(struct mln_sqlite *store, int busy_timeout_ms, struct mln_err *err)
{
    const struct timespec pause = { .tv_nsec = WAL_RETRY_MS * 1000000L };
    int64_t deadline_ms = monotonic_ms() +
                          (busy_timeout_ms > 0 ? busy_timeout_ms : DEFAULT_BUSY_TIMEOUT_MS);
    int rc;

    for (;;) {
        rc = mln_sqlite_exec(store, "PRAGMA journal_mode = WAL", err);
        if (rc != MLN_ETRANSIENT || monotonic_ms() >= deadline_ms)
            return rc;
        (void)nanosleep(&pause, NULL);
    }
}

/*
 * The library counts every allocation under one lock unless it is told so before its first use;
 * later it refuses, and counts on.
 */
static void stop_counting(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int connect_file(struct mln_sqlite *store, const char *name, int flags,
        const struct mln_store_options *options, struct mln_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int code;

    (void)pthread_once(&once, stop_counting);
    code = sqlite3_open_v2(name, &store->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
            options->sqlite_vfs);
    if (code != SQLITE_OK)
        return mln_sqlite_fail(store, code, err);
    return configure(store, options, err);
}

static void disconnect(struct mln_sqlite *store)
{
    for (size_t i = 0; i < STMT_COUNT; i++) {
        (void)sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
    store->index = NULL;
    (void)sqlite3_close(store->db);
    store->db = NULL;
}

/*
 * A reader of a WAL file has to create -shm, which a read-only folder does not allow. When no -wal
 * is there, nobody has the file open and all of it is in the main file: it can be read as it
 * stands.
 */
static bool is_at_rest(const char *path)
{
    MLN_AUTO(mln_buf_free) struct mln_buf wal = MLN_BUF_INIT(4096 + 8);
    struct mln_str name;
    struct mln_err ignored;
    struct stat st;

    mln_buf_addf(&wal, "%s-wal", path);
    if (mln_buf_done(&wal, &name, &ignored) < 0)
        return false;
    return stat(name.ptr, &st) < 0 ? errno == ENOENT : st.st_size == 0;
}

static int open_at_rest(
        struct mln_sqlite *store, const struct mln_store_options *options, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf uri = MLN_BUF_INIT(URI_MAX);
    struct mln_str name;
    bool outdated;
    int rc;

    mln_buf_add_cstr(&uri, "file:");
    for (const char *at = store->path; *at != '\0'; at++) {
        if (strchr(URI_PLAIN, *at) != NULL)
            mln_buf_add_char(&uri, *at);
        else
            mln_buf_addf(&uri, "%%%02X", (unsigned)(unsigned char)*at);
    }
    mln_buf_add_cstr(&uri, "?immutable=1");
    rc = mln_buf_done(&uri, &name, err);
    if (rc < 0)
        return rc;
    disconnect(store);
    store->at_rest = true;
    rc = connect_file(store, name.ptr, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, options, err);
    if (rc == MLN_OK)
        rc = mln_sqlite_check(store, MLN_STORE_READ, &outdated, err);
    return rc;
}

static int open_for_reading(
        struct mln_sqlite *store, const struct mln_store_options *options, struct mln_err *err)
{
    bool outdated;
    int rc = connect_file(store, store->path, SQLITE_OPEN_READONLY, options, err);

    if (rc == MLN_OK)
        rc = mln_sqlite_check(store, MLN_STORE_READ, &outdated, err);
    if (rc == MLN_EIO && is_at_rest(store->path))
        rc = open_at_rest(store, options, err);
    return rc;
}

static int open_for_writing(
        struct mln_sqlite *store, const struct mln_store_options *options, struct mln_err *err)
{
    bool outdated = false;
    int rc = connect_file(store, store->path, SQLITE_OPEN_READWRITE, options, err);

    /* SQLite falls back to reading when the file is not writable; say so before the first write. */
    if (rc == MLN_OK && sqlite3_db_readonly(store->db, "main") == 1)
        return mln_sqlite_fail(store, SQLITE_READONLY, err);
    /* Before anything is written: a foreign file is left as it is. */
    if (rc == MLN_OK)
        rc = mln_sqlite_check(store, options->mode, &outdated, err);
    if (rc == MLN_OK)
        rc = use_wal(store, options->busy_timeout_ms, err);
    if (rc == MLN_OK && outdated)
        rc = mln_sqlite_migrate(store, options->mode, err);
    return rc;
}

/* "./" before a relative path: SQLite has a meaning of its own for names such as ":memory:". */
static int copy_path(const char *path, char **out, struct mln_err *err)
{
    MLN_AUTO_FREE char *copy = NULL;
    const char *before = path[0] != '/' ? "./" : "";
    size_t size = strlen(before) + strlen(path) + 1;

    if (path[0] == '\0')
        return mln_fail(err, MLN_ECONFIG, "the store has no path: write it as sqlite:PATH");
    copy = calloc(1, size);
    if (copy == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    (void)snprintf(copy, size, "%s%s", before, path);
    *out = MLN_TAKE(copy);
    return MLN_OK;
}

int mln_sqlite_open(const char *path, const struct mln_store_options *options,
        struct mln_store **out, struct mln_err *err)
{
    struct mln_sqlite *store;
    struct stat st;
    int rc;

    store = calloc(1, sizeof(*store));
    if (store == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    store->base.engine = &mln_sqlite_engine;
    rc = copy_path(path, &store->path, err);
    if (rc == MLN_OK)
        rc = find_file(store->path, options->mode, &st, err);
    if (rc == MLN_OK)
        rc = options->mode == MLN_STORE_READ ? open_for_reading(store, options, err)
                                             : open_for_writing(store, options, err);
    if (rc < 0) {
        mln_sqlite_close(&store->base);
        return rc;
    }
    store->device = st.st_dev;
    store->inode = st.st_ino;
    *out = &store->base;
    return MLN_OK;
}

void mln_sqlite_close(struct mln_store *store)
{
    struct mln_sqlite *sqlite = (struct mln_sqlite *)store;

    disconnect(sqlite);
    free(sqlite->path);
    free(sqlite);
}

int mln_sqlite_ping(struct mln_store *store, struct mln_err *err)
{
    struct mln_sqlite *sqlite = (struct mln_sqlite *)store;
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    struct stat st;
    int rc;

    if (stat(sqlite->path, &st) < 0)
        return mln_fail(err, MLN_EIO, "store '%s': %s", sqlite->path, mln_errno_text(errno));
    if (st.st_dev != sqlite->device || st.st_ino != sqlite->inode)
        return mln_fail(
                err, MLN_EIO, "store '%s': was replaced by another file; restart", sqlite->path);
    mln_query_open(&query, store, STMT_SCHEMA_VERSION);
    rc = mln_query_next(&query, err);
    if (rc < 0)
        return rc;
    if (mln_query_get_i64(&query, 0) != mln_sqlite_schema_version)
        return mln_fail(err, MLN_ECONFIG,
                "store '%s': has schema version %lld, and this program knows version %d; restart",
                sqlite->path, (long long)mln_query_get_i64(&query, 0), mln_sqlite_schema_version);
    return MLN_OK;
}
