/*
 * One signature case as a file: a field per line, "name value"; '\n' and '\\' are escaped in
 * values; '#' begins a comment. A field may repeat where a list is meant.
 *
 *     kind            v1, v3, oss4, unsigned, or refused (an algorithm that Merlon does not speak)
 *     algorithm       SignatureMethod, or the first word of Authorization
 *     key             the bare secret
 *     method, target, header, body    the request as it stood on the wire; absent when only
 * parameters are known params          parameters before they were encoded, as a JSON object;
 * flattened and joined form-params, json-params        the same for what the body carries (V3)
 *     bucket, region  what is signed for (OSS)
 *     names           encoded or raw: parameter names in the canonical query (V3)
 *     canonical, string-to-sign, signature    what each stage gives
 *     authorization   the header as the client sent it (V3, OSS)
 */
#pragma once

#include "acs/sign.h"

#define VECTOR_LIST_MAX 40

struct vector {
    struct mln_str kind, algorithm, key, method, target, body, names, canonical, string_to_sign,
            signature, authorization;
    struct mln_str form_params, json_params, bucket, region;
    struct mln_str params[VECTOR_LIST_MAX];
    size_t param_count;
    struct mln_header headers[VECTOR_LIST_MAX];
    size_t header_count;
};

/* Reads the file at `path`; views borrow from `arena`. */
MLN_MUST_USE int vector_read(
        const char *path, struct mln_arena *arena, struct vector *out, struct mln_err *err);

/* Carries one case out and compares every stage. MLN_EINVAL names the stage that differs. */
MLN_MUST_USE int vector_check_v1(
        const struct vector *vector, struct mln_arena *arena, struct mln_err *err);
MLN_MUST_USE int vector_check_v3(
        const struct vector *vector, struct mln_arena *arena, struct mln_err *err);
MLN_MUST_USE int vector_check_oss4(
        const struct vector *vector, struct mln_arena *arena, struct mln_err *err);
MLN_MUST_USE int vector_check_unsigned(
        const struct vector *vector, struct mln_arena *arena, struct mln_err *err);

/* MLN_EINVAL, naming `stage`, when the two differ. */
MLN_MUST_USE int vector_compare(
        const char *stage, struct mln_str got, struct mln_str want, struct mln_err *err);

/* The request line's query, without '?'. */
struct mln_str vector_query(const struct vector *vector);

/* All of `params`, flattened. */
MLN_MUST_USE int vector_params(const struct vector *vector, struct mln_arena *arena,
        struct mln_params *out, struct mln_err *err);

/* MLN_EINVAL when the two do not hold the same names and values. Sorts both. */
MLN_MUST_USE int vector_compare_params(
        const char *stage, struct mln_params *got, struct mln_params *want, struct mln_err *err);
