#include "client/request.h"

#include <stdio.h>

#include "acs/endpoint.h"
#include "acs/percent.h"

#define QUERY_MAX   ((size_t)1024 * 1024) /* Before it is encoded. */
#define PATH_BYTES  ((size_t)4096)
#define TEXT_MAX    (4 * QUERY_MAX)
#define FIXED_BYTES ((size_t)4096) /* Scheme, hosts, dates, digests, names of headers. */
#define NONCE_BYTES 16

#define BUCKET_MIN ((size_t)3)
#define BUCKET_MAX ((size_t)63)

#define EMPTY_SHA256  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define PAYLOAD_OSS   "UNSIGNED-PAYLOAD"
#define HTTP_DATE_MAX 32
#define OSS_DATE_MAX  20

static const char *const methods[] = {
    [MLN_HTTP_POST] = "POST",
    [MLN_HTTP_GET] = "GET",
    [MLN_HTTP_PUT] = "PUT",
};

void mln_signed_request_init(struct mln_signed_request *request)
{
    *request = (struct mln_signed_request){ .text = MLN_BUF_INIT(TEXT_MAX) };
}

static void wipe(struct mln_signed_request *request)
{
    mln_buf_wipe(&request->text);
    request->http = (struct mln_http_request){ 0 };
}

void mln_signed_request_fini(struct mln_signed_request *request)
{
    wipe(request);
    mln_buf_free(&request->text);
}

/* ---- what may be sent ---- */

static bool has_control(struct mln_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
            return true;
    }
    return false;
}

static int check_creds(const struct mln_creds *creds, struct mln_err *err)
{
    if (creds->key_id.len == 0 || creds->secret.len == 0)
        return mln_fail(err, MLN_ECREDS,
                "the credentials of '%s' have no access key: nothing can be signed with them",
                creds->provider);
    if (has_control(mln_secret_bytes(&creds->key_id)) ||
            has_control(mln_secret_bytes(&creds->token)))
        return mln_fail(err, MLN_ECREDS,
                "the credentials of '%s' hold a control character, such as a line break: enter them "
                "again",
                creds->provider);
    return MLN_OK;
}

/* "." or "..", in any spelling. */
static bool is_dots(struct mln_str part)
{
    char bytes[8];
    struct mln_buf text = { .ptr = bytes, .cap = sizeof(bytes), .max = sizeof(bytes) - 1 };

    if (part.len > strlen("%2e%2e"))
        return false;
    mln_percent_decode(part, false, &text);
    return mln_str_is(mln_buf_str(&text), ".") || mln_str_is(mln_buf_str(&text), "..");
}

/* An encoded path: no step upwards, and nothing that would end it. */
static bool path_is_sane(struct mln_str path)
{
    struct mln_str rest = path, part;

    if (path.len == 0 || path.len > PATH_BYTES || path.ptr[0] != '/')
        return false;
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];

        if (c <= ' ' || c >= 0x7f || strchr("?#\\\"<>^`{|}", c) != NULL)
            return false;
    }
    while (mln_str_next(&rest, '/', &part)) {
        if (is_dots(part))
            return false;
    }
    return true;
}

