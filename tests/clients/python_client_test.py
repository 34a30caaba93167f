"""Holds docs/clients/python to what it says, against the built service."""

import os
import subprocess
import sys
import threading
import unittest
import uuid
from pathlib import Path

try:
    import flatbuffers  # noqa: F401
    import grpc
except ImportError as missing:
    print(f"skipped: {missing}; tools/setup installs it")
    sys.exit(0)

from served import Served
from whorl_client import Client, Decision, Outcome, Refused, Sample

EXAMPLE = Path(os.environ["WHORL_CLIENTS"]) / "python" / "example.py"
CPP_EXAMPLE = os.environ["WHORL_CPP_CLIENT"]
NOT_FOUND, EMPTY_INPUT, REQUEST_REUSED, BAD_NAME, BAD_REQUEST = 16, 7, 51, 27, 52


class OutsideClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.served = Served()
        dev = cls.served.dev
        cls.client = Client(cls.served.address, dev / "client.pem", dev / "client.key",
                            dev / "authority.pem", gallery="main", purpose="test")

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        code = cls.served.stop()
        assert code == 0, f"the service ended with {code}"

    def refusal(self, call, **fields):
        with self.assertRaises(Refused) as caught:
            call(**fields)
        return caught.exception

    def enrol(self, subject, person, **fields):
        return self.client.enrol(subject=subject, samples=[self.served.visit(person, 1)], **fields)

    def test_enrols_identifies_verifies_and_erases(self):
        enrolled = self.enrol(70, 1, source="desk 4", expect_new_subject=True)
        self.assertEqual((enrolled.subject, enrolled.encounter), (70, 1))
        self.assertGreater(enrolled.report.revision, 0)
        self.assertTrue(enrolled.report.engine.startswith("whorl "))

        probe = [self.served.visit(1, 2)]
        found = self.client.identify(samples=probe, search={"max_candidates": 3}).result
        self.assertEqual(found.decision, Decision.hit)
        self.assertEqual(found.candidates[0].subject, 70)
        self.assertLess(found.candidates[0].fmr, 1e-6)
        self.assertTrue(found.reasons)
        self.assertEqual(self.client.verify(samples=probe, subject=70).match, Decision.hit)
        chip = self.client.verify(samples=probe, references=[self.served.visit(2, 1)])
        self.assertEqual(chip.match, Decision.no_hit)

        shown = self.client.get_subject(subject=70)
        self.assertEqual(shown.encounters[0].source, "desk 4")
        self.client.erase(subject=70)
        self.assertEqual(self.refusal(self.client.get_subject, subject=70).fault, NOT_FOUND)
        self.assertEqual(self.client.identify(samples=probe).result.candidates, [])

    def test_who_is_enrolled_already_is_a_duplicate(self):
        self.enrol(20, 2)
        again = self.client.enrol_with_dedup(subject=21, samples=[self.served.visit(2, 2)])
        self.assertEqual(again.outcome, Outcome.duplicate)
        self.assertEqual(again.search.candidates[0].subject, 20)
        self.client.delete(subject=20)

    def test_a_repeated_request_is_given_the_first_answer(self):
        request_id = uuid.uuid4().hex
        first = self.enrol(30, 3, request_id=request_id)
        again = self.enrol(30, 3, request_id=request_id)
        self.assertEqual((first.report.repeated, again.report.repeated), (False, True))
        self.assertEqual(again.encounter, first.encounter)
        self.assertEqual(len(self.client.get_subject(subject=30).encounters), 1)
        refused = self.refusal(self.enrol, subject=31, person=3, request_id=request_id)
        self.assertEqual(refused.fault, REQUEST_REUSED)
        self.assertEqual(refused.code, grpc.StatusCode.ALREADY_EXISTS)
        self.client.erase(subject=30)

    def test_an_encounter_is_replaced(self):
        self.enrol(40, 4)
        self.client.update(subject=40, encounter=1, samples=[self.served.visit(3, 1)])
        other = [self.served.visit(3, 2)]
        self.assertEqual(self.client.verify(samples=other, subject=40).match, Decision.hit)
        self.client.erase(subject=40)

    def test_a_visit_gives_feedback_and_is_enrolled_at_its_end(self):
        with self.client.visit(subject=50, source="station 1") as visit:
            refused = visit.capture(Sample(b"no picture"))
            self.assertFalse(refused.accepted)
            self.assertIn("E2", refused.refused_because)
            accepted = visit.capture(self.served.visit(4, 1))
            self.assertEqual((accepted.accepted, accepted.capture), (True, 1))
            self.assertEqual(visit.finish().encounter, 1)
        self.client.erase(subject=50)

    def test_a_visit_that_is_left_enrols_nobody(self):
        with self.client.visit(subject=51) as visit:
            self.assertTrue(visit.capture(self.served.visit(4, 1)).accepted)
        self.assertEqual(self.refusal(self.client.get_subject, subject=51).fault, NOT_FOUND)

    def test_who_watches_hears_of_hits(self):
        self.enrol(60, 3)
        heard = []

        def listen():
            for hit in self.client.watch_hits(deadline_s=60):
                heard.append(hit)
                return

        watcher = threading.Thread(target=listen)
        watcher.start()
        asked = []
        while watcher.is_alive() and len(asked) < 600:  # it may not have begun to listen
            asked.append(uuid.uuid4().hex)
            self.client.identify(samples=[self.served.visit(3, 2)], request_id=asked[-1])
            watcher.join(0.1)
        watcher.join()
        self.assertIn(heard[0].request_id, asked)
        self.assertEqual(heard[0].candidates[0].subject, 60)
        self.client.erase(subject=60)

    def test_faults_arrive_with_number_and_place(self):
        sample = [self.served.visit(1, 1)]
        table = [
            ("no bytes", dict(samples=[Sample(b"")]), EMPTY_INPUT, "sample 1"),
            ("no sample", dict(samples=[]), BAD_REQUEST, "samples"),
            ("a gallery that cannot be", dict(samples=sample, gallery="No!"), BAD_NAME,
             "heading.gallery"),
            ("one that is not there", dict(samples=sample, gallery="nowhere"), NOT_FOUND, None),
            ("no purpose", dict(samples=sample, purpose=""), BAD_REQUEST, "heading.purpose"),
            ("an id with a space", dict(samples=sample, request_id="a b"), BAD_REQUEST,
             "heading.request_id"),
            ("no such finger", dict(samples=[Sample(self.served.visit(1, 1), position=11)]),
             BAD_REQUEST, None),
        ]
        for what, fields, fault, where in table:
            with self.subTest(what):
                refused = self.refusal(self.client.identify, **fields)
                self.assertEqual(refused.fault, fault)
                if where:
                    self.assertEqual(refused.where, where)
                self.assertIn("To do:", str(refused))

    def test_a_field_that_does_not_exist_is_not_sent(self):
        with self.assertRaises(TypeError):
            self.client.erase(subjekt=1)

    def test_galleries_and_statistics_are_told(self):
        self.assertEqual(self.client.list_galleries().galleries[0].name, "main")
        self.assertGreater(self.client.stats(purpose="").started_at_ms, 0)

    def test_without_a_certificate_of_the_authority_nobody_is_heard(self):
        dev, folder = self.served.dev, self.served.folder
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-noenc", "-keyout", folder / "own.key", "-out",
                        folder / "own.pem", "-subj", "/CN=developer"], check=True,
                       capture_output=True)
        with Client(self.served.address, folder / "own.pem", folder / "own.key",
                    dev / "authority.pem", retries=0) as stranger:
            refused = self.refusal(stranger.stats, purpose="test", deadline_s=20)
        self.assertEqual((refused.code, refused.fault), (grpc.StatusCode.UNAVAILABLE, 0))

    def test_the_examples_run(self):
        words = [self.served.dev, "main", self.served.visit(1, 1), self.served.visit(1, 2)]
        for language, command in (("python", [sys.executable, EXAMPLE]), ("c++", [CPP_EXAMPLE])):
            with self.subTest(language):
                said = subprocess.run([*command, *words], check=True, text=True,
                                      stdout=subprocess.PIPE).stdout
                self.assertIn("subject 7 enrolled as encounter 1\n", said)
                self.assertIn("\nsubject 7: false match rate ", said)
                self.assertIn("\nthe same person\nerased: E16\n", said)

    def test_the_lines_of_the_page_run(self):
        page = (Path(os.environ["WHORL_CLIENTS"]).parent / "protocol.md").read_text()
        lines = page.split("```python\n")[1].split("```")[0]
        said = subprocess.run([sys.executable, "-W", "error", "-c", lines], check=True, text=True,
                              cwd=self.served.folder, stdout=subprocess.PIPE).stdout
        self.assertRegex(said, r"^main \d+\n$")


if __name__ == "__main__":
    unittest.main()
