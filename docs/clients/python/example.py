"""Enrols a person, finds them again, verifies them, erases them.

    whorl serve --dev --store store --gallery main --create --key-file master.key
    python3 example.py whorl-dev main first-visit.png second-visit.png
"""

import sys
from pathlib import Path

from whorl_client import Client, Decision, Refused

SUBJECT = 7


def main(folder, gallery, first_visit, second_visit):
    folder = Path(folder)
    address = (folder / "address").read_text().strip()
    with Client(address, folder / "client.pem", folder / "client.key", folder / "authority.pem",
                gallery=gallery, purpose="trying-out") as register:
        enrolled = register.enrol(subject=SUBJECT, samples=[first_visit], source="desk 4")
        print(f"subject {enrolled.subject} enrolled as encounter {enrolled.encounter}")

        found = register.identify(samples=[second_visit], search={"max_candidates": 3})
        for candidate in found.result.candidates:
            print(f"subject {candidate.subject}: false match rate {candidate.fmr:.1e}")
        for reason in found.result.reasons:
            print("  because " + reason)

        same = register.verify(samples=[second_visit], subject=SUBJECT).match == Decision.hit
        print("the same person" if same else "not surely the same person")

        register.erase(subject=SUBJECT)
        try:
            register.get_subject(subject=SUBJECT)
        except Refused as refused:
            print(f"erased: E{refused.fault}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
