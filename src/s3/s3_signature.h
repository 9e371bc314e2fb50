/* s3_signature: how requests to S3 are signed and sent, behind one interface.
 *
 *   s3_v4  signature version 4, through libcurl
 *   s3_v2  signature version 2, through libs3, for stores that know nothing else; in a build
 * without libs3 its begin() says so
 */
#ifndef S3_SIGNATURE_H
#define S3_SIGNATURE_H

#include "s3/s3.h"
#include "s3/s3_error.h"

/* What came back. */
struct s3_answer {
    struct s3_error error; /* of an answer that is no success */
    char date[40];         /* when, by the store's clock; "" where it did not say */
    char etag[72];         /* of the object, without quotes; "" where it did not say */
};

struct s3_signature {
    /* Looks at the options, before anything is sent.  False with a reason: it cannot do that. */
    bool (*begin)(struct s3 *s3, struct reason *reason);

    /* Sets up the transfer to put an object.  body stays where it is until the answer is there.
     * False with a reason. */
    bool (*put)(struct s3 *s3, struct http_transfer *transfer, struct span key, struct span body,
                struct reason *reason);

    /* Sets up the transfer to look at the bucket: lists none of its objects, or one. */
    bool (*look)(struct s3 *s3, struct http_transfer *transfer, struct reason *reason);

    /* Reads the answer. */
    void (*answer)(struct s3 *s3, const struct http_transfer *transfer,
                   const struct http_reply *reply, struct s3_answer *answer);

    /* Writes the request's headers as they would be sent, without what is signed. */
    bool (*show)(struct s3 *s3, const struct http_transfer *transfer, struct out *out);

    /* Ends what begin() began, after the last transfer. */
    void (*end)(struct s3 *s3);
};

extern const struct s3_signature s3_v4, s3_v2;

#endif
