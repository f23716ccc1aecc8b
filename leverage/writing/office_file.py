"""Files of office programs are ZIP archives; here their clocks are taken away, so that the same table gives the same bytes."""

from __future__ import annotations

import datetime
import io
import re
import zipfile

#: The earliest time that a ZIP archive knows, for all of its parts.
_EARLIEST = (1980, 1, 1, 0, 0, 0)
#: When a document was made and changed, as its core properties say it.
_CLOCK = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)")
_CORE = "docProps/core.xml"


def without_clock(content: bytes, when: datetime.datetime) -> bytes:
    """The archive with `when` as the time of the document, and no time of its own."""
    said = when.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename == _CORE:
                data = _CLOCK.sub(rb"\g<1>" + said + rb"\g<2>", data)
            new.writestr(zipfile.ZipInfo(part.filename, _EARLIEST), data, zipfile.ZIP_DEFLATED)
    return target.getvalue()
