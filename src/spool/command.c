#include "config.h"

#include "base/thread.h"
#include "base/write_all.h"
#include "spool/command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Resets signals to what a program expects.  Signals that we ignore or handle ourselves get the
 * default action; those that were ignored at our start (nohup) stay ignored. */
static void restore_signals(const sigset_t *mask)
{
    static const int ours[] = {SIGPIPE, SIGXFSZ}, handled[] = {SIGHUP, SIGINT, SIGTERM};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        signal(ours[i], SIG_DFL);
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++)
        if (signal(handled[i], SIG_DFL) == SIG_IGN)
            signal(handled[i], SIG_IGN);
    sigprocmask(SIG_SETMASK, mask, NULL);
}

/* Makes fd a standard descriptor, without O_CLOEXEC. */
static bool put_in_place(int fd, int place)
{
    if (fd == place)
        return fcntl(fd, F_SETFD, 0) == 0;
    return dup2(fd, place) == place;
}

static bool is_named(const char *variable, const char *name)
{
    size_t len = strlen(name);
    return strncmp(variable, name, len) == 0 && variable[len] == '=';
}

/* "NAME=VALUE", for the caller to free; NULL: no memory. */
static char *make_variable(const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 2;
    char *variable = malloc(size);
    if (variable != NULL)
        snprintf(variable, size, "%s=%s", name, value);
    return variable;
}

/* The variables that are set for the command. */
enum { RECEIPTS, KEY, SPOOL, VARIABLES };

/* The command's environment: ours, and its variables.  Made before the child, which may not
 * allocate memory. */
struct environment {
    char **all; /* ended by NULL */
    char *set[VARIABLES];
};

static void environment_free(struct environment *environment)
{
    free(environment->all);
    for (size_t i = 0; i < VARIABLES; i++)
        free(environment->set[i]);
}

/* False: no memory. */
static bool environment_make(struct environment *environment, const struct command *command)
{
    static const char *const name[VARIABLES] = {"AUDIT_RECEIPTS", "AUDIT_RECEIPTS_KEY",
                                                "AUDIT_SPOOL"};
    const char *const value[VARIABLES] = {command->receipts, command->key, command->spool};
    size_t count = 0, kept = 0;
    while (environ != NULL && environ[count] != NULL)
        count++;
    *environment = (struct environment){.all = malloc((count + VARIABLES + 1) * sizeof(char *))};
    bool made = environment->all != NULL;
    for (size_t i = 0; i < VARIABLES; i++)
        if (value[i] != NULL && (environment->set[i] = make_variable(name[i], value[i])) == NULL)
            made = false;
    if (!made) {
        environment_free(environment);
        return false;
    }
    /* Our own key is not passed on. */
    for (size_t i = 0; i < count; i++)
        if (!is_named(environ[i], name[RECEIPTS]) && !is_named(environ[i], name[KEY]) &&
            (command->spool == NULL || !is_named(environ[i], name[SPOOL])))
            environment->all[kept++] = environ[i];
    for (size_t i = 0; i < VARIABLES; i++)
        if (environment->set[i] != NULL)
            environment->all[kept++] = environment->set[i];
    environment->all[kept] = NULL;
    return true;
}

/* The descriptors that were open at the program's start. */
enum { KNOWN = 1024 };
static struct {
    bool noted;
    bool open[KNOWN];
} inherited;

void command_note_inherited(void)
{
    for (int fd = STDERR_FILENO + 1; fd < KNOWN; fd++)
        inherited.open[fd] = fcntl(fd, F_GETFD) >= 0;
    inherited.noted = true;
}

/* In the child: has execve(2) close the descriptors that were opened since.  A kernel before 5.11
 * cannot do that, and leaves them open. */
static void close_others(void)
{
#ifdef CLOSE_RANGE_CLOEXEC
    for (unsigned from = STDERR_FILENO + 1, to; inherited.noted && from < KNOWN; from = to + 1) {
        for (to = from; to < KNOWN && !inherited.open[to]; to++)
            ;
        if (to > from)
            close_range(from, to < KNOWN ? to - 1 : ~0U, CLOSE_RANGE_CLOEXEC);
    }
#endif
}

