/*
 * Reading line by line through one buffer. It keeps, in front of the next line, the last bytes that
 * were consumed, so that the tail fingerprint needs no second read of a file that may have changed
 * meanwhile. A line that does not fit keeps its head and the rest is skipped: the buffer's size is
 * the limit on memory.
 */
#include "detect/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>

#define CHUNK      ((size_t)128 * 1024)
#define LINE_ROOM  (MLN_LINE_MAX + 2) /* "\r\n" */
#define BUFFER_MAX (MLN_FINGERPRINT_MAX + LINE_ROOM + CHUNK)

struct mln_source {
    int fd;
    bool owned, stream, ended, shrunk;
    char id[64];
    char *buffer;
    size_t cap;
    size_t start;    /* Of the next line; the bytes before it are history. */
    size_t end;      /* Of what was read. */
    size_t seen;     /* Up to here there is no newline. */
    size_t joined;   /* From here to `start` the bytes are neighbours in the file, too. */
    int64_t offset;  /* In the file, of `start`. */
    int64_t skipped; /* Bytes of the line that were read and thrown away, after its head. */
    char head[MLN_FINGERPRINT_MAX];
    size_t head_len;
};

static int open_error(struct mln_err *err, const char *path, int number)
{
    int code = MLN_EIO;

    if (number == ENOENT || number == ENOTDIR)
        code = MLN_ENOTFOUND;
    else if (number == EACCES || number == EPERM)
        code = MLN_EDENIED;
    return mln_fail(err, code, "open '%s': %s", path, mln_errno_text(number));
}

/* Devices could block or never end; standard input may be a terminal. */
static int check_kind(struct mln_source *source, const char *path, struct mln_err *err)
{
    struct stat st;

    if (fstat(source->fd, &st) != 0)
        return mln_fail(err, MLN_EIO, "'%s': %s", path, mln_errno_text(errno));
    if (S_ISDIR(st.st_mode))
        return mln_fail(err, MLN_EINVAL, "'%s' is a folder, not a log file", path);
    if (!source->owned) {
        source->stream = true;
        (void)snprintf(source->id, sizeof(source->id), "stdin");
    } else if (S_ISREG(st.st_mode)) {
        (void)snprintf(source->id, sizeof(source->id), "file:%ju:%ju", (uintmax_t)st.st_dev,
                (uintmax_t)st.st_ino);
    } else if (S_ISFIFO(st.st_mode)) {
        source->stream = true;
        (void)snprintf(source->id, sizeof(source->id), "pipe:%ju:%ju", (uintmax_t)st.st_dev,
                (uintmax_t)st.st_ino);
    } else {
        return mln_fail(err, MLN_EINVAL, "'%s' is a device, not a log file", path);
    }
    return MLN_OK;
}

int mln_source_open(const char *path, struct mln_source **out, struct mln_err *err)
{
    struct mln_source *source = calloc(1, sizeof(*source));
    int rc;

    if (source == NULL)
        return mln_fail(err, MLN_ENOMEM, "no memory for a log source");
    source->owned = strcmp(path, "-") != 0;
    source->cap = CHUNK + MLN_FINGERPRINT_MAX;
    source->buffer = mln_resize(NULL, source->cap, 1);
    source->fd = source->owned ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : STDIN_FILENO;
    if (source->fd < 0)
        rc = open_error(err, path, errno);
    else if (source->buffer == NULL)
        rc = mln_fail(err, MLN_ENOMEM, "no memory for a log source");
    else
        rc = check_kind(source, path, err);
    if (rc < 0) {
        mln_source_close(source);
        return rc;
    }
    *out = source;
    return MLN_OK;
}

void mln_source_close(struct mln_source *source)
{
    if (source == NULL)
        return;
    if (source->owned && source->fd >= 0)
        (void)close(source->fd);
    free(source->buffer);
    free(source);
}

bool mln_source_is_stream(const struct mln_source *source)
{
    return source->stream;
}

const char *mln_source_id(const struct mln_source *source)
{
    return source->id;
}

/* Up to `len` bytes at `offset`, fewer only at the end of the file. */
static int read_at(struct mln_source *source, int64_t offset, char *out, size_t len, size_t *got,
        struct mln_err *err)
{
    size_t have = 0;

    while (have < len) {
        ssize_t n = pread(source->fd, out + have, len - have, (off_t)offset + (off_t)have);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return mln_fail(err, MLN_EIO, "read '%s': %s", source->id, mln_errno_text(errno));
        if (n == 0)
            break;
        have += (size_t)n;
    }
    *got = have;
    return MLN_OK;
}

static void fingerprint(const char *bytes, size_t len, char out[MLN_FINGERPRINT_HEX])
{
    unsigned char hash[(MLN_FINGERPRINT_HEX - 1) / 2];

    (void)crypto_generichash(
            hash, sizeof(hash), (const unsigned char *)bytes, (unsigned long long)len, NULL, 0);
    (void)sodium_bin2hex(out, MLN_FINGERPRINT_HEX, hash, sizeof(hash));
}

