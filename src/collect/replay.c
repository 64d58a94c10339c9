/*
 * A recording as a transport. The folder may come from anywhere: below it no link is followed,
 * nothing but a plain file is read, and what is wrong with one file costs one call.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/map.h"
#include "collect/collect.h"
#include "collect/priv.h"
#include "wire/json.h"

#define IN_FLIGHT_MAX  ((size_t)64)
#define NAME_MAX_BYTES ((size_t)4096)
#define HEADER_MAX     ((size_t)256 * 1024)
#define ODD_FILES_MAX  ((size_t)200000) /* Files with a status that is none of the common ones. */
#define FOLDERS_MAX    ((size_t)200000)
#define ACCOUNT_MAX    ((size_t)64)

static const int common_statuses[] = { 403, 404, 400, 429, 503, 500, 401, 409, 502, 504 };
static const char *const formats[] = { "json", "xml" };

struct mln_replay {
    int folder;
    char account[ACCOUNT_MAX + 1];
    const struct mln_collect_request *queue[IN_FLIGHT_MAX];
    size_t first, count;
    struct mln_buf body;
    char folder_name[NAME_MAX_BYTES]; /* Of the newest folder that was opened, "" for none. */
    int folder_fd;
    struct mln_map listed; /* Folders whose odd names are in `odd`. */
    struct mln_map odd;    /* "a/b/c/name.1" -> status * 2 + format */
};

/* A file that was found: how to read it. */
struct found {
    int fd, status;
    bool is_xml;
};

static int tell(struct mln_collect_answer *answer, const char *what, const char *why)
{
    (void)snprintf(answer->failure, sizeof(answer->failure), "the recording: %s%s%s", what,
            why != NULL ? ": " : "", why != NULL ? why : "");
    return MLN_EIO;
}

/* ---- folders ---- */

/* Opens "a/b/c" part by part, without following a link anywhere. -1 with errno. */
static int open_folder(int from, struct mln_str path)
{
    struct mln_str part;
    int fd = dup(from);

    while (fd >= 0 && path.len > 0 && mln_str_next(&path, '/', &part)) {
        char name[NAME_MAX_BYTES];
        int next;

        (void)snprintf(name, sizeof(name), "%.*s", MLN_FMT(part));
        next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        (void)close(fd);
        fd = next;
    }
    return fd;
}

/* The folder of a call; the newest one stays open. -1 with errno. */
static int enter(struct mln_replay *replay, struct mln_str folder)
{
    if (replay->folder_fd >= 0 && mln_str_is(folder, replay->folder_name))
        return replay->folder_fd;
    if (replay->folder_fd >= 0)
        (void)close(replay->folder_fd);
    replay->folder_fd = open_folder(replay->folder, folder);
    (void)snprintf(replay->folder_name, sizeof(replay->folder_name), "%.*s", MLN_FMT(folder));
    return replay->folder_fd;
}

/* "name.1.418.json" as name, status and format; false for all else. */
static bool split_name(struct mln_str name, struct mln_str *stem, int *status, bool *is_xml)
{
    int64_t number = 0;

    for (size_t f = 0; f < MLN_LEN(formats); f++) {
        struct mln_str format = mln_str_of(formats[f]);

        if (!mln_str_ends(name, format) || name.len < format.len + 5 ||
                name.ptr[name.len - format.len - 1] != '.')
            continue;
        name.len -= format.len + 1;
        if (name.ptr[name.len - 4] != '.' ||
                mln_str_to_i64((struct mln_str){ name.ptr + name.len - 3, 3 }, &number) != MLN_OK ||
                number < 100 || number > 599)
            return false;
        *stem = (struct mln_str){ name.ptr, name.len - 4 };
        *status = (int)number;
        *is_xml = f == 1;
        return true;
    }
    return false;
}

static bool is_common(int status)
{
    for (size_t i = 0; i < MLN_LEN(common_statuses); i++)
        if (common_statuses[i] == status)
            return true;
    return false;
}

