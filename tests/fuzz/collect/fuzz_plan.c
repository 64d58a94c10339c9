/* Loads arbitrary bytes as a plan, and prints what was understood. */
#include "collect/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct mln_plan_file file = { .name = "fuzz.yaml",
        .text = { .ptr = (const char *)data, .len = size } };
    MLN_AUTO(mln_buf_free) struct mln_buf policy = MLN_BUF_INIT((size_t)1024 * 1024);
    struct mln_plan *plan = NULL;
    const struct mln_schema *schema;
    struct mln_err err = { 0 };

    if (mln_plan_load(&file, 1, &plan, &err) != MLN_OK) {
        if (plan != NULL || err.msg[0] == '\0')
            abort();
        return 0;
    }
    schema = mln_plan_schema(plan);
    mln_plan_policy(plan, &policy);
    for (size_t i = 0; i < mln_plan_call_count(plan); i++) {
        const char *action = mln_plan_call(plan, i).action;

        /* Nothing that changes anything is ever called. */
        if (strncmp(action, "Describe", 8) != 0 && strncmp(action, "Get", 3) != 0 &&
                strncmp(action, "List", 4) != 0 && strcmp(action, "GenerateCredentialReport") != 0)
            abort();
        for (size_t d = 0; d < schema->calls[i].depend_count; d++)
            if (schema->calls[i].depends[d] >= schema->call_count)
                abort();
    }
    mln_plan_free(plan);
    return 0;
}
