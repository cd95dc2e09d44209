/* Records in order what a process does to the files below a folder, for simulating power cuts.
 *
 * Loaded with LD_PRELOAD. RECORD_BELOW names the folder and RECORD_TO the file to write. What the process writes to its standard
 * output is recorded as well: that is where it says what was acknowledged. A record is
 *
 *     kind (1 byte), length of the path (2), a number (8), length of the data (8), path, data      all little-endian
 *
 *     C  a file was made                W  data was written at the offset `number`       S  the file's length became `number`
 *     B  a sync number `number` began   E  that sync ended: what was written before B is durable
 *     R  renamed to the path in data    U  unlinked                                      A  data went to standard output
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST 4096

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char *names[MOST];
static const char *below;
static size_t below_len;
static int log_to = -1;
static uint64_t syncs;

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    below = getenv("RECORD_BELOW");
    const char *to = getenv("RECORD_TO");
    if (!below || !to) return;
    below_len = strlen(below);
    log_to = NEXT(open)(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void all(const void *data, size_t len) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = NEXT(write);
    const char *at = data;
    while (len > 0) {
        ssize_t done = real(log_to, at, len);
        if (done <= 0) abort();
        at += done;
        len -= (size_t)done;
    }
}

/* Call with the turn taken. */
static void record(char kind, const char *path, uint64_t number, const void *data, uint64_t len) {
    char head[19 + PATH_MAX];
    uint16_t path_len = (uint16_t)strlen(path);
    head[0] = kind;
    memcpy(head + 1, &path_len, 2);
    memcpy(head + 3, &number, 8);
    memcpy(head + 11, &len, 8);
    memcpy(head + 19, path, path_len);
    all(head, 19 + (size_t)path_len);
    if (len) all(data, len);
}

static int watched(const char *path) {
    return log_to >= 0 && strncmp(path, below, below_len) == 0;
}

static const char *name_of(int fd) {
    return fd >= 0 && fd < MOST ? names[fd] : NULL;
}

static void take_turn(void) { pthread_mutex_lock(&turn); }
static void pass_turn(void) { int e = errno; pthread_mutex_unlock(&turn); errno = e; }

static void opened(int fd, int was_there, int flags) {
    if (fd < 0 || fd >= MOST || log_to < 0) return;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len <= 0) return;
    path[len] = 0;
    free(names[fd]);
    names[fd] = watched(path) ? strdup(path) : NULL;
    struct stat st;
    if (!names[fd] || fstat(fd, &st) || !S_ISREG(st.st_mode)) return;
    if (!was_there) record('C', path, 0, NULL, 0);
    else if (flags & O_TRUNC) record('S', path, 0, NULL, 0);
}

#define OPEN(name, decl, call, there)                                        \
    int name decl {                                                          \
        mode_t mode = 0;                                                     \
        if (flags & (O_CREAT | __O_TMPFILE)) {                               \
            va_list more; va_start(more, flags);                             \
            mode = va_arg(more, mode_t); va_end(more);                       \
        }                                                                    \
        take_turn();                                                         \
        int was_there = there;                                               \
        int fd = NEXT(name) call;                                            \
        int e = errno; opened(fd, was_there, flags); errno = e;              \
        pass_turn();                                                         \
        return fd;                                                           \
    }
OPEN(open, (const char *path, int flags, ...), (path, flags, mode), access(path, F_OK) == 0)
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode), access(path, F_OK) == 0)
OPEN(openat, (int dir, const char *path, int flags, ...), (dir, path, flags, mode), faccessat(dir, path, F_OK, 0) == 0)
OPEN(openat64, (int dir, const char *path, int flags, ...), (dir, path, flags, mode), faccessat(dir, path, F_OK, 0) == 0)

int close(int fd) {
    take_turn();
    if (name_of(fd)) { free(names[fd]); names[fd] = NULL; }
    int done = NEXT(close)(fd);
    pass_turn();
    return done;
}

#define FCNTL(name)                                                          \
    int name(int fd, int what, ...) {                                        \
        va_list more; va_start(more, what);                                  \
        void *with = va_arg(more, void *); va_end(more);                     \
        take_turn();                                                         \
        int done = NEXT(name)(fd, what, with);                               \
        if ((what == F_DUPFD || what == F_DUPFD_CLOEXEC) && done >= 0 && done < MOST) { \
            free(names[done]);                                               \
            names[done] = name_of(fd) ? strdup(names[fd]) : NULL;            \
        }                                                                    \
        pass_turn();                                                         \
        return done;                                                         \
    }
