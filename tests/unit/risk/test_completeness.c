/* What was read, as it is kept and as it is told: also where what was kept makes no sense. */
#include <stdio.h>

#include "risk/completeness.h"
#include "test.h"
#include "wire/writer.h"

static struct mln_gap gaps[] = {
    { .why = MLN_UNREAD_DENIED, .calls = 2, .regions = 2 },
    { .why = MLN_UNREAD_ERROR, .calls = 1 },
};

static struct mln_completeness sample(void)
{
    gaps[0].call = MLN_STR("ecs:DescribeDisks");
    gaps[0].action = MLN_STR("ecs:DescribeDisks");
    gaps[1].call = MLN_STR("oss:GetBucketAcl");
    return (struct mln_completeness){
        .is_known = true,
        .calls = 1214,
        .read = 1204,
        .not_activated = 4,
        .no_region = 3,
        .denied = 2,
        .failed = 1,
        .pages = 1300,
        .rows = 1234567,
        .counted_rows = 1312,
        .total = 1312,
        .regions = 29,
        .regions_with_rows = 3,
        .oldest_ms = 1795305600000,
        .newest_ms = 1795305900000,
        .reused = 12,
        .gaps = gaps,
        .gap_count = 2,
    };
}

struct told {
    struct mln_buf json, again, read, not_read;
};

static void told_fini(struct told *told)
{
    mln_buf_free(&told->json);
    mln_buf_free(&told->again);
    mln_buf_free(&told->read);
    mln_buf_free(&told->not_read);
}

static struct told tell(struct mln_str json, const char *reason, enum mln_lang lang)
{
    struct told told = { MLN_BUF_INIT(100000), MLN_BUF_INIT(100000), MLN_BUF_INIT(100000),
        MLN_BUF_INIT(100000) };
    const struct mln_check_result result = { .completeness = json,
        .not_assessed_reason = mln_str_of(reason) };
    struct mln_writer w;

    mln_result_completeness_say(&result, lang, &told.read, &told.not_read);
    mln_result_completeness_print(json, &told.again);
    mln_writer_begin(&w, &told.json, MLN_FORMAT_JSON, NULL);
    mln_result_completeness_write(&w, "C", json);
    mln_writer_end(&w);
    return told;
}

static void it_comes_back_as_it_was_kept_and_is_told(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf kept = MLN_BUF_INIT(100000);
    MLN_AUTO(mln_buf_free) struct mln_buf member = MLN_BUF_INIT(100000);
    const struct mln_completeness completeness = sample();
    struct told told;

    (void)state;
    mln_completeness_print(&completeness, &kept);
    told = tell(mln_buf_str(&kept), "why", MLN_LANG_EN);
    assert_string_equal(told.again.ptr, kept.ptr);
    mln_buf_addf(&member, "{\"C\":%s}", kept.ptr);
    assert_string_equal(told.json.ptr, member.ptr);
    assert_string_equal(told.read.ptr,
            "1,214 calls in 29 regions (3 with rows), 1,300 pages, 1,234,567 rows (as many as the "
            "cloud counts, where it does), 2026-11-22T00:00:00Z to 2026-11-22T00:05:00Z; 4 of a "
            "product that is not activated; 3 where the region does not have the product; 12 "
            "unchanged since an earlier snapshot");
    assert_string_equal(told.not_read.ptr,
            "no permission: ecs:DescribeDisks (2 calls in 2 regions); failed: oss:GetBucketAcl (1 "
            "call)");
    told_fini(&told);
    told = tell(mln_buf_str(&kept), "", MLN_LANG_ZH);
    assert_non_null(strstr(told.read.ptr, "1,214 次调用，29 个地域（3 个有数据），1,300 页"));
    assert_string_equal(told.not_read.ptr,
            "无权限：ecs:DescribeDisks（2 次调用，2 个地域）；失败：oss:GetBucketAcl（1 "
            "次调用）；不影响该结论");
    told_fini(&told);
}

