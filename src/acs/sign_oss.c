/*
 * OSS4-HMAC-SHA256: the object store's own signature, in the Authorization header. Bodies are not
 * signed: nothing is ever uploaded.
 */
#include <openssl/crypto.h>
#include <stdio.h>

#include "acs/endpoint.h"
#include "acs/percent.h"
#include "acs/priv.h"

#define ALGORITHM  "OSS4-HMAC-SHA256"
#define SERVICE    "oss"
#define SCOPE_END  "aliyun_v4_request"
#define KEY_PREFIX "aliyun_v4"
#define PAYLOAD    "UNSIGNED-PAYLOAD"

#define DAY_LEN       ((size_t)8)
#define DATE_LEN      ((size_t)16) /* 20260102T030405Z */
#define KEY_MAX_BYTES ((size_t)512)
#define SCOPE_MAX     (DAY_LEN + MLN_REGION_NAME_MAX + sizeof("//" SERVICE "/" SCOPE_END))
#define TO_SIGN_MAX   (sizeof(ALGORITHM) + DATE_LEN + SCOPE_MAX + MLN_SHA256_HEX_MAX + 4)

#define WORK_ARENA_BYTES        (MLN_CANONICAL_MAX * 4)
#define CANONICAL_TYPICAL_BYTES ((size_t)1024)

/* A parameter or header as it stands in the canonical request. */
struct pair {
    struct mln_str name, value;
};

static int by_pair(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;
    int order = mln_str_cmp(a->name, b->name);

    return order != 0 ? order : mln_str_cmp(a->value, b->value);
}

/* What `add` appends for `text`, in the arena. */
static bool keep(struct mln_str text, void (*add)(struct mln_str, struct mln_buf *),
        struct mln_buf *scratch, struct mln_arena *arena, struct mln_str *out)
{
    mln_buf_reset(scratch);
    add(text, scratch);
    *out = mln_arena_dup(arena, mln_buf_str(scratch));
    return scratch->code == MLN_OK && out->ptr != NULL;
}

static int add_query(const struct mln_params *params, struct mln_arena *arena, struct mln_buf *out,
        struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf scratch = MLN_BUF_INIT(MLN_CANONICAL_MAX);
    size_t count = params != NULL ? params->count : 0;
    struct pair *pairs = mln_arena_alloc(arena, count * sizeof(*pairs));
    bool ok = pairs != NULL;

    for (size_t i = 0; ok && i < count; i++)
        ok = keep(params->items[i].name, mln_percent_encode, &scratch, arena, &pairs[i].name) &&
             keep(params->items[i].value, mln_percent_encode, &scratch, arena, &pairs[i].value);
    if (!ok)
        return mln_fail(err, MLN_ETOOBIG, "the query is too large to be signed");
    /* Encoded: "a:" comes before "a1" then. */
    qsort(pairs, count, sizeof(*pairs), by_pair);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            mln_buf_add_char(out, '&');
        mln_buf_add(out, pairs[i].name);
        if (pairs[i].value.len == 0)
            continue;
        mln_buf_add_char(out, '=');
        mln_buf_add(out, pairs[i].value);
    }
    return MLN_OK;
}

static void to_lower(struct mln_str text, struct mln_buf *out)
{
    mln_buf_add_lower(out, text);
}

static bool is_signed(struct mln_str lower)
{
    return mln_str_starts(lower, MLN_STR("x-oss-")) || mln_str_is(lower, "content-type") ||
           mln_str_is(lower, "content-md5");
}

static int add_headers(const struct mln_oss4_input *input, struct mln_arena *arena,
        struct mln_buf *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf scratch = MLN_BUF_INIT(1024);
    struct pair pairs[MLN_HEADERS_MAX];
    size_t count = 0;

    if (input->header_count > MLN_HEADERS_MAX)
        return mln_fail(err, MLN_ETOOBIG, "more than %zu headers", MLN_HEADERS_MAX);
    for (size_t i = 0; i < input->header_count; i++) {
        struct pair pair = { .value = mln_str_trim(input->headers[i].value) };

        if (!keep(input->headers[i].name, to_lower, &scratch, arena, &pair.name))
            return mln_fail(err, MLN_ETOOBIG, "a header is too large to be signed");
        if (is_signed(pair.name))
            pairs[count++] = pair;
    }
    /* cppcheck-suppress uninitvar ; the first `count` are set */
    qsort(pairs, count, sizeof(pairs[0]), by_pair);
    for (size_t i = 0; i < count; i++) {
        mln_buf_add(out, pairs[i].name);
        mln_buf_add_char(out, ':');
        mln_buf_add(out, pairs[i].value);
        mln_buf_add_char(out, '\n');
    }
    return MLN_OK;
}

/* The bucket stands in it even where the request carries it in the host's name. */
static void add_path(const struct mln_oss4_input *input, struct mln_buf *out)
{
    struct mln_str rest = input->object, part;

    mln_buf_add_char(out, '/');
    if (input->bucket.len == 0)
        return;
    mln_percent_encode(input->bucket, out);
    if (input->object.len == 0)
        mln_buf_add_char(out, '/');
    while (input->object.len > 0 && mln_str_next(&rest, '/', &part)) {
        mln_buf_add_char(out, '/');
        mln_percent_encode(part, out);
    }
}

