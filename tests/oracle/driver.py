"""Runs a driver (see FORMAT.md) on many programs at once."""

import shlex
import subprocess

UNSUPPORTED = "unsupported"


class Driver:
    def __init__(self, command, timeout):
        self.argv = shlex.split(command) + ["--batch"]
        self.timeout = timeout      # seconds per 100 programs

    def run(self, programs):
        """The trace of each program; in its place a string that says why there is none."""
        result = {}
        todo = list(enumerate(programs))
        while todo:
            done, why = self._once(todo)
            left = [(n, p) for n, p in todo if n not in done]
            if left:
                # The first one without a finished trace is to blame.
                result[left[0][0]] = why or "driver printed no finished trace"
            elif why:
                done = self._blamed(todo, why)
            result.update(done)
            todo = left[1:]
        return [result[n] for n in range(len(programs))]

    def _blamed(self, todo, why):
        """The results of programs whose driver failed only after the last of them, as for a leak."""
        if len(todo) == 1:
            return {todo[0][0]: why + "\n(after the whole trace)"}
        half = len(todo) // 2
        numbers, programs = zip(*todo)
        result = dict(zip(numbers, self.run(programs[:half]) + self.run(programs[half:])))
        if not any(isinstance(trace, str) for trace in result.values()):
            # None of them fails without the others.
            result[numbers[-1]] = why + "\n(after all programs, but not after each half of them)"
        return result

    def _once(self, programs):
        """Runs one process: ({index: trace}, why it failed or None)."""
        text = "".join("=== %d\n%s\n" % (n, "\n".join(lines)) for n, lines in programs)
        limit = self.timeout * (1 + len(programs) // 100)
        p = subprocess.Popen(self.argv, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = p.communicate(text.encode(), timeout=limit)
            why = None
            if p.returncode:
                why = "driver exited with status %d\n%s" % (
                    p.returncode, _gist(err.decode("utf-8", "replace")))
        except subprocess.TimeoutExpired:
            p.kill()
            out, err = p.communicate()
            why = "driver still running after %g s" % limit
        return _traces(out.decode("utf-8", "replace")), why


def _traces(output):
    done, name, trace = {}, None, []
    for line in output.splitlines():
        if line.startswith("=== "):
            name, trace = line[4:].strip(), []
        elif line == "." and name is not None:
            try:
                done[int(name)] = trace
            except ValueError:
                pass
            name = None
        elif name is not None and line.strip():
            trace.append(line.rstrip())
    return done


def _gist(err):
    """The lines of standard error that are worth showing: a sanitizer's begin with what it found."""
    lines = err.strip().splitlines()
    for n, line in enumerate(lines):
        if "ERROR:" in line or "runtime error:" in line:
            return "\n".join(lines[n:n + 24])
    return "\n".join(lines[-8:])
