#include "api/sas/query.h"

const struct mln_word sas_level_words[] = {
    { "high", 3 },
    { "low", 1 },
    { "medium", 2 },
    { 0 },
};

static bool indexes_of(struct mln_call *call, const char *name, struct mln_param_indexes *out)
{
    struct mln_err err = { 0 };

    return mln_params_indexes(&call->params, &call->arena, name, SAS_LIST_MAX, out, &err) ==
                   MLN_OK ||
           mln_call_refuse(call, MLN_ACS_INVALID_PARAM, name);
}

bool sas_read_texts(struct mln_call *call, const char *name, struct sas_texts *out)
{
    struct mln_param_indexes indexes = { 0 };

    out->count = 0;
    if (!indexes_of(call, name, &indexes))
        return false;
    out->items = mln_arena_alloc(&call->arena, (indexes.count + 1) * sizeof(*out->items));
    if (out->items == NULL)
        return mln_call_refuse(call, MLN_ACS_INVALID_PARAM, name);
    for (size_t i = 0; i < indexes.count; i++) {
        struct mln_str *item = &out->items[out->count++];

        if (!mln_params_list_get(&call->params, name, indexes.items[i], NULL, item) ||
                item->len == 0)
            return mln_call_refuse(call, MLN_ACS_INVALID_PARAM, name);
    }
    return true;
}

bool sas_read_numbers(struct mln_call *call, const char *name, struct sas_numbers *out)
{
    struct sas_texts texts = { 0 };

    out->count = 0;
    if (!sas_read_texts(call, name, &texts))
        return false;
    out->items = mln_arena_alloc(&call->arena, (texts.count + 1) * sizeof(*out->items));
    if (out->items == NULL)
        return mln_call_refuse(call, MLN_ACS_INVALID_PARAM, name);
    for (size_t i = 0; i < texts.count; i++) {
        int64_t *number = &out->items[out->count++];

        if (mln_str_to_i64(texts.items[i], number) != MLN_OK || *number < 1 ||
                *number > SAS_ITEM_MAX)
            return mln_call_refuse(call, MLN_ACS_INVALID_PARAM, name);
    }
    return true;
}

bool sas_read_bits(
        struct mln_call *call, const char *name, const struct mln_word *words, unsigned *out)
{
    struct sas_texts texts = { 0 };

    *out = 0;
    if (!sas_read_texts(call, name, &texts))
        return false;
    for (size_t i = 0; i < texts.count; i++) {
        const struct mln_word *word = words;

        while (word->name != NULL && !mln_str_is(texts.items[i], word->name))
            word++;
        if (word->name == NULL)
            return mln_call_refuse(call, MLN_ACS_INVALID_PARAM, name);
        *out |= (unsigned)word->value;
    }
    return true;
}

bool sas_refuse(
        struct mln_call *call, int rc, enum mln_acs_code not_found, const struct mln_err *err)
{
    return rc == MLN_ENOTFOUND ? mln_call_refuse(call, not_found, NULL)
                               : mln_call_fault(call, rc, err);
}

int64_t sas_page_count(int64_t total, int64_t page_size)
{
    return total / page_size + (total % page_size != 0);
}

void sas_mark_by(const struct mln_call *call, struct mln_mark_request *request)
{
    request->account_id = call->principal->account_id;
    request->user_name = call->principal->user_name;
    request->request_id = mln_str_of(call->request_id);
    request->source_ip = mln_str_of(call->address);
    request->action = mln_str_of(call->action->name);
}
