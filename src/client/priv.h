/* What the files of this folder share. */
#pragma once

#include "base/arena.h"
#include "client/creds.h"
#include "client/endpoints.h"
#include "wire/json.h"

/* ---- what credentials are made of (creds_parts.c) ---- */

struct mln_creds_parts {
    struct mln_str key_id, secret, token;
};

/* Copies the parts into secrets; `out` is untouched on failure. */
MLN_MUST_USE int mln_creds_fill(
        struct mln_creds *out, const struct mln_creds_parts *parts, struct mln_err *err);

/* A second copy, secrets included. */
MLN_MUST_USE int mln_creds_copy(
        const struct mln_creds *from, struct mln_creds *out, struct mln_err *err);

/* Sets the innermost provider's name, and the mode in the words of config.json. */
void mln_creds_name(struct mln_creds *creds, const char *provider, const char *mode);
/* Puts "outer/" before the provider's name. */
void mln_creds_within(struct mln_creds *creds, const char *outer);
/* Warns when others can read the file at `path`. */
void mln_creds_warn_of_mode(struct mln_creds *creds, const char *path);

/* What unsigned requests call themselves. */
struct mln_str mln_creds_user_agent(const struct mln_creds_options *options);
/* The cloud's time. */
int64_t mln_creds_now_ms(const struct mln_creds_options *options);
/* Where the user, by an option or a variable, says that a product is; false: nowhere. */
bool mln_creds_override(const struct mln_creds_options *options, const char *product,
        struct mln_str region, struct mln_endpoint *out);
/* True for "true" in any case. */
bool mln_creds_is_true(const struct mln_env *env, const char *name);

/*
 * Asks step `step` of the chain once more. Credentials of another provider or profile than `was`
 * are refused: a run never changes its identity half-way. MLN_ECREDS, MLN_ECONFIG, MLN_ETRANSIENT.
 */
MLN_MUST_USE int mln_creds_again(const struct mln_creds_options *options, size_t step,
        const struct mln_creds *was, struct mln_creds *out, struct mln_err *err);

/* ---- answers of services (creds_answer.c) ---- */

#define MLN_CREDS_ANSWER_MAX     ((size_t)64 * 1024)
#define MLN_CREDS_CONNECT_MS     5000
#define MLN_CREDS_TIMEOUT_MS     15000 /* 5 s to connect, 10 s to answer. */
#define MLN_METADATA_CONNECT_MS  1000
#define MLN_METADATA_TIMEOUT_MS  2000
#define MLN_PROCESS_TIMEOUT_MS   60000
#define MLN_TOKEN_FILE_MAX       ((size_t)64 * 1024)
#define MLN_PROCESS_COMMAND_MAX  ((size_t)16 * 1024)
#define MLN_PROCESS_WORDS_MAX    ((size_t)256)
#define MLN_CREDENTIALS_URI_MAX  ((size_t)4096)
#define MLN_EXPIRED_SECONDS_MIN  900
#define MLN_EXPIRED_SECONDS_MAX  43200
#define MLN_CREDS_AGAIN_MIN_MS   30000
#define MLN_CREDS_AGAIN_RANGE_MS 40000
#define MLN_CREDS_STORM_MS       1000 /* The least between two attempts without a live triple. */

/* RFC 3339 with any fraction and offset; MLN_EINVAL otherwise, `out_ms` untouched. */
MLN_MUST_USE int mln_creds_time(struct mln_str text, int64_t *out_ms);

/* How a service spells the four members. */
struct mln_triple_names {
    const char *key_id, *secret, *token, *expiration;
};
extern const struct mln_triple_names mln_triple_upper, mln_triple_lower;

/* Reads a session triple: all four members, as text, not ended. `what` names the service. */
MLN_MUST_USE int mln_creds_triple(const struct mln_creds_options *options, const char *what,
        struct mln_json_value object, const struct mln_triple_names *names, struct mln_creds *out,
        struct mln_err *err);

/*
 * Sends and waits. An answer of at most MLN_CREDS_ANSWER_MAX that is no redirect is MLN_OK,
 * whatever its status; `response` is an initialised one. `bytes_left` (may be NULL) is the
 * transport's. MLN_ETRANSIENT, MLN_ETOOBIG, MLN_EIO,
 * MLN_ECREDS (a redirect). No message holds the URL or anything of the answer.
 */
MLN_MUST_USE int mln_creds_ask(const struct mln_creds_options *options, const char *what,
        const struct mln_http_request *request, struct mln_http_response *response,
        bool *bytes_left, struct mln_err *err);

/* Why an answer is not one of success: its Code, our sentence or the filtered Message (only when
 * `show_message`), its request id. Always a failure. */
int mln_creds_refused(const char *what, const struct mln_http_response *response, bool show_message,
        struct mln_err *err);

/* Parses the body of an answer with status 200; others go through mln_creds_refused(). */
MLN_MUST_USE int mln_creds_document(const char *what, const struct mln_http_response *response,
        bool show_message, struct mln_json **out, struct mln_err *err);

