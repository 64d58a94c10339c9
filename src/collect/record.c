/*
 * Making a recording. Every answer is written before it is passed on, so that what a snapshot holds
 * is in the recording, too. A file appears whole or not at all; below the folder no link is
 * followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/map.h"
#include "collect/record_priv.h"
#include "wire/writer.h"

#define PATH_BYTES   ((size_t)4096)
#define NAME_BYTES   ((size_t)256)
#define HEADER_MAX   ((size_t)256 * 1024)
#define SUFFIX_MAX   32
#define ACCOUNT_MAX  ((size_t)64)
#define HEADER       "recording.json"
#define UNFINISHED   "recording.tmp" /* What is being written, until it has its name. */
#define DROP_WAIT_MS ((int64_t)100)
#define ODD_MAX      ((size_t)100000)

struct mln_recorder {
    int folder;
    char *folder_name;
    struct mln_collect_transport inner;
    const struct mln_plan *plan;
    char account[ACCOUNT_MAX + 1]; /* Of the recording that is there already; "": none. */
    struct mln_buf text;
    size_t held;        /* Requests that the inner transport has. */
    struct mln_map odd; /* "a/b/c/name.1" -> status * 2 + format, when it is no usual one. */
};

static int cannot(const struct mln_recorder *recorder, const char *what, const char *name,
        struct mln_err *err)
{
    return mln_fail(err, MLN_EIO, "the recording '%s': cannot %s %s: %s", recorder->folder_name,
            what, name,
            errno == ELOOP || errno == ENOTDIR ? "a link or a file is in the way"
                                               : mln_errno_text(errno));
}

/* ---- folders and files ---- */

static int enter_part(int from, const char *name)
{
    int fd = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0 || errno != ENOENT)
        return fd;
    if (mkdirat(from, name, 0700) != 0 && errno != EEXIST)
        return -1;
    return openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Opens the folder of "a/b/c/name.1", made where it is missing; *name is the rest. -1 with errno.
 * No part is longer than a file's name may be. */
static int enter(const struct mln_recorder *recorder, struct mln_str path, struct mln_str *name)
{
    int fd = dup(recorder->folder);

    while (fd >= 0 && mln_str_next(&path, '/', name) && path.ptr != NULL) {
        char part[NAME_BYTES];
        int next, why;

        (void)snprintf(part, sizeof(part), "%.*s", MLN_FMT(*name));
        next = enter_part(fd, part);
        why = errno;
        (void)close(fd);
        errno = why;
        fd = next;
    }
    return fd;
}

static bool write_all(int fd, struct mln_str text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.ptr, text.len);

        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            text = (struct mln_str){ text.ptr + n, text.len - (size_t)n };
    }
    return true;
}

/* The bytes are in the folder's own unfinished file first, and get their name when all are there.
 */
static int write_file(const struct mln_recorder *recorder, int to, const char *name,
        struct mln_str text, bool sync, struct mln_err *err)
{
    int fd, why;
    bool good;

    (void)unlinkat(recorder->folder, UNFINISHED, 0);
    fd = openat(recorder->folder, UNFINISHED,
            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return cannot(recorder, "write", name, err);
    good = write_all(fd, text) && (!sync || fsync(fd) == 0);
    why = errno;
    if (close(fd) != 0 && good) {
        good = false;
        why = errno;
    }
    if (good && renameat(recorder->folder, UNFINISHED, to, name) == 0)
        return MLN_OK;
    errno = good ? errno : why;
    why = cannot(recorder, "write", name, err);
    (void)unlinkat(recorder->folder, UNFINISHED, 0);
    return why;
}

/* ---- one answer ---- */

static void file_name(struct mln_str stem, const char *suffix, char out[NAME_BYTES])
{
    (void)snprintf(out, NAME_BYTES, "%.*s%s", MLN_FMT(stem), suffix);
}

static void odd_suffix(uintptr_t kept, char out[SUFFIX_MAX])
{
    (void)snprintf(out, SUFFIX_MAX, ".%d.%s", (int)(kept / 2), kept % 2 == 1 ? "xml" : "json");
}

/* An earlier answer to the same request, whatever it was. */
static void remove_others(struct mln_recorder *recorder, int folder, struct mln_str path,
        struct mln_str stem, const char *keep)
{
    void *taken = mln_map_take(&recorder->odd, path);
    uintptr_t odd = (uintptr_t)taken;
    char name[NAME_BYTES], suffix[SUFFIX_MAX];
    const char *usual;

