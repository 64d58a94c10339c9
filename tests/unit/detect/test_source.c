/* Line sources: lines, limits, identity, rotation, and files that change while they are read. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "detect/source.h"
#include "test.h"

static char folder[64], path[128], other[128];
static struct mln_err err;

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/mln-source-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/log", folder);
    (void)snprintf(other, sizeof(other), "%s/log.1", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(other);
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

static void put(const char *to, int flags, const char *bytes, size_t len)
{
    int fd = open(to, O_WRONLY | O_CREAT | flags, 0600);

    assert_true(fd >= 0);
    assert_true(write(fd, bytes, len) == (ssize_t)len);
    assert_int_equal(close(fd), 0);
}

static void write_log(const char *text)
{
    put(path, O_TRUNC, text, strlen(text));
}

static void append(const char *text)
{
    put(path, O_APPEND, text, strlen(text));
}

static struct mln_source *open_log(const char *name)
{
    struct mln_source *source = NULL;

    OK(mln_source_open(name, &source, &err), &err);
    return source;
}

/* The next line is `want`; NULL: there is none. */
static void next_is(struct mln_source *source, const char *want)
{
    struct mln_source_line line;
    bool failed = true, got = mln_source_next(source, &line, &failed, &err);

    assert_false(failed);
    if (want == NULL) {
        assert_false(got);
        return;
    }
    assert_true(got);
    EQ_STR(line.text, want);
    assert_false(line.truncated);
}

static void gives_complete_lines_only(void **state)
{
    struct mln_source *source;

    (void)state;
    write_log("one\n\nthree\r\nhalf");
    source = open_log(path);
    assert_false(mln_source_is_stream(source));
    next_is(source, "one");
    next_is(source, "");
    next_is(source, "three");
    next_is(source, NULL);
    assert_int_equal(mln_source_partial_bytes(source), 4);
    append(" a line\nlast\n");
    next_is(source, "half a line");
    next_is(source, "last");
    next_is(source, NULL);
    assert_int_equal(mln_source_partial_bytes(source), 0);
    mln_source_close(source);
}

static void keeps_raw_bytes(void **state)
{
    struct mln_source *source;
    struct mln_source_line line;
    bool failed;

    (void)state;
    put(path, O_TRUNC, "a\0b\xff\n\r\n", 7);
    source = open_log(path);
    assert_true(mln_source_next(source, &line, &failed, &err));
    assert_true(mln_str_eq(line.text, MLN_STR("a\0b\xff")));
    next_is(source, "");
    mln_source_close(source);
}

static char *repeated(char c, size_t len)
{
    char *bytes = malloc(len + 1);

    assert_non_null(bytes);
    memset(bytes, c, len);
    bytes[len] = '\0';
    return bytes;
}

static void cuts_long_lines_and_goes_on_behind_them(void **state)
{
    static const size_t lengths[] = { MLN_LINE_MAX - 1, MLN_LINE_MAX, MLN_LINE_MAX + 1,
        MLN_LINE_MAX + 2, MLN_LINE_MAX + 3, 5 * MLN_LINE_MAX + 7 };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(lengths); i++) {
        MLN_AUTO_FREE char *bytes = repeated('x', lengths[i]);
        bool cut = lengths[i] > MLN_LINE_MAX, failed;
        struct mln_source_position position;
        enum mln_source_match match;
        struct mln_source *source;
        struct mln_source_line line;

        write_log("first\n");
        put(path, O_APPEND, bytes, lengths[i]);
        append("\r\nnext\n");
        source = open_log(path);
        next_is(source, "first");
        assert_true(mln_source_next(source, &line, &failed, &err));
        assert_int_equal(line.truncated, cut);
        assert_int_equal(line.text.len, cut ? MLN_LINE_MAX : lengths[i]);
        OK(mln_source_position(source, &position, &err), &err);
        assert_int_equal(position.offset, 6 + (int64_t)lengths[i] + 2);
        OK(mln_source_match(source, &position, &match, &err), &err);
        assert_int_equal(match, MLN_SOURCE_SAME);
        next_is(source, "next");
        OK(mln_source_position(source, &position, &err), &err);
        OK(mln_source_match(source, &position, &match, &err), &err);
        assert_int_equal(match, MLN_SOURCE_SAME);
        mln_source_close(source);
    }
}

