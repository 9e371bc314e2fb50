/* curl-multi: the speed of libcurl's multi interface by itself: posts every line of a file,
 * PARALLEL at once, and prints how long that took.
 *
 *     curl-multi URL FILE PARALLEL */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST = 1000 };

static char *read_file(const char *name, size_t *len)
{
    FILE *from = fopen(name, "rb");
    if (from == NULL)
        return NULL;
    fseek(from, 0, SEEK_END);
    *len = (size_t)ftell(from);
    rewind(from);
    char *bytes = malloc(*len);
    if (bytes != NULL && fread(bytes, 1, *len, from) != *len)
        bytes = NULL;
    fclose(from);
    return bytes;
}

static size_t drop(char *data, size_t size, size_t count, void *context)
{
    (void)data;
    (void)context;
    return size * count;
}

static const char *next, *end;

/* Adds the handle with the next line; false at the end. */
static int add(CURLM *multi, CURL *easy)
{
    if (next == end)
        return 0;
    const char *newline = memchr(next, '\n', (size_t)(end - next));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, next);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)(newline - next));
    next = newline + 1;
    return curl_multi_add_handle(multi, easy) == CURLM_OK;
}

int main(int argc, char **argv)
{
    size_t len, done = 0, failed = 0;
    int parallel = argc == 4 ? atoi(argv[3]) : 0;
    if (parallel < 1 || parallel > MOST || (next = read_file(argv[2], &len)) == NULL)
        return 2;
    end = next + len;
    CURLM *multi = curl_multi_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    int running = 0, left;
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < parallel; i++) {
        CURL *easy = curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        running += add(multi, easy);
    }
    while (running > 0) {
        int active;
        curl_multi_perform(multi, &active);
        for (CURLMsg *message; (message = curl_multi_info_read(multi, &left)) != NULL;) {
            CURL *easy = message->easy_handle;
            long status = 0;
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
            failed += status != 200;
            done++;
            curl_multi_remove_handle(multi, easy);
            running -= !add(multi, easy);
        }
        if (running > 0)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    printf("%zu requests, %zu failed, %.3f s, %.0f a second\n", done, failed, seconds,
           (double)done / seconds);
    return failed > 0;
}
