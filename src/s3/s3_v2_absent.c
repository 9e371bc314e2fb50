/* Signature version 2, in a build without libs3. */
#include "config.h"

#include "s3/s3_signature.h"

static bool begin(struct s3_signing *signing, struct reason *reason)
{
    (void)signing;
    return reason_set(reason, "--signature=v2: this program was built without libs3, which "
                              "signs so (configure --without-libs3)");
}

const struct s3_signature s3_v2 = {.begin = begin};
