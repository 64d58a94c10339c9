/* V1 cases: from the bytes on the wire, and from the parameters that the client was given. */
#include "vector.h"

static int check(const char *from, const struct vector *vector, struct mln_params *params,
        struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(MLN_CANONICAL_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf signature = MLN_BUF_INIT(64);
    int rc = mln_v1_sign(vector->method, params, vector->key, &text, &signature, err);

    if (rc == MLN_OK)
        rc = vector_compare("string to sign", mln_buf_str(&text), vector->string_to_sign, err);
    if (rc == MLN_OK)
        rc = vector_compare("signature", mln_buf_str(&signature), vector->signature, err);
    return rc == MLN_OK ? rc : mln_wrap(err, rc, "%s", from);
}

/* The signature that travelled with the request verifies, and is what the case says. */
static int check_wire(const struct vector *vector, struct mln_arena *arena, struct mln_err *err)
{
    struct mln_params params = { 0 };
    struct mln_str sent = { 0 };
    int rc = mln_params_parse_query(&params, arena, vector_query(vector), err);

    if (rc == MLN_OK)
        rc = mln_params_parse_query(&params, arena, vector->body, err);
    if (rc == MLN_OK && !mln_params_get(&params, "Signature", true, &sent))
        rc = mln_fail(err, MLN_EINVAL, "the request carries no Signature");
    if (rc == MLN_OK)
        rc = vector_compare("sent signature", sent, vector->signature, err);
    return rc == MLN_OK ? check("from the wire", vector, &params, err) : rc;
}

static int check_params(const struct vector *vector, struct mln_arena *arena, struct mln_err *err)
{
    struct mln_params params = { 0 };
    int rc = vector_params(vector, arena, &params, err);

    return rc == MLN_OK ? check("from the parameters", vector, &params, err) : rc;
}

int vector_check_v1(const struct vector *vector, struct mln_arena *arena, struct mln_err *err)
{
    int rc = MLN_OK;

    if (!mln_v1_method_supported(vector->algorithm))
        return mln_fail(err, MLN_EINVAL, "the method is refused");
    if (vector->target.len > 0)
        rc = check_wire(vector, arena, err);
    if (rc == MLN_OK)
        rc = check_params(vector, arena, err);
    return rc;
}