static int build_canonical(
        const struct mln_oss4_input *input, struct mln_buf *out, struct mln_err *err)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(WORK_ARENA_BYTES);
    size_t bytes = CANONICAL_TYPICAL_BYTES;
    int rc;

    /* At once: growing would leave pieces of a token in freed memory. */
    for (size_t i = 0; i < input->header_count; i++)
        bytes += input->headers[i].value.len;
    if (bytes < out->max)
        (void)mln_buf_reserve(out, bytes);
    mln_buf_add(out, input->method);
    mln_buf_add_char(out, '\n');
    add_path(input, out);
    mln_buf_add_char(out, '\n');
    rc = add_query(input->query, &arena, out, err);
    mln_buf_add_char(out, '\n');
    if (rc == MLN_OK)
        rc = add_headers(input, &arena, out, err);
    mln_buf_add_cstr(out, "\n\n" PAYLOAD); /* No additional headers are named. */
    return rc;
}

/* A chain of MACs: the secret, then the day, region, service and the scope's end. */
static int derive_key(const struct mln_oss4_input *input, unsigned char key[MLN_SHA256_BYTES],
        struct mln_err *err)
{
    const struct mln_str steps[] = { { input->date.ptr, DAY_LEN }, input->region, MLN_STR(SERVICE),
        MLN_STR(SCOPE_END) };
    char bytes[sizeof(KEY_PREFIX) + KEY_MAX_BYTES] = KEY_PREFIX;
    struct mln_str with = { bytes, sizeof(KEY_PREFIX) - 1 + input->key.len };
    unsigned char mac[MLN_SHA256_BYTES];
    int rc = MLN_OK;

    if (input->key.len > KEY_MAX_BYTES)
        return mln_fail(err, MLN_ETOOBIG, "the access key secret is over %zu bytes", KEY_MAX_BYTES);
    if (input->key.len > 0)
        memcpy(bytes + sizeof(KEY_PREFIX) - 1, input->key.ptr, input->key.len);
    for (size_t i = 0; i < MLN_LEN(steps) && rc == MLN_OK; i++) {
        rc = mln_hmac_sha256(with, steps[i], mac, err);
        if (rc == MLN_OK)
            memcpy(key, mac, sizeof(mac));
        with = (struct mln_str){ (const char *)key, MLN_SHA256_BYTES };
    }
    OPENSSL_cleanse(bytes, sizeof(bytes));
    OPENSSL_cleanse(mac, sizeof(mac));
    return rc;
}

static bool is_date(struct mln_str date)
{
    if (date.len != DATE_LEN)
        return false;
    for (size_t i = 0; i < DATE_LEN; i++) {
        char c = date.ptr[i];

        if (i == DAY_LEN ? c != 'T' : i == DATE_LEN - 1 ? c != 'Z' : c < '0' || c > '9')
            return false;
    }
    return true;
}

static int check(const struct mln_oss4_input *input, struct mln_err *err)
{
    if (!mln_region_is_name(input->region))
        return mln_fail(err, MLN_EINVAL, "a region to sign for is at most %zu of a-z, 0-9 and '-'",
                MLN_REGION_NAME_MAX);
    if (!is_date(input->date))
        return mln_fail(err, MLN_EINVAL, "a date to sign reads like 20260102T030405Z");
    if (input->object.len > 0 && input->bucket.len == 0)
        return mln_fail(err, MLN_EINVAL, "an object is in a bucket: none is named");
    return MLN_OK;
}

static int sign_text(const struct mln_oss4_input *input, struct mln_str canonical,
        const char *scope, char signature[MLN_SHA256_HEX_MAX], struct mln_err *err)
{
    unsigned char key[MLN_SHA256_BYTES] = { 0 }, mac[MLN_SHA256_BYTES];
    char text[TO_SIGN_MAX], hash[MLN_SHA256_HEX_MAX];
    int rc = derive_key(input, key, err);

    mln_sha256_hex(canonical, hash);
    (void)snprintf(
            text, sizeof(text), ALGORITHM "\n%.*s\n%s\n%s", MLN_FMT(input->date), scope, hash);
    if (rc == MLN_OK)
        rc = mln_hmac_sha256(
                (struct mln_str){ (const char *)key, sizeof(key) }, mln_str_of(text), mac, err);
    if (rc == MLN_OK)
        mln_hex_256(mac, signature);
    OPENSSL_cleanse(key, sizeof(key));
    return rc;
}

int mln_oss4_sign(const struct mln_oss4_input *input, struct mln_buf *canonical,
        struct mln_buf *authorization, struct mln_err *err)
{
    MLN_AUTO(mln_canonical_free) struct mln_buf built = MLN_BUF_INIT(MLN_CANONICAL_MAX);
    char scope[SCOPE_MAX], signature[MLN_SHA256_HEX_MAX] = "";
    struct mln_str text = { 0 }, done;
    int rc = check(input, err);

    if (rc == MLN_OK)
        rc = build_canonical(input, &built, err);
    if (rc == MLN_OK)
        rc = mln_buf_done(&built, &text, err);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, "request to the object store");
    (void)snprintf(scope, sizeof(scope), "%.*s/%.*s/" SERVICE "/" SCOPE_END, (int)DAY_LEN,
            input->date.ptr, MLN_FMT(input->region));
    rc = sign_text(input, text, scope, signature, err);
    if (rc != MLN_OK)
        return rc;
    if (canonical != NULL)
        mln_buf_add(canonical, text);
    mln_buf_addf(authorization, ALGORITHM " Credential=%.*s/%s,Signature=%s",
            MLN_FMT(input->key_id), scope, signature);
    return mln_buf_done(authorization, &done, err);
}
