/*
 * Making a recording: what was read live reads the same from the recording, and no secret is in it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/file.h"
#include "collect/collect.h"
#include "collect/record_priv.h"
#include "snapshot/snapshot.h"
#include "test.h"
#include "wire/json.h"
#include "wire/xml.h"

#define KEY_ID "LTAI5tCANARYCANARY0001"
#define TOKEN  "STS.CANARYCANARYCANARY0001"

#define PLAN                                                                                  \
    "product: ecs\ncode: Ecs\nversion: \"1\"\nstyle: rpc\nreach: account\nram: ecs\n"         \
    "regions: ecs_region\ncalls:\n"                                                           \
    "  - action: GetCaller\n    ram: none\n    table: account\n    id: AccountId\n"           \
    "  - action: DescribeRegions\n    table: ecs_region\n    list: Regions\n    id: Id\n"     \
    "  - action: ListThings\n    reach: regions\n    table: ecs_thing\n    list: Items\n"     \
    "    id: Id\n    columns:\n      note: Note text\n"                                       \
    "    page: { by: number, number: P, size: S, max: 2, total: Total }\n"                    \
    "  - action: GetThing\n    for_each: ecs_thing\n    table: ecs_detail\n"                  \
    "    errors: { NoDetail: absent }\n    mask: [Key]\n    columns:\n      size: Size int\n" \
    "      key: Key text\n"                                                                   \
    "  - action: ListKinds\n    variants: { Kind: [a, b/c] }\n    table: ecs_kind\n"          \
    "    list: Items\n    id: Id\n"
#define OSS                                                                                    \
    "product: oss\ncode: Oss\nversion: \"1\"\nstyle: oss\nreach: account\nram: oss\ncalls:\n"  \
    "  - action: ListBuckets\n    table: oss_bucket\n    list: Buckets.Bucket\n    id: Name\n" \
    "  - action: GetBucketPolicy\n    for_each: oss_bucket\n    table: oss_policy\n"           \
    "    errors: { NoSuchBucketPolicy: absent }\n    columns:\n      document: . json\n"

struct script {
    const char *name;
    int status; /* 0: none; -1: no region */
    const char *body;
    int times; /* 0: always */
};

struct cloud {
    const struct script *rows;
    size_t count;
    int used[64];
    const struct mln_collect_request *waiting[64];
    size_t waiting_count;
};

static int submit(void *ctx, const struct mln_collect_request *request, struct mln_err *err)
{
    struct cloud *cloud = ctx;

    (void)err;
    assert_true(cloud->waiting_count < MLN_LEN(cloud->waiting));
    cloud->waiting[cloud->waiting_count++] = request;
    return MLN_OK;
}

static int next(void *ctx, int64_t wait_ms, struct mln_collect_answer *out, struct mln_err *err)
{
    struct cloud *cloud = ctx;
    MLN_AUTO(mln_buf_free) struct mln_buf name = MLN_BUF_INIT(4096);

    (void)wait_ms;
    if (cloud->waiting_count == 0)
        return mln_fail(err, MLN_ENOTFOUND, "nothing");
    *out = (struct mln_collect_answer){ .request = cloud->waiting[0], .retry_after_ms = -1 };
    cloud->waiting_count--;
    memmove(cloud->waiting, cloud->waiting + 1, cloud->waiting_count * sizeof(cloud->waiting[0]));
    mln_replay_name(out->request, &name);
    (void)snprintf(out->failure, sizeof(out->failure), "not recorded");
    for (size_t i = 0; i < cloud->count; i++) {
        const struct script *row = &cloud->rows[i];

        if (!mln_str_is(mln_buf_str(&name), row->name) ||
                (row->times > 0 && cloud->used[i] >= row->times))
            continue;
        cloud->used[i]++;
        out->status = row->status > 0 ? row->status : 0;
        out->no_region = row->status == -1;
        if (row->status <= 0)
            (void)snprintf(out->failure, sizeof(out->failure), "%s", row->body);
        out->retry = row->times > 0;
        out->body = row->status > 0 ? mln_str_of(row->body) : MLN_STR("");
        out->is_xml = out->request->call.style == MLN_STYLE_OSS && row->body[0] == '<';
        return MLN_OK;
    }
    return MLN_OK;
}

static void dont_wait(void *ctx, int64_t ms)
{
    (void)ctx;
    (void)ms;
}

/* ---- two runs, and what they made ---- */

