#include "check/policy.h"

#include "check/fn.h"
#include "check/net_list.h"
#include "wire/writer.h"

#define ACTIONS_SHOWN  ((size_t)3)
#define NAME_SHOWN_MAX ((size_t)128)
#define CONDITIONS_MAX ((size_t)64) /* Keys of one object in a condition. */

enum presence { ABSENT, ONCE, TWICE };

/* A member by its exact name; repeated keys mean different things to different readers. */
static enum presence member(
        struct mln_json_value object, const char *name, struct mln_json_value *out)
{
    struct mln_json_iter it = mln_json_iter(object);
    struct mln_json_value value = { 0 };
    struct mln_str key = { 0 };
    enum presence seen = ABSENT;

    if (mln_json_type(object) != MLN_JSON_OBJECT)
        return ABSENT;
    while (mln_json_next(&it, &key, &value)) {
        if (!mln_str_is(key, name))
            continue;
        if (seen == ONCE)
            return TWICE;
        *out = value;
        seen = ONCE;
    }
    return seen;
}

static bool is_absent(struct mln_json_value object, const char *name)
{
    struct mln_json_value value = { 0 };

    return member(object, name, &value) == ABSENT;
}

/* One value or a list of them: the next element; a single one is given once. */
struct elements {
    struct mln_json_value single;
    struct mln_json_iter list;
    bool is_list, done;
};

static struct elements elements_of(struct mln_json_value value)
{
    return (struct elements){ .single = value,
        .list = mln_json_iter(value),
        .is_list = mln_json_type(value) == MLN_JSON_ARRAY };
}

static bool next_element(struct elements *elements, struct mln_json_value *out)
{
    struct mln_str key = { 0 };

    if (elements->is_list)
        return mln_json_next(&elements->list, &key, out);
    if (elements->done)
        return false;
    elements->done = true;
    *out = elements->single;
    return true;
}

typedef bool text_test_fn(const void *ctx, struct mln_str text);

/* True when there is at least one text and the test holds for every element. */
static bool all_texts(struct mln_json_value value, text_test_fn *test, const void *ctx)
{
    struct elements elements = elements_of(value);
    struct mln_json_value item = { 0 };
    struct mln_str text = { 0 };
    bool any = false;

    while (next_element(&elements, &item)) {
        if (!mln_json_to_str(item, &text) || !test(ctx, text))
            return false;
        any = true;
    }
    return any;
}

static bool any_text(struct mln_json_value value, text_test_fn *test, const void *ctx)
{
    struct elements elements = elements_of(value);
    struct mln_json_value item = { 0 };
    struct mln_str text = { 0 };

    while (next_element(&elements, &item)) {
        if (mln_json_to_str(item, &text) && test(ctx, text))
            return true;
    }
    return false;
}

static bool has_wildcard(struct mln_str text)
{
    return text.len > 0 &&
           (memchr(text.ptr, '*', text.len) != NULL || memchr(text.ptr, '?', text.len) != NULL);
}

/* ---- principals ---- */

/* The account in an account id or in acs:ram::<id>:..., arn:sts::<id>:...; empty when none. */
static struct mln_str account_of(struct mln_str principal)
{
    struct mln_str rest = principal, field = { 0 };

    if (principal.len == 0 || memchr(principal.ptr, ':', principal.len) == NULL)
        return principal;
    for (int i = 0; i < 4; i++) {
        if (!mln_str_next(&rest, ':', &field))
            return (struct mln_str){ 0 };
    }
    return field;
}

/* An account that is not named letter by letter may be anybody's. */
static bool is_anybody(const void *ctx, struct mln_str principal)
{
    struct mln_str account = account_of(mln_str_trim(principal));

    (void)ctx;
    return account.len == 0 || has_wildcard(account);
}

static bool is_somebody(const void *ctx, struct mln_str principal)
{
    return !is_anybody(ctx, principal);
}

/* True unless every principal is a named one. A map holds lists of them. */
static bool principal_is_public(struct mln_json_value principal)
{
    struct mln_json_iter it = mln_json_iter(principal);
    struct mln_json_value value = { 0 };
    struct mln_str key = { 0 };

    if (mln_json_type(principal) != MLN_JSON_OBJECT)
        return !all_texts(principal, is_somebody, NULL);
    while (mln_json_next(&it, &key, &value)) {
        if (!all_texts(value, is_somebody, NULL))
            return true;
    }
    return mln_json_count(principal) == 0;
}

