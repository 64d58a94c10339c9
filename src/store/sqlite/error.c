/* What a SQLite result code means for the caller and for the operator. */
#include "store/sqlite/sqlite.h"

struct meaning {
    int code; /* SQLite's: an extended code, or the primary code of all the others. */
    int rc;
    const char *text;
};

static const struct meaning meanings[] = {
    { SQLITE_BUSY, MLN_ETRANSIENT, "another process is writing to it; try again" },
    { SQLITE_CANTOPEN, MLN_EIO, "cannot be opened; check its folder, owner and mode" },
    { SQLITE_CONSTRAINT, MLN_EINVAL, "a value is outside its range" },
    { SQLITE_CONSTRAINT_FOREIGNKEY, MLN_ENOTFOUND, "what the row refers to does not exist" },
    { SQLITE_CONSTRAINT_PRIMARYKEY, MLN_EEXIST, "the row already exists" },
    { SQLITE_CONSTRAINT_UNIQUE, MLN_EEXIST, "the row already exists" },
    { SQLITE_CORRUPT, MLN_ECORRUPT, "is damaged; restore it from a backup" },
    { SQLITE_FULL, MLN_EIO, "the disk is full; free some space and try again" },
    { SQLITE_IOERR, MLN_EIO, "the disk failed" },
    { SQLITE_IOERR_NOMEM, MLN_ENOMEM, "out of memory" },
    { SQLITE_LOCKED, MLN_ETRANSIENT, "another connection is writing to it; try again" },
    { SQLITE_MISUSE, MLN_EINVAL, "the connection is used wrongly" },
    { SQLITE_NOMEM, MLN_ENOMEM, "out of memory" },
    { SQLITE_NOTADB, MLN_ECORRUPT, "is not a Merlon store; give another path" },
    { SQLITE_PERM, MLN_EIO, "access is denied; check its owner and mode" },
    { SQLITE_READONLY, MLN_EIO,
            "is read-only; check the owner and mode of the file and its folder" },
    { SQLITE_TOOBIG, MLN_ETOOBIG, "a value is too long" },
};

static const struct meaning *find(int code)
{
    for (size_t i = 0; i < MLN_LEN(meanings); i++)
        if (meanings[i].code == code)
            return &meanings[i];
    return NULL;
}

int mln_sqlite_fail(struct mln_sqlite *store, int code, struct mln_err *err)
{
    const struct meaning *meaning = find(code);
    int number = store->db != NULL ? sqlite3_system_errno(store->db) : 0;

    if (meaning == NULL)
        meaning = find(code & 0xff);
    if (meaning == NULL)
        return mln_fail(err, MLN_EIO, "store '%s': %s", store->path, sqlite3_errstr(code));
    if (meaning->rc == MLN_EIO && number != 0)
        return mln_fail(err, meaning->rc, "store '%s': %s (%s)", store->path, meaning->text,
                mln_errno_text(number));
    return mln_fail(err, meaning->rc, "store '%s': %s", store->path, meaning->text);
}
