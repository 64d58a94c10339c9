#include "client/profile_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>

#include "base/file.h"
#include "client/priv.h"
#include "wire/json.h"
#include "wire/writer.h"

#define DEPTH_MAX 60

/* The members of a key profile; those of another mode (a token) must not stay beside a new key. */
static const char *const key_members[] = { "access_key_id", "access_key_secret", "mode",
    "sts_token", "sts_expiration" };

static void free_json(struct mln_json **doc)
{
    mln_json_free(*doc);
}

static void newline(struct mln_buf *out, int depth)
{
    mln_buf_add_char(out, '\n');
    for (int i = 0; i < depth; i++)
        mln_buf_add_char(out, '\t');
}

static void print_key(struct mln_str key, struct mln_buf *out)
{
    mln_json_quote(key, out);
    mln_buf_add_cstr(out, ": ");
}

/* As the aliyun CLI does: a tab a level. Depth is bounded by the reader.
 * NOLINTNEXTLINE(misc-no-recursion) */
static void print_value(struct mln_json_value value, int depth, struct mln_buf *out)
{
    enum mln_json_type type = mln_json_type(value);
    struct mln_json_iter it = mln_json_iter(value);
    struct mln_json_value item;
    struct mln_str key;
    bool first = true;

    if ((type != MLN_JSON_OBJECT && type != MLN_JSON_ARRAY) || mln_json_count(value) == 0 ||
            depth > DEPTH_MAX) {
        mln_json_print(value, out);
        return;
    }
    mln_buf_add_char(out, type == MLN_JSON_OBJECT ? '{' : '[');
    while (mln_json_next(&it, &key, &item)) {
        if (!first)
            mln_buf_add_char(out, ',');
        first = false;
        newline(out, depth + 1);
        if (type == MLN_JSON_OBJECT)
            print_key(key, out);
        print_value(item, depth + 1, out);
    }
    newline(out, depth);
    mln_buf_add_char(out, type == MLN_JSON_OBJECT ? '}' : ']');
}

static void print_text(const char *key, struct mln_str value, bool last, struct mln_buf *out)
{
    newline(out, 3);
    print_key(mln_str_of(key), out);
    mln_json_quote(value, out);
    if (!last)
        mln_buf_add_char(out, ',');
}

static bool is_key_member(struct mln_str key)
{
    for (size_t i = 0; i < MLN_LEN(key_members); i++) {
        if (mln_str_is(key, key_members[i]))
            return true;
    }
    return false;
}

/* The profile; members of `old` (when it is an object) that are not about the key stay. */
static void print_profile(
        const struct mln_profile_new *profile, struct mln_json_value old, struct mln_buf *out)
{
    struct mln_json_iter it = mln_json_iter(old);
    struct mln_json_value item;
    struct mln_str key;
    bool has_old = mln_json_type(old) == MLN_JSON_OBJECT;

    mln_buf_add_char(out, '{');
    if (!has_old) {
        print_text("name", profile->name, false, out);
        print_text("region_id", profile->region, false, out);
    }
    while (has_old && mln_json_next(&it, &key, &item)) {
        if (is_key_member(key))
            continue;
        newline(out, 3);
        print_key(key, out);
        print_value(item, 3, out);
        mln_buf_add_char(out, ',');
    }
    print_text("mode", MLN_STR("AK"), false, out);
    print_text("access_key_id", profile->key_id, false, out);
    print_text("access_key_secret", profile->secret, true, out);
    newline(out, 2);
    mln_buf_add_char(out, '}');
}

static bool is_named(struct mln_json_value item, struct mln_str name)
{
    struct mln_str got;

    return mln_json_get_str(item, "name", &got) && mln_str_eq(got, name);
}

static void print_profiles(
        const struct mln_profile_new *profile, struct mln_json_value list, struct mln_buf *out)
{
    struct mln_json_iter it = mln_json_iter(list);
    struct mln_json_value item;
    bool first = true, placed = false;

    mln_buf_add_char(out, '[');
    while (mln_json_next(&it, NULL, &item)) {
        if (!first)
            mln_buf_add_char(out, ',');
        first = false;
        newline(out, 2);
        if (is_named(item, profile->name)) {
            print_profile(profile, item, out);
            placed = true;
        } else {
            print_value(item, 2, out);
        }
    }
    if (!placed) {
        if (!first)
            mln_buf_add_char(out, ',');
        newline(out, 2);
        print_profile(profile, (struct mln_json_value){ 0 }, out);
    }
    newline(out, 1);
    mln_buf_add_char(out, ']');
}

static void print_new_file(const struct mln_profile_new *profile, struct mln_buf *out)
{
    mln_buf_add_cstr(out, "{\n\t\"current\": ");
    mln_json_quote(profile->name, out);
    mln_buf_add_cstr(out, ",\n\t\"profiles\": ");
    print_profiles(profile, (struct mln_json_value){ 0 }, out);
    mln_buf_add_cstr(out, "\n}\n");
}

