"""NRRD, MetaImage and FreeSurfer volumes as bytes, with headers that say anything."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tests.fuzz.nifti_bytes import SHAPE, labels, packed, values

_NRRD = {
    "type": "short",
    "dimension": "3",
    "space": "left-posterior-superior",
    "sizes": " ".join(map(str, SHAPE)),
    "space directions": "(1,0,0) (0,1.5,0) (0,0,2)",
    "kinds": "domain domain domain",
    "endian": "little",
    "encoding": "raw",
    "space units": '"mm" "mm" "mm"',
    "space origin": "(-60,-70,-30)",
}
_SEGMENTS = {
    "Segment0_Name": "core",
    "Segment0_LabelValue": "4",
    "Segment0_Color": "1 0 0",
    "Segment0_Extent": "0 11 0 9 0 7",
    "Segmentation_ContainedRepresentationNames": "Binary labelmap|Closed surface|",
}
_META = {
    "ObjectType": "Image",
    "NDims": "3",
    "BinaryData": "True",
    "BinaryDataByteOrderMSB": "False",
    "CompressedData": "False",
    "TransformMatrix": "1 0 0 0 1 0 0 0 1",
    "Offset": "-60 -70 -30",
    "ElementSpacing": "1 1.5 2",
    "DimSize": " ".join(map(str, SHAPE)),
    "ElementType": "MET_SHORT",
    "ElementDataFile": "LOCAL",
}
_RAW = values().astype("<i2").tobytes(order="F")
_LABELS = labels().tobytes(order="F")


@dataclass(frozen=True)
class Form:
    """A good file of one format.

    Parameters
    ----------
    name
        With the ending of its format.
    fields
        Of its text header, as they are joined by `colon`; none where the header is no text.
    start
        What stands before them.
    voxels
        What follows the header.
    """

    title: str
    name: str
    fields: Mapping[str, str]
    start: str
    colon: str
    voxels: bytes
    fixed: bytes = b""

    def joined(self, name: str, value: str) -> str:
        """One line of the header, without its end."""
        own = name.startswith("Segment")
        return f"{name}{':=' if own else self.colon}{value}"

    def text(self, fields: Mapping[str, str]) -> bytes:
        """A header."""
        if self.fixed:
            return self.fixed
        lines = "".join(f"{self.joined(name, value)}\n" for name, value in fields.items())
        return (self.start + lines + ("\n" if self.start else "")).encode("utf-8", "surrogatepass")

    @property
    def header(self) -> bytes:
        """The good header."""
        return self.text(self.fields)

    @property
    def content(self) -> bytes:
        """The good file."""
        return self.header + self.voxels

    def dimensions(self, count: int) -> dict[str, str | None]:
        """Fields of so many dimensions, all of length one but the first three."""
        sizes = " ".join([*map(str, SHAPE), *["1"] * (count - 3)])
        if self.colon == ": ":
            ways = " ".join(["(1,0,0) (0,1.5,0) (0,0,2)", *["none"] * (count - 3)])
            return {"dimension": str(count), "sizes": sizes, "space directions": ways}
        ones = " ".join(["1"] * count)
        return {"NDims": str(count), "DimSize": sizes, "TransformMatrix": None, "Offset": ones, "ElementSpacing": ones}


def _mgh(deflated: bool) -> bytes:
    from io import BytesIO

    from nibabel.filebasedimages import FileHolder
    from nibabel.freesurfer import MGHImage

    stream = BytesIO()
    MGHImage(values().astype(np.int16), np.diag([-1.0, 1.5, 2.0, 1.0])).to_file_map(
        {"image": FileHolder(fileobj=stream)}
    )
    return packed(stream.getvalue()) if deflated else stream.getvalue()


def fields_of(form: Form) -> Mapping[str, str]:
    """The fields that can be lied about."""
    return form.fields


def with_field(form: Form, lies: Mapping[str, str | None]) -> bytes:
    """A file with other values in its header; None leaves a field out."""
    fields = {name: value for name, value in {**form.fields, **lies}.items() if value is not None}
    return form.text(fields) + form.voxels


_GZIPPED = {**_NRRD, "encoding": "gzip"}
_DEFLATED = {**_META, "CompressedData": "True"}
_MASK = {**_NRRD, "type": "unsigned char", "encoding": "gzip", **_SEGMENTS}
FORMS = (
    Form("NRRD", "Toy_t1ce.nrrd", _NRRD, "NRRD0004\n", ": ", _RAW),
    Form("NRRD, packed", "Toy_t1ce.nrrd", _GZIPPED, "NRRD0004\n", ": ", packed(_RAW)),
    Form("segments of 3D Slicer", "Toy.seg.nrrd", _MASK, "NRRD0005\n", ": ", packed(_LABELS)),
    Form("MetaImage", "Toy_t1ce.mha", _META, "", " = ", _RAW),
    Form("MetaImage, packed", "Toy_t1ce.mha", _DEFLATED, "", " = ", zlib.compress(_RAW)),
    Form("FreeSurfer", "Toy_t1ce.mgh", {}, "", "", b"", _mgh(deflated=False)),
    Form("FreeSurfer, packed", "Toy_t1ce.mgz", {}, "", "", b"", _mgh(deflated=True)),
)
