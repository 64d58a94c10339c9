#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/redact.h"
#include "base/utf8.h"
#include "cli/cli.h"

#define FLUSH_AT ((size_t)64 * 1024)
#define SAY_MAX  ((size_t)16 * 1024)

static int write_all(int fd, struct mln_str text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.ptr, text.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        text.ptr += n;
        text.len -= (size_t)n;
    }
    return 0;
}

/* Whole lines only, so that no secret is cut in two and missed. */
static void write_lines(struct cli_out *out, bool everything)
{
    struct mln_buf clean = MLN_BUF_INIT(SIZE_MAX / 2);
    struct mln_str ready = mln_buf_str(&out->buf);
    const char *end = everything ? NULL : memrchr(ready.ptr, '\n', ready.len);

    if (end != NULL)
        ready.len = (size_t)(end - ready.ptr) + 1;
    else if (!everything)
        return;
    mln_redact(ready, &clean);
    if (clean.code != MLN_OK)
        out->error = ENOMEM;
    if (out->error == 0)
        out->error = write_all(out->fd, mln_buf_str(&clean));
    mln_buf_free(&clean);
    out->buf.len -= ready.len;
    memmove(out->buf.ptr, out->buf.ptr + ready.len, out->buf.len);
}

static void flush_if_long(struct cli *cli)
{
    if (cli->out.buf.len >= FLUSH_AT)
        write_lines(&cli->out, false);
}

void cli_put(struct cli *cli, struct mln_str text)
{
    mln_buf_add(&cli->out.buf, text);
    flush_if_long(cli);
}

void cli_putf(struct cli *cli, const char *fmt, ...)
{
    char text[4096];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    cli_put(cli, mln_str_of(text));
}

void cli_put_safe(struct cli *cli, struct mln_str text)
{
    mln_utf8_escape_controls(text, &cli->out.buf);
    flush_if_long(cli);
}

int cli_out_check(const struct cli *cli, struct mln_err *err)
{
    if (cli->out.buf.code != MLN_OK)
        return mln_fail(err, cli->out.buf.code, "out of memory for the output");
    if (cli->out.error != 0)
        return mln_fail(
                err, MLN_EIO, "cannot write the output: %s", mln_errno_text(cli->out.error));
    return MLN_OK;
}

int cli_flush(struct cli *cli, struct mln_err *err)
{
    if (cli->out.buf.len > 0)
        write_lines(&cli->out, true);
    return cli_out_check(cli, err);
}

/* `end` follows the line: a newline, or what clears the rest of a terminal's line. */
static void MLN_PRINTF(3, 0) say(const char *start, const char *end, const char *fmt, va_list args)
{
    char text[SAY_MAX / 4];
    MLN_AUTO(mln_buf_free) struct mln_buf clean = MLN_BUF_INIT(SAY_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf safe = MLN_BUF_INIT(SAY_MAX * 8);

    (void)vsnprintf(text, sizeof(text), fmt, args);
    mln_redact(mln_str_of(text), &clean);
    mln_buf_add_cstr(&safe, start);
    mln_utf8_escape_controls(mln_buf_str(&clean), &safe);
    mln_buf_add_cstr(&safe, end);
    (void)write_all(STDERR_FILENO, mln_buf_str(&safe));
}

void cli_say(const struct cli *cli, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(cli->stderr_tty ? "\r\033[K" : "", "\n", fmt, args);
    va_end(args);
}

void cli_note(const struct cli *cli, const char *fmt, ...)
{
    va_list args;

    if (cli_has(cli, OPT_QUIET))
        return;
    va_start(args, fmt);
    say(cli->stderr_tty ? "\r\033[K" : "", "\n", fmt, args);
    va_end(args);
}

void cli_progress(const struct cli *cli, const char *fmt, ...)
{
    va_list args;

    if (!cli->stderr_tty || cli_has(cli, OPT_QUIET))
        return;
    va_start(args, fmt);
    say("\r", "\033[K", fmt, args);
    va_end(args);
}
