#include "config.h"

#include "deliver/sink.h"

void sink_stop(struct sink *sink, const struct record *at, const char *why)
{
    sink->stopping = true;
    if (sink->hopeless)
        return;
    sink->hopeless = true;
    reason_set(&sink->why, "%s", why);
    sink->at_source = at != NULL ? at->source : NULL;
    sink->at_line = at != NULL ? at->line : 0;
}
