/*
 * Signature version 1.0: HMAC-SHA1 over the method and all parameters, as query or form carries
 * them.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "acs/percent.h"
#include "acs/priv.h"
#include "acs/sign.h"

/* Long enough for every access key secret; the cloud's have 30 characters. */
#define KEY_MAX_BYTES ((size_t)512)

#define BASE64_SHA1_MAX 32 /* 28 characters and a NUL. */

bool mln_v1_method_supported(struct mln_str method)
{
    return mln_str_is(method, MLN_V1_METHOD);
}

static void add_canonical_query(const struct mln_params *params, struct mln_buf *out)
{
    bool first = true;

    for (size_t i = 0; i < params->count; i++) {
        const struct mln_param *param = &params->items[i];

        if (mln_str_is(param->name, "Signature"))
            continue;
        if (!first)
            mln_buf_add_char(out, '&');
        first = false;
        mln_percent_encode(param->name, out);
        mln_buf_add_char(out, '=');
        mln_percent_encode(param->value, out);
    }
}

static int build_string_to_sign(
        struct mln_str method, struct mln_params *params, struct mln_buf *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf query = MLN_BUF_INIT(MLN_CANONICAL_MAX);
    struct mln_str text;
    int rc;

    mln_params_sort(params);
    add_canonical_query(params, &query);
    rc = mln_buf_done(&query, &text, err);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, "parameters to sign");
    mln_buf_add(out, method);
    mln_buf_add(out, MLN_STR("&%2F&"));
    mln_percent_encode(text, out);
    return MLN_OK;
}

/* HMAC with `key` + "&". */
static int mac_of(struct mln_str key, struct mln_str text, unsigned char mac[MLN_SHA1_BYTES],
        struct mln_err *err)
{
    char bytes[KEY_MAX_BYTES + 1];
    struct mln_str with_and = { .ptr = bytes, .len = key.len + 1 };
    int rc;

    if (key.len > KEY_MAX_BYTES)
        return mln_fail(err, MLN_ETOOBIG, "the access key secret is over %zu bytes", KEY_MAX_BYTES);
    if (key.len > 0)
        memcpy(bytes, key.ptr, key.len);
    bytes[key.len] = '&';
    rc = mln_hmac_sha1(with_and, text, mac, err);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return rc;
}

int mln_v1_sign(struct mln_str method, struct mln_params *params, struct mln_str key,
        struct mln_buf *string_to_sign, struct mln_buf *signature, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf built = MLN_BUF_INIT(MLN_CANONICAL_MAX);
    unsigned char mac[MLN_SHA1_BYTES], base64[BASE64_SHA1_MAX];
    struct mln_str text = { 0 }, done;
    int rc = build_string_to_sign(method, params, &built, err);

    if (rc == MLN_OK)
        rc = mln_buf_done(&built, &text, err);
    if (rc == MLN_OK)
        rc = mac_of(key, text, mac, err);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, "signature");
    (void)EVP_EncodeBlock(base64, mac, MLN_SHA1_BYTES);
    mln_buf_add_cstr(signature, (const char *)base64);
    rc = mln_buf_done(signature, &done, err);
    if (rc == MLN_OK && string_to_sign != NULL) {
        mln_buf_add(string_to_sign, text);
        rc = mln_buf_done(string_to_sign, &done, err);
    }
    return rc;
}
