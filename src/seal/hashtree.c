#include "config.h"

#include "base/diag.h"
#include "base/interrupt.h"
#include "base/thread.h"
#include "seal/hasher.h"
#include "seal/hashtree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    PATH_SIZE = 4096,
    DEPTH = 1024,      /* nested directories */
    JOBS = 128,        /* files that are open and waiting */
    BATCH = 16,        /* files that are queued, or taken, at once */
    LARGE = 256 << 10, /* bytes; such a file is queued at once */
    THREADS = 8,
    READ_SIZE = 256 << 10,
};

struct job {
    int fd;
    off_t size;
    char *path;
    size_t len;
};

struct work {
    struct hashtree *tree;
    pthread_mutex_t lock;      /* protects the jobs, `found` and messages */
    pthread_cond_t came, went; /* a job was added; there is room again */
    struct job job[JOBS];      /* a ring */
    size_t first, count;
    bool ended;   /* there will be no more jobs */
    bool stopped; /* the walk should stop */
};

struct walk {
    struct work *work;
    char path[PATH_SIZE];
    size_t len;
    struct job batch[BATCH]; /* not queued yet: waking a thread takes longer than a small file */
    size_t count;
};

/* Writes a message about a path in the tree; the lock is held. */
static void complain(struct work *work, struct span path, int error)
{
    struct printable shown;
    diag_fail("%s/%s: %s", work->tree->name, diag_printable(path, &shown), strerror(error));
}

/* The digest of the rest of the file.  0, or an errno. */
static int digest_file(struct hasher *hasher, const struct job *job, char *buffer,
                       unsigned char *digest)
{
    off_t total = 0;
    if (!hasher_start(hasher))
        return ENOMEM;
    for (;;) {
        ssize_t n = read(job->fd, buffer, READ_SIZE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n > 0 && !hasher_add(hasher, (struct span){buffer, (size_t)n}))
            return ENOMEM;
        total += n;
        /* A small file takes only one read. */
        if (n == 0 || (total == job->size && n < READ_SIZE))
            return hasher_finish(hasher, digest) ? 0 : ENOMEM;
    }
}

struct result {
    unsigned char digest[DIGEST_SIZE];
    int error;
    bool known;
};

static void report(struct work *work, struct job *job, const struct result *result)
{
    struct span path = {job->path, job->len};
    if (result->error != 0)
        complain(work, path, result->error);
    else if (result->known)
        work->tree->known_files++;
    else if (!work->stopped &&
             !work->tree->found(work->tree->context, path, HASHTREE_FILE, result->digest))
        work->stopped = true;
}

/* Takes jobs from the ring; the lock is held. */
static size_t take_jobs(struct work *work, struct job batch[BATCH])
{
    size_t count = 0;
    while (work->count == 0 && !work->ended)
        pthread_cond_wait(&work->came, &work->lock);
    /* Not all at once: large files should not wait behind one another. */
    size_t most = work->count / 2 + 1;
    while (count < BATCH && count < most && work->count > 0) {
        batch[count++] = work->job[work->first];
        work->first = (work->first + 1) % JOBS;
        work->count--;
    }
    if (count > 0)
        pthread_cond_signal(&work->went);
    if (work->count > 0)
        pthread_cond_signal(&work->came);
    return count;
}

