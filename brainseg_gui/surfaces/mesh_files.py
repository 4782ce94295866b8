"""Surfaces as files of other programs: STL to print, PLY with colours, glTF with materials and names.

Written by ourselves: each format is a header over the arrays that are there already (trimesh would bring nothing that
is read back). Positions are millimetres in the patient's space, RAS, as the affine gives them. STL and PLY say so as
3D Slicer does, ``SPACE=RAS``; the node of a glTF turns them to metres with superior up, as that format wants them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.errors import SaveError
from brainseg_gui.imaging.colours import rgb
from brainseg_gui.storage.chosen_file import write_made
from brainseg_gui.surfaces.surface import Surface

_SPACE = "SPACE=RAS"
_FLOAT, _UINT32, _POINTS, _INDICES = 5126, 5125, 34962, 34963  # of glTF
_TO_METRES = (-0.001, 0, 0, 0, 0, 0, 0.001, 0, 0, 0.001, 0, 0, 0, 0, 0, 1)  # left, superior, anterior; by columns


def write_surfaces(path: Path, surfaces: Sequence[Surface], *, chosen: bool = True) -> tuple[Path, ...]:
    """Write surfaces in the format of the file's name; an STL knows no names, so that each gets a file of its own.

    Parameters
    ----------
    chosen
        Whether a person chose the very name of the file.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    SaveError
        If there is no such format, nothing to write, or a file could not be written.
    """
    make = check_format(path)
    if not surfaces:
        raise SaveError("there is no surface to write", "Show a mask with at least one label", path)
    paths = surface_paths(path, surfaces)
    if paths == (path,):
        write_made(path, lambda stream: stream.write(make(surfaces)), chosen=chosen)
        return paths
    for one, surface in zip(paths, surfaces, strict=True):
        raw = _stl([surface])
        write_made(one, lambda stream, raw=raw: stream.write(raw), chosen=False)  # type: ignore[misc]
    return paths


def surface_paths(path: Path, surfaces: Sequence[Surface]) -> tuple[Path, ...]:
    """The files that `write_surfaces` writes."""
    if SURFACE_FORMATS.get(path.suffix.lower()) is not _stl or len(surfaces) == 1:
        return (path,)
    return tuple(path.with_name(f"{path.stem}_{name}{path.suffix}") for name in _file_names(surfaces))


def check_format(path: Path) -> Callable[[Sequence[Surface]], bytes]:
    """What writes the format of a file's name.

    Raises
    ------
    SaveError
        If there is none.
    """
    make = SURFACE_FORMATS.get(path.suffix.lower())
    if make is None:
        raise SaveError("no surfaces are written in this format", f"Choose {', '.join(SURFACE_FORMATS)}", path)
    return make


def _file_names(surfaces: Sequence[Surface]) -> list[str]:
    """One for each, told apart also where capitals are not."""
    names: dict[str, str] = {}
    for surface in surfaces:
        name = re.sub(r"[^\w.-]+", "_", surface.name).strip("_.") or "surface"
        numbered = chain([name], (f"{name}_{number}" for number in count(2)))
        found = next(each for each in numbered if each.casefold() not in names)
        names[found.casefold()] = found
    return list(names.values())


def _stl(surfaces: Sequence[Surface]) -> bytes:
    """Binary STL: a normal and three corners of each triangle."""
    corners = np.concatenate([surface.mesh.points_mm[surface.mesh.triangles] for surface in surfaces])
    outward = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-12)
    facets = np.zeros(len(corners), [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    facets["normal"], facets["corners"] = outward, corners
    header = f"brainseg, mm, {_SPACE}".encode().ljust(80)
    return header + len(corners).to_bytes(4, "little") + facets.tobytes()


def _ply(surfaces: Sequence[Surface]) -> bytes:
    """Binary PLY: all surfaces as one, each in its colour."""
    counts = [len(surface.mesh.points_mm) for surface in surfaces]
    fields = [("position", "<f4", 3), ("normal", "<f4", 3), ("colour", "u1", 4)]
    points = np.zeros(sum(counts), fields)
    points["position"] = np.concatenate([surface.mesh.points_mm for surface in surfaces])
    points["normal"] = np.concatenate([surface.mesh.normals for surface in surfaces])
    points["colour"] = np.repeat([(*rgb(one.colour), round(255 * one.opacity)) for one in surfaces], counts, axis=0)
    starts = np.cumsum([0, *counts[:-1]])
    triangles = np.concatenate([one.mesh.triangles + start for one, start in zip(surfaces, starts, strict=True)])
    faces = np.zeros(len(triangles), [("corners", "u1"), ("points", "<i4", 3)])
    faces["corners"], faces["points"] = 3, triangles
    lines = (
        *("ply", "format binary_little_endian 1.0", f"comment brainseg, mm, {_SPACE}"),
        f"element vertex {len(points)}",
        *(f"property float {name}" for name in ("x", "y", "z", "nx", "ny", "nz")),
        *(f"property uchar {name}" for name in ("red", "green", "blue", "alpha")),
        *(f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header\n"),
    )
    return "\n".join(lines).encode() + points.tobytes() + faces.tobytes()


def _glb(surfaces: Sequence[Surface]) -> bytes:
    """Binary glTF 2.0: a mesh with its name, colour and opacity for each surface."""
    views: list[dict[str, Any]] = []
    accessors: list[dict[str, Any]] = []
    binary = bytearray()
    meshes = []
    for number, surface in enumerate(surfaces):
        mesh = surface.mesh
        for array, target in ((mesh.points_mm, _POINTS), (mesh.normals, _POINTS), (mesh.triangles.ravel(), _INDICES)):
            raw = array.astype("<u4" if target == _INDICES else "<f4").tobytes()
            accessors.append(_accessor(array, target, len(views)))
            views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(raw), "target": target})
            binary += raw
        first = 3 * number
        primitive = {"attributes": {"POSITION": first, "NORMAL": first + 1}, "indices": first + 2, "material": number}
        meshes.append({"name": surface.name, "primitives": [primitive]})
    nodes = [{"name": surface.name, "mesh": number} for number, surface in enumerate(surfaces)]
    root = {"name": f"millimetres, {_SPACE}", "children": list(range(len(nodes))), "matrix": _TO_METRES}
    document = {
        "asset": {"version": "2.0", "generator": "brainseg"},
        "scene": 0,
        "scenes": [{"nodes": [len(nodes)]}],
        "nodes": [*nodes, root],
        "meshes": meshes,
        "materials": [_material(surface) for surface in surfaces],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary)}],
    }
    words = json.dumps(document).encode()
    words += b" " * (-len(words) % 4)
    chunks = _chunk(b"JSON", words) + _chunk(b"BIN\0", bytes(binary))
    return b"glTF" + (2).to_bytes(4, "little") + (12 + len(chunks)).to_bytes(4, "little") + chunks


def _chunk(kind: bytes, raw: bytes) -> bytes:
    return len(raw).to_bytes(4, "little") + kind + raw


def _accessor(array: np.ndarray[Any, Any], target: int, view: int) -> dict[str, Any]:
    if target == _INDICES:
        return {"bufferView": view, "componentType": _UINT32, "count": array.size, "type": "SCALAR"}
    ends = {"min": array.min(axis=0).tolist(), "max": array.max(axis=0).tolist()}
    return {"bufferView": view, "componentType": _FLOAT, "count": len(array), "type": "VEC3", **ends}


def _material(surface: Surface) -> dict[str, Any]:
    colour = [_light(channel / 255) for channel in rgb(surface.colour)]
    looks = {"baseColorFactor": [*colour, surface.opacity], "metallicFactor": 0.0, "roughnessFactor": 0.6}
    material: dict[str, Any] = {"name": surface.name, "pbrMetallicRoughness": looks}
    return {**material, "alphaMode": "BLEND"} if surface.glass else material


def _light(channel: float) -> float:
    """How much light a channel of sRGB is: glTF counts that."""
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


SURFACE_FORMATS: Mapping[str, Callable[[Sequence[Surface]], bytes]] = {".stl": _stl, ".ply": _ply, ".glb": _glb}
"""Ending of a file -> what is in it."""
