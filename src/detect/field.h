/*
 * The fields of our Sigma taxonomy (detect/field.def): reading them out of an audit event. An empty
 * text and an absent number are absent.
 */
#pragma once

#include "detect/event.h"

enum mln_field {
#define X(symbol, name, type) MLN_FIELD_##symbol,
#include "detect/field.def"
#undef X
    MLN_FIELD_COUNT,
    MLN_FIELD_FOREIGN, /* A name of another taxonomy: always absent. */
    MLN_FIELD_ANY,     /* Keywords: every text of the event. */
};

/* Flags of sql_flag.def and a little room. */
#define MLN_FIELD_VALUES_MAX 16

/* Holds what mln_field_values() has to make up. */
struct mln_field_scratch {
    struct mln_str made[MLN_FIELD_VALUES_MAX];
    char number[24];
};

/* MLN_FIELD_FOREIGN when the name is not ours. */
enum mln_field mln_field_named(struct mln_str name);
const char *mln_field_name(enum mln_field field);
bool mln_field_is_list(enum mln_field field);

/* The values (never empty texts) and how many; they borrow from the event or from `scratch`. */
size_t mln_field_values(const struct mln_audit_event *event, enum mln_field field,
        struct mln_field_scratch *scratch, const struct mln_str **out);

/* False when absent or not a number. */
bool mln_field_number(const struct mln_audit_event *event, enum mln_field field, int64_t *out);

/* The bit of a kind or a flag; 0 when there is no such name. */
unsigned mln_kind_mask(struct mln_str name);
unsigned mln_flag_mask(struct mln_str name);
