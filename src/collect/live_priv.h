/* What the files of the live transport share: where a call goes, and what its answer asks for. */
#pragma once

#include "base/map.h"
#include "client/request.h"
#include "collect/live.h"

#define MLN_LIVE_HELD_MAX    ((size_t)2048) /* Requests at once; how many are sent is the pace's. */
#define MLN_LIVE_REGION_MAX  40
#define MLN_LIVE_CODE_MAX    100
#define MLN_LIVE_LOOK_MS     ((int64_t)100) /* How often the stop flag is looked at. */
#define MLN_LIVE_PARAMS_MAX  ((size_t)1024 * 1024)
#define MLN_LIVE_RENEWALS    2 /* Of credentials, for one request. */
#define MLN_LIVE_CLOCKS      2
#define MLN_LIVE_NONCES      2
#define MLN_LIVE_REFUSALS    8 /* Of the key, before any call went well. */
#define MLN_LIVE_CREDS_TRIES 5
#define MLN_LIVE_CONNECTIONS ((size_t)128)
#define MLN_LIVE_HOSTS_MAX   ((size_t)10000)

/* ---- live_read.c ---- */

/* What the transport makes of an answer, before the executor reads it. */
enum mln_live_meaning {
    MLN_LIVE_PLAIN,       /* Nothing: it is passed on. */
    MLN_LIVE_THROTTLED,   /* Passed on, and worth asking again. */
    MLN_LIVE_BUSY,        /* A failure of the server: the same. */
    MLN_LIVE_FOREIGN,     /* Not the cloud's: something between may be gone the next time. */
    MLN_LIVE_TOKEN_ENDED, /* The credentials are no longer good. */
    MLN_LIVE_KEY_REFUSED, /* They never were. */
    MLN_LIVE_CLOCK,       /* The request's time was refused. */
    MLN_LIVE_NONCE,       /* The request's nonce was. */
    MLN_LIVE_ELSEWHERE    /* The bucket is at `endpoint`. */
};

struct mln_live_reading {
    enum mln_live_meaning meaning;
    bool is_xml;
    char code[MLN_LIVE_CODE_MAX];
    char endpoint[256]; /* As the answer has it: not checked. */
};

/* Reads the error of an answer, if it is one: an error may come with status 200, too. */
void mln_live_read(enum mln_plan_style style, const struct mln_http_response *response,
        struct mln_live_reading *out);

/* "20 min 3 s behind"; of the machine's clock, when the cloud's is `offset_ms` ahead of it. */
void mln_live_clock_text(int64_t offset_ms, char out[64]);

/* ---- live_where.c ---- */

struct mln_live_place {
    struct mln_endpoint endpoint;
    enum mln_endpoint_origin origin;
    char region[MLN_LIVE_REGION_MAX]; /* OSS: to sign for. */
};

/* MLN_EINVAL, MLN_ECONFIG: there is no such place. */
MLN_MUST_USE int mln_live_place(const struct mln_live_options *options,
        const struct mln_collect_request *request, struct mln_live_place *out, struct mln_err *err);
/* Where `endpoint`, which an answer names, is; MLN_EINVAL when credentials must not go there. */
MLN_MUST_USE int mln_live_move(const struct mln_live_options *options, struct mln_str endpoint,
        struct mln_live_place *place, struct mln_err *err);

/* Whether there is a name: asks the resolver, and keeps what it said. */
struct mln_live_names {
    struct mln_map hosts;
    int64_t failed_ms; /* When the resolver last did not answer; 0: never. */
    /* EAI_NONAME and the like of getaddrinfo(); replaced by tests. */
    int (*resolve)(const char *host);
};
void mln_live_names_init(struct mln_live_names *names);
void mln_live_names_fini(struct mln_live_names *names);
/* True only when the resolver says for certain that the host of `endpoint` has no address. */
bool mln_live_name_is_missing(
        struct mln_live_names *names, const struct mln_endpoint *endpoint, int64_t now_ms);
