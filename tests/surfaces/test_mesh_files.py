"""Surfaces as files: read back byte by byte as the formats are described, at the same place, in the same colours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.errors import SaveError
from brainseg_gui.surfaces.mesh_files import surface_paths, write_surfaces
from brainseg_gui.surfaces.surface import Surface

Balls = tuple[Surface, ...]


def _triangles_ml(corners: NDArray[np.float32]) -> float:
    first, second, third = corners.astype(float).transpose(1, 0, 2)
    return float(np.einsum("ij,ij->", first, np.cross(second, third)) / 6000)


def test_an_stl_of_each_surface(balls: Balls, tmp_path: Path) -> None:
    paths = write_surfaces(tmp_path / "case.stl", balls)
    assert [path.name for path in paths] == ["case_right_front.stl", "case_left_behind.stl", "case_shell.stl"]
    for path, ball in zip(paths, balls, strict=True):
        raw = path.read_bytes()
        assert not raw.startswith(b"solid")  # that would be text
        assert b"SPACE=RAS" in raw[:80]
        count = int.from_bytes(raw[80:84], "little")
        assert len(raw) == 84 + 50 * count
        facets = np.frombuffer(raw[84:], [("floats", "<f4", (4, 3)), ("attribute", "<u2")])["floats"]
        normals, corners = facets[:, 0], facets[:, 1:]
        assert np.array_equal(corners, ball.mesh.points_mm[ball.mesh.triangles])
        turned = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        assert np.einsum("ij,ij->i", turned, normals).min() >= 0
        assert _triangles_ml(corners) == pytest.approx(ball.mesh.volume_ml, rel=1e-3)


def test_one_surface_gets_the_very_name(balls: Balls, tmp_path: Path) -> None:
    assert write_surfaces(tmp_path / "CASE.STL", balls[:1]) == (tmp_path / "CASE.STL",)


def test_a_ply_of_all_with_colours(balls: Balls, tmp_path: Path) -> None:
    (path,) = write_surfaces(tmp_path / "case.ply", balls)
    head, _, body = path.read_bytes().partition(b"end_header\n")
    lines = head.decode().splitlines()
    assert lines[:3] == ["ply", "format binary_little_endian 1.0", "comment brainseg, mm, SPACE=RAS"]
    points, faces = (int(line.split()[-1]) for line in lines if line.startswith("element"))
    vertex = np.frombuffer(body, [("floats", "<f4", 6), ("rgba", "u1", 4)], points)
    face = np.frombuffer(body, [("n", "u1"), ("points", "<i4", 3)], faces, offset=28 * points)
    assert len(body) == 28 * points + 13 * faces
    assert set(face["n"].tolist()) == {3}
    assert face["points"].max() == points - 1
    whole = _triangles_ml(vertex["floats"][:, :3][face["points"]])
    assert whole == pytest.approx(sum(ball.mesh.volume_ml for ball in balls), rel=1e-3)
    assert [tuple(rgba) for rgba in np.unique(vertex["rgba"], axis=0).tolist()] == [
        (0, 255, 0, 255),
        (188, 205, 225, 18),
        (255, 0, 0, 255),
    ]


def _glb(path: Path) -> tuple[dict[str, Any], bytes]:
    raw = path.read_bytes()
    assert (raw[:4], int.from_bytes(raw[4:8], "little"), int.from_bytes(raw[8:12], "little")) == (b"glTF", 2, len(raw))
    length = int.from_bytes(raw[12:16], "little")
    assert raw[16:20] == b"JSON"
    assert length % 4 == 0
    rest = raw[20 + length :]
    assert rest[4:8] == b"BIN\0"
    assert int.from_bytes(rest[:4], "little") == len(rest) - 8
    return json.loads(raw[20 : 20 + length]), rest[8:]


def test_a_gltf_with_names_materials_and_metres(balls: Balls, tmp_path: Path) -> None:
    (path,) = write_surfaces(tmp_path / "case.glb", balls)
    document, binary = _glb(path)
    assert [mesh["name"] for mesh in document["meshes"]] == [ball.name for ball in balls]
    assert [material.get("alphaMode") for material in document["materials"]] == [None, None, "BLEND"]
    assert document["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"] == [1, 0, 0, 1]

    def array(number: int, kind: str) -> NDArray[Any]:
        accessor = document["accessors"][number]
        view = document["bufferViews"][accessor["bufferView"]]
        part = binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
        values = np.frombuffer(part, kind).reshape(accessor["count"], -1)
        if "min" in accessor:
            assert values.min(axis=0).tolist() == accessor["min"]
            assert values.max(axis=0).tolist() == accessor["max"]
        return values

    (root,) = (document["nodes"][number] for number in document["scenes"][0]["nodes"])
    to_metres = np.array(root["matrix"]).reshape(4, 4).T  # glTF writes columns
    for ball, mesh in zip(balls, document["meshes"], strict=True):
        (primitive,) = mesh["primitives"]
        points = array(primitive["attributes"]["POSITION"], "<f4")
        assert np.array_equal(points, ball.mesh.points_mm)
        assert np.array_equal(array(primitive["indices"], "<u4").reshape(-1, 3), ball.mesh.triangles)
        assert np.linalg.norm(array(primitive["attributes"]["NORMAL"], "<f4"), axis=1) == pytest.approx(1, abs=1e-5)
        left, up, front = (to_metres[:3, :3] @ points.mean(axis=0)).tolist()
        middle = ball.mesh.points_mm.mean(axis=0) / 1000
        assert (left, up, front) == pytest.approx((-middle[0], middle[2], middle[1]), abs=1e-6)
    assert np.linalg.det(to_metres[:3, :3]) > 0  # nothing is mirrored


def test_what_cannot_be_written_is_said(balls: Balls, tmp_path: Path) -> None:
    with pytest.raises(SaveError, match=r"case\.obj.*Choose \.stl, \.ply, \.glb"):
        write_surfaces(tmp_path / "case.obj", balls)
    with pytest.raises(SaveError, match="no surface to write"):
        write_surfaces(tmp_path / "case.ply", ())
    assert list(tmp_path.iterdir()) == []


def test_names_that_would_meet_stay_apart(balls: Balls, tmp_path: Path) -> None:
    same = (balls[0], Surface("right / front", "#00ff00", balls[1].mesh))
    names = [path.name for path in write_surfaces(tmp_path / "a.stl", same)]
    assert names == ["a_right_front.stl", "a_right_front_2.stl"]


@pytest.mark.parametrize("names", [("a_3", "a", "a:"), ("a_2", "a", "a"), ("Core", "core", "CORE")])
def test_no_surface_is_written_over_another(balls: Balls, tmp_path: Path, names: tuple[str, ...]) -> None:
    surfaces = [Surface(name, "#00ff00", balls[0].mesh) for name in names]
    paths = write_surfaces(tmp_path / "x.stl", surfaces)
    assert paths == surface_paths(tmp_path / "x.stl", surfaces)
    assert len({path.name.casefold() for path in paths}) == len(surfaces)  # also where capitals are not told apart
    assert set(paths) == set(tmp_path.iterdir())
