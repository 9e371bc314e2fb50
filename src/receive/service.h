/* service: the receiver as a program that runs until it is told to stop. */
#ifndef SERVICE_H
#define SERVICE_H

#include "receive/server.h"

#define SERVICE_CREDENTIAL_VARIABLE "AUDIT_RECEIVE_CREDENTIAL"

enum { SERVICE_CREDENTIAL_FILES = 16 };

/* As the options set it; static, for it is large. */
struct service {
    const char *listen[LISTEN_MAX]; /* what listen_open() takes */
    size_t listens;
    const char *credential_file[SERVICE_CREDENTIAL_FILES];
    size_t credential_files;
    int sync;          /* enum commit_sync */
    int64_t drain;     /* microseconds that requests in hand may take at the end */
    size_t max_rate;   /* requests a second; 0: any number */
    size_t max_memory; /* bytes for the bodies of all requests */
    struct listeners listeners;
    struct store store;
    struct receiver receiver;
    struct server server;
};

/* What the options are by default. */
void service_init(struct service *service);

/* Receives until SIGINT or SIGTERM comes, or standard output can no longer be written.  SIGHUP has
 * credentials, certificate and authorities read, and the journal's files opened again.  What is
 * wrong is a message and STATUS_FAILED. */
void service_run(struct service *service);

#endif
