/* Recordings: names that stay inside, files of every status, and files that are none. */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "collect/collect.h"
#include "test.h"

#define PATH_BYTES 512

static char folder[PATH_BYTES];

static void put(const char *name, const char *text)
{
    char path[2 * PATH_BYTES];
    struct mln_err err;
    char *slash;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    slash = strrchr(path, '/');
    *slash = '\0';
    OK(mln_dir_make(path, &err), &err);
    *slash = '/';
    OK(mln_file_replace(path, mln_str_of(text), 0600, &err), &err);
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/mln-replay-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    put("recording.json",
            "{\"format\":1,\"account\":\"1234\",\"recorded\":\"2026-11-22T00:00:00Z\"}");
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static struct mln_collect_request request(const char *region, const char *key)
{
    return (struct mln_collect_request){
        .call = { .id = "oss:GetBucketInfo", .product = "oss", .action = "GetBucketInfo" },
        .region = mln_str_of(region),
        .key = mln_str_of(key),
        .variant = MLN_STR(""),
        .page = 1
    };
}

static void names_are_made_of_harmless_characters(void **state)
{
    static const struct {
        const char *region, *key, *variant, *name;
    } rows[] = {
        { "", "", "", "oss/GetBucketInfo/_/_.1" },
        { "cn-hangzhou", "acme-web", "", "oss/GetBucketInfo/cn-hangzhou/acme-web.1" },
        { "r", "", "sharding", "oss/GetBucketInfo/r/sharding.1" },
        { "r", "a", "b", "oss/GetBucketInfo/r/a,b.1" },
        { "r", "a,b", "", "oss/GetBucketInfo/r/a%2Cb.1" },
        { "r", "..", "", "oss/GetBucketInfo/r/%2E..1" },
        { "..", ".", "", "oss/GetBucketInfo/%2E./%2E.1" },
        { "r", "../../etc/passwd", "", "oss/GetBucketInfo/r/%2E.%2F..%2Fetc%2Fpasswd.1" },
        { "r", "a.b", ".c", "oss/GetBucketInfo/r/a.b,%2Ec.1" },
        { "r", "a b\n%/\\", "", "oss/GetBucketInfo/r/a%20b%0A%25%2F%5C.1" },
        { "r", "\xE4\xBD\xA0", "", "oss/GetBucketInfo/r/%E4%BD%A0.1" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(4096);
        struct mln_collect_request r = request(rows[i].region, rows[i].key);

        r.variant = mln_str_of(rows[i].variant);
        mln_replay_name(&r, &out);
        EQ_STR(mln_buf_str(&out), rows[i].name);
    }
}

static void long_names_end_in_a_hash(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(4096);
    MLN_AUTO(mln_buf_free) struct mln_buf other = MLN_BUF_INIT(4096);
    char key[152];
    struct mln_collect_request r;

    (void)state;
    memset(key, 'k', sizeof(key));
    key[150] = '\0';
    r = request("r", key);
    mln_replay_name(&r, &out);
    assert_int_equal(out.len, strlen("oss/GetBucketInfo/r/") + 150 + 2);
    key[150] = 'k';
    key[151] = '\0';
    r = request("r", key);
    mln_buf_reset(&out);
    mln_replay_name(&r, &out);
    assert_int_equal(out.len, strlen("oss/GetBucketInfo/r/") + 100 + 2 + 32 + 2);
    assert_non_null(strstr(out.ptr, "k%~"));
    key[150] = 'x';
    r = request("r", key);
    mln_replay_name(&r, &other);
    assert_string_not_equal(out.ptr, other.ptr);
}

/* The answer to one request. */
static struct mln_collect_answer ask(struct mln_replay *replay, const char *region, const char *key)
{
    static struct mln_collect_request r;
    struct mln_collect_transport transport = mln_replay_transport(replay);
    struct mln_collect_answer answer = { .status = -1 };
    struct mln_err err;

    r = request(region, key);
    OK(transport.submit(transport.ctx, &r, &err), &err);
    OK(transport.next(transport.ctx, 0, &answer, &err), &err);
    assert_ptr_equal(answer.request, &r);
    assert_false(answer.retry);
    return answer;
}

static void finds_answers_of_every_status_and_format(void **state)
{
    static const struct {
        const char *file, *key;
        int status;
        bool is_xml;
    } rows[] = {
        { "a.1.json", "a", 200, false },
        { "b.1.xml", "b", 200, true },
        { "c.1.403.xml", "c", 403, true },
        { "d.1.404.json", "d", 404, false },
        { "e.1.418.json", "e", 418, false },
        { "f.x.1.599.xml", "f.x", 599, true },
    };
    struct mln_replay *replay = NULL;
    struct mln_collect_answer answer;
    struct mln_err err;

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        char name[128];

        (void)snprintf(name, sizeof(name), "oss/GetBucketInfo/r/%s", rows[i].file);
        put(name, rows[i].key);
    }
    OK(mln_replay_open(folder, &replay, &err), &err);
    EQ_STR(mln_replay_account(replay), "1234");
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        answer = ask(replay, "r", rows[i].key);
        assert_int_equal(answer.status, rows[i].status);
        assert_int_equal(answer.is_xml, rows[i].is_xml);
        EQ_STR(answer.body, rows[i].key);
    }
    answer = ask(replay, "r", "g");
    assert_int_equal(answer.status, 0);
    assert_string_equal(answer.failure, "not recorded");
    answer = ask(replay, "nowhere", "a");
    assert_string_equal(answer.failure, "not recorded");
    mln_replay_free(replay);
}

