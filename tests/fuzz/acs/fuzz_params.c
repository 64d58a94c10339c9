/* Request parameters: the first byte picks the syntax, JSON or a query; the rest is what a client
 * sent. */
#include "acs/params.h"
#include "acs/percent.h"

#define ARENA_BYTES ((size_t)16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void read_all(const struct mln_params *params, struct mln_arena *arena)
{
    struct mln_param_indexes indexes;
    struct mln_str value;
    struct mln_err err;

    (void)mln_params_repeated(params);
    (void)mln_params_get(params, "a", true, &value);
    if (mln_params_indexes(params, arena, "L", MLN_PARAMS_MAX, &indexes, &err) != MLN_OK)
        return;
    for (size_t i = 0; i < indexes.count; i++) {
        require(i == 0 || indexes.items[i - 1] < indexes.items[i]);
        (void)mln_params_list_get(params, "L", indexes.items[i], NULL, &value);
        (void)mln_params_list_get(params, "L", indexes.items[i], "a", &value);
    }
}

/* What was decoded, encoded again, decodes to the same. */
static void round_trip(const struct mln_params *params, struct mln_arena *arena)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(ARENA_BYTES);
    struct mln_params again = { 0 };
    struct mln_err err;

    for (size_t i = 0; i < params->count; i++) {
        mln_percent_encode(params->items[i].name, &text);
        mln_buf_add_char(&text, '=');
        mln_percent_encode(params->items[i].value, &text);
        mln_buf_add_char(&text, '&');
    }
    if (mln_params_parse_query(&again, arena, mln_buf_str(&text), &err) != MLN_OK)
        return; /* Out of the arena's room. */
    require(again.count == params->count);
    for (size_t i = 0; i < again.count; i++)
        require(mln_str_eq(again.items[i].name, params->items[i].name) &&
                mln_str_eq(again.items[i].value, params->items[i].value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(ARENA_BYTES);
    struct mln_params params = { 0 };
    struct mln_str text;
    struct mln_err err;
    int rc;

    if (size == 0)
        return 0;
    text = (struct mln_str){ .ptr = (const char *)data + 1, .len = size - 1 };
    rc = data[0] == 'j' ? mln_params_parse_json(&params, &arena, text, &err)
                        : mln_params_parse_query(&params, &arena, text, &err);
    require(rc == MLN_OK || params.count == 0);
    mln_params_sort(&params);
    read_all(&params, &arena);
    round_trip(&params, &arena);
    return 0;
}