static bool is_star(const void *ctx, struct mln_str text)
{
    (void)ctx;
    return mln_str_is(text, "*");
}

/* Beyond doubt everybody: what a Deny must say to protect. */
static bool principal_is_everyone(struct mln_json_value principal)
{
    struct mln_json_iter it = mln_json_iter(principal);
    struct mln_json_value value = { 0 };
    struct mln_str key = { 0 };

    if (mln_json_type(principal) != MLN_JSON_OBJECT)
        return any_text(principal, is_star, NULL);
    while (mln_json_next(&it, &key, &value)) {
        if (any_text(value, is_star, NULL))
            return true;
    }
    return false;
}

static bool is_deny(struct mln_json_value statement)
{
    struct mln_json_value effect = { 0 };
    struct mln_str text = { 0 };

    return member(statement, "Effect", &effect) == ONCE && mln_json_to_str(effect, &text) &&
           mln_str_is(text, "Deny");
}

static bool is_public(struct mln_json_value statement)
{
    struct mln_json_value principal = { 0 };

    if (is_deny(statement))
        return false;
    if (!is_absent(statement, "NotPrincipal"))
        return true;
    return member(statement, "Principal", &principal) != ONCE || principal_is_public(principal);
}

/* ---- conditions ---- */

static bool is_vpc(const void *ctx, struct mln_str text)
{
    (void)ctx;
    return mln_str_starts(text, MLN_STR("vpc-")) && text.len > 4 && !has_wildcard(text);
}

static bool is_exact(const void *ctx, struct mln_str text)
{
    (void)ctx;
    return text.len > 0 && !has_wildcard(text);
}

static bool is_narrow_network(const void *ctx, struct mln_str text)
{
    const struct policy_limits *limits = ctx;
    struct net_token token = { 0 };

    if (!net_token_read(mln_str_trim(text), true, &token) || token.everything)
        return false;
    return token.net.prefix > 0 &&
           token.net.prefix >= (token.net.family == MLN_NET_V4 ? limits->v4 : limits->v6);
}

/* Narrow networks that are the whole world together narrow nothing. */
static bool networks_are_narrow(struct mln_json_value values, const struct policy_limits *limits)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set set = MLN_NET_SET_INIT(MLN_CHECK_RANGES_MAX);
    struct elements elements = elements_of(values);
    struct mln_json_value item = { 0 };
    struct mln_str text = { 0 };

    if (!all_texts(values, is_narrow_network, limits))
        return false;
    while (next_element(&elements, &item)) {
        if (mln_json_to_str(item, &text))
            net_list_add(&set, text, true, NULL);
    }
    return set.code == MLN_OK && !net_set_is_open(&set, MLN_NET_V4) &&
           !net_set_is_open(&set, MLN_NET_V6);
}

enum subject { SUBJECT_OTHER, SUBJECT_ADDRESS, SUBJECT_VPC, SUBJECT_ACCESS_KEY };

static enum subject subject_of(struct mln_str key)
{
    static const struct {
        const char *key;
        enum subject subject;
    } rows[] = { { "acs:accessid", SUBJECT_ACCESS_KEY }, { "acs:sourceip", SUBJECT_ADDRESS },
        { "acs:sourcevpc", SUBJECT_VPC }, { "acs:sourcevpcid", SUBJECT_VPC } };

    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        if (mln_str_eq_nocase(key, mln_str_of(rows[i].key)))
            return rows[i].subject;
    }
    return SUBJECT_OTHER;
}

static bool is_word_of(struct mln_str word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (mln_str_is(word, words[i]))
            return true;
    }
    return false;
}

/*
 * True when the values narrow the caller under this operator: as an allow list (`deny` false), or
 * as the exception of a Deny (`deny` true).
 */
static bool narrows(struct mln_str operation, struct mln_str key, struct mln_json_value values,
        bool deny, const struct policy_limits *limits)
{
    static const char *const equal[] = { "StringEquals", "StringEqualsIgnoreCase", "StringLike" };
    static const char *const unequal[] = { "StringNotEquals", "StringNotEqualsIgnoreCase",
        "StringNotLike" };
    enum subject subject = subject_of(key);
    bool compares = deny ? is_word_of(operation, unequal, MLN_LEN(unequal))
                         : is_word_of(operation, equal, MLN_LEN(equal));

    if (subject == SUBJECT_ADDRESS)
        return mln_str_is(operation, deny ? "NotIpAddress" : "IpAddress") &&
               networks_are_narrow(values, limits);
    if (subject == SUBJECT_VPC)
        return compares && all_texts(values, is_vpc, NULL);
    return subject == SUBJECT_ACCESS_KEY && !deny && compares && all_texts(values, is_exact, NULL);
}

