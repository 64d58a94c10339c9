/*
 * Line sources: a log file with an identity, or a stream. A file is (device, inode, fingerprint of
 * its first bytes); how far it was read is kept by the caller and committed with what was found, so
 * that reading twice changes nothing and a killed detector repeats nothing. Rotation by rename and
 * by copy-and-truncate are recognised.
 */
#pragma once

#include "base/str.h"

#define MLN_LINE_MAX        ((size_t)1024 * 1024) /* Longer lines are cut, and said. */
#define MLN_FINGERPRINT_MAX ((size_t)4096)        /* Bytes of head and tail that are hashed. */
#define MLN_FINGERPRINT_HEX 33

struct mln_source;

/* Where reading stands: what is stored under the source's name. */
struct mln_source_position {
    char source_id[64]; /* "file:DEV:INODE" */
    char head[MLN_FINGERPRINT_HEX], tail[MLN_FINGERPRINT_HEX];
    int64_t head_len, tail_len, offset;
};

/*
 * Opens a file ("-" is standard input; a named pipe is a stream too). MLN_ENOTFOUND, MLN_EDENIED,
 * MLN_EINVAL (a directory, a device), MLN_EIO. Nothing is read yet.
 */
MLN_MUST_USE int mln_source_open(const char *path, struct mln_source **out, struct mln_err *err);
void mln_source_close(struct mln_source *source);

bool mln_source_is_stream(const struct mln_source *source);
const char *mln_source_id(const struct mln_source *source);

/*
 * The head fingerprint over the first `len` bytes (at most MLN_FINGERPRINT_MAX) of the file.
 * MLN_ENOTFOUND when it is shorter.
 */
MLN_MUST_USE int mln_source_head(
        struct mln_source *source, int64_t len, char out[MLN_FINGERPRINT_HEX], struct mln_err *err);

/*
 * Does the file still begin and continue as `position` says, whatever its name and id? SAME: size
 * not smaller, head and tail equal: reading may go on at position->offset. REWRITTEN: it begins
 * like it but does not go on like it. OTHER: another file, also one that took over the inode or was
 * copied and truncated. Where nothing had been read, the id decides. A stream is always OTHER.
 */
enum mln_source_match { MLN_SOURCE_SAME, MLN_SOURCE_OTHER, MLN_SOURCE_REWRITTEN };
MLN_MUST_USE int mln_source_match(struct mln_source *source,
        const struct mln_source_position *position, enum mln_source_match *out,
        struct mln_err *err);

/* Goes to `offset` of a file. MLN_EINVAL beyond the end, and for a stream (0 before its first read
 * is fine). */
MLN_MUST_USE int mln_source_seek(struct mln_source *source, int64_t offset, struct mln_err *err);

struct mln_source_line {
    struct mln_str
            text;   /* Without the newline (and a '\r' before it); borrowed until the next call. */
    bool truncated; /* Only the first MLN_LINE_MAX bytes are given. */
};

/*
 * The next complete line. False at the end; it may be called again when the file has grown. A last
 * line without newline is not given but left for the next run (mln_source_partial_bytes says how
 * long it is); the end of a stream is final, so there it is given. A file that became shorter than
 * what was read of it ends too: mln_source_match() then tells. `err` and *failed on a read
 * error.
 */
bool mln_source_next(
        struct mln_source *source, struct mln_source_line *out, bool *failed, struct mln_err *err);
int64_t mln_source_partial_bytes(const struct mln_source *source);

/*
 * The position after the last line given; fingerprints are of the bytes as they were read, so that
 * it describes what was consumed even if the file has changed since. A stream has an offset and no
 * fingerprints.
 */
MLN_MUST_USE int mln_source_position(
        struct mln_source *source, struct mln_source_position *out, struct mln_err *err);
