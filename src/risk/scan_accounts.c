/* The list of accounts that are collected together: from a file, or account by account. */
#include "base/map.h"
#include "risk/scan_priv.h"
#include "yaml/yaml.h"

#define ARENA_MAX     ((size_t)64 * 1024 * 1024)
#define ROLE_NAME_MAX 64
#define ARN_START     "acs:ram::"
#define ARN_MIDDLE    ":role/"
#define NAME_MAX_LEN  ((size_t)256)

struct mln_scan_accounts {
    struct mln_arena arena;
    struct mln_scan_account *items;
    size_t count, capacity;
    struct mln_map ids;
};

int mln_scan_accounts_new(struct mln_scan_accounts **out, struct mln_err *err)
{
    struct mln_scan_accounts *accounts = calloc(1, sizeof(*accounts));

    if (accounts == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    accounts->arena = (struct mln_arena)MLN_ARENA_INIT(ARENA_MAX);
    mln_map_init(&accounts->ids, MLN_ACCOUNTS_MAX);
    *out = accounts;
    return MLN_OK;
}

void mln_scan_accounts_free(struct mln_scan_accounts *accounts)
{
    if (accounts == NULL)
        return;
    mln_map_fini(&accounts->ids, NULL);
    mln_arena_free(&accounts->arena);
    free(accounts->items);
    free(accounts);
}

static void free_slot(struct mln_scan_accounts **slot)
{
    mln_scan_accounts_free(*slot);
}

size_t mln_scan_accounts_count(const struct mln_scan_accounts *accounts)
{
    return accounts->count;
}

struct mln_scan_account mln_scan_accounts_at(const struct mln_scan_accounts *accounts, size_t index)
{
    return accounts->items[index];
}

bool mln_scan_is_account_id(struct mln_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    }
    return text.len > 0 && text.len <= MLN_SCAN_ACCOUNT_DIGITS;
}

static int grow(struct mln_scan_accounts *accounts, struct mln_err *err)
{
    size_t capacity = accounts->capacity > 0 ? accounts->capacity * 2 : 64;
    struct mln_scan_account *items;

    if (accounts->count == MLN_ACCOUNTS_MAX)
        return mln_fail(err, MLN_ETOOBIG, "more than %zu accounts", MLN_ACCOUNTS_MAX);
    if (accounts->count < accounts->capacity)
        return MLN_OK;
    items = mln_resize(accounts->items, capacity, sizeof(*items));
    if (items == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    accounts->items = items;
    accounts->capacity = capacity;
    return MLN_OK;
}

int mln_scan_accounts_add(struct mln_scan_accounts *accounts,
        const struct mln_scan_account *account, struct mln_err *err)
{
    const struct mln_str from[] = { account->id, account->name, account->profile, account->role,
        account->external_id };
    struct mln_str copy[MLN_LEN(from)];
    int rc = grow(accounts, err);

    if (rc != MLN_OK)
        return rc;
    if (account->id.len > 0 && mln_map_get(&accounts->ids, account->id) != NULL)
        return mln_fail(err, MLN_EEXIST, "account %.*s is there twice", MLN_FMT(account->id));
    for (size_t i = 0; i < MLN_LEN(from); i++) {
        copy[i] = mln_arena_dup(&accounts->arena, from[i]);
        if (copy[i].ptr == NULL)
            return mln_fail(err, MLN_ENOMEM, "out of memory");
    }
    if (account->id.len > 0)
        rc = mln_map_put(&accounts->ids, account->id, accounts, NULL);
    if (rc != MLN_OK)
        return mln_fail(err, rc, "out of memory");
    accounts->items[accounts->count++] = (struct mln_scan_account){
        .id = copy[0], .name = copy[1], .profile = copy[2], .role = copy[3], .external_id = copy[4]
    };
    return MLN_OK;
}

/* ---- roles ---- */

static bool is_role_name(struct mln_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' &&
                c != '.' && c != '_')
            return false;
    }
    return name.len > 0 && name.len <= ROLE_NAME_MAX;
}

