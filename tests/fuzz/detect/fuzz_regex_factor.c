/*
 * A line with a regular expression, then any bytes: where the expression matches, one of the texts
 * it is said to need is there.
 */
#include "detect/regex_factor.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define REGEX_MAX   ((size_t)512)
#define INPUT_MAX   ((size_t)4096)
#define ARENA_BYTES ((size_t)16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_text(struct mln_str where, struct mln_str text)
{
    for (size_t i = 0; i + text.len <= where.len; i++)
        if (mln_str_eq_nocase((struct mln_str){ where.ptr + i, text.len }, text))
            return true;
    return false;
}

static bool matches(const char *regex, struct mln_str subject)
{
    const uint32_t options = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_CASELESS;
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    PCRE2_SIZE offset;
    int number, rc = -1;
    pcre2_code *code = pcre2_compile(
            (PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED, options, &number, &offset, NULL);

    if (context == NULL || match == NULL)
        abort();
    (void)pcre2_set_match_limit(context, 10000);
    if (code != NULL)
        rc = pcre2_match(code, (PCRE2_SPTR)subject.ptr, subject.len, 0, 0, match, context);
    pcre2_code_free(code);
    pcre2_match_data_free(match);
    pcre2_match_context_free(context);
    return rc >= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mln_arena arena = MLN_ARENA_INIT(ARENA_BYTES);
    struct mln_str subject = { (const char *)data, size }, line = { 0 };
    struct mln_factor factor;
    char regex[REGEX_MAX];
    bool found = false;

    if (size == 0 || size > INPUT_MAX || !mln_str_next(&subject, '\n', &line) ||
            line.len >= sizeof(regex) || (line.len > 0 && memchr(line.ptr, '\0', line.len) != NULL))
        return 0;
    if (line.len > 0)
        memcpy(regex, line.ptr, line.len);
    regex[line.len] = '\0';
    if (subject.ptr == NULL)
        subject = MLN_STR("");
    /* Verbs change the rules; rules that begin with one are refused. */
    if (regex[0] != '(' || regex[1] != '*') {
        if (mln_regex_factor(regex, &arena, &factor) && factor.count > 0 &&
                matches(regex, subject)) {
            for (size_t i = 0; i < factor.count; i++)
                found = found || has_text(subject, factor.texts[i]);
            if (!found)
                abort();
        }
    }
    mln_arena_free(&arena);
    return 0;
}
