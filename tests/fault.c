/* fault: a library for LD_PRELOAD that makes system calls and allocations fail on demand.
 *
 *     FAULT_CALL   the calls that fail: one of the groups below
 *     FAULT_AT     the first of them that fails, counted from 1
 *     FAULT_ERROR  what errno is then: ENOSPC, EIO, …; memory is always ENOMEM
 *     FAULT_STAYS  1: all the later ones fail, too
 *     FAULT_SHORT  read(2), pread(2) and write(2) take part of what they are asked for: 1 means one
 *                  byte, any other number is the seed of random sizes
 *     FAULT_OWN    1: only what the program's own code calls fails, not what a library does
 *     FAULT_ONLY   the name of the program in which they fail; those that it runs are spared
 *     FAULT_FIRED  a file to which a byte is written for each call that failed
 *     FAULT_SERVER a socket (SOCK_SEQPACKET): see serve()
 *
 * Standard error is spared but for EINTR and FAULT_SHORT: it is where failures are told.  A write
 * that fails writes nothing; close(2) closes all the same.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum group {
    MEMORY,
    OWN_MEMORY,
    READ,
    WRITE,
    OPEN,
    CLOSE,
    SYNC,
    RENAME,
    TREE,
    WAIT,
    RANDOM,
    GROUPS
};

static const char *const group_name[GROUPS] = {
    [MEMORY] = "memory",         /* malloc calloc realloc */
    [OWN_MEMORY] = "own-memory", /* the same, called by the program and not by a library */
    [READ] = "read",             /* read pread */
    [WRITE] = "write",           /* write */
    [OPEN] = "open",             /* open openat fopen opendir fdopendir */
    [CLOSE] = "close",           /* close */
    [SYNC] = "sync",             /* fsync fdatasync syncfs */
    [RENAME] = "rename",         /* rename renameat renameat2 linkat */
    [TREE] = "tree",             /* mkdirat unlinkat fstatat access flock */
    [WAIT] = "wait",             /* poll ppoll */
    [RANDOM] = "random",         /* getrandom */
};

static const struct {
    const char *name;
    int number;
} error_named[] = {
    {"EACCES", EACCES}, {"EDQUOT", EDQUOT}, {"EINTR", EINTR},   {"EIO", EIO},
    {"EMFILE", EMFILE}, {"ENOMEM", ENOMEM}, {"ENOSPC", ENOSPC}, {"EXDEV", EXDEV},
};

static struct {
    bool armed;
    enum group group;
    unsigned long at, seen;
    int error;
    bool stays;
    bool own;
    uint64_t seed; /* 0: reads and writes are complete */
    bool bytewise;
    const char *fired;
    uintptr_t program, program_end; /* the address range of the program's own code */
} fault = {.group = GROUPS};

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

static void misused(const char *name)
{
    dprintf(STDERR_FILENO, "fault: %s=%s: unknown\n", name, setting(name));
    _exit(125);
}

/* The first object is the program. */
static int find_program(struct dl_phdr_info *object, size_t size, void *context)
{
    (void)size;
    (void)context;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0)
            continue;
        fault.program = object->dlpi_addr + part->p_vaddr;
        fault.program_end = fault.program + part->p_memsz;
    }
    return 1;
}

/* A requested run of serve(): its directory, its arguments and its environment, each with a NUL
 * after it. */
static char asked[65536];

/* In a process of its own: becomes the requested run. */
static void become(size_t size, const int given[3], int socket, int argc, char **argv)
{
    for (int i = 0; i < 3; i++) {
        if (dup2(given[i], i) < 0)
            _exit(125);
        close(given[i]);
    }
    close(socket);
    if (chdir(asked) != 0)
        _exit(125);
    char *word = asked + strlen(asked) + 1;
    for (int i = 1; i < argc; i++, word += strlen(word) + 1)
        argv[i] = word;
    clearenv();
    for (; word < asked + size; word += strlen(word) + 1)
        putenv(word);
}

/* Starts the program, which is loaded and linked, as often as requested: loading is most of the
 * time of a short run.  A request comes with standard input, output and error; the responses are
 * the process and, when that has ended, its status, an int each.  Returns in each new process; the
 * program has as many arguments there as here. */
