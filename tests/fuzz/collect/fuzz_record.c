/* Answers on their way into a recording: JSON stays JSON of the same shape, and what the live
 * transport reads of an error is bounded. First byte: XML or not, and how the answer was asked for.
 */
#include <stdlib.h>

#include "collect/live_priv.h"
#include "collect/record_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool count(struct mln_str text, size_t *out)
{
    struct mln_json *json = NULL;
    struct mln_err err;

    if (mln_json_parse(text, &json, &err) != MLN_OK)
        return false;
    *out = mln_json_count(mln_json_root(json));
    mln_json_free(json);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = { 200, 400, 403, 503 };
    static const struct mln_str names[] = { { "Key", 3 }, { "a", 1 } };
    const struct mln_yaml_strs mask = { names, size > 0 && data[0] & 2 ? MLN_LEN(names) : 0 };
    MLN_AUTO(mln_buf_free) struct mln_buf clean = MLN_BUF_INIT(2 * MLN_ANSWER_BYTES_MAX);
    struct mln_http_response response = { .retry_after_ms = -1 };
    struct mln_collect_answer answer = { .retry_after_ms = -1 };
    struct mln_live_reading reading;
    size_t before = 0, after = 0;
    struct mln_err err;

    if (size < 1)
        return 0;
    answer.is_xml = data[0] % 2 == 1;
    answer.body = (struct mln_str){ (const char *)data + 1, size - 1 };
    if (mln_record_clean(&answer, &mask, &clean, &err) == MLN_OK && !answer.is_xml &&
            count(answer.body, &before) && (!count(mln_buf_str(&clean), &after) || before != after))
        abort();
    response.status = statuses[data[0] / 4 % MLN_LEN(statuses)];
    response.body.max = size;
    mln_buf_add(&response.body, answer.body);
    mln_live_read(answer.is_xml ? MLN_STYLE_OSS : MLN_STYLE_RPC, &response, &reading);
    if (memchr(reading.code, '\0', sizeof(reading.code)) == NULL)
        abort();
    mln_buf_free(&response.body);
    return 0;
}
