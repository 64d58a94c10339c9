/* Whole files on a real file system. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "test.h"

static char folder[64];

/* A path inside the test's folder; each call overwrites the one before the last three. */
static const char *in_folder(const char *name)
{
    static char paths[4][256];
    static unsigned turn;
    char *path = paths[turn++ % 4];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/merlon-file-XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = { "a", "link", "target", "loop", "dangling", "fresh", "big",
        "x/y/z", "x/y", "x", "empty", "dir" };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(names); i++)
        (void)remove(in_folder(names[i]));
    return rmdir(folder); /* Fails when a temporary file was left behind. */
}

static void put(const char *name, const char *text)
{
    struct mln_err err = { 0 };

    OK(mln_file_replace(in_folder(name), mln_str_of(text), 0600, &err), &err);
}

static void expect(const char *name, const char *text)
{
    struct mln_buf buf = MLN_BUF_INIT(100000);
    struct mln_err err = { 0 };

    OK(mln_file_read(in_folder(name), &buf, &err), &err);
    EQ_STR(mln_buf_str(&buf), text);
    mln_buf_free(&buf);
}

static void reads_back_what_it_wrote(void **state)
{
    struct stat info;
    struct mln_err err = { 0 };

    (void)state;
    put("a", "one");
    put("a", "two");
    expect("a", "two");
    OK(mln_file_replace(in_folder("a"), MLN_STR("three"), 0640, &err), &err);
    assert_int_equal(stat(in_folder("a"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
    expect("a", "three");
}

static void an_empty_file_is_a_terminated_empty_text(void **state)
{
    struct mln_buf buf = MLN_BUF_INIT(0);
    struct mln_err err = { 0 };

    (void)state;
    put("empty", "");
    OK(mln_file_read(in_folder("empty"), &buf, &err), &err);
    assert_int_equal(buf.len, 0);
    assert_int_equal(buf.ptr[0], '\0');
    mln_buf_free(&buf);
}

static void the_limit_is_exact_and_leaves_the_buffer_as_it_was(void **state)
{
    struct mln_buf buf = MLN_BUF_INIT(8);
    struct mln_err err = { 0 };

    (void)state;
    put("a", "12345678");
    OK(mln_file_read(in_folder("a"), &buf, &err), &err);
    EQ_STR(mln_buf_str(&buf), "12345678");
    mln_buf_reset(&buf);
    mln_buf_add_cstr(&buf, "x");
    FAILS(mln_file_read(in_folder("a"), &buf, &err), MLN_ETOOBIG, &err, in_folder("a"));
    EQ_STR(mln_buf_str(&buf), "x");
    assert_int_equal(buf.code, MLN_OK);
    mln_buf_free(&buf);
}

static void files_larger_than_one_read_arrive_whole(void **state)
{
    struct mln_buf text = MLN_BUF_INIT(1 << 20), back = MLN_BUF_INIT(1 << 20);
    struct mln_err err = { 0 };

    (void)state;
    for (int i = 0; i < 200000; i++)
        mln_buf_add_char(&text, (char)(i % 251));
    OK(mln_file_replace(in_folder("big"), mln_buf_str(&text), 0600, &err), &err);
    OK(mln_file_read(in_folder("big"), &back, &err), &err);
    assert_true(mln_str_eq(mln_buf_str(&text), mln_buf_str(&back)));
    mln_buf_free(&text);
    mln_buf_free(&back);
}

static void what_cannot_be_read_is_named(void **state)
{
    struct mln_buf buf = MLN_BUF_INIT(100);
    struct mln_err err = { 0 };

    (void)state;
    put("a", "x");
    FAILS(mln_file_read(in_folder("missing"), &buf, &err), MLN_ENOTFOUND, &err, "missing");
    FAILS(mln_file_read(folder, &buf, &err), MLN_EINVAL, &err, folder);
    FAILS(mln_file_read(in_folder("a/b"), &buf, &err), MLN_EINVAL, &err, "a/b");
    assert_int_equal(symlink("loop", in_folder("loop")), 0);
    FAILS(mln_file_read(in_folder("loop"), &buf, &err), MLN_EINVAL, &err, "loop");
    if (geteuid() != 0) {
        OK(mln_file_replace(in_folder("a"), MLN_STR("x"), 0, &err), &err);
        FAILS(mln_file_read(in_folder("a"), &buf, &err), MLN_EDENIED, &err, "a");
    }
    assert_null(buf.ptr);
}

static void a_symbolic_link_stays_and_its_target_is_replaced(void **state)
{
    struct stat info;

    (void)state;
    put("target", "old");
    assert_int_equal(symlink("target", in_folder("link")), 0);
    put("link", "new");
    assert_int_equal(lstat(in_folder("link"), &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    expect("target", "new");
}

static void a_link_to_nothing_yet_creates_its_target(void **state)
{
    (void)state;
    assert_int_equal(symlink(in_folder("fresh"), in_folder("dangling")), 0);
    put("dangling", "born");
    expect("fresh", "born");
}

static void what_cannot_be_replaced_is_left_alone(void **state)
{
    struct mln_err err = { 0 };
    char path[5000];

    (void)state;
    memset(path, 'a', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(mkdir(in_folder("dir"), 0700), 0);
    FAILS(mln_file_replace(in_folder("dir"), MLN_STR("x"), 0600, &err), MLN_EINVAL, &err, "dir");
    FAILS(mln_file_replace(in_folder("no/where"), MLN_STR("x"), 0600, &err), MLN_ENOTFOUND, &err,
            "no/where");
    FAILS(mln_file_replace(in_folder("loop"), MLN_STR("x"), 0600, &err), MLN_EINVAL, &err, "loop");
    FAILS(mln_file_replace("", MLN_STR("x"), 0600, &err), MLN_ENOTFOUND, &err, "");
    FAILS(mln_file_replace(path, MLN_STR("x"), 0600, &err), MLN_EINVAL, &err, "aaaa");
}

static void folders_are_made_with_their_parents(void **state)
{
    struct mln_err err = { 0 };
    struct stat info;

    (void)state;
    OK(mln_dir_make(in_folder("x//y/z/"), &err), &err);
    OK(mln_dir_make(in_folder("x/y/z"), &err), &err);
    assert_int_equal(stat(in_folder("x/y/z"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    OK(mln_dir_make("/", &err), &err);
    put("a", "x");
    FAILS(mln_dir_make(in_folder("a"), &err), MLN_EINVAL, &err, "a");
    FAILS(mln_dir_make(in_folder("a/b"), &err), MLN_EINVAL, &err, "a");
    FAILS(mln_dir_make("", &err), MLN_ENOTFOUND, &err, "folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_it_wrote),
        cmocka_unit_test(an_empty_file_is_a_terminated_empty_text),
        cmocka_unit_test(the_limit_is_exact_and_leaves_the_buffer_as_it_was),
        cmocka_unit_test(files_larger_than_one_read_arrive_whole),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(a_symbolic_link_stays_and_its_target_is_replaced),
        cmocka_unit_test(a_link_to_nothing_yet_creates_its_target),
        cmocka_unit_test(what_cannot_be_replaced_is_left_alone),
        cmocka_unit_test(folders_are_made_with_their_parents),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
