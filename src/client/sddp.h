/*
 * Risk events over the API of Data Security Center (Sddp 2019-01-03): two actions, and never
 * another. Names here are the API's own; elsewhere it is "risk event" and "handle".
 */
#pragma once

#include "base/map.h"
#include "client/api.h"
#include "wire/writer.h"

#define MLN_EVENTS_MAX       ((size_t)1000000)
#define MLN_EVENT_TEXT_MAX   ((size_t)1024 * 1024 * 1024) /* All texts of a listing. */
#define MLN_LIST_REPEATS_MAX 3
#define MLN_LIST_PAGE_SIZE   50 /* What the cloud's own scripts send. */
#define MLN_EMPTY_PAGES_MAX  3  /* Pages in a row that bring nothing new. */

/* One item as the API spells it (sddp_event.c has the rows). Texts borrow from the listing. */
struct mln_sddp_event {
    int64_t risk_id, rule_id, category_id, warn_level;
    int64_t alarm_count, total_alarm_count, instance_count, total_instance_count;
    int64_t client_ip_count, total_client_ip_count, user_count, total_user_count;
    int64_t first_alarm_ms, last_alarm_ms, handled_ms;
    struct mln_str rule_name, category_name, level_name, product, alarm_source, alert_frequency,
            status;
    bool support_ai;
};

enum mln_sddp_field_type { MLN_SDDP_INT, MLN_SDDP_TEXT, MLN_SDDP_BOOL, MLN_SDDP_TIME };

/* The members of an item, one row each: read, printed and documented from here. */
struct mln_sddp_field {
    const char *name;
    enum mln_sddp_field_type type;
    size_t offset;
};
const struct mln_sddp_field *mln_sddp_fields(size_t *count);

int64_t mln_sddp_field_int(const struct mln_sddp_event *event, const struct mln_sddp_field *field);
struct mln_str mln_sddp_field_text(
        const struct mln_sddp_event *event, const struct mln_sddp_field *field);
bool mln_sddp_field_bool(const struct mln_sddp_event *event, const struct mln_sddp_field *field);

/* Reads one item; absent members stay zero. MLN_EIO without a usable RiskId, MLN_ENOMEM. */
MLN_MUST_USE int mln_sddp_event_read(struct mln_json_value item, struct mln_arena *arena,
        struct mln_sddp_event *out, struct mln_err *err);

struct mln_sddp_events {
    struct mln_sddp_event *items;
    size_t count, capacity;
    int64_t total;   /* What the server says, or the number of matches. */
    bool incomplete; /* It never agreed with what was listed. */
    char request_id[64];
    struct mln_arena arena;
};
void mln_sddp_events_init(struct mln_sddp_events *events);
void mln_sddp_events_free(struct mln_sddp_events *events);
/* Appends a copy; its texts must be in the arena. MLN_ENOMEM, MLN_ETOOBIG over MLN_EVENTS_MAX. */
MLN_MUST_USE int mln_sddp_events_add(
        struct mln_sddp_events *events, const struct mln_sddp_event *event, struct mln_err *err);

/* Every action a risk command may call. */
const struct mln_api_action *mln_sddp_actions(size_t *count);

struct mln_sddp_query {
    const char *status;      /* "UNPROCESSED", "PROCESSED" */
    const char *lang;        /* "zh", or NULL for the server's default */
    int64_t page, page_size; /* page 0: all */
    size_t limit;            /* Matches after which to stop; 0: none */
    bool (*match)(const void *ctx, const struct mln_sddp_event *event); /* NULL: all */
    const void *match_ctx;
    void (*progress)(void *ctx, size_t listed, int64_t total); /* May be NULL */
    void *progress_ctx;
    const volatile int *stop; /* May be NULL */
};

/*
 * Lists into `out`, in the server's order, each RiskId once. All pages are read, and read again up
 * to MLN_LIST_REPEATS_MAX times until their number agrees with TotalCount: events come and go
 * meanwhile. MLN_EPARTIAL: it never did; `out` holds the last listing and is marked incomplete.
 */
MLN_MUST_USE int mln_sddp_list(struct mln_api *api, const struct mln_sddp_query *query,
        struct mln_sddp_events *out, struct mln_err *err);

/* The parameters of a handling, as they are sent; for showing them first. */
struct mln_sddp_handling {
    int64_t risk_id;
    struct mln_str detail;
};
void mln_sddp_handling_content(const struct mln_sddp_handling *handling, struct mln_buf *out);

/* Handles one event. `sent` tells whether the request may have arrived, also on failure. */
MLN_MUST_USE int mln_sddp_handle(struct mln_api *api, const struct mln_sddp_handling *handling,
        char request_id[64], bool *sent, struct mln_err *err);
