/* A folder for one test program's files, removed at the end. */
#pragma once

/* Creates it. Readable by other users, so that tests may give up root. */
void scratch_make(void);
void scratch_remove(void);

/* A path in the folder that was not used before: valid until the next call but three. */
const char *scratch_path(const char *name);

/* Removes a store's files. */
void scratch_drop(const char *path);
