/* message: the log message that a record leaves with, filled from a template.
 *
 * Nothing is copied: a message is a list of pieces of the template and of the record.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "filter/parallel.h"
#include "filter/template.h"

struct message {
    struct template *template;        /* NULL: the default message, which is the event itself */
    const struct timestamp *now;      /* the time that `now` shows; NULL: the clock's */
    struct span time[MOMENTS][FORMS]; /* of this record, in the forms that the template uses */
    char text[MOMENTS][FORMS][TIMESTAMP_TEXT];
    struct json json;
};

/* The transform that puts the message in the event's place, in a bare and in an addressed event;
 * context is struct message.  What is rejected is no event's line, has no time where the template
 * shows it, or has a member twice that the template shows, with different values. */
enum verdict message_transform(void *context, struct span record, struct edit *edit,
                               struct reason *reason);

/* The same by several threads.  Messages that show the clock's time are for one thread alone: their
 * times must not go back from one line to the next. */
extern const struct parallel_work message_work;
bool message_is_timed(const struct message *message);

#endif
