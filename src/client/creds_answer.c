/*
 * Exchanges with the services that hand out credentials, and what may be told about their answers:
 * the code, a sentence and the request id. A body is never repeated, because one that could not be
 * read may hold a secret that nobody has learned yet.
 */
#include <ctype.h>
#include <stdio.h>

#include "acs/error.h"
#include "base/redact.h"
#include "client/api.h"
#include "client/priv.h"

#define MESSAGE_SHOWN 200
#define WORD_SHOWN    20 /* A longer one without a blank may be a key. */

const struct mln_triple_names mln_triple_upper = { "AccessKeyId", "AccessKeySecret",
    "SecurityToken", "Expiration" };
const struct mln_triple_names mln_triple_lower = { "accessKeyId", "accessKeySecret",
    "securityToken", "expiration" };

void mln_creds_free_json(struct mln_json **doc)
{
    mln_json_free(*doc);
}

/* ---- times ---- */

/* "Z" or "+08:00". */
static bool read_offset(struct mln_str text, int64_t *minutes)
{
    int64_t hours = 0, rest = 0;

    if (text.len == 1 && (text.ptr[0] == 'Z' || text.ptr[0] == 'z')) {
        *minutes = 0;
        return true;
    }
    if (text.len != 6 || (text.ptr[0] != '+' && text.ptr[0] != '-') || text.ptr[3] != ':' ||
            text.ptr[1] == '-' || text.ptr[4] == '-' ||
            mln_str_to_i64((struct mln_str){ text.ptr + 1, 2 }, &hours) != MLN_OK ||
            mln_str_to_i64((struct mln_str){ text.ptr + 4, 2 }, &rest) != MLN_OK || hours > 23 ||
            rest > 59)
        return false;
    *minutes = (hours * 60 + rest) * (text.ptr[0] == '-' ? -1 : 1);
    return true;
}

int mln_creds_time(struct mln_str text, int64_t *out_ms)
{
    char whole[20];
    int64_t at = 0, minutes = 0, fraction = 0, unit = 100;
    size_t i = 19;

    if (text.len < 20 || !(text.ptr[10] == 'T' || text.ptr[10] == 't' || text.ptr[10] == ' '))
        return MLN_EINVAL;
    memcpy(whole, text.ptr, 19);
    whole[10] = 'T';
    whole[19] = 'Z';
    if (mln_time_parse((struct mln_str){ whole, sizeof(whole) }, &at) != MLN_OK)
        return MLN_EINVAL;
    if (text.ptr[i] == '.') {
        for (i++; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++, unit /= 10)
            fraction += (text.ptr[i] - '0') * unit;
        if (i == 20)
            return MLN_EINVAL;
    }
    if (!read_offset((struct mln_str){ text.ptr + i, text.len - i }, &minutes))
        return MLN_EINVAL;
    *out_ms = at + fraction - minutes * 60 * MLN_MS_PER_S;
    return MLN_OK;
}

/* ---- triples ---- */

static int member(const char *what, struct mln_json_value object, const char *name,
        struct mln_str *out, struct mln_err *err)
{
    struct mln_json_value value;

    if (!mln_json_get(object, name, &value) || mln_json_type(value) == MLN_JSON_NULL)
        return mln_fail(err, MLN_ECREDS, "the answer of %s lacks %s", what, name);
    if (!mln_json_to_str(value, out))
        return mln_fail(err, MLN_ECREDS, "%s in the answer of %s is not a text", name, what);
    if (out->len == 0)
        return mln_fail(err, MLN_ECREDS, "%s in the answer of %s is empty", name, what);
    return MLN_OK;
}

/* Codes are words; anything else is not repeated. */
static bool code_is_sane(struct mln_str code)
{
    for (size_t i = 0; i < code.len; i++) {
        if (!isalnum((unsigned char)code.ptr[i]) && strchr("._-", code.ptr[i]) == NULL)
            return false;
    }
    return code.len > 0 && code.len <= 64;
}

