#include "api/call.h"

/* A run of the steps stops at the first that refuses. */
static bool (*const steps[])(struct mln_call *call) = {
    mln_step_headers,
    mln_step_identify,
    mln_step_authenticate,
    mln_step_authorise,
    mln_step_validate,
};

void mln_call_init(struct mln_call *call, const struct mln_gateway *gateway)
{
    *call = (struct mln_call){
        .gateway = gateway,
        .arena = MLN_ARENA_INIT(MLN_CALL_ARENA_MAX),
        .out = MLN_BUF_INIT(MLN_CALL_ANSWER_MAX),
    };
    mln_acs_error_init(&call->error);
}

void mln_call_fini(struct mln_call *call)
{
    mln_call_end(call);
    mln_acs_error_fini(&call->error);
    mln_buf_free(&call->out);
    mln_arena_free(&call->arena);
}

void mln_call_end(struct mln_call *call)
{
    if (call->principal != NULL)
        mln_principal_unref(call->principal);
    call->principal = NULL;
    if (call->out.cap > MLN_CALL_MEMORY_KEPT) {
        mln_buf_free(&call->out);
        call->out = (struct mln_buf)MLN_BUF_INIT(MLN_CALL_ANSWER_MAX);
    }
    if (call->arena.used_bytes > MLN_CALL_MEMORY_KEPT)
        mln_arena_free(&call->arena);
}

void mln_call_begin(struct mln_call *call, struct mln_lane *lane)
{
    mln_arena_reset(&call->arena);
    mln_buf_reset(&call->out);
    if (call->refused) {
        mln_acs_error_fini(&call->error);
        mln_acs_error_init(&call->error);
    }
    call->lane = lane;
    call->request = (struct mln_acs_request){ 0 };
    call->address = "";
    memset(call->header, 0, sizeof(call->header));
    memset(call->values, 0, sizeof(call->values));
    call->params = (struct mln_params){ 0 };
    call->is_v3 = false;
    call->format = MLN_FORMAT_JSON;
    call->action = NULL;
    call->principal = NULL;
    call->nonce = (struct mln_str){ 0 };
    call->refused = false;
    call->status = 0;
    mln_uuid_v4(&lane->random, call->request_id);
}

bool mln_call_refuse(struct mln_call *call, enum mln_acs_code code, const char *name)
{
    call->refused = true;
    mln_acs_error_set(&call->error, code, name);
    return false;
}

bool mln_call_fault(struct mln_call *call, int rc, const struct mln_err *err)
{
    const struct mln_log_field fields[] = {
        { .key = "request_id", .text = call->request_id },
        { .key = "reason", .text = err->msg },
    };
    bool is_busy = rc == MLN_ETRANSIENT;

    mln_log_write(call->gateway->log, is_busy ? MLN_LOG_WARN : MLN_LOG_ERROR,
            "request could not be served", fields, MLN_LEN(fields));
    if (!is_busy)
        mln_lane_drop_store(call->lane);
    return mln_call_refuse(
            call, is_busy ? MLN_ACS_SERVICE_UNAVAILABLE : MLN_ACS_INTERNAL_ERROR, NULL);
}

bool mln_call_store(struct mln_call *call, struct mln_store **out)
{
    struct mln_err err = { 0 };
    int rc = mln_lane_store(call->lane, out, &err);

    return rc == MLN_OK || mln_call_fault(call, rc, &err);
}

bool mln_call_prepare(struct mln_call *call)
{
    for (size_t i = 0; i < MLN_LEN(steps); i++) {
        if (!steps[i](call)) {
            mln_call_render_refusal(call);
            return false;
        }
    }
    return true;
}
