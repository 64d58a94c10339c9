/*
 * A stand-in for libFuzzer's driver: runs the target once over each file named on the command line,
 * or found in a folder named there. Lets every machine replay the corpora as ordinary tests.
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"

#define INPUT_MAX ((size_t)16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(INPUT_MAX);
    struct mln_err err;

    if (mln_file_read(path, &buf, &err) != MLN_OK) {
        (void)fprintf(stderr, "%s\n", err.msg);
        return -1;
    }
    return LLVMFuzzerTestOneInput((const uint8_t *)mln_buf_str(&buf).ptr, buf.len);
}

static int run_folder(const char *path, size_t *runs)
{
    struct dirent *entry;
    DIR *dir = opendir(path);
    int rc = 0;

    if (dir == NULL)
        return -1;
    while (rc == 0 && (entry = readdir(dir)) != NULL) {
        char file[4096];

        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        rc = run_file(file);
        (*runs)++;
    }
    (void)closedir(dir);
    return rc;
}

int main(int argc, char **argv)
{
    size_t runs = 0;

    for (int i = 1; i < argc; i++) {
        struct stat st;
        int rc;

        if (stat(argv[i], &st) != 0)
            return 1;
        if (S_ISDIR(st.st_mode)) {
            rc = run_folder(argv[i], &runs);
        } else {
            rc = run_file(argv[i]);
            runs++;
        }
        if (rc != 0)
            return 1;
    }
    (void)printf("%zu inputs\n", runs);
    return runs > 0 ? 0 : 1;
}
