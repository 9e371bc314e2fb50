#include "config.h"

#include "s3/s3_error.h"

#include <stdlib.h>

/* What is left to read. */
struct xml {
    struct span rest;
};

static bool skip(struct xml *xml, size_t len)
{
    xml->rest.at += len;
    xml->rest.len -= len;
    return true;
}

static bool skip_word(struct xml *xml, struct span word)
{
    return xml->rest.len >= word.len && memcmp(xml->rest.at, word.at, word.len) == 0 &&
           skip(xml, word.len);
}

/* Goes past the next place where `word` stands; *before is what stood before it. */
static bool skip_to(struct xml *xml, struct span word, struct span *before)
{
    const char *found = memmem(xml->rest.at, xml->rest.len, word.at, word.len);
    if (found == NULL)
        return false;
    *before = span_between(xml->rest.at, found);
    return skip(xml, before->len + word.len);
}

static void skip_blanks(struct xml *xml)
{
    while (xml->rest.len > 0 && strchr(" \t\r\n", *xml->rest.at) != NULL && *xml->rest.at != '\0')
        skip(xml, 1);
}

/* Goes to the root element: past a declaration and comments. */
static void skip_prolog(struct xml *xml)
{
    struct span inside;
    skip_word(xml, SPAN("\xef\xbb\xbf"));
    do {
        skip_blanks(xml);
    } while ((skip_word(xml, SPAN("<?")) && skip_to(xml, SPAN("?>"), &inside)) ||
             (skip_word(xml, SPAN("<!--")) && skip_to(xml, SPAN("-->"), &inside)));
}

/* Reads <NAME …>; *empty says that it ends in "/>". */
static bool begin_element(struct xml *xml, struct span *name, bool *empty)
{
    struct span tag;
    skip_blanks(xml);
    if (!skip_word(xml, SPAN("<")) || !skip_to(xml, SPAN(">"), &tag) || tag.len == 0 ||
        tag.at[0] == '/' || tag.at[0] == '!')
        return false;
    *empty = tag.at[tag.len - 1] == '/';
    if (*empty)
        tag.len--;
    *name = tag;
    name->len = 0;
    while (name->len < tag.len && strchr(" \t\r\n", tag.at[name->len]) == NULL)
        name->len++;
    return true;
}

/* The character that &…; stands for, in UTF-8.  Its length, 0: none that is known. */
static size_t decode_reference(struct span name, char text[4])
{
    static const struct {
        struct span name;
        char character;
    } known[] = {{SPAN_INIT("lt"), '<'},
                 {SPAN_INIT("gt"), '>'},
                 {SPAN_INIT("amp"), '&'},
                 {SPAN_INIT("quot"), '"'},
                 {SPAN_INIT("apos"), '\''}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (span_equal(name, known[i].name)) {
            text[0] = known[i].character;
            return 1;
        }
    if (name.len < 2 || name.len > 4 || name.at[0] != '#')
        return 0;
    /* What the documents escape by number is ASCII: quotes and line ends. */
    bool hexadecimal = name.at[1] == 'x';
    unsigned long code = strtoul(name.at + (hexadecimal ? 2 : 1), NULL, hexadecimal ? 16 : 10);
    text[0] = (char)code;
    return code > 0 && code < 0x80 ? 1 : 0;
}

/* Copies an element's text, references resolved, to a string of `size` bytes. */
static void copy_text(struct span text, char *to, size_t size)
{
    size_t len = 0;
    while (text.len > 0 && len + 1 < size) {
        size_t used = 1, made = 1;
        const char *end = *text.at == '&' ? memchr(text.at, ';', text.len) : NULL;
        to[len] = *text.at;
        if (end != NULL && end - text.at <= 8) {
            char character[4];
            size_t known = decode_reference(span_between(text.at + 1, end), character);
            if (known > 0) {
                to[len] = character[0];
                used = (size_t)(end - text.at) + 1;
            }
        }
        len += made;
        text.at += used;
        text.len -= used;
    }
    to[len] = '\0';
}

/* Passes an element's content and end; *text is what stands in it where that has no elements of its
 * own. */
static bool read_content(struct xml *xml, struct span name, struct span *text)
{
    char end[80];
    if (name.len + 4 > sizeof end)
        return false;
    memcpy(end, "</", 2);
    memcpy(end + 2, name.at, name.len);
    end[name.len + 2] = '>';
    return skip_to(xml, (struct span){end, name.len + 3}, text);
}

bool s3_error_read(struct span document, struct s3_error *error)
{
    const struct {
        struct span name;
        char *to;
        size_t size;
    } members[] = {{SPAN("Code"), error->code, sizeof error->code},
                   {SPAN("Message"), error->message, sizeof error->message},
                   {SPAN("Region"), error->region, sizeof error->region},
                   {SPAN("ServerTime"), error->server_time, sizeof error->server_time}};
    struct xml xml = {document};
    struct span name, text;
    bool empty;
    *error = (struct s3_error){"", "", "", ""};
    skip_prolog(&xml);
    if (!begin_element(&xml, &name, &empty) || empty || !span_equal(name, SPAN("Error")))
        return false;
    while (begin_element(&xml, &name, &empty)) {
        if (empty)
            continue;
        if (!read_content(&xml, name, &text))
            break;
        for (size_t i = 0; i < sizeof members / sizeof *members; i++)
            if (span_equal(name, members[i].name))
                copy_text(text, members[i].to, members[i].size);
    }
    return error->code[0] != '\0';
}