static struct mln_plan *plan_of(void)
{
    static const struct mln_plan_file files[] = {
        { .name = "ecs.yaml", .text = { PLAN, sizeof(PLAN) - 1 } },
        { .name = "oss.yaml", .text = { OSS, sizeof(OSS) - 1 } },
    };
    struct mln_plan *plan = NULL;
    struct mln_err err;

    OK(mln_plan_load(files, MLN_LEN(files), &plan, &err), &err);
    return plan;
}

static int collect(const struct mln_plan *plan, const struct mln_collect_transport *transport,
        struct mln_snapshot **out, struct mln_err *err)
{
    const struct mln_collect_options options = { .account_id = MLN_STR("1234"),
        .clock = mln_clock_system() };
    struct mln_collect_report report;

    OK(mln_snapshot_create(NULL, mln_plan_schema(plan), out, err), err);
    return mln_collect(plan, *out, transport, &options, &report, err);
}

static void dump_table(struct mln_snapshot *snapshot, const char *sql, struct mln_buf *out)
{
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_prepare_v2(mln_snapshot_db(snapshot), sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(mln_snapshot_db(snapshot)));
    mln_buf_addf(out, "-- %s\n", sql);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const char *text = (const char *)sqlite3_column_text(stmt, i);

            mln_buf_addf(out, "%s|", text != NULL ? text : "NULL");
        }
        mln_buf_add_char(out, '\n');
    }
    sqlite3_finalize(stmt);
}

/* Everything but times and numbers of rows. */
static void dump(const struct mln_plan *plan, struct mln_snapshot *snapshot, struct mln_buf *out)
{
    const struct mln_schema *schema = mln_plan_schema(plan);

    dump_table(snapshot,
            "select call, region, key, outcome, http_status, code, message, request_id, items, "
            "total, pages from collect_call order by 1, 2, 3",
            out);
    for (size_t i = 0; i < schema->table_count; i++) {
        char sql[400];
        size_t len = (size_t)snprintf(
                sql, sizeof(sql), "select id, name, region, parent, answer, answer_code, raw");

        for (size_t c = 0; c < schema->tables[i].column_count; c++)
            len += (size_t)snprintf(
                    sql + len, sizeof(sql) - len, ", \"%s\"", schema->tables[i].columns[c].name);
        (void)snprintf(sql + len, sizeof(sql) - len, " from \"%s\" order by 1, 3, 4",
                schema->tables[i].name);
        dump_table(snapshot, sql, out);
    }
}

/* ---- a folder of its own for each test ---- */

struct place {
    char folder[64];
    char path[200];
};

static void begin(struct place *place)
{
    (void)snprintf(place->folder, sizeof(place->folder), "/tmp/test_record.XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    (void)snprintf(place->path, sizeof(place->path), "%s/raw", place->folder);
}

static void remove_all(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char below[600];

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        if (unlink(below) != 0)
            remove_all(below);
    }
    if (dir != NULL)
        (void)closedir(dir);
    (void)rmdir(path);
}

static void end(struct place *place)
{
    remove_all(place->folder);
}

/* Appends "name mode" of every file and folder, and the files' bytes. */
static void list(const char *path, const char *name, struct mln_buf *names, struct mln_buf *bytes)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        char below[600], inner[600];
        struct mln_err err;
        struct stat st;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        (void)snprintf(inner, sizeof(inner), "%s/%s", name, entry->d_name);
        assert_int_equal(lstat(below, &st), 0);
        mln_buf_addf(names, "%s %03o\n", inner, (unsigned)st.st_mode & 0777U);
        if (S_ISDIR(st.st_mode))
            list(below, inner, names, bytes);
        else
            OK(mln_file_read(below, bytes, &err), &err);
    }
    (void)closedir(dir);
}

static bool holds(const struct mln_buf *buf, const char *text)
{
    return memmem(buf->ptr, buf->len, text, strlen(text)) != NULL;
}

static struct mln_collect_transport transport_of(struct cloud *cloud)
{
    return (struct mln_collect_transport){
        .in_flight_max = 8, .submit = submit, .next = next, .pause = dont_wait, .ctx = cloud
    };
}

/* Collects through a recorder; the snapshot's dump. */
static int record(struct place *place, const struct script *rows, size_t count, const char *account,
        struct mln_buf *out, struct mln_err *err)
{
    struct cloud cloud = { .rows = rows, .count = count };
    const struct mln_collect_transport inner = transport_of(&cloud);
    struct mln_plan *plan = plan_of();
    struct mln_recorder *recorder = NULL;
    struct mln_snapshot *snapshot = NULL;
    struct mln_collect_transport transport;
    int rc = mln_recorder_new(place->path, &inner, plan, &recorder, err);