/* fcntl blocks only for locks that wait, which nobody here asks for. */
FCNTL(fcntl)
FCNTL(fcntl64)

ssize_t write(int fd, const void *data, size_t len) {
    if (fd != 1 && !name_of(fd)) return NEXT(write)(fd, data, len);
    take_turn();
    off_t at = 0;
    if (name_of(fd)) {
        struct stat st;
        at = lseek(fd, 0, SEEK_CUR);
        if ((NEXT(fcntl)(fd, F_GETFL) & O_APPEND) && !fstat(fd, &st)) at = st.st_size;
    }
    ssize_t done = NEXT(write)(fd, data, len);
    int e = errno;
    if (done > 0 && name_of(fd)) record('W', names[fd], (uint64_t)at, data, (uint64_t)done);
    else if (done > 0 && log_to >= 0) record('A', "", 0, data, (uint64_t)done);
    errno = e;
    pass_turn();
    return done;
}

#define PWRITE(name)                                                         \
    ssize_t name(int fd, const void *data, size_t len, off_t at) {           \
        if (!name_of(fd)) return NEXT(name)(fd, data, len, at);              \
        take_turn();                                                         \
        ssize_t done = NEXT(name)(fd, data, len, at);                        \
        int e = errno;                                                       \
        if (done > 0) record('W', names[fd], (uint64_t)at, data, (uint64_t)done); \
        errno = e;                                                           \
        pass_turn();                                                         \
        return done;                                                         \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define CUT(name)                                                            \
    int name(int fd, off_t len) {                                            \
        take_turn();                                                         \
        int done = NEXT(name)(fd, len);                                      \
        int e = errno;                                                       \
        if (!done && name_of(fd)) record('S', names[fd], (uint64_t)len, NULL, 0); \
        errno = e;                                                           \
        pass_turn();                                                         \
        return done;                                                         \
    }
CUT(ftruncate)
CUT(ftruncate64)

/* Others may write while a sync is under way: only what came before it counts. */
#define SYNC(name)                                                           \
    int name(int fd) {                                                       \
        if (!name_of(fd)) return NEXT(name)(fd);                             \
        char path[PATH_MAX];                                                 \
        take_turn();                                                         \
        snprintf(path, sizeof path, "%s", names[fd]);                        \
        uint64_t number = ((uint64_t)getpid() << 32) + ++syncs;              \
        record('B', path, number, NULL, 0);                                  \
        pass_turn();                                                         \
        int done = NEXT(name)(fd);                                           \
        int e = errno;                                                       \
        take_turn();                                                         \
        if (!done) record('E', path, number, NULL, 0);                       \
        errno = e;                                                           \
        pass_turn();                                                         \
        return done;                                                         \
    }
SYNC(fsync)
SYNC(fdatasync)

static void absolute(const char *path, char *out) {
    char here[PATH_MAX];
    if (path[0] == '/') snprintf(out, PATH_MAX, "%s", path);
    else if (getcwd(here, sizeof here)) snprintf(out, PATH_MAX, "%.2000s/%.2000s", here, path);
    else out[0] = 0;
}

int rename(const char *from, const char *to) {
    char a[PATH_MAX], b[PATH_MAX];
    absolute(from, a);
    absolute(to, b);
    take_turn();
    int done = NEXT(rename)(from, to);
    int e = errno;
    if (!done && watched(a)) {
        record('R', a, 0, b, strlen(b));
        for (int fd = 0; fd < MOST; fd++)
            if (names[fd] && !strcmp(names[fd], a)) { free(names[fd]); names[fd] = strdup(b); }
    }
    errno = e;
    pass_turn();
    return done;
}

int unlink(const char *path) {
    char a[PATH_MAX];
    absolute(path, a);
    take_turn();
    int done = NEXT(unlink)(path);
    int e = errno;
    if (!done && watched(a)) record('U', a, 0, NULL, 0);
    errno = e;
    pass_turn();
    return done;
}