static bool bucket_is_sane(struct mln_str bucket)
{
    for (size_t i = 0; i < bucket.len; i++) {
        char c = bucket.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return bucket.len >= BUCKET_MIN && bucket.len <= BUCKET_MAX && bucket.ptr[0] != '-' &&
           bucket.ptr[bucket.len - 1] != '-';
}

static int check_oss(const struct mln_request_spec *spec, struct mln_err *err)
{
    if (spec->method != MLN_HTTP_GET)
        return mln_fail(err, MLN_EINVAL, "calls to the object store only read");
    if (spec->bucket.len > 0 && !bucket_is_sane(spec->bucket))
        return mln_fail(err, MLN_EINVAL,
                "a bucket's name is %zu to %zu of a-z, 0-9 and '-', without '-' at its ends",
                BUCKET_MIN, BUCKET_MAX);
    return MLN_OK;
}

static int check_api(const struct mln_request_spec *spec, struct mln_err *err)
{
    if (spec->action.len == 0 || has_control(spec->action) || has_control(spec->version))
        return mln_fail(err, MLN_EINVAL, "a call needs the name of an action");
    if (spec->style == MLN_REQUEST_RPC && spec->method == MLN_HTTP_PUT)
        return mln_fail(err, MLN_EINVAL, "%.*s: RPC calls are GET or POST", MLN_FMT(spec->action));
    if (spec->style == MLN_REQUEST_ROA && !path_is_sane(spec->path))
        return mln_fail(err, MLN_EINVAL,
                "%.*s: a path begins with '/', is percent-encoded and has no '..'",
                MLN_FMT(spec->action));
    return MLN_OK;
}

static size_t query_bytes(const struct mln_params *params)
{
    size_t bytes = 0;

    for (size_t i = 0; params != NULL && i < params->count; i++)
        bytes += params->items[i].name.len + params->items[i].value.len + 2;
    return bytes;
}

static int check(const struct mln_request_spec *spec, struct mln_err *err)
{
    int rc = check_creds(spec->creds, err);

    if (rc == MLN_OK && !spec->endpoint->https && !spec->endpoint->loopback)
        rc = mln_fail(err, MLN_EDENIED,
                "credentials go to https or loopback only, not to http://%s", spec->endpoint->host);
    if (rc == MLN_OK && has_control(mln_str_of(spec->user_agent)))
        rc = mln_fail(err, MLN_EINVAL, "the user agent holds a control character");
    if (rc == MLN_OK && query_bytes(spec->params) > QUERY_MAX)
        rc = mln_fail(err, MLN_ETOOBIG, "the parameters are over %zu bytes", QUERY_MAX);
    if (rc == MLN_OK)
        rc = spec->style == MLN_REQUEST_OSS ? check_oss(spec, err) : check_api(spec, err);
    return rc;
}

/* ---- the text ---- */

/*
 * All of it at once: views into the text must not move, and growing would leave pieces of a token
 * in freed memory.
 */
static bool reserve(const struct mln_request_spec *spec, struct mln_buf *text)
{
    const struct mln_creds *creds = spec->creds;
    size_t bytes = FIXED_BYTES + 3 * query_bytes(spec->params) + 2 * spec->path.len +
                   spec->action.len + spec->version.len + spec->region.len + 2 * spec->bucket.len +
                   3 * creds->key_id.len + creds->token.len + mln_str_of(spec->user_agent).len;

    return mln_buf_reserve(text, bytes);
}

/* What was appended since `from`. */
static struct mln_str since(const struct mln_buf *text, size_t from)
{
    return (struct mln_str){ text->ptr + from, text->len - from };
}

static struct mln_str add_text(struct mln_signed_request *request, struct mln_str bytes)
{
    size_t from = request->text.len;

    mln_buf_add(&request->text, bytes);
    return since(&request->text, from);
}

static void add_header(struct mln_signed_request *request, const char *name, struct mln_str value)
{
    request->headers[request->http.header_count++] = (struct mln_header){ mln_str_of(name),
        add_text(request, value) };
}

static void add_query(const struct mln_request_spec *spec, struct mln_buf *out)
{
    for (size_t i = 0; spec->params != NULL && i < spec->params->count; i++) {
        struct mln_str value = spec->params->items[i].value;

        mln_buf_add_char(out, i > 0 ? '&' : '?');
        mln_percent_encode(spec->params->items[i].name, out);
        if (value.len == 0 && spec->style == MLN_REQUEST_OSS)
            continue;
        mln_buf_add_char(out, '=');
        mln_percent_encode(value, out);
    }
}

/* An address has no names below it. */
static bool is_address(const char *host)
{
    size_t len = strcspn(host, ":");

    return host[0] == '[' || strspn(host, "0123456789.") == len;
}

static bool bucket_in_path(const struct mln_request_spec *spec)
{
    return spec->endpoint->loopback || is_address(spec->endpoint->host);
}

/* The Host header and the URL, which ends in a NUL. */
static void add_url(const struct mln_request_spec *spec, struct mln_signed_request *request)
{
    struct mln_buf *text = &request->text;
    bool has_bucket = spec->style == MLN_REQUEST_OSS && spec->bucket.len > 0;
    bool in_path = has_bucket && bucket_in_path(spec);
    size_t url = text->len, host;

    mln_buf_add_cstr(text, spec->endpoint->https ? "https://" : "http://");
    host = text->len;
    if (has_bucket && !in_path) {
        mln_buf_add(text, spec->bucket);
        mln_buf_add_char(text, '.');
    }
    mln_buf_add_cstr(text, spec->endpoint->host);
    request->headers[request->http.header_count++] = (struct mln_header){ MLN_STR("host"),
        since(text, host) };
    if (in_path) {
        mln_buf_add_char(text, '/');
        mln_buf_add(text, spec->bucket);
    }
    if (spec->style == MLN_REQUEST_ROA)
        mln_buf_add(text, spec->path);
    else
        mln_buf_add_char(text, '/');
    add_query(spec, text);
    mln_buf_add_char(text, '\0');
    request->http.url = text->ptr + url;
}

/* ---- ACS3 ---- */

static struct mln_str add_nonce(
        const struct mln_request_spec *spec, struct mln_signed_request *request)
{
    uint8_t nonce[NONCE_BYTES];
    size_t from = request->text.len;

    mln_random_fill(spec->random, nonce, sizeof(nonce));
    mln_buf_add_hex(&request->text, nonce, sizeof(nonce));
    return since(&request->text, from);
}

/* In byte order of the name: this is the order in which they are signed. */
static void add_api_headers(const struct mln_request_spec *spec, struct mln_signed_request *request)
{
    const struct mln_creds *creds = spec->creds;
    char date[MLN_TIME_TEXT_MAX];

    mln_time_format(spec->now_ms, date);
    if (creds->token.len > 0)
        add_header(request, "x-acs-accesskey-id", mln_secret_bytes(&creds->key_id));
    add_header(request, "x-acs-action", spec->action);
    add_header(request, "x-acs-content-sha256", MLN_STR(EMPTY_SHA256));
    add_header(request, "x-acs-date", mln_str_of(date));
    if (creds->token.len > 0)
        add_header(request, "x-acs-security-token", mln_secret_bytes(&creds->token));
    request->headers[request->http.header_count++] = (struct mln_header){
        MLN_STR("x-acs-signature-nonce"), add_nonce(spec, request)
    };
    add_header(request, "x-acs-version", spec->version);
}

static struct mln_str add_names(struct mln_signed_request *request)
{
    size_t from = request->text.len;

    for (size_t i = 0; i < request->http.header_count; i++) {
        if (i > 0)
            mln_buf_add_char(&request->text, ';');
        mln_buf_add(&request->text, request->headers[i].name);
    }
    return since(&request->text, from);
}

static int sign_api(const struct mln_request_spec *spec, struct mln_signed_request *request,
        struct mln_err *err)
{
    static const struct mln_params none = { 0 };
    const char *query = strchr(request->http.url, '?');
    struct mln_acs_request acs = {
        .method = mln_str_of(methods[spec->method]),
        .path = spec->style == MLN_REQUEST_ROA ? spec->path : MLN_STR("/"),
        .raw_query = mln_str_of(query != NULL ? query + 1 : ""),
        .headers = request->headers,
    };
    struct mln_v3_input input = {
        .request = &acs,
        .query = spec->params != NULL ? spec->params : &none,
        .payload_sha256 = MLN_STR(EMPTY_SHA256),
        .key = mln_secret_bytes(&spec->creds->secret),
        .names = MLN_V3_NAMES_ENCODED,
    };
    char signature[MLN_V3_SIGNATURE_LEN + 1];
    struct mln_buf *text = &request->text;
    size_t from;
    int rc;

    add_api_headers(spec, request);
    input.signed_headers = add_names(request);
    acs.header_count = request->http.header_count;
    rc = mln_v3_sign(&input, NULL, NULL, signature, err);
    if (rc != MLN_OK)
        return rc;
    from = text->len;
    mln_buf_add_cstr(text, MLN_V3_ALGORITHM " Credential=");
    mln_buf_add(text, mln_secret_bytes(&spec->creds->key_id));
    mln_buf_add_cstr(text, ",SignedHeaders=");
    mln_buf_add(text, input.signed_headers);
    mln_buf_add_cstr(text, ",Signature=");
    mln_buf_add_cstr(text, signature);
    request->headers[request->http.header_count++] = (struct mln_header){ MLN_STR("Authorization"),
        since(text, from) };
    add_header(request, "accept", MLN_STR("application/json"));
    return MLN_OK;
}

/* ---- OSS4 ---- */

/* "Fri, 02 Jan 2026 03:04:05 GMT" and "20260102T030405Z" of "2026-01-02T03:04:05Z". */
static void format_dates(int64_t now_ms, char http[HTTP_DATE_MAX], char oss[OSS_DATE_MAX])
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday. */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[MLN_TIME_TEXT_MAX];
    int64_t day = now_ms / MLN_MS_PER_DAY - (now_ms % MLN_MS_PER_DAY < 0);
    int month;

    mln_time_format(now_ms, text);
    month = (text[5] - '0') * 10 + (text[6] - '0') - 1;
    day = (day % 7 + 7) % 7;
    (void)snprintf(http, HTTP_DATE_MAX, "%.3s, %.2s %.3s %.4s %.8s GMT", days + 3 * day, text + 8,
            months + 3 * month, text, text + 11);
    (void)snprintf(oss, OSS_DATE_MAX, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", text, text + 5, text + 8,
            text + 11, text + 14, text + 17);
}

