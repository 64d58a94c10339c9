/* The map: growth, removal in clusters, its cap. */
#include <stdio.h>

#include "base/map.h"
#include "test.h"

static struct mln_str key_of(int number, char text[16])
{
    (void)snprintf(text, 16, "key-%d", number);
    return mln_str_of(text);
}

static void an_empty_map_answers(void **state)
{
    struct mln_map map;
    struct mln_str key;
    void *value;
    size_t at = 0;

    (void)state;
    mln_map_init(&map, 10);
    assert_null(mln_map_get(&map, MLN_STR("x")));
    assert_null(mln_map_take(&map, MLN_STR("x")));
    assert_false(mln_map_next(&map, &at, &key, &value));
    mln_map_fini(&map, free);
}

static void adds_replaces_and_keeps_its_own_keys(void **state)
{
    int one = 1, two = 2;
    char key[] = "name";
    struct mln_map map;
    void *old = &map;

    (void)state;
    mln_map_init(&map, 10);
    assert_int_equal(mln_map_put(&map, mln_str_of(key), &one, &old), MLN_OK);
    assert_null(old);
    key[0] = 'x';
    assert_ptr_equal(mln_map_get(&map, MLN_STR("name")), &one);
    assert_null(mln_map_get(&map, MLN_STR("xame")));
    assert_int_equal(mln_map_put(&map, MLN_STR("name"), &two, &old), MLN_OK);
    assert_ptr_equal(old, &one);
    assert_int_equal(map.count, 1);
    assert_ptr_equal(mln_map_take(&map, MLN_STR("name")), &two);
    assert_null(mln_map_get(&map, MLN_STR("name")));
    mln_map_fini(&map, NULL);
}

static void keys_are_bytes(void **state)
{
    int values[4];
    struct mln_map map;

    (void)state;
    mln_map_init(&map, 10);
    assert_int_equal(mln_map_put(&map, MLN_STR(""), &values[0], NULL), MLN_OK);
    assert_int_equal(mln_map_put(&map, MLN_STR("a"), &values[1], NULL), MLN_OK);
    assert_int_equal(mln_map_put(&map, MLN_STR("a\0"), &values[2], NULL), MLN_OK);
    assert_int_equal(mln_map_put(&map, MLN_STR("a\0b"), &values[3], NULL), MLN_OK);
    assert_ptr_equal(mln_map_get(&map, (struct mln_str){ 0 }), &values[0]);
    assert_ptr_equal(mln_map_get(&map, MLN_STR("a")), &values[1]);
    assert_ptr_equal(mln_map_get(&map, MLN_STR("a\0")), &values[2]);
    assert_ptr_equal(mln_map_get(&map, MLN_STR("a\0b")), &values[3]);
    mln_map_fini(&map, NULL);
}

static void stops_at_its_cap_but_still_replaces(void **state)
{
    int value;
    struct mln_map map;
    void *old = &value;

    (void)state;
    mln_map_init(&map, 2);
    assert_int_equal(mln_map_put(&map, MLN_STR("a"), &value, NULL), MLN_OK);
    assert_int_equal(mln_map_put(&map, MLN_STR("b"), &value, NULL), MLN_OK);
    assert_int_equal(mln_map_put(&map, MLN_STR("c"), &value, &old), MLN_ETOOBIG);
    assert_ptr_equal(old, &value);
    assert_int_equal(mln_map_put(&map, MLN_STR("b"), &map, NULL), MLN_OK);
    assert_ptr_equal(mln_map_take(&map, MLN_STR("a")), &value);
    assert_int_equal(mln_map_put(&map, MLN_STR("c"), &value, NULL), MLN_OK);
    mln_map_fini(&map, NULL);
}

/* Every removal pattern over a growing map agrees with a plain array. */
static void agrees_with_an_array_through_growth_and_removal(void **state)
{
    enum { COUNT = 3000 };
    static bool present[COUNT];
    static int values[COUNT];
    struct mln_map map;
    unsigned dice = 1;
    char text[16];

    (void)state;
    mln_map_init(&map, COUNT);
    for (int round = 0; round < 40000; round++) {
        int pick;
        struct mln_str key;
        void *taken;

        dice = dice * 1103515245U + 12345U;
        pick = (int)(dice >> 8) % COUNT;
        key = key_of(pick, text);
        assert_ptr_equal(mln_map_get(&map, key), present[pick] ? &values[pick] : NULL);
        if ((dice >> 28) < 9) {
            assert_int_equal(mln_map_put(&map, key, &values[pick], NULL), MLN_OK);
            present[pick] = true;
            continue;
        }
        taken = mln_map_take(&map, key);
        assert_ptr_equal(taken, present[pick] ? &values[pick] : NULL);
        present[pick] = false;
    }
    for (int i = 0; i < COUNT; i++)
        assert_ptr_equal(mln_map_get(&map, key_of(i, text)), present[i] ? &values[i] : NULL);
    mln_map_fini(&map, NULL);
}

static void visits_every_entry_once(void **state)
{
    int seen[100] = { 0 };
    struct mln_map map;
    struct mln_str key;
    char text[16];
    void *value;
    size_t at = 0;

    (void)state;
    mln_map_init(&map, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(mln_map_put(&map, key_of(i, text), &seen[i], NULL), MLN_OK);
    while (mln_map_next(&map, &at, &key, &value)) {
        assert_true(mln_str_starts(key, MLN_STR("key-")));
        ++*(int *)value;
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
    mln_map_fini(&map, NULL);
}

static int freed;

static void count_and_free(void *value)
{
    freed++;
    free(value);
}

static void frees_each_value_at_the_end(void **state)
{
    struct mln_map map;
    char text[16];

    (void)state;
    mln_map_init(&map, 50);
    for (int i = 0; i < 50; i++)
        assert_int_equal(mln_map_put(&map, key_of(i, text), calloc(1, 8), NULL), MLN_OK);
    mln_map_fini(&map, count_and_free);
    assert_int_equal(freed, 50);
    assert_int_equal(mln_map_put(&map, MLN_STR("again"), NULL, NULL), MLN_OK);
    mln_map_fini(&map, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_answers),
        cmocka_unit_test(adds_replaces_and_keeps_its_own_keys),
        cmocka_unit_test(keys_are_bytes),
        cmocka_unit_test(stops_at_its_cap_but_still_replaces),
        cmocka_unit_test(agrees_with_an_array_through_growth_and_removal),
        cmocka_unit_test(visits_every_entry_once),
        cmocka_unit_test(frees_each_value_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
