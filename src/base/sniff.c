#include "config.h"

#include "base/sniff.h"

#include <strings.h>

enum {
    TAR_MAGIC = 257
}; /* offset of "ustar" in archives of POSIX.1-2001 (pax, ustar) and GNU tar */

/* First bytes that no JSON text has; if two share a beginning, the longer one comes first. */
static const struct beginning {
    struct span bytes;
    struct sniff sniff;
} beginnings[] = {
    {SPAN_INIT("\xef\xbb\xbf"), {SNIFF_MARKED, NULL, NULL}},
    {SPAN_INIT("\x1f\x8b"), {SNIFF_GZIP, NULL, NULL}},
    {SPAN_INIT("\xff\xfe\0\0"), {SNIFF_FOREIGN, "text in UTF-32", "iconv -f UTF-32 -t UTF-8 FILE"}},
    {SPAN_INIT("\0\0\xfe\xff"), {SNIFF_FOREIGN, "text in UTF-32", "iconv -f UTF-32 -t UTF-8 FILE"}},
    {SPAN_INIT("\xff\xfe"), {SNIFF_FOREIGN, "text in UTF-16", "iconv -f UTF-16 -t UTF-8 FILE"}},
    {SPAN_INIT("\xfe\xff"), {SNIFF_FOREIGN, "text in UTF-16", "iconv -f UTF-16 -t UTF-8 FILE"}},
    {SPAN_INIT("{\0"), {SNIFF_FOREIGN, "text in UTF-16", "iconv -f UTF-16LE -t UTF-8 FILE"}},
    {SPAN_INIT("[\0"), {SNIFF_FOREIGN, "text in UTF-16", "iconv -f UTF-16LE -t UTF-8 FILE"}},
    {SPAN_INIT("\0{"), {SNIFF_FOREIGN, "text in UTF-16", "iconv -f UTF-16BE -t UTF-8 FILE"}},
    {SPAN_INIT("\0["), {SNIFF_FOREIGN, "text in UTF-16", "iconv -f UTF-16BE -t UTF-8 FILE"}},
    {SPAN_INIT("PK\3\4"), {SNIFF_FOREIGN, "a zip archive", "unzip -p FILE"}},
    {SPAN_INIT("PK\5\6"), {SNIFF_FOREIGN, "an empty zip archive", NULL}},
    {SPAN_INIT("7z\xbc\xaf\x27\x1c"), {SNIFF_FOREIGN, "a 7z archive", "7z x -so FILE"}},
    {SPAN_INIT("\x28\xb5\x2f\xfd"), {SNIFF_FOREIGN, "compressed with zstd", "zstdcat FILE"}},
    {SPAN_INIT("\xfd\x37zXZ"), {SNIFF_FOREIGN, "compressed with xz", "xzcat FILE"}},
    {SPAN_INIT("BZh"), {SNIFF_FOREIGN, "compressed with bzip2", "bzcat FILE"}},
    {SPAN_INIT("\x04\x22\x4d\x18"), {SNIFF_FOREIGN, "compressed with lz4", "lz4cat FILE"}},
    {SPAN_INIT("\x1f\x9d"), {SNIFF_FOREIGN, "compressed with compress", "zcat FILE"}},
    {SPAN_INIT("PAR1"), {SNIFF_FOREIGN, "a Parquet file, not JSON", NULL}},
    {SPAN_INIT("<?xml"), {SNIFF_FOREIGN, "XML, not JSON", NULL}},
    {SPAN_INIT("<!doctype"), {SNIFF_FOREIGN, "an HTML or XML page, not JSON", NULL}},
    {SPAN_INIT("<html"), {SNIFF_FOREIGN, "an HTML page, not JSON", NULL}},
};

/* Whether both begin alike, up to the length of the shorter one; in markup, case is ignored. */
static bool begins(struct span bytes, struct span beginning)
{
    size_t len = bytes.len < beginning.len ? bytes.len : beginning.len;
    return beginning.at[0] == '<' ? strncasecmp(bytes.at, beginning.at, len) == 0
                                  : memcmp(bytes.at, beginning.at, len) == 0;
}

struct sniff sniff(struct span bytes, bool ended)
{
    const struct span tar = SPAN_INIT("ustar");
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        const struct beginning *b = &beginnings[i];
        if (!begins(bytes, b->bytes))
            continue;
        if (bytes.len >= b->bytes.len)
            return b->sniff;
        if (!ended)
            return (struct sniff){.kind = SNIFF_MORE};
    }
    if (bytes.len >= TAR_MAGIC + tar.len && memcmp(bytes.at + TAR_MAGIC, tar.at, tar.len) == 0)
        return (struct sniff){SNIFF_FOREIGN, "a tar archive", "tar -xOf FILE"};
    return (struct sniff){.kind = SNIFF_TEXT};
}
