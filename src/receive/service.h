/* service: the receiver as a program that runs until a signal stops it. */
#ifndef SERVICE_H
#define SERVICE_H

#include "receive/server.h"

#define SERVICE_CREDENTIAL_VARIABLE "AUDIT_RECEIVE_CREDENTIAL"

enum { SERVICE_CREDENTIAL_FILES = 16 };

/* Set by the options; static, because it is large. */
struct service {
    const char *listen[LISTEN_MAX]; /* arguments for listen_open() */
    size_t listens;
    const char *credential_file[SERVICE_CREDENTIAL_FILES];
    size_t credential_files;
    int sync;          /* enum commit_sync */
    int64_t drain;     /* microseconds that active requests may take at the end */
    size_t max_rate;   /* requests a second; 0: no limit */
    size_t max_memory; /* bytes for the bodies of all requests */
    struct listeners listeners;
    struct store store;
    struct receiver receiver;
    struct server server;
};

/* Sets the options' defaults. */
void service_init(struct service *service);

/* Receives until SIGINT or SIGTERM, or until standard output can no longer be written.  SIGHUP
 * makes it read credentials, certificate and authorities again, and reopen the journal's files.  An
 * error is a message and STATUS_FAILED. */
void service_run(struct service *service);

#endif
