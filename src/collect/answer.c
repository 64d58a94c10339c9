/*
 * What an answer means. An answer is only taken for one when it looks like it in every respect; all
 * else has an outcome of its own, so that a proxy's page or a cut file never reads as "there are no
 * resources".
 */
#include <stdio.h>

#include "base/redact.h"
#include "base/utf8.h"
#include "client/api.h"
#include "collect/priv.h"
#include "wire/xml.h"

#define READING_ARENA_MAX ((size_t)256 * 1024)
#define CODE_MAX          ((size_t)128)
#define MESSAGE_MAX       ((size_t)500)
#define REQUEST_ID_MAX    ((size_t)80)
#define SHOWN_MAX         ((size_t)4096) /* Of a text, before it is made harmless. */

bool mln_path_find(
        struct mln_json_value from, const struct mln_path *path, struct mln_json_value *out)
{
    for (size_t i = 0; i < path->count; i++)
        if (!mln_json_get(from, path->names[i], &from))
            return false;
    *out = from;
    return true;
}

bool mln_json_scalar(struct mln_json_value value, struct mln_buf *out)
{
    struct mln_str text;

    switch (mln_json_type(value)) {
    case MLN_JSON_STRING:
        if (mln_json_to_str(value, &text))
            mln_buf_add(out, text);
        return true;
    case MLN_JSON_BOOL:
    case MLN_JSON_INT:
    case MLN_JSON_DOUBLE:
        mln_json_print(value, out);
        return true;
    case MLN_JSON_NULL:
    case MLN_JSON_ARRAY:
    case MLN_JSON_OBJECT:
        return false;
    }
    return false;
}

void mln_reading_free(struct mln_reading *reading)
{
    mln_json_free(reading->json);
    mln_json_free(reading->list);
    reading->json = reading->list = NULL;
    mln_arena_free(&reading->arena);
}

/* ---- texts of an error ---- */

static struct mln_str cut(struct mln_str text, size_t max)
{
    if (text.len <= max)
        return text;
    text.len = max;
    while (text.len > 0 && ((unsigned char)text.ptr[text.len] & 0xC0) == 0x80)
        text.len--;
    return text;
}

