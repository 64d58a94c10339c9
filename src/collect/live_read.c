/*
 * What an answer asks of the transport. Only the error's code and what goes with it are looked at:
 * what the answer is worth is for the executor to say.
 */
#include <stdio.h>

#include "acs/error.h"
#include "collect/live_priv.h"
#include "collect/priv.h"
#include "wire/xml.h"

#define SMALL_BODY ((size_t)8192) /* An error under status 200 is no longer. */
#define ERROR_MAX  ((size_t)1024 * 1024)

/* Codes that hold one of these words; the first row wins. */
static const struct {
    const char *word;
    enum mln_live_meaning meaning;
} words[] = {
    { "InvalidSecurityToken", MLN_LIVE_TOKEN_ENDED },
    { "SecurityTokenExpired", MLN_LIVE_TOKEN_ENDED },
    { "InvalidAccessKeyId", MLN_LIVE_KEY_REFUSED },
    { "SignatureDoesNotMatch", MLN_LIVE_KEY_REFUSED },
    { "IncompleteSignature", MLN_LIVE_KEY_REFUSED },
    { "InvalidTimeStamp", MLN_LIVE_CLOCK },
    { "IllegalTimestamp", MLN_LIVE_CLOCK },
    { "RequestTimeTooSkewed", MLN_LIVE_CLOCK },
    { "SignatureNonceUsed", MLN_LIVE_NONCE },
};

static enum mln_live_meaning meaning_of(const char *code)
{
    for (size_t i = 0; i < MLN_LEN(words); i++)
        if (strcasestr(code, words[i].word) != NULL)
            return words[i].meaning;
    return MLN_LIVE_PLAIN;
}

/* The object store says where a bucket is when it was asked for at another place. */
static bool names_endpoint(struct mln_str body, struct mln_arena *arena, const char *code,
        struct mln_live_reading *out)
{
    struct mln_str endpoint = { 0 };

    if (strcmp(code, "AccessDenied") != 0 && strcmp(code, "PermanentRedirect") != 0 &&
            strcmp(code, "TemporaryRedirect") != 0)
        return false;
    if (!mln_xml_text(body, "Endpoint", arena, &endpoint) || endpoint.len == 0 ||
            endpoint.len >= sizeof(out->endpoint))
        return false;
    (void)snprintf(out->endpoint, sizeof(out->endpoint), "%.*s", MLN_FMT(endpoint));
    return true;
}

static bool may_be_error(const struct mln_http_response *response, struct mln_str body)
{
    if (response->status >= 400)
        return body.len <= ERROR_MAX;
    /* A redirect may carry an error; a good answer is only read when it may be one. */
    return body.len <= SMALL_BODY && (memmem(body.ptr, body.len, "Code", 4) != NULL ||
                                             memmem(body.ptr, body.len, "code", 4) != NULL);
}

static void read_error(enum mln_plan_style style, struct mln_str body, struct mln_live_reading *out)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(4 * ERROR_MAX);
    struct mln_acs_answer_error error = { 0 };

    if (!mln_acs_error_read(body, &arena, &error))
        return;
    /* Cut or not, a code is what it begins with. */
    (void)snprintf(out->code, sizeof(out->code), "%.*s", MLN_FMT(error.code));
    out->meaning = meaning_of(out->code);
    if (style == MLN_STYLE_OSS && names_endpoint(body, &arena, out->code, out))
        out->meaning = MLN_LIVE_ELSEWHERE;
}

static bool begins_as_page(struct mln_str body)
{
    static const char *const pages[] = { "<html", "<!doctype" };

    for (size_t i = 0; i < MLN_LEN(pages); i++) {
        struct mln_str word = mln_str_of(pages[i]);

        if (body.len >= word.len && mln_str_eq_nocase((struct mln_str){ body.ptr, word.len }, word))
            return true;
    }
    return false;
}

/*
 * What no endpoint of the cloud answers: portals and proxies do. An error without a code is
 * nobody's in particular, unless it is a page or leads elsewhere.
 */
static bool is_foreign(enum mln_plan_style style, int status, struct mln_str body)
{
    if (begins_as_page(body))
        return true;
    if (status >= 300)
        return status < 400;
    if (body.len == 0)
        return true;
    return style != MLN_STYLE_OSS && (body.ptr[0] != '{' || body.ptr[body.len - 1] != '}');
}

void mln_live_read(enum mln_plan_style style, const struct mln_http_response *response,
        struct mln_live_reading *out)
{
    struct mln_str body = mln_str_trim(mln_buf_str(&response->body));
    int status = response->status;

    *out = (struct mln_live_reading){ .meaning = MLN_LIVE_PLAIN };
    out->is_xml = style == MLN_STYLE_OSS && body.len > 0 && body.ptr[0] == '<';
    if (body.len > 0 && may_be_error(response, body))
        read_error(style, body, out);
    if (out->meaning != MLN_LIVE_PLAIN)
        return;
    if (mln_is_throttled(status, response->retry_after_ms, mln_str_of(out->code)))
        out->meaning = MLN_LIVE_THROTTLED;
    else if (status >= 500)
        out->meaning = MLN_LIVE_BUSY;
    else if (out->code[0] == '\0' && is_foreign(style, status, body))
        out->meaning = MLN_LIVE_FOREIGN;
}

void mln_live_clock_text(int64_t offset_ms, char out[64])
{
    const char *side = offset_ms < 0 ? "ahead of" : "behind";
    int64_t s = ((offset_ms < 0 ? -offset_ms : offset_ms) + 500) / MLN_MS_PER_S;

    if (s >= 86400)
        (void)snprintf(out, 64, "%lld d %lld h %s", (long long)(s / 86400),
                (long long)(s % 86400 / 3600), side);
    else if (s >= 3600)
        (void)snprintf(out, 64, "%lld h %lld min %s", (long long)(s / 3600),
                (long long)(s % 3600 / 60), side);
    else if (s >= 60)
        (void)snprintf(
                out, 64, "%lld min %lld s %s", (long long)(s / 60), (long long)(s % 60), side);
    else
        (void)snprintf(out, 64, "%lld s %s", (long long)s, side);
}
