/*
 * Sealing at rest: XChaCha20-Poly1305 with a random 24-byte nonce before the ciphertext. The
 * sealing keys live in a file apart from the store; the first line seals, every line opens.
 */
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "iam/iam.h"

#define SEAL_KEYS_MAX       ((size_t)16)
#define SEAL_FILE_MAX       ((size_t)4096)
#define SEAL_KEY_BYTES      crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define SEAL_NONCE_BYTES    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define SEAL_TAG_BYTES      crypto_aead_xchacha20poly1305_ietf_ABYTES
#define SEAL_KEY_TEXT_BYTES 64
#define BINDING_MAX         ((size_t)512)
#define SECRET_BYTES_MAX    ((size_t)256)

struct seal_key {
    char id[17]; /* 16 hex digits */
    struct mln_secret bytes;
};

struct mln_seal {
    char path[PATH_MAX];
    struct seal_key keys[SEAL_KEYS_MAX];
    size_t count;
};

void mln_seal_free(struct mln_seal *seal)
{
    if (seal == NULL)
        return;
    for (size_t i = 0; i < seal->count; i++)
        mln_secret_wipe(&seal->keys[i].bytes);
    free(seal);
}

static void seal_freep(struct mln_seal **seal)
{
    mln_seal_free(*seal);
}

const char *mln_seal_path(const struct mln_seal *seal)
{
    return seal->path;
}

static int find_path(
        const struct mln_seal_options *options, char out[PATH_MAX], struct mln_err *err)
{
    const char *file = options->path != NULL ? options->path
                                             : mln_env_get(options->env, "MERLON_SEAL_KEY_FILE");
    const char *folder = mln_env_get(options->env, "CREDENTIALS_DIRECTORY");
    const char *home = mln_env_home(options->env);
    int n;

    if (file != NULL)
        n = snprintf(out, PATH_MAX, "%s", file);
    else if (folder != NULL)
        n = snprintf(out, PATH_MAX, "%s/merlon-seal-key", folder);
    else if (home != NULL)
        n = snprintf(out, PATH_MAX, "%s/.config/merlon/seal.key", home);
    else
        return mln_fail(err, MLN_ECONFIG,
                "no place for the sealing key: set HOME or MERLON_SEAL_KEY_FILE, or give --seal-key");
    if (n < 0 || n >= PATH_MAX)
        return mln_fail(err, MLN_ECONFIG, "the path of the sealing key is too long");
    return MLN_OK;
}

static int check_mode(const char *path, struct mln_err *err)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return mln_fail(err, errno == ENOENT ? MLN_ENOTFOUND : MLN_EIO, "sealing key '%s': %s",
                path, mln_errno_text(errno));
    if ((st.st_mode & 077) != 0)
        return mln_fail(err, MLN_ECONFIG,
                "sealing key '%s' can be read by others (mode %03o): run chmod 600 on it", path,
                (unsigned)(st.st_mode & 0777));
    return MLN_OK;
}

static bool is_key_id(struct mln_str id)
{
    if (id.len != 16)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        if (!((id.ptr[i] >= '0' && id.ptr[i] <= '9') || (id.ptr[i] >= 'a' && id.ptr[i] <= 'f')))
            return false;
    }
    return true;
}

/* One line "ID BASE64"; messages give its number, never its text. */
static int parse_line(
        struct mln_seal *seal, struct mln_str line, size_t number, struct mln_err *err)
{
    struct seal_key *key = &seal->keys[seal->count];
    unsigned char bytes[SEAL_KEY_BYTES];
    struct mln_str id, text;
    size_t len = 0;
    int rc;

    if (seal->count == SEAL_KEYS_MAX)
        return mln_fail(err, MLN_ETOOBIG, "sealing key '%s': more than %zu keys", seal->path,
                SEAL_KEYS_MAX);
    if (!mln_str_next(&line, ' ', &id) || !is_key_id(id) || !mln_str_next(&line, '\n', &text) ||
            sodium_base642bin(bytes, sizeof(bytes), text.ptr, text.len, NULL, &len, NULL,
                    sodium_base64_VARIANT_ORIGINAL) != 0 ||
            len != sizeof(bytes))
        rc = mln_fail(err, MLN_ECONFIG, "sealing key '%s': line %zu is not \"ID BASE64\"",
                seal->path, number);
    else
        rc = mln_secret_init(&key->bytes, (struct mln_str){ (const char *)bytes, len }, err);
    sodium_memzero(bytes, sizeof(bytes));
    if (rc != MLN_OK)
        return rc;
    memcpy(key->id, id.ptr, id.len);
    seal->count++;
    return MLN_OK;
}

