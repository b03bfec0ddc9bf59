"""Certificates for a test, made by openssl, and what is done with them."""

import pathlib
import re
import shutil
import subprocess

import harness

LEAF = ("basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature")
AUTHORITY = ("basicConstraints=critical,CA:TRUE",
             "keyUsage=critical,keyCertSign,cRLSign")
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl(*words, **more):
    return subprocess.run(("openssl", *map(str, words)), check=True, capture_output=True,
                          text=True, timeout=harness.ANSWER_SECONDS_MAX, **more).stdout


class Pair:
    """A certificate and its key."""

    def __init__(self, folder, name):
        self.certificate = pathlib.Path(folder) / f"{name}.pem"
        self.key = pathlib.Path(folder) / f"{name}.key"

    @property
    def serial(self):
        told = openssl("x509", "-in", self.certificate, "-noout", "-serial")
        return int(told.strip().removeprefix("serial="), 16)

    def put_at(self, other):
        """Takes the place of another, as those do that renew: by renaming."""
        for mine, place in ((self.certificate, other.certificate), (self.key, other.key)):
            beside = place.with_name(place.name + ".new")
            shutil.copy(mine, beside)
            beside.rename(place)

    def encrypted(self):
        """The key, as a file that wants a passphrase."""
        result = self.key.with_suffix(".locked")
        openssl("pkey", "-in", self.key, "-aes128", "-passout", "pass:secret", "-out",
                result)
        return result


class Authority(Pair):
    """One that issues, itself issued by itself or another."""

    def __init__(self, folder, name="ca", issuer=None):
        super().__init__(folder, name)
        if issuer:
            issuer.issue(name, extensions=AUTHORITY)
            return
        openssl("req", "-x509", *NEW_KEY, "-days", 365, "-subj", f"/CN={name}", "-keyout",
                self.key, "-out", self.certificate, "-addext", AUTHORITY[0], "-addext",
                AUTHORITY[1])

    def issue(self, name, usage="serverAuth", days=90, extensions=None):
        """A certificate for localhost and 127.0.0.1."""
        result = Pair(self.certificate.parent, name)
        request = result.key.with_suffix(".csr")
        openssl("req", *NEW_KEY, "-subj", f"/CN={name}", "-keyout", result.key, "-out",
                request)
        lines = extensions or (*LEAF, f"extendedKeyUsage={usage}",
                               "subjectAltName=DNS:localhost,IP:127.0.0.1")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey",
                self.key, "-set_serial", "0x" + openssl("rand", "-hex", "8").strip(),
                "-days", days, "-extfile", "/dev/stdin", "-out", result.certificate,
                input="\n".join(lines) + "\n")
        return result


def comes_to_say(program, pattern):
    """Whether a line of its log says so, soon."""
    return harness.wait_until(lambda: re.search(pattern, program.log()))


def chain(place, *pairs):
    """One file with the certificates of these, in this order."""
    place.write_bytes(b"".join(x.certificate.read_bytes() for x in pairs))
    return place
