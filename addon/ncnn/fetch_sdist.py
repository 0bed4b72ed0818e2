"""Downloads one file of a package from the Python package index and checks its digest.

pip cannot fetch this sdist: the version in its metadata is computed from the day of the build, so pip finds it
inconsistent with the file's name and discards it. pypi-simple downloads a file by its name.

usage: fetch_sdist.py PROJECT FILENAME SHA256 DESTINATION
"""

import sys

import requests
from pypi_simple import PyPISimple

TIMEOUT_SECONDS = 60


def main(project: str, filename: str, sha256: str, destination: str) -> None:
    with PyPISimple() as client:
        page = client.get_project_page(project, timeout=TIMEOUT_SECONDS)
        package = next((p for p in page.packages if p.filename == filename), None)
        if package is None:
            sys.exit(f"expected the package index to list {filename}, found {len(page.packages)} other files")
        listed = package.digests.get("sha256")
        if listed != sha256:
            sys.exit(f"expected sha256 {sha256} for {filename}, the package index lists {listed}")
        client.download_package(package, destination, verify=True, timeout=TIMEOUT_SECONDS)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except requests.RequestException as error:
        sys.exit(f"the package index cannot be reached: {error}")