    for (size_t i = 0; (usual = mln_replay_suffix(i)) != NULL; i++) {
        if (strcmp(usual, keep) == 0)
            continue;
        file_name(stem, usual, name);
        (void)unlinkat(folder, name, 0);
    }
    odd_suffix(odd, suffix);
    if (odd != 0 && strcmp(suffix, keep) != 0) {
        file_name(stem, suffix, name);
        (void)unlinkat(folder, name, 0);
    }
}

static bool is_usual(const char *suffix)
{
    const char *usual;

    for (size_t i = 0; (usual = mln_replay_suffix(i)) != NULL; i++)
        if (strcmp(usual, suffix) == 0)
            return true;
    return false;
}

/* The suffix of the answer's file; "" when there is nothing to write. */
static uintptr_t suffix_of(const struct mln_collect_answer *answer, char out[SUFFIX_MAX])
{
    uintptr_t kept = (unsigned)answer->status * 2U + answer->is_xml;

    if (answer->status == 200)
        (void)snprintf(out, SUFFIX_MAX, ".%s", answer->is_xml ? "xml" : "json");
    else if (answer->status >= 100 && answer->status <= 599)
        odd_suffix(kept, out);
    else
        (void)snprintf(out, SUFFIX_MAX, "%s", answer->no_region ? MLN_REPLAY_NO_REGION : "");
    return kept;
}

static int clean(
        struct mln_recorder *recorder, const struct mln_collect_answer *answer, struct mln_err *err)
{
    const struct mln_plan_entry *entry = &recorder->plan->entries[answer->request->call.index];

    mln_buf_reset(&recorder->text);
    if (answer->status != 0)
        return mln_record_clean(answer, &entry->mask, &recorder->text, err);
    mln_buf_add_cstr(&recorder->text, answer->failure);
    return MLN_OK;
}

static int keep(
        struct mln_recorder *recorder, const struct mln_collect_answer *answer, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf path = MLN_BUF_INIT(PATH_BYTES);
    MLN_AUTO_CLOSE int folder = -1;
    char suffix[SUFFIX_MAX], name[NAME_BYTES];
    uintptr_t kept = suffix_of(answer, suffix);
    struct mln_str text = { 0 }, stem = { 0 };
    int rc = clean(recorder, answer, err);

    if (rc != MLN_OK)
        return rc;
    mln_replay_name(answer->request, &path);
    rc = mln_buf_done(&path, &text, err);
    if (rc != MLN_OK)
        return rc;
    folder = enter(recorder, text, &stem);
    if (folder < 0)
        return cannot(recorder, "make the folder of", path.ptr, err);
    file_name(stem, suffix, name);
    if (suffix[0] != '\0')
        rc = write_file(recorder, folder, name, mln_buf_str(&recorder->text), false, err);
    if (rc == MLN_OK)
        remove_others(recorder, folder, text, stem, suffix);
    if (rc == MLN_OK && suffix[0] != '\0' && !is_usual(suffix))
        rc = mln_map_put(&recorder->odd, text,
                /* NOLINTNEXTLINE(performance-no-int-to-ptr): a number, never followed */
                (void *)kept, NULL);
    return rc;
}

/* ---- whose recording it is ---- */

static int other_account(const struct mln_recorder *recorder, struct mln_err *err)
{
    return mln_fail(err, MLN_EEXIST,
            "'%s' holds a recording of the account %s: give another folder", recorder->folder_name,
            recorder->account);
}

/* The answer that says whose account it is. It comes before all others. */
static int check_account(
        struct mln_recorder *recorder, const struct mln_collect_answer *answer, struct mln_err *err)
{
    const struct mln_row_map *rows = recorder->plan->schema.calls[answer->request->call.index].rows;
    MLN_AUTO(mln_buf_free) struct mln_buf id = MLN_BUF_INIT(HEADER_MAX);
    struct mln_json *json = NULL;
    struct mln_json_value value;
    struct mln_err ignored;
    bool is_other;

