"""Coded terms and names of labels: what the standard has, what programs write, and what they mean here."""

from __future__ import annotations

import pytest

from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labelling.label_entries import LabelEntry, scheme_of
from brainseg_gui.imaging.labelling.terminology import (
    OWN_CODES,
    category_of,
    entry_of,
    meaning_of_code,
    scheme_of_entries,
    term_of,
)
from brainseg_gui.imaging.labels import built_in_meanings


def test_the_terms_are_those_of_the_standard() -> None:
    """As pydicom's own copy of PS3.16 has them."""
    from pydicom.sr.codedict import codes

    scheme = scheme_named("brats2013")
    expected = (
        codes.cid7168.Necrosis,
        codes.cid7168.Edema,
        codes.cid7168.NonEnhancingLesion,
        codes.cid7168.EnhancingLesion,
    )
    for value, code in enumerate(expected, start=1):
        term = term_of(scheme, value)
        assert (term.value, term.scheme, term.title) == (code.value, code.scheme_designator, code.meaning)
    assert category_of(scheme, 1).value == codes.cid7150.MorphologicallyAbnormalStructure.value


def test_what_the_standard_lacks_has_a_code_of_the_program() -> None:
    cavity = term_of(scheme_named("brats2023"), 4)
    assert (cavity.scheme, cavity.value, cavity.title) == (OWN_CODES, "RC", "resection cavity")
    own = scheme_of("mine", [LabelEntry(1, "Ammon's horn (left side)", "#5b8def")])
    assert term_of(own, 1).value == "AMMON-S-HORN-LEF"
    assert category_of(own, 1).title == "Tissue"


def test_every_tissue_comes_back_from_its_code_and_its_name() -> None:
    for key, meaning in built_in_meanings().items():
        if key != "?":
            own = scheme_of("mine", [LabelEntry(1, key, meaning.colour, key)])
            assert meaning_of_code(term_of(own, 1).value) == ("" if key == "RC" else key)
            assert entry_of(1, key).meaning == entry_of(1, meaning.title).meaning == key


@pytest.mark.parametrize(
    ("name", "code", "meaning"),
    [
        ("Segment_1", "M-54000", "NCR"),
        ("Peritumoral Edema", "", "ED"),
        ("enhancing tumor", "", "ET"),
        ("Non-enhancing", "", "NCR"),
        ("GTV", "", "WT"),
        ("hippocampus", "", ""),
        ("tumor core", "", ""),
        ("Enhancing tumor core", "", "ET"),
        ("whole", "", "WT"),
        ("Whole_tumor", "", "WT"),
        ("tumour (whole)", "", "WT"),
        ("whole brain", "", ""),
        ("Whole ventricle", "", ""),
        ("Resection cavity", "", "RC"),
        ("tumor resection", "", "RC"),
        ("post-resection enhancing tumour", "", "ET"),
        ("residual tumour after resection", "108369006", "WT"),
        ("core without enhancement", "", "NCR"),
        *[(name, "", "") for name in ("non-tumor", "Non_Tumour", "not tumor", "no lesion", "tumor-free brain")],
        *[(name, "", "") for name in ("normal brain without tumor", "Cavity_Oral", "Nasal cavity", "Brainstem_Core")],
        *[
            (name, "", "NCR")
            for name in ("non-contrast-enhancing tumor", "unenhanced tumour", "nCET", "nCE", "seg_NCR")
        ],
        *[(name, "", "NCR") for name in ("without contrast enhancement", "No enhancement", "tumor_necrosis")],
        *[(name, "", "ET") for name in ("tumor_ET", "CET", "enhancing tumor (no necrosis)", "ET excl. oedema")],
        *[(name, "", "ED") for name in ("label_ED", "peritumoral region", "Peri-tumoural", "infiltrated brain")],
        *[(name, "", "WT") for name in ("GTV_no_edema", "tumour w/o oedema", "casino lesion", "mask_WT", "GTV1")],
        *[
            (name, "", "")
            for name in ("whole brain without tumor", "enhancing, non-tumour", "vessels outside the tumor")
        ],
        *[(name, "", "ED") for name in ("edema without tumor", "non-tumor oedema")],
        ("necrosis (non-tumor)", "", "NCR"),
        ("resection_cavity", "", "RC"),
        ("Edema", "86049000", "ED"),  # programs code every segment as a tumour
        ("Segment_1", "86049000", "WT"),
        ("Edema", "6574001", "NCR"),
        *[(name, "86049000", "") for name in ("non-tumor", "Tumour-free brain", "Nasal cavity", "Brain")],
        *[(name, "86049000", "") for name in ("whole_brain", "left ventricle", "Brain mask", "White matter", "Skull")],
        *[(name, "86049000", "WT") for name in ("brain mass", "Brain GBM", "left", "Brain tumor", "thalamus mets")],
        ("non-tumor", "6574001", "NCR"),  # a code of one tissue is no mere habit
    ],
)
def test_names_and_older_codes_of_other_programs(name: str, code: str, meaning: str) -> None:
    assert entry_of(1, name, "", code).meaning == meaning


def test_labels_of_a_known_scheme_are_that_scheme_and_others_keep_their_names() -> None:
    known = scheme_of_entries("x", [entry_of(1, "ET"), entry_of(2, "NCR"), entry_of(3, "edema")])
    assert known is scheme_named("et-ncr-ed")
    own = scheme_of_entries("of\u202eme", [entry_of(1, "core"), entry_of(9, "core")])
    assert own is not None
    assert [own.name_of(n) for n in (1, 9)] == ["core", "core (9)"]
    assert scheme_of_entries("x", []) is None


@pytest.mark.parametrize(
    ("names", "meanings"),
    [
        (("Whole tumor", "Tumor core"), ["ED", "NCR"]),
        (("Whole tumor", "Enhancing tumor"), ["WT", "ET"]),
        (("GTV", "Nucleus accumbens core"), ["WT", "Nucleus accumbens core"]),
        (("Lesion 1", "Lesion 2", "Tumor core"), ["WT", "WT", "NCR"]),
    ],
)
def test_what_is_left_of_regions_is_a_tissue(names: tuple[str, ...], meanings: list[str]) -> None:
    said = scheme_of_entries("x", [entry_of(n, name) for n, name in enumerate(names, 1)])
    assert said is not None
    assert [said.meaning_of(n) for n in range(1, len(names) + 1)] == meanings
