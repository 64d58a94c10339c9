/*
 * Resource policies (OSS bucket policies): which statements grant to everyone, and which grant
 * everything to another account. What cannot be understood counts as a grant, never as a
 * restriction: an Effect that is not Deny, a Principal of an odd type, a key that stands twice.
 */
#pragma once

#include "wire/json.h"

#define POLICY_STATEMENTS_SHOWN ((size_t)20)
#define POLICY_STATEMENTS_MAX   ((size_t)1000)

struct policy_limits {
    unsigned v4, v6; /* Source addresses with a shorter prefix are no restriction. */
};

/* Appends the JSON list; MLN_ENOTFOUND for what is no policy. */
MLN_MUST_USE int policy_public(struct mln_json_value root, const struct policy_limits *limits,
        struct mln_buf *out, struct mln_err *err);
MLN_MUST_USE int policy_foreign(struct mln_json_value root, struct mln_str own_account,
        struct mln_buf *out, struct mln_err *err);
