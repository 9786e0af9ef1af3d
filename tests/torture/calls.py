"""Finds the functions of the C library that the library calls and the torture tests do not make fail.

    calls.py LIBRARY.a TORTURED...

Every undefined symbol of the archive that is no C++ symbol is either among TORTURED, or on the list
below with the reason. A name on the list that is not called any more is an error as well.

Exit status: 0 the list is complete, 1 it is not.
"""

import re
import subprocess
import sys

# Those that cannot fail, or are no system call.
PURE = """
    abort atoi free gai_strerror getenv gettid htons htonl inet_ntop inet_pton localtime_r memchr memcmp memcpy
    memmove memset ntohl ntohs sigfillset sigemptyset stderr strcmp strerrordesc_np strerrorname_np strlen
    freeaddrinfo getpid pthread_self raise sched_yield strtol __cmsg_nxthdr
    __sched_cpucount environ sigabbrev_np __libc_current_sigrtmin __libc_current_sigrtmax
""".split()

REASONS = {
    "pthread_cond_clockwait": "std::condition_variable; fails only where it is misused, or in time",
    "munmap": "fails only for memory that is not mapped",
    "signal": "in a forked child, to give SIGINT its default back: fails only for a wrong number",
    "pthread_atfork": "fails only for want of memory, once; then a forked child is not told apart",
    "sem_init": "fails only for a number that is too large",
    "sem_destroy": "fails only where it is misused",
    "sem_post": "fails only where it is misused",
    "sem_wait": "is interrupted by signals, and repeated: tests/reactor/threads_blocking_test.cpp",
    "pthread_mutex_lock": "std::mutex; fails only where it is misused",
    "pthread_mutex_unlock": "std::mutex; fails only where it is misused",
    "if_indextoname": "an index without a name is printed as the number, whatever the reason",
    "fprintf": "tells standard error; there is nobody left to tell that it failed",
    "fwrite": "tells standard error; there is nobody left to tell that it failed",
    "fputs": "tells standard error; there is nobody left to tell that it failed",
}

for call in "pthread_setname_np sched_getaffinity sched_setaffinity".split():
    REASONS[call] = "a reactor's thread without a name, or on any processor, does the same"

# The compiler's own, the C++ library's (std::thread is tortured), and those of sanitizers.
RUNTIME = re.compile(
    r"_Z|__cxa_|_Unwind_|__(asan|ubsan|tsan|lsan|sanitizer|gcov|llvm|stack_chk|dso_handle|tls)|_GLOBAL_|"
    r"__gxx_|__dynamic_cast|__errno_location|__libc_single_threaded|__mem\w+_chk|__once|__start_|__stop_"
)


def called(archive):
    lines = subprocess.run(
        ["nm", "--undefined-only", "--no-demangle", archive], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    names = {line.split()[-1] for line in lines if " U " in line}
    # Fortified and large-file names are those of the same calls.
    return {re.sub(r"^__(\w+)_chk$", r"\1", re.sub(r"64$", "", name)) for name in names if not RUNTIME.match(name)}


def problems(names, tortured):
    excused = set(PURE) | set(REASONS)
    for name in sorted(names - tortured - excused):
        yield f"{name} is called, and no test makes it fail"
    for name in sorted(tortured & excused):
        yield f"{name} is made to fail, and excused from it"
    for name in sorted(name for name in tortured - names if not name.startswith("_Z")):
        yield f"{name} is made to fail, and never called"
    for name in sorted(set(REASONS) - names - {"fputs", "fwrite", "fprintf"}):
        yield f"{name} is excused, and never called"


def main(archive, *tortured):
    found = list(problems(called(archive), set(tortured)))
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
