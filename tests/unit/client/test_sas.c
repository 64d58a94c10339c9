#include "client/sas.h"
#include "fake.h"

#define PAGE(total, items)  "{\"TotalCount\":" total ",\"List\":[" items "],\"RequestId\":\"R\"}"
#define NEWER(total, items) "{\"PageInfo\":{\"TotalCount\":" total "},\"Checks\":[" items "]}"
#define I(id)               "{\"ItemId\":" id ",\"Status\":\"pass\"}"
#define C(id, status)       "{\"CheckId\":" id ",\"Status\":\"" status "\"}"
#define RETIRED             "!{\"Code\":\"InvalidAction.NotFound\",\"Message\":\"gone\"}"
#define DENIED              "!{\"Code\":\"NoPermission\",\"Message\":\"no\"}"

#define GRID(total, rows, ids)                                                \
    "{\"PageContentResource\":{\"TotalCount\":" total                         \
    ",\"ContentResource\":{\"columns\":[{\"key\":"                            \
    "\"RegionId\"},{\"key\":\"B\"},{\"key\":\"VulValue\"}],\"values\":[" rows \
    "],\"resultStatus\":[" ids "]}}}"
#define ROW(region, name) \
    "{\"RegionId\":{\"value\":\"" region "\"},\"B\":{\"value\":\"" name "\"},\"VulValue\":{}}"
#define ID(id) "{\"id\":" id ",\"status\":\"failed\"}"
#define INSTANCE(name, status) \
    "{\"InstanceId\":\"" name "\",\"RegionId\":\"r\",\"Status\":\"" status "\",\"Id\":5}"
#define INSTANCES(total, rows) "{\"PageInfo\":{\"TotalCount\":" total "},\"BasicData\":[" rows "]}"

static void open_sas(struct fake_api *f, const char *const *answers, size_t max)
{
    size_t count;
    const struct mln_api_action *actions = mln_sas_actions(true, &count);

    fake_api_open_product(f, "Sas", actions, count);
    for (size_t k = 0; k < max && answers[k] != NULL; k++) {
        bool refused = answers[k][0] == '!';

        fake_add(&f->fake, (struct fake_step){ .status = refused ? 403 : 200,
                                   .body = answers[k] + (refused ? 1 : 0) });
    }
}

/* Each case: the answers in order, and what comes out as "id:status ". */
static const struct {
    const char *why;
    const char *answers[20];
    int code;
    bool successor;
    const char *items;
} cases[] = {
    { "nothing", { PAGE("0", "") }, MLN_OK, false, "" },
    { "two pages", { PAGE("3", I("9") "," I("8")), PAGE("3", I("7")) }, MLN_OK, false,
            "9:pass 8:pass 7:pass " },
    { "an item seen twice", { PAGE("2", I("9") "," I("9")), PAGE("2", I("8")) }, MLN_OK, false,
            "9:pass 8:pass " },
    { "numbers as text", { PAGE("\"1\"", "{\"ItemId\":\"9\"}") }, MLN_OK, false, "9: " },
    { "retired", { RETIRED, NEWER("2", C("9", "NOT_PASS") "," C("8", "WHITELIST")) }, MLN_OK, true,
            "9:failed 8:ignored " },
    { "a failed check of the newer action passes for nothing",
            { RETIRED, NEWER("3", C("9", "FAILED") "," C("8", "NOT_CHECK") "," C("7", "NEW")) },
            MLN_OK, true, "9:waiting 8:waiting 7:NEW " },
    { "no permission is no retirement", { DENIED }, MLN_EDENIED, false, NULL },
    { "both refused", { RETIRED, DENIED }, MLN_EDENIED, true, NULL },
    { "no id", { PAGE("1", "{}") }, MLN_EIO, false, NULL },
    { "an id of nothing", { PAGE("1", I("0")) }, MLN_EIO, false, NULL },
    { "a negative total", { PAGE("-1", "") }, MLN_EIO, false, NULL },
    { "a list that is none", { "{\"TotalCount\":1,\"List\":7}" }, MLN_EIO, false, NULL },
    { "one repeated for ever",
            { PAGE("9", I("9")), PAGE("9", I("9")), PAGE("9", I("9")), PAGE("9", I("9")),
                    PAGE("9", I("9")), PAGE("9", I("9")), PAGE("9", I("9")), PAGE("9", I("9")),
                    PAGE("9", I("9")), PAGE("9", I("9")), PAGE("9", I("9")), PAGE("9", I("9")),
                    PAGE("9", I("9")), PAGE("9", I("9")), PAGE("9", I("9")), PAGE("9", I("9")) },
            MLN_EPARTIAL, false, "9:pass " },
};

