#include "client/sddp.h"

#define MISSING_RISK_ID "the server listed a risk event without a usable RiskId"
#define AT(member)      offsetof(struct mln_sddp_event, member)

/* clang-format off */
static const struct mln_sddp_field fields[] = {
    { "RiskId",             MLN_SDDP_INT,  AT(risk_id) },
    { "RuleId",             MLN_SDDP_INT,  AT(rule_id) },
    { "RuleName",           MLN_SDDP_TEXT, AT(rule_name) },
    { "RuleCategoryId",     MLN_SDDP_INT,  AT(category_id) },
    { "RuleCategoryName",   MLN_SDDP_TEXT, AT(category_name) },
    { "WarnLevel",          MLN_SDDP_INT,  AT(warn_level) },
    { "WarnLevelName",      MLN_SDDP_TEXT, AT(level_name) },
    { "ProductCode",        MLN_SDDP_TEXT, AT(product) },
    { "AlarmSource",        MLN_SDDP_TEXT, AT(alarm_source) },
    { "AlertFrequency",     MLN_SDDP_TEXT, AT(alert_frequency) },
    { "AlarmCount",         MLN_SDDP_INT,  AT(alarm_count) },
    { "TotalAlarmCount",    MLN_SDDP_INT,  AT(total_alarm_count) },
    { "InstanceCount",      MLN_SDDP_INT,  AT(instance_count) },
    { "TotalInstanceCount", MLN_SDDP_INT,  AT(total_instance_count) },
    { "ClientIpCount",      MLN_SDDP_INT,  AT(client_ip_count) },
    { "TotalClientIpCount", MLN_SDDP_INT,  AT(total_client_ip_count) },
    { "UserNameCount",      MLN_SDDP_INT,  AT(user_count) },
    { "TotalUserNameCount", MLN_SDDP_INT,  AT(total_user_count) },
    { "FirstAlarmTime",     MLN_SDDP_TIME, AT(first_alarm_ms) },
    { "LastAlarmTime",      MLN_SDDP_TIME, AT(last_alarm_ms) },
    { "HandleStatus",       MLN_SDDP_TEXT, AT(status) },
    { "HandleMarkTime",     MLN_SDDP_TIME, AT(handled_ms) },
    { "SupportAi",          MLN_SDDP_BOOL, AT(support_ai) },
};
/* clang-format on */

const struct mln_sddp_field *mln_sddp_fields(size_t *count)
{
    *count = MLN_LEN(fields);
    return fields;
}

static const void *member(const struct mln_sddp_event *event, const struct mln_sddp_field *field)
{
    return (const char *)event + field->offset;
}

int64_t mln_sddp_field_int(const struct mln_sddp_event *event, const struct mln_sddp_field *field)
{
    int64_t number;

    memcpy(&number, member(event, field), sizeof(number));
    return number;
}

struct mln_str mln_sddp_field_text(
        const struct mln_sddp_event *event, const struct mln_sddp_field *field)
{
    struct mln_str text;

    memcpy(&text, member(event, field), sizeof(text));
    return text;
}

bool mln_sddp_field_bool(const struct mln_sddp_event *event, const struct mln_sddp_field *field)
{
    bool flag;

    memcpy(&flag, member(event, field), sizeof(flag));
    return flag;
}

/* Numbers that a gateway turned into text are still numbers. */
static bool read_int(struct mln_json_value value, int64_t *out)
{
    struct mln_str text;

    return mln_json_to_i64(value, out) ||
           (mln_json_to_str(value, &text) && mln_str_to_i64(text, out) == MLN_OK);
}

static int read_field(const struct mln_sddp_field *field, struct mln_json_value value,
        struct mln_arena *arena, struct mln_sddp_event *out, struct mln_err *err)
{
    char *slot = (char *)out + field->offset;
    struct mln_str text;
    int64_t number;
    bool flag;

    if (field->type == MLN_SDDP_TEXT && mln_json_to_str(value, &text)) {
        text = mln_arena_dup(arena, text);
        if (text.ptr == NULL)
            return mln_fail(err, MLN_ENOMEM, "out of memory for the listing");
        memcpy(slot, &text, sizeof(text));
    } else if (field->type == MLN_SDDP_BOOL && mln_json_to_bool(value, &flag)) {
        memcpy(slot, &flag, sizeof(flag));
    } else if ((field->type == MLN_SDDP_INT || field->type == MLN_SDDP_TIME) &&
               read_int(value, &number)) {
        memcpy(slot, &number, sizeof(number));
    }
    return MLN_OK;
}

int mln_sddp_event_read(struct mln_json_value item, struct mln_arena *arena,
        struct mln_sddp_event *out, struct mln_err *err)
{
    struct mln_sddp_event event = { 0 };
    struct mln_json_value value;
    int rc;

    for (size_t i = 0; i < MLN_LEN(fields); i++) {
        if (!mln_json_get(item, fields[i].name, &value))
            continue;
        rc = read_field(&fields[i], value, arena, &event, err);
        if (rc != MLN_OK)
            return rc;
    }
    if (event.risk_id <= 0)
        return mln_fail(err, MLN_EIO, MISSING_RISK_ID);
    *out = event;
    return MLN_OK;
}

void mln_sddp_events_init(struct mln_sddp_events *events)
{
    *events = (struct mln_sddp_events){ .arena = MLN_ARENA_INIT(MLN_EVENT_TEXT_MAX) };
}

void mln_sddp_events_free(struct mln_sddp_events *events)
{
    free(events->items);
    mln_arena_free(&events->arena);
    *events = (struct mln_sddp_events){ 0 };
}

int mln_sddp_events_add(
        struct mln_sddp_events *events, const struct mln_sddp_event *event, struct mln_err *err)
{
    if (events->count == MLN_EVENTS_MAX)
        return mln_fail(err, MLN_ETOOBIG, "more than %zu risk events: use filters or --limit",
                MLN_EVENTS_MAX);
    if (events->count == events->capacity) {
        size_t capacity = events->capacity > 0 ? events->capacity * 2 : 64;
        struct mln_sddp_event *items = reallocarray(events->items, capacity, sizeof(*items));

        if (items == NULL)
            return mln_fail(err, MLN_ENOMEM, "out of memory for the listing");
        events->items = items;
        events->capacity = capacity;
    }
    events->items[events->count++] = *event;
    return MLN_OK;
}
