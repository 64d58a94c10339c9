/*
 * What libfyaml is never given. It stops short at a NUL and is lenient with broken UTF-8; a flow
 * collection is held as tokens of some 350 bytes until its end is seen; and every line of a run of
 * blank lines looks ahead to the run's end. So those counts are bounded before it starts.
 */
#include "base/utf8.h"
#include "yaml/priv.h"
#include "yaml/yaml.h"

/* Bytes that become a token of their own. A file within MLN_YAML_NODES_MAX stays below. */
#define INDICATORS_MAX ((size_t)2 * MLN_YAML_NODES_MAX)

#define BLANK_LINES_MAX 100
#define BLANK_BYTES_MAX 4096

struct scan {
    size_t line, indicators, blank_bytes, line_ends;
};

/* The reason to stop after this byte, or NULL. */
static const char *step(struct scan *scan, char byte)
{
    switch (byte) {
    case '\n':
    case '\r':
        scan->line += byte == '\n';
        scan->line_ends++;
        scan->blank_bytes++;
        break;
    case ' ':
    case '\t':
        scan->blank_bytes++;
        break;
    default:
        scan->blank_bytes = 0;
        scan->line_ends = 0;
        scan->indicators += strchr("[]{},:?&!%", byte) != NULL;
        break;
    }
    if (scan->indicators > INDICATORS_MAX)
        return "too many values in one file";
    if (scan->line_ends > BLANK_LINES_MAX)
        return "too many blank lines in a row";
    if (scan->blank_bytes > BLANK_BYTES_MAX)
        return "too many blanks in a row";
    return NULL;
}

int mln_yaml_guard(struct mln_str text, const char *name, struct mln_err *err)
{
    struct scan scan = { .line = 1 };

    if (text.len > MLN_YAML_BYTES_MAX)
        return mln_fail(
                err, MLN_ETOOBIG, "%s: over the limit of %zu bytes", name, MLN_YAML_BYTES_MAX);
    if (text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL)
        return mln_fail(err, MLN_EINVAL, "%s: the file holds a NUL byte", name);
    if (!mln_utf8_valid(text))
        return mln_fail(err, MLN_EINVAL, "%s: the file is not UTF-8", name);
    for (size_t i = 0; i < text.len; i++) {
        const char *reason = step(&scan, text.ptr[i]);

        if (reason != NULL)
            return mln_fail(err, MLN_ETOOBIG, "%s:%zu:1: %s", name, scan.line, reason);
    }
    return MLN_OK;
}
