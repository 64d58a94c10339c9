/* OSS4 cases: from the bytes on the wire, and from the parameters that the client was given. */
#include "vector.h"

/* The key's name and the signature of "ALGORITHM Credential=ID/...,Signature=HEX". */
static bool read_authorization(
        struct mln_str header, struct mln_str *key_id, struct mln_str *signature)
{
    struct mln_str rest = header, part;

    if (!mln_str_next(&rest, '=', &part) || !mln_str_is(part, "OSS4-HMAC-SHA256 Credential"))
        return false;
    if (!mln_str_next(&rest, '/', key_id) || !mln_str_next(&rest, ',', &part))
        return false;
    if (!mln_str_next(&rest, '=', &part) || !mln_str_is(part, "Signature"))
        return false;
    *signature = rest;
    return true;
}

static int check(const char *from, const struct vector *vector, const struct mln_params *query,
        struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf canonical = MLN_BUF_INIT(MLN_CANONICAL_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf authorization = MLN_BUF_INIT(4096);
    struct mln_acs_request request = { .headers = vector->headers,
        .header_count = vector->header_count };
    struct mln_oss4_input input = {
        .method = vector->method,
        .bucket = vector->bucket,
        .query = query,
        .headers = vector->headers,
        .header_count = vector->header_count,
        .region = vector->region,
        .key = vector->key,
    };
    struct mln_str signature;
    int rc;

    if (!mln_acs_header(&request, "x-oss-date", &input.date) ||
            !read_authorization(vector->authorization, &input.key_id, &signature))
        return mln_fail(err, MLN_EINVAL, "the request is not signed");
    rc = vector_compare("sent signature", signature, vector->signature, err);
    if (rc == MLN_OK)
        rc = mln_oss4_sign(&input, &canonical, &authorization, err);
    if (rc == MLN_OK)
        rc = vector_compare("canonical request", mln_buf_str(&canonical), vector->canonical, err);
    if (rc == MLN_OK)
        rc = vector_compare(
                "authorization", mln_buf_str(&authorization), vector->authorization, err);
    return rc == MLN_OK ? rc : mln_wrap(err, rc, "%s", from);
}

int vector_check_oss4(const struct vector *vector, struct mln_arena *arena, struct mln_err *err)
{
    struct mln_params wire = { 0 }, given = { 0 };
    int rc = mln_params_parse_query(&wire, arena, vector_query(vector), err);

    if (rc == MLN_OK)
        rc = check("from the wire", vector, &wire, err);
    if (rc == MLN_OK)
        rc = vector_params(vector, arena, &given, err);
    if (rc == MLN_OK)
        rc = check("from the parameters", vector, &given, err);
    return rc == MLN_OK ? vector_compare_params("query", &wire, &given, err) : rc;
}
