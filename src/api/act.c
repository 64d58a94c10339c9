/* Steps 6 and 7: doing the action, and the bytes of its answer. */
#include "api/call.h"

/* The nonce of a write is also kept in the store, where it outlives a restart. */
static bool record_write_nonce(struct mln_call *call)
{
    struct mln_err err = { 0 };
    struct mln_store *store = NULL;
    int rc;

    if (!mln_call_store(call, &store))
        return false;
    rc = mln_auth_use_write_nonce(
            call->gateway->auth, store, call->principal->access_key_id, call->nonce, &err);
    if (rc == MLN_EEXIST)
        return mln_call_refuse(call, MLN_ACS_SIGNATURE_NONCE_USED, NULL);
    return rc == MLN_OK || mln_call_fault(call, rc, &err);
}

static bool render_success(struct mln_call *call)
{
    struct mln_err err = { 0 };
    struct mln_writer writer;
    struct mln_str text;
    int rc;

    mln_writer_begin(&writer, &call->out, call->format, call->action->xml_root);
    if (!call->action->act(call, &writer))
        return false;
    mln_writer_cstr(&writer, "RequestId", call->request_id);
    mln_writer_end(&writer);
    rc = mln_buf_done(&call->out, &text, &err);
    if (rc != MLN_OK)
        return mln_call_fault(call, rc, &err);
    call->status = 200;
    return true;
}

void mln_call_act(struct mln_call *call, struct mln_lane *lane)
{
    call->lane = lane;
    if (call->action->writes && !record_write_nonce(call))
        mln_call_render_refusal(call);
    else if (!render_success(call))
        mln_call_render_refusal(call);
}

void mln_call_render_refusal(struct mln_call *call)
{
    struct mln_str host = call->header[MLN_HEADER_HOST];

    if (host.len > MLN_HOST_ID_MAX)
        host.len = MLN_HOST_ID_MAX;
    mln_buf_reset(&call->out);
    mln_acs_error_write(&call->error, call->format, mln_str_of(call->request_id), host,
            call->action != NULL ? call->action->product : "Sddp", &call->out);
    call->status = call->error.http_status;
}
