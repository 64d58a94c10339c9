/*
 * A command line into words, by the quoting rules of a POSIX shell and nothing else of one: no
 * variables, no patterns, no operators. `$`, `*`, `|`, `;` and the like are plain characters.
 */
#include "client/priv.h"

enum quote { QUOTE_NONE, QUOTE_SINGLE, QUOTE_DOUBLE };

struct splitter {
    struct mln_str in;
    size_t at;
    char *out; /* Where the next byte of the word goes; a word is never longer than its source. */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Between double quotes a backslash is itself unless one of these follows. */
static bool is_escaped_in_quotes(char c)
{
    return c == '"' || c == '\\' || c == '$' || c == '`' || c == '\n';
}

/* After a backslash; a line that goes on with one is joined. */
static bool take_escape(struct splitter *s, enum quote quote)
{
    char next;

    if (s->at + 1 >= s->in.len)
        return false;
    next = s->in.ptr[s->at + 1];
    if (quote == QUOTE_DOUBLE && !is_escaped_in_quotes(next)) {
        *s->out++ = '\\';
        s->at++;
        return true;
    }
    if (next != '\n')
        *s->out++ = next;
    s->at += 2;
    return true;
}

/* One word up to a blank outside quotes; false: it ends inside a quote or after a backslash. */
static bool take_word(struct splitter *s)
{
    enum quote quote = QUOTE_NONE;

    while (s->at < s->in.len) {
        char c = s->in.ptr[s->at];

        if (quote == QUOTE_NONE && is_blank(c))
            break;
        if (c == '\\' && quote != QUOTE_SINGLE) {
            if (!take_escape(s, quote))
                return false;
            continue;
        }
        s->at++;
        if (quote == QUOTE_NONE && (c == '\'' || c == '"'))
            quote = c == '"' ? QUOTE_DOUBLE : QUOTE_SINGLE;
        else if ((quote == QUOTE_SINGLE && c == '\'') || (quote == QUOTE_DOUBLE && c == '"'))
            quote = QUOTE_NONE;
        else
            *s->out++ = c;
    }
    *s->out++ = '\0';
    return quote == QUOTE_NONE;
}

/* Blanks, and joined lines between words. */
static void skip_blanks(struct splitter *s)
{
    for (;;) {
        if (s->at < s->in.len && is_blank(s->in.ptr[s->at]))
            s->at++;
        else if (s->at + 1 < s->in.len && s->in.ptr[s->at] == '\\' && s->in.ptr[s->at + 1] == '\n')
            s->at += 2;
        else
            return;
    }
}

int mln_command_split(
        struct mln_str command, struct mln_arena *arena, char ***argv, struct mln_err *err)
{
    struct splitter s = { .in = command };
    char **words;
    size_t count = 0;

    if (command.len > MLN_PROCESS_COMMAND_MAX)
        return mln_fail(err, MLN_ECONFIG, "process_command is over its limit of %zu bytes",
                MLN_PROCESS_COMMAND_MAX);
    if (command.len > 0 && memchr(command.ptr, '\0', command.len) != NULL)
        return mln_fail(err, MLN_ECONFIG, "process_command holds a NUL byte");
    words = mln_arena_alloc(arena, (MLN_PROCESS_WORDS_MAX + 1) * sizeof(*words));
    s.out = mln_arena_alloc(arena, 2 * command.len + 2); /* Each word takes one byte more. */
    if (words == NULL || s.out == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    for (skip_blanks(&s); s.at < s.in.len; skip_blanks(&s)) {
        if (count == MLN_PROCESS_WORDS_MAX)
            return mln_fail(err, MLN_ECONFIG, "process_command is over its limit of %zu words",
                    MLN_PROCESS_WORDS_MAX);
        words[count++] = s.out;
        if (!take_word(&s))
            return mln_fail(
                    err, MLN_ECONFIG, "process_command ends inside a quote or after a backslash");
    }
    if (count == 0 || words[0][0] == '\0')
        return mln_fail(err, MLN_ECONFIG, "process_command is empty");
    *argv = words;
    return MLN_OK;
}
