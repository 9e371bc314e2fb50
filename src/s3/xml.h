/* xml: a reader of the small XML documents that S3 stores answer with.
 *
 * It goes over the text once, front to back, hands out spans of it and allocates nothing.  It knows
 * elements, text, the five named references and those by number (XML 1.0, fifth edition).
 * Attributes are passed over; a document type, CDATA and what else these documents do not have is
 * an error, so that nothing is misread.
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
 * After an error every call returns false, so that loops end by themselves.
 */
#ifndef XML_H
#define XML_H

#include "base/span.h"

enum { XML_DEPTH = 32 };

struct xml {
    struct span rest;            /* not yet read */
    bool wrong;                  /* an error was met */
    bool closed;                 /* the root element has ended */
    bool empty;                  /* the element entered last was <NAME/> */
    unsigned depth;              /* open elements */
    struct span open[XML_DEPTH]; /* their names */
};

/* Begins to read the document, which must stay. */
void xml_begin(struct xml *xml, struct span document);

/* Enters the next element inside the open one (at first: the root).  False: there is none, and the
 * open one is thereby left; or an error. */
bool xml_enter(struct xml *xml, struct span *name);

/* The text of the element entered last, which is thereby left: as it is, with its references.
 * False: it has elements inside, or an error. */
bool xml_text(struct xml *xml, struct span *text);

/* Passes over the element entered last, whatever is inside. */
bool xml_skip(struct xml *xml);

/* True if the document was one element and all of it was read without error. */
bool xml_end(struct xml *xml);

/* Copies a text with its references resolved to the `size` bytes at `to`, and a NUL; *len is
 * without it.  False: a reference is not known, or the text does not fit, in which case its
 * beginning was copied. */
bool xml_copy(struct span text, char *to, size_t size, size_t *len);

#endif