/* Once per folder: the names with a status that is not tried right away. */
static int list_folder(struct mln_replay *replay, int fd)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = MLN_OK;
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *entry;

    if (dir == NULL) {
        if (copy >= 0)
            (void)close(copy);
        return MLN_EIO;
    }
    /* cppcheck-suppress readdirCalled ; NOLINTNEXTLINE(concurrency-mt-unsafe): its own stream */
    while (rc == MLN_OK && (entry = readdir(dir)) != NULL) {
        MLN_AUTO(mln_buf_free) struct mln_buf key = MLN_BUF_INIT(2 * NAME_MAX_BYTES);
        struct mln_str stem = { 0 };
        int status = 0;
        bool is_xml = false;

        if (!split_name(mln_str_of(entry->d_name), &stem, &status, &is_xml) || is_common(status))
            continue;
        mln_buf_addf(&key, "%s/%.*s", replay->folder_name, MLN_FMT(stem));
        rc = mln_map_put(&replay->odd, mln_buf_str(&key),
                /* NOLINTNEXTLINE(performance-no-int-to-ptr): a number or a mark, never followed */
                (void *)(uintptr_t)((unsigned)status * 2 + is_xml), NULL);
    }
    (void)closedir(dir);
    return rc == MLN_OK
                   ? mln_map_put(&replay->listed, mln_str_of(replay->folder_name), replay, NULL)
                   : rc;
}

/* ---- files ---- */

static int open_file(int folder, struct mln_str stem, int status, bool is_xml, struct found *out)
{
    char name[NAME_MAX_BYTES];
    int fd;

    if (status == 200)
        (void)snprintf(name, sizeof(name), "%.*s.%s", MLN_FMT(stem), formats[is_xml]);
    else
        (void)snprintf(name, sizeof(name), "%.*s.%d.%s", MLN_FMT(stem), status, formats[is_xml]);
    /* A pipe opens at once, and is seen to be none of ours. */
    fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? MLN_ENOTFOUND : MLN_EIO;
    *out = (struct found){ fd, status, is_xml };
    return MLN_OK;
}

static int find_odd(struct mln_replay *replay, int folder, struct mln_str path, struct mln_str stem,
        struct found *out)
{
    int rc = MLN_OK;
    void *kept;
    uintptr_t value;

    if (mln_map_get(&replay->listed, mln_str_of(replay->folder_name)) == NULL)
        rc = list_folder(replay, folder);
    if (rc != MLN_OK)
        return rc;
    kept = mln_map_get(&replay->odd, path);
    value = (uintptr_t)kept;
    if (value == 0)
        return MLN_ENOTFOUND;
    return open_file(folder, stem, (int)(value / 2), value % 2 == 1, out);
}

/* Whatever status the answer had. */
static int find_file(struct mln_replay *replay, struct mln_str path, struct found *out)
{
    size_t slash = path.len;
    struct mln_str stem;
    int folder, rc = MLN_ENOTFOUND;

    while (slash > 0 && path.ptr[slash - 1] != '/')
        slash--;
    stem = (struct mln_str){ path.ptr + slash, path.len - slash };
    folder = enter(replay, (struct mln_str){ path.ptr, slash > 0 ? slash - 1 : 0 });
    if (folder < 0)
        return errno == ENOENT ? MLN_ENOTFOUND : MLN_EIO;
    for (int f = 0; rc == MLN_ENOTFOUND && f < (int)MLN_LEN(formats); f++)
        rc = open_file(folder, stem, 200, f == 1, out);
    for (size_t i = 0; rc == MLN_ENOTFOUND && i < MLN_LEN(common_statuses); i++)
        for (int f = 0; rc == MLN_ENOTFOUND && f < (int)MLN_LEN(formats); f++)
            rc = open_file(folder, stem, common_statuses[i], f == 1, out);
    return rc == MLN_ENOTFOUND ? find_odd(replay, folder, path, stem, out) : rc;
}

