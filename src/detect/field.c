#include "detect/field.h"

#include <stdio.h>

#define NIGHT_FROM_HOUR  22
#define NIGHT_UNTIL_HOUR 6

enum field_type { TEXT, LIST, NUMBER };

static const struct field_row {
    const char *name;
    enum field_type type;
} fields[] = {
#define X(symbol, name, type) { name, type },
#include "detect/field.def"
#undef X
};

static const char *const kind_names[] = {
#define X(symbol, name) name,
#include "detect/event_kind.def"
#undef X
};

static const struct flag_row {
    const char *name;
    unsigned mask;
} flags[] = {
#define X(symbol, name, bit) { name, 1U << (bit) },
#include "detect/sql_flag.def"
#undef X
};

_Static_assert(MLN_LEN(flags) <= MLN_FIELD_VALUES_MAX, "room for every flag");

static const char *const status_names[] = { NULL, "ok", "failed", "denied" };

enum mln_field mln_field_named(struct mln_str name)
{
    for (size_t i = 0; i < MLN_LEN(fields); i++)
        if (mln_str_is(name, fields[i].name))
            return (enum mln_field)i;
    return MLN_FIELD_FOREIGN;
}

const char *mln_field_name(enum mln_field field)
{
    return field < MLN_FIELD_COUNT ? fields[field].name : "";
}

bool mln_field_is_list(enum mln_field field)
{
    return field < MLN_FIELD_COUNT && fields[field].type == LIST;
}

unsigned mln_kind_mask(struct mln_str name)
{
    for (size_t i = 0; i < MLN_LEN(kind_names); i++)
        if (mln_str_eq_nocase(name, mln_str_of(kind_names[i])))
            return 1U << i;
    return 0;
}

unsigned mln_flag_mask(struct mln_str name)
{
    for (size_t i = 0; i < MLN_LEN(flags); i++)
        if (mln_str_eq_nocase(name, mln_str_of(flags[i].name)))
            return flags[i].mask;
    return 0;
}

static bool is_off_hours(const struct mln_audit_event *event)
{
    return event->local_hour >= NIGHT_FROM_HOUR || event->local_hour < NIGHT_UNTIL_HOUR ||
           event->local_weekday == 0 || event->local_weekday == 6;
}

static struct mln_str text_of(const struct mln_audit_event *event, enum mln_field field)
{
    switch ((int)field) {
    case MLN_FIELD_PRODUCT:
        return event->product;
    case MLN_FIELD_ENGINE:
        return event->engine;
    case MLN_FIELD_INSTANCE:
        return event->instance;
    case MLN_FIELD_KIND:
        return mln_str_of(kind_names[event->kind]);
    case MLN_FIELD_STATUS:
        return mln_str_of(status_names[event->status]);
    case MLN_FIELD_CLIENT_IP:
        return event->client_ip;
    case MLN_FIELD_USER:
        return event->user;
    case MLN_FIELD_APP:
        return event->app;
    case MLN_FIELD_SESSION:
        return event->session;
    case MLN_FIELD_STATEMENT_ID:
        return event->statement_id;
    case MLN_FIELD_DB:
        return event->database;
    case MLN_FIELD_OP:
        return event->op;
    case MLN_FIELD_SQL:
        return event->sql;
    case MLN_FIELD_SQL_SKEL:
        return event->skeleton != NULL ? event->skeleton->text : (struct mln_str){ 0 };
    case MLN_FIELD_SQL_TRUNCATED:
        return mln_str_of(event->skeleton == NULL ? NULL : event->sql_truncated ? "true" : "false");
    case MLN_FIELD_ERROR_CODE:
        return event->error_code;
    case MLN_FIELD_OFF_HOURS:
        return mln_str_of(is_off_hours(event) ? "true" : "false");
    default:
        return (struct mln_str){ 0 };
    }
}

static int64_t number_of(const struct mln_audit_event *event, enum mln_field field)
{
    switch ((int)field) {
    case MLN_FIELD_ROWS_RETURNED:
        return event->rows_returned;
    case MLN_FIELD_ROWS_AFFECTED:
        return event->rows_affected;
    case MLN_FIELD_ROWS_EXAMINED:
        return event->rows_examined;
    case MLN_FIELD_LATENCY_US:
        return event->latency_us;
    case MLN_FIELD_LOCAL_HOUR:
        return event->local_hour;
    case MLN_FIELD_LOCAL_WEEKDAY:
        return event->local_weekday;
    default:
        return MLN_ABSENT;
    }
}

static size_t list_of(const struct mln_audit_event *event, enum mln_field field,
        struct mln_field_scratch *scratch, const struct mln_str **out)
{
    size_t count = 0;

    if (field == MLN_FIELD_TABLES) {
        *out = event->tables;
        return event->table_count;
    }
    if (event->skeleton == NULL)
        return 0;
    if (field == MLN_FIELD_LITERALS) {
        *out = event->skeleton->literals;
        return event->skeleton->literal_count;
    }
    for (size_t i = 0; i < MLN_LEN(flags); i++)
        if ((event->skeleton->flags & flags[i].mask) != 0)
            scratch->made[count++] = mln_str_of(flags[i].name);
    *out = scratch->made;
    return count;
}

size_t mln_field_values(const struct mln_audit_event *event, enum mln_field field,
        struct mln_field_scratch *scratch, const struct mln_str **out)
{
    if (field >= MLN_FIELD_COUNT)
        return 0;
    if (fields[field].type == LIST)
        return list_of(event, field, scratch, out);
    if (fields[field].type == NUMBER) {
        int64_t number = number_of(event, field);

        if (number == MLN_ABSENT)
            return 0;
        (void)snprintf(scratch->number, sizeof(scratch->number), "%lld", (long long)number);
        scratch->made[0] = mln_str_of(scratch->number);
    } else {
        scratch->made[0] = text_of(event, field);
    }
    *out = scratch->made;
    return scratch->made[0].len > 0 ? 1 : 0;
}

bool mln_field_number(const struct mln_audit_event *event, enum mln_field field, int64_t *out)
{
    if (field >= MLN_FIELD_COUNT)
        return false;
    if (fields[field].type == NUMBER) {
        int64_t number = number_of(event, field);

        if (number != MLN_ABSENT)
            *out = number;
        return number != MLN_ABSENT;
    }
    return fields[field].type == TEXT && mln_str_to_i64(text_of(event, field), out) == MLN_OK;
}