    if (rc == MLN_OK) {
        transport = mln_recorder_transport(recorder);
        rc = collect(plan, &transport, &snapshot, err);
    }
    if (rc == MLN_OK)
        dump(plan, snapshot, out);
    if (rc == MLN_OK)
        rc = mln_recorder_finish(recorder, mln_str_of(account), 1767323045000, err);
    mln_snapshot_free(snapshot);
    mln_recorder_free(recorder);
    mln_plan_free(plan);
    return rc;
}

static void replay(struct place *place, struct mln_buf *out)
{
    struct mln_plan *plan = plan_of();
    struct mln_replay *recording = NULL;
    struct mln_snapshot *snapshot = NULL;
    struct mln_collect_transport transport;
    struct mln_err err;

    OK(mln_replay_open(place->path, &recording, &err), &err);
    EQ_STR(mln_replay_account(recording), "1234");
    transport = mln_replay_transport(recording);
    OK(collect(plan, &transport, &snapshot, &err), &err);
    dump(plan, snapshot, out);
    mln_snapshot_free(snapshot);
    mln_replay_free(recording);
    mln_plan_free(plan);
}

#define ACCOUNT                                                                        \
    {                                                                                  \
        "ecs/GetCaller/_/_.1", 200, "{\"AccountId\":\"1234\",\"RequestId\":\"q1\"}", 0 \
    }
#define REGIONS                                                                                \
    {                                                                                          \
        "ecs/DescribeRegions/_/_.1", 200, "{\"Regions\":[{\"Id\":\"r1\"},{\"Id\":\"r2\"}]}", 0 \
    }

static const struct script all_sorts[] = {
    ACCOUNT,
    { "ecs/DescribeRegions/_/_.1", 503, "{\"Code\":\"ServiceUnavailable\"}", 2 },
    { "ecs/DescribeRegions/_/_.1", 520, "<html>busy</html>", 1 },
    REGIONS,
    { "ecs/ListThings/r1/_.1", 200,
            "{\"Total\":3,\"Items\":[{\"Id\":\"t1\",\"Note\":\"caf\\u00e9 \\\" <a>\"},{\"Id\":\"t2\"}]}",
            0 },
    { "ecs/ListThings/r1/_.2", 200,
            "{\"Total\":3,\"Items\":[{\"Id\":\"../t3\",\"Note\":\"1.50\"}]}", 0 },
    { "ecs/ListThings/r2/_.1", -1, "ecs.r2.aliyuncs.com: there is no such host", 0 },
    { "ecs/GetThing/r1/t1.1", 200,
            "{\"Size\":12345678901234567,\"Key\":\"abcdefghijklmnop\",\"Note\":\"a " KEY_ID " b\"}",
            0 },
    { "ecs/GetThing/r1/t2.1", 404,
            "{\"Code\":\"NoDetail\",\"Message\":\"none\",\"RequestId\":\"q2\"}", 0 },
    { "ecs/GetThing/r1/%2E.%2Ft3.1", 403, "{\"Code\":\"Forbidden.RAM\",\"Message\":\"no\"}", 0 },
    { "ecs/ListKinds/_/a.1", 200, "{\"Items\":[{\"Id\":\"k1\"}]}", 0 },
    { "ecs/ListKinds/_/b%2Fc.1", 200, "{\"Items\":[{\"Id\":\"k2\"}]}", 0 },
    { "oss/ListBuckets/_/_.1", 200,
            "<?xml version=\"1.0\"?>\n<R><Buckets><Bucket><Name>b1</Name></Bucket><Bucket>"
            "<Name>b2</Name></Bucket></Buckets></R>",
            0 },
    { "oss/GetBucketPolicy/_/b1.1", 200, "{\"Version\":\"1\",\"Statement\":[]}", 0 },
    { "oss/GetBucketPolicy/_/b2.1", 404, "<Error><Code>NoSuchBucketPolicy</Code></Error>", 0 },
};

