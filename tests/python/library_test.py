"""The module `whorl`, used as docs/library.md teaches it. People are simulated by the command."""

import contextlib
import io
import math
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest
import warnings

import whorl

KEY = "0123456789abcdef" * 4
PEOPLE = 6


def setUpModule():
    global folder
    scratch = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(scratch.cleanup)
    folder = pathlib.Path(scratch.name)
    os.environ.pop("WHORL_MASTER_KEY", None)
    simulate(PEOPLE, "people", "--faces")
    simulate(1, "pictures", "--format", "png")
    simulate(1, "records", "--format", "iso19794-2:2005")


def simulate(people, out, *options):
    subprocess.run(
        [os.environ["WHORL_COMMAND"], "simulate", "--people", str(people), "--seed", "7"]
        + ["--out", folder / out, *options],
        check=True,
        capture_output=True,
    )


def bytes_of(visit, people="people", person=1, ending="whorl"):
    return (folder / people / "0" / f"{person}_2_{visit}.{ending}").read_bytes()


def print_of(person, visit):
    return whorl.extract(bytes_of(visit, person=person))


def face_of(person, visit):
    (face,) = (folder / "people" / "0").glob(f"{person}_face_{visit}.whorl")
    return whorl.extract(face.read_bytes())


class Faults(unittest.TestCase):
    def refused(self, code, name, call, *arguments, **named):
        with self.assertRaises(whorl.WhorlError) as caught:
            call(*arguments, **named)
        error = caught.exception
        self.assertEqual((error.code, error.name), (code, name))
        for words in (error.text, error.remedy):
            self.assertGreater(len(words), 5)
        self.assertIn(f"E{code} {name}", str(error))
        return error


class Extract(Faults):
    def test_a_container_gives_its_template_and_the_template_its_container(self):
        (template,) = whorl.extract(bytes_of(1))
        self.assertEqual(template.position, "right-index")
        self.assertGreater(len(template.minutiae), 10)
        x_px, y_px, degrees, kind = template.minutiae[0]
        self.assertTrue(0 <= degrees < 360 and kind in ("ending", "bifurcation", "other"))
        (again,) = whorl.extract(template.to_bytes())
        self.assertEqual(again.minutiae, template.minutiae)

    def test_a_picture_gives_the_template_of_its_finger(self):
        picture = bytes_of(1, "pictures", ending="png")
        (template,) = whorl.extract(picture, modality="finger", position="left-thumb")
        self.assertEqual(template.position, "left-thumb")
        self.assertGreater(len(template.minutiae), 10)
        self.assertTrue(0 <= template.quality <= 100)

    def test_a_record_is_read_at_the_resolution_that_is_said(self):
        record = bytes_of(1, "records", ending="iso")
        fine, coarse = whorl.extract(record, ppi=500)[0], whorl.extract(record, ppi=250)[0]
        (x, y, *_), (double_x, double_y, *_) = fine.minutiae[0], coarse.minutiae[0]
        self.assertAlmostEqual(double_x, 2 * x, delta=1)
        self.assertAlmostEqual(double_y, 2 * y, delta=1)

    def test_a_face_has_its_model_and_vector_of_unit_length(self):
        (face,) = face_of(1, 1)
        self.assertEqual(face.model, "simulated-128")
        self.assertAlmostEqual(math.hypot(*face.vector), 1, places=5)

    def test_what_is_shown_of_a_template_is_none_of_it(self):
        self.assertRegex(repr(print_of(1, 1)), r"^\[<whorl.FingerTemplate right-index, \d+ minutiae>\]$")

    def test_bad_bytes_have_their_own_fault(self):
        good = bytes_of(1)
        spoilt = bytearray(good)
        spoilt[-1] ^= 1
        for code, name, file in [
            (7, "empty-input", b""),
            (2, "bad-magic", b"this is no template"),
            (37, "damaged-file", bytes(spoilt)),
            (1, "truncated", good[:10]),
        ]:
            with self.subTest(name):
                self.refused(code, name, whorl.extract, file)

    def test_a_fault_says_at_which_byte(self):
        record = bytearray(bytes_of(1, "records", ending="iso"))
        record[24] = 99  # the finger's position
        self.assertEqual(self.refused(4, "out-of-range", whorl.extract, bytes(record)).offset, 24)

    def test_words_that_mean_nothing_are_refused(self):
        file = bytes_of(1)
        for named in [{"position": "sixth-finger"}, {"position": ""}, {"modality": "voice"}]:
            with self.subTest(str(named)):
                self.refused(29, "bad-argument", whorl.extract, file, **named)
        with self.assertRaises(TypeError):
            whorl.extract("a text")
        with self.assertRaises(TypeError):
            whorl.extract(file, 500)


