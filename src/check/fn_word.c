/* Words: switches, week days, patterns. */
#include "check/fn.h"
#include "wire/json.h"

static bool is_one_of(struct mln_str word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (mln_str_eq_nocase(word, mln_str_of(words[i])))
            return true;
    }
    return false;
}

/* A word that is neither stays NULL: nothing is known about the switch then. */
static void switch_on(sqlite3_context *out, int count, sqlite3_value **values)
{
    static const char *const on[] = { "1", "enable", "enabled", "on", "open", "true" };
    static const char *const off[] = { "", "0", "close", "closed", "disable", "disabled", "false",
        "off" };
    struct mln_str word = { 0 };

    (void)count;
    if (mln_fn_is_null(values[0]) || !mln_fn_text(out, values[0], MLN_CHECK_LIST_MAX, &word))
        return;
    word = mln_str_trim(word);
    if (is_one_of(word, on, MLN_LEN(on)))
        sqlite3_result_int(out, 1);
    else if (is_one_of(word, off, MLN_LEN(off)))
        sqlite3_result_int(out, 0);
}

static void weekday_count(sqlite3_context *out, int count, sqlite3_value **values)
{
    static const char *const days[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
        "Saturday", "Sunday" };
    struct mln_str rest = { 0 }, word = { 0 };
    bool seen[MLN_LEN(days)] = { false };
    int distinct = 0;

    (void)count;
    if (mln_fn_is_null(values[0]) || !mln_fn_text(out, values[0], MLN_CHECK_LIST_MAX, &rest))
        return;
    while (mln_str_next(&rest, ',', &word)) {
        word = mln_str_trim(word);
        for (size_t i = 0; i < MLN_LEN(days); i++) {
            if (!seen[i] && mln_str_eq_nocase(word, mln_str_of(days[i]))) {
                seen[i] = true;
                distinct++;
            }
        }
    }
    sqlite3_result_int(out, distinct);
}

/* Where the next character starts: `?` stands for one character, not for one byte of it. */
static size_t after_character(struct mln_str text, size_t at)
{
    at++;
    while (at < text.len && ((unsigned char)text.ptr[at] & 0xc0) == 0x80)
        at++;
    return at;
}

static bool same_letter(char a, char b)
{
    return mln_str_eq_nocase(
            (struct mln_str){ .ptr = &a, .len = 1 }, (struct mln_str){ .ptr = &b, .len = 1 });
}

/* Only the last `*` is ever tried again, so the work is at most length times length. */
static bool matches(struct mln_str text, struct mln_str pattern)
{
    size_t t = 0, p = 0, star = SIZE_MAX, retry = 0;

    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            retry = t;
        } else if (p < pattern.len && pattern.ptr[p] == '?') {
            t = after_character(text, t);
            p++;
        } else if (p < pattern.len && same_letter(pattern.ptr[p], text.ptr[t])) {
            t++;
            p++;
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

/* Patterns come from a parameter; what is no list of texts is the operator's mistake. */
static void match_list(sqlite3_context *out, struct mln_str text, struct mln_json_value list)
{
    struct mln_json_iter it = mln_json_iter(list);
    struct mln_json_value item = { 0 };
    struct mln_str key = { 0 }, pattern = { 0 };
    int found = 0;

    while (mln_json_next(&it, &key, &item)) {
        if (!mln_json_to_str(item, &pattern) || pattern.len > MLN_CHECK_PATTERN_MAX) {
            mln_fn_error(out, "like_any: patterns are texts of at most %zu bytes",
                    MLN_CHECK_PATTERN_MAX);
            return;
        }
        if (found == 0 && matches(text, pattern))
            found = 1;
    }
    sqlite3_result_int(out, found);
}

static void free_patterns(void *doc)
{
    mln_json_free(doc);
}

/* The patterns, nearly always a parameter, are parsed once for each statement. */
static struct mln_json *read_patterns(sqlite3_context *out, sqlite3_value *value)
{
    struct mln_json *doc = NULL;
    struct mln_str list = { 0 };
    struct mln_err err = { 0 };

    if (!mln_fn_text(out, value, MLN_CHECK_LIST_MAX, &list))
        return NULL;
    if (mln_json_parse(list, &doc, &err) != MLN_OK) {
        mln_fn_error(out, "like_any: the patterns are a JSON list of texts: %s", err.msg);
        return NULL;
    }
    if (mln_json_type(mln_json_root(doc)) == MLN_JSON_ARRAY)
        return doc;
    mln_fn_error(out, "like_any: the patterns are a JSON list of texts");
    mln_json_free(doc);
    return NULL;
}

static void like_any(sqlite3_context *out, int count, sqlite3_value **values)
{
    struct mln_json *known = sqlite3_get_auxdata(out, 1), *doc = known;
    struct mln_str text = { 0 };

    if (mln_fn_any_null(count, values) || !mln_fn_text(out, values[0], MLN_CHECK_LIKE_MAX, &text))
        return;
    if (doc == NULL)
        doc = read_patterns(out, values[1]);
    if (doc == NULL)
        return;
    match_list(out, text, mln_json_root(doc));
    /* SQLite keeps it while the argument is constant, and frees it at once when it is not. */
    if (known == NULL)
        sqlite3_set_auxdata(out, 1, doc, free_patterns);
}

struct mln_fn_table mln_fn_words(void)
{
    static const struct mln_fn_row rows[] = {
        { "like_any", 2, like_any, NULL, NULL },
        { "switch_on", 1, switch_on, NULL, NULL },
        { "weekday_count", 1, weekday_count, NULL, NULL },
    };

    return (struct mln_fn_table){ .rows = rows, .count = MLN_LEN(rows) };
}
