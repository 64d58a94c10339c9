/* The head of an answer, line by line as the HTTP library hands it over, then its body. */
#include "client/curl_exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_id(const char id[64])
{
    size_t len = strnlen(id, 64);

    require(len < 64);
    for (size_t i = 0; i < len; i++)
        require(id[i] > ' ' && id[i] < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mln_str rest = { (const char *)data, size }, line;
    MLN_AUTO(mln_buf_free) struct mln_buf copy = MLN_BUF_INIT(1024 * 1024);
    struct mln_exchange exchange = { 0 };

    mln_http_response_init(&exchange.response);
    while (mln_str_next(&rest, '\n', &line)) {
        mln_buf_reset(&copy);
        mln_buf_add(&copy, line);
        if (copy.len > 0)
            require(mln_exchange_on_header(copy.ptr, 1, copy.len, &exchange) == copy.len);
        if (copy.len > 0)
            require(mln_exchange_on_body(copy.ptr, 1, copy.len, &exchange) == copy.len);
    }
    require(exchange.response.retry_after_ms >= -1);
    require(exchange.response.date_ms >= 0);
    check_id(exchange.response.request_id);
    mln_http_response_fini(&exchange.response);
    return 0;
}
