#include "base/file.h"
#include "fixture.h"

static const struct mln_seal_binding binding = { { "LTAI5tAAAA", 10 }, { "1234", 4 },
    { "admin", 5 } };

static void opens_what_it_sealed_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    MLN_AUTO(mln_buf_free) struct mln_buf sealed = MLN_BUF_INIT(1024);
    MLN_AUTO(mln_secret_wipe) struct mln_secret out = { 0 };
    struct mln_seal_binding moved[] = { binding, binding, binding };
    struct mln_err err;
    char id[17];

    OK(mln_seal_close_secret(
               f->seal, mln_random_system(), &binding, MLN_STR("top-secret"), &sealed, id, &err),
            &err);
    OK(mln_seal_open_secret(f->seal, &binding, mln_buf_str(&sealed), mln_str_of(id), &out, &err),
            &err);
    EQ_STR(mln_secret_bytes(&out), "top-secret");
    assert_null(memmem(sealed.ptr, sealed.len, "top-secret", 10));

    moved[0].access_key_id = MLN_STR("LTAI5tBBBB");
    moved[1].account_id = MLN_STR("4321");
    moved[2].user_name = MLN_STR("other");
    for (size_t i = 0; i < MLN_LEN(moved); i++) {
        struct mln_secret untouched = { 0 };

        FAILS(mln_seal_open_secret(
                      f->seal, &moved[i], mln_buf_str(&sealed), mln_str_of(id), &untouched, &err),
                MLN_ECORRUPT, &err, "does not open");
        assert_null(untouched.ptr);
    }
}

static void refuses_every_changed_byte(void **state)
{
    struct fixture *f = *state;
    MLN_AUTO(mln_buf_free) struct mln_buf sealed = MLN_BUF_INIT(1024);
    struct mln_secret out = { 0 };
    struct mln_err err;
    char id[17];

    OK(mln_seal_close_secret(
               f->seal, mln_random_system(), &binding, MLN_STR("secret!"), &sealed, id, &err),
            &err);
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.ptr[i] ^= 1;
        FAILS(mln_seal_open_secret(
                      f->seal, &binding, mln_buf_str(&sealed), mln_str_of(id), &out, &err),
                MLN_ECORRUPT, &err, "does not open");
        sealed.ptr[i] ^= 1;
    }
    for (size_t len = 0; len < sealed.len; len++)
        FAILS(mln_seal_open_secret(f->seal, &binding, (struct mln_str){ sealed.ptr, len },
                      mln_str_of(id), &out, &err),
                MLN_ECORRUPT, &err, "does not open");
}

