#include "risk/catalog.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/embedded.h"
#include "base/file.h"

#define INSTALLED_FOLDER "/usr/share/merlon"
#define LOCAL_FOLDER     "/etc/merlon.d"

extern const struct mln_embedded mln_embedded_catalog[];

struct mln_catalog {
    struct mln_arena arena;
    struct mln_catalog_file files[MLN_CATALOG_FILES_MAX];
    size_t count;
};

void mln_catalog_free(struct mln_catalog *catalog)
{
    if (catalog == NULL)
        return;
    mln_arena_free(&catalog->arena);
    free(catalog);
}

const struct mln_catalog_file *mln_catalog_files(const struct mln_catalog *catalog, size_t *count)
{
    *count = catalog->count;
    return catalog->files;
}

static int add_file(struct mln_catalog *catalog, struct mln_str name, struct mln_str text,
        bool built_in, struct mln_err *err)
{
    struct mln_catalog_file *file = &catalog->files[catalog->count];

    if (catalog->count == MLN_CATALOG_FILES_MAX)
        return mln_fail(err, MLN_ETOOBIG, "catalogue: more than %zu files", MLN_CATALOG_FILES_MAX);
    file->name = mln_arena_cstr(&catalog->arena, name);
    file->text = mln_arena_dup(&catalog->arena, text);
    file->built_in = built_in;
    if (file->name == NULL || file->text.ptr == NULL)
        return mln_fail(err, MLN_ETOOBIG, "catalogue: more than %zu bytes", MLN_CATALOG_BYTES_MAX);
    catalog->count++;
    return MLN_OK;
}

/* Kinds that are one file in each place; any other is a folder of files. */
static const struct single {
    const char *kind, *file;
} singles[] = {
    { "lists", "lists.yaml" },
    { "parameters", "parameters.yaml" },
};

/* The name of the kind's one file, or NULL. */
static const char *single_file(const char *kind)
{
    for (size_t i = 0; i < MLN_LEN(singles); i++) {
        if (strcmp(singles[i].kind, kind) == 0)
            return singles[i].file;
    }
    return NULL;
}

static bool is_of_kind(const char *name, const char *kind)
{
    const char *file = single_file(kind);
    size_t len = strlen(kind);

    if (file != NULL)
        return strcmp(name, file) == 0;
    return strncmp(name, kind, len) == 0 && name[len] == '/';
}

static int add_embedded(struct mln_catalog *catalog, const char *kind, struct mln_err *err)
{
    for (const struct mln_embedded *row = mln_embedded_catalog; row->name != NULL; row++) {
        char name[PATH_MAX];
        int rc;

        if (!is_of_kind(row->name, kind))
            continue;
        (void)snprintf(name, sizeof(name), "built-in %s", row->name);
        rc = add_file(
                catalog, mln_str_of(name), (struct mln_str){ row->data, row->size }, true, err);
        if (rc != MLN_OK)
            return rc;
    }
    return MLN_OK;
}

static int add_path(
        struct mln_catalog *catalog, const char *path, bool built_in, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(MLN_CATALOG_FILE_BYTES_MAX);
    int rc = mln_file_read(path, &text, err);

    return rc == MLN_OK ? add_file(catalog, mln_str_of(path), mln_buf_str(&text), built_in, err)
                        : rc;
}

static int is_yaml(const struct dirent *entry)
{
    struct mln_str name = mln_str_of(entry->d_name);

    return name.ptr[0] != '.' && mln_str_ends(name, MLN_STR(".yaml"));
}

/* By name, so that which file replaces which does not depend on the disk. */
static int add_files(struct mln_catalog *catalog, const char *folder, const char *except,
        bool built_in, struct mln_err *err)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_yaml, alphasort), rc = MLN_OK;

    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        int n = snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        bool wanted = except == NULL || strcmp(entries[i]->d_name, except) != 0;

        if (rc == MLN_OK && wanted && n > 0 && (size_t)n < sizeof(path))
            rc = add_path(catalog, path, built_in, err);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

static int add_folder(struct mln_catalog *catalog, const char *kind, const char *folder,
        bool built_in, struct mln_err *err)
{
    char path[PATH_MAX];
    const char *file = single_file(kind);
    int n = snprintf(path, sizeof(path), "%s/%s", folder, file != NULL ? file : kind);

    if (n < 0 || (size_t)n >= sizeof(path))
        return mln_fail(err, MLN_EINVAL, "catalogue folder '%s': the path is too long", folder);
    if (access(path, F_OK) != 0)
        return MLN_OK;
    return file != NULL ? add_path(catalog, path, built_in, err)
                        : add_files(catalog, path, NULL, built_in, err);
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int read_places(struct mln_catalog *catalog, const char *kind, const char *const *folders,
        size_t folder_count, struct mln_err *err)
{
    int rc = is_folder(INSTALLED_FOLDER) ? add_folder(catalog, kind, INSTALLED_FOLDER, true, err)
                                         : add_embedded(catalog, kind, err);

    if (rc == MLN_OK)
        rc = add_folder(catalog, kind, LOCAL_FOLDER, false, err);
    for (size_t i = 0; rc == MLN_OK && i < folder_count; i++) {
        if (!is_folder(folders[i]))
            return mln_fail(err, MLN_ENOTFOUND, "catalogue folder '%s' does not exist", folders[i]);
        rc = add_folder(catalog, kind, folders[i], false, err);
    }
    return rc;
}

int mln_catalog_read(const char *kind, const char *const *folders, size_t folder_count,
        struct mln_catalog **out, struct mln_err *err)
{
    struct mln_catalog *catalog = calloc(1, sizeof(*catalog));
    int rc;

    if (catalog == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    catalog->arena.max_bytes = MLN_CATALOG_BYTES_MAX;
    rc = read_places(catalog, kind, folders, folder_count, err);
    if (rc != MLN_OK) {
        mln_catalog_free(catalog);
        return rc;
    }
    *out = catalog;
    return MLN_OK;
}

int mln_catalog_add_flat(
        struct mln_catalog *catalog, const char *kind, const char *folder, struct mln_err *err)
{
    const char *file = single_file(kind);

    if (!is_folder(folder))
        return mln_fail(err, MLN_ENOTFOUND, "folder '%s' does not exist", folder);
    return file != NULL ? add_folder(catalog, kind, folder, false, err)
                        : add_files(catalog, folder, single_file("parameters"), false, err);
}
