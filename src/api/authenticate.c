/*
 * Step 3: who calls. The order of checks is fixed, so that an answer never tells more than the
 * caller has proved: common parameters, key, token, time, signature, nonce. Failures are counted
 * per address.
 */
#include "api/call.h"

static bool find_principal(struct mln_call *call, const struct mln_claim *claim)
{
    struct mln_err err = { 0 };
    struct mln_store *store = NULL;
    int rc;

    if (claim->access_key_id.len > MLN_ACCESS_KEY_SENT_MAX)
        return mln_call_refuse(call, MLN_ACS_INVALID_ACCESS_KEY_ID_NOT_FOUND, NULL);
    if (!mln_call_store(call, &store))
        return false;
    rc = mln_auth_principal(
            call->gateway->auth, store, claim->access_key_id, &call->principal, &err);
    if (rc == MLN_ENOTFOUND)
        return mln_call_refuse(call, MLN_ACS_INVALID_ACCESS_KEY_ID_NOT_FOUND, NULL);
    if (rc != MLN_OK)
        return mln_call_fault(call, rc, &err);
    if (call->principal->disabled)
        return mln_call_refuse(call, MLN_ACS_INVALID_ACCESS_KEY_ID_INACTIVE, NULL);
    return true;
}

/* Merlon issues no tokens: any token is somebody else's. */
static bool check_token(struct mln_call *call, const struct mln_claim *claim)
{
    return claim->token.len == 0 ||
           mln_call_refuse(call, MLN_ACS_INVALID_SECURITY_TOKEN_MALFORMED, NULL);
}

static bool check_time(struct mln_call *call, const struct mln_claim *claim)
{
    int64_t sent_ms, age_ms;

    if (mln_time_parse(claim->timestamp, &sent_ms) != MLN_OK)
        return mln_call_refuse(call, MLN_ACS_INVALID_TIME_STAMP_FORMAT, NULL);
    age_ms = mln_now_ms(call->gateway->clock) - sent_ms;
    if (age_ms > call->gateway->skew_ms || age_ms < -call->gateway->skew_ms)
        return mln_call_refuse(call, MLN_ACS_INVALID_TIME_STAMP_EXPIRED, NULL);
    return true;
}

static bool check_nonce(struct mln_call *call, const struct mln_claim *claim)
{
    if (claim->nonce.len > MLN_NONCE_BYTES_MAX)
        return mln_call_refuse(call, MLN_ACS_INVALID_PARAM, "SignatureNonce");
    if (mln_auth_nonce_is_used(call->gateway->auth, call->principal->access_key_id, claim->nonce))
        return mln_call_refuse(call, MLN_ACS_SIGNATURE_NONCE_USED, NULL);
    call->nonce = claim->nonce;
    return true;
}

static bool remember_nonce(struct mln_call *call)
{
    struct mln_err err = { 0 };
    int rc = mln_auth_use_nonce(
            call->gateway->auth, call->principal->access_key_id, call->nonce, &err);

    if (rc == MLN_EEXIST)
        return mln_call_refuse(call, MLN_ACS_SIGNATURE_NONCE_USED, NULL);
    return rc == MLN_OK || mln_call_fault(call, rc, &err);
}

/*
 * After the nonce was looked up, so that replays take no turns of the user's; before it is
 * remembered, so that a user over its rate does not fill a memory that is everybody's.
 */
static bool check_rate(struct mln_call *call)
{
    int64_t wait_ms = mln_auth_limit_user(call->gateway->auth, call->principal);

    if (wait_ms <= 0)
        return true;
    (void)mln_call_refuse(call, MLN_ACS_THROTTLING_USER, NULL);
    call->error.retry_after_ms = wait_ms;
    atomic_fetch_add_explicit(
            &call->gateway->metrics->throttled[MLN_THROTTLE_USER], 1, memory_order_relaxed);
    return false;
}

static bool is_callers_fault(const struct mln_call *call)
{
    return call->error.http_status < 500;
}

static bool run_checks(struct mln_call *call)
{
    struct mln_claim claim = { 0 };
    bool verified = call->is_v3 ? mln_v3_claim(call, &claim) : mln_v1_claim(call, &claim);

    verified = verified && find_principal(call, &claim) && check_token(call, &claim) &&
               check_time(call, &claim);
    if (verified)
        verified = call->is_v3 ? mln_v3_verify(call, &claim) : mln_v1_verify(call, &claim);
    return verified && check_nonce(call, &claim);
}

static void count_failure(struct mln_call *call)
{
    const struct mln_gateway *gateway = call->gateway;

    if (!is_callers_fault(call))
        return;
    mln_auth_count_failure(gateway->auth, mln_str_of(call->address));
    atomic_fetch_add_explicit(&gateway->metrics->auth_failures, 1, memory_order_relaxed);
}

bool mln_step_authenticate(struct mln_call *call)
{
    const struct mln_gateway *gateway = call->gateway;
    int64_t wait_ms = mln_auth_limit_address(gateway->auth, mln_str_of(call->address));

    if (wait_ms > 0) {
        (void)mln_call_refuse(call, MLN_ACS_THROTTLING, NULL);
        call->error.retry_after_ms = wait_ms;
        atomic_fetch_add_explicit(
                &gateway->metrics->throttled[MLN_THROTTLE_ADDRESS], 1, memory_order_relaxed);
        return false;
    }
    if (!run_checks(call)) {
        count_failure(call);
        return false;
    }
    if (!check_rate(call))
        return false;
    if (!remember_nonce(call)) {
        count_failure(call);
        return false;
    }
    return !call->is_v3 || mln_call_read_body(call);
}