static int meaning_of(const struct mln_refusal *refusal, int status)
{
    if (refusal != NULL && (refusal->meaning == MLN_EDENIED || refusal->meaning == MLN_ECONFIG ||
                                   refusal->meaning == MLN_ETRANSIENT))
        return refusal->meaning;
    if (refusal != NULL)
        return MLN_ECREDS;
    return status >= 500 || status == 429 ? MLN_ETRANSIENT : MLN_ECREDS;
}

static int check_code(const char *what, struct mln_json_value object, struct mln_err *err)
{
    struct mln_json_value value;
    struct mln_str code;

    if (!mln_json_get(object, "Code", &value) || mln_json_type(value) == MLN_JSON_NULL)
        return MLN_OK;
    if (mln_json_to_str(value, &code) && mln_str_is(code, "Success"))
        return MLN_OK;
    if (!mln_json_to_str(value, &code) || !code_is_sane(code))
        return mln_fail(err, MLN_ECREDS, "the answer of %s says that it failed", what);
    return mln_fail(err, meaning_of(mln_refusal_of(code), 200), "%s answered with code %.*s", what,
            MLN_FMT(code));
}

int mln_creds_triple(const struct mln_creds_options *options, const char *what,
        struct mln_json_value object, const struct mln_triple_names *names, struct mln_creds *out,
        struct mln_err *err)
{
    struct mln_creds_parts parts = { 0 };
    struct mln_creds creds = { 0 };
    struct mln_str until = { 0 };
    int64_t expires_ms = 0;
    int rc = mln_json_type(object) == MLN_JSON_OBJECT
                     ? check_code(what, object, err)
                     : mln_fail(err, MLN_ECREDS, "the answer of %s is not an object", what);

    if (rc == MLN_OK)
        rc = member(what, object, names->key_id, &parts.key_id, err);
    if (rc == MLN_OK)
        rc = member(what, object, names->secret, &parts.secret, err);
    if (rc == MLN_OK)
        rc = member(what, object, names->token, &parts.token, err);
    if (rc == MLN_OK)
        rc = member(what, object, names->expiration, &until, err);
    if (rc != MLN_OK)
        return rc;
    if (mln_creds_time(until, &expires_ms) != MLN_OK)
        return mln_fail(err, MLN_ECREDS, "%s in the answer of %s is not a time (RFC 3339)",
                names->expiration, what);
    if (expires_ms <= mln_creds_now_ms(options))
        return mln_fail(err, MLN_ECREDS,
                "%s answered with credentials that have ended already: is this machine's clock right?",
                what);
    rc = mln_creds_fill(&creds, &parts, err);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, "the answer of %s", what);
    creds.expires_ms = expires_ms;
    *out = creds;
    return MLN_OK;
}

/* ---- exchanges ---- */

/* In our own words: the library's may name the URL, whose query may be a secret. */
static int no_answer(const char *what, int rc, enum mln_http_failure failure, struct mln_err *err)
{
    static const char *const words[] = {
        [MLN_HTTP_ANSWERED] = "could not be reached",
        [MLN_HTTP_NO_NAME] = "has a host name that does not resolve",
        [MLN_HTTP_NO_CONNECTION] = "could not be reached",
        [MLN_HTTP_CERTIFICATE] =
                "has a certificate that does not verify: give its CA with --cacert",
        [MLN_HTTP_TIMED_OUT] = "did not answer in time",
        [MLN_HTTP_TOO_LARGE] = "answered with too much",
        [MLN_HTTP_BROKEN] = "broke the connection off",
    };

    if (rc == MLN_ENOMEM)
        return rc;
    if (rc == MLN_ETOOBIG)
        return mln_fail(err, MLN_ECREDS, "the answer of %s is over the limit of %zu KiB", what,
                MLN_CREDS_ANSWER_MAX / 1024);
    if ((size_t)failure >= MLN_LEN(words))
        failure = MLN_HTTP_BROKEN;
    return mln_fail(err, rc == MLN_EIO ? MLN_EIO : MLN_ETRANSIENT, "%s %s", what, words[failure]);
}

