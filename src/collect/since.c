/* Calls that an earlier snapshot answers. */
#include "collect/executor.h"

int mln_since_open(struct mln_run *run, struct mln_err *err)
{
    (void)run;
    (void)err;
    return MLN_OK;
}

void mln_since_close(struct mln_since *since)
{
    (void)since;
}

int mln_since_take(struct mln_run *run, struct mln_task *task, bool *taken, struct mln_err *err)
{
    (void)run;
    (void)task;
    (void)taken;
    (void)err;
    return MLN_OK;
}
