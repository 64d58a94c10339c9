#include "acs/error.h"

#include "acs/percent.h"

#define URL_MAX_BYTES ((size_t)1024)

/* A request may choose the name of a repeated parameter: this much of it is told back. */
#define NAME_MAX_BYTES ((size_t)64)

static const struct mln_acs_code_row rows[] = {
#define X(symbol, code, status, message) { code, message, status },
#include "acs/error.def"
#undef X
};

const struct mln_acs_code_row *mln_acs_code_row(enum mln_acs_code code)
{
    return (size_t)code < MLN_LEN(rows) ? &rows[code] : &rows[MLN_ACS_INTERNAL_ERROR];
}

void mln_acs_error_init(struct mln_acs_error *error)
{
    *error = (struct mln_acs_error){
        .message = MLN_BUF_INIT(MLN_ACS_MESSAGE_MAX),
        .retry_after_ms = -1,
    };
}

void mln_acs_error_fini(struct mln_acs_error *error)
{
    mln_buf_free(&error->message);
}

/* Appends `pattern` with its one %s, if any, replaced. */
static void add_pattern(const char *pattern, const char *name, struct mln_buf *out)
{
    struct mln_str text = mln_str_of(name != NULL ? name : "");
    const char *hole = strstr(pattern, "%s");

    if (hole == NULL) {
        mln_buf_add_cstr(out, pattern);
        return;
    }
    if (text.len > NAME_MAX_BYTES)
        text.len = NAME_MAX_BYTES;
    mln_buf_add(out, (struct mln_str){ .ptr = pattern, .len = (size_t)(hole - pattern) });
    mln_buf_add(out, text);
    mln_buf_add_cstr(out, hole + 2);
}

void mln_acs_error_set(struct mln_acs_error *error, enum mln_acs_code code, const char *name)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(sizeof(error->code) - 1);
    const struct mln_acs_code_row *row = mln_acs_code_row(code);
    struct mln_str done;

    error->http_status = row->http_status;
    add_pattern(row->code, name, &text);
    done = mln_buf_str(&text);
    memcpy(error->code, done.ptr, done.len);
    error->code[done.len] = '\0';
    mln_buf_reset(&error->message);
    add_pattern(row->message, name, &error->message);
}

/* Where a string to sign or a canonical request carries a session token, and what ends it there. */
static const struct {
    const char *marker, *end;
} tokens[] = {
    { "BearerToken%3D", "%26" },
    { "SecurityToken%3D", "%26" },
    { "BearerToken=", "&" },
    { "SecurityToken=", "&" },
    { "x-acs-bearer-token:", "\n" },
    { "x-acs-security-token:", "\n" },
};

static struct mln_str from(struct mln_str text, size_t at)
{
    return (struct mln_str){ .ptr = text.ptr + at, .len = text.len - at };
}

/* The row whose marker stands at the beginning of `text`, or MLN_LEN(tokens). */
static size_t marker_at(struct mln_str text)
{
    size_t row = 0;

    while (row < MLN_LEN(tokens) && !mln_str_starts(text, mln_str_of(tokens[row].marker)))
        row++;
    return row;
}

static size_t token_len(struct mln_str text, struct mln_str end)
{
    size_t len = 0;

    while (len < text.len && text.ptr[len] != '\n' && !mln_str_starts(from(text, len), end))
        len++;
    return len;
}

/*
 * Tokens are bearers' secrets: an answer that quotes a request leaves them out. One pass, whatever
 * is in it.
 */
static void add_without_tokens(struct mln_str text, struct mln_buf *out)
{
    size_t copied = 0;

    for (size_t at = 0; at < text.len;) {
        size_t row = marker_at(from(text, at));

        if (row == MLN_LEN(tokens)) {
            at++;
            continue;
        }
        at += strlen(tokens[row].marker);
        mln_buf_add(out, (struct mln_str){ text.ptr + copied, at - copied });
        mln_buf_add(out, MLN_STR("***"));
        at += token_len(from(text, at), mln_str_of(tokens[row].end));
        copied = at;
    }
    mln_buf_add(out, from(text, copied));
}

void mln_acs_error_detail(struct mln_acs_error *error, struct mln_str detail)
{
    if (detail.len > MLN_ACS_DETAIL_MAX)
        return;
    add_without_tokens(detail, &error->message);
}

void mln_acs_error_detail_v3(
        struct mln_acs_error *error, struct mln_str string_to_sign, struct mln_str canonical)
{
    if (string_to_sign.len > MLN_ACS_DETAIL_MAX || canonical.len > MLN_ACS_DETAIL_MAX)
        return;
    mln_buf_add(&error->message, MLN_STR(" server StringToSign is ["));
    mln_buf_add(&error->message, string_to_sign);
    mln_buf_add(&error->message, MLN_STR("] server CanonicalRequest is ["));
    add_without_tokens(canonical, &error->message);
    mln_buf_add(&error->message, MLN_STR("]"));
}

static void write_recommend(
        struct mln_writer *w, const char *code, const char *product, struct mln_str request_id)
{
    MLN_AUTO(mln_buf_free) struct mln_buf url = MLN_BUF_INIT(URL_MAX_BYTES);

    mln_buf_add(&url, MLN_STR("https://api.aliyun.com/troubleshoot?q="));
    mln_percent_encode(mln_str_of(code), &url);
    mln_buf_add(&url, MLN_STR("&product="));
    mln_percent_encode(mln_str_of(product), &url);
    mln_buf_add(&url, MLN_STR("&requestId="));
    mln_percent_encode(request_id, &url);
    mln_writer_str(w, "Recommend", mln_buf_str(&url));
}

static void write_denial(struct mln_writer *w, const struct mln_acs_error *error)
{
    mln_writer_text_object_begin(w, "AccessDeniedDetail");
    mln_writer_cstr(w, "AuthAction", error->auth_action);
    mln_writer_cstr(w, "AuthPrincipalType", error->principal_type);
    mln_writer_cstr(w, "AuthPrincipalOwnerId", error->principal_owner);
    mln_writer_cstr(w, "AuthPrincipalDisplayName", error->principal_name);
    mln_writer_cstr(w, "NoPermissionType", error->explicit_deny ? "ExplicitDeny" : "ImplicitDeny");
    mln_writer_cstr(w, "PolicyType", "AccountLevelIdentityBasedPolicy");
    mln_writer_text_object_end(w);
}

void mln_acs_error_write(const struct mln_acs_error *error, enum mln_format format,
        struct mln_str request_id, struct mln_str host_id, const char *product, struct mln_buf *out)
{
    struct mln_writer w;

    mln_writer_begin(&w, out, format, "Error");
    mln_writer_str(&w, "RequestId", request_id);
    mln_writer_str(&w, "HostId", host_id);
    mln_writer_cstr(&w, "Code", error->code);
    mln_writer_str(&w, "Message", mln_buf_str(&error->message));
    write_recommend(&w, error->code, product, request_id);
    if (error->denied)
        write_denial(&w, error);
    mln_writer_end(&w);
}