static void what_is_no_plain_file_costs_one_call(void **state)
{
    char path[2 * PATH_BYTES], outside[2 * PATH_BYTES];
    struct mln_replay *replay = NULL;
    struct mln_err err;
    int fd;

    (void)state;
    put("oss/GetBucketInfo/r/fine.1.json", "{}");
    (void)snprintf(path, sizeof(path), "%s/oss/GetBucketInfo/r/link.1.json", folder);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    (void)snprintf(path, sizeof(path), "%s/oss/GetBucketInfo/r/pipe.1.json", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    (void)snprintf(path, sizeof(path), "%s/oss/GetBucketInfo/r/dir.1.json", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/oss/GetBucketInfo/out", folder);
    (void)snprintf(outside, sizeof(outside), "%s/oss/GetBucketInfo/r", folder);
    assert_int_equal(symlink(outside, path), 0);
    (void)snprintf(path, sizeof(path), "%s/oss/GetBucketInfo/r/huge.1.json", folder);
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)16 * 1024 * 1024 + 1), 0);
    (void)close(fd);
    OK(mln_replay_open(folder, &replay, &err), &err);
    assert_string_equal(ask(replay, "r", "link").failure,
            "the recording: the answer cannot be opened: it is a link");
    assert_string_equal(
            ask(replay, "r", "pipe").failure, "the recording: the answer is no plain file");
    assert_string_equal(
            ask(replay, "r", "dir").failure, "the recording: the answer is no plain file");
    assert_string_equal(
            ask(replay, "r", "huge").failure, "the recording: the answer is too large a file");
    assert_int_equal(ask(replay, "out", "fine").status, 0);
    assert_int_equal(ask(replay, "r", "fine").status, 200);
    mln_replay_free(replay);
}

static void a_folder_that_is_no_recording_is_refused(void **state)
{
    static const struct {
        const char *header, *message;
    } rows[] = {
        { "", "recording.json" },
        { "{}", "\"format\" must be 1" },
        { "{\"format\":2,\"account\":\"1\"}", "\"format\" must be 1" },
        { "{\"format\":1}", "\"account\" must be" },
        { "{\"format\":1,\"account\":7}", "\"account\" must be" },
        { "{\"format\":1,\"account\":\"../x\"}", "\"account\" must be" },
        { "[]", "\"format\" must be 1" },
    };
    struct mln_replay *replay = (struct mln_replay *)(void *)&folder;
    struct mln_err err;

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        put("recording.json", rows[i].header);
        FAILS(mln_replay_open(folder, &replay, &err), MLN_EINVAL, &err, rows[i].message);
    }
    FAILS(mln_replay_open("/nowhere/at/all", &replay, &err), MLN_ENOTFOUND, &err, "/nowhere");
    FAILS(mln_replay_open("/etc", &replay, &err), MLN_EINVAL, &err, "is no recording");
    assert_ptr_equal(replay, &folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_made_of_harmless_characters),
        cmocka_unit_test(long_names_end_in_a_hash),
        cmocka_unit_test_setup_teardown(
                finds_answers_of_every_status_and_format, set_up, remove_folder),
        cmocka_unit_test_setup_teardown(
                what_is_no_plain_file_costs_one_call, set_up, remove_folder),
        cmocka_unit_test_setup_teardown(
                a_folder_that_is_no_recording_is_refused, set_up, remove_folder),
    };

    return cmocka_run_group_tests_name("collect_replay", tests, NULL, NULL);
}