static void serve(int socket, int argc, char **argv)
{
    for (;;) {
        int given[3];
        union {
            struct cmsghdr header;
            char room[CMSG_SPACE(sizeof given)];
        } control;
        struct iovec text = {asked, sizeof asked};
        struct msghdr request = {.msg_iov = &text,
                                 .msg_iovlen = 1,
                                 .msg_control = &control,
                                 .msg_controllen = sizeof control};
        ssize_t size = recvmsg(socket, &request, 0);
        if (size == 0)
            _exit(0);
        if (size < 0 || (request.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
            asked[size - 1] != '\0')
            _exit(125);
        memcpy(given, CMSG_DATA(CMSG_FIRSTHDR(&request)), sizeof given);
        int process = fork(), status;
        if (process == 0) {
            become((size_t)size, given, socket, argc, argv);
            return;
        }
        for (int i = 0; i < 3; i++)
            close(given[i]);
        if (process < 0 || send(socket, &process, sizeof process, 0) < 0 ||
            waitpid(process, &status, 0) < 0 || send(socket, &status, sizeof status, 0) < 0)
            _exit(125);
    }
}

/* glibc passes main()'s arguments to a constructor. */
__attribute__((constructor)) static void arm(int argc, char **argv)
{
    const char *only = setting("FAULT_ONLY");
    if (*only != '\0' && strcmp(only, program_invocation_short_name) != 0)
        return;
    if (*setting("FAULT_SERVER") != '\0')
        serve(atoi(setting("FAULT_SERVER")), argc, argv);
    dl_iterate_phdr(find_program, NULL);
    const char *group = setting("FAULT_CALL"), *error = setting("FAULT_ERROR");
    for (int i = 0; i < GROUPS; i++)
        if (strcmp(group, group_name[i]) == 0)
            fault.group = (enum group)i;
    for (size_t i = 0; i < sizeof error_named / sizeof *error_named; i++)
        if (strcmp(error, error_named[i].name) == 0)
            fault.error = error_named[i].number;
    if (*group != '\0' && fault.group == GROUPS)
        misused("FAULT_CALL");
    if (fault.group == MEMORY || fault.group == OWN_MEMORY)
        fault.error = ENOMEM;
    if (fault.group != GROUPS && fault.error == 0)
        misused("FAULT_ERROR");
    fault.at = strtoul(setting("FAULT_AT"), NULL, 10);
    fault.stays = strcmp(setting("FAULT_STAYS"), "1") == 0;
    fault.own = strcmp(setting("FAULT_OWN"), "1") == 0;
    fault.seed = strtoull(setting("FAULT_SHORT"), NULL, 10);
    fault.bytewise = fault.seed == 1;
    fault.fired = getenv("FAULT_FIRED");
    fault.armed = true;
}

/* Records that this call failed, without the functions below. */
static void tell_fired(void)
{
    if (fault.fired == NULL)
        return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, fault.fired, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (fd < 0 || syscall(SYS_write, fd, "x", 1) != 1)
        _exit(125);
    syscall(SYS_close, fd);
}

#define FROM __builtin_return_address(0)

static bool is_own(const void *from)
{
    return (uintptr_t)from >= fault.program && (uintptr_t)from < fault.program_end;
}

/* Whether this call of the group, made from there, fails; sets errno then. */
static bool fails_from(enum group group, const void *from)
{
    if (!fault.armed || group != fault.group || (fault.own && !is_own(from)))
        return false;
    fault.seen++;
    if (fault.seen != fault.at && !(fault.stays && fault.seen > fault.at))
        return false;
    tell_fired();
    errno = fault.error;
    return true;
}

/* For the functions that replace calls. */
#define fails(group)        fails_from(group, FROM)
#define fails_on(group, fd) (((fd) != STDERR_FILENO || fault.error == EINTR) && fails(group))

/* How much of `size` bytes is read or written: all, or a random part.  xorshift64. */
static size_t cut_from(size_t size, const void *from)
{
    if (fault.seed == 0 || size < 2 || (fault.own && !is_own(from)))
        return size;
    if (fault.bytewise)
        return 1;
    fault.seed ^= fault.seed << 13;
    fault.seed ^= fault.seed >> 7;
    fault.seed ^= fault.seed << 17;
    /* Small parts and large ones: up to a power of two that is drawn first. */
    size_t most = (size_t)1 << (fault.seed >> 40) % 18;
    size_t part = 1 + (size_t)(fault.seed % most);
    return part < size ? part : size;
}

#define cut(size) cut_from(size, FROM)

/* The function of that name after this library.  The caller knows its type. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* glibc's own allocator, under its names for libraries that replace it. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

/* Whether an allocation requested from there fails. */
static bool memory_fails(void *from)
{
    return fails_from(MEMORY, from) || (is_own(from) && fails_from(OWN_MEMORY, from));
}

void *malloc(size_t size)
{
    return memory_fails(FROM) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return memory_fails(FROM) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return memory_fails(FROM) ? NULL : __libc_realloc(memory, size);
}

ssize_t read(int fd, void *buffer, size_t size)
{
    return fails(READ) ? -1 : syscall(SYS_read, fd, buffer, cut(size));
}

/* The name of read(2) with _FORTIFY_SOURCE. */
ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room);
ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room)
{
    if (size > room)
        abort();
    return fails(READ) ? -1 : syscall(SYS_read, fd, buffer, cut(size));
}

