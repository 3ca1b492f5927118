"""Reports where deploy/systemd and deploy/kubernetes do not match the program."""

import pathlib
import subprocess
import sys
import tempfile

import keda
import manifests
import units

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def main():
    program = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="waybill-deploy.") as folder:
        folder = pathlib.Path(folder)
        config = subprocess.run(
            [program, "config"], capture_output=True, text=True, check=True, cwd=folder,
            env={"DATABASE_URL": "postgres://a:b@c/d", "AMQP_URL": "amqp://a:b@c"}).stdout
        lines = (line.split("  (")[0].split(" = ", 1) for line in config.splitlines())
        settings = {words[0]: words[1] for words in lines if len(words) == 2}
        faults = units.faults(ROOT / "deploy/systemd", program, settings, folder)
        faults += manifests.faults(ROOT / "deploy/kubernetes", program, settings, folder)
        faults += keda.faults(ROOT / "deploy/kubernetes/keda/scaled-object.yaml", ROOT, folder)
    for fault in faults:
        print(f"check-deploy: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
