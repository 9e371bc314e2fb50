#include "config.h"

#include "base/write_all.h"
#include "spool/command.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Signals as a program expects them.  What we ignore or handle for ourselves becomes the default;
 * what we were told to ignore (nohup) stays ignored. */
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

/* Puts fd in place of a standard descriptor, without O_CLOEXEC. */
static bool put_in_place(int fd, int place)
{
    if (fd == place)
        return fcntl(fd, F_SETFD, 0) == 0;
    return dup2(fd, place) == place;
}

/* In the child.  Returns only if the program cannot be run, with errno set. */
static void become(const struct command *command, int messages, pid_t parent, const sigset_t *mask)
{
    setpgid(0, 0);
    restore_signals(mask);
    /* The parent may have been killed before it was asked for. */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() != parent)
        raise(SIGTERM);
    if (!put_in_place(command->input, STDIN_FILENO) || !put_in_place(messages, STDERR_FILENO) ||
        (command->inherited >= 0 && fcntl(command->inherited, F_SETFD, 0) != 0) ||
        setenv("AUDIT_RECEIPTS", command->receipts, 1) != 0 ||
        (command->key != NULL ? setenv("AUDIT_RECEIPTS_KEY", command->key, 1)
                              : unsetenv("AUDIT_RECEIPTS_KEY")) != 0 ||
        (command->spool != NULL && setenv("AUDIT_SPOOL", command->spool, 1) != 0))
        return;
    execvp(command->argument[0], command->argument);
}

/* Forks.  The error of a child that could not become the command comes through a pipe, which an
 * exec closes; 0: it runs. */
static int launch(struct command_run *run, const struct command *command, int messages)
{
    int report[2], error = 0;
    pid_t parent = getpid();
    sigset_t all, mask;
    if (pipe2(report, O_CLOEXEC) != 0)
        return errno;
    /* No signal for the child may run our handler there: it would be lost. */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &mask);
    run->pid = fork();
    if (run->pid == 0) {
        become(command, messages, parent, &mask);
        error = errno;
        (void)!write(report[1], &error, sizeof error);
        _exit(127);
    }
    if (run->pid < 0)
        error = errno;
    sigprocmask(SIG_SETMASK, &mask, NULL);
    close(report[1]);
    ssize_t n = 0;
    while (run->pid > 0 && (n = read(report[0], &error, sizeof error)) < 0 && errno == EINTR)
        ;
    close(report[0]);
    if (run->pid > 0 && error != 0)
        waitpid(run->pid, NULL, 0);
    return error;
}

/* What the thread that waits for a command gets. */
struct waiter {
    pid_t pid;
    int told; /* closed at the command's end */
};

static void *wait_for_end(void *context)
{
    struct waiter *waiter = context;
    siginfo_t info;
    while (waitid(P_PID, (id_t)waiter->pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
        ;
    close(waiter->told);
    free(waiter);
    return NULL;
}

/* Starts the thread.  0, or an errno. */
static int start_waiter(struct waiter *waiter)
{
    pthread_t thread;
    sigset_t all, mask;
    /* Signals are the main thread's business. */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &mask);
    int error = pthread_create(&thread, NULL, wait_for_end, waiter);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    if (error == 0)
        pthread_detach(thread);
    return error;
}

/* Where the system has no pidfd (Linux before 5.3, a sandbox, valgrind), a thread waits for the
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

/* A descriptor tells of the command's end.  0, or an errno. */
static int watch(struct command_run *run)
{
    /* Both sides do it, so that it is done whoever comes first. */
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

/* Keeps the bytes for `last`. */
static void keep(struct command_run *run, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.at[i] == '\n')
            end_line(run);
        else if (run->used < sizeof run->line)
            run->line[run->used++] = bytes.at[i];
}

void command_messages(struct command_run *run, bool pass_on)
{
    enum { READS = 16 }; /* so that one that never ends does not hold up the others */
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
        keep(run, (struct span){bytes, (size_t)n});
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
