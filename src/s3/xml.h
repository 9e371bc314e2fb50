/* xml: a reader of the small XML documents in S3 stores' responses.
 *
 * It reads the text once, front to back, returns spans of it and allocates nothing.  It supports
 * elements, text, the five named references and numeric references (XML 1.0, fifth edition).
 * Attributes are skipped; a document type, CDATA and anything else that these documents do not
 * contain is an error, so that nothing is misread.
 *
 *     xml_begin(&xml, document);
 *     if (xml_enter(&xml, &name) && span_equal(name, SPAN("Error")))
 *         while (xml_enter(&xml, &name))
 *             if (span_equal(name, SPAN("Code")))
 *                 xml_text(&xml, &text);
 *             else
 *                 xml_skip(&xml);
 *     if (!xml_end(&xml)) … it is wrong, or cut off
 *
 * After an error every call returns false, so that loops end by themselves. */
#ifndef XML_H
#define XML_H

#include "base/span.h"

enum { XML_DEPTH = 32 };

struct xml {
    struct span rest;            /* not yet read */
    bool wrong;                  /* an error was found */
    bool closed;                 /* the root element has ended */
    bool empty;                  /* the element entered last was <NAME/> */
    unsigned depth;              /* open elements */
    struct span open[XML_DEPTH]; /* their names */
};

/* Begins to read the document, which must stay valid. */
void xml_begin(struct xml *xml, struct span document);

/* Enters the next element inside the open one (at first the root).  False: there is none, and the
 * open one is left; or there is an error. */
bool xml_enter(struct xml *xml, struct span *name);

/* The raw text of the element entered last, with its references; leaves the element.  False: it has
 * elements inside, or there is an error. */
bool xml_text(struct xml *xml, struct span *text);

/* Skips the element entered last with all its content. */
bool xml_skip(struct xml *xml);

/* True if the document was one element and was read to its end without an error. */
bool xml_end(struct xml *xml);

/* Copies a text with its references resolved to the `size` bytes at `to`, and a NUL; *len is
 * without it.  False: a reference is not known, or the text does not fit and is truncated. */
bool xml_copy(struct span text, char *to, size_t size, size_t *len);

#endif
