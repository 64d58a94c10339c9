/*
 * INI text as the credential files of the SDKs have it: sections, "key = value", comments. Values
 * end at '#', as one of the SDKs reads them: keys and ARNs hold none. Errors name a line, never its
 * text.
 */
#include "client/priv.h"

static bool is_comment(struct mln_str line)
{
    return line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';';
}

/* Without a trailing comment, blanks, and the quotes around it. */
static struct mln_str clean(struct mln_str value)
{
    const char *comment = value.len > 0 ? memchr(value.ptr, '#', value.len) : NULL;

    if (comment != NULL)
        value.len = (size_t)(comment - value.ptr);
    value = mln_str_trim(value);
    if (value.len >= 2 && (value.ptr[0] == '"' || value.ptr[0] == '\'') &&
            value.ptr[value.len - 1] == value.ptr[0])
        value = (struct mln_str){ value.ptr + 1, value.len - 2 };
    return value;
}

/* "[name]", perhaps with a comment after it. */
static bool read_header(struct mln_str line, struct mln_str *name)
{
    const char *end = memchr(line.ptr, ']', line.len);
    struct mln_str rest;

    if (end == NULL)
        return false;
    rest = mln_str_trim((struct mln_str){ end + 1, line.len - (size_t)(end - line.ptr) - 1 });
    *name = mln_str_trim((struct mln_str){ line.ptr + 1, (size_t)(end - line.ptr) - 1 });
    return name->len > 0 && is_comment(rest);
}

static bool read_row(struct mln_str line, struct mln_str *key, struct mln_str *value)
{
    size_t at = 0;

    while (at < line.len && line.ptr[at] != '=' && line.ptr[at] != ':')
        at++;
    if (at == line.len)
        return false;
    *key = mln_str_trim((struct mln_str){ line.ptr, at });
    *value = clean((struct mln_str){ line.ptr + at + 1, line.len - at - 1 });
    return key->len > 0;
}

/* The last of a key that is written twice counts. */
static bool keep(struct mln_ini_section *section, struct mln_str key, struct mln_str value)
{
    size_t i = 0;

    while (i < section->count && !mln_str_eq_nocase(section->rows[i].key, key))
        i++;
    if (i == MLN_INI_KEYS_MAX)
        return false;
    section->rows[i].key = key;
    section->rows[i].value = value;
    section->count += i == section->count ? 1 : 0;
    return true;
}

int mln_ini_read(struct mln_str text, struct mln_str section, struct mln_ini_section *out,
        struct mln_err *err)
{
    struct mln_ini_section found = { .count = 0 };
    struct mln_str rest = text, line, name = { 0 }, key, value;
    bool wanted = false, seen = false;
    int number = 0;

    if (mln_str_starts(rest, MLN_STR("\xef\xbb\xbf")))
        rest = (struct mln_str){ rest.ptr + 3, rest.len - 3 };
    while (mln_str_next(&rest, '\n', &line)) {
        number++;
        line = mln_str_trim(line);
        if (is_comment(line))
            continue;
        if (line.ptr[0] == '[') {
            if (!read_header(line, &name))
                return mln_fail(err, MLN_ECONFIG, "line %d: a section is [name]", number);
            wanted = mln_str_eq(name, section);
            if (wanted && seen)
                return mln_fail(err, MLN_ECONFIG, "line %d: the section is there twice", number);
            seen = seen || wanted;
            continue;
        }
        if (name.len == 0)
            return mln_fail(err, MLN_ECONFIG, "line %d: it stands before any [section]", number);
        if (!read_row(line, &key, &value))
            return mln_fail(err, MLN_ECONFIG, "line %d: it is not \"key = value\"", number);
        if (wanted && !keep(&found, key, value))
            return mln_fail(err, MLN_ECONFIG, "line %d: the section has more than %zu keys", number,
                    MLN_INI_KEYS_MAX);
    }
    if (!seen)
        return mln_fail(err, MLN_ENOTFOUND, "no such section");
    *out = found;
    return MLN_OK;
}

struct mln_str mln_ini_get(const struct mln_ini_section *section, const char *key)
{
    for (size_t i = 0; i < section->count; i++) {
        if (mln_str_eq_nocase(section->rows[i].key, mln_str_of(key)))
            return section->rows[i].value;
    }
    return (struct mln_str){ 0 };
}
