/* The SQL skeleton: its normal form, its flags, and properties over random statements. */
#include "detect/sql_skeleton.h"
#include "test.h"

static struct mln_sql_scratch scratch;
static struct mln_sql_skeleton skeleton;
static struct mln_err err;

static void build(struct mln_str sql)
{
    memset(&skeleton, 0xa5, sizeof(skeleton));
    OK(mln_sql_skeleton(MLN_SQL_MYSQL, sql, &scratch, &skeleton, &err), &err);
}

struct form {
    const char *sql, *text;
};

static void check_forms(const struct form *forms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        build(mln_str_of(forms[i].sql));
        EQ_STR(skeleton.text, forms[i].text);
    }
}

static void drops_comments_and_folds_case_and_blanks(void **state)
{
    static const struct form forms[] = {
        { "", "" },
        { "  \t\n ", "" },
        { "SELECT name FROM t WHERE a = 'drop table x' -- hi", "select name from t where a = '?'" },
        { "SELECT\n\t 1  ;", "select 0" },
        { "select/**/a/* b */from t", "select a from t" },
        { "select a # from t\n, b", "select a,b" },
        { "select a--b", "select a- -b" },
        { "select a-- b", "select a" },
        { "select /*+ NO_INDEX(t) */ a", "select a" },
        { "select '/* no comment */', \"-- nor this\", `#nor this`", "select '?','?',`#nor this`" },
        { "; ;drop table a;; drop table b; ;", "drop table a; drop table b" },
        { "select /* open", "select" },
    };

    (void)state;
    check_forms(forms, MLN_LEN(forms));
}

static void puts_literals_and_numbers_aside(void **state)
{
    static const struct form forms[] = {
        { "'a'or'b'", "'?' or '?'" },
        { "select 'a' 'b' \"c\", 'd'", "select '?','?'" },
        { "N'a', n'b', _utf8'c', _latin1\"d\"", "'?','?','?','?'" },
        { "x'41', X'4142', b'01', 0xff, 0XFF, 0b11", "0,0,0,0,0,0" },
        { "x'4g'", "x '?'" },
        { "1, 1.5, .5, 1., 1e9, 1.5E-3, 1e+5, -7", "0,0,0,0,0,0,0,-0" },
        { "1e0union select 1.from t", "0 union select 0 from t" },
        { "2fa_tokens, t.1a, 0xZZ, 1e", "2fa_tokens,t.1a,0xzz,1e" },
        { "alter user 'r'@'%' identified by *****", "alter user '?'@'?' identified by '?'" },
        { "password(*****)", "password('?')" },
        { "select 'open", "select '?'" },
    };

    (void)state;
    check_forms(forms, MLN_LEN(forms));
}

static void gives_identifiers_and_punctuation_one_form(void **state)
{
    static const struct form forms[] = {
        { "SELECT `Shop` . `Orders`", "select shop.orders" },
        { "select `two words`, `where`, `a``b`, `9`, ``",
                "select `two words`,`where`,`a``b`,`9`,``" },
        { "insert into t (a , b) values ( 1 ,'x' ),(2,'y')",
                "insert into t(a,b) values (0,'?'),(0,'?')" },
        { "select count( * ) , t.* from t where(a=1)and b in(1,2)",
                "select count(*),t.* from t where (a = 0) and b in (0,0)" },
        { "select*from t", "select * from t" },
        { "grant all on *.* to a, shop.* to b", "grant all on *.* to a,shop.* to b" },
        { "(select 1)union(select 2)", "(select 0) union (select 0)" },
        { "sleep (5), if (a,b,c)", "sleep(0),if(a,b,c)" },
        { "a<=b>=c<>d!=e<=>f:=g<<h>>i&&j||k",
                "a <= b >= c <> d != e <=> f := g << h >> i && j || k" },
        { "a=-1 and b = - 1 and c-1", "a = -0 and b = - 0 and c-0" },
        { "a%b / c", "a%b / c" },
        { "select@@version,@@global . x, @a:=1", "select @@version,@@global.x,@a := 0" },
        { "create user root@localhost", "create user root@localhost" },
        { "select ? , ?=?", "select ?,? = ?" },
        { "LIMIT 5 , 10", "limit 0,0" },
    };

    (void)state;
    check_forms(forms, MLN_LEN(forms));
}

