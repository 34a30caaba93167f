"""Holds docs/clients/typescript to what it says: built as by its users, against the service."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from served import Served

SOURCES = Path(os.environ["WHORL_CLIENTS"]) / "typescript"
SCHEMA = Path(os.environ["WHORL_CLIENTS"]).parent.parent / "engine" / "service" / "whorl.fbs"
REFUSED = 3
SKIPPED = 77  # ctest's SKIP_RETURN_CODE


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def build(folder):
    """Builds the example here, or skips where its packages cannot be had."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            skip(f"no {tool} on PATH")
    for file in ("package.json", "tsconfig.json", "example.ts"):
        shutil.copy(SOURCES / file, folder)
    install = ["npm", "install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund",
               "--prefer-offline", "--fetch-retries=0", "--fetch-timeout=60000"]
    installed = subprocess.run(install, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if installed.returncode != 0:
        skip("npm could not install what package.json names:\n" + installed.stdout)
    subprocess.run([os.environ["WHORL_FLATC"], "--ts", "--gen-object-api", "-o",
                    folder / "generated", SCHEMA], check=True)
    subprocess.run(["npm", "run", "build", "--prefix", folder], check=True)
    return folder / "built" / "example.js"


class TypescriptClient(unittest.TestCase):
    example = None

    @classmethod
    def setUpClass(cls):
        cls.served = Served()

    @classmethod
    def tearDownClass(cls):
        code = cls.served.stop()
        assert code == 0, f"the service ended with {code}"

    def run_example(self, dev, gallery):
        visits = [self.served.visit(1, 1), self.served.visit(1, 2)]
        return subprocess.run(["node", self.example, dev, gallery, *visits], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_enrols_identifies_verifies_and_erases(self):
        ran = self.run_example(self.served.dev, "main")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("subject 7 enrolled as encounter 1\n", ran.stdout)
        self.assertIn("\nsubject 7: false match rate ", ran.stdout)
        self.assertIn("\nthe same person\nerased: E16\n", ran.stdout)

    def test_a_refusal_is_told_with_its_fault(self):
        ran = self.run_example(self.served.dev, "nowhere")
        self.assertEqual((ran.returncode, ran.stdout), (REFUSED, ""))
        self.assertIn("refused with fault 16: ", ran.stderr)

    def test_a_service_that_is_not_there_is_told(self):
        dev = self.served.folder / "not-there"
        shutil.copytree(self.served.dev, dev)
        with socket.socket() as nobody:  # holds a port and does not listen
            nobody.bind(("127.0.0.1", 0))
            (dev / "address").write_text(f"127.0.0.1:{nobody.getsockname()[1]}\n")
            ran = self.run_example(dev, "main")
        self.assertEqual((ran.returncode, ran.stdout), (REFUSED, ""))
        self.assertIn("refused with UNAVAILABLE: ", ran.stderr)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="whorl-typescript-") as scratch:
        TypescriptClient.example = build(Path(scratch))
        unittest.main()
