/* Steps 6 and 7: doing the action, and the bytes of its answer. */
#include "api/call.h"

/*
 * The nonce of a write is also kept in the store, where it outlives a restart. A file that was
 * removed or replaced while it is open would take the write, and nobody would ever see it again.
 */
static bool record_write_nonce(struct mln_call *call)
{
    struct mln_err err = { 0 };
    struct mln_store *store = NULL;
    int rc = mln_lane_ping(call->lane, &err);

    if (rc != MLN_OK)
        return mln_call_fault(call, rc, &err);
    if (!mln_call_store(call, &store))
        return false;
    rc = mln_auth_use_write_nonce(
            call->gateway->auth, store, call->principal->access_key_id, call->nonce, &err);
    if (rc == MLN_EEXIST)
        return mln_call_refuse(call, MLN_ACS_SIGNATURE_NONCE_USED, NULL);
    return rc == MLN_OK || mln_call_fault(call, rc, &err);
}

struct key {
    char bytes[MLN_ANSWER_KEY_BYTES_MAX];
    size_t len;
    bool too_long;
};

static void key_add(struct key *key, const void *bytes, size_t len)
{
    key->too_long = key->too_long || len > sizeof(key->bytes) - key->len;
    if (key->too_long || len == 0)
        return;
    memcpy(key->bytes + key->len, bytes, len);
    key->len += len;
}

static void key_add_text(struct key *key, struct mln_str text)
{
    key_add(key, &text.len, sizeof(text.len));
    key_add(key, text.ptr, text.len);
}

/* All that the answer of such an action depends on, beside the store. */
static struct mln_str key_of(const struct mln_call *call, struct key *key)
{
    key->len = 0;
    key->too_long = false;
    key_add(key, &call->action, sizeof(call->action));
    key_add(key, &call->format, sizeof(call->format));
    key_add_text(key, call->principal->account_id);
    for (size_t i = 0; i < call->action->param_count; i++) {
        key_add(key, &call->values[i].present, sizeof(call->values[i].present));
        if (call->values[i].present)
            key_add_text(key, call->values[i].text);
    }
    return (struct mln_str){ .ptr = key->bytes, .len = key->too_long ? 0 : key->len };
}

/* The version is taken before the store is read: a commit in between makes the kept answer useless,
 * never wrong. */
static bool act_or_repeat(struct mln_call *call, struct mln_writer *writer)
{
    struct mln_answers *answers = &call->lane->answers;
    struct mln_err err = { 0 };
    struct mln_str text;
    struct key key;
    int64_t version = 0;
    int rc = mln_lane_version(call->lane, &version, &err);

    if (rc != MLN_OK)
        return mln_call_fault(call, rc, &err);
    text = key_of(call, &key);
    if (mln_answers_get(answers, text, version, writer))
        return true;
    if (!call->action->act(call, writer))
        return false;
    mln_answers_put(answers, text, version, writer);
    return true;
}

static bool render_success(struct mln_call *call)
{
    const struct mln_action *action = call->action;
    struct mln_err err = { 0 };
    struct mln_writer writer;
    struct mln_str text;
    int rc;

    mln_writer_begin(&writer, &call->out, call->format, action->xml_root);
    if (!(action->repeats ? act_or_repeat(call, &writer) : action->act(call, &writer)))
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