/* What is kept of a text from outside: no secret, no control character, bounded. */
static struct mln_str keep(struct mln_reading *reading, struct mln_str text, size_t max)
{
    MLN_AUTO(mln_buf_free) struct mln_buf redacted = MLN_BUF_INIT(16 * SHOWN_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf shown = MLN_BUF_INIT(128 * SHOWN_MAX);

    mln_redact(cut(text, SHOWN_MAX), &redacted);
    mln_utf8_escape_controls(mln_buf_str(&redacted), &shown);
    return mln_arena_dup(&reading->arena, cut(mln_buf_str(&shown), max));
}

static void set_failed(struct mln_reading *reading, const char *message)
{
    reading->outcome = MLN_OUTCOME_FAILED;
    reading->message = keep(reading, mln_str_of(message), MESSAGE_MAX);
}

/* ---- codes ---- */

static bool matches(const struct mln_plan_error *row, struct mln_str code)
{
    if (row->any_before && row->any_after)
        return memmem(code.ptr, code.len, row->code.ptr, row->code.len) != NULL;
    if (row->any_before)
        return mln_str_ends(code, row->code);
    return row->any_after ? mln_str_starts(code, row->code) : mln_str_eq(code, row->code);
}

/* A whole code wins over a pattern. */
static bool find_row(const struct mln_plan_errors *rows, struct mln_str code, enum mln_outcome *out)
{
    for (int patterns = 0; patterns <= 1; patterns++) {
        for (size_t i = 0; i < rows->count; i++) {
            const struct mln_plan_error *row = &rows->items[i];

            if ((row->any_before || row->any_after) == (patterns == 1) && matches(row, code)) {
                *out = row->outcome;
                return true;
            }
        }
    }
    return false;
}

/* A server that says when to come again means that there were too many, whatever the code is. */
bool mln_is_throttled(int status, int64_t retry_after_ms, struct mln_str code)
{
    static const char *const words[] = { "Throttling", "FlowLimit", "QpsLimit", "TooManyRequests",
        "ServiceUnavailable" };

    for (size_t i = 0; i < MLN_LEN(words); i++)
        if (code.len > 0 && memmem(code.ptr, code.len, words[i], strlen(words[i])) != NULL)
            return true;
    return status == 429 || status == 503 || (status >= 400 && retry_after_ms >= 0);
}

/* What is wrong with the key or the signature; NULL: the code is about something else. */
static const char *key_trouble(struct mln_str code)
{
    const struct mln_refusal *refusal = mln_refusal_of(code);

    return refusal != NULL && refusal->meaning == MLN_ECREDS ? refusal->sentence : NULL;
}

static enum mln_outcome outcome_of(const struct mln_plan_entry *entry,
        const struct mln_collect_answer *answer, struct mln_str code)
{
    static const char *const denied[] = { "AccessDenied", "Forbidden", "NoPermission",
        "UnauthorizedOperation" };
    enum mln_outcome outcome;
    int status = answer->status;

    if (code.len > 0 && (find_row(&entry->errors, code, &outcome) ||
                                find_row(&entry->product_errors, code, &outcome)))
        return outcome;
    if (mln_is_throttled(status, answer->retry_after_ms, code))
        return MLN_OUTCOME_THROTTLED;
    /* No permission would help. */
    if (key_trouble(code) != NULL)
        return MLN_OUTCOME_FAILED;
    for (size_t i = 0; i < MLN_LEN(denied); i++)
        if (mln_str_starts(code, mln_str_of(denied[i])))
            return MLN_OUTCOME_DENIED;
    /* Without a code the refusal may be a proxy's, and no permission would help. */
    return code.len > 0 && (status == 401 || status == 403) ? MLN_OUTCOME_DENIED
                                                            : MLN_OUTCOME_FAILED;
}

struct error_texts {
    struct mln_str code, message, request_id;
};

/* Messages about signatures and keys repeat what was signed, and with what: ours do not. */
static struct mln_str message_of(struct mln_str code, struct mln_str message)
{
    const char *own = key_trouble(code);

    return own != NULL ? mln_str_of(own) : message;
}

static void set_error(struct mln_reading *reading, const struct mln_plan_entry *entry,
        const struct mln_collect_answer *answer, const struct error_texts *texts)
{
    int status = answer->status;
    char without[64];

    reading->outcome = outcome_of(entry, answer, texts->code);
    reading->code = keep(reading, texts->code, CODE_MAX);
    reading->request_id = keep(reading, texts->request_id, REQUEST_ID_MAX);
    if (status == 200)
        (void)snprintf(without, sizeof(without), "the answer says that it failed");
    else
        (void)snprintf(without, sizeof(without), "HTTP status %d without an error code", status);
    reading->message = keep(reading,
            texts->message.len == 0 && texts->code.len == 0
                    ? mln_str_of(without)
                    : message_of(texts->code, texts->message),
            MESSAGE_MAX);
}

static void read_json_error(
        struct mln_json_value root, struct mln_reading *reading, struct error_texts *out)
{
    static const struct {
        const char *key;
        size_t offset;
    } members[] = {
        { "Code", offsetof(struct error_texts, code) },
        { "Message", offsetof(struct error_texts, message) },
        { "RequestId", offsetof(struct error_texts, request_id) },
        { "code", offsetof(struct error_texts, code) },
        { "message", offsetof(struct error_texts, message) },
        { "requestId", offsetof(struct error_texts, request_id) },
    };

    for (size_t i = 0; i < MLN_LEN(members); i++) {
        MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(SHOWN_MAX);
        struct mln_str *slot = (struct mln_str *)(void *)((char *)out + members[i].offset);
        struct mln_json_value value;

        if (slot->len == 0 && mln_json_get(root, members[i].key, &value) &&
                mln_json_scalar(value, &text))
            *slot = mln_arena_dup(&reading->arena, mln_buf_str(&text));
    }
}

static void read_xml_error(
        struct mln_str body, struct mln_reading *reading, struct error_texts *out)
{
    (void)mln_xml_text(body, "Code", &reading->arena, &out->code);
    (void)mln_xml_text(body, "Message", &reading->arena, &out->message);
    (void)mln_xml_text(body, "RequestId", &reading->arena, &out->request_id);
}

static int read_error(const struct mln_plan_entry *entry, const struct mln_collect_answer *answer,
        struct mln_reading *reading)
{
    struct error_texts texts = { 0 };
    struct mln_json *json = NULL;
    struct mln_err ignored;
    struct mln_str body = mln_str_trim(answer->body);

