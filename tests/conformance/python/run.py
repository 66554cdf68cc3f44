"""Runs the tests of this folder and prints one line of JSON for each."""

import json
import sys
import time
import unittest


class JsonResult(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()
        self._failed = False

    def report(self, test, outcome, detail=""):
        seconds = round(time.monotonic() - getattr(self, "_started", time.monotonic()), 3)
        line = {"id": test.id(), "outcome": outcome, "seconds": seconds, "detail": detail}
        print(json.dumps(line), flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        if not self._failed:
            self.report(test, "passed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.report(test, "failed", self._exc_info_to_string(err, test))

    def addError(self, test, err):
        super().addError(test, err)
        self.report(test, "failed", self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._failed = True
            self.report(subtest, "failed", self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.report(test, "skipped", reason)


folder = sys.argv[1]
sys.path.insert(0, folder)
unittest.defaultTestLoader.discover(folder).run(JsonResult())