    if (recorder->account[0] == '\0' || answer->status != 200 || rows == NULL || !rows->has_id ||
            strcmp(answer->request->call.table, MLN_ACCOUNT_TABLE) != 0 ||
            mln_json_parse(answer->body, &json, &ignored) != MLN_OK)
        return MLN_OK;
    is_other = mln_path_find(mln_json_root(json), &rows->id, &value) &&
               mln_json_scalar(value, &id) && !mln_str_is(mln_buf_str(&id), recorder->account);
    mln_json_free(json);
    if (is_other)
        return other_account(recorder, err);
    /* From here on it is neither the old recording nor the new one. */
    (void)unlinkat(recorder->folder, HEADER, 0);
    recorder->account[0] = '\0';
    return MLN_OK;
}

/* ---- the transport ---- */

static int submit(void *ctx, const struct mln_collect_request *request, struct mln_err *err)
{
    struct mln_recorder *recorder = ctx;
    int rc = recorder->inner.submit(recorder->inner.ctx, request, err);

    recorder->held += rc == MLN_OK;
    return rc;
}

static int next(void *ctx, int64_t wait_ms, struct mln_collect_answer *out, struct mln_err *err)
{
    struct mln_recorder *recorder = ctx;
    struct mln_collect_answer answer;
    int rc = recorder->inner.next(recorder->inner.ctx, wait_ms, &answer, err);

    if (rc != MLN_OK)
        return rc;
    recorder->held--;
    rc = check_account(recorder, &answer, err);
    if (rc == MLN_OK)
        rc = keep(recorder, &answer, err);
    if (rc == MLN_OK)
        *out = answer;
    return rc;
}

static void pause_for(void *ctx, int64_t ms)
{
    struct mln_recorder *recorder = ctx;

    recorder->inner.pause(recorder->inner.ctx, ms);
}

static void drop(void *ctx)
{
    struct mln_recorder *recorder = ctx;
    struct mln_collect_answer ignored;
    struct mln_err err;

    if (recorder->inner.drop != NULL)
        recorder->inner.drop(recorder->inner.ctx);
    else
        while (recorder->held > 0 &&
                recorder->inner.next(recorder->inner.ctx, DROP_WAIT_MS, &ignored, &err) == MLN_OK)
            recorder->held--;
    recorder->held = 0;
}

struct mln_collect_transport mln_recorder_transport(struct mln_recorder *recorder)
{
    return (struct mln_collect_transport){ .in_flight_max = recorder->inner.in_flight_max,
        .submit = submit,
        .next = next,
        .pause = pause_for,
        .drop = drop, /* An answer that could not be written never gets back. */
        .ctx = recorder };
}

/* ---- the whole ---- */

/* A header that cannot be read is not ours to write over. */
static int look_for_header(struct mln_recorder *recorder, struct mln_err *err)
{
    struct mln_replay *earlier = NULL;
    int rc;

    if (faccessat(recorder->folder, HEADER, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        return MLN_OK;
    rc = mln_replay_open(recorder->folder_name, &earlier, err);
    if (rc != MLN_OK)
        return rc;
    (void)snprintf(recorder->account, sizeof(recorder->account), "%.*s",
            MLN_FMT(mln_replay_account(earlier)));
    mln_replay_free(earlier);
    return MLN_OK;
}

static int open_folder(struct mln_recorder *recorder, const char *folder, struct mln_err *err)
{
    int rc = mln_dir_make(folder, err);

    recorder->folder_name = strdup(folder);
    if (rc == MLN_OK && recorder->folder_name == NULL)
        rc = mln_fail(err, MLN_ENOMEM, "out of memory");
    if (rc != MLN_OK)
        return rc;
    /* The folder itself is the caller's choice and may be a link. */
    recorder->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (recorder->folder < 0)
        return cannot(recorder, "open", "the folder", err);
    return look_for_header(recorder, err);
}

int mln_recorder_new(const char *folder, const struct mln_collect_transport *inner,
        const struct mln_plan *plan, struct mln_recorder **out, struct mln_err *err)
{
    struct mln_recorder *recorder = calloc(1, sizeof(*recorder));
    int rc;

    if (recorder == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    recorder->folder = -1;
    recorder->inner = *inner;
    recorder->plan = plan;
    recorder->text.max = 2 * MLN_ANSWER_BYTES_MAX;
    mln_map_init(&recorder->odd, ODD_MAX);
    rc = open_folder(recorder, folder, err);
    if (rc == MLN_OK)
        *out = MLN_TAKE(recorder);
    mln_recorder_free(recorder);
    return rc;
}

int mln_recorder_finish(struct mln_recorder *recorder, struct mln_str account_id,
        int64_t recorded_ms, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(HEADER_MAX);
    char time[MLN_TIME_TEXT_MAX];
    struct mln_str done;
    int rc;

    if (recorder->account[0] != '\0' && !mln_str_is(account_id, recorder->account))
        return other_account(recorder, err);
    mln_time_format(recorded_ms, time);
    mln_buf_add_cstr(&text, "{\"format\": 1, \"account\": ");
    mln_json_quote(account_id, &text);
    mln_buf_addf(&text, ", \"recorded\": \"%s\"}\n", time);
    rc = mln_buf_done(&text, &done, err);
    return rc == MLN_OK ? write_file(recorder, recorder->folder, HEADER, done, true, err) : rc;
}

void mln_recorder_free(struct mln_recorder *recorder)
{
    if (recorder == NULL)
        return;
    if (recorder->folder >= 0)
        (void)close(recorder->folder);
    mln_map_fini(&recorder->odd, NULL);
    mln_buf_free(&recorder->text);
    free(recorder->folder_name);
    free(recorder);
}