static void *digest_files(void *context)
{
    struct work *work = context;
    const struct hashtree *tree = work->tree;
    struct job batch[BATCH];
    struct result result[BATCH];
    struct hasher hasher;
    char *buffer = malloc(READ_SIZE);
    bool able = hasher_begin(&hasher) && buffer != NULL;
    size_t count;
    pthread_mutex_lock(&work->lock);
    while ((count = take_jobs(work, batch)) > 0) {
        bool stopped = work->stopped;
        pthread_mutex_unlock(&work->lock);
        for (size_t i = 0; i < count; i++) {
            result[i].error = stopped ? ECANCELED
                              : able  ? digest_file(&hasher, &batch[i], buffer, result[i].digest)
                                      : ENOMEM;
            close(batch[i].fd);
            result[i].known = result[i].error == 0 && tree->known != NULL &&
                              tree->known(tree->context, (struct span){batch[i].path, batch[i].len},
                                          result[i].digest);
        }
        pthread_mutex_lock(&work->lock);
        for (size_t i = 0; i < count; i++)
            if (result[i].error != ECANCELED)
                report(work, &batch[i], &result[i]);
        pthread_mutex_unlock(&work->lock);
        for (size_t i = 0; i < count; i++)
            free(batch[i].path);
        pthread_mutex_lock(&work->lock);
    }
    pthread_mutex_unlock(&work->lock);
    if (able)
        hasher_end(&hasher);
    free(buffer);
    return NULL;
}

/* Queues the collected files.  False: the walk should stop. */
static bool flush(struct walk *walk)
{
    struct work *work = walk->work;
    pthread_mutex_lock(&work->lock);
    while (JOBS - work->count < walk->count && !work->stopped)
        pthread_cond_wait(&work->went, &work->lock);
    bool going = !work->stopped;
    for (size_t i = 0; i < walk->count && going; i++)
        work->job[(work->first + work->count++) % JOBS] = walk->batch[i];
    if (going && walk->count > 0)
        pthread_cond_signal(&work->came);
    pthread_mutex_unlock(&work->lock);
    for (size_t i = 0; i < walk->count && !going; i++) {
        free(walk->batch[i].path);
        close(walk->batch[i].fd);
    }
    walk->count = 0;
    return going;
}

/* Takes an open file, to be queued.  False: the walk should stop. */
static bool queue_file(struct walk *walk, int fd, off_t size)
{
    struct work *work = walk->work;
    char *path = malloc(walk->len + 1);
    if (path == NULL) {
        close(fd);
        pthread_mutex_lock(&work->lock);
        complain(work, (struct span){walk->path, walk->len}, ENOMEM);
        work->stopped = true;
        pthread_mutex_unlock(&work->lock);
        return false;
    }
    memcpy(path, walk->path, walk->len);
    walk->batch[walk->count++] = (struct job){fd, size, path, walk->len};
    return (walk->count < BATCH && size < LARGE) || flush(walk);
}

static bool complain_of_walk(struct walk *walk, int error)
{
    pthread_mutex_lock(&walk->work->lock);
    complain(walk->work, (struct span){walk->path, walk->len}, error);
    pthread_mutex_unlock(&walk->work->lock);
    return true;
}

static bool find(struct walk *walk, enum hashtree_kind kind)
{
    struct work *work = walk->work;
    pthread_mutex_lock(&work->lock);
    if (!work->stopped &&
        !work->tree->found(work->tree->context, (struct span){walk->path, walk->len}, kind, NULL))
        work->stopped = true;
    bool going = !work->stopped;
    pthread_mutex_unlock(&work->lock);
    return going;
}

static int open_entry(int parent, const char *name, int more)
{
    return openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | more);
}

/* Opens a directory entry that is known to be a file, and queues it.  False: the walk should
 * stop. */
static bool enter_file(struct walk *walk, int parent, const char *name)
{
    const struct hashtree *tree = walk->work->tree;
    struct stat status;
    int fd = open_entry(parent, name, 0);
    if (fd < 0)
        return errno == ENOENT || complain_of_walk(walk, errno);
    bool is_file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    if (is_file &&
        (tree->skip == NULL ||
         !tree->skip(tree->context, (struct span){walk->path, walk->len}, &status, parent, name)))
        return queue_file(walk, fd, status.st_size);
    close(fd);
    return is_file || complain_of_walk(walk, EAGAIN); /* it was replaced just now */
}

/* Reports an entry that is neither a directory nor a file, and opens and queues a file.
 * *directory: the entry's descriptor if it is a directory to enter, else -1.  False: the walk
 * should stop. */
