/* What `check new` prints: a whole check that passes its own tests, with a word on each part. */
#include "check/check.h"

static const char head[] =
        "name: My_BucketPrefix              # a code name: letters, digits, underscores\n"
        "title: { en: Bucket names carry the team prefix, zh: 存储空间名称带有团队前缀 }\n"
        "group: data                       # identity, network, audit, data, monitoring, protection\n"
        "level: low                        # high, medium, low\n"
        "service: OSS\n"
        "texts:\n"
        "  en:\n"
        "    best_practice: Give every bucket the prefix of the team that owns it.\n"
        "    influence: Nobody knows whom to ask about a bucket without an owner.\n"
        "    suggestion: Move the objects to a bucket whose name begins with the prefix.\n"
        "    help_resource: https://example.com/naming\n"
        "  zh:\n"
        "    best_practice: 每个存储空间的名称都应带有所属团队的前缀。\n"
        "    influence: 没有归属的存储空间出现问题时，无人可以询问。\n"
        "    suggestion: 将对象迁移到名称带有前缀的存储空间。\n"
        "    help_resource: https://example.com/naming\n"
        "grid: { key: BucketName, en: Bucket, zh: 存储空间 }\n"
        "params:\n"
        "  - { name: prefix, default: acme-, en: What names begin with, zh: 名称的前缀 }\n"
        "scope: oss_bucket                 # a table, or a query that gives id and region\n"
        "query: |\n"
        "  select b.id, b.region, b.name,\n"
        "    case when substr(b.name, 1, length(:prefix)) = :prefix then 'pass' else 'fail' end\n"
        "      as verdict,\n"
        "    case when substr(b.name, 1, length(:prefix)) = :prefix then null\n"
        "      else 'the name does not begin with ' || :prefix end as reason,\n"
        "    json_object('prefix', :prefix) as evidence\n"
        "  from oss_bucket b\n"
        "tests:\n"
        "  - name: a name with the prefix passes\n"
        "    rows: { oss_bucket: [{ id: acme-web, region: cn-hangzhou }] }\n"
        "    expect: { acme-web: pass }\n"
        "  - name: a name without the prefix fails\n"
        "    rows: { oss_bucket: [{ id: web }] }\n"
        "    expect: { web: { verdict: fail, reason: the name does not begin with acme- } }\n"
        "  - name: another prefix\n"
        "    params: { prefix: web }\n"
        "    rows: { oss_bucket: [{ id: web }] }\n"
        "    expect: { web: pass }\n";

void mln_check_skeleton(int64_t id, struct mln_buf *out)
{
    mln_buf_addf(out, "id: %lld\n", (long long)id);
    mln_buf_add_cstr(out, head);
}
