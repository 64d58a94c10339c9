/* V3 cases: from the bytes on the wire, and from the parameters that the client was given. */
#include "acs/percent.h"
#include "vector.h"

static struct mln_acs_request request_of(const struct vector *vector, struct mln_str query)
{
    return (struct mln_acs_request){
        .method = vector->method,
        .path = MLN_STR("/"),
        .raw_query = query,
        .body = vector->body,
        .headers = vector->headers,
        .header_count = vector->header_count,
    };
}

static int check(const char *from, const struct vector *vector,
        const struct mln_v3_authorization *sent, struct mln_str query, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf canonical = MLN_BUF_INIT(MLN_CANONICAL_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(256);
    struct mln_acs_request request = request_of(vector, query);
    char hash[MLN_SHA256_HEX_MAX], signature[MLN_V3_SIGNATURE_LEN + 1];
    struct mln_v3_input input = { .request = &request,
        .signed_headers = sent->signed_headers,
        .key = vector->key,
        .names = mln_str_is(vector->names, "raw") ? MLN_V3_NAMES_RAW : MLN_V3_NAMES_ENCODED };
    int rc;

    mln_sha256_hex(vector->body, hash);
    input.payload_sha256 = mln_str_of(hash);
    rc = mln_v3_sign(&input, &canonical, &text, signature, err);
    if (rc == MLN_OK)
        rc = vector_compare("canonical request", mln_buf_str(&canonical), vector->canonical, err);
    if (rc == MLN_OK)
        rc = vector_compare("string to sign", mln_buf_str(&text), vector->string_to_sign, err);
    if (rc == MLN_OK)
        rc = vector_compare("signature", mln_str_of(signature), vector->signature, err);
    return rc == MLN_OK ? rc : mln_wrap(err, rc, "%s", from);
}

/* The query that Merlon's own client would send for these parameters. */
static void add_query(const struct mln_params *params, struct mln_buf *out)
{
    for (size_t i = 0; i < params->count; i++) {
        if (i > 0)
            mln_buf_add_char(out, '&');
        mln_percent_encode(params->items[i].name, out);
        mln_buf_add_char(out, '=');
        mln_percent_encode(params->items[i].value, out);
    }
}

static int check_params(const struct vector *vector, const struct mln_v3_authorization *sent,
        struct mln_arena *arena, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf query = MLN_BUF_INIT(MLN_CANONICAL_MAX);
    struct mln_params params = { 0 };
    int rc = vector_params(vector, arena, &params, err);

    if (rc != MLN_OK)
        return rc;
    add_query(&params, &query);
    return check("from the parameters", vector, sent, mln_buf_str(&query), err);
}

static int check_query_params(
        const struct vector *vector, struct mln_arena *arena, struct mln_err *err)
{
    struct mln_params got = { 0 }, want = { 0 };
    int rc = mln_params_parse_query(&got, arena, vector_query(vector), err);

    if (rc == MLN_OK)
        rc = vector_params(vector, arena, &want, err);
    return rc == MLN_OK ? vector_compare_params("query", &got, &want, err) : rc;
}

/* The body gives the parameters that went into it. */
static int check_body_params(
        const struct vector *vector, struct mln_arena *arena, struct mln_err *err)
{
    bool is_json = vector->json_params.len > 0;
    struct mln_params got = { 0 }, want = { 0 };
    int rc;

    if (!is_json && vector->form_params.len == 0)
        return MLN_OK;
    rc = is_json ? mln_params_parse_json(&got, arena, vector->body, err)
                 : mln_params_parse_query(&got, arena, vector->body, err);
    if (rc == MLN_OK)
        rc = mln_params_parse_json(
                &want, arena, is_json ? vector->json_params : vector->form_params, err);
    return rc == MLN_OK ? vector_compare_params("body", &got, &want, err) : rc;
}

int vector_check_v3(const struct vector *vector, struct mln_arena *arena, struct mln_err *err)
{
    struct mln_acs_request request = request_of(vector, vector_query(vector));
    struct mln_v3_authorization sent;
    struct mln_str header = { 0 };
    int rc = MLN_OK;

    if (!mln_acs_header(&request, "authorization", &header))
        return mln_fail(err, MLN_EINVAL, "the request carries no Authorization");
    rc = vector_compare("authorization", header, vector->authorization, err);
    if (rc == MLN_OK)
        rc = mln_v3_authorization_parse(header, &sent, err);
    if (rc == MLN_OK && !mln_v3_algorithm_supported(sent.algorithm))
        rc = mln_fail(err, MLN_EINVAL, "the algorithm is refused");
    if (rc == MLN_OK)
        rc = vector_compare("sent signature", sent.signature, vector->signature, err);
    if (rc == MLN_OK)
        rc = check("from the wire", vector, &sent, request.raw_query, err);
    if (rc == MLN_OK)
        rc = check_query_params(vector, arena, err);
    if (rc == MLN_OK)
        rc = check_params(vector, &sent, arena, err);
    if (rc == MLN_OK)
        rc = check_body_params(vector, arena, err);
    return rc;
}

int vector_check_unsigned(const struct vector *vector, struct mln_arena *arena, struct mln_err *err)
{
    struct mln_acs_request request = request_of(vector, vector_query(vector));
    struct mln_str header;

    if (mln_acs_header(&request, "authorization", &header))
        return mln_fail(err, MLN_EINVAL, "the request is signed");
    return check_query_params(vector, arena, err);
}