/* The fingerprint of a stretch of the file; *whole is false when the file does not hold all of it.
 */
static int file_fingerprint(struct mln_source *source, int64_t offset, int64_t len, bool *whole,
        char out[MLN_FINGERPRINT_HEX], struct mln_err *err)
{
    char bytes[MLN_FINGERPRINT_MAX];
    size_t got = 0;
    int rc;

    if (len < 0 || len > (int64_t)sizeof(bytes) || offset < 0)
        return mln_fail(err, MLN_EINVAL, "a fingerprint of %jd bytes", (intmax_t)len);
    rc = read_at(source, offset, bytes, (size_t)len, &got, err);
    if (rc < 0)
        return rc;
    *whole = got == (size_t)len;
    fingerprint(bytes, got, out);
    return MLN_OK;
}

int mln_source_head(
        struct mln_source *source, int64_t len, char out[MLN_FINGERPRINT_HEX], struct mln_err *err)
{
    char hex[MLN_FINGERPRINT_HEX];
    bool whole;
    int rc;

    if (source->stream)
        return mln_fail(err, MLN_EINVAL, "a stream has no fingerprint");
    rc = file_fingerprint(source, 0, len, &whole, hex, err);
    if (rc < 0)
        return rc;
    if (!whole)
        return mln_fail(err, MLN_ENOTFOUND, "'%s' is shorter than its fingerprint", source->id);
    memcpy(out, hex, sizeof(hex));
    return MLN_OK;
}

static int compare(struct mln_source *source, const struct mln_source_position *position,
        enum mln_source_match *out, struct mln_err *err)
{
    char head[MLN_FINGERPRINT_HEX] = "", tail[MLN_FINGERPRINT_HEX] = "";
    bool head_whole = false, tail_whole = false;
    struct stat st;
    int rc;

    if (fstat(source->fd, &st) != 0)
        return mln_fail(err, MLN_EIO, "'%s': %s", source->id, mln_errno_text(errno));
    rc = file_fingerprint(source, 0, position->head_len, &head_whole, head, err);
    if (rc == MLN_OK)
        rc = file_fingerprint(source, position->offset - position->tail_len, position->tail_len,
                &tail_whole, tail, err);
    if (rc < 0)
        return rc;
    if (!head_whole || strcmp(head, position->head) != 0)
        *out = MLN_SOURCE_OTHER;
    else if (tail_whole && strcmp(tail, position->tail) == 0 &&
             (int64_t)st.st_size >= position->offset)
        *out = MLN_SOURCE_SAME;
    else
        *out = MLN_SOURCE_REWRITTEN;
    return MLN_OK;
}

int mln_source_match(struct mln_source *source, const struct mln_source_position *position,
        enum mln_source_match *out, struct mln_err *err)
{
    enum mln_source_match match = MLN_SOURCE_OTHER;
    int rc = MLN_OK;

    /* With nothing read there is no content to know a file by. */
    if (!source->stream && (position->head_len > 0 || strcmp(source->id, position->source_id) == 0))
        rc = compare(source, position, &match, err);
    if (rc == MLN_OK)
        *out = match;
    return rc;
}

/* Reads back the history that a position after `offset` needs. */
int mln_source_seek(struct mln_source *source, int64_t offset, struct mln_err *err)
{
    int64_t history = offset < (int64_t)MLN_FINGERPRINT_MAX ? offset : (int64_t)MLN_FINGERPRINT_MAX;
    size_t head_len = 0, got = 0;
    int rc;

    if (source->stream && offset == 0 && source->offset == 0 && source->end == 0)
        return MLN_OK;
    if (source->stream || offset < 0)
        return mln_fail(
                err, MLN_EINVAL, "'%s' cannot be read from %jd", source->id, (intmax_t)offset);
    rc = read_at(source, 0, source->head, (size_t)history, &head_len, err);
    if (rc == MLN_OK)
        rc = read_at(source, offset - history, source->buffer, (size_t)history, &got, err);
    if (rc < 0)
        return rc;
    if (got < (size_t)history)
        return mln_fail(
                err, MLN_EINVAL, "'%s' is shorter than %jd bytes", source->id, (intmax_t)offset);
    if (lseek(source->fd, (off_t)offset, SEEK_SET) < 0)
        return mln_fail(err, MLN_EIO, "seek '%s': %s", source->id, mln_errno_text(errno));
    source->head_len = head_len;
    source->start = source->end = source->seen = got;
    source->joined = 0;
    source->offset = offset;
    source->skipped = 0;
    source->shrunk = false;
    return MLN_OK;
}

/* Moves the history and what is left of the line to the front. */
static void compact(struct mln_source *source)
{
    size_t keep = source->start < MLN_FINGERPRINT_MAX ? source->start : MLN_FINGERPRINT_MAX;
    size_t drop = source->start - keep;

    if (drop == 0)
        return;
    memmove(source->buffer, source->buffer + drop, source->end - drop);
    source->start -= drop;
    source->end -= drop;
    source->seen -= drop;
    source->joined -= source->joined < drop ? source->joined : drop;
}

