/* table: rows and columns for a terminal, aligned.
 *
 * Cells are measured in the terminal's columns (wcwidth(3)), so that Japanese names line up too;
 * bytes are decoded according to the process's locale.  Characters that could control a terminal
 * become '?'. */
#ifndef TABLE_H
#define TABLE_H

#include "base/out.h"

enum { TABLE_COLUMNS = 8 };

struct table {
    size_t columns;
    bool right[TABLE_COLUMNS];   /* the column is aligned to the right, as numbers are */
    size_t width[TABLE_COLUMNS]; /* of the widest cell */
    struct table_cell *cell;     /* row by row */
    size_t cells, capacity;
    bool no_memory; /* a cell could not be added: the table must not be written */
};

/* Appends a cell: the next in its row, or the first of the next row.  The bytes are copied.  A
 * table begins zeroed except for `columns` and `right`. */
void table_add(struct table *table, struct span text);

/* Writes the rows, with two spaces between columns and none at the end of a line. */
void table_write(const struct table *table, struct out *out);

void table_free(struct table *table);

#endif
