#include "cli/risk_source.h"
#include "cli/rows.h"
#include "test.h"

static int64_t now(void *ctx)
{
    (void)ctx;
    return 1767323045000;
}

static const struct mln_clock clock_fixed = { now, now, NULL };

static void fini(struct cli *cli)
{
    mln_buf_free(&cli->out.buf);
}

static struct cli make(enum cli_format format)
{
    return (struct cli){
        .clock = &clock_fixed, .format = format, .out = { .buf = MLN_BUF_INIT(1 << 20), .fd = -1 }
    };
}

static void prints_one_table_in_every_format(void **state)
{
    static const struct cli_column columns[] = {
        { "id", "ID", "编号" },
        { "name", "NAME", "名称" },
        { "hidden", NULL, NULL },
        { "seen", "SEEN", "时间" },
    };
    static const struct {
        enum cli_format format;
        const char *want;
    } cases[] = {
        { CLI_TABLE,
                "ID  NAME             SEEN\n7   误a\\x1B\\u{202E}  2026-01-02T03:04:05Z\n8   =1+1,\"           -\n" },
        { CLI_JSON,
                "{\"items\":[\n{\"id\":7,\"name\":\"误a\\u001b\\u202e\",\"hidden\":true,\"seen\":1767323045000},\n"
                "{\"id\":8,\"name\":\"=1+1,\\\"\",\"hidden\":false,\"seen\":0}\n],\"total\":2,\"incomplete\":false,"
                "\"source\":{\"api\":\"Sddp\"},\"generated_at\":\"2026-01-02T03:04:05Z\"}\n" },
        { CLI_JSONL,
                "{\"id\":7,\"name\":\"误a\\u001b\\u202e\",\"hidden\":true,\"seen\":1767323045000}\n"
                "{\"id\":8,\"name\":\"=1+1,\\\"\",\"hidden\":false,\"seen\":0}\n" },
        { CLI_CSV,
                "id,name,hidden,seen\r\n7,误a\\x1B\\u{202E},true,1767323045000\r\n8,\"'=1+1,\"\"\",false,0\r\n" },
    };
    const struct cli_origin origin = { .api = "Sddp" };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        MLN_AUTO(fini) struct cli cli = make(cases[i].format);
        const struct cli_cell first[] = { cli_cell_int(7), cli_cell_cstr("误a\x1b\xe2\x80\xae"),
            cli_cell_bool(true), cli_cell_time(1767323045000) };
        const struct cli_cell second[] = { cli_cell_int(8), cli_cell_cstr("=1+1,\""),
            cli_cell_bool(false), cli_cell_time(0) };
        struct cli_rows rows;
        struct mln_err err;

        cli_rows_begin(&rows, &cli, columns, MLN_LEN(columns));
        cli_rows_add(&rows, first);
        cli_rows_add(&rows, second);
        OK(cli_rows_end(&rows, -1, false, &origin, &err), &err);
        EQ_STR(mln_buf_str(&cli.out.buf), cases[i].want);
    }
}

static void writes_out_what_acts_on_a_terminal_in_json(void **state)
{
    static const char in[] = "{\"k\\u001b\":\"a\x7f\xc2\x9b\xe2\x80\xae\xe4\xb8\xad\xff\"}";
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(200);

    (void)state;
    cli_json_safe(mln_str_of(in), &out);
    EQ_STR(mln_buf_str(&out), "{\"k\\u001b\":\"a\\u007f\\u009b\\u202e\xe4\xb8\xad\xff\"}");
}

static void tells_null_from_empty_text(void **state)
{
    static const struct cli_column columns[] = { { "a", "A", "A" }, { "b", "B", "B" } };
    static const struct {
        enum cli_format format;
        const char *want;
    } cases[] = {
        { CLI_JSONL, "{\"a\":null,\"b\":\"\"}\n" },
        { CLI_CSV, "a,b\r\n,\r\n" },
        { CLI_TABLE, "A     B\nNULL  -\n" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        MLN_AUTO(fini) struct cli cli = make(cases[i].format);
        const struct cli_cell cells[] = { cli_cell_null(), cli_cell_cstr("") };
        struct cli_rows rows;
        struct mln_err err;

        cli_rows_begin(&rows, &cli, columns, MLN_LEN(columns));
        cli_rows_add(&rows, cells);
        OK(cli_rows_end(&rows, -1, false, NULL, &err), &err);
        EQ_STR(mln_buf_str(&cli.out.buf), cases[i].want);
    }
}

static void prints_the_block_of_the_listing(void **state)
{
    MLN_AUTO(fini) struct cli cli = make(CLI_DEFAULT);
    const struct mln_sddp_event event = {
        .risk_id = 75110196,
        .rule_name = MLN_STR("a\nb"),
        .warn_level = 2,
        .product = MLN_STR("RDS"),
        .alarm_count = 123456,
        .instance_count = 10000,
        .category_name = MLN_STR("c"),
    };

    (void)state;
    risk_put_block(&cli, &event);
    EQ_STR(mln_buf_str(&cli.out.buf),
            "Risk ID: 75110196\nRule Name: a\\x0Ab\nRisk Level: Medium Risk\nProduct Type: RDS\n"
            "Alert Count: 123456\nAsset Count: 10000+\nRule Category: c\n"
            "--------------------------------------------------------------------------------\n");
}

static void has_a_column_for_every_field(void **state)
{
    const struct mln_sddp_field *fields;
    size_t count;

    (void)state;
    fields = mln_sddp_fields(&count);
    assert_int_equal(count, RISK_COLUMNS);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(fields[i].name, risk_columns()[i].key);
}

static void reads_risk_ids_strictly(void **state)
{
    static const char *const bad[] = { "", "0", "-1", "+1", "1 ", "01x", "9007199254740992",
        "9223372036854775808", "text" };
    struct mln_err err;
    int64_t id = 77;

    (void)state;
    for (size_t i = 0; i < MLN_LEN(bad); i++) {
        FAILS(risk_id_read(mln_str_of(bad[i]), &id, &err), MLN_EUSAGE, &err, "risk id");
        assert_int_equal(id, 77);
    }
    OK(risk_id_read(MLN_STR("9007199254740991"), &id, &err), &err);
    assert_int_equal(id, MLN_RISK_ID_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_one_table_in_every_format),
        cmocka_unit_test(writes_out_what_acts_on_a_terminal_in_json),
        cmocka_unit_test(tells_null_from_empty_text),
        cmocka_unit_test(prints_the_block_of_the_listing),
        cmocka_unit_test(has_a_column_for_every_field),
        cmocka_unit_test(reads_risk_ids_strictly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