int mln_scan_accounts_role(struct mln_scan_accounts *accounts, struct mln_str id,
        struct mln_str name, struct mln_str *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(512);

    if (!is_role_name(name))
        return mln_fail(err, MLN_EINVAL,
                "a role's name is 1 to %d letters, digits, '-', '.' and '_'", ROLE_NAME_MAX);
    mln_buf_addf(&text, ARN_START "%.*s" ARN_MIDDLE "%.*s", MLN_FMT(id), MLN_FMT(name));
    *out = mln_arena_dup(&accounts->arena, mln_buf_str(&text));
    return out->ptr != NULL ? MLN_OK : mln_fail(err, MLN_ENOMEM, "out of memory");
}

/* The account that an ARN names; false when it is not the ARN of a role. */
static bool account_of_role(struct mln_str arn, struct mln_str *id)
{
    struct mln_str rest = arn;
    const char *middle;

    if (!mln_str_starts(arn, MLN_STR(ARN_START)))
        return false;
    rest.ptr += strlen(ARN_START);
    rest.len -= strlen(ARN_START);
    middle = memmem(rest.ptr, rest.len, ARN_MIDDLE, strlen(ARN_MIDDLE));
    if (middle == NULL)
        return false;
    *id = (struct mln_str){ rest.ptr, (size_t)(middle - rest.ptr) };
    rest.len -= id->len + strlen(ARN_MIDDLE);
    rest.ptr = middle + strlen(ARN_MIDDLE);
    return mln_scan_is_account_id(*id) && is_role_name(rest);
}

/* ---- the file ---- */

struct file_row {
    const struct mln_yaml_node *accounts;
    struct mln_str external_id, role;
};

static const struct mln_yaml_field file_fields[] = {
    { "accounts", MLN_YAML_NODE, offsetof(struct file_row, accounts), MLN_YAML_REQUIRED, 0, 0 },
    { "external_id", MLN_YAML_STR, offsetof(struct file_row, external_id), 0, 0, 0 },
    { "role", MLN_YAML_STR, offsetof(struct file_row, role), 0, 0, 0 },
};

static const struct mln_yaml_field account_fields[] = {
    { "external_id", MLN_YAML_STR, offsetof(struct mln_scan_account, external_id), 0, 0, 0 },
    { "id", MLN_YAML_STR, offsetof(struct mln_scan_account, id), 0, 0, 0 },
    { "name", MLN_YAML_STR, offsetof(struct mln_scan_account, name), 0, 0, 0 },
    { "profile", MLN_YAML_STR, offsetof(struct mln_scan_account, profile), 0, 0, 0 },
    { "role", MLN_YAML_STR, offsetof(struct mln_scan_account, role), 0, 0, 0 },
};

/* What is being read. */
struct reader {
    struct mln_scan_accounts *out;
    const struct mln_yaml_file *file;
    struct mln_arena *arena; /* Of the file. */
    struct file_row row;
};

/* The role as an ARN, and the account that it belongs to. */
static int settle_role(struct reader *reader, const struct mln_yaml_node *node,
        struct mln_scan_account *account, struct mln_err *err)
{
    struct mln_str id = { 0 };

    if (account->role.len == 0)
        return MLN_OK;
    if (!mln_str_starts(account->role, MLN_STR("acs:"))) {
        if (account->id.len == 0)
            return mln_yaml_fail(err, reader->file, node,
                    "a role by its name needs the account's id: write `id`, or the role's ARN");
        if (mln_scan_accounts_role(reader->out, account->id, account->role, &account->role, err) ==
                MLN_OK)
            return MLN_OK;
        return mln_yaml_fail(err, reader->file, node,
                "`role` is a role's name or an ARN like acs:ram::1234567890123456:role/reader");
    }
    if (!account_of_role(account->role, &id))
        return mln_yaml_fail(err, reader->file, node,
                "`role` is no ARN like acs:ram::1234567890123456:role/reader");
    if (account->id.len > 0 && !mln_str_eq(account->id, id))
        return mln_yaml_fail(err, reader->file, node, "the role is of account %.*s, not of %.*s",
                MLN_FMT(id), MLN_FMT(account->id));
    account->id = id;
    return MLN_OK;
}

