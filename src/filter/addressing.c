#include "config.h"

#include "filter/addressing.h"

enum verdict addressing_transform(void *context, struct span record, struct edit *edit,
                                  struct reason *reason)
{
    struct addressing *a = context;
    struct event event;
    size_t len;
    if (!event_read_record(&a->json, record, layout_fields, NULL, NULL, &event, reason) ||
        !layout_path(&a->layout, &event, a->path, &len, reason))
        return VERDICT_REJECT;
    struct span path = {a->path, len};
    if (a->print) {
        edit_add(edit, path);
        return VERDICT_EDIT;
    }
    edit_add(edit, SPAN("{\"path\":\""));
    edit_add_encoded(edit, path);
    edit_add(edit, SPAN("\",\"event\":"));
    edit_add(edit, event.text);
    edit_add(edit, SPAN("}"));
    return VERDICT_EDIT;
}

const struct parallel_work addressing_work = {
    .transform = addressing_transform,
    .size = sizeof(struct addressing),
};
