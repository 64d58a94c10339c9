#include "base/secret.h"

#include <sodium.h>

#include "base/priv.h"
#include "base/redact.h"

#define SECRET_MAX_BYTES ((size_t)64 * 1024)

int mln_secret_init(struct mln_secret *out, struct mln_str bytes, struct mln_err *err)
{
    char *copy;

    if (bytes.len > SECRET_MAX_BYTES)
        return mln_fail(
                err, MLN_ETOOBIG, "a secret is over its limit of %zu bytes", SECRET_MAX_BYTES);
    copy = mln_vault_take(bytes.len + 1);
    if (copy == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory for a secret");
    if (bytes.len > 0)
        memcpy(copy, bytes.ptr, bytes.len);
    copy[bytes.len] = '\0';
    *out = (struct mln_secret){ .ptr = copy, .len = bytes.len };
    mln_redact_learn(mln_secret_bytes(out));
    return MLN_OK;
}

void mln_secret_wipe(struct mln_secret *secret)
{
    if (secret->ptr == NULL)
        return;
    mln_redact_forget(mln_secret_bytes(secret));
    mln_vault_give(secret->ptr, secret->len + 1);
    *secret = (struct mln_secret){ 0 };
}

struct mln_str mln_secret_bytes(const struct mln_secret *secret)
{
    if (secret->ptr == NULL)
        return MLN_STR("");
    return (struct mln_str){ .ptr = secret->ptr, .len = secret->len };
}

bool mln_secret_eq(const struct mln_secret *secret, struct mln_str other)
{
    if (secret->len != other.len)
        return false;
    return other.len == 0 || sodium_memcmp(secret->ptr, other.ptr, other.len) == 0;
}
