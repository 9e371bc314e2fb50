/* metadata: temporary credentials from the machine that a program runs on.
 *
 *   container  ECS, EKS and others: $AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or …_FULL_URI, with
 *              $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or …_TOKEN
 *   instance   EC2's instance metadata service, version 2 alone; not where
 *              $AWS_EC2_METADATA_DISABLED is true, at $AWS_EC2_METADATA_SERVICE_ENDPOINT if set
 *
 * Both answer at once or not at all, so these calls wait: a second an attempt.
 */
#ifndef METADATA_H
#define METADATA_H

#include "s3/credentials.h"

/* Whether the environment names a container endpoint. */
bool metadata_has_container(void);

/* Asks it.  False with a reason. */
bool metadata_container(struct credentials *credentials, struct reason *reason);

/* Asks the instance.  False with a reason: it is disabled, there is nobody, or it has no role. */
bool metadata_instance(struct credentials *credentials, struct reason *reason);

#endif
