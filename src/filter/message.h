/* message: the log message for a record, made from a template.
 *
 * Nothing is copied: a message is a list of pieces of the template and of the record. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "filter/parallel.h"
#include "filter/template.h"

struct message {
    struct template *template;        /* NULL: the default message, which is the event itself */
    const struct timestamp *now;      /* the time for `now`; NULL: the clock's */
    struct span time[MOMENTS][FORMS]; /* of this record, in the forms that the template uses */
    char text[MOMENTS][FORMS][TIMESTAMP_TEXT];
    struct json json;
};

/* The transform that replaces the event by the message, in a bare and in an addressed event;
 * context is struct message.  A line is rejected if it is not an event, has no time although the
 * template uses it, or has a member of the template twice with different values. */
enum verdict message_transform(void *context, struct span record, struct edit *edit,
                               struct reason *reason);

/* The same with several threads.  Messages that show the clock's time are made by one thread: their
 * times must not go back from one line to the next. */
extern const struct parallel_work message_work;
bool message_is_timed(const struct message *message);

#endif
