"""A certificate authority for one run, and a certificate by it for 127.0.0.1 and localhost."""

import subprocess

from .processes import BenchError


class Certificates:
    """The PEM files: `root` to trust, `certificate` and `key` to show."""

    def __init__(self, directory):
        self.root, self.certificate, self.key = (directory / name for name in ("root.pem", "server.pem", "server.key"))
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        names = directory / "names.cnf"
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        for arguments in (
            ["req", "-x509", *curve, "-days", "2", "-subj", "/CN=Bench root", "-keyout", "root.key", "-out", "root.pem"],
            ["req", *curve, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr"],
            ["x509", "-req", "-in", "server.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days",
             "2", "-extfile", str(names), "-out", "server.pem"],
        ):
            result = subprocess.run(["openssl", *arguments], cwd=directory, capture_output=True, text=True)
            if result.returncode:
                raise BenchError(f"openssl {' '.join(arguments)}: {result.stderr}")