/* How many conditions there are and how many of them narrow the caller; all must hold at once. */
struct narrowing {
    size_t conditions, narrow;
    bool odd; /* Not the shape of a condition. */
};

static struct narrowing narrowing_of(
        struct mln_json_value condition, bool deny, const struct policy_limits *limits)
{
    struct narrowing found = { .odd = mln_json_type(condition) != MLN_JSON_OBJECT };
    struct mln_json_iter operations = mln_json_iter(condition);
    struct mln_json_value keys = { 0 }, values = { 0 };
    struct mln_str operation = { 0 }, key = { 0 };

    while (!found.odd && mln_json_next(&operations, &operation, &keys)) {
        struct mln_json_iter it = mln_json_iter(keys);

        found.odd = mln_json_type(keys) != MLN_JSON_OBJECT;
        while (!found.odd && mln_json_next(&it, &key, &values)) {
            found.conditions++;
            if (narrows(operation, key, values, deny, limits))
                found.narrow++;
        }
    }
    return found;
}

/* A key that stands twice in an object, at any level of a condition; or too many to tell. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as JSON, which is limited */
static bool has_twins(struct mln_json_value object)
{
    struct mln_json_iter it = mln_json_iter(object), other = { 0 };
    struct mln_json_value value = { 0 }, ignored = { 0 };
    struct mln_str key = { 0 }, twin = { 0 };
    size_t at = 0, seen = 0;

    if (mln_json_type(object) != MLN_JSON_OBJECT)
        return false;
    if (mln_json_count(object) > CONDITIONS_MAX)
        return true;
    for (; mln_json_next(&it, &key, &value); at++) {
        other = mln_json_iter(object);
        for (seen = 0; seen < at && mln_json_next(&other, &twin, &ignored); seen++) {
            if (mln_str_eq_nocase(key, twin))
                return true;
        }
        if (has_twins(value))
            return true;
    }
    return false;
}

static bool is_restricted(struct mln_json_value statement, const struct policy_limits *limits)
{
    struct mln_json_value condition = { 0 };
    struct narrowing found = { 0 };

    if (member(statement, "Condition", &condition) != ONCE || has_twins(condition))
        return false;
    found = narrowing_of(condition, false, limits);
    return !found.odd && found.narrow > 0;
}

/* ---- actions and resources ---- */

static bool is_every_action(const void *ctx, struct mln_str text)
{
    (void)ctx;
    return mln_str_is(text, "*") || mln_str_eq_nocase(text, MLN_STR("oss:*"));
}

/*
 * True when everything that `covered` can stand for matches `pattern`: its own wildcards are taken
 * as letters, which only a `*` of the pattern takes in.
 */
