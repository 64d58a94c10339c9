/*
 * The Authorization header and the canonical request: the first line is the header, the second the
 * query, and each further one a header of the request.
 */
#include "acs/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static size_t read_headers(struct mln_str rest, struct mln_header headers[MLN_HEADERS_MAX])
{
    struct mln_str line, name;
    size_t count = 0;

    while (count < MLN_HEADERS_MAX && mln_str_next(&rest, '\n', &line)) {
        if (mln_str_next(&line, ':', &name))
            headers[count++] = (struct mln_header){ .name = name, .value = line };
    }
    return count;
}

/* The third line of a canonical request is its query. */
static struct mln_str query_of(struct mln_str canonical)
{
    struct mln_str line = { 0 };

    for (int i = 0; i < 3; i++)
        require(mln_str_next(&canonical, '\n', &line));
    return line;
}

/* A canonical query is its own canonical form. */
static void sign_again(const struct mln_v3_input *input, struct mln_str canonical,
        const char signature[MLN_V3_SIGNATURE_LEN + 1])
{
    struct mln_acs_request request = *input->request;
    struct mln_v3_input again = *input;
    char got[MLN_V3_SIGNATURE_LEN + 1];
    struct mln_err err;

    request.raw_query = query_of(canonical);
    again.request = &request;
    require(mln_v3_sign(&again, NULL, NULL, got, &err) == MLN_OK);
    require(strcmp(got, signature) == 0);
}

static void sign(const struct mln_acs_request *request, struct mln_str signed_headers)
{
    MLN_AUTO(mln_buf_free) struct mln_buf canonical = MLN_BUF_INIT(MLN_CANONICAL_MAX);
    struct mln_v3_input input = { .request = request,
        .signed_headers = signed_headers,
        .payload_sha256 = MLN_STR("0"),
        .key = MLN_STR("key") };
    char signature[MLN_V3_SIGNATURE_LEN + 1];
    struct mln_err err;

    if (mln_v3_sign(&input, &canonical, NULL, signature, &err) == MLN_OK)
        sign_again(&input, mln_buf_str(&canonical), signature);
    input.names = MLN_V3_NAMES_RAW;
    if (mln_v3_sign(&input, NULL, NULL, signature, &err) == MLN_OK)
        require(strlen(signature) == MLN_V3_SIGNATURE_LEN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mln_str rest = { .ptr = (const char *)data, .len = size };
    struct mln_str header = MLN_STR(""), query = MLN_STR("");
    struct mln_v3_authorization authorization;
    struct mln_header headers[MLN_HEADERS_MAX];
    struct mln_acs_request request = { .method = MLN_STR("POST"), .path = MLN_STR("/") };
    struct mln_err err;

    (void)mln_str_next(&rest, '\n', &header);
    (void)mln_str_next(&rest, '\n', &query);
    request.raw_query = query;
    request.headers = headers;
    request.header_count = read_headers(rest, headers);
    if (mln_v3_authorization_parse(header, &authorization, &err) == MLN_OK)
        sign(&request, authorization.signed_headers);
    return 0;
}