static void a_recording_replays_to_the_same_snapshot(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf live = MLN_BUF_INIT(1 << 20);
    MLN_AUTO(mln_buf_free) struct mln_buf again = MLN_BUF_INIT(1 << 20);
    MLN_AUTO(mln_buf_free) struct mln_buf names = MLN_BUF_INIT(1 << 20);
    MLN_AUTO(mln_buf_free) struct mln_buf bytes = MLN_BUF_INIT(1 << 20);
    struct place place;
    struct mln_err err;

    (void)state;
    begin(&place);
    OK(record(&place, all_sorts, MLN_LEN(all_sorts), "1234", &live, &err), &err);
    assert_true(holds(&live, "ecs:ListThings|r2||no_region|"));
    assert_true(holds(&live, "ecs:GetThing|r1|../t3|denied|403|Forbidden.RAM|"));
    assert_true(holds(&live, "ecs:GetThing|r1|t2|absent|"));
    assert_true(holds(&live, "|****mnop|"));
    replay(&place, &again);
    assert_string_equal(live.ptr, again.ptr);

    list(place.path, "", &names, &bytes);
    assert_true(holds(&names, "/recording.json 600\n"));
    assert_true(holds(&names, "/ecs 700\n"));
    assert_true(holds(&names, "/ecs/DescribeRegions/_/_.1.json 600\n"));
    assert_true(holds(&names, "/oss/GetBucketPolicy/_/b2.1.404.xml 600\n"));
    /* What failed before it went well is gone, and so is what was being written. */
    assert_false(holds(&names, "DescribeRegions/_/_.1.503"));
    assert_false(holds(&names, "DescribeRegions/_/_.1.520"));
    assert_false(holds(&names, ".tmp"));
    assert_false(holds(&bytes, KEY_ID) || holds(&bytes, "abcdefghijkl"));
    assert_true(holds(&bytes, "\"account\": \"1234\", \"recorded\": \"2026-01-02T03:04:05Z\""));
    end(&place);
}

static void a_second_recording_takes_the_place_of_the_first(void **state)
{
    static const struct script first[] = { ACCOUNT, REGIONS,
        { "ecs/ListThings/r1/_.1", 200, "{\"Total\":0,\"Items\":[]}", 0 },
        { "ecs/ListThings/r2/_.1", 200, "{\"Total\":0,\"Items\":[]}", 0 },
        { "ecs/ListKinds/_/a.1", 200, "{\"Items\":[]}", 0 } };
    static const struct script second[] = { ACCOUNT, REGIONS,
        { "ecs/ListThings/r1/_.1", 403, "{\"Code\":\"Forbidden\"}", 0 },
        { "ecs/ListThings/r2/_.1", 0, "nobody answers", 0 },
        { "ecs/ListKinds/_/a.1", 418, "{\"Code\":\"Teapot\"}", 0 } };
    MLN_AUTO(mln_buf_free) struct mln_buf ignored = MLN_BUF_INIT(1 << 20);
    MLN_AUTO(mln_buf_free) struct mln_buf again = MLN_BUF_INIT(1 << 20);
    struct place place;
    struct mln_err err;

    (void)state;
    begin(&place);
    OK(record(&place, first, MLN_LEN(first), "1234", &ignored, &err), &err);
    OK(record(&place, second, MLN_LEN(second), "1234", &ignored, &err), &err);
    replay(&place, &again);
    assert_true(holds(&again, "ecs:ListThings|r1||denied|403|Forbidden|"));
    assert_true(holds(&again, "ecs:ListThings|r2||failed|"));
    assert_true(holds(&again, "ecs:ListKinds|||failed|0|Teapot|"));
    end(&place);
}

static void a_recording_of_another_account_is_left_alone(void **state)
{
    static const struct script own[] = { ACCOUNT };
    static const struct script other[] = {
        { "ecs/GetCaller/_/_.1", 200, "{\"AccountId\":\"5678\"}", 0 },
    };
    MLN_AUTO(mln_buf_free) struct mln_buf ignored = MLN_BUF_INIT(1 << 20);
    MLN_AUTO(mln_buf_free) struct mln_buf names = MLN_BUF_INIT(1 << 20);
    MLN_AUTO(mln_buf_free) struct mln_buf bytes = MLN_BUF_INIT(1 << 20);
    struct place place;
    struct mln_err err;

    (void)state;
    begin(&place);
    OK(record(&place, own, MLN_LEN(own), "1234", &ignored, &err), &err);
    assert_int_equal(record(&place, other, MLN_LEN(other), "5678", &ignored, &err), MLN_EEXIST);
    assert_non_null(strstr(err.msg, "1234"));
    list(place.path, "", &names, &bytes);
    assert_true(holds(&names, "/recording.json") && holds(&bytes, "\"AccountId\":\"1234\""));
    assert_false(holds(&bytes, "5678"));
    end(&place);
}

