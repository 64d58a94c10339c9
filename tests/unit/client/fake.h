/* A transport that answers from a list, and a clock and sleep that only count. */
#pragma once

#include <stdio.h>

#include "client/sddp.h"
#include "test.h"

#define FAKE_MAX 20

struct fake_step {
    int rc; /* Not MLN_OK: the exchange fails with it. */
    bool bytes_left;
    int status;
    const char *body;
    int64_t retry_after_ms;
};

struct fake {
    struct fake_step steps[FAKE_MAX];
    size_t step_count, calls;
    char urls[FAKE_MAX][400], nonces[FAKE_MAX][64];
    int64_t slept_ms, sleeps;
    int64_t now_ms, date_ms;
};

static inline struct mln_str fake_header(const struct mln_http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (mln_str_is(request->headers[i].name, name))
            return request->headers[i].value;
    }
    return (struct mln_str){ 0 };
}

static inline int fake_post(void *ctx, const struct mln_http_request *request,
        struct mln_http_response *response, bool *bytes_left, struct mln_err *err)
{
    struct fake *fake = ctx;
    const struct fake_step *step;

    assert_true(fake->calls < fake->step_count);
    step = &fake->steps[fake->calls];
    (void)snprintf(fake->urls[fake->calls], sizeof(fake->urls[0]), "%s", request->url);
    (void)snprintf(fake->nonces[fake->calls], sizeof(fake->nonces[0]), "%.*s",
            MLN_FMT(fake_header(request, "x-acs-signature-nonce")));
    fake->calls++;
    *bytes_left = step->bytes_left;
    if (step->rc != MLN_OK)
        return mln_fail(err, step->rc, "broken");
    response->status = step->status;
    response->retry_after_ms = step->retry_after_ms;
    response->date_ms = fake->date_ms;
    mln_buf_add_cstr(&response->body, step->body);
    return MLN_OK;
}

static inline void fake_sleep(void *ctx, int64_t ms)
{
    struct fake *fake = ctx;

    fake->slept_ms += ms;
    fake->sleeps++;
}

static inline int64_t fake_now(void *ctx)
{
    return ((const struct fake *)ctx)->now_ms;
}

static inline void fake_add(struct fake *fake, struct fake_step step)
{
    if (step.retry_after_ms == 0)
        step.retry_after_ms = -1;
    fake->steps[fake->step_count++] = step;
}

/* An API client over the fake; everything it borrows lives here. */
struct fake_api {
    struct fake fake;
    struct mln_clock clock;
    struct mln_creds creds;
    struct mln_endpoint endpoint;
    struct mln_api *api;
};

static inline void fake_api_open_product(struct fake_api *f, const char *product,
        const struct mln_api_action *actions, size_t action_count)
{
    struct mln_err err = { 0 };
    struct mln_api_options options = { 0 };

    *f = (struct fake_api){ .fake = { .now_ms = 1767323045000 } };
    f->clock = (struct mln_clock){ fake_now, fake_now, &f->fake };
    OK(mln_secret_init(&f->creds.key_id, MLN_STR("testid"), &err), &err);
    OK(mln_secret_init(&f->creds.secret, MLN_STR("testsecret"), &err), &err);
    OK(mln_endpoint_parse(MLN_STR("sddp.cn-zhangjiakou.aliyuncs.com"), &f->endpoint, &err), &err);
    options = (struct mln_api_options){
        .product = mln_product_by_name(product),
        .actions = actions,
        .action_count = action_count,
        .endpoint = &f->endpoint,
        .creds = &f->creds,
        .transport = { fake_post, &f->fake },
        .clock = &f->clock,
        .random = mln_random_system(),
        .sleep_ms = fake_sleep,
        .sleep_ctx = &f->fake,
        .user_agent = "test",
    };
    OK(mln_api_new(&options, &f->api, &err), &err);
}

static inline void fake_api_open(struct fake_api *f)
{
    size_t count;
    const struct mln_api_action *actions = mln_sddp_actions(&count);

    fake_api_open_product(f, "Sddp", actions, count);
}

static inline void fake_api_close(struct fake_api *f)
{
    mln_api_free(f->api);
    mln_creds_wipe(&f->creds);
}
