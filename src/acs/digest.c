/*
 * Digests and MACs. Fetching an algorithm costs several times what a signature does, so each is
 * fetched once for the process, and each thread keeps its contexts until it ends. A key is set anew
 * for each message: no thread remembers whose request it served last.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>

#include "acs/priv.h"
#include "acs/sign.h"

struct contexts {
    EVP_MAC_CTX *hmac_sha1, *hmac_sha256;
    EVP_MD_CTX *sha256;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_end;
static bool thread_end_known;
static EVP_MD *sha256;
static EVP_MAC *hmac;

static _Thread_local struct contexts *mine;

static void free_contexts(void *value)
{
    struct contexts *contexts = value;

    if (contexts == NULL)
        return;
    EVP_MAC_CTX_free(contexts->hmac_sha1);
    EVP_MAC_CTX_free(contexts->hmac_sha256);
    EVP_MD_CTX_free(contexts->sha256);
    free(contexts);
    mine = NULL;
}

static void fetch_all(void)
{
    thread_end_known = pthread_key_create(&thread_end, free_contexts) == 0;
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
}

static EVP_MAC_CTX *new_hmac(char *digest)
{
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(hmac);

    if (ctx != NULL && EVP_MAC_CTX_set_params(ctx, params) != 1) {
        EVP_MAC_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

/* This thread's contexts, or NULL when the library or memory gave out. */
static struct contexts *contexts_get(void)
{
    char sha1_name[] = "SHA1", sha256_name[] = "SHA256";
    struct contexts *made;

    if (mine != NULL)
        return mine;
    if (pthread_once(&once, fetch_all) != 0 || !thread_end_known || sha256 == NULL || hmac == NULL)
        return NULL;
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        return NULL;
    made->hmac_sha1 = new_hmac(sha1_name);
    made->hmac_sha256 = new_hmac(sha256_name);
    made->sha256 = EVP_MD_CTX_new();
    if (made->hmac_sha1 == NULL || made->hmac_sha256 == NULL || made->sha256 == NULL ||
            pthread_setspecific(thread_end, made) != 0) {
        free_contexts(made);
        return NULL;
    }
    mine = made;
    return made;
}

static bool hmac_with(EVP_MAC_CTX *ctx, struct mln_str key, struct mln_str text, unsigned char *mac,
        size_t mac_bytes)
{
    /* A NULL key means "the key of last time" to the library; an empty one must not. */
    const char *bytes = key.len > 0 ? key.ptr : "";
    size_t written = 0;

    return EVP_MAC_init(ctx, (const unsigned char *)bytes, key.len, NULL) == 1 &&
           EVP_MAC_update(ctx, (const unsigned char *)text.ptr, text.len) == 1 &&
           EVP_MAC_final(ctx, mac, &written, mac_bytes) == 1 && written == mac_bytes;
}

int mln_hmac_sha1(struct mln_str key, struct mln_str text, unsigned char mac[MLN_SHA1_BYTES],
        struct mln_err *err)
{
    const struct contexts *contexts = contexts_get();

    if (contexts == NULL || !hmac_with(contexts->hmac_sha1, key, text, mac, MLN_SHA1_BYTES))
        return mln_fail(err, MLN_ECONFIG, "HMAC-SHA1 is not available from the crypto library");
    return MLN_OK;
}

int mln_hmac_sha256(struct mln_str key, struct mln_str text, unsigned char mac[MLN_SHA256_BYTES],
        struct mln_err *err)
{
    const struct contexts *contexts = contexts_get();

    if (contexts == NULL || !hmac_with(contexts->hmac_sha256, key, text, mac, MLN_SHA256_BYTES))
        return mln_fail(err, MLN_ECONFIG, "HMAC-SHA256 is not available from the crypto library");
    return MLN_OK;
}

void mln_hex_256(const unsigned char bytes[MLN_SHA256_BYTES], char out[MLN_SHA256_HEX_MAX])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < MLN_SHA256_BYTES; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * MLN_SHA256_BYTES] = '\0';
}

void mln_sha256_hex(struct mln_str bytes, char out[MLN_SHA256_HEX_MAX])
{
    const struct contexts *contexts = contexts_get();
    unsigned char hash[MLN_SHA256_BYTES];
    unsigned int len = 0;

    out[0] = '\0';
    if (contexts == NULL || EVP_DigestInit_ex2(contexts->sha256, sha256, NULL) != 1 ||
            EVP_DigestUpdate(contexts->sha256, bytes.ptr, bytes.len) != 1 ||
            EVP_DigestFinal_ex(contexts->sha256, hash, &len) != 1 || len != sizeof(hash))
        return;
    mln_hex_256(hash, out);
}

void mln_canonical_free(struct mln_buf *buf)
{
    if (buf->ptr != NULL)
        OPENSSL_cleanse(buf->ptr, buf->cap);
    mln_buf_free(buf);
}

void mln_buf_add_lower(struct mln_buf *out, struct mln_str text)
{
    if (!mln_buf_reserve(out, text.len))
        return;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        out->ptr[out->len++] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    out->ptr[out->len] = '\0';
}

bool mln_signature_eq(struct mln_str a, struct mln_str b)
{
    return a.len == b.len && a.len > 0 && CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0;
}