/* Whether exchanges may go through a proxy, whose word about names is not the resolver's. */
bool mln_live_has_proxy(const struct mln_env *env);

/* ---- the transport: live.c, live_queue.c, live_send.c, live_take.c ---- */

struct mln_live_queue;

/* A request that is held: waiting in a queue, under way, or with an answer to be given back. */
struct mln_live_call {
    const struct mln_collect_request *request;
    struct mln_live_queue *queue; /* NULL: it has no place to go to. */
    struct mln_live_call *next, *previous;
    struct mln_live_place place;
    int renewals, clocks, nonces;
    bool moved;
    uint64_t generation; /* Of the credentials that it was sent with. */
    int64_t began_ms, offset_ms;
    char failure[160]; /* Why it was not sent. */
};

struct mln_live_calls {
    struct mln_live_call *first, *last;
};

/* The requests of one bucket of the pace, in their order. */
struct mln_live_queue {
    struct mln_pace_bucket *bucket;
    struct mln_live_calls calls;
    int64_t due_ms;  /* Not before; in the heap by this, */
    uint64_t turn;   /* then by this: who waited longest. */
    bool is_waiting; /* In the heap. */
};

struct mln_live {
    struct mln_live_options options;
    struct mln_multi *multi; /* NULL after a stop. */
    struct mln_signed_request signed_request;
    struct mln_multi_done done; /* The exchange whose body was given out last. */
    struct mln_arena arena;     /* Of one request's parameters. */

    struct mln_map queues; /* By the bucket's name. */
    struct mln_live_queue **heap;
    size_t heap_count, heap_capacity;
    uint64_t turn;
    struct mln_live_calls flying, ready, spare;
    size_t held;

    struct mln_creds creds; /* A copy, good until looked_ms says to look again. */
    bool has_creds;
    uint64_t generation;
    int64_t looked_ms, creds_due_ms;
    int creds_failures, renew_failures;

    int64_t offset_ms;
    bool has_offset, told_offset, told_renewal;
    bool proven;   /* Some call went well: the key is good. */
    bool resolved; /* Some name was: there is a resolver. */
    int refusals;
    struct mln_live_names names;
    struct mln_err ended; /* Not MLN_OK: no call can be made any more. */
};

/* live_queue.c */
void mln_live_put(struct mln_live_calls *list, struct mln_live_call *call, bool in_front);
void mln_live_unlink(struct mln_live_calls *list, struct mln_live_call *call);
MLN_MUST_USE int mln_live_queue_for(struct mln_live *live,
        const struct mln_collect_request *request, struct mln_live_queue **out,
        struct mln_err *err);
/* Puts a call into its queue; in front when it goes again. */
MLN_MUST_USE int mln_live_enqueue(
        struct mln_live *live, struct mln_live_call *call, bool in_front, struct mln_err *err);
/* The queue that is due first; NULL: nothing waits. */
struct mln_live_queue *mln_live_first(struct mln_live *live);
/* The first queue is due at another time. */
void mln_live_delay_first(struct mln_live *live, int64_t due_ms);
/* Takes the first call of the first queue. */
struct mln_live_call *mln_live_take_first(struct mln_live *live);

/* live_send.c */
/*
 * Sends what may be sent now; *due_ms (monotonic) is when to look again. MLN_ECREDS: no call can be
 * made any more.
 */
MLN_MUST_USE int mln_live_dispatch(struct mln_live *live, int64_t *due_ms, struct mln_err *err);
/* The cloud refuses the credentials that the call was sent with. */
MLN_MUST_USE int mln_live_renew(
        struct mln_live *live, struct mln_live_call *call, struct mln_err *err);
void mln_live_note(struct mln_live *live, const char *text);
/* A request that cannot be sent costs only itself. */
void mln_live_fail_call(struct mln_live *live, struct mln_live_call *call, const char *why);

/* live_take.c */
/* What becomes of live->done: *out is filled, or the call goes again (*again). */
MLN_MUST_USE int mln_live_take(
        struct mln_live *live, struct mln_collect_answer *out, bool *again, struct mln_err *err);
