#include "config.h"

#include "strict.h"

/* The reader's position; at == NULL: the text is not JSON. */
struct place {
    const char *at, *end;
};

static void fail(struct place *p)
{
    p->at = NULL;
}

/* The current byte, or -1. */
static int look(const struct place *p)
{
    return p->at == NULL || p->at == p->end ? -1 : (unsigned char)*p->at;
}

static bool take(struct place *p, char byte)
{
    if (look(p) != (unsigned char)byte)
        return false;
    p->at++;
    return true;
}

static void need(struct place *p, char byte)
{
    if (!take(p, byte))
        fail(p);
}

/* ws = *( %x20 / %x09 / %x0A / %x0D ) */
static void space(struct place *p)
{
    while (take(p, ' ') || take(p, '\t') || take(p, '\n') || take(p, '\r'))
        ;
}

static bool digit(struct place *p)
{
    if (look(p) < '0' || look(p) > '9')
        return false;
    p->at++;
    return true;
}

static void digits(struct place *p)
{
    if (!digit(p))
        fail(p);
    while (digit(p))
        ;
}

/* number = [ minus ] int [ frac ] [ exp ] */
static void number(struct place *p)
{
    take(p, '-');
    if (!take(p, '0'))
        digits(p);
    if (take(p, '.'))
        digits(p);
    if (take(p, 'e') || take(p, 'E')) {
        if (!take(p, '+'))
            take(p, '-');
        digits(p);
    }
}

static void word(struct place *p, const char *rest)
{
    for (; *rest != '\0'; rest++)
        need(p, *rest);
}

static int hex(struct place *p)
{
    int c = look(p);
    if (c >= '0' && c <= '9')
        c -= '0';
    else if (c >= 'a' && c <= 'f')
        c -= 'a' - 10;
    else if (c >= 'A' && c <= 'F')
        c -= 'A' - 10;
    else
        return fail(p), 0;
    p->at++;
    return c;
}

static unsigned hex4(struct place *p)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++)
        value = value * 16 + (unsigned)hex(p);
    return value;
}

static void escape(struct place *p)
{
    if (take(p, 'u'))
        hex4(p);
    else if (look(p) > 0 && strchr("\"\\/bfnrt", look(p)) != NULL)
        p->at++;
    else
        fail(p);
}

static void tail(struct place *p, int lowest, int highest)
{
    if (look(p) < lowest || look(p) > highest)
        fail(p);
    else
        p->at++;
}

/* UTF8-2, UTF8-3 and UTF8-4 of RFC 3629 section 4, line by line. */
static void utf8(struct place *p)
{
    int first = look(p);
    p->at++;
    if (first >= 0xc2 && first <= 0xdf) {
        tail(p, 0x80, 0xbf);
    } else if (first >= 0xe0 && first <= 0xef) {
        tail(p, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf);
        tail(p, 0x80, 0xbf);
    } else if (first >= 0xf0 && first <= 0xf4) {
        tail(p, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf);
        tail(p, 0x80, 0xbf);
        tail(p, 0x80, 0xbf);
    } else {
        fail(p);
    }
}

static void string(struct place *p)
{
    need(p, '"');
    while (p->at != NULL && !take(p, '"')) {
        int c = look(p);
        if (c < 0x20)
            fail(p);
        else if (take(p, '\\'))
            escape(p);
        else if (c >= 0x80)
            utf8(p);
        else
            p->at++;
    }
}

static void value(struct place *p, unsigned depth);

static void member(struct place *p, unsigned depth)
{
    space(p);
    string(p);
    space(p);
    need(p, ':');
    value(p, depth);
}

static void value(struct place *p, unsigned depth)
{
    space(p);
    if (depth > STRICT_DEPTH)
        fail(p);
    else if (take(p, '{')) {
        space(p);
        if (!take(p, '}')) {
            do
                member(p, depth + 1);
            while (take(p, ','));
            need(p, '}');
        }
    } else if (take(p, '[')) {
        space(p);
        if (!take(p, ']')) {
            do
                value(p, depth + 1);
            while (take(p, ','));
            need(p, ']');
        }
    } else if (look(p) == '"')
        string(p);
    else if (take(p, 't'))
        word(p, "rue");
    else if (take(p, 'f'))
        word(p, "alse");
    else if (take(p, 'n'))
        word(p, "ull");
    else
        number(p);
    space(p);
}

bool strict_json(struct span text)
{
    struct place p = {text.at, span_end(text)};
    value(&p, 1);
    return p.at == p.end;
}

size_t strict_compact(struct span text, char *out)
{
    struct place p = {text.at, span_end(text)};
    char *to = out;
    while (space(&p), p.at < p.end) {
        const char *from = p.at;
        if (*p.at == '"')
            string(&p);
        else
            p.at++;
        memcpy(to, from, (size_t)(p.at - from));
        to += p.at - from;
    }
    return (size_t)(to - out);
}

static char *put_character(char *to, unsigned c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    } else {
        *to++ = (char)(0xf0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    return to;
}

/* The character of the escape after a backslash; -1: half of a pair. */
static int meaning(struct place *p)
{
    switch (*p->at++) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'u':
        break;
    default:
        return p->at[-1];
    }
    unsigned high = hex4(p);
    if (high < 0xd800 || high > 0xdfff)
        return (int)high;
    if (high > 0xdbff || !take(p, '\\') || !take(p, 'u'))
        return -1;
    unsigned low = hex4(p);
    if (low < 0xdc00 || low > 0xdfff)
        return -1;
    return (int)(0x10000 + (high - 0xd800) * 0x400 + (low - 0xdc00));
}

bool strict_decode(struct span content, char *out, size_t *len)
{
    struct place p = {content.at, span_end(content)};
    char *to = out;
    while (p.at < p.end) {
        if (!take(&p, '\\')) {
            *to++ = *p.at++;
            continue;
        }
        int c = meaning(&p);
        if (c < 0)
            return false;
        to = put_character(to, (unsigned)c);
    }
    *len = (size_t)(to - out);
    return true;
}

bool strict_member(struct span text, size_t n, struct span *name, struct span *found)
{
    struct place p = {text.at, span_end(text)};
    space(&p);
    if (!take(&p, '{'))
        return false;
    space(&p);
    while (look(&p) == '"') {
        const char *from = p.at;
        string(&p);
        *name = span_between(from + 1, p.at - 1);
        space(&p);
        need(&p, ':');
        space(&p);
        from = p.at;
        value(&p, 2);
        const char *past = p.at;
        while (past[-1] == ' ' || past[-1] == '\t' || past[-1] == '\n' || past[-1] == '\r')
            past--;
        *found = span_between(from, past);
        if (n-- == 0)
            return true;
        if (take(&p, ','))
            space(&p);
    }
    return false;
}