static void leaves_a_long_half_line_for_later(void **state)
{
    MLN_AUTO_FREE char *bytes = repeated('x', 3 * MLN_LINE_MAX);
    struct mln_source_position position;
    struct mln_source_line line;
    struct mln_source *source;
    bool failed;

    (void)state;
    write_log("first\n");
    put(path, O_APPEND, bytes, 3 * MLN_LINE_MAX);
    source = open_log(path);
    next_is(source, "first");
    next_is(source, NULL);
    assert_int_equal(mln_source_partial_bytes(source), 3 * (int64_t)MLN_LINE_MAX);
    OK(mln_source_position(source, &position, &err), &err);
    assert_int_equal(position.offset, 6);
    assert_int_equal(position.tail_len, 6);
    append("end\nafter\n");
    assert_true(mln_source_next(source, &line, &failed, &err));
    assert_true(line.truncated);
    next_is(source, "after");
    mln_source_close(source);
}

static enum mln_source_match match_of(const char *name, const struct mln_source_position *position)
{
    struct mln_source *source = open_log(name);
    enum mln_source_match match = MLN_SOURCE_OTHER;

    OK(mln_source_match(source, position, &match, &err), &err);
    mln_source_close(source);
    return match;
}

static struct mln_source_position position_after(const char *name, size_t lines)
{
    struct mln_source *source = open_log(name);
    struct mln_source_position position;
    struct mln_source_line line;
    bool failed;

    while (lines-- > 0)
        assert_true(mln_source_next(source, &line, &failed, &err));
    OK(mln_source_position(source, &position, &err), &err);
    mln_source_close(source);
    return position;
}

static void goes_on_where_it_stopped(void **state)
{
    struct mln_source_position position, again;
    struct mln_source *source;

    (void)state;
    write_log("one\ntwo\nthree\n");
    position = position_after(path, 2);
    assert_int_equal(position.offset, 8);
    assert_int_equal(position.head_len, 8);
    assert_int_equal(strlen(position.head), MLN_FINGERPRINT_HEX - 1);
    append("four\n");
    assert_int_equal(match_of(path, &position), MLN_SOURCE_SAME);
    source = open_log(path);
    OK(mln_source_seek(source, position.offset, &err), &err);
    next_is(source, "three");
    OK(mln_source_position(source, &again, &err), &err);
    mln_source_close(source);
    position = position_after(path, 3);
    assert_memory_equal(&again, &position, sizeof(position));
}

static void finds_the_same_position_with_and_without_a_restart(void **state)
{
    struct mln_source_position straight, resumed;
    struct mln_source *source;
    char line[64];

    (void)state;
    write_log("");
    for (int i = 0; i < 9000; i++) {
        (void)snprintf(line, sizeof(line), "line %d of the log %d\n", i, i * i);
        append(line);
    }
    for (size_t lines = 1; lines < 9000; lines += 811) {
        resumed = position_after(path, lines);
        assert_int_equal(match_of(path, &resumed), MLN_SOURCE_SAME);
        source = open_log(path);
        OK(mln_source_seek(source, resumed.offset, &err), &err);
        (void)snprintf(line, sizeof(line), "line %zu of the log %zu", lines, lines * lines);
        next_is(source, line);
        OK(mln_source_position(source, &resumed, &err), &err);
        mln_source_close(source);
        straight = position_after(path, lines + 1);
        assert_memory_equal(&straight, &resumed, sizeof(straight));
    }
}

static void follows_a_file_that_is_renamed_or_copied(void **state)
{
    struct mln_source_position position;

    (void)state;
    write_log("one\ntwo\n");
    position = position_after(path, 2);
    assert_int_equal(rename(path, other), 0);
    write_log("new\n");
    assert_int_equal(match_of(other, &position), MLN_SOURCE_SAME);
    assert_int_equal(match_of(path, &position), MLN_SOURCE_OTHER);
    put(path, O_TRUNC, "one\ntwo\nthree\n", 14);
    assert_int_equal(match_of(path, &position), MLN_SOURCE_SAME);
}

static void tells_a_rewritten_file_from_another(void **state)
{
    struct mln_source_position position;
    MLN_AUTO_FREE char *bytes = repeated('x', 10000);

    (void)state;
    write_log("same beginning\n");
    put(path, O_APPEND, bytes, 10000);
    append("\nend\n");
    position = position_after(path, 3);
    assert_int_equal(position.head_len, MLN_FINGERPRINT_MAX);
    assert_int_equal(match_of(path, &position), MLN_SOURCE_SAME);
    assert_int_equal(truncate(path, 9000), 0); /* Shorter. */
    assert_int_equal(match_of(path, &position), MLN_SOURCE_REWRITTEN);
    put(path, O_APPEND, bytes, 9000); /* Longer again, with another tail. */
    assert_int_equal(match_of(path, &position), MLN_SOURCE_REWRITTEN);
    write_log("copied and truncated\n");
    assert_int_equal(match_of(path, &position), MLN_SOURCE_OTHER);
    write_log("");
    assert_int_equal(match_of(path, &position), MLN_SOURCE_OTHER);
}

