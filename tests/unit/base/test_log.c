/* Log lines: their two forms, escaping, redaction, limits. */
#include <fcntl.h>
#include <stdio.h>

#include "base/log.h"
#include "base/redact.h"
#include "test.h"

static int pipe_ends[2];

static int64_t noon(void *ctx)
{
    (void)ctx;
    return 43200000;
}

static const struct mln_clock still = { .now_ms = noon, .monotonic_ms = noon };

static int open_pipe(void **state)
{
    (void)state;
    return pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK);
}

static int close_pipe(void **state)
{
    (void)state;
    return close(pipe_ends[0]) + close(pipe_ends[1]);
}

/* What one call wrote. One read() suffices exactly because one write() made the line. */
static struct mln_str line_of(
        bool json, const char *message, const struct mln_log_field *fields, size_t count)
{
    static char line[70000];
    struct mln_log log = {
        .level = MLN_LOG_INFO, .json = json, .fd = pipe_ends[1], .clock = &still
    };
    ssize_t n;

    mln_log_write(&log, MLN_LOG_INFO, message, fields, count);
    n = read(pipe_ends[0], line, sizeof(line));
    return (struct mln_str){ .ptr = line, .len = n > 0 ? (size_t)n : 0 };
}

static const struct mln_log_field usual[] = { { .key = "path", .text = "/a b" },
    { .key = "rows", .number = -3 }, { .key = "who", .text = "root" },
    { .key = "none", .text = "" } };

static void writes_json(void **state)
{
    (void)state;
    EQ_STR(line_of(true, "scan done", usual, MLN_LEN(usual)),
            "{\"time\":\"1970-01-01T12:00:00Z\",\"level\":\"info\",\"message\":\"scan done\","
            "\"path\":\"/a b\",\"rows\":-3,\"who\":\"root\",\"none\":\"\"}\n");
}

static void writes_text(void **state)
{
    (void)state;
    EQ_STR(line_of(false, "scan done", usual, MLN_LEN(usual)),
            "1970-01-01T12:00:00Z info  scan done path=\"/a b\" rows=-3 who=root none=\"\"\n");
}

static void outside_text_cannot_start_a_line_or_leave_its_quotes(void **state)
{
    const struct mln_log_field hostile[] = {
        { .key = "k", .text = "a\n\"\\\t\x1b[2J\u202e\xc2\x9b\xff" },
    };

    (void)state;
    EQ_STR(line_of(true, "m", hostile, 1),
            "{\"time\":\"1970-01-01T12:00:00Z\",\"level\":\"info\",\"message\":\"m\",\"k\":"
            "\"a\\n\\\"\\\\\\t\\u001b[2J\\u202e\\u009b\\ufffd\"}\n");
    EQ_STR(line_of(false, "m", hostile, 1),
            "1970-01-01T12:00:00Z info  m "
            "k=\"a\\x0A\\\"\\\\\\x09\\x1B[2J\\u{202E}\\x9B\\xFF\"\n");
}

static void levels_below_the_chosen_one_are_silent(void **state)
{
    struct mln_log log = { .level = MLN_LOG_WARN, .fd = pipe_ends[1], .clock = &still };
    enum mln_log_level level = MLN_LOG_DEBUG;
    char byte;

    (void)state;
    mln_log_write(&log, MLN_LOG_INFO, "m", NULL, 0);
    assert_int_equal(read(pipe_ends[0], &byte, 1), -1);
    assert_int_equal(mln_log_level_parse(MLN_STR("warn"), &level), MLN_OK);
    assert_int_equal(level, MLN_LOG_WARN);
    assert_int_equal(mln_log_level_parse(MLN_STR("WARN"), &level), MLN_EINVAL);
    assert_int_equal(mln_log_level_parse(MLN_STR(""), &level), MLN_EINVAL);
    assert_int_equal(level, MLN_LOG_WARN);
}

static void secrets_are_hidden_by_value_by_shape_and_by_key(void **state)
{
    const struct mln_log_field fields[] = {
        { .key = "a", .text = "x c4n4ry/s3cret x" },
        { .key = "b", .text = "{\"k\":\"c4n4ry\\/s3cret\"}" },
        { .key = "AccessKeyId", .text = "anything" },
        { .key = "d", .text = "LTAI5tCANARYCANARYCA" },
    };
    struct mln_str line;

    (void)state;
    mln_redact_learn(MLN_STR("c4n4ry/s3cret"));
    line = line_of(true, "used c4n4ry/s3cret", fields, MLN_LEN(fields));
    EQ_STR(line,
            "{\"time\":\"1970-01-01T12:00:00Z\",\"level\":\"info\",\"message\":\"used [redacted]\","
            "\"a\":\"x [redacted] x\",\"b\":\"{\\\"k\\\":\\\"[redacted]\\\"}\","
            "\"AccessKeyId\":\"[redacted]\",\"d\":\"[redacted]\"}\n");
    mln_redact_forget(MLN_STR("c4n4ry/s3cret"));
}

static void a_long_value_is_cut_at_a_character_and_after_redaction(void **state)
{
    static char text[40000];
    const struct mln_log_field field = { .key = "k", .text = text };
    struct mln_str line;

    (void)state;
    for (size_t i = 0; i + 3 < sizeof(text); i += 3)
        memcpy(text + i, "\xe4\xb8\xad", 3);
    line = line_of(true, "m", &field, 1);
    assert_true(line.len > 4000 && line.len < 4300);
    assert_null(memmem(line.ptr, line.len, "\\ufffd", 6));
    assert_true(mln_str_ends(line, MLN_STR("\"}\n")));

    /* The secret begins just before the cut. */
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text + 4090, "s3cr3t-c4n4ry", 13);
    mln_redact_learn(MLN_STR("s3cr3t-c4n4ry"));
    line = line_of(true, "m", &field, 1);
    assert_null(memmem(line.ptr, line.len, "s3cr", 4));
    mln_redact_forget(MLN_STR("s3cr3t-c4n4ry"));
}

static void a_record_with_too_many_fields_is_still_one_whole_line(void **state)
{
    static char text[4001];
    static struct mln_log_field fields[100];
    struct mln_str line;

    (void)state;
    memset(text, '\n', sizeof(text) - 1);
    for (size_t i = 0; i < MLN_LEN(fields); i++)
        fields[i] = (struct mln_log_field){ .key = "k", .text = text };
    line = line_of(true, "m", fields, MLN_LEN(fields));
    assert_true(line.len > 50000 && line.len <= 65536);
    assert_true(mln_str_ends(line, MLN_STR("\"}\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_json),
        cmocka_unit_test(writes_text),
        cmocka_unit_test(outside_text_cannot_start_a_line_or_leave_its_quotes),
        cmocka_unit_test(levels_below_the_chosen_one_are_silent),
        cmocka_unit_test(secrets_are_hidden_by_value_by_shape_and_by_key),
        cmocka_unit_test(a_long_value_is_cut_at_a_character_and_after_redaction),
        cmocka_unit_test(a_record_with_too_many_fields_is_still_one_whole_line),
    };

    return cmocka_run_group_tests(tests, open_pipe, close_pipe);
}