static void shows_the_statement_that_another_wraps(void **state)
{
    static const struct form forms[] = {
        { "SET STATEMENT max_statement_time=1 FOR DELETE FROM t",
                "set statement max_statement_time = 0; delete from t" },
        { "analyze format=json update t set a=1", "analyze format = json; update t set a = 0" },
        { "ANALYZE TABLE `delete`", "analyze table `delete`" },
        { "with x as (select 1) delete from t", "with x as (select 0); delete from t" },
        { "with x as (select 1) select a from x", "with x as (select 0) select a from x" },
        { "with x as (select 0); delete from t", "with x as (select 0); delete from t" },
        { "analyze table t; delete from t", "analyze table t; delete from t" },
        { "set statement = 1", "set statement = 0" },
        { "set a = 1 for", "set a = 0 for" },
        { "set password for a = 'x'", "set password for a = '?'" },
    };

    (void)state;
    check_forms(forms, MLN_LEN(forms));
    build(MLN_STR("set statement a=1 for delete from t"));
    EQ_STR(skeleton.verb, "DELETE");
    assert_int_equal(skeleton.flags & MLN_SQL_MULTI, 0);
    build(MLN_STR("set statement a=1 for select 1; select 2"));
    assert_int_equal(skeleton.flags & MLN_SQL_MULTI, MLN_SQL_MULTI);
}

static void takes_the_blanks_and_nulls_that_servers_take(void **state)
{
    static const struct form forms[] = {
        { "1\xa0union\xa0\xa0select\xa0 1", "0 union select 0" },
        { "\xa0select\x0b"
          "a\x0c"
          "from t",
                "select a from t" },
        { "select \xc3\xa0 from `\xc3\xa0`", "select \xc3\xa0 from \xc3\xa0" },
        { "where id=\\Nunion select \\N,\\N", "where id = 0 union select 0,0" },
    };

    (void)state;
    check_forms(forms, MLN_LEN(forms));
}

static void unwraps_executable_comments(void **state)
{
    static const struct form forms[] = {
        { "SELECT /*!40001 SQL_NO_CACHE */ * FROM t", "select sql_no_cache * from t" },
        { "/*! select 1 */", "select 0" },
        { "1/*!50000union*//*!50000select*/2", "0 union select 0" },
        { "1 /*M!100100 union */ 2", "0 union 0" },
        { "1 /*!0union*/ 2", "0 union 0" },
        { "1 /*!100100union*/ 2", "0 union 0" },
        { "union /*!99999 x */ select", "union select" },
        { "union /*!999999 x */ select", "union select" },
        { "/*! a /* b */ c */", "a c" },
        { "select '/*!50000 x */'", "select '?'" },
    };

    (void)state;
    check_forms(forms, MLN_LEN(forms));
}

static void keeps_the_decoded_strings(void **state)
{
    (void)state;
    build(MLN_STR(
            "select 'it''s', \"say \\\"hi\\\"\", 'a\\n\\0\\%\\x', 'x' 'y', 0x3c3f706870, 0x41, 'z"));
    assert_int_equal(skeleton.literal_count, 6);
    EQ_STR(skeleton.literals[0], "it's");
    EQ_STR(skeleton.literals[1], "say \"hi\"");
    assert_true(mln_str_eq(skeleton.literals[2], MLN_STR("a\n\0\\%x")));
    EQ_STR(skeleton.literals[3], "xy");
    EQ_STR(skeleton.literals[4], "<?php");
    EQ_STR(skeleton.literals[5], "z");
}

static void keeps_the_first_literals_and_counts_all(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf sql = MLN_BUF_INIT(10000);

    (void)state;
    for (int i = 0; i < 100; i++)
        mln_buf_addf(&sql, "'v%d',", i);
    build(mln_buf_str(&sql));
    assert_int_equal(skeleton.literal_count, MLN_SQL_LITERALS_MAX);
    assert_int_equal(skeleton.literal_total, 100);
    EQ_STR(skeleton.literals[63], "v63");
}

struct flags {
    const char *sql;
    unsigned flags;
};

