#include "snapshot/schema.h"

const struct mln_table *mln_schema_table(const struct mln_schema *schema, struct mln_str name)
{
    size_t low = 0, high = schema->table_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = mln_str_cmp(mln_str_of(schema->tables[middle].name), name);

        if (order == 0)
            return &schema->tables[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
