#include "config.h"

#include "base/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <unistd.h>

/* Opens /dev/null for those of the descriptors 0 to 2 that are closed, with the access reversed:
 * using one of them still fails, but no file that is opened later can take its place. */
static void guard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* Removes what follows "--", the command with its own options, from the command line.  Returns the
 * number of remaining words. */
static int take_command(const struct tool *tool, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--") == 0) {
            *tool->command = argv + i + 1;
            argv[i] = NULL;
            return i;
        }
    return argc;
}

int tool_main(const struct tool *tool, int argc, char **argv)
{
    struct options_program program = {.name = tool->name,
                                      .operands = tool->operands,
                                      .summary = tool->summary,
                                      .group = tool->options};
    if (tool->command != NULL)
        argc = take_command(tool, argc, argv);
    if (tool->command != NULL && *tool->command == NULL)
        program.is_command = tool->is_command;
    diag_name(tool->name);
    guard_descriptors();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (!options_read(&program, argc, argv))
        return diag_exit_status();
    return tool->run(argv + optind, (size_t)(argc - optind));
}
