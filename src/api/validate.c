/* Step 5: parameters against the rows of the action. */
#include "api/call.h"
#include "base/utf8.h"

static bool read_int(const struct mln_param_row *row, struct mln_value *value)
{
    int64_t number;

    if (mln_str_to_i64(value->text, &number) != MLN_OK || number < row->min || number > row->max)
        return false;
    value->number = number;
    return true;
}

static bool read_word(const struct mln_param_row *row, struct mln_value *value)
{
    for (const struct mln_word *word = row->words; word->name != NULL; word++) {
        if (mln_str_is(value->text, word->name)) {
            value->number = word->value;
            return true;
        }
    }
    return false;
}

static bool read_text(const struct mln_param_row *row, const struct mln_value *value)
{
    size_t chars;

    if (!mln_utf8_valid(value->text) || mln_utf8_has_control(value->text))
        return false;
    chars = mln_utf8_count(value->text);
    return chars >= (size_t)row->min && chars <= (size_t)row->max;
}

static bool is_valid(const struct mln_param_row *row, struct mln_value *value)
{
    switch (row->type) {
    case MLN_PARAM_INT:
        return read_int(row, value);
    case MLN_PARAM_WORD:
        return read_word(row, value);
    case MLN_PARAM_TEXT:
        return read_text(row, value);
    case MLN_PARAM_LIST:
        return true;
    }
    return false;
}

/* A list is there when any of its elements is: NAME.1, NAME.1.Member. */
static bool has_elements(const struct mln_params *params, struct mln_str list)
{
    for (size_t i = 0; i < params->count; i++) {
        struct mln_str name = params->items[i].name;

        if (name.len > list.len && name.ptr[list.len] == '.' && mln_str_starts(name, list))
            return true;
    }
    return false;
}

static bool find(
        const struct mln_call *call, const struct mln_param_row *row, struct mln_value *value)
{
    if (row->type == MLN_PARAM_LIST)
        return has_elements(&call->params, mln_str_of(row->name));
    if (mln_params_get(&call->params, row->name, true, &value->text))
        return true;
    value->text = mln_str_of(row->fallback);
    return row->fallback != NULL;
}

bool mln_step_validate(struct mln_call *call)
{
    for (size_t i = 0; i < call->action->param_count; i++) {
        const struct mln_param_row *row = &call->action->params[i];
        struct mln_value *value = &call->values[i];

        value->present = find(call, row, value);
        if (!value->present && row->required)
            return mln_call_refuse(call, MLN_ACS_MISSING_PARAM, row->name);
        if (value->present && !is_valid(row, value))
            return mln_call_refuse(call, MLN_ACS_INVALID_PARAM, row->name);
    }
    return true;
}