static int read_keys(struct mln_seal *seal, struct mln_err *err)
{
    struct mln_buf text = MLN_BUF_INIT(SEAL_FILE_MAX);
    struct mln_str rest, line;
    size_t number = 0;
    int rc = check_mode(seal->path, err);

    if (rc == MLN_OK)
        rc = mln_file_read(seal->path, &text, err);
    rest = mln_buf_str(&text);
    while (rc == MLN_OK && mln_str_next(&rest, '\n', &line)) {
        number++;
        line = mln_str_trim(line);
        if (line.len > 0 && line.ptr[0] != '#')
            rc = parse_line(seal, line, number, err);
    }
    if (text.ptr != NULL)
        sodium_memzero(text.ptr, text.cap);
    mln_buf_free(&text);
    if (rc == MLN_OK && seal->count == 0)
        rc = mln_fail(err, MLN_ECONFIG, "sealing key '%s' holds no key", seal->path);
    return rc;
}

static int write_keys(const struct mln_seal *seal, struct mln_err *err)
{
    struct mln_buf text = MLN_BUF_INIT(SEAL_FILE_MAX);
    char encoded[SEAL_KEY_TEXT_BYTES];
    struct mln_str content;
    int rc;

    if (!mln_buf_reserve(&text, SEAL_FILE_MAX / 2))
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    for (size_t i = 0; i < seal->count; i++) {
        struct mln_str bytes = mln_secret_bytes(&seal->keys[i].bytes);

        (void)sodium_bin2base64(encoded, sizeof(encoded), (const unsigned char *)bytes.ptr,
                bytes.len, sodium_base64_VARIANT_ORIGINAL);
        mln_buf_addf(&text, "%s %s\n", seal->keys[i].id, encoded);
    }
    sodium_memzero(encoded, sizeof(encoded));
    rc = mln_buf_done(&text, &content, err);
    if (rc == MLN_OK)
        rc = mln_file_replace(seal->path, content, 0600, err);
    sodium_memzero(text.ptr, text.cap);
    mln_buf_free(&text);
    return rc;
}

/* Puts a fresh key first; the others stay, to open what they sealed. */
static int add_key(struct mln_seal *seal, const struct mln_random *random, struct mln_err *err)
{
    unsigned char bytes[SEAL_KEY_BYTES], id[8];
    struct seal_key key = { 0 };
    int rc;

    if (seal->count == SEAL_KEYS_MAX)
        return mln_fail(err, MLN_ETOOBIG, "sealing key '%s': more than %zu keys", seal->path,
                SEAL_KEYS_MAX);
    mln_random_fill(random, bytes, sizeof(bytes));
    mln_random_fill(random, id, sizeof(id));
    (void)sodium_bin2hex(key.id, sizeof(key.id), id, sizeof(id));
    rc = mln_secret_init(&key.bytes, (struct mln_str){ (const char *)bytes, sizeof(bytes) }, err);
    sodium_memzero(bytes, sizeof(bytes));
    if (rc != MLN_OK)
        return rc;
    memmove(seal->keys + 1, seal->keys, seal->count * sizeof(seal->keys[0]));
    seal->keys[0] = key;
    seal->count++;
    return MLN_OK;
}

static int create_file(struct mln_seal *seal, const struct mln_random *random, struct mln_err *err)
{
    char folder[PATH_MAX];
    char *slash;
    int rc;

    memcpy(folder, seal->path, sizeof(folder));
    slash = strrchr(folder, '/');
    if (slash != NULL && slash != folder) {
        *slash = '\0';
        rc = mln_dir_make(folder, err);
        if (rc != MLN_OK)
            return rc;
    }
    rc = add_key(seal, random, err);
    return rc == MLN_OK ? write_keys(seal, err) : rc;
}

