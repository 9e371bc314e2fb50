/* audit-fileput: each addressed event becomes a file of its own in a directory. */
#include "config.h"

#include "file/fileput.h"

#include <getopt.h>
#include <signal.h>

enum { OPTION_SYNC = 256, OPTION_NO_OVERWRITE, OPTION_TEE, OPTION_RECEIPTS };

static const struct option_line own_options[] = {
    {OPTION_SYNC, "sync", "WHEN",
     "group: sync for many files at once (default);\neach: for every file; none: not at all"},
    {OPTION_NO_OVERWRITE, "no-overwrite", NULL, "leave a file that is there as it is"},
    {OPTION_TEE, "tee", NULL, "write each stored line to standard output"},
    {OPTION_RECEIPTS, "receipts", "FILE", "append what became of each line to FILE"},
    {0, NULL, NULL, NULL},
};

static const struct program program = {
    .name = "audit-fileput",
    .operands = "[OPTION]... DIR [FILE]...",
    .summary = "Store each addressed event as the file DIR/path, whole or not at all.",
    .line = own_options,
    .more = filter_options,
};

static bool read_sync(const char *value, enum fileput_sync *sync)
{
    static const char *const names[] = {"group", "each", "none"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(value, names[i]) == 0) {
            *sync = (enum fileput_sync)i;
            return true;
        }
    options_usage("--sync=%s: not one of group, each, none", value);
    return false;
}

/* False: the program ends, with diag_exit_status(). */
static bool read_options(struct fileput *fileput, struct filter *filter, int argc, char **argv)
{
    const char *value;
    int id;
    while ((id = options_next(&program, argc, argv, &value)) != OPTIONS_END) {
        switch (id) {
        case OPTION_SYNC:
            if (!read_sync(value, &fileput->sync))
                return false;
            break;
        case OPTION_NO_OVERWRITE:
            fileput->store.no_overwrite = true;
            break;
        case OPTION_TEE:
            fileput->tee = true;
            break;
        case OPTION_RECEIPTS:
            fileput->receipts_file = value;
            break;
        default:
            if (!filter_option(filter, id, value))
                return false;
        }
    }
    if (optind < argc)
        return true;
    options_usage("the directory DIR is missing");
    return false;
}

int main(int argc, char **argv)
{
    static struct filter filter;
    static struct fileput fileput;
    filter_init(&filter, program.name);
    /* A limit on the size of files is an error of the write. */
    signal(SIGXFSZ, SIG_IGN);
    fileput.filter = &filter;
    if (!read_options(&fileput, &filter, argc, argv))
        return diag_exit_status();
    if (filter_begin(&filter, argv + optind + 1, (size_t)(argc - optind - 1)) &&
        fileput_begin(&fileput, argv[optind])) {
        fileput_lines(&fileput);
        fileput_end(&fileput);
    }
    return filter_end(&filter);
}
