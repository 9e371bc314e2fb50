/* s3_error: the XML document with which S3 reports an error.
 *
 *     <?xml version="1.0"?><Error><Code>NoSuchBucket</Code><Message>…</Message>…</Error>
 *
 * Amazon S3 API reference, "Error responses". */
#ifndef S3_ERROR_H
#define S3_ERROR_H

#include "base/span.h"

/* The elements that are read; "" if one is missing.  Long values are truncated. */
struct s3_error {
    char code[64];
    char message[256];
    char region[64];
    char server_time[40];
    char argument[64]; /* ArgumentName: the invalid header or parameter */
};

/* Reads the document.  False: it is not one, and the error is empty. */
bool s3_error_read(struct span document, struct s3_error *error);

#endif
