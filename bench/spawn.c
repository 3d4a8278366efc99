/* How fast this machine starts programs: spawn COUNT IN_FLIGHT DIRECTORY runs `true` so often, each with its output and
 * errors in files (which are used again, so that no new file need be made), and prints programs per second. Nothing but
 * posix_spawn and wait. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

enum { FILES = 64 };

extern char **environ;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void start(int number, const char *directory) {
    char *argv[] = {"true", NULL}, out[4096], err[4096];
    posix_spawn_file_actions_t files;
    pid_t pid;
    snprintf(out, sizeof out, "%s/%d.out", directory, number);
    snprintf(err, sizeof err, "%s/%d.err", directory, number);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, out, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    posix_spawn_file_actions_addopen(&files, 2, err, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (posix_spawn(&pid, "/usr/bin/true", &files, NULL, argv, environ)) {
        perror("posix_spawn");
        exit(1);
    }
    posix_spawn_file_actions_destroy(&files);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: spawn COUNT IN_FLIGHT DIRECTORY\n");
        return 2;
    }
    int count = atoi(argv[1]), most = atoi(argv[2]), running = 0, status;
    double began = now();
    for (int started = 0; started < count || running;) {
        for (; running < most && started < count; running++) start(started++ % FILES, argv[3]);
        if (wait(&status) > 0) {
            running--;
            if (status) return 1;
        }
    }
    printf("%.1f\n", count / (now() - began));
    return 0;
}
