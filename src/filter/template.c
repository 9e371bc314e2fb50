#include "config.h"

#include "base/nearest.h"
#include "filter/template.h"

#include <errno.h>
#include <stdlib.h>

/* The placeholders that have a fixed name. */
static const struct {
    struct span name;
    enum template_kind kind;
    bool is_string; /* outside a string it is inserted with quotes */
    enum template_moment moment;
    enum template_form form;
} placeholder[] = {
    {SPAN_INIT("log_message"), PART_EVENT, false, 0, 0},
    {SPAN_INIT("log_message_str"), PART_EVENT, true, 0, 0},
    {SPAN_INIT("path"), PART_PATH, false, 0, 0},
    {SPAN_INIT("now"), PART_TIME, true, MOMENT_NOW, FORM_RFC3339},
    {SPAN_INIT("now_utc"), PART_TIME, false, MOMENT_NOW, FORM_FINE_MILLIS},
    {SPAN_INIT("now_utc_epoch"), PART_TIME, false, MOMENT_NOW, FORM_EPOCH},
    {SPAN_INIT("now_utc_sec"), PART_TIME, false, MOMENT_NOW, FORM_SECONDS},
    {SPAN_INIT("now_utc_milli"), PART_TIME, false, MOMENT_NOW, FORM_MILLIS},
    {SPAN_INIT("now_utc_micro"), PART_TIME, false, MOMENT_NOW, FORM_MICROS},
    {SPAN_INIT("now_utc_nano"), PART_TIME, false, MOMENT_NOW, FORM_NANOS},
    {SPAN_INIT("event_time"), PART_TIME, true, MOMENT_EVENT, FORM_RFC3339},
    {SPAN_INIT("event_time_utc"), PART_TIME, false, MOMENT_EVENT, FORM_FINE_MILLIS},
    {SPAN_INIT("event_time_utc_epoch"), PART_TIME, false, MOMENT_EVENT, FORM_EPOCH},
    {SPAN_INIT("event_time_utc_sec"), PART_TIME, false, MOMENT_EVENT, FORM_SECONDS},
    {SPAN_INIT("event_time_utc_milli"), PART_TIME, false, MOMENT_EVENT, FORM_MILLIS},
    {SPAN_INIT("event_time_utc_micro"), PART_TIME, false, MOMENT_EVENT, FORM_MICROS},
    {SPAN_INIT("event_time_utc_nano"), PART_TIME, false, MOMENT_EVENT, FORM_NANOS},
};
enum { PLACEHOLDERS = sizeof placeholder / sizeof *placeholder };

