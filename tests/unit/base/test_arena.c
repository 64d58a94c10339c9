/* The arena: limits, alignment, reuse. */
#include <stdalign.h>

#include "base/arena.h"
#include "test.h"

static void gives_zeroed_aligned_memory(void **state)
{
    struct mln_arena arena = MLN_ARENA_INIT(1 << 20);

    (void)state;
    for (size_t size = 0; size < 300; size += 7) {
        unsigned char *bytes = mln_arena_alloc(&arena, size);

        assert_non_null(bytes);
        assert_int_equal((uintptr_t)bytes % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(bytes[i], 0);
        memset(bytes, 0xaa, size);
    }
    mln_arena_free(&arena);
    assert_null(arena.head);
    assert_int_equal(arena.used_bytes, 0);
}

static void stops_at_its_limit(void **state)
{
    struct mln_arena arena = MLN_ARENA_INIT(100);

    (void)state;
    assert_null(mln_arena_alloc(&arena, 101));
    assert_null(mln_arena_alloc(&arena, SIZE_MAX));
    assert_non_null(mln_arena_alloc(&arena, 100));
    assert_null(mln_arena_alloc(&arena, 1));
    mln_arena_free(&arena);
}

static void an_unlimited_arena_survives_absurd_sizes(void **state)
{
    struct mln_arena arena = MLN_ARENA_INIT(SIZE_MAX);

    (void)state;
    assert_null(mln_arena_alloc(&arena, SIZE_MAX));
    assert_null(mln_arena_alloc(&arena, SIZE_MAX - 8));
    assert_null(mln_arena_dup(&arena, (struct mln_str){ .ptr = "x", .len = SIZE_MAX }).ptr);
    mln_arena_free(&arena);
}

static void empty_requests_use_up_the_limit_too(void **state)
{
    struct mln_arena arena = MLN_ARENA_INIT(1024);
    size_t count = 0;

    (void)state;
    while (count < 2000 && mln_arena_alloc(&arena, 0) != NULL)
        count++;
    assert_true(count < 200);
    mln_arena_free(&arena);
}

static void a_big_block_leaves_the_small_one_in_use(void **state)
{
    struct mln_arena arena = MLN_ARENA_INIT(1 << 20);
    char *first = mln_arena_alloc(&arena, 16), *big, *second;

    (void)state;
    big = mln_arena_alloc(&arena, 100000);
    memset(big, 1, 100000);
    second = mln_arena_alloc(&arena, 16);
    assert_ptr_equal(second, first + 16);
    mln_arena_free(&arena);
}

static void reset_keeps_a_block_and_gives_zeroed_memory_again(void **state)
{
    struct mln_arena arena = MLN_ARENA_INIT(1 << 20);
    char *first = mln_arena_alloc(&arena, 64), *again;

    (void)state;
    mln_arena_reset(&arena);
    first = mln_arena_alloc(&arena, 64);
    memset(first, 0x55, 64);
    (void)mln_arena_alloc(&arena, 50000);
    mln_arena_reset(&arena);
    assert_int_equal(arena.used_bytes, 0);
    again = mln_arena_alloc(&arena, 64);
    assert_ptr_equal(again, first);
    assert_int_equal(again[63], 0);
    mln_arena_free(&arena);
    mln_arena_reset(&arena);
}

static void copies_are_terminated(void **state)
{
    struct mln_arena arena = MLN_ARENA_INIT(1024);
    struct mln_str copy = mln_arena_dup(&arena, MLN_STR("a\0b"));

    (void)state;
    assert_int_equal(copy.len, 3);
    assert_memory_equal(copy.ptr, "a\0b", 4);
    assert_string_equal(mln_arena_cstr(&arena, MLN_STR("text")), "text");
    assert_string_equal(mln_arena_cstr(&arena, (struct mln_str){ 0 }), "");
    assert_non_null(mln_arena_dup(&arena, (struct mln_str){ 0 }).ptr);
    mln_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_aligned_memory),
        cmocka_unit_test(stops_at_its_limit),
        cmocka_unit_test(an_unlimited_arena_survives_absurd_sizes),
        cmocka_unit_test(empty_requests_use_up_the_limit_too),
        cmocka_unit_test(a_big_block_leaves_the_small_one_in_use),
        cmocka_unit_test(reset_keeps_a_block_and_gives_zeroed_memory_again),
        cmocka_unit_test(copies_are_terminated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
