/*
 * The cloud's error answers: one table of codes (acs/error.def) and the body that carries them, in
 * JSON and XML: RequestId, HostId, Code, Message, Recommend and, on a denial, AccessDeniedDetail.
 */
#pragma once

#include "base/arena.h"
#include "wire/writer.h"

/* How much of a request one error quotes; longer ones are left out of the message. */
#define MLN_ACS_DETAIL_MAX  ((size_t)256 * 1024)
#define MLN_ACS_MESSAGE_MAX (2 * MLN_ACS_DETAIL_MAX + 1024)

enum mln_acs_code {
#define X(symbol, code, status, message) MLN_ACS_##symbol,
#include "acs/error.def"
#undef X
    MLN_ACS_CODE_COUNT
};

struct mln_acs_code_row {
    const char *code, *message; /* "Invalid%s", "Specified parameter %s is not valid." */
    int http_status;
};

const struct mln_acs_code_row *mln_acs_code_row(enum mln_acs_code code);

/* One error to be answered, built with mln_acs_error_set; lives on the caller's stack. */
struct mln_acs_error {
    int http_status;
    char code[96];
    struct mln_buf message; /* Owned; limit MLN_ACS_MESSAGE_MAX: it may carry a string to sign. */
    int64_t retry_after_ms; /* -1: none; else the x-acs-retry-after header. */
    bool denied;            /* AccessDeniedDetail follows. */
    char auth_action[96];   /* "yundun-sddp:PreHandleAuditRisk" */
    char principal_name[96], principal_owner[32], principal_type[24];
    bool explicit_deny;
};

void mln_acs_error_init(struct mln_acs_error *error);
void mln_acs_error_fini(struct mln_acs_error *error);

/* Fills code, status and message from the table; `name` replaces %s (NULL where there is none). */
void mln_acs_error_set(struct mln_acs_error *error, enum mln_acs_code code, const char *name);

/*
 * Appends detail to the message: the string to sign of a V1 SignatureDoesNotMatch. Security and
 * bearer tokens in it become "***".
 */
void mln_acs_error_detail(struct mln_acs_error *error, struct mln_str detail);

/* The same for V3: string to sign and canonical request, each in its brackets. */
void mln_acs_error_detail_v3(
        struct mln_acs_error *error, struct mln_str string_to_sign, struct mln_str canonical);

/* Writes the body: JSON object, or `<Error>` in XML. `product` is "Sas" or "Sddp". */
void mln_acs_error_write(const struct mln_acs_error *error, enum mln_format format,
        struct mln_str request_id, struct mln_str host_id, const char *product,
        struct mln_buf *out);

/* An error answer as a client reads it; views borrow from the JSON document or `arena`. */
struct mln_acs_answer_error {
    struct mln_str code, message, request_id, auth_action;
};

/*
 * Reads the error members of an answer body in JSON (any case of the first letter) or XML. False
 * when there is no Code.
 */
bool mln_acs_error_read(
        struct mln_str body, struct mln_arena *arena, struct mln_acs_answer_error *out);