int mln_seal_open(
        const struct mln_seal_options *options, struct mln_seal **out, struct mln_err *err)
{
    MLN_AUTO(seal_freep) struct mln_seal *seal = calloc(1, sizeof(*seal));
    int rc;

    if (seal == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    rc = find_path(options, seal->path, err);
    if (rc == MLN_OK)
        rc = read_keys(seal, err);
    if (rc == MLN_ENOTFOUND && options->create)
        rc = create_file(seal, options->random, err);
    if (rc != MLN_OK)
        return rc; /* NOLINT(clang-analyzer-unix.Malloc): the scope frees it */
    *out = MLN_TAKE(seal);
    return MLN_OK;
}

/* Length before each part: no two bindings give the same bytes. */
static int binding_bytes(
        const struct mln_seal_binding *binding, struct mln_buf *out, struct mln_err *err)
{
    struct mln_str done;

    mln_buf_addf(out, "merlon-secret-1:%zu:%zu:%zu:", binding->access_key_id.len,
            binding->account_id.len, binding->user_name.len);
    mln_buf_add(out, binding->access_key_id);
    mln_buf_add(out, binding->account_id);
    mln_buf_add(out, binding->user_name);
    return mln_buf_done(out, &done, err);
}

int mln_seal_close_secret(const struct mln_seal *seal, const struct mln_random *random,
        const struct mln_seal_binding *binding, struct mln_str secret, struct mln_buf *sealed,
        char key_id[17], struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf bound = MLN_BUF_INIT(BINDING_MAX);
    const struct seal_key *key = &seal->keys[0];
    unsigned char *nonce;
    int rc = binding_bytes(binding, &bound, err);

    if (rc != MLN_OK)
        return rc;
    if (secret.len > SECRET_BYTES_MAX ||
            !mln_buf_reserve(sealed, SEAL_NONCE_BYTES + secret.len + SEAL_TAG_BYTES))
        return mln_fail(err, MLN_ETOOBIG, "the secret is too long to be sealed");
    nonce = (unsigned char *)sealed->ptr + sealed->len;
    mln_random_fill(random, nonce, SEAL_NONCE_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + SEAL_NONCE_BYTES, NULL,
            (const unsigned char *)secret.ptr, secret.len, (const unsigned char *)bound.ptr,
            bound.len, NULL, nonce, (const unsigned char *)mln_secret_bytes(&key->bytes).ptr);
    sealed->len += SEAL_NONCE_BYTES + secret.len + SEAL_TAG_BYTES;
    memcpy(key_id, key->id, sizeof(key->id));
    return MLN_OK;
}

static const struct seal_key *find_key(const struct mln_seal *seal, struct mln_str key_id)
{
    for (size_t i = 0; i < seal->count; i++) {
        if (mln_str_is(key_id, seal->keys[i].id))
            return &seal->keys[i];
    }
    return NULL;
}

int mln_seal_open_secret(const struct mln_seal *seal, const struct mln_seal_binding *binding,
        struct mln_str sealed, struct mln_str key_id, struct mln_secret *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf bound = MLN_BUF_INIT(BINDING_MAX);
    const struct seal_key *key = find_key(seal, key_id);
    const unsigned char *nonce = (const unsigned char *)sealed.ptr;
    unsigned char plain[SECRET_BYTES_MAX];
    unsigned long long len = 0;
    int rc;

    if (key == NULL)
        return mln_fail(err, MLN_ENOTFOUND,
                "a secret of user '%.*s' was sealed with a key that is not in '%s': restore that file",
                MLN_FMT(binding->user_name), seal->path);
    rc = binding_bytes(binding, &bound, err);
    if (rc != MLN_OK)
        return rc;
    if (sealed.len < SEAL_NONCE_BYTES + SEAL_TAG_BYTES ||
            sealed.len > SEAL_NONCE_BYTES + SEAL_TAG_BYTES + sizeof(plain) ||
            crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &len, NULL, nonce + SEAL_NONCE_BYTES,
                    sealed.len - SEAL_NONCE_BYTES, (const unsigned char *)bound.ptr, bound.len,
                    nonce, (const unsigned char *)mln_secret_bytes(&key->bytes).ptr) != 0)
        return mln_fail(err, MLN_ECORRUPT,
                "the sealed secret of user '%.*s' does not open: it was changed or moved",
                MLN_FMT(binding->user_name));
    rc = mln_secret_init(out, (struct mln_str){ (const char *)plain, (size_t)len }, err);
    sodium_memzero(plain, sizeof(plain));
    return rc;
}

struct rotation {
    const struct mln_seal *seal;
    const struct mln_random *random;
    struct mln_store *store;
    int64_t resealed;
};

static int reseal_row(void *ctx, const struct mln_key_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_secret_wipe) struct mln_secret secret = { 0 };
    MLN_AUTO(mln_buf_free) struct mln_buf sealed = MLN_BUF_INIT(1024);
    struct rotation *rotation = ctx;
    const struct mln_seal_binding binding = { row->access_key_id, row->account_id, row->user_name };
    char key_id[17];
    int rc = mln_seal_open_secret(
            rotation->seal, &binding, row->sealed, row->seal_key_id, &secret, err);

    if (rc == MLN_OK)
        rc = mln_seal_close_secret(rotation->seal, rotation->random, &binding,
                mln_secret_bytes(&secret), &sealed, key_id, err);
    if (rc == MLN_OK)
        rc = mln_store_key_reseal(
                rotation->store, row->access_key_id, mln_buf_str(&sealed), mln_str_of(key_id), err);
    if (rc == MLN_OK)
        rotation->resealed++;
    return rc;
}

static void drop_old_keys(struct mln_seal *seal)
{
    for (size_t i = 1; i < seal->count; i++)
        mln_secret_wipe(&seal->keys[i].bytes);
    seal->count = 1;
}

int mln_seal_rotate(struct mln_seal *seal, struct mln_store *store, const struct mln_random *random,
        int64_t *resealed, struct mln_err *err)
{
    struct rotation rotation = { .seal = seal, .random = random, .store = store };
    int rc = add_key(seal, random, err);

    if (rc == MLN_OK)
        rc = write_keys(seal, err); /* Both keys are on disk before the store needs the new one. */
    if (rc == MLN_OK)
        rc = mln_store_begin(store, err);
    if (rc != MLN_OK)
        return rc;
    rc = mln_store_key_list(store, MLN_STR(""), MLN_STR(""), reseal_row, &rotation, err);
    if (rc == MLN_OK)
        rc = mln_store_commit(store, err);
    if (rc != MLN_OK) {
        mln_store_rollback(store);
        return rc;
    }
    drop_old_keys(seal);
    rc = write_keys(seal, err);
    if (rc == MLN_OK)
        *resealed = rotation.resealed;
    return rc;
}
