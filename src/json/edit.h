/* edit: an outgoing record as a list of pieces.
 *
 * A transform copies nothing: it lists the spans of the incoming record that are written, and the
 * text between them.  edit_write() follows the list.  The spans must stay in place until then. */
#ifndef EDIT_H
#define EDIT_H

#include "base/out.h"

struct piece {
    struct span bytes;
    bool encode; /* written as the content of a JSON string, escaped */
};

struct edit {
    struct piece *piece;
    size_t count, capacity;
    bool no_memory; /* a piece could not be added: the record must not be written */
};

/* Empties the edit.  An edit begins zeroed and is reused for every record. */
void edit_clear(struct edit *edit);
void edit_free(struct edit *edit);

/* Appends bytes unchanged; neighbouring spans of one record become one piece. */
void edit_add(struct edit *edit, struct span bytes);

/* Appends bytes as the content of a JSON string. */
void edit_add_encoded(struct edit *edit, struct span bytes);

/* Writes the record.  False once a write has failed: out->error is the reason. */
bool edit_write(const struct edit *edit, struct out *out);

#endif