static void knows_an_unread_file_by_its_id(void **state)
{
    struct mln_source_position position;

    (void)state;
    write_log("half");
    position = position_after(path, 0);
    assert_int_equal(position.offset, 0);
    append(" line\n");
    assert_int_equal(match_of(path, &position), MLN_SOURCE_SAME);
    put(other, O_TRUNC, "x\n", 2);
    assert_int_equal(match_of(other, &position), MLN_SOURCE_OTHER);
}

static void ends_when_the_file_shrinks_under_it(void **state)
{
    struct mln_source_position position;
    struct mln_source *source;

    (void)state;
    write_log("one\ntwo\nhalf");
    source = open_log(path);
    next_is(source, "one");
    next_is(source, "two");
    next_is(source, NULL);
    write_log("new\n");
    next_is(source, NULL);
    append("a longer line than before\n");
    next_is(source, NULL);
    OK(mln_source_position(source, &position, &err), &err);
    assert_int_equal(position.offset, 8);
    assert_int_equal(match_of(path, &position), MLN_SOURCE_OTHER);
    mln_source_close(source);
}

static void fingerprints_the_head_of_a_long_enough_file(void **state)
{
    char head[MLN_FINGERPRINT_HEX], same[MLN_FINGERPRINT_HEX];
    MLN_AUTO_FREE char *bytes = repeated('x', 5000);
    struct mln_source *source;

    (void)state;
    put(path, O_TRUNC, bytes, 5000);
    source = open_log(path);
    OK(mln_source_head(source, (int64_t)MLN_FINGERPRINT_MAX, head, &err), &err);
    append("more\n");
    OK(mln_source_head(source, (int64_t)MLN_FINGERPRINT_MAX, same, &err), &err);
    assert_string_equal(head, same);
    OK(mln_source_head(source, 100, same, &err), &err);
    assert_string_not_equal(head, same);
    write_log("short\n");
    FAILS(mln_source_head(source, (int64_t)MLN_FINGERPRINT_MAX, same, &err), MLN_ENOTFOUND, &err,
            "shorter");
    FAILS(mln_source_head(source, 5000, same, &err), MLN_EINVAL, &err, "fingerprint");
    FAILS(mln_source_seek(source, 5000, &err), MLN_EINVAL, &err, "shorter");
    mln_source_close(source);
}

static void reads_a_pipe_to_its_very_end(void **state)
{
    struct mln_source_position position;
    struct mln_source *source;
    int ends[2], kept = dup(STDIN_FILENO);

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    assert_true(write(ends[1], "one\nlast", 8) == 8);
    (void)close(ends[1]);
    (void)close(ends[0]);
    source = open_log("-");
    assert_true(mln_source_is_stream(source));
    assert_string_equal(mln_source_id(source), "stdin");
    OK(mln_source_seek(source, 0, &err), &err);
    next_is(source, "one");
    next_is(source, "last");
    next_is(source, NULL);
    OK(mln_source_position(source, &position, &err), &err);
    assert_int_equal(position.offset, 8);
    FAILS(mln_source_seek(source, 0, &err), MLN_EINVAL, &err, "stdin");
    mln_source_close(source);
    assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
    (void)close(kept);
}

static void refuses_what_is_no_log_file(void **state)
{
    struct mln_source *source = (void *)&err;

    (void)state;
    FAILS(mln_source_open(folder, &source, &err), MLN_EINVAL, &err, "folder");
    FAILS(mln_source_open("/dev/zero", &source, &err), MLN_EINVAL, &err, "device");
    FAILS(mln_source_open(path, &source, &err), MLN_ENOTFOUND, &err, path);
    FAILS(mln_source_open("/dev/null/x", &source, &err), MLN_ENOTFOUND, &err, "/dev/null/x");
    assert_ptr_equal(source, &err);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(gives_complete_lines_only),
        CASE(keeps_raw_bytes),
        CASE(cuts_long_lines_and_goes_on_behind_them),
        CASE(leaves_a_long_half_line_for_later),
        CASE(goes_on_where_it_stopped),
        CASE(finds_the_same_position_with_and_without_a_restart),
        CASE(follows_a_file_that_is_renamed_or_copied),
        CASE(tells_a_rewritten_file_from_another),
        CASE(knows_an_unread_file_by_its_id),
        CASE(ends_when_the_file_shrinks_under_it),
        CASE(fingerprints_the_head_of_a_long_enough_file),
        CASE(reads_a_pipe_to_its_very_end),
        CASE(refuses_what_is_no_log_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
