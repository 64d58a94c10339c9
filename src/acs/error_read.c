/*
 * Error answers as a client reads them: the cloud's in JSON or XML, and the lower-case JSON of some
 * of its consoles.
 */
#include "acs/error.h"
#include "wire/json.h"
#include "wire/xml.h"

static void free_json(struct mln_json **doc)
{
    mln_json_free(*doc);
}

/* The member under either name, copied; a number (`"code": 500`) becomes text. */
static bool member(struct mln_json_value object, const char *upper, const char *lower,
        struct mln_arena *arena, struct mln_str *out)
{
    MLN_AUTO(mln_buf_free) struct mln_buf digits = MLN_BUF_INIT(32);
    struct mln_json_value value;
    struct mln_str text;
    int64_t number;

    if (!mln_json_get(object, upper, &value) && !mln_json_get(object, lower, &value))
        return false;
    if (mln_json_to_i64(value, &number)) {
        mln_buf_add_i64(&digits, number);
        text = mln_buf_str(&digits);
    } else if (!mln_json_to_str(value, &text)) {
        return false;
    }
    *out = mln_arena_dup(arena, text);
    return out->ptr != NULL;
}

/* AccessDeniedDetail is an object; when XML carried it, the text of one. */
static void read_denial(
        struct mln_json_value detail, struct mln_arena *arena, struct mln_acs_answer_error *out)
{
    (void)member(detail, "AuthAction", "authAction", arena, &out->auth_action);
}

static bool read_json(
        struct mln_str body, struct mln_arena *arena, struct mln_acs_answer_error *out)
{
    MLN_AUTO(free_json) struct mln_json *doc = NULL;
    struct mln_acs_answer_error found = { 0 };
    struct mln_json_value root, detail;
    struct mln_err err;

    if (mln_json_parse(body, &doc, &err) != MLN_OK)
        return false;
    root = mln_json_root(doc);
    if (!member(root, "Code", "code", arena, &found.code) || found.code.len == 0)
        return false;
    (void)member(root, "Message", "message", arena, &found.message);
    (void)member(root, "RequestId", "requestId", arena, &found.request_id);
    if (mln_json_get(root, "AccessDeniedDetail", &detail) ||
            mln_json_get(root, "accessDeniedDetail", &detail))
        read_denial(detail, arena, &found);
    *out = found;
    return true;
}

static void read_xml_denial(
        struct mln_str body, struct mln_arena *arena, struct mln_acs_answer_error *out)
{
    MLN_AUTO(free_json) struct mln_json *doc = NULL;
    struct mln_str text;
    struct mln_err err;

    if (mln_xml_text(body, "AuthAction", arena, &out->auth_action))
        return;
    if (mln_xml_text(body, "AccessDeniedDetail", arena, &text) &&
            mln_json_parse(text, &doc, &err) == MLN_OK)
        read_denial(mln_json_root(doc), arena, out);
}

static bool read_xml(struct mln_str body, struct mln_arena *arena, struct mln_acs_answer_error *out)
{
    struct mln_acs_answer_error found = { 0 };

    if (!mln_xml_text(body, "Code", arena, &found.code) || found.code.len == 0)
        return false;
    (void)mln_xml_text(body, "Message", arena, &found.message);
    (void)mln_xml_text(body, "RequestId", arena, &found.request_id);
    read_xml_denial(body, arena, &found);
    *out = found;
    return true;
}

bool mln_acs_error_read(
        struct mln_str body, struct mln_arena *arena, struct mln_acs_answer_error *out)
{
    struct mln_str text = mln_str_trim(body);

    if (mln_str_starts(text, MLN_STR("\xef\xbb\xbf")))
        text = mln_str_trim((struct mln_str){ text.ptr + 3, text.len - 3 });
    if (text.len == 0)
        return false;
    return text.ptr[0] == '<' ? read_xml(text, arena, out) : read_json(text, arena, out);
}
