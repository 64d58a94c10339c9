#include <stdio.h>

#include "cli/doctor.h"

#define SKEW_WARN_S ((int64_t)60)
#define TARGETS_MAX 8
#define LIST_MAX    ((size_t)4096)
#define PROXY_LEN   300

/* A service that is asked for anything at all: any answer shows that the way to it works. */
struct target {
    const char *name;
    struct mln_endpoint endpoint;
    char proxy[PROXY_LEN]; /* "": none */
    int code;
    struct mln_http_response response;
    struct mln_err err;
};

struct network {
    struct doctor *doctor;
    struct target targets[TARGETS_MAX];
    size_t count;
};

/* ---- proxies ---- */

static const char *variable(const struct mln_env *env, const char *lower, const char *upper)
{
    const char *value = mln_env_get(env, lower);

    return value != NULL ? value : mln_env_get(env, upper);
}

/* "internal.example", ".example" and "*" in a list of exceptions. */
static bool is_exempt(const struct mln_env *env, struct mln_str host)
{
    struct mln_str rest = mln_str_of(variable(env, "no_proxy", "NO_PROXY")), word;

    while (rest.len > 0 && mln_str_next(&rest, ',', &word)) {
        word = mln_str_trim(word);
        if (mln_str_is(word, "*"))
            return true;
        if (word.len > 0 && word.ptr[0] == '.')
            word = (struct mln_str){ word.ptr + 1, word.len - 1 };
        if (word.len == 0 || word.len > host.len)
            continue;
        if (!mln_str_eq_nocase((struct mln_str){ host.ptr + host.len - word.len, word.len }, word))
            continue;
        if (word.len == host.len || host.ptr[host.len - word.len - 1] == '.')
            return true;
    }
    return false;
}

/* Scheme, host and port: what stands before '@' is a name and a password. */
static void without_user(const char *proxy, char out[PROXY_LEN])
{
    const char *scheme = strstr(proxy, "://");
    const char *start = scheme != NULL ? scheme + 3 : proxy;
    const char *end = start + strcspn(start, "/?#");
    const char *at = memrchr(start, '@', (size_t)(end - start));

    start = at != NULL ? at + 1 : start;
    (void)snprintf(out, PROXY_LEN, "%.*s%.*s", scheme != NULL ? (int)(scheme + 3 - proxy) : 0,
            proxy, (int)(end - start), start);
}

static void find_proxy(const struct mln_env *env, struct target *target)
{
    struct mln_str host = mln_str_of(target->endpoint.host), name;
    const char *proxy = target->endpoint.https ? variable(env, "https_proxy", "HTTPS_PROXY") : NULL;

    if (proxy == NULL && target->endpoint.https)
        proxy = variable(env, "all_proxy", "ALL_PROXY");
    if (proxy == NULL || target->endpoint.loopback)
        return;
    (void)mln_str_next(&host, ':', &name);
    if (!is_exempt(env, name))
        without_user(proxy, target->proxy);
}

static void report_proxy(const struct network *network)
{
    MLN_AUTO(mln_buf_free) struct mln_buf list = MLN_BUF_INIT(LIST_MAX);
    size_t proxied = 0, silent = 0;

    for (size_t i = 0; i < network->count; i++) {
        const struct target *target = &network->targets[i];

        if (target->proxy[0] == '\0')
            continue;
        mln_buf_addf(&list, "%s%s for %s", list.len > 0 ? ", " : "", target->proxy,
                target->endpoint.host);
        proxied++;
        silent += target->code != MLN_OK && target->response.failure == MLN_HTTP_NO_CONNECTION;
    }
    if (list.len == 0)
        doctor_report(network->doctor, "proxy", DOCTOR_SKIPPED, "none is used");
    else if (silent == proxied)
        doctor_reportf(network->doctor, "proxy", DOCTOR_TROUBLE,
                "%.*s: no connection through it: look at HTTPS_PROXY and NO_PROXY",
                MLN_FMT(mln_buf_str(&list)));
    else
        doctor_report(network->doctor, "proxy", DOCTOR_FINE, list.ptr);
}

/* ---- asking ---- */

static void ask(struct network *network, struct target *target, struct mln_transport transport)
{
    char url[320];
    bool sent;
    const struct mln_http_request request = {
        .url = url, .method = MLN_HTTP_GET, .timeout_ms = MLN_WRITE_TIMEOUT_MS
    };

    (void)snprintf(url, sizeof(url), "%s://%s/", target->endpoint.https ? "https" : "http",
            target->endpoint.host);
    find_proxy(network->doctor->cli->env, target);
    target->code = transport.send(transport.ctx, &request, &target->response, &sent, &target->err);
}

static void report_hosts(const struct network *network, const char *check,
        enum mln_http_failure failure, const char *fine, const char *advice)
{
    MLN_AUTO(mln_buf_free) struct mln_buf list = MLN_BUF_INIT(LIST_MAX);
    size_t answered = 0;

    for (size_t i = 0; i < network->count; i++) {
        const struct target *target = &network->targets[i];

        answered += target->code == MLN_OK;
        if (target->code == MLN_OK || target->response.failure != failure)
            continue;
        mln_buf_addf(&list, "%s%s", list.len > 0 ? ", " : "", target->endpoint.host);
    }
    if (list.len > 0)
        doctor_reportf(network->doctor, check, DOCTOR_TROUBLE, "%.*s: %s",
                MLN_FMT(mln_buf_str(&list)), advice);
    else if (answered > 0)
        doctor_report(network->doctor, check, DOCTOR_FINE, fine);
    else
        doctor_report(network->doctor, check, DOCTOR_SKIPPED, "nothing answered");
}