static bool make_room(struct mln_source *source)
{
    size_t cap = source->cap;
    char *grown;

    compact(source);
    if (cap - source->end >= CHUNK / 2 || cap >= BUFFER_MAX)
        return true;
    cap = cap * 2 < BUFFER_MAX ? cap * 2 : BUFFER_MAX;
    grown = mln_resize(source->buffer, cap, 1);
    if (grown == NULL)
        return false;
    source->buffer = grown;
    source->cap = cap;
    return true;
}

/* What was read for the first time, if it belongs to the head of the file. */
static void remember_head(struct mln_source *source, const char *bytes, size_t len, int64_t offset)
{
    size_t room = MLN_FINGERPRINT_MAX - source->head_len;

    if (offset != (int64_t)source->head_len || room == 0)
        return;
    if (len > room)
        len = room;
    memcpy(source->head + source->head_len, bytes, len);
    source->head_len += len;
}

/* Throws away what follows the head of a line that is too long, so that reading can go on behind
 * it. */
static void skip_rest(struct mln_source *source)
{
    size_t length = source->end - source->start;

    if (length <= LINE_ROOM)
        return;
    source->skipped += (int64_t)(length - LINE_ROOM);
    source->end = source->start + LINE_ROOM;
    source->seen = source->end;
}

/* The end of a stream is final. A file that is shorter than what was read of it is no longer that
 * file. */
static int at_end(struct mln_source *source, struct mln_err *err)
{
    struct stat st;

    source->ended = source->stream;
    if (source->stream)
        return 0;
    if (fstat(source->fd, &st) != 0)
        return mln_fail(err, MLN_EIO, "'%s': %s", source->id, mln_errno_text(errno));
    source->shrunk = (int64_t)st.st_size < source->offset + mln_source_partial_bytes(source);
    return 0;
}

/* Reads more: 1, or 0 at the end, or a code. */
static int fill(struct mln_source *source, struct mln_err *err)
{
    ssize_t n;

    if (!make_room(source))
        return mln_fail(err, MLN_ENOMEM, "no memory for a long line");
    do
        n = read(source->fd, source->buffer + source->end, source->cap - source->end);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return mln_fail(err, MLN_EIO, "read '%s': %s", source->id, mln_errno_text(errno));
    if (n == 0)
        return at_end(source, err);
    remember_head(source, source->buffer + source->end, (size_t)n,
            source->offset + (int64_t)(source->end - source->start) + source->skipped);
    source->end += (size_t)n;
    return 1;
}

/* Gives the line from `start` to `newline`, and moves on. */
static void give(
        struct mln_source *source, size_t length, size_t newline, struct mln_source_line *out)
{
    const char *text = source->buffer + source->start;
    size_t len = length;

    if (source->skipped == 0 && len > 0 && text[len - 1] == '\r')
        len--;
    out->truncated = source->skipped > 0 || len > MLN_LINE_MAX;
    out->text = (struct mln_str){ .ptr = text, .len = len < MLN_LINE_MAX ? len : MLN_LINE_MAX };
    if (source->skipped > 0)
        source->joined = source->start + LINE_ROOM; /* Only the end of this line follows its gap. */
    source->offset += (int64_t)(length + newline) + source->skipped;
    source->start += length + newline;
    source->seen = source->start;
    source->skipped = 0;
}

bool mln_source_next(
        struct mln_source *source, struct mln_source_line *out, bool *failed, struct mln_err *err)
{
    *failed = false;
    for (;;) {
        const char *from = source->buffer + source->seen;
        const char *newline = memchr(from, '\n', source->end - source->seen);
        int rc;

        if (newline != NULL) {
            give(source, (size_t)(newline - source->buffer) - source->start, 1, out);
            return true;
        }
        source->seen = source->end;
        skip_rest(source);
        rc = source->ended || source->shrunk ? 0 : fill(source, err);
        if (rc > 0)
            continue;
        *failed = rc < 0;
        if (rc < 0 || !source->ended || source->end == source->start)
            return false;
        give(source, source->end - source->start, 0, out);
        return true;
    }
}

int64_t mln_source_partial_bytes(const struct mln_source *source)
{
    return (int64_t)(source->end - source->start) + source->skipped;
}

int mln_source_position(
        struct mln_source *source, struct mln_source_position *out, struct mln_err *err)
{
    size_t read = source->start - source->joined;
    size_t history = read < MLN_FINGERPRINT_MAX ? read : MLN_FINGERPRINT_MAX;
    size_t head = (int64_t)source->head_len < source->offset ? source->head_len
                                                             : (size_t)source->offset;
    struct mln_source_position position = { .offset = source->offset };

    (void)err;
    memcpy(position.source_id, source->id, sizeof(position.source_id));
    if (!source->stream) {
        position.head_len = (int64_t)head;
        position.tail_len = (int64_t)history;
        fingerprint(source->head, head, position.head);
        fingerprint(source->buffer + source->start - history, history, position.tail);
    }
    *out = position;
    return MLN_OK;
}