/* In the child, which shares our memory: it calls only functions that are safe in a signal handler.
 * Returns only if the program cannot be run, with errno set. */
static void become(const struct command *command, char *const *variable, int messages, pid_t parent,
                   const sigset_t *mask)
{
    setpgid(0, 0);
    restore_signals(mask);
    close_others();
    /* The parent may have died before prctl(2). */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() != parent)
        kill(getpid(), SIGTERM);
    if (!put_in_place(command->input, STDIN_FILENO) || !put_in_place(messages, STDERR_FILENO) ||
        (command->inherited >= 0 && fcntl(command->inherited, F_SETFD, 0) != 0))
        return;
    execvpe(command->argument[0], command->argument, variable);
}

/* vfork(2), because fork(2) copies the page tables: with 60 MB of messages in memory that takes
 * longer than a short command.  A child that cannot run the program writes its errno to
 * `report`. */
static pid_t spawn(const struct command *command, char *const *variable, int messages, int report,
                   const sigset_t *mask)
{
    pid_t parent = getpid(), child = vfork();
    if (child == 0) {
        become(command, variable, messages, parent, mask);
        int error = errno;
        (void)!write(report, &error, sizeof error);
        _exit(127);
    }
    return child;
}

/* Starts the command.  If the child cannot run the program, it sends its errno through a pipe,
 * which exec closes; 0: it runs. */
static int launch(struct command_run *run, const struct command *command, int messages)
{
    struct environment environment;
    int report[2], error = 0;
    sigset_t all, mask;
    if (!environment_make(&environment, command))
        return ENOMEM;
    if (pipe2(report, O_CLOEXEC) != 0) {
        error = errno;
        environment_free(&environment);
        return error;
    }
    /* A signal for the child must not run our handler there: it would be lost. */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &mask);
    run->pid = spawn(command, environment.all, messages, report[1], &mask);
    if (run->pid < 0)
        error = errno;
    sigprocmask(SIG_SETMASK, &mask, NULL);
    close(report[1]);
    environment_free(&environment);
    ssize_t n = 0;
    while (run->pid > 0 && (n = read(report[0], &error, sizeof error)) < 0 && errno == EINTR)
        ;
    close(report[0]);
    if (run->pid > 0 && error != 0)
        waitpid(run->pid, NULL, 0);
    return error;
}

/* The argument of the thread that waits for a command. */
struct waiter {
    pid_t pid;
    int ended; /* closed at the command's end */
};

