/* addressing: gives each event the path of its file. */
#ifndef ADDRESSING_H
#define ADDRESSING_H

#include "filter/filter.h"
#include "filter/layout.h"
#include "filter/parallel.h"

struct addressing {
    struct layout layout;
    bool print; /* only the path is written */
    struct json json;
    char path[LAYOUT_PATH];
};

/* The transform of a bare event, or one with another path, to {"path":"…","event":…}; context is
 * struct addressing. */
enum verdict addressing_transform(void *context, struct span record, struct edit *edit,
                                  struct reason *reason);

/* The same with several threads. */
extern const struct parallel_work addressing_work;

#endif