static void no_link_is_followed_and_no_other_file_is_written(void **state)
{
    static const struct script rows[] = { ACCOUNT, REGIONS };
    MLN_AUTO(mln_buf_free) struct mln_buf ignored = MLN_BUF_INIT(1 << 20);
    MLN_AUTO(mln_buf_free) struct mln_buf names = MLN_BUF_INIT(1 << 20);
    MLN_AUTO(mln_buf_free) struct mln_buf bytes = MLN_BUF_INIT(1 << 20);
    char outside[100], link[300];
    struct place place;
    struct mln_err err;

    (void)state;
    begin(&place);
    (void)snprintf(outside, sizeof(outside), "%s/outside", place.folder);
    assert_int_equal(mkdir(outside, 0700), 0);
    assert_int_equal(mkdir(place.path, 0700), 0);
    (void)snprintf(link, sizeof(link), "%s/ecs", place.path);
    assert_int_equal(symlink(outside, link), 0);
    assert_int_equal(record(&place, rows, MLN_LEN(rows), "1234", &ignored, &err), MLN_EIO);
    assert_non_null(strstr(err.msg, "link"));
    list(outside, "", &names, &bytes);
    assert_int_equal(names.len, 0);
    /* A link where a file is to be is replaced, and what it leads to stays. */
    assert_int_equal(unlink(link), 0);
    (void)snprintf(link, sizeof(link), "%s/recording.tmp", place.path);
    (void)strncat(outside, "/file", 10);
    assert_int_equal(symlink(outside, link), 0);
    OK(record(&place, rows, MLN_LEN(rows), "1234", &ignored, &err), &err);
    assert_int_equal(access(outside, F_OK), -1);
    end(&place);
}

static void a_file_that_cannot_be_written_ends_the_run(void **state)
{
    static const struct script rows[] = { ACCOUNT,
        { "ecs/DescribeRegions/_/_.1", 200,
                "{\"Regions\":[{\"Id\":\"r1\"}],\"More\":\"0123456789\"}", 0 } };
    const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY }, small = { 40, RLIM_INFINITY };
    MLN_AUTO(mln_buf_free) struct mln_buf ignored = MLN_BUF_INIT(1 << 20);
    MLN_AUTO(mln_buf_free) struct mln_buf names = MLN_BUF_INIT(1 << 20);
    MLN_AUTO(mln_buf_free) struct mln_buf bytes = MLN_BUF_INIT(1 << 20);
    struct place place;
    struct mln_err err;
    int rc;

    (void)state;
    begin(&place);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    rc = record(&place, rows, MLN_LEN(rows), "1234", &ignored, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    assert_int_equal(rc, MLN_EIO);
    assert_non_null(strstr(err.msg, "cannot write"));
    list(place.path, "", &names, &bytes);
    /* No half of a file, and no header: it is no recording. */
    assert_true(holds(&names, "GetCaller/_/_.1.json"));
    assert_false(holds(&names, "DescribeRegions/_/_.1") || holds(&names, ".tmp") ||
                 holds(&names, "recording.json"));
    end(&place);
}

/* ---- texts ---- */

static void clean(const char *body, bool is_xml, const char *masked, struct mln_buf *out)
{
    struct mln_str name = mln_str_of(masked);
    const struct mln_yaml_strs mask = { &name, masked != NULL };
    const struct mln_collect_answer answer = { .body = mln_str_of(body), .is_xml = is_xml };
    struct mln_err err;

    mln_buf_reset(out);
    OK(mln_record_clean(&answer, &mask, out, &err), &err);
}

static void answers_without_secrets_stay_as_they_are(void **state)
{
    static const char *const bodies[] = { "", "{\"a\" : 1.50, \"b\":[]}\n", "<a>b</a>",
        "<html><p>x</html", "{\"a\":", "\xff\xfe" };
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(1 << 16);

    (void)state;
    for (size_t i = 0; i < MLN_LEN(bodies); i++) {
        for (int is_xml = 0; is_xml <= 1; is_xml++) {
            clean(bodies[i], is_xml == 1, NULL, &out);
            EQ_STR(mln_buf_str(&out), bodies[i]);
        }
    }
}

