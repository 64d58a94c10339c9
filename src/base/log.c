#include "base/log.h"

#include <errno.h>

#include "base/priv.h"
#include "base/redact.h"
#include "base/utf8.h"

/* A record that would be longer loses its last fields; a value is cut, and says so. */
#define LINE_MAX_BYTES  ((size_t)64 * 1024)
#define INPUT_MAX_BYTES ((size_t)16 * 1024)
#define VALUE_MAX_BYTES ((size_t)4 * 1024)

/* What a cut input may end with: the head of a secret too short for the redactor to know it. */
#define CUT_TAIL_BYTES ((size_t)64)

static const char *const level_names[] = { "error", "warn", "info", "debug" };

int mln_log_level_parse(struct mln_str name, enum mln_log_level *out)
{
    for (size_t i = 0; i < MLN_LEN(level_names); i++) {
        if (mln_str_is(name, level_names[i])) {
            *out = (enum mln_log_level)i;
            return MLN_OK;
        }
    }
    return MLN_EINVAL;
}

/* The redacted value, cut at a character: cutting before redacting would show the head of a secret.
 */
static struct mln_str clean(struct mln_str text, struct mln_buf *scratch)
{
    bool cut = text.len > INPUT_MAX_BYTES;
    struct mln_str shown;
    size_t keep;

    mln_buf_reset(scratch);
    text.len = cut ? INPUT_MAX_BYTES : text.len;
    mln_redact(text, scratch);
    if (scratch->code != MLN_OK)
        return MLN_STR("[not shown]");
    shown = mln_buf_str(scratch);
    keep = cut ? (shown.len > CUT_TAIL_BYTES ? shown.len - CUT_TAIL_BYTES : 0) : shown.len;
    if (keep > VALUE_MAX_BYTES)
        keep = VALUE_MAX_BYTES;
    if (keep == text.len && !cut)
        return shown;
    while (keep > 0 && keep < shown.len && ((unsigned char)shown.ptr[keep] & 0xc0) == 0x80)
        keep--;
    shown.len = keep;
    return shown;
}

static void add_json_char(uint32_t code, struct mln_str bytes, struct mln_buf *out)
{
    if (code == '"' || code == '\\') {
        mln_buf_add_char(out, '\\');
        mln_buf_add(out, bytes);
    } else if (code == '\n') {
        mln_buf_add_cstr(out, "\\n");
    } else if (code == '\t') {
        mln_buf_add_cstr(out, "\\t");
    } else if (mln_utf8_is_unsafe(code)) {
        mln_buf_addf(out, "\\u%04x", (unsigned)code);
    } else {
        mln_buf_add(out, bytes);
    }
}

/* JSON text must be UTF-8: a byte that is not becomes U+FFFD. */
static void add_json_text(struct mln_str text, struct mln_buf *out)
{
    uint32_t code;
    size_t len;

    mln_buf_add_char(out, '"');
    for (size_t at = 0; at<text.len; at += len> 0 ? len : 1) {
        len = mln_utf8_decode(text, at, &code);
        if (len == 0)
            mln_buf_add_cstr(out, "\\ufffd");
        else
            add_json_char(code, (struct mln_str){ .ptr = text.ptr + at, .len = len }, out);
    }
    mln_buf_add_char(out, '"');
}

/* Text lines quote a value that would not read as one word. */
static void add_text_value(struct mln_str text, struct mln_buf *out)
{
    bool bare = text.len > 0;
    size_t plain = 0;

    for (size_t i = 0; i < text.len && bare; i++)
        bare = strchr(" \"=\\", text.ptr[i]) == NULL;
    if (bare) {
        mln_utf8_escape_controls(text, out);
        return;
    }
    mln_buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '"' && text.ptr[i] != '\\')
            continue;
        mln_utf8_escape_controls(
                (struct mln_str){ .ptr = text.ptr + plain, .len = i - plain }, out);
        mln_buf_add_char(out, '\\');
        plain = i;
    }
    mln_utf8_escape_controls(
            (struct mln_str){ .ptr = text.ptr + plain, .len = text.len - plain }, out);
    mln_buf_add_char(out, '"');
}

static void add_field(const struct mln_log *log, const struct mln_log_field *field,
        struct mln_buf *scratch, struct mln_buf *line)
{
    struct mln_str key = mln_str_of(field->key), value;

    if (log->json) {
        mln_buf_add_char(line, ',');
        add_json_text(key, line);
        mln_buf_add_char(line, ':');
    } else {
        mln_buf_add_char(line, ' ');
        mln_utf8_escape_controls(key, line);
        mln_buf_add_char(line, '=');
    }
    if (field->text == NULL) {
        mln_buf_add_i64(line, field->number);
        return;
    }
    value = mln_redact_is_name(key) ? MLN_STR(MLN_REDACTED)
                                    : clean(mln_str_of(field->text), scratch);
    if (log->json)
        add_json_text(value, line);
    else
        add_text_value(value, line);
}

static void add_head(const struct mln_log *log, enum mln_log_level level, struct mln_str message,
        struct mln_buf *line)
{
    char when[MLN_TIME_TEXT_MAX];

    mln_time_format(mln_now_ms(log->clock), when);
    if (!log->json) {
        mln_buf_addf(line, "%s %-5s ", when, level_names[level]);
        mln_utf8_escape_controls(message, line);
        return;
    }
    mln_buf_addf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", when, level_names[level]);
    add_json_text(message, line);
}

/* One call for the whole line, so that lines of several processes do not mix; a pipe may still
 * split it. */
static void write_line(int fd, struct mln_str line)
{
    while (line.len > 0) {
        ssize_t n = write(fd, line.ptr, line.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* There is nowhere left to complain. */
        line.ptr += n;
        line.len -= (size_t)n;
    }
}

void mln_log_write(const struct mln_log *log, enum mln_log_level level, const char *message,
        const struct mln_log_field *fields, size_t field_count)
{
    MLN_AUTO(mln_buf_free) struct mln_buf line = MLN_BUF_INIT(LINE_MAX_BYTES);
    MLN_AUTO(mln_buf_free) struct mln_buf scratch = MLN_BUF_INIT(4 * INPUT_MAX_BYTES);
    int saved = errno;

    if (level > log->level)
        return;
    add_head(log, level, clean(mln_str_of(message), &scratch), &line);
    for (size_t i = 0; i < field_count; i++) {
        size_t before = line.len;

        add_field(log, &fields[i], &scratch, &line);
        if (line.code == MLN_OK && line.len <= LINE_MAX_BYTES - 2)
            continue;
        line.len = before;
        line.code = MLN_OK;
        break;
    }
    mln_buf_add_cstr(&line, log->json ? "}\n" : "\n");
    write_line(log->fd, mln_buf_str(&line));
    errno = saved;
}
