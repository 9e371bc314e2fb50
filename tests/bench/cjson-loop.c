/* cjson-loop: the cost of audit filters with a JSON tree.  Each line of the file is parsed with
 * cJSON and printed again; nothing is changed. */
#define _POSIX_C_SOURCE 200809L
#include <cJSON.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    static char buffer[256 * 1024];
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (file == NULL) {
        fputs("usage: cjson-loop FILE\n", stderr);
        return 2;
    }
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    while ((len = getline(&line, &size, file)) > 0) {
        cJSON *tree = cJSON_ParseWithLength(line, (size_t)len);
        char *text = tree != NULL ? cJSON_PrintUnformatted(tree) : NULL;
        if (text == NULL) {
            fputs("cjson-loop: not JSON, or no memory left\n", stderr);
            return 2;
        }
        puts(text);
        cJSON_free(text);
        cJSON_Delete(tree);
    }
    free(line);
    fclose(file);
    return fclose(stdout) == 0 ? 0 : 2;
}