static void secrets_go_and_json_stays_json(void **state)
{
    static const char *const bodies[] = {
        ("{\"a\":\"" KEY_ID "\"}"),
        "{\"AccessKeyId\":\"plainbutsecret\"}",
        "{\"AccessKeySecret\":plainbutsecret}",
        "{\"SecurityToken\":12345678901234}",
        ("{\"SecurityToken\":[\"plainbutsecret\",\"" TOKEN "\"]}"),
        ("{\"Message\":\"signature: StringToSign is [plainbutsecret\\n" KEY_ID "]\"}"),
        "[{\"x\":{\"Signature\":\"plainbutsecret\"}}]",
        ("not JSON with " KEY_ID),
        "{\"Policy\":\"{\\\"AccessKeySecret\\\":\\\"plainbutsecret\\\"}\"}",
    };
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(1 << 16);

    (void)state;
    for (size_t i = 0; i < MLN_LEN(bodies); i++) {
        struct mln_json *before = NULL, *after = NULL;
        struct mln_err err;

        clean(bodies[i], false, NULL, &out);
        assert_false(holds(&out, "CANARY") || holds(&out, "plainbutsecret") ||
                     holds(&out, "12345678901234"));
        if (mln_json_parse(mln_str_of(bodies[i]), &before, &err) == MLN_OK) {
            OK(mln_json_parse(mln_buf_str(&out), &after, &err), &err);
            assert_int_equal(
                    mln_json_count(mln_json_root(before)), mln_json_count(mln_json_root(after)));
        }
        mln_json_free(before);
        mln_json_free(after);
    }
}

static void secrets_go_and_xml_stays_xml(void **state)
{
    static const char *const bodies[] = {
        "<E><OSSAccessKeyId>" KEY_ID "</OSSAccessKeyId><Code>c</Code></E>",
        "<E><StringToSign>a &amp; b\n" KEY_ID "</StringToSign><Code>c</Code></E>",
        "<E><SecurityToken>plainbutsecret</SecurityToken><Code>c</Code></E>",
        "<E><M>SecurityToken=plainbutsecret&amp;b</M><Code>c</Code></E>",
        "<E><M>" KEY_ID "&lt;" TOKEN "</M><Code>c</Code></E>",
    };
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(1 << 16);

    (void)state;
    for (size_t i = 0; i < MLN_LEN(bodies); i++) {
        MLN_AUTO(mln_buf_free) struct mln_buf json = MLN_BUF_INIT(1 << 16);
        struct mln_err err;

        clean(bodies[i], true, NULL, &out);
        assert_false(holds(&out, "CANARY") || holds(&out, "plainbutsecret"));
        OK(mln_xml_to_json(mln_buf_str(&out), &json, NULL, &err), &err);
        assert_true(holds(&json, "\"Code\":\"c\""));
    }
}

static void masked_members_are_masked_once(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf once = MLN_BUF_INIT(1 << 16);
    MLN_AUTO(mln_buf_free) struct mln_buf twice = MLN_BUF_INIT(1 << 16);

    (void)state;
    clean("{\"L\":[{\"Key\":\"abcdefghijklmnop\"},{\"Key\":\"short\"},{\"Key\":null}],\"n\":1}",
            false, "Key", &once);
    EQ_STR(mln_buf_str(&once),
            "{\"L\":[{\"Key\":\"****mnop\"},{\"Key\":\"****\"},{\"Key\":null}],\"n\":1}");
    clean(once.ptr, false, "Key", &twice);
    EQ_STR(mln_buf_str(&twice), once.ptr);
    clean("<R><Key>abcdefghijklmnop</Key><Key></Key><Keys>a</Keys></R>", true, "Key", &once);
    EQ_STR(mln_buf_str(&once), "<R><Key>****</Key><Key></Key><Keys>a</Keys></R>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recording_replays_to_the_same_snapshot),
        cmocka_unit_test(a_second_recording_takes_the_place_of_the_first),
        cmocka_unit_test(a_recording_of_another_account_is_left_alone),
        cmocka_unit_test(no_link_is_followed_and_no_other_file_is_written),
        cmocka_unit_test(a_file_that_cannot_be_written_ends_the_run),
        cmocka_unit_test(answers_without_secrets_stay_as_they_are),
        cmocka_unit_test(secrets_go_and_json_stays_json),
        cmocka_unit_test(secrets_go_and_xml_stays_xml),
        cmocka_unit_test(masked_members_are_masked_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
