#include "config.h"

#include "s3/xml.h"

static bool fail(struct xml *xml)
{
    xml->wrong = true;
    return false;
}

static void pass(struct xml *xml, size_t len)
{
    xml->rest.at += len;
    xml->rest.len -= len;
}

static bool pass_word(struct xml *xml, struct span word)
{
    if (xml->rest.len < word.len || memcmp(xml->rest.at, word.at, word.len) != 0)
        return false;
    pass(xml, word.len);
    return true;
}

/* Moves past the next occurrence of `word`; *before is the text before it. */
static bool pass_to(struct xml *xml, struct span word, struct span *before)
{
    const char *found = memmem(xml->rest.at, xml->rest.len, word.at, word.len);
    if (found == NULL)
        return fail(xml);
    *before = span_between(xml->rest.at, found);
    pass(xml, before->len + word.len);
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Skips white space, comments and processing instructions between elements. */
static void pass_space(struct xml *xml)
{
    struct span inside;
    do {
        while (xml->rest.len > 0 && is_space(*xml->rest.at))
            pass(xml, 1);
    } while (!xml->wrong && ((pass_word(xml, SPAN("<?")) && pass_to(xml, SPAN("?>"), &inside)) ||
                             (pass_word(xml, SPAN("<!--")) && pass_to(xml, SPAN("-->"), &inside))));
}

void xml_begin(struct xml *xml, struct span document)
{
    *xml = (struct xml){.rest = document};
    pass_word(xml, SPAN("\xef\xbb\xbf"));
}

/* Leaves the innermost element. */
static void leave(struct xml *xml)
{
    xml->depth--;
    xml->closed = xml->depth == 0;
}

/* Reads the end tag of the innermost element, after its "</". */
static bool read_end(struct xml *xml)
{
    struct span name = xml->open[xml->depth - 1];
    if (!pass_word(xml, name))
        return fail(xml);
    while (xml->rest.len > 0 && is_space(*xml->rest.at))
        pass(xml, 1);
    if (!pass_word(xml, SPAN(">")))
        return fail(xml);
    leave(xml);
    return true;
}

static size_t name_length(struct span tag)
{
    size_t len = 0;
    while (len < tag.len && !is_space(tag.at[len]))
        len++;
    return len;
}

/* Reads a start tag, after its '<'. */
static bool read_start(struct xml *xml, struct span *name)
{
    struct span tag;
    if (!pass_to(xml, SPAN(">"), &tag))
        return false;
    bool empty = tag.len > 0 && tag.at[tag.len - 1] == '/';
    tag.len -= empty;
    *name = (struct span){tag.at, name_length(tag)};
    if (name->len == 0 || memchr(tag.at, '<', tag.len) != NULL || *name->at == '!' ||
        *name->at == '/' || xml->depth == XML_DEPTH)
        return fail(xml);
    xml->open[xml->depth++] = *name;
    xml->empty = empty;
    return true;
}

bool xml_enter(struct xml *xml, struct span *name)
{
    if (xml->wrong || xml->closed)
        return false;
    if (xml->empty) { /* nothing is inside */
        xml->empty = false;
        leave(xml);
        return false;
    }
    pass_space(xml);
    if (xml->wrong)
        return false;
    if (xml->depth > 0 && pass_word(xml, SPAN("</"))) {
        read_end(xml);
        return false;
    }
    return pass_word(xml, SPAN("<")) ? read_start(xml, name) : fail(xml);
}

bool xml_text(struct xml *xml, struct span *text)
{
    if (xml->wrong || xml->depth == 0)
        return false;
    if (xml->empty) {
        *text = SPAN("");
        xml->empty = false;
        leave(xml);
        return true;
    }
    return pass_to(xml, SPAN("<"), text) && (pass_word(xml, SPAN("/")) || fail(xml)) &&
           read_end(xml);
}

bool xml_skip(struct xml *xml)
{
    struct span ignored;
    for (unsigned depth = xml->depth; !xml->wrong && xml->depth >= depth && depth > 0;) {
        const char *tag = memchr(xml->rest.at, '<', xml->rest.len);
        if (!xml->empty && tag == NULL)
            return fail(xml);
        if (!xml->empty) /* text between elements is ignored */
            pass(xml, (size_t)(tag - xml->rest.at));
        xml_enter(xml, &ignored);
    }
    return !xml->wrong;
}

bool xml_end(struct xml *xml)
{
    if (xml->wrong || !xml->closed)
        return false;
    pass_space(xml);
    return !xml->wrong && xml->rest.len == 0;
}

/* Writes a character in UTF-8 and returns its length; 0: it is not a character. */
static size_t encode(unsigned long code, char to[4])
{
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    size_t more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    for (size_t i = more; i > 0; i--, code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)(lead[more] | code);
    return more + 1;
}

/* The character of a numeric reference, after its '#'; 0: it is not one. */
static unsigned long numbered(struct span digits)
{
    unsigned base = 10;
    unsigned long code = 0;
    if (digits.len > 0 && digits.at[0] == 'x') {
        base = 16;
        digits = span_between(digits.at + 1, span_end(digits));
    }
    if (digits.len == 0 || digits.len > 8)
        return 0;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.at[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                : base;
        if (digit >= base)
            return 0;
        code = code * base + digit;
    }
    return code;
}

/* Writes the character that &NAME; stands for in UTF-8 and returns its length; 0: it is not
 * known. */
static size_t resolve(struct span name, char to[4])
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
            to[0] = known[i].character;
            return 1;
        }
    if (name.len < 2 || name.at[0] != '#')
        return 0;
    return encode(numbered(span_between(name.at + 1, span_end(name))), to);
}

bool xml_copy(struct span text, char *to, size_t size, size_t *len)
{
    *len = 0;
    to[0] = '\0';
    while (text.len > 0) {
        char character[4];
        const char *from = text.at;
        size_t used = 1, made = 1;
        if (*text.at == '&') {
            const char *end = memchr(text.at, ';', text.len);
            if (end == NULL)
                return false;
            used = (size_t)(end - text.at) + 1;
            made = resolve(span_between(text.at + 1, end), character);
            from = character;
            if (made == 0)
                return false;
        }
        if (made >= size - *len)
            return false;
        memcpy(to + *len, from, made);
        *len += made;
        to[*len] = '\0';
        text.at += used;
        text.len -= used;
    }
    return true;
}