/* The state of compiling a template. */
struct compiler {
    struct template *template;
    struct span source;
    size_t at;      /* bytes of the source that were read */
    size_t used;    /* bytes of template->text that were written */
    size_t flushed; /* those of them that belong to a part */
    bool in_string;
    char *neutral; /* the source with harmless values for placeholders, of the same length */
    struct template_error *error;
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Notes an error at an offset in the source; the caller sets the reason.  An offset at the text's
 * end becomes the end of the last non-blank text.  False, for the caller to return. */
static bool fail_at(struct compiler *c, size_t offset)
{
    const char *text = c->source.at;
    if (offset == c->source.len)
        while (offset > 0 && is_blank(text[offset - 1]))
            offset--;
    c->error->line = c->error->column = 1;
    for (size_t i = 0; i < offset; i++) {
        c->error->column++;
        if (text[i] == '\n') {
            c->error->line++;
            c->error->column = 1;
        }
    }
    return false;
}

static bool fail_memory(struct compiler *c)
{
    c->error->line = 0;
    return reason_set(&c->error->why, "%s", strerror(ENOMEM));
}

static bool append(struct compiler *c, struct template_part part)
{
    struct template *t = c->template;
    if (t->count == t->capacity) {
        size_t capacity = t->capacity == 0 ? 16 : 2 * t->capacity;
        struct template_part *grown = realloc(t->part, capacity * sizeof *grown);
        if (grown == NULL)
            return fail_memory(c);
        t->part = grown;
        t->capacity = capacity;
    }
    t->part[t->count++] = part;
    return true;
}

static void put(struct compiler *c, char byte)
{
    c->template->text[c->used++] = byte;
}

/* Makes a part of the bytes written since the last one. */
static bool flush(struct compiler *c)
{
    if (c->used == c->flushed)
        return true;
    struct span text = {c->template->text + c->flushed, c->used - c->flushed};
    c->flushed = c->used;
    return append(c, (struct template_part){.kind = PART_TEXT, .text = text});
}

/* Appends a placeholder's part, quoted if it is a string where a value is expected. */
static bool append_placeholder(struct compiler *c, struct template_part part, bool is_string)
{
    bool quote = is_string && !c->in_string;
    part.in_string = is_string || c->in_string;
    if (part.kind == PART_TIME)
        c->template->forms[part.moment] |= 1u << part.form;
    if (quote)
        put(c, '"');
    if (!flush(c) || !append(c, part))
        return false;
    if (quote)
        put(c, '"');
    return true;
}

/* Parses log_message.A.B; `path` is A.B. */
static bool member_placeholder(struct compiler *c, struct span path)
{
    const char *name = path.at, *end = span_end(path);
    while (name <= end) {
        const char *dot = memchr(name, '.', (size_t)(end - name));
        size_t len = (size_t)((dot != NULL ? dot : end) - name);
        if (len == 0 || len > JSON_KEY_MAX) {
            reason_set(&c->error->why, len == 0 ? "a member's name is expected here"
                                                : "a member's name of more than 64 bytes");
            return fail_at(c, (size_t)(name - c->source.at));
        }
        name += len + 1;
    }
    size_t member = members_add(&c->template->members, path);
    if (member == 0)
        return fail_memory(c);
    return append_placeholder(c, (struct template_part){.kind = PART_MEMBER, .member = member},
                              false);
}

/* Appends the placeholder of that name; *is_string says whether its value is a string. */
static bool name_placeholder(struct compiler *c, struct span name, bool *is_string)
{
    static const struct span of_event = SPAN_INIT("log_message.");
    struct printable shown;
    struct nearest nearest;
    char message[NEAREST_MESSAGE];
    *is_string = false;
    for (size_t i = 0; i < PLACEHOLDERS; i++)
        if (span_equal(placeholder[i].name, name)) {
            *is_string = placeholder[i].is_string;
            return append_placeholder(c,
                                      (struct template_part){.kind = placeholder[i].kind,
                                                             .moment = placeholder[i].moment,
                                                             .form = placeholder[i].form},
                                      *is_string);
        }
    if (name.len >= of_event.len && memcmp(name.at, of_event.at, of_event.len) == 0)
        return member_placeholder(c, span_between(name.at + of_event.len, span_end(name)));
    reason_set(&c->error->why,
               "there is no placeholder '%s'; there are log_message, log_message_str, "
               "log_message.MEMBER, path, now and event_time, these two with _utc, "
               "_utc_epoch, _utc_sec, _utc_milli, _utc_micro and _utc_nano",
               diag_printable(name, &shown));
    nearest_begin(&nearest, name);
    for (size_t i = 0; i < PLACEHOLDERS; i++)
        nearest_offer(&nearest, placeholder[i].name);
    if (nearest.count > 0) {
        reason_append(&c->error->why, SPAN("; "));
        reason_append(&c->error->why, span_of(nearest_message(&nearest, message)));
    }
    return fail_at(c, (size_t)(name.at - c->source.at));
}

/* Parses the placeholder that begins here, and replaces it by something harmless in the text that
 * is checked as JSON: x's in a string, else "" or {}, which cannot become part of a number. */
static bool read_placeholder(struct compiler *c)
{
    const char *start = c->source.at + c->at, *end = span_end(c->source);
    size_t braces = end - start > 2 && start[2] == '{' ? 3 : 2;
    const char *name = start + braces;
    while (name < end && is_blank(*name))
        name++;
    const char *close = name;
    while (close < end && (unsigned char)*close >= 0x20 && strchr("{}\"\\", *close) == NULL)
        close++;
    const char *past = close;
    while (past > name && is_blank(past[-1]))
        past--;
    while (close < end && is_blank(*close))
        close++;
    if (past == name || (size_t)(end - close) < braces || memcmp(close, "}}}", braces) != 0) {
        reason_set(&c->error->why, "'%.*s' opens a placeholder: its name and '%.*s' must follow",
                   (int)braces, "{{{", (int)braces, "}}}");
        return fail_at(c, c->at);
    }
    bool is_string;
    size_t len = (size_t)(close - start) + braces;
    char *neutral = c->neutral + c->at;
    if (!name_placeholder(c, span_between(name, past), &is_string))
        return false;
    memset(neutral, c->in_string ? 'x' : ' ', len);
    if (!c->in_string)
        memcpy(neutral, is_string ? "\"\"" : "{}", 2);
    c->at += len;
    return true;
}

static bool read_source(struct compiler *c)
{
    while (c->at < c->source.len) {
        const char *at = c->source.at + c->at;
        size_t left = c->source.len - c->at;
        if (left >= 2 && at[0] == '{' && at[1] == '{') {
            if (!read_placeholder(c))
                return false;
            continue;
        }
        if (*at == '"')
            c->in_string = !c->in_string;
        if (c->in_string || !is_blank(*at))
            put(c, *at);
        c->at++;
        if (c->in_string && *at == '\\' && left >= 2) {
            put(c, at[1]);
            c->at++;
        }
    }
    return flush(c);
}

/* Finds the first known placeholder with one brace on each side, and its offset.  False: none. */
static bool find_single_brace(const struct compiler *c, size_t *offset, struct span *name)
{
    for (size_t i = 0; i + 1 < c->source.len; i++) {
        const char *at = c->source.at + i, *end = span_end(c->source);
        if (*at != '{' || at[1] == '{' || (i > 0 && at[-1] == '{'))
            continue;
        const char *from = at + 1;
        while (from < end && is_blank(*from))
            from++;
        const char *past = from;
        while (past < end && (*past == '_' || *past == '.' || (*past >= 'a' && *past <= 'z')))
            past++;
        *name = span_between(from, past);
        while (past < end && is_blank(*past))
            past++;
        for (size_t p = 0; p < PLACEHOLDERS && past < end && *past == '}'; p++)
            if (span_equal(placeholder[p].name, *name)) {
                *offset = i;
                return true;
            }
    }
    return false;
}

/* Explains that placeholders need more braces, if that is the error; false, for the caller to
 * return. */
static bool explain_braces(struct compiler *c)
{
    size_t offset;
    struct span name;
    if (!find_single_brace(c, &offset, &name))
        return false;
    reason_set(&c->error->why,
               "'{%.*s}' has one brace on each side; a placeholder has two or three: {{%.*s}}",
               (int)name.len, name.at, (int)name.len, name.at);
    return fail_at(c, offset);
}

static bool is_json(struct compiler *c)
{
    struct json json;
    json_begin(&json, c->neutral, c->source.len);
    if (c->template->count == 0)
        json_reject(&json, JSON_ERROR_EMPTY, c->neutral);
    if (json_value(&json, NULL) && json_end(&json))
        return true;
    struct json_error error = json_error(&json);
    reason_set(&c->error->why, "%s", json_error_text(error.code));
    fail_at(c, error.offset);
    return explain_braces(c);
}

static bool has_event(struct compiler *c)
{
    for (size_t i = 0; i < c->template->count; i++)
        if (c->template->part[i].kind == PART_EVENT)
            return true;
    reason_set(&c->error->why, "it has neither log_message nor log_message_str");
    fail_at(c, 0);
    return explain_braces(c);
}

bool template_compile(struct template *template, struct span text, struct template_error *error)
{
    *template = (struct template){.text = malloc(text.len + 1)};
    struct compiler c = {
        .template = template,
        .source = text,
        .neutral = malloc(text.len + 1),
        .error = error,
    };
    bool good;
    if (template->text == NULL || c.neutral == NULL) {
        good = fail_memory(&c);
    } else {
        memcpy(c.neutral, text.at, text.len);
        good = read_source(&c) && is_json(&c) && has_event(&c);
    }
    free(c.neutral);
    return good;
}

void template_free(struct template *template)
{
    free(template->text);
    free(template->part);
    members_free(&template->members);
    *template = (struct template){0};
}