/* For MLN_AUTO. */
void mln_creds_free_json(struct mln_json **doc);

/* ---- roles (creds_sts.c) ---- */

/* Everything is borrowed; empty: not given. */
struct mln_assume {
    struct mln_str role_arn, session_name, external_id, policy;
    int64_t seconds; /* 0: MLN_STS_SECONDS */
    struct mln_str sts_endpoint, sts_region, home_region;
    bool vpc;
};

MLN_MUST_USE int mln_sts_endpoint(const struct mln_creds_options *options,
        const struct mln_assume *assume, struct mln_endpoint *out, struct mln_err *err);

/* Without a transport `out` has names but no keys; so in all that follow. */
MLN_MUST_USE int mln_creds_assume(const struct mln_creds_options *options,
        const struct mln_assume *assume, const struct mln_creds *base, struct mln_creds *out,
        struct mln_err *err);
MLN_MUST_USE int mln_creds_assume_oidc(const struct mln_creds_options *options,
        const struct mln_assume *assume, struct mln_str provider_arn, struct mln_str token_file,
        struct mln_creds *out, struct mln_err *err);

/* ---- other services ---- */

/* The role of this instance; `role` empty: whichever is attached. MLN_ENOTFOUND: not an instance,
 * without a role, or switched off. */
MLN_MUST_USE int mln_creds_from_instance(const struct mln_creds_options *options,
        struct mln_str role, struct mln_creds *out, struct mln_err *err);

MLN_MUST_USE int mln_creds_from_uri(const struct mln_creds_options *options, struct mln_str uri,
        struct mln_creds *out, struct mln_err *err);

/* What an interactive sign-in left in a profile. */
struct mln_login {
    bool is_sso;         /* CloudSSO, else OAuth. */
    struct mln_str name; /* Of the profile. */
    struct mln_creds_parts cached;
    int64_t cached_until_s, access_token_until_s; /* 0: not said. */
    struct mln_str access_token;
    struct mln_str sign_in_url, account_id, access_config; /* CloudSSO */
    struct mln_str site;                                   /* OAuth: CN or INTL */
};

MLN_MUST_USE int mln_creds_from_login(const struct mln_creds_options *options,
        const struct mln_login *login, struct mln_creds *out, struct mln_err *err);

/* ---- a command (creds_external.c, command_split.c) ---- */

/*
 * Splits as a POSIX shell would, without running one: blanks, quotes, backslashes. `*argv` is in
 * the arena and ends with NULL. MLN_ECONFIG: no word, an open quote, a NUL byte, too many words.
 */
MLN_MUST_USE int mln_command_split(
        struct mln_str command, struct mln_arena *arena, char ***argv, struct mln_err *err);

/* Runs it and appends its output. Errors name its first word and how it ended, nothing else. */
MLN_MUST_USE int mln_command_run(
        struct mln_str command, int64_t timeout_ms, struct mln_buf *out, struct mln_err *err);

/* ---- files ---- */

/* Where a text that is not JSON goes wrong, from 1 on. */
void mln_json_place(struct mln_str text, int *line, int *column);

/*
 * The credentials of one profile of config.json; `name` NULL means its `current` profile.
 * MLN_ENOTFOUND: no such file, or no current profile in it; MLN_EINVAL: no such profile in it.
 */
MLN_MUST_USE int mln_creds_from_profile(const struct mln_creds_options *options, const char *name,
        struct mln_creds *out, struct mln_err *err);

/* The profile `name` of a parsed config.json. MLN_EINVAL: there is none. */
MLN_MUST_USE int mln_profile_read(const struct mln_creds_options *options,
        struct mln_json_value root, struct mln_str name, struct mln_creds *out,
        struct mln_err *err);

/* The names of outsiders, cut short for a message: `"%.*s", MLN_SHORT(name)`. */
#define MLN_SHORT(name) (int)((name).len > 64 ? 64 : (name).len), (name).ptr

/* One section of an INI file; the views point into its text. */
#define MLN_INI_KEYS_MAX ((size_t)64)
struct mln_ini_section {
    struct {
        struct mln_str key, value;
    } rows[MLN_INI_KEYS_MAX];
    size_t count;
};

/*
 * Reads a section of an INI text: "key = value", comments from '#' or a leading ';'. MLN_ENOTFOUND:
 * no such section; MLN_ECONFIG with the line's number (never its text): malformed anywhere.
 */
MLN_MUST_USE int mln_ini_read(struct mln_str text, struct mln_str section,
        struct mln_ini_section *out, struct mln_err *err);
/* Empty when absent. */
struct mln_str mln_ini_get(const struct mln_ini_section *section, const char *key);

/*
 * The credentials of a section of the INI files; `name` NULL means "default". MLN_ENOTFOUND: no
 * file, no such section, or one that is switched off.
 */
MLN_MUST_USE int mln_creds_from_ini(const struct mln_creds_options *options, const char *name,
        struct mln_creds *out, struct mln_err *err);
