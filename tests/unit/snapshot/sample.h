/* A small plan, and what the tests of this folder do with snapshots of it. */
#pragma once

#include "snapshot/snapshot.h"
#include "test.h"

struct sqlite3;

/* Tables of the sample, in its order. */
enum {
    SAMPLE_BUCKET,
    SAMPLE_BUCKET_INFO,
    SAMPLE_GROUP,
    SAMPLE_HOST,
    SAMPLE_HOST_DISK,
    SAMPLE_HOST_DISK_TAG,
    SAMPLE_NOTE,
    SAMPLE_TABLES
};

/* Calls of the sample, in its order. */
enum {
    SAMPLE_LIST_BUCKETS, /* s3:List; bucket by Buckets.Bucket */
    SAMPLE_GET_INFO,     /* s3:Info, per bucket; bucket_info by Info */
    SAMPLE_LIST_GROUPS,  /* s3:Groups, per bucket; group by Groups */
    SAMPLE_LIST_HOSTS,   /* ecs:Hosts, per region; host by Hosts, with disks, with tags */
    SAMPLE_LIST_NOTES,   /* ecs:Notes; note by Notes, texts */
    SAMPLE_CALLS
};

const struct mln_schema *sample_schema(void);
/* The same plan in a later version: one more column of host. */
const struct mln_schema *sample_later(void);

/* A fresh path in a folder of its own; sample_forget() removes the folder. */
const char *sample_path(void);
void sample_forget(void);

/* Begins a call of `schema`, adds the answer, ends it. Returns what the adding returned. */
int sample_load(struct mln_snapshot *snapshot, const struct mln_schema *schema, size_t call,
        const char *region, const char *key, const char *answer, struct mln_err *err);

/* Everything that the query gives, as "a|b;c|d;"; NULL prints as "-". */
struct mln_str sample_query(struct mln_snapshot *snapshot, const char *sql);
#define EQ_QUERY(snapshot, sql, want) EQ_STR(sample_query((snapshot), (sql)), (want))
