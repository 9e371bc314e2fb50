/* metadata: temporary credentials from the machine that a program runs on.
 *
 *   container  ECS, EKS and others: $AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or …_FULL_URI, with
 *              $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or …_TOKEN
 *   instance   EC2's instance metadata service, only version 2; not where
 *              $AWS_EC2_METADATA_DISABLED is true, at $AWS_EC2_METADATA_SERVICE_ENDPOINT if set
 *
 * Nothing here blocks: the requests are transfers of the caller's loop, of at most a second each.
 * Their URLs may contain a key, so reasons name the service instead. */
#ifndef METADATA_H
#define METADATA_H

#include "deliver/http.h"
#include "s3/credentials.h"

/* Called from http_run() at the end.  credentials belong to the receiver; NULL: the reason says why
 * there are none. */
typedef void metadata_done(void *context, struct credentials *credentials,
                           const struct reason *reason);

struct metadata {
    struct http *http;
    enum metadata_step {
        METADATA_IDLE,
        METADATA_CONTAINER,
        METADATA_TOKEN,       /* of an instance: the session token, */
        METADATA_ROLE,        /* the role's name, */
        METADATA_CREDENTIALS, /* its credentials */
    } step;
    unsigned attempts; /* attempts left for this step */
    char *url;         /* of this step */
    char *header;      /* likewise; NULL: none */
    char *base;        /* of an instance: scheme and host */
    metadata_done *done;
    void *context;
};

/* Whether the environment names a container's endpoint. */
bool metadata_has_container(void);

/* Whether the instance may be asked.  False with a reason: the environment forbids it. */
bool metadata_may_ask_instance(struct reason *reason);

/* Starts to ask the container, or the instance; metadata must be idle.  False with a reason; `done`
 * is then not called. */
bool metadata_ask_container(struct metadata *metadata, struct http *http, metadata_done *done,
                            void *context, struct reason *reason);
bool metadata_ask_instance(struct metadata *metadata, struct http *http, metadata_done *done,
                           void *context, struct reason *reason);

/* Drops what is under way, after http_end(). */
void metadata_end(struct metadata *metadata);

#endif
