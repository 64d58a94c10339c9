#include "api/answers.h"

#define HASH_FACTOR 0x9E3779B97F4A7C15U

/* Whoever makes keys meet only makes answers leave. */
static size_t slot_of(struct mln_str key)
{
    uint64_t hash = key.len, word;
    size_t len;

    for (size_t at = 0; at < key.len; at += len) {
        len = key.len - at < sizeof(word) ? key.len - at : sizeof(word);
        word = 0;
        memcpy(&word, key.ptr + at, len);
        hash = (hash ^ word) * HASH_FACTOR;
        hash ^= hash >> 32;
    }
    return (size_t)hash % MLN_ANSWERS_MAX;
}

void mln_answers_free(struct mln_answers *answers)
{
    for (size_t i = 0; answers->slots != NULL && i < MLN_ANSWERS_MAX; i++) {
        mln_buf_free(&answers->slots[i].key);
        mln_buf_free(&answers->slots[i].body);
    }
    free(answers->slots);
    answers->slots = NULL;
}

bool mln_answers_get(const struct mln_answers *answers, struct mln_str key, int64_t version,
        struct mln_writer *writer)
{
    const struct mln_answer *answer;
    struct mln_buf *out = writer->out;

    if (answers->slots == NULL)
        return false;
    answer = &answers->slots[slot_of(key)];
    if (answer->version != version || key.len == 0 || !mln_str_eq(mln_buf_str(&answer->key), key))
        return false;
    mln_buf_reset(out);
    mln_buf_add(out, mln_buf_str(&answer->body));
    *writer = answer->writer;
    writer->out = out;
    return true;
}

static bool make_slots(struct mln_answers *answers)
{
    if (answers->slots != NULL)
        return true;
    answers->slots = calloc(MLN_ANSWERS_MAX, sizeof(*answers->slots));
    for (size_t i = 0; answers->slots != NULL && i < MLN_ANSWERS_MAX; i++) {
        answers->slots[i].key.max = MLN_ANSWER_KEY_BYTES_MAX;
        answers->slots[i].body.max = MLN_ANSWER_BODY_BYTES_MAX;
    }
    return answers->slots != NULL;
}

void mln_answers_put(struct mln_answers *answers, struct mln_str key, int64_t version,
        const struct mln_writer *writer)
{
    struct mln_answer *answer;

    if (key.len == 0 || writer->out->code != MLN_OK ||
            writer->out->len >= MLN_ANSWER_BODY_BYTES_MAX || !make_slots(answers))
        return;
    answer = &answers->slots[slot_of(key)];
    mln_buf_reset(&answer->key);
    mln_buf_reset(&answer->body);
    mln_buf_add(&answer->key, key);
    mln_buf_add(&answer->body, mln_buf_str(writer->out));
    if (answer->body.code != MLN_OK)
        mln_buf_reset(&answer->key); /* An empty key is never asked for. */
    answer->writer = *writer;
    answer->version = version;
}