static void lists_items_until_the_count_agrees(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        const struct mln_sas_query query = { .lang = "en", .page_size = 2 };
        MLN_AUTO(mln_buf_free) struct mln_buf found = MLN_BUF_INIT(1024);
        struct mln_sas_items items;
        struct mln_err err = { 0 };
        struct fake_api f;
        int rc;

        open_sas(&f, cases[i].answers, MLN_LEN(cases[i].answers));
        mln_sas_items_init(&items);
        rc = mln_sas_list(f.api, &query, &items, &err);
        if (rc != cases[i].code || f.fake.calls != f.fake.step_count)
            fail_msg("%s: got %d %s after %zu calls", cases[i].why, rc, err.msg, f.fake.calls);
        for (size_t k = 0; k < items.count; k++)
            mln_buf_addf(&found, "%lld:%.*s ", (long long)items.items[k].item_id,
                    MLN_FMT(items.items[k].status));
        if (cases[i].items != NULL && !mln_str_is(mln_buf_str(&found), cases[i].items))
            fail_msg("%s: %.*s", cases[i].why, MLN_FMT(mln_buf_str(&found)));
        assert_int_equal(items.successor, cases[i].successor);
        assert_int_equal(items.incomplete, cases[i].code == MLN_EPARTIAL);
        mln_sas_items_free(&items);
        fake_api_close(&f);
    }
}

static int add_resource(void *ctx, const struct mln_sas_resource *resource, struct mln_err *err)
{
    (void)err;
    mln_buf_addf(ctx, "%lld:%.*s/%.*s:%.*s ", (long long)resource->result_id,
            MLN_FMT(resource->region), MLN_FMT(resource->id), MLN_FMT(resource->status));
    return MLN_OK;
}

static void gives_each_resource_once_and_ends(void **state)
{
    static const struct {
        const char *why;
        const char *answers[6];
        int code;
        const char *found;
    } rows[] = {
        { "none", { GRID("0", "", "") }, MLN_OK, "" },
        { "two pages", { GRID("2", ROW("r", "a"), ID("1")), GRID("2", ROW("r", "b"), ID("2")) },
                MLN_OK, "1:r/a:failed 2:r/b:failed " },
        { "two regions", { GRID("2", ROW("r", "a") "," ROW("s", "a"), ID("1") "," ID("2")) },
                MLN_OK, "1:r/a:failed 2:s/a:failed " },
        { "one page for ever",
                { GRID("9", ROW("r", "a"), ID("1")), GRID("9", ROW("r", "a"), ID("1")),
                        GRID("9", ROW("r", "a"), ID("1")), GRID("9", ROW("r", "a"), ID("1")) },
                MLN_EPARTIAL, "1:r/a:failed " },
        { "more than it counts",
                { GRID("1", ROW("r", "a") "," ROW("r", "b"), ID("1") "," ID("2")) }, MLN_EPARTIAL,
                "1:r/a:failed 2:r/b:failed " },
        { "no such item", { "!{\"Code\":\"RiskItemNotExists\",\"Message\":\"no\"}" }, MLN_ENOTFOUND,
                "" },
        { "no page", { "{}" }, MLN_EIO, "" },
        { "a negative total", { GRID("-1", "", "") }, MLN_EIO, "" },
        { "retired",
                { RETIRED, INSTANCES("2", INSTANCE("a", "PASS") "," INSTANCE("b", "NOT_PASS")) },
                MLN_OK, "0:r/b:failed " },
        { "retired, and an answer that makes no sense", { RETIRED, "{\"BasicData\":[]}" }, MLN_EIO,
                "" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        MLN_AUTO(mln_buf_free) struct mln_buf found = MLN_BUF_INIT(1024);
        struct mln_err err = { 0 };
        struct fake_api f;
        int rc;

        open_sas(&f, rows[i].answers, MLN_LEN(rows[i].answers));
        rc = mln_sas_resources(f.api, 12, "en", NULL, add_resource, &found, &err);
        if (rc != rows[i].code || !mln_str_is(mln_buf_str(&found), rows[i].found) ||
                f.fake.calls != f.fake.step_count)
            fail_msg("%s: %d %s after %zu calls: %.*s", rows[i].why, rc, err.msg, f.fake.calls,
                    MLN_FMT(mln_buf_str(&found)));
        fake_api_close(&f);
    }
}

static void a_reader_of_results_cannot_write(void **state)
{
    size_t reads, all;
    const struct mln_api_action *actions = mln_sas_actions(false, &reads);
    char request_id[64];
    struct mln_err err;
    struct fake_api f;
    bool sent = true;

    (void)state;
    for (size_t i = 0; i < reads; i++)
        assert_false(actions[i].is_write);
    (void)mln_sas_actions(true, &all);
    assert_int_equal(all - reads, 3);
    fake_api_open_product(&f, "Sas", actions, reads);
    assert_true(mln_sas_start(f.api, NULL, 0, request_id, &sent, &err) < 0);
    assert_int_equal(f.fake.calls, 0);
    assert_false(sent);
    fake_api_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_items_until_the_count_agrees),
        cmocka_unit_test(gives_each_resource_once_and_ends),
        cmocka_unit_test(a_reader_of_results_cannot_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