static void print_merged(
        const struct mln_profile_new *profile, struct mln_json_value root, struct mln_buf *out)
{
    struct mln_json_iter it = mln_json_iter(root);
    struct mln_json_value item;
    struct mln_str key;
    bool first = true, placed = false;

    mln_buf_add_char(out, '{');
    while (mln_json_next(&it, &key, &item)) {
        if (!first)
            mln_buf_add_char(out, ',');
        first = false;
        newline(out, 1);
        print_key(key, out);
        if (mln_str_is(key, "profiles") && !placed) {
            print_profiles(profile, item, out);
            placed = true;
        } else {
            print_value(item, 1, out);
        }
    }
    if (!placed) {
        mln_buf_add_cstr(out, first ? "\n\t\"profiles\": " : ",\n\t\"profiles\": ");
        print_profiles(profile, (struct mln_json_value){ 0 }, out);
    }
    mln_buf_add_cstr(out, "\n}\n");
}

/* A missing or empty file leaves *out NULL. */
static int load(const char *path, const struct mln_profile_new *profile, struct mln_json **out,
        struct mln_err *err)
{
    MLN_AUTO(mln_buf_wipe_free) struct mln_buf text = MLN_BUF_INIT(MLN_PROFILE_FILE_MAX);
    struct mln_json_value list, taken;
    int rc;

    if (!mln_buf_reserve(&text, MLN_PROFILE_FILE_MAX)) /* No copy stays behind as it grows. */
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    rc = mln_file_read(path, &text, err);
    if (rc == MLN_ENOTFOUND || (rc == MLN_OK && mln_str_trim(mln_buf_str(&text)).len == 0))
        return MLN_OK;
    if (rc != MLN_OK)
        return rc;
    if (mln_json_parse(mln_buf_str(&text), out, err) != MLN_OK)
        return mln_wrap(err, MLN_ECONFIG, "%s", path);
    if (mln_json_type(mln_json_root(*out)) != MLN_JSON_OBJECT ||
            (mln_json_get(mln_json_root(*out), "profiles", &list) &&
                    mln_json_type(list) != MLN_JSON_ARRAY))
        return mln_fail(err, MLN_ECONFIG, "%s is not a configuration of profiles", path);
    if (!profile->replace && mln_profile_find(mln_json_root(*out), profile->name, &taken))
        return mln_fail(err, MLN_EEXIST,
                "%s has a profile '%.*s' already: choose another --profile-name", path,
                MLN_FMT(profile->name));
    return MLN_OK;
}

static int make_folder(const char *path, struct mln_buf *folder, struct mln_err *err)
{
    const char *slash = strrchr(path, '/');
    struct mln_str done;
    int rc;

    if (slash == NULL)
        mln_buf_add_char(folder, '.');
    else
        mln_buf_add(folder, (struct mln_str){ path, slash == path ? 1 : (size_t)(slash - path) });
    rc = mln_buf_done(folder, &done, err);
    if (rc == MLN_OK && access(folder->ptr, F_OK) != 0)
        rc = mln_dir_make(folder->ptr, err);
    return rc;
}

int mln_profile_check(const char *path, const struct mln_profile_new *profile, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf folder = MLN_BUF_INIT(4096);
    MLN_AUTO(free_json) struct mln_json *doc = NULL;
    int rc = load(path, profile, &doc, err);

    if (rc == MLN_OK)
        rc = make_folder(path, &folder, err);
    if (rc == MLN_OK && access(folder.ptr, W_OK) != 0)
        return mln_fail(
                err, MLN_EDENIED, "%s cannot be written: %s", folder.ptr, mln_errno_text(errno));
    return rc;
}

/* Two commands that add a profile at once must not lose one: the folder is the lock. */
static int lock_folder(const char *folder, struct mln_err *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return mln_fail(err, MLN_EIO, "%s: %s", folder, mln_errno_text(errno));
    while (flock(fd, LOCK_EX) != 0) {
        if (errno == EINTR)
            continue;
        mln_err_set(err, MLN_EIO, "lock %s: %s", folder, mln_errno_text(errno));
        (void)close(fd);
        return MLN_EIO;
    }
    return fd;
}

int mln_profile_write(const char *path, const struct mln_profile_new *profile, struct mln_err *err)
{
    MLN_AUTO(mln_buf_wipe_free) struct mln_buf text = MLN_BUF_INIT(MLN_PROFILE_FILE_MAX * 2);
    MLN_AUTO(mln_buf_free) struct mln_buf folder = MLN_BUF_INIT(4096);
    MLN_AUTO(free_json) struct mln_json *doc = NULL;
    MLN_AUTO_CLOSE int lock = -1;
    struct mln_str content;
    int rc = make_folder(path, &folder, err);

    if (rc == MLN_OK) {
        lock = lock_folder(folder.ptr, err);
        rc = lock < 0 ? lock : load(path, profile, &doc, err);
    }
    if (rc != MLN_OK)
        return rc;
    if (doc == NULL)
        print_new_file(profile, &text);
    else
        print_merged(profile, mln_json_root(doc), &text);
    rc = mln_buf_done(&text, &content, err);
    if (rc == MLN_OK)
        rc = mln_file_replace(path, content, 0600, err);
    return rc;
}
