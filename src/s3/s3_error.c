#include "config.h"

#include "s3/s3_error.h"
#include "s3/xml.h"

bool s3_error_read(struct span document, struct s3_error *error)
{
    const struct {
        struct span name;
        char *to;
        size_t size;
    } members[] = {{SPAN("Code"), error->code, sizeof error->code},
                   {SPAN("Message"), error->message, sizeof error->message},
                   {SPAN("Region"), error->region, sizeof error->region},
                   {SPAN("ServerTime"), error->server_time, sizeof error->server_time},
                   {SPAN("ArgumentName"), error->argument, sizeof error->argument}};
    enum { MEMBERS = sizeof members / sizeof *members };
    struct xml xml;
    struct span name, text;
    size_t len;
    *error = (struct s3_error){"", "", "", "", ""};
    xml_begin(&xml, document);
    if (!xml_enter(&xml, &name) || !span_equal(name, SPAN("Error")))
        return false;
    while (xml_enter(&xml, &name)) {
        size_t i = 0;
        while (i < MEMBERS && !span_equal(name, members[i].name))
            i++;
        if (i == MEMBERS)
            xml_skip(&xml);
        else if (xml_text(&xml, &text))
            xml_copy(text, members[i].to, members[i].size, &len);
    }
    return error->code[0] != '\0';
}