static ssize_t read_at(int fd, void *buffer, size_t size, off64_t offset)
{
    return fails(READ) ? -1 : syscall(SYS_pread64, fd, buffer, cut(size), offset);
}

ssize_t pread(int fd, void *buffer, size_t size, off_t offset)
{
    return read_at(fd, buffer, size, offset);
}

/* Its name with 64-bit offsets. */
ssize_t pread64(int fd, void *buffer, size_t size, off64_t offset)
{
    return read_at(fd, buffer, size, offset);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    return fails_on(WRITE, fd) ? -1 : syscall(SYS_write, fd, bytes, cut(size));
}

static mode_t mode_of(int flags, va_list more)
{
    return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
}

int open(const char *name, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    return fails(OPEN) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, name, flags, mode);
}

int openat(int dir, const char *name, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    return fails(OPEN) ? -1 : (int)syscall(SYS_openat, dir, name, flags, mode);
}

/* The names of these two with _FORTIFY_SOURCE. */
int __open_2(const char *name, int flags);
int __open_2(const char *name, int flags)
{
    return fails(OPEN) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, name, flags, 0);
}

int __openat_2(int dir, const char *name, int flags);
int __openat_2(int dir, const char *name, int flags)
{
    return fails(OPEN) ? -1 : (int)syscall(SYS_openat, dir, name, flags, 0);
}

FILE *fopen(const char *name, const char *mode)
{
    return fails(OPEN) ? NULL : NEXT(fopen)(name, mode);
}

DIR *opendir(const char *name)
{
    return fails(OPEN) ? NULL : NEXT(opendir)(name);
}

DIR *fdopendir(int fd)
{
    return fails(OPEN) ? NULL : NEXT(fdopendir)(fd);
}

int close(int fd)
{
    int result = (int)syscall(SYS_close, fd);
    return fails_on(CLOSE, fd) ? -1 : result;
}

/* Nothing is synced: that would take most of the tests' time, and none of them cuts the power. */
int fsync(int fd)
{
    return fcntl(fd, F_GETFD) < 0 || fails(SYNC) ? -1 : 0;
}

int fdatasync(int fd)
{
    return fcntl(fd, F_GETFD) < 0 || fails(SYNC) ? -1 : 0;
}

int syncfs(int fd)
{
    return fcntl(fd, F_GETFD) < 0 || fails(SYNC) ? -1 : 0;
}

int rename(const char *from, const char *to)
{
    return fails(RENAME) ? -1 : NEXT(rename)(from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return fails(RENAME) ? -1 : NEXT(renameat)(from_dir, from, to_dir, to);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    return fails(RENAME) ? -1 : NEXT(renameat2)(from_dir, from, to_dir, to, flags);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    return fails(RENAME) ? -1 : NEXT(linkat)(from_dir, from, to_dir, to, flags);
}

int mkdirat(int dir, const char *name, mode_t mode)
{
    return fails(TREE) ? -1 : NEXT(mkdirat)(dir, name, mode);
}

int unlinkat(int dir, const char *name, int flags)
{
    return fails(TREE) ? -1 : NEXT(unlinkat)(dir, name, flags);
}

int fstatat(int dir, const char *name, struct stat *is, int flags)
{
    return fails(TREE) ? -1 : NEXT(fstatat)(dir, name, is, flags);
}

int access(const char *name, int how)
{
    return fails(TREE) ? -1 : NEXT(access)(name, how);
}

int flock(int fd, int operation)
{
    return fails(TREE) ? -1 : NEXT(flock)(fd, operation);
}

int poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
    return fails(WAIT) ? -1 : (int)syscall(SYS_poll, fds, count, milliseconds);
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *time, const sigset_t *mask)
{
    return fails(WAIT) ? -1 : NEXT(ppoll)(fds, count, time, mask);
}

ssize_t getrandom(void *buffer, size_t size, unsigned flags)
{
    return fails(RANDOM) ? -1 : syscall(SYS_getrandom, buffer, size, flags);
}
