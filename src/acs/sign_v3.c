/*
 * ACS3-HMAC-SHA256: the canonical request of a request as it arrived, and its signature. Values of
 * the query are decoded and encoded anew, because clients differ in what they leave unescaped on
 * the wire but agree in what they sign.
 */
#include "acs/percent.h"
#include "acs/priv.h"
#include "acs/sign.h"

/* What parsing the query of one request may take: the decoded copy and its table. */
#define QUERY_ARENA_BYTES (MLN_CANONICAL_MAX + MLN_PARAMS_MAX * 4 * sizeof(struct mln_param))

#define CANONICAL_TYPICAL_BYTES ((size_t)2048)

#define TO_SIGN_HEAD MLN_V3_ALGORITHM "\n"

/* In the raw form these would let one name stand for several parameters. */
static bool is_ambiguous(struct mln_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '&' || name.ptr[i] == '=' || name.ptr[i] == '\n')
            return true;
    }
    return false;
}

static int add_params(const struct mln_params *sorted, enum mln_v3_names names, struct mln_buf *out,
        struct mln_err *err)
{
    for (size_t i = 0; i < sorted->count; i++) {
        struct mln_str name = sorted->items[i].name;

        if (i > 0)
            mln_buf_add_char(out, '&');
        if (names == MLN_V3_NAMES_ENCODED)
            mln_percent_encode(name, out);
        else if (!is_ambiguous(name))
            mln_buf_add(out, name);
        else
            return mln_fail(err, MLN_EINVAL, "a parameter name cannot stand unencoded");
        mln_buf_add_char(out, '=');
        mln_percent_encode(sorted->items[i].value, out);
    }
    return MLN_OK;
}

static int add_query(const struct mln_v3_input *input, struct mln_buf *out, struct mln_err *err)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(QUERY_ARENA_BYTES);
    struct mln_params params = { 0 };
    int rc;

    if (input->query != NULL)
        return add_params(input->query, input->names, out, err);
    rc = mln_params_parse_query(&params, &arena, input->request->raw_query, err);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, "query");
    mln_params_sort(&params);
    return add_params(&params, input->names, out, err);
}

static int by_text(const void *left, const void *right)
{
    const struct mln_str *a = left, *b = right;

    return mln_str_cmp(*a, *b);
}

static bool is_called(const struct mln_header *header, struct mln_str name)
{
    return header->name.len == name.len && mln_str_eq_nocase(header->name, name);
}

/* The values of a header that came more than once, in order. */
static void add_sorted(
        const struct mln_acs_request *request, struct mln_str name, struct mln_buf *out)
{
    struct mln_str values[MLN_HEADERS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < request->header_count && count < MLN_HEADERS_MAX; i++) {
        if (is_called(&request->headers[i], name))
            values[count++] = mln_str_trim(request->headers[i].value);
    }
    /* cppcheck-suppress uninitvar ; the first `count` are set */
    qsort(values, count, sizeof(values[0]), by_text);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            mln_buf_add_char(out, ',');
        mln_buf_add(out, values[i]);
    }
}

/* One line for all headers of that name. */
static int add_header(const struct mln_acs_request *request, struct mln_str name,
        struct mln_buf *out, struct mln_err *err)
{
    const struct mln_header *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < request->header_count; i++) {
        if (!is_called(&request->headers[i], name))
            continue;
        first = first == NULL ? &request->headers[i] : first;
        count++;
    }
    if (first == NULL)
        return mln_fail(err, MLN_EINVAL, "a signed header is missing");
    mln_buf_add_lower(out, name);
    mln_buf_add_char(out, ':');
    if (count == 1)
        mln_buf_add(out, mln_str_trim(first->value));
    else
        add_sorted(request, name, out);
    mln_buf_add_char(out, '\n');
    return MLN_OK;
}

static int add_headers(const struct mln_v3_input *input, struct mln_buf *out, struct mln_err *err)
{
    struct mln_str rest = input->signed_headers, name;
    size_t names = 0;

    while (mln_str_next(&rest, ';', &name)) {
        int rc;

        if (++names > MLN_HEADERS_MAX)
            return mln_fail(err, MLN_ETOOBIG, "more than %zu signed headers", MLN_HEADERS_MAX);
        rc = add_header(input->request, name, out, err);
        if (rc != MLN_OK)
            return rc;
    }
    return MLN_OK;
}

/*
 * Growing from nothing costs as much as the hash, and would leave pieces of a token in freed
 * memory. What does not fit the limit shows later.
 */
static void reserve(const struct mln_acs_request *request, struct mln_buf *out)
{
    size_t bytes = CANONICAL_TYPICAL_BYTES + request->raw_query.len + request->path.len;

    for (size_t i = 0; i < request->header_count; i++)
        bytes += request->headers[i].value.len;
    if (bytes < out->max)
        (void)mln_buf_reserve(out, bytes);
}

static int build_canonical(
        const struct mln_v3_input *input, struct mln_buf *out, struct mln_err *err)
{
    const struct mln_acs_request *request = input->request;
    int rc;

    if (request->header_count > MLN_HEADERS_MAX)
        return mln_fail(err, MLN_ETOOBIG, "more than %zu headers", MLN_HEADERS_MAX);
    reserve(request, out);
    mln_buf_add(out, request->method);
    mln_buf_add_char(out, '\n');
    mln_buf_add(out, request->path.len > 0 ? request->path : MLN_STR("/"));
    mln_buf_add_char(out, '\n');
    rc = add_query(input, out, err);
    mln_buf_add_char(out, '\n');
    if (rc == MLN_OK)
        rc = add_headers(input, out, err);
    mln_buf_add_char(out, '\n');
    mln_buf_add(out, input->signed_headers);
    mln_buf_add_char(out, '\n');
    mln_buf_add(out, input->payload_sha256);
    return rc;
}

/* Appends `text` for a caller who asked for it. */
static int give(struct mln_buf *out, struct mln_str text, struct mln_err *err)
{
    struct mln_str done;

    if (out == NULL)
        return MLN_OK;
    mln_buf_add(out, text);
    return mln_buf_done(out, &done, err);
}

int mln_v3_sign(const struct mln_v3_input *input, struct mln_buf *canonical,
        struct mln_buf *string_to_sign, char signature[MLN_V3_SIGNATURE_LEN + 1],
        struct mln_err *err)
{
    MLN_AUTO(mln_canonical_free) struct mln_buf built = MLN_BUF_INIT(MLN_CANONICAL_MAX);
    const size_t head_len = sizeof(TO_SIGN_HEAD) - 1;
    char to_sign[sizeof(TO_SIGN_HEAD) + MLN_SHA256_HEX_MAX] = TO_SIGN_HEAD;
    unsigned char mac[MLN_SHA256_BYTES];
    struct mln_str text = { 0 }, line = { 0 };
    int rc = build_canonical(input, &built, err);

    if (rc == MLN_OK)
        rc = mln_buf_done(&built, &text, err);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, "canonical request");
    mln_sha256_hex(text, to_sign + head_len);
    line = mln_str_of(to_sign);
    rc = mln_hmac_sha256(input->key, line, mac, err);
    if (rc == MLN_OK)
        rc = give(canonical, text, err);
    if (rc == MLN_OK)
        rc = give(string_to_sign, line, err);
    if (rc == MLN_OK)
        mln_hex_256(mac, signature);
    return rc;
}