static void keeps_its_file_private(void **state)
{
    struct fixture *f = *state;
    const struct mln_seal_options options = { .path = f->seal_path, .env = mln_env_system() };
    struct mln_seal *seal = NULL;
    struct mln_err err;
    struct stat st;

    assert_int_equal(stat(f->seal_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(chmod(f->seal_path, 0644), 0);
    FAILS(mln_seal_open(&options, &seal, &err), MLN_ECONFIG, &err, "can be read by others");
    assert_null(seal);
}

static void names_the_line_of_a_damaged_file_and_never_its_text(void **state)
{
    struct fixture *f = *state;
    const struct mln_seal_options options = { .path = f->seal_path, .env = mln_env_system() };
    struct mln_seal *seal = NULL;
    struct mln_err err;

    OK(mln_file_replace(f->seal_path, MLN_STR("# keys\n0123456789abcdef Zm9vYmFy\n"), 0600, &err),
            &err);
    FAILS(mln_seal_open(&options, &seal, &err), MLN_ECONFIG, &err, "line 2");
    assert_null(strstr(err.msg, "Zm9v"));
    OK(mln_file_replace(f->seal_path, MLN_STR("\n"), 0600, &err), &err);
    FAILS(mln_seal_open(&options, &seal, &err), MLN_ECONFIG, &err, "holds no key");
}

static void says_which_file_is_missing(void **state)
{
    struct fixture *f = *state;
    const struct mln_seal_options options = { .path = "/tmp/merlon-no-such-folder/key",
        .env = mln_env_system() };
    struct mln_seal *seal = NULL;
    struct mln_err err;

    (void)f;
    FAILS(mln_seal_open(&options, &seal, &err), MLN_ENOTFOUND, &err,
            "/tmp/merlon-no-such-folder/key");
}

/* What a row holds, to compare before and after. */
struct seen {
    char seal_key_id[32], secret[64];
    const struct mln_seal *seal;
};

static int see(void *ctx, const struct mln_key_row *row, struct mln_err *err)
{
    struct seen *seen = ctx;
    const struct mln_seal_binding of_row = { row->access_key_id, row->account_id, row->user_name };
    MLN_AUTO(mln_secret_wipe) struct mln_secret secret = { 0 };
    int rc = mln_seal_open_secret(seen->seal, &of_row, row->sealed, row->seal_key_id, &secret, err);

    (void)snprintf(seen->seal_key_id, sizeof(seen->seal_key_id), "%.*s", MLN_FMT(row->seal_key_id));
    (void)snprintf(seen->secret, sizeof(seen->secret), "%.*s", MLN_FMT(mln_secret_bytes(&secret)));
    return rc;
}

static void rotates_every_secret_to_a_new_key(void **state)
{
    struct fixture *f = *state;
    const struct mln_seal_options options = { .path = f->seal_path, .env = mln_env_system() };
    MLN_AUTO(mln_new_key_wipe) struct mln_new_key key = { 0 };
    struct seen before = { .seal = f->seal }, after = { 0 };
    struct mln_seal *reread;
    int64_t resealed = -1;
    struct mln_err err;

    OK(mln_iam_init_account(&f->iam, ACCOUNT, MLN_STR("admin"), &key, &err), &err);
    OK(mln_store_key_get(f->store, mln_str_of(key.access_key_id), see, &before, &err), &err);
    OK(mln_seal_rotate(f->seal, f->store, mln_random_system(), &resealed, &err), &err);
    assert_int_equal(resealed, 1);
    OK(mln_seal_open(&options, &reread, &err), &err);
    after.seal = reread;
    OK(mln_store_key_get(f->store, mln_str_of(key.access_key_id), see, &after, &err), &err);
    mln_seal_free(reread);
    assert_string_equal(before.secret, after.secret);
    assert_string_not_equal(before.seal_key_id, after.seal_key_id);
}

static void says_so_when_the_key_file_is_older_than_the_store(void **state)
{
    struct fixture *f = *state;
    MLN_AUTO(mln_buf_free) struct mln_buf old_file = MLN_BUF_INIT(4096);
    MLN_AUTO(mln_new_key_wipe) struct mln_new_key key = { 0 };
    const struct mln_seal_options options = { .path = f->seal_path, .env = mln_env_system() };
    struct seen seen = { 0 };
    struct mln_seal *restored;
    int64_t resealed;
    struct mln_err err;

    OK(mln_iam_init_account(&f->iam, ACCOUNT, MLN_STR("admin"), &key, &err), &err);
    OK(mln_file_read(f->seal_path, &old_file, &err), &err);
    OK(mln_seal_rotate(f->seal, f->store, mln_random_system(), &resealed, &err), &err);
    OK(mln_file_replace(f->seal_path, mln_buf_str(&old_file), 0600, &err), &err);
    OK(mln_seal_open(&options, &restored, &err), &err);
    seen.seal = restored;
    FAILS(mln_store_key_get(f->store, mln_str_of(key.access_key_id), see, &seen, &err),
            MLN_ENOTFOUND, &err, "restore that file");
    mln_seal_free(restored);
}

static void copy_file(const char *from, const char *to)
{
    MLN_AUTO(mln_buf_free) struct mln_buf bytes = MLN_BUF_INIT((size_t)64 * 1024 * 1024);
    struct mln_err err;

    OK(mln_file_read(from, &bytes, &err), &err);
    OK(mln_file_replace(to, mln_buf_str(&bytes), 0600, &err), &err);
}

/* A backup is the store's file and the sealing key's file, taken with nothing running. */
static void opens_every_secret_after_a_restore_from_copies(void **state)
{
    struct fixture *f = *state;
    const struct mln_store_options write = { .mode = MLN_STORE_WRITE };
    MLN_AUTO(mln_new_key_wipe) struct mln_new_key key = { 0 };
    char store_path[128], store_copy[128], seal_copy[128], url[160];
    struct mln_seal_options options = { .path = seal_copy, .env = mln_env_system() };
    struct seen seen = { 0 };
    struct mln_store *store;
    struct mln_seal *seal;
    struct mln_err err;

    (void)snprintf(store_path, sizeof(store_path), "%s/merlon.db", f->folder);
    (void)snprintf(store_copy, sizeof(store_copy), "%s/restored.db", f->folder);
    (void)snprintf(seal_copy, sizeof(seal_copy), "%s/restored.key", f->folder);
    (void)snprintf(url, sizeof(url), "sqlite:%s", store_copy);
    OK(mln_iam_init_account(&f->iam, ACCOUNT, MLN_STR("admin"), &key, &err), &err);
    mln_store_close(f->store);
    copy_file(store_path, store_copy);
    copy_file(f->seal_path, seal_copy);
    OK(mln_store_open(f->url, &write, &f->store, &err), &err);

    OK(mln_store_open(url, &write, &store, &err), &err);
    OK(mln_seal_open(&options, &seal, &err), &err);
    seen.seal = seal;
    OK(mln_store_key_get(store, mln_str_of(key.access_key_id), see, &seen, &err), &err);
    assert_true(mln_secret_eq(&key.secret, mln_str_of(seen.secret)));
    mln_seal_free(seal);
    mln_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
                opens_what_it_sealed_and_nothing_else, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                refuses_every_changed_byte, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                opens_every_secret_after_a_restore_from_copies, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(keeps_its_file_private, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(names_the_line_of_a_damaged_file_and_never_its_text,
                fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                says_which_file_is_missing, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                rotates_every_secret_to_a_new_key, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                says_so_when_the_key_file_is_older_than_the_store, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
