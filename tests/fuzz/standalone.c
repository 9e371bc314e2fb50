/* standalone: runs a fuzz target over files, each one input.
 *
 *     TARGET FILE...
 *
 * Names each on standard error before it runs, and prints how many there were.  A finding ends it.
 */
#include "config.h"

#include "fuzz.h"

enum { LARGEST = 1 << 20 }; /* bytes of an input */

static void run_file(const char *name, char *buffer)
{
    FILE *file = fopen(name, "rb");
    if (file == NULL) {
        perror(name);
        exit(2);
    }
    size_t size = fread(buffer, 1, LARGEST, file);
    if (ferror(file) || !feof(file)) {
        fprintf(stderr, "%s: cannot be read whole\n", name);
        exit(2);
    }
    fclose(file);
    /* Printed beforehand: a crash leaves no time. */
    fprintf(stderr, "%s\n", name);
    char *copy = fuzz_copy((struct span){buffer, size});
    LLVMFuzzerTestOneInput((const uint8_t *)copy, size);
    free(copy);
}

int main(int argc, char **argv)
{
    char *buffer = fuzz_memory(LARGEST);
    for (int i = 1; i < argc; i++)
        run_file(argv[i], buffer);
    free(buffer);
    printf("%d inputs\n", argc - 1);
    return fclose(stdout) == 0 ? 0 : 2;
}