static bool any_https(const struct network *network)
{
    for (size_t i = 0; i < network->count; i++) {
        if (network->targets[i].endpoint.https)
            return true;
    }
    return false;
}

static void report_clock(const struct network *network)
{
    struct doctor *doctor = network->doctor;
    int64_t date_ms = 0, skew_s;

    for (size_t i = 0; i < network->count && date_ms == 0; i++)
        date_ms = network->targets[i].response.date_ms;
    if (date_ms == 0) {
        doctor_report(doctor, "clock", DOCTOR_SKIPPED, "no endpoint tells its time");
        return;
    }
    skew_s = (mln_now_ms(doctor->cli->clock) - date_ms) / MLN_MS_PER_S;
    if (skew_s > SKEW_WARN_S || skew_s < -SKEW_WARN_S)
        doctor_reportf(doctor, "clock", DOCTOR_TROUBLE,
                "%lld seconds %s the endpoint's: set it, for example with chrony (15 minutes are "
                "refused)",
                (long long)(skew_s < 0 ? -skew_s : skew_s), skew_s < 0 ? "behind" : "ahead of");
    else
        doctor_reportf(doctor, "clock", DOCTOR_FINE, "%lld seconds %s the endpoint's",
                (long long)(skew_s < 0 ? -skew_s : skew_s), skew_s < 0 ? "behind" : "ahead of");
}

static void report_targets(const struct network *network)
{
    char check[80];

    for (size_t i = 0; i < network->count; i++) {
        const struct target *target = &network->targets[i];

        (void)snprintf(check, sizeof(check), "endpoint%s%s", target->name[0] != '\0' ? " " : "",
                target->name);
        if (target->code == MLN_OK)
            doctor_reportf(network->doctor, check, DOCTOR_FINE, "%s://%s/",
                    target->endpoint.https ? "https" : "http", target->endpoint.host);
        else
            doctor_report(network->doctor, check, DOCTOR_TROUBLE, target->err.msg);
    }
}

/* ---- which ---- */

static void add(struct network *network, const char *name, const struct mln_endpoint *endpoint)
{
    struct target *target = &network->targets[network->count++];

    *target = (struct target){ .name = name, .endpoint = *endpoint };
    mln_http_response_init(&target->response);
}

/* The one that was named, or some of those that a scan needs. */
static int choose(struct network *network, struct mln_err *err)
{
    static const char *const products[] = { "Sts", "Ecs", "Oss", "Sddp" };
    struct cli *cli = network->doctor->cli;
    const char *region = cli_get(cli, OPT_REGION);
    struct mln_endpoint endpoint;
    enum mln_endpoint_origin origin;
    int rc = MLN_OK;

    if (cli_has(cli, OPT_ENDPOINT)) {
        rc = cli_endpoint(cli, "Sddp", &endpoint, err);
        if (rc == MLN_OK)
            add(network, "", &endpoint);
        return rc;
    }
    for (size_t i = 0; rc == MLN_OK && i < MLN_LEN(products); i++) {
        rc = mln_endpoints_find(network->doctor->live.endpoints, products[i],
                region != NULL ? mln_str_of(region) : mln_str_of(cli->creds.region), MLN_STR(""),
                &endpoint, &origin, err);
        if (rc == MLN_OK)
            add(network, products[i], &endpoint);
    }
    return rc;
}

static void report_all(struct network *network)
{
    report_proxy(network);
    report_hosts(network, "dns", MLN_HTTP_NO_NAME, "every name resolves",
            "does not resolve: look at /etc/resolv.conf, or reach the cloud by --endpoint-type vpc "
            "or a proxy");
    if (any_https(network))
        report_hosts(network, "tls", MLN_HTTP_CERTIFICATE, "every certificate verifies",
                "its certificate does not verify: name the proxy's or private cloud's certificates "
                "with --cacert FILE");
    else
        doctor_report(network->doctor, "tls", DOCTOR_SKIPPED, "plain http");
    report_targets(network);
    report_clock(network);
}

void doctor_network(struct doctor *doctor)
{
    struct network network = { .doctor = doctor };
    struct mln_curl *curl = NULL;
    struct mln_err err;
    int rc;

    if (cli_has(doctor->cli, OPT_STORE) && !cli_has(doctor->cli, OPT_ENDPOINT)) {
        doctor_report(doctor, "endpoint", DOCTOR_SKIPPED, "working on a store");
        return;
    }
    rc = choose(&network, &err);
    if (rc == MLN_OK)
        rc = cli_curl(doctor->cli, &curl, &err);
    if (rc != MLN_OK) {
        doctor_report(doctor, "endpoint", DOCTOR_TROUBLE, err.msg);
    } else {
        for (size_t i = 0; i < network.count; i++)
            ask(&network, &network.targets[i], mln_curl_transport(curl));
        report_all(&network);
    }
    for (size_t i = 0; i < network.count; i++)
        mln_http_response_fini(&network.targets[i].response);
    mln_curl_free(curl);
}
