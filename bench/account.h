/* An account of any size as its APIs would tell it, for what loads, judges and stores it. */
#pragma once

#include "snapshot/snapshot.h"

#define ACCOUNT_ID "1234567890123456"

/* `count` of a kind: elements in 10,000 resources, or one of these. */
enum { ACCOUNT_ONE = 0, ACCOUNT_JOINT = -1 };
#define ACCOUNT_EACH(count) (-2 - (count)) /* For each row of the parent's. */

struct account_kind {
    const char *call;   /* Of the plan. */
    const char *parent; /* The kind whose rows it is made for, or that it tells more about. */
    /*
     * ACCOUNT_ONE: one for each row of the parent, or one in each region. ACCOUNT_JOINT: one call
     * that has an element for each row of the parent.
     */
    int count;
    const char *id;      /* Of a row, when other calls are made for it. */
    const char *element; /* NULL: there is none. */
};
extern const struct account_kind account_kinds[];
extern const size_t account_kind_count;

/* Adds up the seconds that loading takes; the making of the answers is not in it. */
struct account_loading {
    double cpu_s, wall_s;
    int64_t rows, calls;
};
int account_load(const struct mln_schema *schema, int64_t resources, struct mln_snapshot *snapshot,
        struct account_loading *out, struct mln_err *err);

/* Of this process. */
double account_cpu_s(void);
double account_wall_s(void);
/* The memory that is its own: without what the system keeps of files. The peak since it began. */
long account_peak_kib(void);
