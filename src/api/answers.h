/*
 * Answers that are asked for again while nothing changes: consoles and scripts poll the same page.
 * One thread's; an answer is used only while the store's data version is the one it was made at, so
 * it is never older than the last commit. What a caller may see is decided before, for each call.
 */
#pragma once

#include "base/str.h"
#include "wire/writer.h"

#define MLN_ANSWERS_MAX           64
#define MLN_ANSWER_KEY_BYTES_MAX  ((size_t)512)
#define MLN_ANSWER_BODY_BYTES_MAX ((size_t)32 * 1024)

struct mln_answer {
    struct mln_buf key, body;
    struct mln_writer writer; /* As it stood behind the body. */
    int64_t version;
};

/* Zeroed is empty. */
struct mln_answers {
    struct mln_answer *slots; /* Made when the first answer is kept. */
};

void mln_answers_free(struct mln_answers *answers);

/*
 * Puts a kept answer into `writer`, which has just begun, as if its members had been written. False
 * when there is none for `key` at `version`.
 */
bool mln_answers_get(const struct mln_answers *answers, struct mln_str key, int64_t version,
        struct mln_writer *writer);

/* Keeps what `writer` has written so far, in place of an older answer; a large one is not kept. */
void mln_answers_put(struct mln_answers *answers, struct mln_str key, int64_t version,
        const struct mln_writer *writer);
