#!/usr/bin/env python3
"""Writes data/audit/roots.toml: the certificate authorities of Mozilla's programme over the years, and
which of them were thrown out for wrong-doing.

    tools/make_roots.py FOLDER > data/audit/roots.toml

FOLDER has releases of the certifi package (pip download certifi==…) and Debian's ca-certificates, taken
apart. Which owners lost their trust, since when and why, is stated here by hand from the programme's
announcements; the fingerprints come from the bundles.
"""

import hashlib
import pathlib
import re
import ssl
import subprocess
import sys
import zipfile

# Words of the subject, since, why. Owners whose roots left the programme for another reason (expiry,
# weak keys, a name that changed) are not here.
DISTRUSTED = [
    (r"CNNIC", "2015-04-01", "an intermediate authority signed for names that were not its own"),
    (r"WoSign|CA .*沃通|Certification Authority of WoSign", "2016-10-21", "backdated certificates"),
    (r"StartCom", "2016-10-21", "owned by WoSign, which backdated certificates"),
    (r"PROCERT|PSCProcert", "2017-10-03", "certificates against the rules, for years"),
    (r"Symantec|VeriSign|GeoTrust|thawte|Equifax", "2018-10-23", "certificates for names whose owners never asked"),
    (r"Certinomis", "2019-07-05", "certificates against the rules, and answers that did not help"),
    (r"Camerfirma|Chambers of Commerce|Global Chambersign", "2021-05-25", "a long list of certificates against the rules"),
    (r"TrustCor", "2022-11-30", "ties of its owners to makers of spyware"),
    (r"E-Tugra", "2023-06-29", "its systems stood open"),
]


def certificates(text):
    for block in re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.S):
        yield ssl.PEM_cert_to_DER_cert(block)


def subject(der):
    out = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject", "-nameopt", "RFC2253,utf8,-esc_msb"],
                         input=der, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # unreadable by OpenSSL 3: no name
    return out.stdout.decode().strip().removeprefix("subject=")


def main():
    folder = pathlib.Path(sys.argv[1])
    bundles = {}
    for wheel in sorted(folder.rglob("*.whl")):
        with zipfile.ZipFile(wheel) as z:
            text = z.read("certifi/cacert.pem").decode()
            # Names of old bundles' certificates stand in comments, in any case.
            bundles[wheel.name.split("-")[1]] = set(certificates(text))
    debian = set()
    for crt in sorted(folder.rglob("*.crt")):
        debian |= set(certificates(crt.read_text()))
    newest = bundles[max(bundles, key=lambda v: tuple(int(x) for x in re.findall(r"\d+", v)))]
    every = set().union(debian, *bundles.values())
    print("# Certificate authorities of Mozilla's programme, by the SHA-256 of the certificate. Made by")
    print(f"# tools/make_roots.py from certifi {', '.join(sorted(bundles))} and Debian's ca-certificates.")
    print("# certifi and ca-certificates carry Mozilla's list (MPL-2.0); fingerprints are facts about it.\n")
    print("[[root]]\nsha256 = [")
    for der in sorted(every, key=lambda d: hashlib.sha256(d).hexdigest()):
        print(f'  "{hashlib.sha256(der).hexdigest()}",')
    print("]")
    gone = sorted((subject(der), hashlib.sha256(der).hexdigest()) for der in every - newest)
    for name, digest in gone:
        for words, since, why in DISTRUSTED:
            if re.search(words, name):
                clean = name.replace("\\", "\\\\").replace('"', '\\"')
                print(f'\n[[distrusted]]\nsha256 = "{digest}"\nname = "{clean}"\nsince = "{since}"\nwhy = "{why}"')
                break


main()