static void notices_what_rules_ask_for(void **state)
{
    enum {
        C = MLN_SQL_COMMENT,
        L = MLN_SQL_COMMENT | MLN_SQL_LINE_COMMENT,
        TAIL = MLN_SQL_LINE_COMMENT_TAIL,
        E = MLN_SQL_COMMENT | MLN_SQL_EXEC_COMMENT,
        K = MLN_SQL_EXEC_COMMENT_KEYWORD,
        W = MLN_SQL_HAS_WHERE,
        T = MLN_SQL_TAUTOLOGY,
    };
    static const struct flags cases[] = {
        { "select 'a -- b', '/*', `where`, t.limit", 0 },
        { "select a /* x */ , b", C },
        { "select a -- x\n, b", L },
        { "select a from t -- x", L },
        { "select 1 -- x", L | TAIL },
        { "select 'a'#", L | TAIL },
        { "select (a) -- x\n  ", L | TAIL },
        { "select 1 -- x\n, 2", L },
        { "union/**/select", C | MLN_SQL_COMMENT_GAP },
        { "union#x\nselect", L | MLN_SQL_COMMENT_GAP },
        { "union /**/ select", C },
        { "select a,/**/b", C },
        { "select /*!40001 SQL_NO_CACHE */ a", E },
        { "1 /*!50000union*/ 2", E | K },
        { "create /*!50013 definer=a@b */ /*!50001 view v as select a from t */", E },
        { "select 'a", MLN_SQL_UNTERMINATED },
        { "select /* a", C | MLN_SQL_UNTERMINATED },
        { "select `a", MLN_SQL_UNTERMINATED },
        { "select /*! a", E | MLN_SQL_UNTERMINATED },
        { "select 1; drop table t", MLN_SQL_MULTI },
        { "select 1;", 0 },
        { "create procedure p() begin select 1; select 2; end", 0 },
        { "select a from t limit 1", MLN_SQL_HAS_LIMIT },
        { "a where b = 1 or 1=1", W | T },
        { "a where b = 1 or (1 = 1)", W | T },
        { "a where b = '' or 'x'='X' and c = 'd'", W | T },
        { "a where b || 2 = 2", W | T },
        { "a where b or (1)=(1)", W | T },
        { "a where b or 01=1.0", W | T },
        { "a where b or 1=10", W },
        { "a where b or 1.0e1=1.0e10", W },
        { "a where b or true", W | T },
        { "a where b or 1 like 1", W | T },
        { "a where b or 'a' = 'b'", W },
        { "a where b or 1=2", W },
        { "a where b or 1=1+1", W },
        { "a where b or c=c", W },
        { "a where b or 1", W },
        { "a where 1=1", W | T },
        { "a where (1=1)", W | T },
        { "a where true", W | T },
        { "a where 1=1 order by b", W | T },
        { "a where 1=1 and b = 2", W },
        { "a where (1=1) and b = 2", W },
        { "a where 1=1 && b = 2", W },
        { "a where 1=1; b", W | T | MLN_SQL_MULTI },
        { "a join b on 1=1", 0 },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        build(mln_str_of(cases[i].sql));
        if (skeleton.flags != cases[i].flags)
            fail_msg("%s: got %#x, want %#x", cases[i].sql, skeleton.flags, cases[i].flags);
    }
}

static void names_the_verb_in_upper_case(void **state)
{
    static const struct form forms[] = {
        { "select 1", "SELECT" },
        { "(select 1) union (select 2)", "SELECT" },
        { "/*!50000 drop table t */", "DROP" },
        { "-- x\nInsert into t", "INSERT" },
        { "with x as (select 1) delete from t", "DELETE" },
        { "'a'", "" },
        { "", "" },
        { "; grant all", "GRANT" },
        { "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
                "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(forms); i++) {
        build(mln_str_of(forms[i].sql));
        EQ_STR(skeleton.verb, forms[i].text);
    }
}

static void cuts_what_is_too_long_and_says_so(void **state)
{
    size_t len = MLN_SQL_BYTES_MAX + 1;
    char *sql = malloc(len);

    (void)state;
    assert_non_null(sql);
    memset(sql, 'a', len);
    build((struct mln_str){ .ptr = sql, .len = len });
    assert_int_equal(skeleton.text.len, MLN_SQL_BYTES_MAX);
    assert_int_equal(skeleton.flags, MLN_SQL_CUT);
    memset(sql, '=', len);
    build((struct mln_str){ .ptr = sql, .len = len - 1 });
    assert_true(skeleton.text.len <= MLN_SQL_TEXT_MAX(len));
    assert_int_equal(skeleton.flags, 0);
    free(sql);
}

static uint64_t seed = 88172645463325252u;

static size_t pick(size_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed % below);
}

