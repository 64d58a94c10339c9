/*
 * A SQLite VFS over the default one that fails the n-th change of a file, or loses what was written
 * and not synced, as a power cut does. Syncs are counted and not done: the tests stay quick.
 */
#pragma once

#include <stdbool.h>

#define FAULT_VFS "fault"

enum fault_kind {
    FAULT_NONE,
    FAULT_FAIL,  /* Nothing is done, an I/O error is returned. */
    FAULT_TEAR,  /* A write does its first half, then fails. */
    FAULT_FULL,  /* The disk is full. */
    FAULT_POWER, /* The power goes: everything fails from then on, unsynced writes may be lost. */
};

struct fault_plan {
    enum fault_kind kind;
    int nth;     /* The change that fails: opens, writes, truncates, syncs, deletes; from 1. */
    bool sticky; /* All later ones fail too. */
};

void fault_vfs_register(void);

/* Starts counting anew. */
void fault_vfs_plan(struct fault_plan plan);

/* Did the planned change come? */
bool fault_vfs_struck(void);

/*
 * After FAULT_POWER, with every file closed: takes back about half of the unsynced writes, chosen
 * by `seed`, and forgets the plan.
 */
void fault_vfs_lose_unsynced(unsigned seed);