static bool enter(struct walk *walk, int parent, const struct dirent *entry, int *directory)
{
    const struct hashtree *tree = walk->work->tree;
    const char *name = entry->d_name;
    struct stat status;
    *directory = -1;
    if (entry->d_type == DT_REG)
        return enter_file(walk, parent, name);
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || complain_of_walk(walk, errno);
    if (S_ISREG(status.st_mode))
        return enter_file(walk, parent, name);
    if (tree->skip != NULL &&
        tree->skip(tree->context, (struct span){walk->path, walk->len}, &status, parent, name))
        return true;
    if (S_ISLNK(status.st_mode))
        return find(walk, HASHTREE_LINK);
    if (!S_ISDIR(status.st_mode))
        return find(walk, HASHTREE_SPECIAL);
    *directory = open_entry(parent, name, O_DIRECTORY);
    return *directory >= 0 || errno == ENOENT || complain_of_walk(walk, errno);
}

static bool add_name(struct walk *walk, const char *name)
{
    size_t len = strlen(name);
    if (walk->len + 1 + len >= PATH_SIZE) {
        complain_of_walk(walk, ENAMETOOLONG);
        return false;
    }
    if (walk->len > 0)
        walk->path[walk->len++] = '/';
    memcpy(walk->path + walk->len, name, len);
    walk->len += len;
    return true;
}

/* Opens a directory stream; false after a message. */
static bool push(struct walk *walk, DIR **stream, int fd)
{
    *stream = fdopendir(fd);
    if (*stream != NULL)
        return true;
    complain_of_walk(walk, errno);
    close(fd);
    return false;
}

/* Walks all directories, depth first, with a stack of streams. */
static bool go(struct walk *walk)
{
    static DIR *stream[DEPTH];
    static size_t begin[DEPTH]; /* the length of the path to it */
    size_t depth = 0;
    bool going = true;
    int fd = openat(walk->work->tree->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return !complain_of_walk(walk, errno);
    if (push(walk, &stream[0], fd))
        begin[depth++] = 0;
    while (depth > 0 && going) {
        walk->len = begin[depth - 1];
        errno = 0;
        const struct dirent *entry = readdir(stream[depth - 1]);
        if (entry == NULL) {
            if (errno != 0)
                complain_of_walk(walk, errno);
            closedir(stream[--depth]);
            continue;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            !add_name(walk, entry->d_name))
            continue;
        going = interrupt_asked() == NULL && enter(walk, dirfd(stream[depth - 1]), entry, &fd);
        if (fd < 0)
            continue;
        if (depth == DEPTH) {
            complain_of_walk(walk, ENAMETOOLONG);
            close(fd);
        } else if (push(walk, &stream[depth], fd)) {
            begin[depth++] = walk->len;
        }
    }
    while (depth > 0)
        closedir(stream[--depth]);
    return flush(walk) && going;
}

static unsigned thread_count(const struct hashtree *tree)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (tree->threads > 0)
        return tree->threads < THREADS ? tree->threads : THREADS;
    return processors < 1 ? 1 : processors > THREADS ? THREADS : (unsigned)processors;
}

bool hashtree_walk(struct hashtree *tree)
{
    static struct work work;
    static struct walk walk;
    pthread_t thread[THREADS];
    unsigned threads = 0, wanted = thread_count(tree);
    int error = 0;
    work = (struct work){.tree = tree,
                         .lock = PTHREAD_MUTEX_INITIALIZER,
                         .came = PTHREAD_COND_INITIALIZER,
                         .went = PTHREAD_COND_INITIALIZER};
    walk = (struct walk){.work = &work};
    while (threads < wanted && (error = thread_start(&thread[threads], digest_files, &work)) == 0)
        threads++;
    if (threads == 0) {
        diag_fail("%s: %s", tree->name, strerror(error));
        return false;
    }
    bool whole = go(&walk);
    pthread_mutex_lock(&work.lock);
    work.ended = true;
    pthread_cond_broadcast(&work.came);
    pthread_mutex_unlock(&work.lock);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    return whole && !work.stopped;
}