static void what_was_read_completely_has_nothing_to_add(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf kept = MLN_BUF_INIT(100000);
    const struct mln_completeness one = {
        .is_known = true, .calls = 1, .read = 1, .pages = 1, .rows = 1
    };
    const struct mln_completeness fewer = { .is_known = true,
        .calls = 2,
        .read = 2,
        .pages = 2,
        .rows = 9,
        .counted_rows = 9,
        .total = 11,
        .oldest_ms = 1000,
        .newest_ms = 1000 };
    struct told told;

    (void)state;
    mln_completeness_print(&one, &kept);
    assert_non_null(strstr(kept.ptr, "{\"Complete\":true,\"Calls\":1,"));
    told = tell(mln_buf_str(&kept), "", MLN_LANG_EN);
    assert_string_equal(told.read.ptr, "1 call, 1 page, 1 row");
    assert_int_equal(told.not_read.len, 0);
    told_fini(&told);
    mln_buf_reset(&kept);
    mln_completeness_print(&fewer, &kept);
    told = tell(mln_buf_str(&kept), "", MLN_LANG_EN);
    assert_string_equal(told.read.ptr,
            "2 calls, 2 pages, 9 rows (9 where the cloud counts 11), 1970-01-01T00:00:01Z");
    told_fini(&told);
}

static void each_kind_of_gap_makes_it_incomplete(void **state)
{
    struct mln_completeness of[6] = { { .denied = 1 }, { .throttled = 1 }, { .unsupported = 1 },
        { .failed = 1 }, { .not_recorded = 1 }, { .not_collected = 1 } };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(of); i++) {
        MLN_AUTO(mln_buf_free) struct mln_buf kept = MLN_BUF_INIT(100000);

        of[i].is_known = true;
        mln_completeness_print(&of[i], &kept);
        assert_non_null(strstr(kept.ptr, "{\"Complete\":false,"));
    }
}

static void what_is_not_known_is_not_told(void **state)
{
    static const char *const texts[] = { "", "x", "[1]", "1", "{", "null", "\"a\"" };
    MLN_AUTO(mln_buf_free) struct mln_buf kept = MLN_BUF_INIT(1000);
    const struct mln_completeness unknown = { .calls = 3 };

    (void)state;
    mln_completeness_print(&unknown, &kept);
    assert_int_equal(kept.len, 0);
    for (size_t i = 0; i < MLN_LEN(texts); i++) {
        struct told told = tell(mln_str_of(texts[i]), "", MLN_LANG_EN);

        assert_string_equal(told.json.ptr, "{\"C\":null}");
        assert_int_equal(told.again.len + told.read.len + told.not_read.len, 0);
        told_fini(&told);
    }
}

static void members_that_make_no_sense_are_nothing(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf many = MLN_BUF_INIT(100000);
    struct told told = tell(
            MLN_STR("{\"Calls\":-5,\"Rows\":\"x\",\"Pages\":1.5,\"Regions\":null,\"Denied\":"
                    "9223372036854775807,\"Failed\":9223372036854775807,\"MoreNotRead\":"
                    "9223372036854775807,\"NotRead\":[7,{\"Call\":3},{\"Why\":\"odd\",\"Call\":"
                    "\"\\u001b[2J\"}],\"Extra\":{}}"),
            "", MLN_LANG_EN);

    (void)state;
    assert_string_equal(told.read.ptr, "0 calls, 0 pages, 0 rows");
    assert_non_null(strstr(told.json.ptr, "{\"C\":{\"Complete\":false,\"Calls\":0,"));
    assert_null(strstr(told.json.ptr, "Extra"));
    assert_non_null(
            strstr(told.again.ptr, "\"Call\":\"\\u001b[2J\",\"RamAction\":\"\",\"Why\":\"error\""));
    told_fini(&told);
    mln_buf_add_cstr(&many, "{\"NotRead\":[");
    for (int i = 0; i < 50; i++)
        mln_buf_addf(&many, "%s{\"Call\":\"c%d\",\"Calls\":1}", i > 0 ? "," : "", i);
    mln_buf_add_cstr(&many, "]}");
    told = tell(mln_buf_str(&many), "why", MLN_LANG_EN);
    assert_non_null(strstr(told.not_read.ptr, "failed: c7 (1 call); 42 more kinds of call"));
    assert_non_null(strstr(told.again.ptr, "\"MoreNotRead\":10}"));
    told_fini(&told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_comes_back_as_it_was_kept_and_is_told),
        cmocka_unit_test(what_was_read_completely_has_nothing_to_add),
        cmocka_unit_test(each_kind_of_gap_makes_it_incomplete),
        cmocka_unit_test(what_is_not_known_is_not_told),
        cmocka_unit_test(members_that_make_no_sense_are_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