/* The product was not in the region: the reason is kept in place of an answer. */
static bool find_no_region(
        struct mln_replay *replay, struct mln_str path, struct mln_collect_answer *answer)
{
    char name[NAME_MAX_BYTES];
    struct stat st;
    int fd;
    ssize_t n;

    (void)snprintf(name, sizeof(name), "%.*s" MLN_REPLAY_NO_REGION, MLN_FMT(path));
    fd = openat(replay->folder_fd, strrchr(name, '/') + 1,
            O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return false;
    answer->no_region = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    n = answer->no_region ? read(fd, answer->failure, sizeof(answer->failure) - 1) : 0;
    answer->failure[n > 0 ? n : 0] = '\0';
    (void)close(fd);
    return answer->no_region;
}

static int read_whole(int fd, struct mln_buf *out, struct mln_collect_answer *answer)
{
    struct stat st;
    ssize_t n;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return tell(answer, "the answer is no plain file", NULL);
    if (st.st_size > (off_t)MLN_ANSWER_BYTES_MAX)
        return tell(answer, "the answer is too large a file", NULL);
    do {
        if (!mln_buf_reserve(out, 64 * 1024))
            return tell(answer, "the answer is too large a file", NULL);
        n = read(fd, out->ptr + out->len, 64 * 1024);
        if (n > 0)
            out->len += (size_t)n;
    } while (n > 0 || (n < 0 && errno == EINTR));
    if (n < 0)
        return tell(answer, "the answer cannot be read", mln_errno_text(errno));
    return MLN_OK;
}

static void read_answer(struct mln_replay *replay, const struct mln_collect_request *request,
        struct mln_collect_answer *answer)
{
    MLN_AUTO(mln_buf_free) struct mln_buf path = MLN_BUF_INIT(NAME_MAX_BYTES);
    struct found found = { .fd = -1 };
    int rc;

