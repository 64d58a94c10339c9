#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void mln_err_set(struct mln_err *err, int code, const char *fmt, ...)
{
    char text[sizeof(err->msg)]; /* The arguments may be the message that stands in `err`. */
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    err->code = code;
    memcpy(err->msg, text, sizeof(text));
}

void mln_err_prefix(struct mln_err *err, const char *fmt, ...)
{
    char cause[sizeof(err->msg)];
    va_list ap;
    int n;

    memcpy(cause, err->msg, sizeof(cause));
    va_start(ap, fmt);
    n = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof(err->msg))
        (void)snprintf(err->msg + n, sizeof(err->msg) - (size_t)n, ": %s", cause);
}

const char *mln_errno_text(int number)
{
    const char *text = strerrordesc_np(number);

    return text != NULL ? text : "unknown error";
}