    if (body.len > 0 && body.ptr[0] == '<')
        read_xml_error(body, reading, &texts);
    else if (body.len > 0 && mln_json_parse(body, &json, &ignored) == MLN_OK)
        read_json_error(mln_json_root(json), reading, &texts);
    mln_json_free(json);
    set_error(reading, entry, answer, &texts);
    return MLN_OK;
}

/* ---- answers that say 200 ---- */

static bool is_success_code(struct mln_str code)
{
    return code.len == 0 || mln_str_is(code, "0") || mln_str_is(code, "200") ||
           mln_str_eq_nocase(code, MLN_STR("ok")) || mln_str_eq_nocase(code, MLN_STR("success"));
}

static bool says_false(struct mln_json_value root, const char *key)
{
    struct mln_json_value value;
    struct mln_str text;
    bool flag;

    if (!mln_json_get(root, key, &value))
        return false;
    if (mln_json_to_bool(value, &flag))
        return !flag;
    return mln_json_to_str(value, &text) && mln_str_eq_nocase(text, MLN_STR("false"));
}

static bool holds_something(struct mln_json_value value)
{
    struct mln_str text;

    switch (mln_json_type(value)) {
    case MLN_JSON_NULL:
        return false;
    case MLN_JSON_STRING:
        return mln_json_to_str(value, &text) && text.len > 0;
    case MLN_JSON_ARRAY:
    case MLN_JSON_OBJECT:
        return mln_json_count(value) > 0;
    case MLN_JSON_BOOL:
    case MLN_JSON_INT:
    case MLN_JSON_DOUBLE:
        return true;
    }
    return false;
}

/* Whether the part of the answer that the plan names is there, and not empty. */
static bool has_part(const struct mln_plan_entry *entry, const struct mln_schema_call *call,
        struct mln_json_value root)
{
    const struct mln_path *path = entry->is_csv ? &entry->csv : NULL;
    struct mln_json_value value;

    if (path == NULL && call->rows != NULL)
        path = &call->rows->list;
    return path != NULL && path->count > 0 && mln_path_find(root, path, &value) &&
           holds_something(value);
}

static bool is_error_body(const struct mln_plan_entry *entry, const struct mln_schema_call *call,
        struct mln_json_value root, struct mln_reading *reading, struct error_texts *texts)
{
    read_json_error(root, reading, texts);
    if (says_false(root, "Success") || says_false(root, "IsSuccess") || says_false(root, "success"))
        return true;
    /* OSS says nothing of the kind in an answer that is none of its error documents. */
    return entry->info.style != MLN_STYLE_OSS && !is_success_code(texts->code) &&
           !has_part(entry, call, root);
}

static int decode_csv(const struct mln_plan_entry *entry, struct mln_reading *reading,
        struct mln_buf *heading, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(MLN_JSON_BYTES_MAX);
    struct mln_json_value value;
    struct mln_json *json = NULL;
    struct mln_str content;
    int rc;

    if (!mln_path_find(reading->root, &entry->csv, &value) || !mln_json_to_str(value, &content))
        return mln_fail(err, MLN_EINVAL, "the answer has no text where its table should be");
    rc = mln_csv_to_json(content, heading, &text, err);
    if (rc == MLN_OK)
        rc = mln_json_parse(mln_buf_str(&text), &json, err);
    if (rc != MLN_OK)
        return rc;
    reading->list = json;
    return MLN_OK;
}

/* The answer is read again without what it need not tell. */
static int mask(
        const struct mln_plan_entry *entry, struct mln_reading *reading, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(MLN_JSON_BYTES_MAX);
    struct mln_json *json = NULL;
    struct mln_str done;
    int rc;

    mln_mask_json(reading->root, &entry->mask, &text);
    rc = mln_buf_done(&text, &done, err);
    if (rc == MLN_OK)
        rc = mln_json_parse(done, &json, err);
    if (rc != MLN_OK)
        return rc;
    mln_json_free(reading->json);
    reading->json = json;
    reading->root = mln_json_root(json);
    return MLN_OK;
}

static int parse_xml(
        struct mln_str body, struct mln_reading *reading, char root[64], struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(MLN_JSON_BYTES_MAX);
    struct mln_str json = { 0 };
    int rc = mln_xml_to_json(body, &text, root, err);

    if (rc == MLN_OK)
        rc = mln_buf_done(&text, &json, err);
    /* An empty root is an answer without content: logging that is off, for one. */
    if (rc == MLN_OK && mln_str_is(json, "\"\""))
        json = MLN_STR("{}");
    return rc == MLN_OK ? mln_json_parse(json, &reading->json, err) : rc;
}

static int parse_body(const struct mln_collect_answer *answer, enum mln_plan_style style,
        struct mln_reading *reading, char root[64], struct mln_err *err)
{
    struct mln_str body = mln_str_trim(answer->body);
    int rc;

