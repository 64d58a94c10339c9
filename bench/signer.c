#include "signer.h"

#include <stdio.h>

#include "base/env.h"
#include "base/random.h"

#define SIGNED_HEADERS \
    "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct signer signer_from_env(const char *host)
{
    const struct mln_env *env = mln_env_system();
    struct signer signer = {
        .key_id = mln_str_of(mln_env_get(env, "ALIBABA_CLOUD_ACCESS_KEY_ID")),
        .secret = mln_str_of(mln_env_get(env, "ALIBABA_CLOUD_ACCESS_KEY_SECRET")),
        .host = host,
    };

    if (signer.key_id.len == 0 || signer.secret.len == 0) {
        (void)fprintf(stderr, "bench: no key in the environment\n");
        exit(1);
    }
    return signer;
}

static void add(struct signed_request *out, const char *name, const char *value)
{
    out->headers[out->request.header_count++] = (struct mln_header){ mln_str_of(name),
        mln_str_of(value) };
}

static void new_nonce(char out[33])
{
    struct mln_buf hex = MLN_BUF_INIT(64);
    unsigned char bytes[16];

    mln_random_fill(mln_random_system(), bytes, sizeof(bytes));
    mln_buf_add_hex(&hex, bytes, sizeof(bytes));
    memcpy(out, hex.ptr, 33);
    mln_buf_free(&hex);
}

void signer_sign(const struct signer *signer, const char *query, struct signed_request *out)
{
    struct mln_v3_input input = {
        .request = &out->request,
        .signed_headers = MLN_STR(SIGNED_HEADERS),
        .payload_sha256 = MLN_STR(EMPTY_SHA256),
        .key = signer->secret,
        .names = MLN_V3_NAMES_ENCODED,
    };
    char signature[MLN_V3_SIGNATURE_LEN + 1];
    struct mln_err err;

    out->request = (struct mln_acs_request){
        .method = MLN_STR("POST"),
        .path = MLN_STR("/"),
        .raw_query = mln_str_of(query),
        .body = MLN_STR(""),
        .headers = out->headers,
    };
    new_nonce(out->nonce);
    mln_time_format(mln_now_ms(mln_clock_system()), out->date);
    add(out, "host", signer->host);
    add(out, "x-acs-action", signer->action != NULL ? signer->action : "DescribeRiskRules");
    add(out, "x-acs-content-sha256", EMPTY_SHA256);
    add(out, "x-acs-date", out->date);
    add(out, "x-acs-signature-nonce", out->nonce);
    add(out, "x-acs-version", signer->version != NULL ? signer->version : "2019-01-03");
    if (mln_v3_sign(&input, NULL, NULL, signature, &err) != MLN_OK) {
        (void)fprintf(stderr, "bench: %s\n", err.msg);
        exit(1);
    }
    (void)snprintf(out->authorization, sizeof(out->authorization),
            MLN_V3_ALGORITHM " Credential=%.*s,SignedHeaders=" SIGNED_HEADERS ",Signature=%s",
            MLN_FMT(signer->key_id), signature);
    add(out, "Authorization", out->authorization);
    add(out, "accept", "application/json");
    add(out, "user-agent", "merlon-bench/1");
}

void signer_wire(const struct signed_request *request, struct mln_buf *out)
{
    mln_buf_addf(out, "POST /?%.*s HTTP/1.1\r\n", MLN_FMT(request->request.raw_query));
    for (size_t i = 0; i < request->request.header_count; i++)
        mln_buf_addf(out, "%.*s: %.*s\r\n", MLN_FMT(request->headers[i].name),
                MLN_FMT(request->headers[i].value));
    mln_buf_add_cstr(out, "content-length: 0\r\n\r\n");
}
