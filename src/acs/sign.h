/*
 * Signatures of Alibaba Cloud's RPC APIs, both directions.
 *
 * V1 (SignatureVersion 1.0, HMAC-SHA1 over the sorted parameters) and V3 (ACS3-HMAC-SHA256 over the
 * canonical request). The verifier works on what arrived: the raw query and the header list that
 * the client names. MACs and digests are fetched once; each thread keeps its own contexts.
 */
#pragma once

#include "acs/params.h"
#include "base/secret.h"

#define MLN_HEADERS_MAX      ((size_t)100)
#define MLN_CANONICAL_MAX    ((size_t)4 * 1024 * 1024)
#define MLN_V3_SIGNATURE_LEN 64 /* hex */
#define MLN_SHA256_HEX_MAX   65 /* with NUL */
#define MLN_V3_ALGORITHM     "ACS3-HMAC-SHA256"
#define MLN_V1_METHOD        "HMAC-SHA1"

struct mln_header {
    struct mln_str name, value; /* As sent; names compare without case. */
};

/* An HTTP request as both sides see it; everything is borrowed. */
struct mln_acs_request {
    struct mln_str method;    /* "GET", "POST" */
    struct mln_str path;      /* Raw, "/". */
    struct mln_str raw_query; /* Without '?', as on the wire. */
    struct mln_str body;
    const struct mln_header *headers;
    size_t header_count;
};

/* The first header called `name` (any case); false when absent. */
bool mln_acs_header(const struct mln_acs_request *request, const char *name, struct mln_str *out);

/*
 * Lower-case hex of SHA-256 with its NUL; empty (which equals nothing) when the crypto library
 * fails.
 */
void mln_sha256_hex(struct mln_str bytes, char out[MLN_SHA256_HEX_MAX]);

/* By name: HMAC-SHA1 for V1's SignatureMethod, ACS3-HMAC-SHA256 for V3. All others are refused. */
bool mln_v1_method_supported(struct mln_str method);
bool mln_v3_algorithm_supported(struct mln_str algorithm);

/*
 * V1. `params` are all decoded parameters of query and form, in any order (they are sorted here;
 * one called Signature is left out). Appends the string to sign to `string_to_sign` (may be NULL)
 * and the base64 signature to `signature`. `key` is the bare secret; the "&" is added here.
 */
MLN_MUST_USE int mln_v1_sign(struct mln_str method, struct mln_params *params, struct mln_str key,
        struct mln_buf *string_to_sign, struct mln_buf *signature, struct mln_err *err);

/*
 * The parsed Authorization header of a V3 request; attributes in any order, blanks after commas
 * allowed.
 */
struct mln_v3_authorization {
    struct mln_str algorithm, credential, signed_headers, signature;
};

/*
 * MLN_EINVAL when it is not of that form. The algorithm is any ACS3-*: ask
 * mln_v3_algorithm_supported().
 */
MLN_MUST_USE int mln_v3_authorization_parse(
        struct mln_str header, struct mln_v3_authorization *out, struct mln_err *err);

/* How parameter names stand in the canonical query: SDKs differ for odd names (Java encodes them).
 */
enum mln_v3_names { MLN_V3_NAMES_ENCODED, MLN_V3_NAMES_RAW };

/*
 * V3: builds the canonical request over `request` with exactly the headers of `signed_headers`
 * ("a;b;c", lower case) and `payload_sha256` (hex), and from it the hex signature. `canonical` and
 * `string_to_sign` may be NULL, else they are appended to. MLN_EINVAL when a named header is
 * missing, or a raw parameter name holds '&', '=' or a newline. `query` is what the caller has read
 * from request->raw_query, sorted; NULL: it is read here.
 */
struct mln_v3_input {
    const struct mln_acs_request *request;
    const struct mln_params *query;
    struct mln_str signed_headers, payload_sha256, key;
    enum mln_v3_names names;
};
MLN_MUST_USE int mln_v3_sign(const struct mln_v3_input *input, struct mln_buf *canonical,
        struct mln_buf *string_to_sign, char signature[MLN_V3_SIGNATURE_LEN + 1],
        struct mln_err *err);

/* Equal in constant time (for equal lengths). Empty text equals nothing. */
bool mln_signature_eq(struct mln_str a, struct mln_str b);

/*
 * OSS V4 (OSS4-HMAC-SHA256; header signature, UNSIGNED-PAYLOAD). `region` without "oss-". The
 * headers that are signed are all x-oss-*, content-type and content-md5 of `headers`; the query is
 * sorted by encoded key, and a value of length 0 stands without '='. `bucket` and `object` "" where
 * there is none. Appends the canonical request (may be NULL) and the Authorization header's value,
 * which names `key_id`. MLN_EINVAL: a region or date that is none, an object without a bucket.
 */
struct mln_oss4_input {
    struct mln_str method, bucket, object;
    const struct mln_params *query;
    const struct mln_header *headers;
    size_t header_count;
    struct mln_str region, date; /* date: "20260102T030405Z", as in x-oss-date */
    struct mln_str key_id, key;
};
MLN_MUST_USE int mln_oss4_sign(const struct mln_oss4_input *input, struct mln_buf *canonical,
        struct mln_buf *authorization, struct mln_err *err);