static void *wait_for_end(void *context)
{
    struct waiter *waiter = context;
    siginfo_t info;
    while (waitid(P_PID, (id_t)waiter->pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
        ;
    close(waiter->ended);
    free(waiter);
    return NULL;
}

/* Starts the thread.  0, or an errno. */
static int start_waiter(struct waiter *waiter)
{
    pthread_t thread;
    int error = thread_start(&thread, wait_for_end, waiter);
    if (error == 0)
        pthread_detach(thread);
    return error;
}

/* If the system has no pidfd (Linux before 5.3, a sandbox, valgrind), a thread waits for the
 * command and closes a pipe at its end.  0, or an errno. */
static int watch_by_thread(struct command_run *run)
{
    int end[2];
    struct waiter *waiter = malloc(sizeof *waiter);
    if (waiter == NULL)
        return ENOMEM;
    int error = pipe2(end, O_CLOEXEC) != 0 ? errno : 0;
    if (error == 0) {
        *waiter = (struct waiter){run->pid, end[1]};
        error = start_waiter(waiter);
        if (error == 0) {
            run->exited = end[0];
            return 0;
        }
        close(end[0]);
        close(end[1]);
    }
    free(waiter);
    return error;
}

/* Sets up a descriptor that becomes readable at the command's end.  0, or an errno. */
static int watch(struct command_run *run)
{
    /* Parent and child both do this, so that it is done whichever runs first. */
    setpgid(run->pid, run->pid);
#ifdef SYS_pidfd_open
    run->exited = (int)syscall(SYS_pidfd_open, run->pid, 0);
    if (run->exited >= 0) {
        fcntl(run->exited, F_SETFD, FD_CLOEXEC);
        return 0;
    }
    if (errno != ENOSYS && errno != EPERM)
        return errno;
#endif
    return watch_by_thread(run);
}

static bool is_program(const char *file)
{
    struct stat is;
    return stat(file, &is) == 0 && S_ISREG(is.st_mode) && access(file, X_OK) == 0;
}

bool command_exists(const char *name)
{
    const char *path = getenv("PATH"), *end;
    char file[PATH_MAX];
    if (strchr(name, '/') != NULL || path == NULL)
        return is_program(name);
    for (;; path = end + 1) {
        end = strchrnul(path, ':');
        int n = snprintf(file, sizeof file, "%.*s/%s", (int)(end - path), path, name);
        if (n > 0 && (size_t)n < sizeof file && is_program(file))
            return true;
        if (*end == '\0')
            return false;
    }
}

bool command_start(struct command_run *run, const struct command *command, struct reason *reason)
{
    int messages[2];
    *run = (struct command_run){.messages = -1, .exited = -1};
    if (pipe2(messages, O_CLOEXEC) != 0)
        return reason_set(reason, "%s: %s", command->argument[0], strerror(errno));
    int error = launch(run, command, messages[1]);
    close(messages[1]);
    if (error == 0 && (error = watch(run)) != 0) {
        kill(-run->pid, SIGKILL);
        waitpid(run->pid, NULL, 0);
    }
    if (error != 0) {
        close(messages[0]);
        return reason_set(reason, "%s: cannot be run: %s", command->argument[0], strerror(error));
    }
    fcntl(messages[0], F_SETFL, O_NONBLOCK);
    run->messages = messages[0];
    return true;
}

static void end_line(struct command_run *run)
{
    if (run->used > 0) {
        run->last.text[0] = '\0';
        reason_append(&run->last, (struct span){run->line, run->used});
    }
    run->used = 0;
}

/* Copies the bytes to `last`. */
static void copy_last(struct command_run *run, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.at[i] == '\n')
            end_line(run);
        else if (run->used < sizeof run->line)
            run->line[run->used++] = bytes.at[i];
}

void command_messages(struct command_run *run, bool pass_on)
{
    enum { READS = 16 }; /* so that a command that writes endlessly does not hold up the others */
    char bytes[4096];
    for (int i = 0; i < READS && run->messages >= 0; i++) {
        ssize_t n = read(run->messages, bytes, sizeof bytes);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            close(run->messages);
            run->messages = -1;
            return;
        }
        copy_last(run, (struct span){bytes, (size_t)n});
        if (pass_on)
            (void)write_all(STDERR_FILENO, (struct span){bytes, (size_t)n});
    }
}

void command_signal(const struct command_run *run, int signal_number)
{
    kill(-run->pid, signal_number);
}

static void say_end(const struct command_run *run, int status, struct reason *reason)
{
    if (WIFSIGNALED(status))
        reason_set(reason, "the command was ended by signal %d (%s)", WTERMSIG(status),
                   strsignal(WTERMSIG(status)));
    else if (run->last.text[0] != '\0')
        *reason = run->last;
    else
        reason_set(reason, "the command ended with status %d", WEXITSTATUS(status));
}

enum command_end command_finish(struct command_run *run, bool pass_on, struct reason *reason)
{
    int status = -1;
    while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
        ;
    command_messages(run, pass_on);
    end_line(run);
    if (run->messages >= 0)
        close(run->messages);
    close(run->exited);
    run->messages = run->exited = -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return COMMAND_SUCCEEDED;
    say_end(run, status, reason);
    return COMMAND_FAILED;
}
