/*
 * Values of Sigma: texts with wildcards and escapes, and regular expressions. A text without an
 * inner wildcard becomes a plain comparison; everything else becomes a PCRE2 expression over bytes
 * (audit logs are not UTF-8).
 */
#include <stdio.h>

#include "detect/rule_priv.h"

/* A token of a text: a byte, or one of these. */
enum { ANY = 256, ONE, DASH };

struct tokens {
    uint16_t *items;
    size_t count;
};

static bool is_word(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* A backslash escapes a wildcard, or a backslash; before anything else it is itself. */
static void tokenize(struct mln_str value, struct tokens *out)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        char next = i + 1 < value.len ? value.ptr[i + 1] : '\0';

        if (c == '\\' && (next == '*' || next == '?' || next == '\\')) {
            out->items[out->count++] = (uint16_t)(unsigned char)next;
            i++;
        } else {
            out->items[out->count++] = c == '*' ? ANY : c == '?' ? ONE : c;
        }
    }
}

/* `windash`: a dash or slash that starts a word may be any of five characters. */
static void mark_dashes(struct tokens *tokens)
{
    for (size_t i = 0; i + 1 < tokens->count; i++) {
        bool after_word = i > 0 && is_word(tokens->items[i - 1]);

        if ((tokens->items[i] == '-' || tokens->items[i] == '/') && !after_word &&
                is_word(tokens->items[i + 1]))
            tokens->items[i] = DASH;
    }
}

static void add_byte(struct mln_buf *buf, uint16_t token)
{
    if (is_word(token))
        mln_buf_add_char(buf, (char)token);
    else
        mln_buf_addf(buf, "\\x%02x", token);
}

static void add_regex(struct mln_buf *buf, const struct tokens *tokens)
{
    mln_buf_add_cstr(buf, "^(?:");
    for (size_t i = 0; i < tokens->count; i++) {
        if (tokens->items[i] == ANY)
            mln_buf_add_cstr(buf, ".*");
        else if (tokens->items[i] == ONE)
            mln_buf_add_char(buf, '.');
        else if (tokens->items[i] == DASH)
            mln_buf_add_cstr(buf, "(?:-|/|\\xe2\\x80[\\x93-\\x95])");
        else
            add_byte(buf, tokens->items[i]);
    }
    mln_buf_add_cstr(buf, ")$");
}

static int keep_regex(struct mln_rule_compiler *compiler, pcre2_code *code)
{
    struct mln_rules *rules = compiler->rules;

    if (rules->regex_count == rules->regex_capacity) {
        size_t capacity = rules->regex_capacity * 2 + 64;
        void *grown = reallocarray(rules->regexes, capacity, sizeof(pcre2_code *));

        if (grown == NULL) {
            pcre2_code_free(code);
            return mln_fail(compiler->err, MLN_ENOMEM, "%s: no memory", compiler->file->name);
        }
        rules->regexes = grown;
        rules->regex_capacity = capacity;
    }
    rules->regexes[rules->regex_count++] = code;
    return MLN_OK;
}

static int compile_regex(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        struct mln_str text, unsigned options, bool whole, struct mln_pattern *out)
{
    const uint32_t safe = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
    char *copy = mln_arena_cstr(&compiler->rules->arena, text);
    PCRE2_UCHAR reason[128] = "";
    PCRE2_SIZE offset = 0;
    int number = 0;
    pcre2_code *code;

    if (copy == NULL)
        return mln_fail(compiler->err, MLN_ENOMEM, "%s: no memory", compiler->file->name);
    code = pcre2_compile((PCRE2_SPTR)text.ptr, text.len,
            safe | options | (whole ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0), &number, &offset,
            NULL);
    if (code == NULL) {
        (void)pcre2_get_error_message(number, reason, sizeof(reason));
        return mln_yaml_fail(compiler->err, compiler->file, node,
                "regular expression, at its byte %zu: %s", (size_t)offset + 1, (char *)reason);
    }
    /* Where the machine forbids generated code, the interpreter does the same, slower. */
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    out->kind = MLN_PATTERN_REGEX;
    out->regex = code;
    out->regex_text = copy;
    out->regex_options = options;
    return keep_regex(compiler, code);
}

int mln_sigma_regex(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        struct mln_str value, unsigned options, struct mln_pattern *out)
{
    if (value.len == 0 || value.len > MLN_VALUE_BYTES_MAX)
        return mln_yaml_fail(compiler->err, compiler->file, node,
                "a regular expression has 1 to %zu bytes", MLN_VALUE_BYTES_MAX);
    /* Start-of-pattern verbs would let a rule switch UTF on or lift the limits. */
    if (mln_str_starts(value, MLN_STR("(*")))
        return mln_yaml_fail(compiler->err, compiler->file, node,
                "a regular expression must not begin with '(*'");
    return compile_regex(compiler, node, value, options, false, out);
}

/* Tokens without their outer wildcards as a plain text; false when a wildcard is inside. */
static bool plain_text(
        const struct tokens *tokens, bool cased, struct mln_arena *arena, struct mln_pattern *out)
{
    size_t from = 0, to = tokens->count;
    bool any_first, any_last;
    char *text;

    while (from < to && tokens->items[from] == ANY)
        from++;
    while (to > from && tokens->items[to - 1] == ANY)
        to--;
    any_first = from > 0;
    any_last = to < tokens->count || (from == to && any_first);
    for (size_t i = from; i < to; i++)
        if (tokens->items[i] > UINT8_MAX)
            return false;
    text = mln_arena_alloc(arena, to - from + 1);
    if (text == NULL)
        return false;
    for (size_t i = from; i < to; i++)
        text[i - from] = cased ? (char)tokens->items[i] : lower((char)tokens->items[i]);
    out->text = (struct mln_str){ text, to - from };
    out->kind = any_first && any_last ? MLN_PATTERN_CONTAINS
                : any_first           ? MLN_PATTERN_ENDS
                : any_last            ? MLN_PATTERN_STARTS
                                      : MLN_PATTERN_EQUAL;
    return true;
}

int mln_sigma_text(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        struct mln_str value, const struct mln_value_options *options, struct mln_pattern *out)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(MLN_VALUE_BYTES_MAX * 16);
    struct tokens tokens = { 0 };
    struct mln_str regex;
    int rc;

    if (value.len > MLN_VALUE_BYTES_MAX)
        return mln_yaml_fail(compiler->err, compiler->file, node, "a value has at most %zu bytes",
                MLN_VALUE_BYTES_MAX);
    tokens.items = mln_arena_alloc(&compiler->rules->arena, (value.len + 2) * sizeof(uint16_t));
    if (tokens.items == NULL)
        return mln_fail(compiler->err, MLN_ENOMEM, "%s: no memory", compiler->file->name);
    if (options->contains || options->ends)
        tokens.items[tokens.count++] = ANY;
    tokenize(value, &tokens);
    if (options->contains || options->starts)
        tokens.items[tokens.count++] = ANY;
    if (options->windash)
        mark_dashes(&tokens);
    out->cased = options->cased;
    if (plain_text(&tokens, options->cased, &compiler->rules->arena, out))
        return MLN_OK;
    add_regex(&buf, &tokens);
    rc = mln_buf_done(&buf, &regex, compiler->err);
    if (rc != MLN_OK)
        return rc;
    return compile_regex(
            compiler, node, regex, PCRE2_DOTALL | (options->cased ? 0 : PCRE2_CASELESS), true, out);
}