    if (body.len == 0)
        return mln_fail(err, MLN_EINVAL, "an empty answer");
    if (body.len > MLN_ANSWER_BYTES_MAX)
        return mln_fail(err, MLN_EINVAL, "an answer of more than %zu bytes", MLN_ANSWER_BYTES_MAX);
    if (answer->is_xml && style != MLN_STYLE_OSS)
        return mln_fail(err, MLN_EINVAL, "the answer is XML and not JSON");
    if (answer->is_xml)
        rc = parse_xml(body, reading, root, err);
    else if (body.ptr[0] == '<')
        return mln_fail(err, MLN_EINVAL, "the answer is a page and not JSON");
    else
        rc = mln_json_parse(body, &reading->json, err);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, "the answer cannot be read");
    reading->root = mln_json_root(reading->json);
    if (!answer->is_xml &&
            (mln_json_type(reading->root) != MLN_JSON_OBJECT || mln_json_count(reading->root) == 0))
        return mln_fail(err, MLN_EINVAL, "the answer is no JSON object, or an empty one");
    return MLN_OK;
}

static int read_success(const struct mln_plan_entry *entry, const struct mln_schema_call *call,
        const struct mln_collect_answer *answer, struct mln_buf *heading,
        struct mln_reading *reading, struct mln_err *err)
{
    struct error_texts texts = { 0 };
    char root[64] = "";
    int rc = parse_body(answer, entry->info.style, reading, root, err);

    if (rc != MLN_OK)
        return rc;
    if (mln_str_eq_nocase(mln_str_of(root), MLN_STR("html")))
        return mln_fail(err, MLN_EINVAL, "the answer is a page and not what was asked for");
    if (is_error_body(entry, call, reading->root, reading, &texts) || strcmp(root, "Error") == 0) {
        set_error(reading, entry, answer, &texts);
        return MLN_OK;
    }
    reading->request_id = keep(reading, texts.request_id, REQUEST_ID_MAX);
    if (entry->is_csv)
        return decode_csv(entry, reading, heading, err);
    return entry->mask.count > 0 ? mask(entry, reading, err) : MLN_OK;
}

int mln_read_answer(const struct mln_plan_entry *entry, const struct mln_schema_call *call,
        const struct mln_collect_answer *answer, struct mln_buf *csv_heading,
        struct mln_reading *out, struct mln_err *err)
{
    int rc;

    *out = (struct mln_reading){ .outcome = MLN_OUTCOME_OK,
        .arena = MLN_ARENA_INIT(READING_ARENA_MAX) };
    if (answer->status == 0) {
        set_failed(out, answer->failure[0] != '\0' ? answer->failure : "no answer");
        if (answer->no_region)
            out->outcome = MLN_OUTCOME_NO_REGION;
        return MLN_OK;
    }
    if (answer->status < 200 || answer->status > 299)
        return read_error(entry, answer, out);
    rc = read_success(entry, call, answer, csv_heading, out, err);
    if (rc == MLN_ENOMEM)
        return rc;
    if (rc != MLN_OK)
        set_failed(out, err->msg);
    return MLN_OK;
}
