/* template: the custom log message of Workato's admin console, compiled.
 *
 * A template is a JSON text with placeholders, {{name}} or {{{name}}}.  Outside a JSON string a
 * placeholder becomes a value; inside one its value becomes string content: the content of a
 * value that is a string, the text of any other.
 *
 *   log_message            the event                     log_message_str  the same as a string
 *   log_message.A.B        that member's value, or null  path             the event's path, or null
 *   now                    2023-06-02T01:30:01.002-04:00
 *   now_utc                milliseconds since 1970, with a fraction: 1685683801002.123
 *   now_utc_epoch          seconds since 1970, with a fraction: 1685683801.002123
 *   now_utc_sec now_utc_milli now_utc_micro now_utc_nano whole seconds, milli-, micro-, nanoseconds
 *   event_time…            the same seven for the event's own time */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include "base/diag.h"
#include "filter/members.h"

enum template_moment { MOMENT_NOW, MOMENT_EVENT, MOMENTS };

enum template_form {
    FORM_RFC3339,
    FORM_SECONDS,
    FORM_EPOCH,
    FORM_FINE_MILLIS,
    FORM_MILLIS,
    FORM_MICROS,
    FORM_NANOS,
    FORMS
};
_Static_assert(FORMS <= 32, "template.forms has a bit for each");

enum template_kind {
    PART_TEXT,   /* the template's own bytes */
    PART_EVENT,  /* log_message, log_message_str */
    PART_PATH,   /* path */
    PART_MEMBER, /* log_message.A.B */
    PART_TIME,   /* now…, event_time… */
};

/* A message is its template's parts, one after the other. */
struct template_part {
    enum template_kind kind;
    bool in_string; /* the inserted value becomes string content */
    struct span text;
    size_t member; /* its number in the template's members */
    enum template_moment moment;
    enum template_form form;
};

struct template
{
    char *text; /* the parts' own bytes, without insignificant white space */
    struct template_part *part;
    size_t count, capacity;
    struct members members;  /* the paths in log_message.A.B */
    unsigned forms[MOMENTS]; /* bit f: some part shows that time in form f */
};

/* The error of a template, and its position: the line, counted from 1, and the byte in that line,
 * counted from 1.  Line 0: there is no memory. */
struct template_error {
    size_t line, column;
    struct reason why;
};

/* Compiles the template; its text (without a BOM) must stay valid until template_free().  False: it
 * is not JSON when filled in, has an unknown placeholder, or has neither log_message nor
 * log_message_str; error says so. */
bool template_compile(struct template *template, struct span text, struct template_error *error);
void template_free(struct template *template);

#endif
