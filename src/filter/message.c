#include "config.h"

#include "event/addressed.h"
#include "filter/message.h"
#include "json/json_reason.h"

#include <stdlib.h>

/* The parts of a record that a message needs. */
struct subject {
    struct addressed addressed;
    struct event event; /* its text always, its fields if the template shows its time */
};

/* Reads the event, the next value: no deeper than the template needs. */
static bool read_event(struct message *message, struct event *event)
{
    struct json *json = &message->json;
    struct template *template = message->template;
    if (template != NULL && template->members.count > 0) {
        members_begin(&template->members);
        return event_read(json, 0, members_visit, &template->members, event);
    }
    if (template != NULL && template->forms[MOMENT_EVENT] != 0)
        return event_read(json, 0, NULL, NULL, event);
    struct json_value value;
    if (!json_value(json, &value))
        return false;
    event->text = value.text;
    return true;
}

static bool read_record(struct message *message, struct span record, struct subject *subject,
                        struct reason *reason)
{
    struct json *json = &message->json;
    if (addressed_begin(json, record, &subject->addressed) &&
        read_event(message, &subject->event) && addressed_end(json, &subject->addressed))
        return true;
    return json_reason(json, reason);
}

/* Writes a time in all the forms that the template uses. */
static void show_time(struct message *message, enum template_moment moment,
                      const struct timestamp *time)
{
    static const struct {
        int power, fraction;
    } number[FORMS] = {
        [FORM_SECONDS] = {0, 0}, [FORM_EPOCH] = {0, 6},  [FORM_FINE_MILLIS] = {3, 3},
        [FORM_MILLIS] = {3, 0},  [FORM_MICROS] = {6, 0}, [FORM_NANOS] = {9, 0},
    };
    for (enum template_form form = 0; form < FORMS; form++) {
        if ((message->template->forms[moment] & 1u << form) == 0)
            continue;
        char *text = message->text[moment][form];
        size_t len = form == FORM_RFC3339
                         ? timestamp_rfc3339(time, text)
                         : timestamp_epoch(time, number[form].power, number[form].fraction, text);
        message->time[moment][form] = (struct span){text, len};
    }
}

static bool show_times(struct message *message, const struct event *event, struct reason *reason)
{
    struct timestamp time;
    struct reason why;
    if (message->template->forms[MOMENT_NOW] != 0) {
        time = message->now != NULL ? *message->now : timestamp_now();
        show_time(message, MOMENT_NOW, &time);
    }
    if (message->template->forms[MOMENT_EVENT] != 0) {
        if (!event_time(event, &time, &why))
            return reason_set(reason, "the template shows the event's time, but %s", why.text);
        show_time(message, MOMENT_EVENT, &time);
    }
    return true;
}

static bool check_members(const struct template *template, struct reason *reason)
{
    const struct member *member = members_differing(&template->members);
    struct printable shown;
    if (member == NULL)
        return true;
    return reason_set(reason, "%s appears twice, with different values",
                      diag_printable(member->path, &shown));
}

/* Adds a JSON value: unchanged, or as string content. */
static void add_value(struct edit *edit, const struct json_value *value, bool in_string)
{
    if (value->type == JSON_NONE)
        edit_add(edit, SPAN("null"));
    else if (!in_string)
        edit_add(edit, value->text);
    else if (value->type == JSON_STRING)
        edit_add(edit, event_content(value));
    else
        edit_add_encoded(edit, value->text);
}

/* The string with the given content in a record. */
static struct span with_quotes(struct span content)
{
    return (struct span){content.at - 1, content.len + 2};
}

static void add_part(const struct message *message, const struct template_part *part,
                     const struct subject *subject, struct edit *edit)
{
    struct span path = subject->addressed.path;
    struct json_value value = {JSON_OBJECT, subject->event.text};
    switch (part->kind) {
    case PART_TEXT:
        edit_add(edit, part->text);
        break;
    case PART_EVENT:
        add_value(edit, &value, part->in_string);
        break;
    case PART_PATH:
        value = (struct json_value){JSON_NONE, path};
        if (path.at != NULL)
            value = (struct json_value){JSON_STRING, with_quotes(path)};
        add_value(edit, &value, part->in_string);
        break;
    case PART_MEMBER:
        add_value(edit, &message->template->members.member[part->member].value, part->in_string);
        break;
    case PART_TIME:
        edit_add(edit, message->time[part->moment][part->form]);
        break;
    }
}

enum verdict message_transform(void *context, struct span record, struct edit *edit,
                               struct reason *reason)
{
    struct message *message = context;
    const struct template *template = message->template;
    struct subject subject;
    if (!read_record(message, record, &subject, reason))
        return VERDICT_REJECT;
    if (template == NULL)
        return VERDICT_PASS;
    if (!check_members(template, reason) || !show_times(message, &subject.event, reason))
        return VERDICT_REJECT;
    bool addressed = subject.addressed.path.at != NULL;
    if (addressed) {
        edit_add(edit, SPAN("{\"path\":"));
        edit_add(edit, with_quotes(subject.addressed.path));
        edit_add(edit, SPAN(",\"event\":"));
    }
    for (size_t i = 0; i < template->count; i++)
        add_part(message, &template->part[i], &subject, edit);
    if (addressed)
        edit_add(edit, SPAN("}"));
    return VERDICT_EDIT;
}

/* Gives a thread's copy its own template, because that holds the values of members. */
static bool begin_copy(void *context)
{
    struct message *message = context;
    if (message->template == NULL)
        return true;
    struct template *template = malloc(sizeof *template);
    if (template == NULL)
        return false;
    *template = *message->template;
    if (!members_copy(&template->members, &message->template->members)) {
        free(template);
        return false;
    }
    message->template = template;
    return true;
}

static void end_copy(void *context)
{
    struct message *message = context;
    if (message->template == NULL)
        return;
    members_free(&message->template->members);
    free(message->template);
}

const struct parallel_work message_work = {
    .transform = message_transform,
    .size = sizeof(struct message),
    .begin = begin_copy,
    .end = end_copy,
};

bool message_is_timed(const struct message *message)
{
    return message->template != NULL && message->template->forms[MOMENT_NOW] != 0 &&
           message->now == NULL;
}