static bool covers(struct mln_str pattern, struct mln_str covered)
{
    size_t p = 0, t = 0, star = SIZE_MAX, retry = 0;

    while (t < covered.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            retry = t;
        } else if (p < pattern.len && covered.ptr[t] != '*' && pattern.ptr[p] == covered.ptr[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++retry;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

static bool covers_text(const void *ctx, struct mln_str pattern)
{
    const struct mln_str *covered = ctx;

    return covers(pattern, *covered);
}

/* `ctx` is the Resource of a Deny. */
static bool is_covered(const void *ctx, struct mln_str resource)
{
    const struct mln_json_value *denied = ctx;

    return any_text(*denied, covers_text, &resource);
}

static bool covers_resources(struct mln_json_value deny, struct mln_json_value statement)
{
    struct mln_json_value denied = { 0 }, granted = { 0 };

    if (member(deny, "Resource", &denied) != ONCE || !is_absent(deny, "NotResource"))
        return false;
    if (any_text(denied, is_star, NULL))
        return true;
    return is_absent(statement, "NotResource") && member(statement, "Resource", &granted) == ONCE &&
           all_texts(granted, is_covered, &denied);
}

/* True when this Deny keeps everyone but narrow callers from what the statement grants. */
static bool shields(struct mln_json_value deny, struct mln_json_value statement,
        const struct policy_limits *limits)
{
    struct mln_json_value principal = { 0 }, action = { 0 }, condition = { 0 };
    struct narrowing found = { 0 };
    enum presence presence = ABSENT;

    if (!is_deny(deny) || !is_absent(deny, "NotPrincipal") || !is_absent(deny, "NotAction"))
        return false;
    if (member(deny, "Principal", &principal) != ONCE || !principal_is_everyone(principal) ||
            member(deny, "Action", &action) != ONCE || !any_text(action, is_every_action, NULL))
        return false;
    presence = member(deny, "Condition", &condition);
    if (presence == TWICE || (presence == ONCE && has_twins(condition)))
        return false;
    if (presence == ONCE) {
        found = narrowing_of(condition, true, limits);
        /* A condition more would let through whoever does not meet it. */
        if (found.odd || found.narrow < found.conditions)
            return false;
    }
    return covers_resources(deny, statement);
}

/* ---- what is said about a statement ---- */

static void add_names(struct mln_json_value value, size_t limit, struct mln_buf *out)
{
    struct elements elements = elements_of(value);
    struct mln_json_value item = { 0 };
    struct mln_str text = { 0 };
    char name[NAME_SHOWN_MAX + 1];

    for (size_t i = 0; i < limit && next_element(&elements, &item); i++) {
        if (!mln_json_to_str(item, &text))
            text = mln_str_of("?");
        mln_fn_ascii(text, name, sizeof(name));
        if (i > 0)
            mln_buf_add_char(out, ',');
        mln_buf_add_cstr(out, name);
    }
}

/* "Action" or, when that is absent, "NotAction"; appended as "NotAction=oss:Get*". `value` is
 * empty before. */
static void add_part(struct mln_json_value statement, const char *name, const char *negated,
        size_t limit, struct mln_buf *text, struct mln_buf *value)
{
    struct mln_json_value found = { 0 };

    if (member(statement, name, &found) != ABSENT) {
        mln_buf_addf(text, "%s=", name);
    } else if (member(statement, negated, &found) != ABSENT) {
        mln_buf_addf(text, "%s=", negated);
    } else {
        mln_buf_addf(text, "%s=", name);
        mln_buf_add_char(value, '?');
    }
    if (found.document != NULL)
        add_names(found, limit, value);
    mln_buf_add(text, mln_buf_str(value));
}

/* The principals as a text: `*` for everyone, the account ids else. */
static void add_principal(struct mln_json_value statement, const char *shown, struct mln_buf *text)
{
    if (shown[0] == '*' && !is_absent(statement, "NotPrincipal"))
        mln_buf_add_cstr(text, "NotPrincipal=?");
    else
        mln_buf_addf(text, "Principal=%s", shown);
}

static void add_member(struct mln_buf *out, const char *name, struct mln_str value)
{
    mln_buf_add_cstr(out, name);
    mln_json_quote(value, out);
}

/* Appends one object of the answer. */
static void add_statement(
        struct mln_buf *out, struct mln_json_value statement, const char *principal)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(MLN_CHECK_POLICY_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf action = MLN_BUF_INIT(MLN_CHECK_POLICY_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf resource = MLN_BUF_INIT(MLN_CHECK_POLICY_MAX);

    add_principal(statement, principal, &text);
    mln_buf_add_char(&text, ' ');
    add_part(statement, "Action", "NotAction", ACTIONS_SHOWN, &text, &action);
    mln_buf_add_char(&text, ' ');
    add_part(statement, "Resource", "NotResource", 1, &text, &resource);
    if (text.code != MLN_OK || action.code != MLN_OK || resource.code != MLN_OK)
        out->code = MLN_ENOMEM;
    if (out->len > 1)
        mln_buf_add_char(out, ',');
    add_member(out, "{\"principal\":", mln_str_of(principal));
    add_member(out, ",\"action\":", mln_buf_str(&action));
    add_member(out, ",\"resource\":", mln_buf_str(&resource));
    add_member(out, ",\"text\":", mln_buf_str(&text));
    mln_buf_add_char(out, '}');
}

/* ---- whole policies ---- */

static int statements_of(
        struct mln_json_value root, struct mln_json_value *out, struct mln_err *err)
{
    struct mln_json_value statements = { 0 };
    enum mln_json_type type = MLN_JSON_NULL;

    if (member(root, "Statement", &statements) != ONCE)
        return mln_fail(err, MLN_ENOTFOUND, "no Statement: not a policy");
    type = mln_json_type(statements);
    if (type != MLN_JSON_ARRAY && type != MLN_JSON_OBJECT)
        return mln_fail(err, MLN_ENOTFOUND, "a Statement that is no list: not a policy");
    if (type == MLN_JSON_ARRAY && mln_json_count(statements) > POLICY_STATEMENTS_MAX)
        return mln_fail(
                err, MLN_ETOOBIG, "a policy with more than %zu statements", POLICY_STATEMENTS_MAX);
    *out = statements;
    return MLN_OK;
}

static bool is_shielded(struct mln_json_value statements, struct mln_json_value statement,
        const struct policy_limits *limits)
{
    struct elements elements = elements_of(statements);
    struct mln_json_value deny = { 0 };

    while (next_element(&elements, &deny)) {
        if (shields(deny, statement, limits))
            return true;
    }
    return false;
}

int policy_public(struct mln_json_value root, const struct policy_limits *limits,
        struct mln_buf *out, struct mln_err *err)
{
    struct mln_json_value statements = { 0 }, statement = { 0 };
    struct elements elements = { 0 };
    struct mln_str text = { 0 };
    size_t shown = 0;
    int rc = statements_of(root, &statements, err);

    if (rc != MLN_OK)
        return rc;
    elements = elements_of(statements);
    mln_buf_add_char(out, '[');
    while (shown < POLICY_STATEMENTS_SHOWN && next_element(&elements, &statement)) {
        if (!is_public(statement) || is_restricted(statement, limits) ||
                is_shielded(statements, statement, limits))
            continue;
        add_statement(out, statement, "*");
        shown++;
    }
    mln_buf_add_char(out, ']');
    return mln_buf_done(out, &text, err);
}

/* ---- other accounts ---- */

/* Not the account itself; whoever is anybody is policy_public()'s business. */
static bool is_foreign(const void *ctx, struct mln_str principal)
{
    const struct mln_str *own = ctx;
    struct mln_str account = account_of(mln_str_trim(principal));

    return !is_anybody(NULL, principal) && !mln_str_eq(account, *own);
}

static bool first_foreign(
        struct mln_json_value names, const struct mln_str *own, struct mln_str *out)
{
    struct elements elements = elements_of(names);
    struct mln_json_value item = { 0 };
    struct mln_str text = { 0 };

    while (next_element(&elements, &item)) {
        if (mln_json_to_str(item, &text) && is_foreign(own, text)) {
            *out = text;
            return true;
        }
    }
    return false;
}

static bool foreign_principal(
        struct mln_json_value statement, const struct mln_str *own, struct mln_str *out)
{
    struct mln_json_value principal = { 0 }, value = { 0 };
    struct mln_json_iter it = { 0 };
    struct mln_str key = { 0 };

    if (member(statement, "Principal", &principal) == ABSENT)
        return false;
    if (mln_json_type(principal) != MLN_JSON_OBJECT)
        return first_foreign(principal, own, out);
    it = mln_json_iter(principal);
    while (mln_json_next(&it, &key, &value)) {
        if (first_foreign(value, own, out))
            return true;
    }
    return false;
}

/* Every action, without a condition. NotAction leaves nearly everything, so it counts. */
static bool grants_all(struct mln_json_value statement)
{
    struct mln_json_value action = { 0 }, condition = { 0 };
    enum presence presence = member(statement, "Condition", &condition);

    if (is_deny(statement))
        return false;
    if (presence == ONCE && mln_json_count(condition) > 0)
        return false;
    return !is_absent(statement, "NotAction") || member(statement, "Action", &action) != ONCE ||
           any_text(action, is_every_action, NULL);
}

int policy_foreign(struct mln_json_value root, struct mln_str own_account, struct mln_buf *out,
        struct mln_err *err)
{
    struct mln_json_value statements = { 0 }, statement = { 0 };
    struct elements elements = { 0 };
    struct mln_str text = { 0 }, found = { 0 };
    char name[NAME_SHOWN_MAX + 1];
    size_t shown = 0;
    int rc = statements_of(root, &statements, err);

    if (rc != MLN_OK)
        return rc;
    elements = elements_of(statements);
    mln_buf_add_char(out, '[');
    while (shown < POLICY_STATEMENTS_SHOWN && next_element(&elements, &statement)) {
        if (!grants_all(statement) || !foreign_principal(statement, &own_account, &found))
            continue;
        mln_fn_ascii(found, name, sizeof(name));
        add_statement(out, statement, name);
        shown++;
    }
    mln_buf_add_char(out, ']');
    return mln_buf_done(out, &text, err);
}
