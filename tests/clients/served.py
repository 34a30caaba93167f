"""A `whorl serve --dev` of the built command, for tests of outside clients."""

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

WHORL = os.environ["WHORL_COMMAND"]


class Served:
    """In a folder of its own: people/ (simulated, two visits each), whorl-dev/, a gallery `main`."""

    def __init__(self):
        self._scratch = tempfile.TemporaryDirectory(prefix="whorl-clients-")
        self.folder = Path(self._scratch.name)
        self.whorl("keygen", "master.key")
        self.whorl("simulate", "--people", "4", "--out", "people")
        self._process = subprocess.Popen(
            [WHORL, "serve", "--dev", "--store", "store", "--gallery", "main", "--create",
             "--key-file", "master.key", "--listen", "127.0.0.1:0", "--address-file", "address",
             "--log", "log"], cwd=self.folder, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 120
        while not (self.dev / "address").exists():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the service did not start")
            time.sleep(0.05)
        self.address = (self.dev / "address").read_text().strip()

    @property
    def dev(self):
        return self.folder / "whorl-dev"

    def whorl(self, *words):
        subprocess.run([WHORL, *words], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def visit(self, person, number):
        """The template of this person's index finger, of their visit `number` (1, 2)."""
        return self.folder / "people" / "0" / f"{person}_2_{number}.whorl"

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(60)
        self._scratch.cleanup()
        return code