class Verify(Faults):
    def test_mates_are_told_from_strangers(self):
        mates = whorl.verify(print_of(1, 1), print_of(1, 2))
        strangers = whorl.verify(print_of(1, 1), print_of(2, 1))
        self.assertLess(mates.fmr, 1e-6)
        self.assertGreater(mates.log_likelihood_ratio, 0)
        self.assertGreater(strangers.fmr, 1e-3)
        self.assertGreater(mates.similarity, strangers.similarity)

    def test_the_best_pair_is_named_by_its_places(self):
        best = whorl.verify(print_of(2, 1) + print_of(1, 1), print_of(3, 1) + face_of(3, 1) + print_of(1, 2))
        self.assertEqual((best.probe, best.reference), (1, 2))

    def test_a_finger_is_not_compared_with_a_face(self):
        for pair in [(print_of(1, 1), face_of(1, 1)), ([], print_of(1, 1)), ([], [])]:
            self.refused(29, "bad-argument", whorl.verify, *pair)


class Store(Faults):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.path = str(pathlib.Path(scratch.name) / "store")
        self.engine = whorl.open(self.path, key=KEY, create=True)
        self.addCleanup(self.engine.close)
        self.engine.create_gallery("main")

    def enrol(self, *people, **named):
        for person in people:
            self.engine.enrol("main", person, print_of(person, 1), **named)

    def search(self, person, **settings):
        return self.engine.identify("main", whorl.Query(print_of(person, 2), **settings))

    def test_an_enrolled_person_is_found_with_reasons_and_a_stranger_is_not(self):
        self.enrol(1, 2, 3)
        answer = self.search(2)
        self.assertEqual(answer.decision, "hit")
        self.assertEqual(answer.candidates[0].subject, 2)
        self.assertLess(answer.candidates[0].fmr, 1e-6)
        (evidence,) = answer.candidates[0].evidence
        self.assertEqual((evidence.modality, evidence.reference_position), ("finger", "right-index"))
        self.assertEqual((evidence.probe, evidence.encounter), (0, 1))
        self.assertTrue(answer.reasons)
        self.assertEqual(answer.searched, 3)
        self.assertEqual(self.search(4).decision, "no-hit")

    def test_a_store_that_was_closed_finds_the_same_again(self):
        self.enrol(1, 2)
        with self.engine:
            before = self.search(2)
        self.refused(29, "bad-argument", self.engine.galleries)
        with whorl.open(self.path, key=KEY) as self.engine:
            (gallery,) = self.engine.galleries()
            self.assertEqual((gallery.name, gallery.subjects, gallery.templates), ("main", 2, 2))
            self.assertEqual(self.search(2).candidates[0].fmr, before.candidates[0].fmr)

    def test_a_receipt_numbers_the_visits(self):
        receipts = [self.engine.enrol("main", 1, print_of(1, visit)) for visit in (1, 2)]
        self.assertEqual([r.encounter for r in receipts], [1, 2])
        self.assertEqual([r.outcome for r in receipts], ["enrolled", "enrolled"])
        self.assertEqual((receipts[0].subject, receipts[0].search), (1, None))

    def test_a_duplicate_is_found_and_not_stored(self):
        self.enrol(1)
        receipt = self.engine.enrol("main", 9, print_of(1, 2), dedup_at=1e-6)
        self.assertEqual(receipt.outcome, "duplicate")
        self.assertEqual(receipt.search.candidates[0].subject, 1)
        self.assertEqual(self.engine.galleries()[0].subjects, 1)
        self.assertEqual(self.engine.enrol("main", 2, print_of(2, 1), dedup_at=1e-6).outcome, "enrolled")

    def test_filters_leave_people_out(self):
        self.enrol(1, sex="female", birth_year=1980)
        for settings in [{"sex": "male"}, {"birth_years": (1981, 1990)}, {"excluded": [7, 1]}]:
            with self.subTest(str(settings)):
                self.assertEqual(self.search(1, **settings).candidates, [])
        self.assertEqual(self.search(1, sex="female", birth_years=(1980, 1980)).decision, "hit")

    def test_queries_together_answer_as_each_alone(self):
        self.enrol(1, 2, 3)
        people = [3, 5, 1]
        together = self.engine.identify_all("main", [whorl.Query(print_of(p, 2)) for p in people])
        alone = [self.search(p) for p in people]
        facts = lambda answer: (answer.decision, [(c.subject, c.fmr) for c in answer.candidates])
        self.assertEqual([facts(a) for a in together], [facts(a) for a in alone])

    def test_faces_and_fingers_add_up(self):
        self.engine.enrol("main", 1, print_of(1, 1) + face_of(1, 1))
        answer = self.engine.identify("main", whorl.Query(print_of(1, 2) + face_of(1, 2)))
        self.assertEqual({e.modality for e in answer.candidates[0].evidence}, {"finger", "face"})

    def test_a_person_who_was_deleted_or_erased_is_not_found(self):
        self.enrol(1, 2)
        for person, remove in [(1, self.engine.delete_subject), (2, self.engine.erase_subject)]:
            self.assertEqual(self.search(person).decision, "hit")
            remove("main", person)
            self.assertEqual(self.search(person).decision, "no-hit")
            self.refused(16, "not-found", remove, "main", person)

    def test_threads_search_at_the_same_time_and_while_it_is_closed(self):
        self.enrol(*range(1, PEOPLE + 1))
        wrong = []

        def ask(person):
            try:
                for _ in range(20):
                    if self.search(person).candidates[0].subject != person:
                        wrong.append(person)
            except whorl.WhorlError as error:
                if error.where != "the store is closed":
                    wrong.append(error)

        threads = [threading.Thread(target=ask, args=(p,)) for p in range(1, PEOPLE + 1)]
        for thread in threads:
            thread.start()
        self.assertEqual(self.search(1).candidates[0].subject, 1)
        self.engine.close()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_what_cannot_be_enrolled_is_refused_and_changes_nothing(self):
        self.enrol(1)
        face, print_ = face_of(1, 1), print_of(2, 1)
        for code, name, arguments, named in [
            (15, "duplicate-id", ("main", 1, print_), {"new_subject": True}),
            (16, "not-found", ("other", 2, print_), {}),
            (7, "empty-input", ("main", 2, []), {}),
            (5, "limit-exceeded", ("main", 2, print_ * 33), {}),
            (5, "limit-exceeded", ("main", 2, print_), {"source": "x" * 65}),
            (29, "bad-argument", ("main", 2, print_), {"sex": "yes"}),
            (29, "bad-argument", ("main", 2, print_), {"dedup_at": 0}),
            (29, "bad-argument", ("main", 2, print_), {"dedup_at": math.nan}),
        ]:
            with self.subTest(name, named=str(named)):
                self.refused(code, name, self.engine.enrol, *arguments, **named)
        for bad in [-1, 2**64, "1", None]:
            with self.subTest(subject=bad), self.assertRaises(TypeError):
                self.engine.enrol("main", bad, face)
        self.assertEqual(self.engine.galleries()[0].templates, 1)

    def test_queries_that_mean_nothing_are_refused(self):
        self.enrol(1)
        for code, name, settings in [
            (29, "bad-argument", {"max_candidates": 0}),
            (5, "limit-exceeded", {"max_candidates": 100_000}),
            (29, "bad-argument", {"hit_at": 0}),
            (29, "bad-argument", {"hit_at": 1e-3}),
            (29, "bad-argument", {"refer_at": math.nan}),
            (29, "bad-argument", {"max_loss": 1}),
            (29, "bad-argument", {"sex": "yes"}),
            (29, "bad-argument", {"birth_years": (1990, 1980)}),
            (29, "bad-argument", {"birth_years": (0, 1980)}),
        ]:
            with self.subTest(str(settings)):
                self.refused(code, name, self.search, 1, **settings)
        with self.assertRaises(AttributeError):
            self.search(1, no_such_setting=1)
        self.refused(7, "empty-input", self.engine.identify, "main", whorl.Query([]))
        self.refused(16, "not-found", self.engine.identify, "other", whorl.Query(print_of(1, 2)))

    def test_galleries_have_names_and_are_made_once(self):
        self.refused(27, "bad-name", self.engine.create_gallery, "No Name")
        self.refused(26, "already-exists", self.engine.create_gallery, "main")

    def test_a_store_opens_with_its_key_once(self):
        self.refused(24, "store-in-use", whorl.open, self.path, key=KEY)
        self.engine.close()
        self.refused(19, "wrong-key", whorl.open, self.path, key="f" * 64)
        for key in ["", "f" * 63, "g" * 64]:
            self.refused(20, "no-key", whorl.open, self.path, key=key)
        self.refused(20, "no-key", whorl.open, self.path)
        self.refused(20, "no-key", whorl.open, self.path, key_file=self.path + "/absent")
        self.refused(60, "no-store", whorl.open, self.path + "/absent", key=KEY)
        key_file = pathlib.Path(self.path).parent / "key"
        key_file.write_text(KEY + "\n")
        whorl.open(self.path, key_file=str(key_file)).close()


class Page(unittest.TestCase):
    def test_the_program_on_the_page_runs(self):
        page = pathlib.Path(__file__).parents[2] / "docs" / "library.md"
        _, program = page.read_text().split("```python\n")
        program = program.split("```")[0]
        with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
            pathlib.Path("master.key").write_text(KEY)
            for visit in (1, 2):
                pathlib.Path(f"visit{visit}.png").write_bytes(bytes_of(visit, "pictures", ending="png"))
            said = io.StringIO()
            with contextlib.redirect_stdout(said), warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)  # a page may read a file in one line
                exec(program, {})
        self.assertRegex(said.getvalue(), "^hit: .*\n1 .*\n.*e-.*\n15 duplicate-id ")


if __name__ == "__main__":
    unittest.main(verbosity=2)
