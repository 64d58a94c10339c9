/* What a SQLite result code means for the caller and for the operator. */
#include "snapshot/priv.h"

struct meaning {
    int code; /* SQLite's: an extended code, or the primary code of all the others. */
    int rc;
    const char *text;
};

static const struct meaning meanings[] = {
    { SQLITE_AUTH, MLN_EDENIED, "a query may only read" },
    { SQLITE_BUSY, MLN_ETRANSIENT, "another process is using it; try again when it is done" },
    { SQLITE_CANTOPEN, MLN_EIO, "cannot be opened; check its folder, owner and mode" },
    { SQLITE_CORRUPT, MLN_ECORRUPT, "is damaged; collect it again" },
    { SQLITE_FULL, MLN_EIO, "the disk is full; free some space and try again" },
    { SQLITE_INTERRUPT, MLN_ECANCELLED, "stopped" },
    { SQLITE_IOERR, MLN_EIO, "the disk failed" },
    { SQLITE_IOERR_NOMEM, MLN_ENOMEM, "out of memory" },
    { SQLITE_IOERR_SHORT_READ, MLN_ECORRUPT, "is cut short; collect it again" },
    { SQLITE_LOCKED, MLN_ETRANSIENT, "another connection is writing to it; try again" },
    { SQLITE_NOMEM, MLN_ENOMEM, "out of memory" },
    { SQLITE_NOTADB, MLN_ECORRUPT, "is not a snapshot; check the path" },
    { SQLITE_PERM, MLN_EIO, "access is denied; check its owner and mode" },
    { SQLITE_READONLY, MLN_EIO, "is read-only; check the owner and mode of file and folder" },
    { SQLITE_READONLY_ROLLBACK, MLN_EIO,
            "was being changed when its writer ended; copy the "
            "journal beside it too, or collect it again" },
    { SQLITE_TOOBIG, MLN_ETOOBIG, "a value is too long" },
};

static const struct meaning *find(int code)
{
    for (size_t i = 0; i < MLN_LEN(meanings); i++)
        if (meanings[i].code == code)
            return &meanings[i];
    return NULL;
}

int mln_snapshot_fail(
        struct mln_snapshot *snapshot, int sqlite_code, const char *doing, struct mln_err *err)
{
    const struct meaning *meaning = find(sqlite_code);
    const char *path = snapshot->path[0] != '\0' ? snapshot->path : "(memory)";

    if (meaning == NULL)
        meaning = find(sqlite_code & 0xff);
    if (meaning != NULL)
        return mln_fail(err, meaning->rc, "snapshot '%s': %s: %s", path, doing, meaning->text);
    /* A statement that is wrong: SQLite says what, in words that hold none of the data. */
    return mln_fail(err, MLN_EINVAL, "snapshot '%s': %s: %s", path, doing,
            snapshot->db != NULL ? sqlite3_errmsg(snapshot->db) : sqlite3_errstr(sqlite_code));
}
