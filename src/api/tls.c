/* Certificate and key files for TLS. */
#include <errno.h>
#include <sys/stat.h>

#include "api/priv.h"
#include "base/file.h"

#define PEM_BYTES_MAX ((size_t)256 * 1024)

/* A key that everybody on the machine can read proves nothing. */
static int check_private(const char *path, struct mln_err *err)
{
    struct stat info;

    if (stat(path, &info) < 0)
        return mln_fail(err, MLN_ECONFIG, "TLS key '%s': %s", path, mln_errno_text(errno));
    if ((info.st_mode & (S_IRWXO | S_IWGRP)) != 0)
        return mln_fail(err, MLN_ECONFIG, "TLS key '%s' is open to others: chmod 600 it", path);
    return MLN_OK;
}

static int read_pem(const char *what, const char *path, struct mln_buf *out, struct mln_err *err)
{
    int rc = mln_file_read(path, out, err);

    if (rc != MLN_OK)
        return (void)mln_wrap(err, rc, "%s", what), MLN_ECONFIG;
    if (memmem(out->ptr, out->len, "-----BEGIN", 10) == NULL)
        return mln_fail(err, MLN_ECONFIG, "%s '%s' is not a PEM file", what, path);
    return MLN_OK;
}

int tls_load(const char *cert_path, const char *key_path, struct tls *out, struct mln_err *err)
{
    int rc;

    if (cert_path == NULL || key_path == NULL)
        return mln_fail(err, MLN_ECONFIG, "TLS needs both a certificate and a key");
    out->cert = (struct mln_buf)MLN_BUF_INIT(PEM_BYTES_MAX);
    out->key = (struct mln_buf)MLN_BUF_INIT(PEM_BYTES_MAX);
    rc = check_private(key_path, err);
    if (rc == MLN_OK)
        rc = read_pem("TLS certificate", cert_path, &out->cert, err);
    if (rc == MLN_OK)
        rc = read_pem("TLS key", key_path, &out->key, err);
    if (rc != MLN_OK)
        tls_free(out);
    return rc;
}

void tls_free(struct tls *tls)
{
    if (tls->key.ptr != NULL)
        explicit_bzero(tls->key.ptr, tls->key.len);
    mln_buf_free(&tls->key);
    mln_buf_free(&tls->cert);
    *tls = (struct tls){ 0 };
}
