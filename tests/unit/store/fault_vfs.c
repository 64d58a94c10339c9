#include "fault_vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fault_file {
    sqlite3_file base;
    sqlite3_file *real; /* Behind this struct, in the memory that SQLite gave. */
    char *path;
};

/* A write that was not synced, with what stood there before. */
struct unsynced {
    struct unsynced *older;
    char *path;
    char *before;
    sqlite3_int64 offset, size_before; /* Size of the file before. */
    int len;                           /* Bytes that stood there. */
};

static sqlite3_vfs *real_vfs;
static struct fault_plan current;
static struct unsynced *journal;
static int changes;

static struct fault_file *file_of(sqlite3_file *file)
{
    return (struct fault_file *)file;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return file_of(file)->real;
}

/* Counts a change and says whether it fails. */
static bool strikes(void)
{
    if (current.kind == FAULT_NONE)
        return false;
    changes++;
    return changes == current.nth ||
           (changes > current.nth && (current.sticky || current.kind == FAULT_POWER));
}

static void forget(struct unsynced **slot)
{
    struct unsynced *entry = *slot;

    *slot = entry->older;
    free(entry->path);
    free(entry->before);
    free(entry);
}

/* Only the file's synced content is safe; NULL: all files. */
static void forget_file(const char *path)
{
    struct unsynced **slot = &journal;

    while (*slot != NULL) {
        if (path == NULL || strcmp((*slot)->path, path) == 0)
            forget(slot);
        else
            slot = &(*slot)->older;
    }
}

static void remember(struct fault_file *file, sqlite3_int64 offset, int len)
{
    struct unsynced *entry;

    if (current.kind != FAULT_POWER || file->path == NULL)
        return;
    entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        abort();
    entry->path = strdup(file->path);
    entry->offset = offset;
    (void)file->real->pMethods->xFileSize(file->real, &entry->size_before);
    if (entry->size_before > offset)
        entry->len = entry->size_before - offset < len ? (int)(entry->size_before - offset) : len;
    entry->before = calloc(1, (size_t)entry->len + 1);
    if (entry->path == NULL || entry->before == NULL)
        abort();
    (void)file->real->pMethods->xRead(file->real, entry->before, entry->len, offset);
    entry->older = journal;
    journal = entry;
}

static int fault_close(sqlite3_file *file)
{
    int code = real_of(file)->pMethods->xClose(real_of(file));

    free(file_of(file)->path);
    file_of(file)->path = NULL;
    return code;
}

static int fault_read(sqlite3_file *file, void *out, int len, sqlite3_int64 offset)
{
    return real_of(file)->pMethods->xRead(real_of(file), out, len, offset);
}

static int fault_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset)
{
    bool hit = strikes();

    if (hit && current.kind == FAULT_FULL)
        return SQLITE_FULL;
    if (hit && current.kind == FAULT_TEAR)
        (void)real_of(file)->pMethods->xWrite(real_of(file), bytes, len / 2, offset);
    if (hit)
        return SQLITE_IOERR_WRITE;
    remember(file_of(file), offset, len);
    return real_of(file)->pMethods->xWrite(real_of(file), bytes, len, offset);
}

static int fault_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (strikes())
        return SQLITE_IOERR_TRUNCATE;
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int fault_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    if (strikes())
        return SQLITE_IOERR_FSYNC;
    if (file_of(file)->path != NULL)
        forget_file(file_of(file)->path);
    return SQLITE_OK;
}

static int fault_size(sqlite3_file *file, sqlite3_int64 *out)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), out);
}

static int fault_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int fault_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int fault_check_lock(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int fault_control(sqlite3_file *file, int op, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int fault_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

/* No promise of the device: SQLite must sync what it needs. */
static int fault_device(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static int fault_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int fault_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void fault_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int fault_shm_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

/* Version 2: no memory mapping, so that every read and write passes here. */
static const sqlite3_io_methods fault_methods = {
    .iVersion = 2,
    .xClose = fault_close,
    .xRead = fault_read,
    .xWrite = fault_write,
    .xTruncate = fault_truncate,
    .xSync = fault_sync,
    .xFileSize = fault_size,
    .xLock = fault_lock,
    .xUnlock = fault_unlock,
    .xCheckReservedLock = fault_check_lock,
    .xFileControl = fault_control,
    .xSectorSize = fault_sector,
    .xDeviceCharacteristics = fault_device,
    .xShmMap = fault_shm_map,
    .xShmLock = fault_shm_lock,
    .xShmBarrier = fault_shm_barrier,
    .xShmUnmap = fault_shm_unmap,
};

static int fault_open(
        sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
    struct fault_file *wrapper = file_of(file);
    int code;

    (void)vfs;
    wrapper->base.pMethods = NULL;
    wrapper->real = (sqlite3_file *)(wrapper + 1);
    wrapper->path = NULL;
    if (strikes())
        return SQLITE_CANTOPEN;
    code = real_vfs->xOpen(real_vfs, path, wrapper->real, flags, out_flags);
    if (wrapper->real->pMethods == NULL)
        return code;
    wrapper->path = path != NULL ? strdup(path) : NULL;
    wrapper->base.pMethods = &fault_methods;
    return code;
}

static int fault_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    (void)vfs;
    (void)sync_folder;
    if (strikes())
        return SQLITE_IOERR_DELETE;
    forget_file(path);
    return real_vfs->xDelete(real_vfs, path, 0);
}

void fault_vfs_register(void)
{
    static sqlite3_vfs vfs;

    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = FAULT_VFS;
    vfs.pNext = NULL;
    vfs.szOsFile = (int)sizeof(struct fault_file) + real_vfs->szOsFile;
    vfs.xOpen = fault_open;
    vfs.xDelete = fault_delete;
    if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
        abort();
}

void fault_vfs_plan(struct fault_plan plan)
{
    forget_file(NULL);
    current = plan;
    changes = 0;
}

bool fault_vfs_struck(void)
{
    return current.kind != FAULT_NONE && changes >= current.nth;
}

static void take_back(const struct unsynced *entry)
{
    int fd = open(entry->path, O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return;
    /* A lost write past the end leaves the hole that a file system shows as zeros. */
    if (entry->len > 0 && pwrite(fd, entry->before, (size_t)entry->len, entry->offset) < 0)
        abort();
    if (entry->len == 0 && ftruncate(fd, entry->size_before) < 0)
        abort();
    (void)close(fd);
}

void fault_vfs_lose_unsynced(unsigned seed)
{
    for (const struct unsynced *entry = journal; entry != NULL; entry = entry->older) {
        seed = seed * 1103515245u + 12345u;
        if ((seed >> 16 & 1) != 0)
            take_back(entry);
    }
    fault_vfs_plan((struct fault_plan){ .kind = FAULT_NONE });
}