static int sign_oss(const struct mln_request_spec *spec, struct mln_signed_request *request,
        struct mln_err *err)
{
    const struct mln_creds *creds = spec->creds;
    char http_date[HTTP_DATE_MAX], oss_date[OSS_DATE_MAX];
    struct mln_oss4_input input = {
        .method = mln_str_of(methods[spec->method]),
        .bucket = spec->bucket,
        .query = spec->params,
        .headers = request->headers,
        .region = mln_region_bare(spec->region),
        .key_id = mln_secret_bytes(&creds->key_id),
        .key = mln_secret_bytes(&creds->secret),
    };
    size_t from;
    int rc;

    format_dates(spec->now_ms, http_date, oss_date);
    input.date = mln_str_of(oss_date);
    add_header(request, "date", mln_str_of(http_date));
    add_header(request, "x-oss-content-sha256", MLN_STR(PAYLOAD_OSS));
    add_header(request, "x-oss-date", input.date);
    if (creds->token.len > 0)
        add_header(request, "x-oss-security-token", mln_secret_bytes(&creds->token));
    input.header_count = request->http.header_count;
    from = request->text.len;
    rc = mln_oss4_sign(&input, NULL, &request->text, err);
    if (rc != MLN_OK)
        return rc;
    request->headers[request->http.header_count++] = (struct mln_header){ MLN_STR("Authorization"),
        since(&request->text, from) };
    return MLN_OK;
}

int mln_request_sign(
        const struct mln_request_spec *spec, struct mln_signed_request *out, struct mln_err *err)
{
    struct mln_str done;
    int rc = check(spec, err);

    if (rc != MLN_OK)
        return rc;
    wipe(out);
    if (reserve(spec, &out->text)) {
        add_url(spec, out);
        rc = spec->style == MLN_REQUEST_OSS ? sign_oss(spec, out, err) : sign_api(spec, out, err);
        if (rc == MLN_OK)
            add_header(out, "user-agent", mln_str_of(spec->user_agent));
    }
    if (rc == MLN_OK)
        rc = mln_buf_done(&out->text, &done, err);
    if (rc != MLN_OK) {
        wipe(out);
        return rc;
    }
    out->http.method = spec->method;
    out->http.headers = out->headers;
    return MLN_OK;
}