static int check_texts(struct reader *reader, const struct mln_yaml_node *node,
        const struct mln_scan_account *account, struct mln_err *err)
{
    const struct {
        const char *name;
        struct mln_str text;
    } rows[] = {
        { "external_id", account->external_id },
        { "name", account->name },
        { "profile", account->profile },
    };

    if (account->id.len > 0 && !mln_scan_is_account_id(account->id))
        return mln_yaml_fail(err, reader->file, node, "`id` is a number of at most %d digits",
                MLN_SCAN_ACCOUNT_DIGITS);
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        if (rows[i].text.len > NAME_MAX_LEN ||
                (rows[i].text.len > 0 && memchr(rows[i].text.ptr, 0, rows[i].text.len) != NULL))
            return mln_yaml_fail(err, reader->file, node, "`%s` is longer than %zu bytes",
                    rows[i].name, NAME_MAX_LEN);
    }
    return MLN_OK;
}

static int read_account(
        struct reader *reader, const struct mln_yaml_node *node, struct mln_err *err)
{
    struct mln_scan_account account = { 0 };
    int rc;

    if (node->kind != MLN_YAML_MAP)
        return mln_yaml_fail(err, reader->file, node,
                "an account is a map with `id`, `name`, `profile`, `role`, `external_id`");
    rc = mln_yaml_decode(reader->file, node, account_fields, MLN_LEN(account_fields), &account,
            reader->arena, err);
    if (rc != MLN_OK)
        return rc;
    rc = check_texts(reader, node, &account, err);
    if (rc != MLN_OK)
        return rc;
    /* An account with a profile of its own needs no role, and gets none that it did not ask for. */
    if (account.role.len == 0 && account.profile.len == 0)
        account.role = reader->row.role;
    if (account.role.len > 0 && account.external_id.len == 0)
        account.external_id = reader->row.external_id;
    if (account.id.len == 0 && account.profile.len == 0 && account.role.len == 0)
        return mln_yaml_fail(err, reader->file, node,
                "an account needs a `profile`, a `role`, or an `id` with a role for all");
    rc = settle_role(reader, node, &account, err);
    if (rc == MLN_OK)
        rc = mln_scan_accounts_add(reader->out, &account, err);
    if (rc == MLN_EEXIST)
        return mln_yaml_fail(
                err, reader->file, node, "account %.*s is there twice", MLN_FMT(account.id));
    return rc;
}

static int read_accounts(struct reader *reader, struct mln_err *err)
{
    const struct mln_yaml_node *list = reader->row.accounts;
    int rc = MLN_OK;

    if (list->kind != MLN_YAML_LIST || list->count == 0)
        return mln_yaml_fail(err, reader->file, list, "`accounts` is a list of accounts");
    if (list->count > MLN_ACCOUNTS_MAX)
        return mln_yaml_fail(err, reader->file, list, "more than %zu accounts", MLN_ACCOUNTS_MAX);
    for (const struct mln_yaml_node *node = list->first; rc == MLN_OK && node != NULL;
            node = node->next)
        rc = read_account(reader, node, err);
    return rc;
}

int mln_scan_accounts_read(const char *path, struct mln_scan_accounts **out, struct mln_err *err)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
    MLN_AUTO(free_slot) struct mln_scan_accounts *accounts = NULL;
    struct mln_yaml_file file;
    struct reader reader = { .file = &file, .arena = &arena };
    int rc = mln_yaml_read(path, &arena, &file, err);

    if (rc != MLN_OK)
        return rc;
    if (file.document_count != 1 || file.documents[0]->kind != MLN_YAML_MAP)
        return mln_fail(err, MLN_EINVAL, "'%s': one map with the list `accounts` is needed", path);
    rc = mln_yaml_decode(
            &file, file.documents[0], file_fields, MLN_LEN(file_fields), &reader.row, &arena, err);
    if (rc == MLN_OK)
        rc = mln_scan_accounts_new(&accounts, err);
    if (rc != MLN_OK)
        return rc;
    reader.out = accounts;
    rc = read_accounts(&reader, err);
    if (rc == MLN_OK)
        *out = MLN_TAKE(accounts);
    return rc;
}