    mln_buf_reset(&replay->body);
    mln_replay_name(request, &path);
    errno = 0;
    rc = path.code == MLN_OK ? find_file(replay, mln_buf_str(&path), &found) : path.code;
    if (rc == MLN_ENOTFOUND && find_no_region(replay, mln_buf_str(&path), answer))
        return;
    if (rc == MLN_ENOTFOUND) {
        (void)snprintf(answer->failure, sizeof(answer->failure), "not recorded");
        return;
    }
    if (rc != MLN_OK) {
        (void)tell(answer, "the answer cannot be opened",
                errno == ELOOP ? "it is a link" : mln_errno_text(errno));
        return;
    }
    if (read_whole(found.fd, &replay->body, answer) == MLN_OK) {
        answer->status = found.status;
        answer->is_xml = found.is_xml;
        answer->body = mln_buf_str(&replay->body);
    }
    (void)close(found.fd);
}

/* ---- the transport ---- */

static int submit(void *ctx, const struct mln_collect_request *request, struct mln_err *err)
{
    struct mln_replay *replay = ctx;

    if (replay->count == IN_FLIGHT_MAX)
        return mln_fail(err, MLN_ETOOBIG, "more than %zu calls at once", IN_FLIGHT_MAX);
    replay->queue[(replay->first + replay->count++) % IN_FLIGHT_MAX] = request;
    return MLN_OK;
}

static int next(void *ctx, int64_t wait_ms, struct mln_collect_answer *out, struct mln_err *err)
{
    struct mln_replay *replay = ctx;

    (void)wait_ms;
    if (replay->count == 0)
        return mln_fail(err, MLN_ENOTFOUND, "no call is under way");
    *out = (struct mln_collect_answer){ .request = replay->queue[replay->first],
        .retry_after_ms = -1 };
    replay->first = (replay->first + 1) % IN_FLIGHT_MAX;
    replay->count--;
    read_answer(replay, out->request, out);
    return MLN_OK;
}

static void dont_wait(void *ctx, int64_t ms)
{
    (void)ctx;
    (void)ms;
}

static void drop(void *ctx)
{
    struct mln_replay *replay = ctx;

    replay->count = 0;
}

struct mln_collect_transport mln_replay_transport(struct mln_replay *replay)
{
    return (struct mln_collect_transport){ .in_flight_max = IN_FLIGHT_MAX,
        .submit = submit,
        .next = next,
        .pause = dont_wait,
        .drop = drop,
        .ctx = replay };
}

/* ---- opening ---- */

static bool is_account(struct mln_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if ((c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' &&
                c != '_')
            return false;
    }
    return text.len > 0 && text.len <= ACCOUNT_MAX;
}

static int use_header(struct mln_replay *replay, struct mln_str text, struct mln_err *err)
{
    struct mln_json *json = NULL;
    struct mln_str account = { 0 };
    int64_t format = 0;
    int rc = mln_json_parse(text, &json, err);

    if (rc != MLN_OK)
        return rc;
    if (!mln_json_get_i64(mln_json_root(json), "format", &format) || format != 1)
        rc = mln_fail(err, MLN_EINVAL, "\"format\" must be 1");
    else if (!mln_json_get_str(mln_json_root(json), "account", &account) || !is_account(account))
        rc = mln_fail(err, MLN_EINVAL, "\"account\" must be the id of an account, as text");
    else
        (void)snprintf(replay->account, sizeof(replay->account), "%.*s", MLN_FMT(account));
    mln_json_free(json);
    return rc;
}

static int read_header(struct mln_replay *replay, const char *folder, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(HEADER_MAX);
    struct mln_collect_answer answer = { .status = 0 };
    struct found found = { .fd = -1 };
    int rc = open_file(replay->folder, MLN_STR("recording"), 200, false, &found);

    if (rc == MLN_OK) {
        rc = read_whole(found.fd, &text, &answer);
        (void)close(found.fd);
        if (rc == MLN_OK)
            rc = use_header(replay, mln_buf_str(&text), err);
        else
            mln_err_set(err, MLN_EINVAL, "%s", answer.failure);
    } else {
        mln_err_set(err, MLN_EINVAL, "%s", mln_errno_text(errno));
    }
    if (rc == MLN_OK)
        return MLN_OK;
    err->code = MLN_EINVAL;
    return mln_wrap(err, MLN_EINVAL, "'%s' is no recording: recording.json", folder);
}

int mln_replay_open(const char *folder, struct mln_replay **out, struct mln_err *err)
{
    struct mln_replay *replay = calloc(1, sizeof(*replay));
    int rc;

    if (replay == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    replay->folder_fd = -1;
    replay->body.max = MLN_ANSWER_BYTES_MAX + 128 * 1024;
    mln_map_init(&replay->listed, FOLDERS_MAX);
    mln_map_init(&replay->odd, ODD_FILES_MAX);
    /* The folder itself is the caller's choice and may be a link. */
    replay->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (replay->folder < 0)
        rc = mln_fail(err, errno == ENOENT ? MLN_ENOTFOUND : MLN_EINVAL, "the recording '%s': %s",
                folder, mln_errno_text(errno));
    else
        rc = read_header(replay, folder, err);
    if (rc == MLN_OK)
        *out = MLN_TAKE(replay);
    mln_replay_free(replay);
    return rc;
}

void mln_replay_free(struct mln_replay *replay)
{
    if (replay == NULL)
        return;
    if (replay->folder >= 0)
        (void)close(replay->folder);
    if (replay->folder_fd >= 0)
        (void)close(replay->folder_fd);
    mln_map_fini(&replay->listed, NULL);
    mln_map_fini(&replay->odd, NULL);
    mln_buf_free(&replay->body);
    free(replay);
}

struct mln_str mln_replay_account(const struct mln_replay *replay)
{
    return mln_str_of(replay->account);
}
