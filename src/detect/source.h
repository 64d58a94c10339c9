/*
 * Line sources: a log file with an identity, or a stream. A file is (device, inode, fingerprint of its
 * first bytes); how far it was read is kept by the caller and committed with what was found, so that
 * reading twice changes nothing and a killed detector repeats nothing. Rotation by rename and by
 * copy-and-truncate are recognised.
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
 * Opens a file ("-" is standard input). MLN_ENOTFOUND, MLN_EDENIED, MLN_EINVAL (a directory, a device),
 * MLN_EIO. Nothing is read yet.
 */
MLN_MUST_USE int mln_source_open(const char *path, struct mln_source **out, struct mln_err *err);
void mln_source_close(struct mln_source *source);

bool mln_source_is_stream(const struct mln_source *source);
const char *mln_source_id(const struct mln_source *source);

/* The head fingerprint over the first `len` bytes (at most MLN_FINGERPRINT_MAX) of the file. */
MLN_MUST_USE int mln_source_head(struct mln_source *source, int64_t len,
        char out[MLN_FINGERPRINT_HEX], struct mln_err *err);

/* Does the file still begin and continue as `position` says (head and tail equal, size not smaller)? */
enum mln_source_match { MLN_SOURCE_SAME, MLN_SOURCE_OTHER, MLN_SOURCE_REWRITTEN };
MLN_MUST_USE int mln_source_match(struct mln_source *source, const struct mln_source_position *position,
        enum mln_source_match *out, struct mln_err *err);

/* Goes to `offset` before the first read. */
MLN_MUST_USE int mln_source_seek(struct mln_source *source, int64_t offset, struct mln_err *err);

struct mln_source_line {
    struct mln_str text;   /* Without the newline (and a '\r' before it); borrowed until the next call. */
    bool truncated;        /* Only the first MLN_LINE_MAX bytes are given. */
};

/*
 * The next complete line. False at the end; a last line without newline is not given: it stays for the
 * next run (mln_source_partial_bytes says how long it is). `err` and *failed on a read error.
 */
bool mln_source_next(struct mln_source *source, struct mln_source_line *out, bool *failed,
        struct mln_err *err);
int64_t mln_source_partial_bytes(const struct mln_source *source);

/* The position after the last line given; fingerprints included. */
MLN_MUST_USE int mln_source_position(struct mln_source *source, struct mln_source_position *out,
        struct mln_err *err);