static const char *const pieces[] = { "select", "UNION", "where", "or", "and", "in", "values", "t",
    "`Col`", "`a b`", "`where`", "'x'", "\"y\"", "'it''s'", "N'z'", "_utf8'u'", "x'41'", "0xff",
    "1", "1.5", ".5", "1e", "1e5", "0", "@a", "@@b", "@", "(", ")", ",", "=", "<", "<=>", "!",
    "!=", ":=", "||", "|", "&&", "*", "*****", "+", "-", "/", "%", ".", ";", "?", " ", " ", " ",
    "\n", "/**/", "/* c */", "\xc3\xa9", "true", "like", "limit" };

static void random_statement(struct mln_buf *out, bool comments)
{
    size_t count = 1 + pick(14);

    mln_buf_reset(out);
    for (size_t i = 0; i < count; i++) {
        const char *piece = pieces[pick(MLN_LEN(pieces))];

        if (comments || (strstr(piece, "/*") == NULL && strcmp(piece, "/") != 0))
            mln_buf_add_cstr(out, piece);
    }
}

static void is_its_own_skeleton(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf sql = MLN_BUF_INIT(1000);
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(2000);

    (void)state;
    for (int i = 0; i < 200000; i++) {
        random_statement(&sql, true);
        build(mln_buf_str(&sql));
        assert_true(skeleton.text.len <= MLN_SQL_TEXT_MAX(sql.len));
        mln_buf_reset(&text);
        mln_buf_add(&text, skeleton.text);
        build(mln_buf_str(&text));
        if (!mln_str_eq(skeleton.text, mln_buf_str(&text)))
            fail_msg("<%s> gives <%s> gives <%.*s>", sql.ptr, text.ptr, MLN_FMT(skeleton.text));
    }
}

static void is_the_same_inside_an_executable_comment(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf sql = MLN_BUF_INIT(1000);
    MLN_AUTO(mln_buf_free) struct mln_buf wrapped = MLN_BUF_INIT(2000);
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(2000);

    (void)state;
    for (int i = 0; i < 50000; i++) {
        random_statement(&sql, false);
        if (sql.len == 0 ||
                memchr(sql.ptr, '-', sql.len) != NULL) /* A line comment hides the end. */
            continue;
        build(mln_buf_str(&sql));
        mln_buf_reset(&text);
        mln_buf_add(&text, skeleton.text);
        mln_buf_reset(&wrapped);
        mln_buf_addf(&wrapped, "/*!50000 %s */", sql.ptr);
        build(mln_buf_str(&wrapped));
        if (!mln_str_eq(skeleton.text, mln_buf_str(&text)))
            fail_msg("<%s> gives <%.*s>", sql.ptr, MLN_FMT(skeleton.text));
    }
}

/* The input ends exactly at the end of its memory, so that a sanitizer sees a read beyond it. */
static void never_reads_past_the_end(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        static const char bytes[] = "'\"`/*!5-#\\.0xeE+@_nNbB;()=<>|& a\0\xff";
        size_t len = pick(9);
        char *sql = malloc(len + (len == 0));

        assert_non_null(sql);
        for (size_t j = 0; j < len; j++)
            sql[j] = bytes[pick(sizeof(bytes) - 1)];
        build((struct mln_str){ .ptr = sql, .len = len });
        assert_true(skeleton.text.len <= MLN_SQL_TEXT_MAX(len));
        free(sql);
    }
}

static int set_up(void **state)
{
    (void)state;
    mln_sql_scratch_init(&scratch);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mln_sql_scratch_fini(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drops_comments_and_folds_case_and_blanks),
        cmocka_unit_test(puts_literals_and_numbers_aside),
        cmocka_unit_test(gives_identifiers_and_punctuation_one_form),
        cmocka_unit_test(shows_the_statement_that_another_wraps),
        cmocka_unit_test(takes_the_blanks_and_nulls_that_servers_take),
        cmocka_unit_test(unwraps_executable_comments),
        cmocka_unit_test(keeps_the_decoded_strings),
        cmocka_unit_test(keeps_the_first_literals_and_counts_all),
        cmocka_unit_test(notices_what_rules_ask_for),
        cmocka_unit_test(names_the_verb_in_upper_case),
        cmocka_unit_test(cuts_what_is_too_long_and_says_so),
        cmocka_unit_test(is_its_own_skeleton),
        cmocka_unit_test(is_the_same_inside_an_executable_comment),
        cmocka_unit_test(never_reads_past_the_end),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