int mln_creds_ask(const struct mln_creds_options *options, const char *what,
        const struct mln_http_request *request, struct mln_http_response *response,
        bool *bytes_left, struct mln_err *err)
{
    bool left = false;
    int rc;

    /* All its room at once, so that no copy of a secret stays behind in memory given back. */
    response->body.max = MLN_CREDS_ANSWER_MAX;
    if (!mln_buf_reserve(&response->body, MLN_CREDS_ANSWER_MAX))
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    rc = options->transport->send(options->transport->ctx, request, response, &left, err);
    if (bytes_left != NULL)
        *bytes_left = left;
    if (rc == MLN_OK && response->body.code != MLN_OK)
        rc = response->body.code;
    if (rc != MLN_OK)
        return no_answer(what, rc, response->failure, err);
    if (response->status >= 300 && response->status < 400)
        return mln_fail(err, MLN_ECREDS,
                "%s answered with a redirect (%d): redirects are never followed with credentials; "
                "check the address, and any proxy between",
                what, response->status);
    return MLN_OK;
}

/* ---- refusals ---- */

/* Without control characters, without words as long as keys are, short. */
static void show_words(struct mln_str text, struct mln_buf *out)
{
    size_t word = 0;

    for (size_t i = 0; i < text.len && out->len < MESSAGE_SHOWN; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool in_word = isalnum(c) || (c != '\0' && strchr("+/=_-%.~", c) != NULL);

        word = in_word ? word + 1 : 0;
        if (c < ' ' || c > '~')
            c = ' ';
        if (word <= WORD_SHOWN) {
            mln_buf_add_char(out, (char)c);
        } else if (word == WORD_SHOWN + 1) {
            out->len -= WORD_SHOWN;
            mln_buf_add_cstr(out, "[...]");
        }
    }
}

static void filtered(struct mln_str message, struct mln_buf *out)
{
    MLN_AUTO(mln_buf_wipe_free) struct mln_buf redacted = MLN_BUF_INIT(4 * MLN_CREDS_ANSWER_MAX);

    mln_redact(message, &redacted);
    show_words(mln_str_trim(mln_buf_str(&redacted)), out);
}

int mln_creds_refused(const char *what, const struct mln_http_response *response, bool show_message,
        struct mln_err *err)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(4 * MLN_CREDS_ANSWER_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(1024);
    struct mln_acs_answer_error found = { 0 };
    const struct mln_refusal *refusal;

    if (!mln_acs_error_read(mln_buf_str(&response->body), &arena, &found) ||
            !code_is_sane(found.code))
        return mln_fail(err, meaning_of(NULL, response->status),
                "%s answered %d and does not say why", what, response->status);
    refusal = mln_refusal_of(found.code);
    if (refusal != NULL && refusal->sentence != NULL)
        mln_buf_add_cstr(&text, refusal->sentence);
    else if (show_message && response->status != 200) /* A success's body may hold a key. */
        filtered(found.message, &text);
    mln_err_set(err, meaning_of(refusal, response->status), "%s refused: %.*s (HTTP %d)%s%.*s",
            what, MLN_FMT(found.code), response->status, text.len > 0 ? ": " : "",
            MLN_FMT(mln_buf_str(&text)));
    if (code_is_sane(found.request_id)) {
        size_t used = strlen(err->msg);

        (void)snprintf(err->msg + used, sizeof(err->msg) - used, " (request id %.*s)",
                MLN_FMT(found.request_id));
    }
    return err->code;
}

int mln_creds_document(const char *what, const struct mln_http_response *response,
        bool show_message, struct mln_json **out, struct mln_err *err)
{
    if (response->status != 200)
        return mln_creds_refused(what, response, show_message, err);
    if (response->body.len == 0)
        return mln_fail(err, MLN_ECREDS, "the answer of %s is empty", what);
    if (mln_json_parse(mln_buf_str(&response->body), out, err) != MLN_OK)
        return mln_fail(err, MLN_ECREDS,
                "the answer of %s is not JSON: is something else answering in its place?", what);
    return MLN_OK;
}
