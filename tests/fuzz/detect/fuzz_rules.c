/* Any bytes as a file of rules: compiled, or refused with a sentence. */
#include "detect/rules.h"

#define INPUT_MAX ((size_t)64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mln_rule_source source = { "fuzz.yaml", { (const char *)data, size }, false };
    struct mln_rules *rules = NULL;
    struct mln_lists *lists = NULL;
    struct mln_err err = { 0 };

    if (size > INPUT_MAX || mln_lists_new(&lists, &err) != MLN_OK)
        return 0;
    if (mln_lists_read(lists, MLN_STR("apps: [shop, 'a*']\n"), "lists.yaml", true, &err) ==
                    MLN_OK &&
            mln_rules_compile(&source, 1, lists, &rules, &err) == MLN_OK)
        mln_rules_free(rules);
    else if (err.msg[0] == '\0')
        abort();
    /* The same bytes as lists. */
    (void)!mln_lists_read(lists, source.text, "fuzz.yaml", false, &err);
    mln_lists_free(lists);
    return 0;
}
