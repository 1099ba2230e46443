"""Tests of count_results.py: no failure may get lost on the way into the last line."""

import pathlib
import tempfile
import unittest

import count_results

OK = '<testcase classname="A" name="{}" status="run" result="completed"/>'
BAD = '<testcase classname="A" name="{}" status="run" result="completed"><failure message="x"/></testcase>'


class CountResults(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        (self.folder / "programs").mkdir()

    def write(self, name, *cases):
        (self.folder / name).write_text("<testsuites><testsuite>" + "".join(cases) + "</testsuite></testsuites>")

    def outcomes(self, *failed_stages):
        return sorted(result for _, result in count_results.collect(self.folder, failed_stages))

    def test_a_program_counts_by_its_own_tests(self):
        self.write("ctest-unit.xml", '<testcase name="base_test" status="run"/>')
        self.write("programs/base_test.xml", OK.format("x"), OK.format("y"))
        self.assertEqual(self.outcomes(), ["passed", "passed"])

    def test_a_program_that_crashes_after_its_tests_is_a_failure(self):
        self.write("ctest-unit.xml", '<testcase name="base_test" status="fail"><failure/></testcase>')
        self.write("programs/base_test.xml", OK.format("x"))
        self.assertEqual(self.outcomes(), ["failed", "passed"])

    def test_a_failed_test_counts_once(self):
        self.write("ctest-unit.xml", '<testcase name="base_test" status="fail"><failure/></testcase>')
        self.write("programs/base_test.xml", OK.format("x"), BAD.format("y"))
        self.assertEqual(self.outcomes("unit"), ["failed", "passed"])

    def test_a_program_that_was_never_built_is_a_failure(self):
        self.write("ctest-unit.xml", '<testcase name="a" status="notrun"><skipped message="Unable to find executable"/></testcase>')
        self.assertEqual(self.outcomes(), ["failed"])

    def test_a_skipped_test_is_neither(self):
        self.write("ctest-unit.xml", '<testcase name="a" status="run"/>')
        self.write("programs/a.xml", '<testcase name="x" status="run" result="skipped"><skipped message="no Kafka"/></testcase>')
        self.assertEqual(self.outcomes(), ["skipped"])

    def test_a_stage_that_was_stopped_is_a_failure_even_without_results(self):
        self.assertEqual(self.outcomes("system"), ["failed"])

    def test_programs_that_finished_before_their_stage_was_stopped_count(self):
        self.write("programs/base_test.xml", OK.format("x"), OK.format("y"))
        self.assertEqual(self.outcomes("system"), ["failed", "passed", "passed"])

    def test_half_written_results_are_a_failure(self):
        self.write("ctest-unit.xml", '<testcase name="a" status="run"/>')
        (self.folder / "programs" / "a.xml").write_text("<testsuites><test")
        self.assertEqual(self.outcomes(), ["failed"])


if __name__ == "__main__":
    unittest.main()
