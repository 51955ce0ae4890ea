/* Moves the wall clock of one process: preloaded, it adds the seconds in the file LATER to the real time. The clocks
 * that measure time-outs stay as they are. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *later;

__attribute__((constructor)) static void open_later(void) {
    const char *path = getenv("LATER");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *later, PROT_READ, MAP_SHARED, file, 0);
    later = page == MAP_FAILED ? NULL : page;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    long result = syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && clock == CLOCK_REALTIME && later) time->tv_sec += *later;
    return (int)result;
}
